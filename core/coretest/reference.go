package coretest

import (
	"bufio"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

//go:embed testdata/turnclock.c
var turnClock []byte

// Reference is a real redis-server that tests compare with.
type Reference struct {
	Version string
	socket  string
	dir     string
	clock   *os.File      // the server's time, where it can be turned
	now     time.Duration // since the Unix epoch
	process *exec.Cmd
}

// ReferencePath is the redis-server to compare with: the one that REDLET_REFERENCE names or, from
// version 8 on, the one on the path. It is "" if there is none.
func ReferencePath() string {
	if path := os.Getenv("REDLET_REFERENCE"); path != "" {
		return path
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return ""
	}
	out, err := exec.Command(path, "--version").Output()
	if _, rest, ok := strings.Cut(string(out), "v="); err == nil && ok && AtLeast(rest, "8.0") {
		return path
	}
	return ""
}

// StartReference starts a real redis-server for a test, which ends it; arguments are added to its
// command line. The test is skipped where there is none.
func StartReference(t testing.TB, args ...string) *Reference {
	t.Helper()
	path := ReferencePath()
	if path == "" {
		t.Skip("no redis-server 8 to compare with: name one in REDLET_REFERENCE")
	}
	r := &Reference{dir: t.TempDir()}
	r.socket = filepath.Join(r.dir, "s")
	r.process = exec.Command(path, append([]string{"--port", "0", "--unixsocket", r.socket,
		"--dir", r.dir, "--save", "", "--enable-debug-command", "yes"}, args...)...)
	if err := r.preload(); err != nil {
		t.Logf("the reference's clock cannot be turned: %v", err)
	}
	if err := r.start(t); err != nil {
		t.Fatal("the reference does not listen: ", err)
	}
	return r
}

// start starts the process and waits until it says that it listens.
func (r *Reference) start(t testing.TB) error {
	out, err := r.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := r.process.Start(); err != nil {
		return err
	}
	t.Cleanup(func() {
		r.process.Process.Kill()
		r.process.Wait()
		if r.clock != nil {
			r.clock.Close()
		}
	})
	log := bufio.NewScanner(out)
	for log.Scan() {
		if strings.Contains(log.Text(), "Ready to accept connections") {
			go io.Copy(io.Discard, out)
			return nil
		}
	}
	return errors.New("it ended at once")
}

// preload builds the library that turns the server's clock and has the server load it.
func (r *Reference) preload() error {
	source, lib := filepath.Join(r.dir, "turnclock.c"), filepath.Join(r.dir, "turnclock.so")
	if err := os.WriteFile(source, turnClock, 0o644); err != nil {
		return err
	}
	out, err := exec.Command("cc", "-shared", "-fPIC", "-O1", "-o", lib, source).CombinedOutput()
	if err != nil {
		return fmt.Errorf("cc: %w: %s", err, out)
	}
	r.clock, err = os.Create(filepath.Join(r.dir, "clock"))
	if err != nil {
		return err
	}
	r.process.Env = append(os.Environ(), "LD_PRELOAD="+lib, "TURNCLOCK="+r.clock.Name())
	return r.set(time.Duration(Epoch) * time.Microsecond)
}

// turn brings the server's clock forward.
func (r *Reference) turn(by time.Duration) error { return r.set(r.now + by) }

// set sets the server's clock; the time is since the Unix epoch.
func (r *Reference) set(now time.Duration) error {
	if r.clock == nil {
		return errors.New("the reference's clock cannot be turned")
	}
	r.now = now
	us := binary.NativeEndian.AppendUint64(nil, uint64(now/time.Microsecond))
	_, err := r.clock.WriteAt(us, 0)
	return err
}

// Dial connects to the server.
func (r *Reference) Dial() (net.Conn, error) { return net.Dial("unix", r.socket) }

// Session empties the server, sets its clock to Epoch and returns a session with it.
func (r *Reference) Session() (*Network, error) {
	if r.clock != nil {
		if err := r.set(time.Duration(Epoch) * time.Microsecond); err != nil {
			return nil, err
		}
	}
	s, err := NewNetwork(r.Dial)
	if err == nil && r.clock != nil {
		s.Clock = r.turn
	}
	return s, err
}
