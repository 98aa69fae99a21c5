package core

import (
	"strings"
	"testing"
)

// TestStop stops engines by a signal, with and without something to save.
func TestStop(t *testing.T) {
	for _, c := range []struct{ save, how, failure, want string }{
		{"", "default", "", "shutdown"},
		{"60 1", "default", "", "save shutdown"},
		{"60 1", "nosave", "", "shutdown"},
		{"", "save", "", "save shutdown"},
		{"60 1", "default", "disk full", "save"},
		{"60 1", "force", "disk full", "save shutdown"},
		{"60 1", "now nosave force", "", "shutdown"},
	} {
		e, err := New(Options{Config: map[string]string{
			"save": c.save, "shutdown-on-sigterm": c.how, "shutdown-on-sigint": "nosave"}})
		if err != nil {
			t.Fatal(err)
		}
		var ev Event
		var got []string
		for e.Input(&Input{Kind: InStop, Data: []byte("sigterm")}); e.Poll(&ev); {
			switch ev.Kind {
			case EventReplace:
				got = append(got, "save")
				e.Input(&Input{Kind: InDone, Ticket: ev.Ticket, Data: []byte(c.failure)})
			case EventShutdown:
				got = append(got, "shutdown")
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("save %q, %q, failure %q: %q; want %q", c.save, c.how, c.failure, got, c.want)
		}
	}
}

// TestStopPaused stops an engine whose cron is paused: it ends when that goes on, unless SHUTDOWN
// ABORT came first.
func TestStopPaused(t *testing.T) {
	for _, c := range []struct {
		then string
		want bool
	}{
		{"PING", false}, {"DEBUG PAUSE-CRON 0", true}, {"SHUTDOWN ABORT", false},
		{"SHUTDOWN ABORT\r\nDEBUG PAUSE-CRON 0", false},
	} {
		e, err := New(Options{Config: map[string]string{"save": "", "enable-debug-command": "yes"}})
		if err != nil {
			t.Fatal(err)
		}
		peer := Conn{Addr: "127.0.0.1:50000", Laddr: "127.0.0.1:6379"}
		e.Input(&Input{Kind: InOpen, Conn: 1, Data: peer.AppendTo(nil)})
		e.Input(&Input{Kind: InData, Conn: 1, Data: []byte("DEBUG PAUSE-CRON 1\r\n")})
		e.Input(&Input{Kind: InStop, Data: []byte("sigterm")})
		e.Input(&Input{Kind: InData, Conn: 1, Data: []byte(c.then + "\r\n")})
		got := false
		for ev := (Event{}); e.Poll(&ev); {
			got = got || ev.Kind == EventShutdown
		}
		if got != c.want {
			t.Errorf("%q: shut down %v; want %v", c.then, got, c.want)
		}
	}
}

func TestShutdownOn(t *testing.T) {
	for _, c := range []struct{ value, shown string }{
		{"default", "default"}, {"force nosave", "nosave force"}, {"NOW save", "save now"},
		{"default now", "now"}, {"save nosave", ""}, {"", ""}, {"x save", ""},
	} {
		shown, problem := readShutdownOn(nil, c.value)
		if shown != c.shown || problem == "" != (shown != "") {
			t.Errorf("%q: %q, %q; want %q", c.value, shown, problem, c.shown)
		}
	}
}

// TestStopWaits stops a master whose replica lags: it waits, takes no writes meanwhile, and goes on
// when the replica has all, when its time is up, when the replica is gone, or not at all.
func TestStopWaits(t *testing.T) {
	for _, c := range []struct {
		how   string
		then  func(e *Engine)
		stops bool
		log   string
	}{
		{"SHUTDOWN", func(e *Engine) { feed(e, 2, "REPLCONF ACK "+string(decimal(e.replicas.offset))) },
			true, "1 of 1 replicas are in sync when shutting down."},
		{"SHUTDOWN", func(e *Engine) { feed(e, 2, "REPLCONF ACK 1") }, false, "Waiting for replicas"},
		{"SHUTDOWN", func(e *Engine) { e.Advance(e.Deadline() - 1) }, false, "Waiting for replicas"},
		{"SHUTDOWN", func(e *Engine) { e.Advance(11e6) }, true,
			"0 of 1 replicas are in sync when shutting down."},
		{"SHUTDOWN", func(e *Engine) { e.close(2) }, true, "Waiting for replicas"},
		{"SHUTDOWN", func(e *Engine) { feed(e, 3, "SHUTDOWN ABORT"); e.Advance(11e6) }, false,
			"Shutdown manually aborted."},
		{"SHUTDOWN NOW", func(*Engine) {}, true, "0 of 1 replicas are in sync when shutting down."},
	} {
		e, err := New(Options{Config: map[string]string{"save": "", "repl-diskless-sync-delay": "0",
			"repl-ping-replica-period": "3600", "protected-mode": "no"}})
		if err != nil {
			t.Fatal(err)
		}
		for id := range ConnID(4) {
			e.open(id+1, Conn{Addr: "127.0.0.1:5000"})
		}
		feed(e, 2, "PSYNC ? -1")
		feed(e, 1, "SET a 1", c.how)
		stops, log := false, ""
		take := func() {
			for ev := (Event{}); e.Poll(&ev); {
				stops = stops || ev.Kind == EventShutdown
				if ev.Kind == EventLog {
					log += string(ev.Data) + "\n"
				}
			}
		}
		take()
		if !stops {
			feed(e, 4, "SET a 2")
			feed(e, 3, "INFO clients")
			if !strings.Contains(sent(e, 3), "connected_clients:3\r\n") {
				t.Error("a replica is none of the connected clients")
			}
			if got := sent(e, 4); got != "" {
				t.Errorf("%s: SET is answered %q", c.how, got)
			}
		}
		c.then(e)
		if take(); stops != c.stops || !strings.Contains(log, c.log) {
			t.Errorf("%s: stops %v, log %s; want %q", c.how, stops, log, c.log)
		}
	}
}
