package core

import (
	"reflect"
	"testing"
)

// TestTimeGoesBack: the host's clock may go back. Keys then live until the instant that they were
// given, but nobody waits longer than was said.
func TestTimeGoesBack(t *testing.T) {
	const ms, day = 1000, 86_400_000_000
	s := newScriptSession(t, nil)
	s.want(s.send(1, "BLPOP q 5"), "")
	s.want(s.send(2, "SET k v PX 300"), "+OK")
	s.step(-day)
	s.want(s.send(2, "PTTL k"), ":86400300")
	s.want(s.send(2, "SET k v PX 300"), "+OK")
	s.want(s.send(2, "CLIENT PAUSE 500"), "+OK")
	s.step(-day)
	s.want(s.send(2, "GET k"), "")
	s.step(499 * ms)
	s.want(s.get(2), "")
	s.step(1 * ms)
	s.want(s.get(2), "$1\r\nv")
	s.step(4499 * ms)
	s.want(s.get(1), "")
	s.step(1 * ms)
	s.want(s.get(1), "*-1")
	s.step(day)
	s.want(s.send(2, "GET k"), "$-1")
}

// TestDeadlineIsForgotten: Advance does nothing until the time that Deadline has told, but only if
// nothing has come between that may have changed it.
func TestDeadlineIsForgotten(t *testing.T) {
	input := func(kind InputKind) func(e *Engine) {
		data := (&Conn{Addr: "127.0.0.1:50000", Laddr: "127.0.0.1:6379"}).AppendTo(nil)
		return func(e *Engine) { e.Input(&Input{Kind: kind, Conn: 9, Ticket: 1, Data: data}) }
	}
	acts := map[string][]func(e *Engine){
		"Advance": {func(e *Engine) { e.Advance(e.clock.host) },
			func(e *Engine) { e.Advance(e.clock.host - 1) }},
		"Poll": {func(e *Engine) {
			e.log(logNotice, "something to hear")
			e.Deadline()
			e.Poll(&Event{})
		}},
		"Restore": {func(e *Engine) {
			if err := e.Restore(e.Snapshot(nil)); err != nil {
				t.Error(err)
			}
		}},
	}
	for kind := InConfigure; kind <= InCluster; kind++ {
		acts["Input"] = append(acts["Input"], input(kind))
	}
	reads := map[string]func(e *Engine){
		"Deadline":     func(e *Engine) { e.Deadline() },
		"Snapshot":     func(e *Engine) { e.Snapshot(nil) },
		"Memory":       func(e *Engine) { e.Memory() },
		"MaxMemory":    func(e *Engine) { e.MaxMemory() },
		"ScriptMemory": func(e *Engine) { e.ScriptMemory() },
		"Version":      func(e *Engine) { e.Version() },
		"Culprit":      func(e *Engine) { e.Culprit() },
		"Recount":      func(e *Engine) { e.Recount() },
		"Overlooked":   func(e *Engine) { e.Overlooked() },
		"Close":        func(e *Engine) { e.Close() },
	}
	calm := func() (e *Engine, until Time) {
		s := newScriptSession(t, nil)
		s.want(s.send(1, "SET k v PX 300"), "+OK")
		until = s.e.Deadline()
		if s.e.calm != until || until <= s.e.clock.host {
			t.Fatalf("calm until %d, due at %d", s.e.calm, until)
		}
		return s.e, until
	}
	for i := range reflect.TypeFor[*Engine]().NumMethod() {
		m := reflect.TypeFor[*Engine]().Method(i)
		if e, until := calm(); reads[m.Name] != nil {
			if reads[m.Name](e); e.Deadline() != until {
				t.Errorf("%s changes what is due", m.Name)
			}
			continue
		}
		if acts[m.Name] == nil {
			t.Errorf("%s may change what is due, for all that this test knows", m.Name)
		}
		for i, act := range acts[m.Name] {
			e, until := calm()
			if act(e); e.Overlooked() != "" {
				t.Errorf("%s, %d: until %d: %s", m.Name, i, until, e.Overlooked())
			}
		}
	}
}
