package core

import "testing"

// TestLoglevel shows that CONFIG SET loglevel decides which lines reach the host.
func TestLoglevel(t *testing.T) {
	e, err := New(Options{Config: map[string]string{"loglevel": "warning"}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:1"})
	lines := func(input string) (n int) {
		var ev Event
		for e.feed(1, []byte(input)); e.Poll(&ev); {
			if ev.Kind == EventLog {
				n++
			}
		}
		return n
	}
	const script = "EVAL \"redis.log(redis.LOG_VERBOSE, 'v') redis.log(redis.LOG_WARNING, 'w')\" 0\r\n"
	for _, c := range []struct {
		level string
		want  int
	}{{"warning", 1}, {"debug", 2}, {"notice", 1}, {"verbose", 2}, {"nothing", 0}} {
		lines("CONFIG SET loglevel " + c.level + "\r\n")
		if got := lines(script); got != c.want {
			t.Errorf("loglevel %s: %d lines; want %d", c.level, got, c.want)
		}
	}
}
