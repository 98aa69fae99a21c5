package core

import (
	"strings"
	"testing"
)

// TestStopwatch times commands by a stopwatch that goes on by 4 µs whenever it is looked
// at: once a row on the fast path, once a command elsewhere, and once when the host has been away.
func TestStopwatch(t *testing.T) {
	shows := int64(0)
	for _, c := range []struct {
		stopwatch func() int64
		want      []string
	}{
		{func() int64 { shows += 4000; return shows }, []string{
			"cmdstat_get:calls=3,usec=3,usec_per_call=1.00,rejected_calls=0,failed_calls=0",
			"cmdstat_ping:calls=2,usec=8,usec_per_call=4.00,rejected_calls=0,failed_calls=0",
			"cmdstat_set:calls=1,usec=1,usec_per_call=1.00,rejected_calls=0,failed_calls=0",
			"latency_percentiles_usec_get:p50=1.003,p99=1.003,p99.9=1.003",
			"latency_percentiles_usec_ping:p50=4.015,p99=4.015,p99.9=4.015",
		}},
		{nil, []string{
			"cmdstat_get:calls=3,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=0",
			"latency_percentiles_usec_get:p50=0.000,p99=0.000,p99.9=0.000",
		}},
	} {
		e, err := New(Options{Now: 1e15, Stopwatch: c.stopwatch})
		if err != nil {
			t.Fatal(err)
		}
		e.open(1, Conn{})
		e.feed(1, []byte("PING\r\nPING\r\nSET k v\r\nGET k\r\n")) // which are known from now on
		e.feed(1, []byte("CONFIG RESETSTAT\r\nPING\r\n"))
		set, get := "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n", "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
		e.feed(1, []byte(set+get+get+get+"PING\r\n"))
		sent(e, 1)
		e.feed(1, []byte("INFO commandstats latencystats\r\n"))
		got := sent(e, 1)
		for _, line := range c.want {
			if !strings.Contains(got, "\r\n"+line+"\r\n") {
				t.Errorf("no line %s in\n%s", line, got)
			}
		}
	}
}

// TestStopwatchBlocked times a row in the midst of which a client is served that waited: the row
// keeps what it took before, and what the client's command took until it waited counts too, 32 µs.
// Each look shows twice what the last one did, so that later is longer.
func TestStopwatchBlocked(t *testing.T) {
	shows := int64(4000)
	e, err := New(Options{Now: 1e15, Stopwatch: func() int64 { shows *= 2; return shows }})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{})
	e.open(2, Conn{})
	e.feed(1, []byte("RPUSH l x\r\nDEL l\r\n")) // which is known from now on
	e.feed(2, []byte("BLPOP l 0\r\n"))
	shows = 4000
	e.feed(1, []byte("CONFIG RESETSTAT\r\n"+
		"*3\r\n$5\r\nRPUSH\r\n$1\r\nl\r\n$1\r\nx\r\n"))
	sent(e, 1)
	e.feed(1, []byte("INFO commandstats\r\n"))
	got := sent(e, 1)
	for _, want := range []string{"rpush:calls=1,usec=8,", "blpop:calls=1,usec=48,"} {
		if !strings.Contains(got, "\r\ncmdstat_"+want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// TestStopwatchSleep shows that DEBUG SLEEP takes the time for which it holds everybody up, and so
// does the transaction that it stands in.
func TestStopwatchSleep(t *testing.T) {
	e, err := New(Options{Now: 1e15, Stopwatch: func() int64 { return 1 },
		Config: map[string]string{"enable-debug-command": "yes"}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{})
	e.feed(1, []byte("DEBUG SLEEP 0.05\r\n"))
	e.Advance(1e15 + 50_000)
	e.feed(1, []byte("MULTI\r\nDEBUG SLEEP 0.25\r\nEXEC\r\n"))
	e.Advance(1e15 + 300_000)
	e.feed(1, []byte("INFO commandstats latencystats\r\n"))
	got := sent(e, 1)
	for _, line := range []string{"cmdstat_debug:calls=2,usec=300000,",
		"cmdstat_exec:calls=1,usec=250000,", "cmdstat_multi:calls=1,usec=0,",
		"latency_percentiles_usec_debug:p50=50069.503,p99=250609.663"} {
		if !strings.Contains(got, line) {
			t.Errorf("no %s in\n%s", line, got)
		}
	}
}
