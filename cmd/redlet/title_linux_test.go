package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTitle reads from the system what a server is called.
func TestTitle(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	socket := filepath.Join(dir, "s")
	title := func() string {
		t.Helper()
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.Process.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimRight(string(text), "\x00")
	}
	if got, want := title(), os.Args[0]+" "+socket; got != want {
		t.Errorf("the title is %q, not %q", got, want)
	}
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s := &speaker{t, c}
	long := strings.Repeat("long ", 100)
	for template, want := range map[string]string{
		"a {port}{tls-port} {unixsocket}{server-mode}  ": "a 00 " + socket,
		"x":                                  "x",
		"{title} " + long + "{config-file}.": os.Args[0] + " " + long + ".",
	} {
		if r := s.ask("CONFIG", "SET", "proc-title-template", template); r.Text != "OK" {
			t.Fatal(r.Text)
		}
		if got := title(); got != want {
			t.Errorf("%q: the title is %q, not %q", template, got, want)
		}
	}
}
