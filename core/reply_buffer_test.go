package core

import (
	"strings"
	"testing"
)

// TestReplyBuffer turns the clock and looks at rbs and rbp, as a redis-server of 10 ticks a second
// shows them.
func TestReplyBuffer(t *testing.T) {
	e, err := New(Options{Config: map[string]string{"enable-debug-command": "yes"}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{})
	e.open(2, Conn{})
	shows := func(ms Time, want string) {
		t.Helper()
		e.Advance(ms * 1000)
		feed(e, 1, "client list id 2")
		if got := sent(e, 1); !strings.Contains(got, want+" ") {
			t.Errorf("after %d ms: %s; want %s", ms, got, want)
		}
	}
	shows(0, "rbs=16384 rbp=16384")
	shows(5000, "rbs=16384 rbp=16384")
	shows(5100, "rbs=16384 rbp=0")
	shows(5200, "rbs=1024 rbp=0")
	feed(e, 2, "echo "+strings.Repeat("x", 1500))
	sent(e, 2)
	shows(5200, "rbs=1024 rbp=1024")
	shows(5300, "rbs=2048 rbp=1024")
	feed(e, 2, "echo "+strings.Repeat("x", 20000))
	sent(e, 2)
	shows(5600, "rbs=4096 rbp=2048")
	shows(60_000, "rbs=1024 rbp=0")
	feed(e, 1, "debug replybuffer peak-reset-time never")
	feed(e, 2, "echo "+strings.Repeat("x", 1015))
	sent(e, 2)
	shows(900_000, "rbs=2048 rbp=1024")
	feed(e, 1, "debug replybuffer resizing 0")
	feed(e, 2, "echo "+strings.Repeat("x", 5000))
	sent(e, 2)
	shows(990_000, "rbs=2048 rbp=2048")
	feed(e, 1, "debug replybuffer resizing 1", "debug replybuffer peak-reset-time 100")
	shows(991_000, "rbs=1024 rbp=0")
}
