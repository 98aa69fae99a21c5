package core_test

import (
	"strings"
	"testing"

	"github.com/redlet/redlet/core"
)

// open opens a connection from this machine.
func open(e *core.Engine, id core.ConnID) {
	peer := core.Conn{Addr: "127.0.0.1:50000", Laddr: "127.0.0.1:6379", FD: 8}
	e.Input(&core.Input{Kind: core.InOpen, Conn: id, Data: peer.AppendTo(nil)})
}

// feed sends bytes and returns what the client then gets.
func feed(e *core.Engine, id core.ConnID, request string) (got string) {
	var ev core.Event
	for e.Input(&core.Input{Kind: core.InData, Conn: id, Data: []byte(request)}); e.Poll(&ev); {
		if ev.Conn == id {
			got += string(ev.Data)
		}
	}
	return got
}

// TestFastPathHangup hangs up a client in the middle of a pipeline for the size of its output: what
// it sent behind does not run.
func TestFastPathHangup(t *testing.T) {
	e, err := core.New(core.Options{
		Now:    1,
		Config: map[string]string{"client-output-buffer-limit": "normal 20000 0 0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	open(e, 1)
	open(e, 2)
	request := func(words ...string) string { return strings.Join(words, " ") + "\r\n" }
	feed(e, 2, request("SET", "big", strings.Repeat("x", 60_000)))
	get, set := "*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n", "*3\r\n$3\r\nSET\r\n$5\r\nafter\r\n$1\r\n1\r\n"
	feed(e, 1, get) // from now on the command is known
	open(e, 3)
	feed(e, 3, get+set)
	if got := feed(e, 2, request("EXISTS", "after")); got != ":0\r\n" {
		t.Errorf("EXISTS after: %q", got)
	}
}
