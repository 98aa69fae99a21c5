package core

import (
	"strings"
	"testing"
)

// TestProtectedMode opens connections from here and from elsewhere.
func TestProtectedMode(t *testing.T) {
	const elsewhere = "192.0.2.1:5000"
	for _, c := range []struct {
		peer    Conn
		config  map[string]string
		welcome bool
	}{
		{Conn{Addr: elsewhere}, nil, false},
		{Conn{Addr: "[fd00::2]:5000"}, nil, false},
		{Conn{Addr: elsewhere}, map[string]string{"requirepass": "x"}, true},
		{Conn{Addr: elsewhere}, map[string]string{"protected-mode": "no"}, true},
		{Conn{Addr: "127.0.0.1:5000"}, nil, true},
		{Conn{Addr: "[::1]:5000"}, nil, true},
		{Conn{Addr: "/tmp/s:0", Unix: true}, nil, true},
		{Conn{}, nil, true},
	} {
		e, err := New(Options{Config: c.config})
		if err != nil {
			t.Fatal(err)
		}
		var ev Event
		for e.Poll(&ev) {
		}
		e.open(1, c.peer)
		more := e.Poll(&ev)
		if more == c.welcome {
			t.Errorf("%v, %v: event %v, %v", c.peer, c.config, ev, more)
		}
		if !c.welcome && (ev.Kind != EventHangup ||
			!strings.HasPrefix(string(ev.Data), "-DENIED ")) {
			t.Errorf("%v: event %v", c.peer, ev)
		}
	}
}
