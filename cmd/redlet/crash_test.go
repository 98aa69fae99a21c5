package main

import (
	"bytes"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/redlet/redlet/host"
)

// TestCrash ends servers as clients and signals may, and reads the report.
func TestCrash(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		do   func(t *testing.T, p *process, dir string)
		says []string
		code int
	}{
		{"segfault", nil, debugging("SEGFAULT"), []string{"CURRENT CLIENT INFO", "addr=",
			"argv[1]: '\"segfault\"'", "crashed by signal: 11"}, 139},
		{"panic", nil, debugging("PANIC"), []string{"Software Failure", "crashed by signal: 6"}, 134},
		{"assert", []string{"--use-exit-on-panic", "yes"}, debugging("ASSERT"),
			[]string{"ASSERTION FAILED", "crashed by signal: 6"}, 1},
		{"abort", nil, raise(syscall.SIGABRT), []string{"crashed by signal: 6"}, 134},
		{"alarm", nil, raise(syscall.SIGALRM), []string{"Received SIGALRM"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			p := start(t, dir, append(c.args, "--enable-debug-command", "yes", "--save", "")...)
			c.do(t, p, dir)
			for _, text := range append(c.says, "STACK TRACE", "STACK TRACE DONE") {
				p.await(text)
			}
			if c.code != 0 {
				p.await("=== REDIS BUG REPORT END")
			} else {
				p.signal(syscall.SIGTERM)
			}
			p.end(c.code)
		})
	}
}

// TestDefect reads the report of an engine's death.
func TestDefect(t *testing.T) {
	var log bytes.Buffer
	v := &server{log: newLogger(&log)}
	v.died(&host.Death{Reason: "broken", Detail: "id=7 addr=here"})
	for _, text := range []string{"# === REDIS BUG REPORT START",
		"Redis 8.0.2 crashed by a defect: broken\n",
		"------ STACK TRACE ------\nid=7 addr=here\n------ STACK TRACE DONE",
		"=== REDIS BUG REPORT END"} {
		_, rest, found := strings.Cut(log.String(), text)
		if !found {
			t.Fatalf("no %q in:\n%s", text, log.String())
		}
		log = *bytes.NewBufferString(rest)
	}
}

// debugging sends DEBUG with a subcommand, which is not answered.
func debugging(word string) func(*testing.T, *process, string) {
	return func(t *testing.T, _ *process, dir string) {
		c, err := net.Dial("unix", filepath.Join(dir, "s"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := c.Write([]byte("DEBUG " + word + "\r\n")); err != nil {
			t.Fatal(err)
		}
	}
}

// raise sends a signal.
func raise(sig syscall.Signal) func(*testing.T, *process, string) {
	return func(_ *testing.T, p *process, _ string) { p.signal(sig) }
}
