package netbridge

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// exchange is what a client sends on one connection, and all that it gets.
type exchange struct {
	in, want string
	open     bool // the server waits for more; otherwise it closes the connection
}

// password is that of the servers to which malformedGuest is sent.
const password = "pw"

func TestMalformed(t *testing.T) {
	each(t, func(t *testing.T, plain bool) {
		_, addr := serve(t, plain, nil)
		_, guarded := serve(t, plain, map[string]string{"requirepass": password})
		play(t, addr, malformed)
		play(t, guarded, malformedGuest)
	})
}

// TestReferenceMalformed has redis-server answer the same.
func TestReferenceMalformed(t *testing.T) {
	play(t, reference(t), malformed)
	play(t, reference(t, "--requirepass", password), malformedGuest)
}

// play sends each input on a connection of its own and sees that a bystander is not harmed.
func play(t *testing.T, addr string, all []exchange) {
	t.Helper()
	bystander := dial(t, "tcp", addr)
	for _, x := range all {
		c := dial(t, "tcp", addr)
		_, _ = c.Write([]byte(x.in)) // a server that has heard enough may have closed already
		got := make([]byte, len(x.want))
		n, err := io.ReadFull(c.r, got)
		if err != nil && !ended(err) {
			t.Fatalf("%.80q: %v", x.in, err)
		}
		rest, open := tail(c, x.open)
		if text := string(got[:n]) + rest; text != x.want || open != x.open {
			t.Errorf("%.80q: got %.200q, open %v; want %.200q, open %v",
				x.in, text, open, x.want, x.open)
		}
		c.Close()
		bystander.send("PING\r\n") // answered by PONG or NOAUTH
		if line, err := bystander.r.ReadString('\n'); err != nil {
			t.Fatalf("after %.80q a bystander reads %q, %v", x.in, line, err)
		}
	}
}

// tail reads what comes after the wanted answer. Where the connection should stay open, it looks
// for a moment only.
func tail(c *client, open bool) (rest string, stays bool) {
	if open {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	}
	all, err := io.ReadAll(c.r)
	return string(all), errors.Is(err, os.ErrDeadlineExceeded)
}

// ended tells whether an error is the end of a connection. The system resets one that is closed
// while input is unread.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET)
}

// reference starts a redis-server 8 and returns its address.
func reference(t *testing.T, args ...string) string {
	t.Helper()
	server := os.Getenv("REDLET_REFERENCE")
	if server == "" {
		t.Skip("REDLET_REFERENCE names no redis-server")
	}
	if out, _ := exec.Command(server, "--version").Output(); !strings.Contains(string(out), "v=8.") {
		t.Skipf("not redis-server 8: %s", out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr)
	l.Close()
	args = append(args, "--port", fmt.Sprint(addr.Port), "--bind", "127.0.0.1", "--save", "")
	cmd := exec.Command(server, args...)
	cmd.Dir = t.TempDir()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(10 * time.Second); ; {
		c, err := net.Dial("tcp", addr.String())
		if err == nil {
			c.Close()
			return addr.String()
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
