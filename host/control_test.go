package host

import (
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core"
)

// TestForward turns the clock of each engine, with more due than one step does.
func TestForward(t *testing.T) {
	each(t, func(t *testing.T, m Maker) {
		l := newLoop(t, LoopOptions{Maker: m, Orders: []string{"clock freeze", "clock set 1000000"},
			Clock: func() core.Time { return 1e15 }})
		c := dial(t, l)
		c.want("TIME", "*2", "$1", "1", "$1", "0")
		c.want(`EVAL "for i = 1, 25000 do redis.call('SET', i, 'v', 'PX', 10) end" 0`, "$-1")
		c.want("SET last v PX 10", "+OK")
		if err := l.Forward(9999 * time.Microsecond); err != nil {
			t.Fatal(err)
		}
		c.want("DBSIZE", ":25001")
		if err := l.Forward(time.Microsecond + 999*time.Nanosecond); err != nil {
			t.Fatal(err)
		}
		text, err := l.Control("info keyspace stats")
		if err != nil || !strings.Contains(text, "expired_keys:25001\r\n") {
			t.Errorf("%v, %q", err, text)
		}
		now := time.UnixMicro(1_010_000)
		if got, err := l.Now(); err != nil || !got.Equal(now) {
			t.Errorf("it is %v, %v; want %v", got, err, now)
		}
		if err := l.SetTime(now.Add(-time.Second)); err != nil {
			t.Error(err)
		}
		c.want("TIME", "*2", "$1", "0", "$5", "10000")
		if err := l.Forward(-1); err == nil {
			t.Error("the clock was turned back")
		}
		if err := l.SetTime(time.UnixMicro(-1)); err == nil {
			t.Error("it is 1969")
		}
		if _, err := l.Control("clock backward"); err == nil {
			t.Error("an order that there is not was obeyed")
		}
	})
}

// TestOrdersOfANewEngine has an engine that dies, whose successor goes by the same clock.
func TestOrdersOfANewEngine(t *testing.T) {
	if _, err := NewLoop(LoopOptions{Orders: []string{"clock stop"}}); err == nil {
		t.Error("an order that there is not was obeyed")
	}
}

// TestControlWithAlways gives orders, and takes snapshots, while every change is made durable.
func TestControlWithAlways(t *testing.T) {
	l := newLoop(t, LoopOptions{Dir: t.TempDir(), Config: map[string]string{"appendonly": "yes",
		"appendfsync": "always", "save": ""}})
	c := dial(t, l)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 50 {
			if err := l.Forward(time.Microsecond); err != nil {
				t.Error(err)
			}
			if _, err := l.Snapshot(); err != nil {
				t.Error(err)
			}
		}
	}()
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
			c.want("SET k v", "+OK")
		}
	}
}
