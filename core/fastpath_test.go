package core_test

import (
	"strings"
	"testing"

	"github.com/redlet/redlet/core"
)

// TestSteadyHangup hangs up a client in the middle of a pipeline for the size of its output: what
// it sent behind does not run.
func TestSteadyHangup(t *testing.T) {
	e, err := core.New(core.Options{
		Now:    1,
		Config: map[string]string{"client-output-buffer-limit": "normal 20000 0 0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	peer := core.Conn{Addr: "127.0.0.1:1", Laddr: "127.0.0.1:2"}
	e.Open(1, peer)
	e.Open(2, peer)
	request := func(words ...string) string { return strings.Join(words, " ") + "\r\n" }
	e.Feed(2, []byte(request("SET", "big", strings.Repeat("x", 60_000))))
	get, set := "*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n", "*3\r\n$3\r\nSET\r\n$5\r\nafter\r\n$1\r\n1\r\n"
	e.Feed(1, []byte(get)) // from now on the command is known
	e.Open(3, peer)
	e.Feed(3, []byte(get+set))
	for _, ok := e.Poll(); ok; _, ok = e.Poll() {
	}
	e.AppendOutput(2, nil)
	e.Feed(2, []byte(request("EXISTS", "after")))
	for _, ok := e.Poll(); ok; _, ok = e.Poll() {
	}
	if got := string(e.AppendOutput(2, nil)); got != ":0\r\n" {
		t.Errorf("EXISTS after: %q", got)
	}
}
