package coretest

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// askTimeout is how long AskReference waits for a server to load a few bytes.
const askTimeout = time.Minute

// AskReference starts a real redis-server on the files of a folder, asks it one line, and kills it.
// The answer's first line is "" where the server refuses to start. It takes a hundredth of a second
// and can be done many at a time: the server has the wall's clock.
func AskReference(dir, line string, args ...string) (answer string, err error) {
	path, err := ReferencePath()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	socket := filepath.Join(dir, "s")
	server := exec.CommandContext(ctx, path, append([]string{"--port", "0",
		"--unixsocket", socket, "--dir", dir, "--save", "", "--enable-debug-command", "yes",
		"--crash-log-enabled", "no"}, args...)...)
	out, err := server.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := server.Start(); err != nil {
		return "", err
	}
	for log := bufio.NewScanner(out); log.Scan(); {
		if strings.Contains(log.Text(), "Ready to accept connections") {
			answer, err = askSocket(socket, line)
			err = errors.Join(err, server.Process.Kill())
			break
		}
	}
	_ = server.Wait() // killed, or its exit code is that of a refusal
	return answer, errors.Join(err, ctx.Err())
}

func askSocket(path, line string) (string, error) {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(askTimeout)); err != nil {
		return "", err
	}
	if _, err := conn.Write([]byte(line + "\r\n")); err != nil {
		return "", err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSuffix(answer, "\r\n"), err
}
