package coretest

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
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

// oldestReference is the oldest version of redis-server that is worth comparing with.
const oldestReference = "8.0"

// ErrNoReference is why a test that compares with a redis-server is left out.
var ErrNoReference = errors.New("no redis-server 8: REDLET_REFERENCE names none")

// ReferencePath returns the redis-server to compare with: the one that REDLET_REFERENCE names or,
// if it is of version 8.0 or later, the one on the path. If there is none the error is an
// ErrNoReference; one that is named and does not do is another error. Whoever compares asks here.
func ReferencePath() (string, error) {
	if path := os.Getenv("REDLET_REFERENCE"); path != "" {
		version, err := serverVersion(path)
		if err == nil && !AtLeast(version, oldestReference) {
			err = fmt.Errorf("it is %s, and what is compared with is %s or later", version,
				oldestReference)
		}
		if err != nil {
			return "", fmt.Errorf("REDLET_REFERENCE=%s cannot be compared with: %w", path, err)
		}
		return path, nil
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", fmt.Errorf("%w, none is on the path", ErrNoReference)
	}
	version, err := serverVersion(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w, %s does not do: %w", ErrNoReference, path, err)
	case !AtLeast(version, oldestReference):
		return "", fmt.Errorf("%w, %s is %s", ErrNoReference, path, version)
	}
	return path, nil
}

// serverVersion asks a redis-server for its version.
func serverVersion(path string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if ctx.Err() != nil {
		return "", fmt.Errorf("it did not tell its version in %v", Patience)
	}
	if err != nil {
		return "", err
	}
	_, rest, ok := strings.Cut(string(out), " v=")
	version, _, _ := strings.Cut(rest, " ")
	if !ok || version == "" {
		return "", fmt.Errorf("it tells no version: %.80q", out)
	}
	return version, nil
}

// NeedReference is ReferencePath for a test: it is skipped where there is no such server, and fails
// where one is named that does not do.
func NeedReference(t testing.TB) string {
	t.Helper()
	path, err := ReferencePath()
	if errors.Is(err, ErrNoReference) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Reference is a real redis-server that tests compare with.
type Reference struct {
	Socket  string // the path of its unix socket
	dir     string
	clock   *os.File      // the server's time, nil where it cannot be turned
	noClock error         // why it cannot
	now     time.Duration // since the Unix epoch
}

// StartReference starts a real redis-server for a test, which ends it; arguments are added to its
// command line. The test is skipped where there is none.
func StartReference(t testing.TB, args ...string) *Reference {
	t.Helper()
	path := NeedReference(t)
	r := &Reference{dir: t.TempDir()}
	r.Socket = filepath.Join(r.dir, "s")
	cmd := exec.Command(path, append([]string{"--port", "0", "--unixsocket", r.Socket,
		"--dir", r.dir, "--save", "", "--enable-debug-command", "yes"}, args...)...)
	if lib, err := BuildClock(r.dir); err != nil {
		r.noClock = err
	} else if err := r.preload(cmd, lib); err != nil {
		t.Fatal(err)
	}
	process, err := StartProcess(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
		if r.clock != nil {
			r.clock.Close()
		}
	})
	if _, err := process.Await("Ready to accept connections"); err != nil {
		t.Fatal(err)
	}
	process.Drain()
	return r
}

// BuildClock builds the library that turns a redis-server's clock, in a folder, and returns its
// path. It takes a C compiler.
func BuildClock(dir string) (string, error) {
	source, lib := filepath.Join(dir, "turnclock.c"), filepath.Join(dir, "turnclock.so")
	if err := os.WriteFile(source, turnClock, 0o644); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	cc := exec.CommandContext(ctx, "cc", "-shared", "-fPIC", "-O1", "-o", lib, source)
	if out, err := cc.CombinedOutput(); err != nil {
		said, _, _ := strings.Cut(string(out), "\n")
		if said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		return "", fmt.Errorf("the library for it cannot be built: %w", err)
	}
	return lib, nil
}

// preload has the server take its time from a file.
func (r *Reference) preload(server *exec.Cmd, lib string) error {
	var err error
	if r.clock, err = os.Create(filepath.Join(r.dir, "clock")); err != nil {
		return err
	}
	server.Env = append(os.Environ(), "LD_PRELOAD="+lib, "TURNCLOCK="+r.clock.Name())
	return r.set(time.Duration(Epoch) * time.Microsecond)
}

// NeedClock skips a test where the server's clock cannot be turned.
func (r *Reference) NeedClock(t testing.TB) {
	t.Helper()
	if r.noClock != nil {
		t.Skip("the clock of redis-server cannot be turned: ", r.noClock)
	}
}

// turn brings the server's clock forward.
func (r *Reference) turn(by time.Duration) error { return r.set(r.now + by) }

// set sets the server's clock; the time is since the Unix epoch.
func (r *Reference) set(now time.Duration) error {
	r.now = now
	us := binary.NativeEndian.AppendUint64(nil, uint64(now/time.Microsecond))
	_, err := r.clock.WriteAt(us, 0)
	return err
}

// Dial connects to the server.
func (r *Reference) Dial() (net.Conn, error) {
	return net.DialTimeout("unix", r.Socket, Patience)
}

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
