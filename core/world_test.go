package core

import (
	"strings"
	"testing"
)

// wantEvents polls and compares with what comes.
func wantEvents(t *testing.T, e *Engine, want ...Event) {
	t.Helper()
	var ev Event
	for _, w := range want {
		if !e.Poll(&ev) {
			t.Fatalf("nothing comes; want %v", w)
		}
		if ev.Kind != w.Kind || ev.Conn != w.Conn || ev.Path != w.Path ||
			string(ev.Data) != string(w.Data) {
			t.Errorf("got %d of %d, %q, want %d of %d, %q", ev.Kind, ev.Conn, ev.Data,
				w.Kind, w.Conn, w.Data)
		}
	}
	if e.Poll(&ev) {
		t.Errorf("more than wanted: %v %q", ev, ev.Data)
	}
}

// rest is all output that is still to come.
func rest(e *Engine) (all []byte) {
	var ev Event
	for {
		for e.Poll(&ev) {
			all = append(all, ev.Data...)
		}
		if e.Deadline() > e.clock.host {
			return all
		}
		e.Advance(e.clock.host)
	}
}

// TestLink has the engine speak to another server.
func TestLink(t *testing.T) {
	e := start(t)
	e.cfg.debugCommand = allowYes
	wantEvents(t, e, Event{Kind: EventConfigured})
	data := func(id ConnID, text string) Event {
		return Event{Kind: EventData, Conn: id, Data: []byte(text)}
	}
	connect := Event{Kind: EventConnect, Path: "192.0.2.1:6379"}
	ask := func() {
		t.Helper()
		e.feed(1, []byte("DEBUG DIAL 192.0.2.1:6379 hello\r\n"))
		wantEvents(t, e, connect)
	}
	connected := func(id ConnID) {
		t.Helper()
		e.Input(&Input{Kind: InConnected, Conn: id, Ticket: e.ticket})
		wantEvents(t, e, data(id, "hello"))
	}
	ask()
	e.Input(&Input{Kind: InDone, Ticket: e.ticket, Data: []byte("connection refused")})
	wantEvents(t, e, data(1, "-ERR connection refused\r\n"))

	ask()
	connected(7)
	e.Input(&Input{Kind: InData, Conn: 7, Data: []byte("wor")})
	e.feed(1, []byte("CLIENT LIST\r\nGET k\r\n"))
	e.Input(&Input{Kind: InData, Conn: 7, Data: []byte("ld")})
	wantEvents(t, e)
	if len(e.connsByID()) != 1 {
		t.Error("a link is a client")
	}
	e.Input(&Input{Kind: InClose, Conn: 7})
	var ev Event
	if !e.Poll(&ev) || !strings.HasPrefix(string(ev.Data), "$5\r\nworld\r\n") {
		t.Errorf("%q", ev.Data)
	}

	ask() // too much comes back
	connected(8)
	e.Input(&Input{Kind: InData, Conn: 8, Data: make([]byte, debugDialMax+1)})
	if !e.Poll(&ev) || ev.Kind != EventHangup || ev.Conn != 8 {
		t.Errorf("%v", ev)
	}
	if !e.Poll(&ev) || !strings.HasPrefix(string(ev.Data), "$1048577\r\n") {
		t.Errorf("%.20q", ev.Data)
	}
	if n := len(ev.Data) + len(rest(e)); n != len("$1048577\r\n\r\n")+debugDialMax+1 {
		t.Errorf("%d bytes", n)
	}

	ask() // nobody waits any more
	e.Input(&Input{Kind: InClose, Conn: 1})
	connected(9)
	e.Input(&Input{Kind: InData, Conn: 9, Data: []byte("x")})
	wantEvents(t, e, Event{Kind: EventHangup, Conn: 9})
	e.Input(&Input{Kind: InConnected, Conn: 10, Ticket: e.ticket})
	wantEvents(t, e, Event{Kind: EventHangup, Conn: 10})
	if len(e.links)+len(e.asked) != 0 {
		t.Errorf("%d links and %d questions remain", len(e.links), len(e.asked))
	}
}

func TestConnRoundTrip(t *testing.T) {
	for _, c := range []struct{ give, want Conn }{
		{Conn{"127.0.0.1:1", "[::1]:2", 8, false, false},
			Conn{"127.0.0.1:1", "[::1]:2", 8, false, false}},
		{Conn{"/my dir/s:0", "", -1, true, false},
			Conn{"/my_dir/s:0", "?:0", -1, true, false}},
		{Conn{"a", "b", 1, false, true}, Conn{"a", "b", 1, false, true}},
		{Conn{"a", "b", 1, true, true}, Conn{"a", "b", 1, true, true}},
	} {
		if got, ok := parseConn(c.give.AppendTo(nil)); !ok || got != c.want {
			t.Errorf("got %v, %v, want %v", got, ok, c.want)
		}
	}
	for _, bad := range []string{
		"", "a", "a b 1", "a b 1 0 ", " b 1 0", "a  1 0", "a b x 0", "a b 1 4", "a b 1 /", "a b 1 00",
	} {
		in := Input{Kind: InOpen, Conn: 1, Data: []byte(bad)}
		if in.Fault() == "" {
			t.Errorf("%q passes", bad)
		}
	}
}
