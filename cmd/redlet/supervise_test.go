package main

import (
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// TestSupervised starts servers with and without a systemd that listens.
func TestSupervised(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "n")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Skip("left out: sockets of systemd, which this system has not: ", err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(coretest.Patience)); err != nil {
		t.Fatal(err)
	}
	heard := func(want string) {
		t.Helper()
		buf := make([]byte, 100)
		if n, err := c.Read(buf); err != nil || string(buf[:n]) != want {
			t.Fatalf("systemd hears %q, %v; want %q", buf[:n], err, want)
		}
	}
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("UPSTART_JOB", "")
	p := start(t, dir, "--supervised", "auto")
	heard("STATUS=Redis is loading...\n")
	heard("STATUS=Ready to accept connections\n")
	heard("READY=1\n")
	p.signal(syscall.SIGTERM)
	heard("STOPPING=1\n")
	p.end(0)

	t.Setenv("NOTIFY_SOCKET", "")
	for kind, want := range map[string]string{
		"systemd": "# systemd supervision error: NOTIFY_SOCKET not found!",
		"upstart": "# upstart supervision requested, but UPSTART_JOB not found!",
	} {
		p := start(t, dir, "--supervised", kind)
		if said := p.Said(); !strings.Contains(said, want) {
			t.Errorf("supervised %s says\n%s", kind, said)
		}
		p.signal(syscall.SIGTERM)
		p.end(0)
	}
}
