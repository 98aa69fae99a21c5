package core

import "testing"

// TestExpiredBeforeServed lets the time of a list be over before anybody is served: it is no list
// then. A real server's clock goes on during DEBUG SLEEP; no transcript can show that on one.
func TestExpiredBeforeServed(t *testing.T) {
	e, err := New(Options{Now: 1_700_000_000_000_000,
		Config: map[string]string{"enable-debug-command": "yes"}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{})
	e.open(2, Conn{})
	e.feed(2, []byte("BLPOP a 1\r\n"))
	e.feed(1, []byte("DEBUG SET-ACTIVE-EXPIRE 0\r\nMULTI\r\nRPUSH a x\r\nPEXPIRE a 100\r\n"+
		"DEBUG SLEEP 0.2\r\nEXEC\r\n"))
	e.Advance(1_700_000_000_900_000)
	if got := sent(e, 2); got != "" {
		t.Errorf("served with %q", got)
	}
	e.Advance(1_700_000_001_000_000)
	if got := sent(e, 2); got != "*-1\r\n" {
		t.Errorf("at the end of its time it gets %q", got)
	}
}
