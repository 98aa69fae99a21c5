package core

import (
	"runtime"
	"strings"
	"testing"
)

// TestOutputLimitWithin has commands make replies far beyond the hard limit of their client. The
// reply stops growing, the client is closed, and all else that the command does is done.
func TestOutputLimitWithin(t *testing.T) {
	many := strings.Repeat("k ", 1000)
	for _, c := range []struct{ name, send, effect string }{
		{"hash", "HRANDFIELD h -1000000 WITHVALUES", ""},
		{"set", "SRANDMEMBER s -1000000", ""},
		{"sorted set", "ZRANDMEMBER z -1000000 WITHSCORES", ""},
		{"hash, endless", "HRANDFIELD h -999999999", ""},
		{"set, endless", "SRANDMEMBER s -999999999", ""},
		{"sorted set, endless", "ZRANDMEMBER z -999999999", ""},
		{"strings", "MGET " + many, ""},
		{"fields", "HMGET h " + strings.Repeat("f ", 1000), ""},
		{"nulls", "HMGET h " + strings.Repeat("no ", 300_000), ""},
		{"sort", "SORT l BY nosort" + strings.Repeat(" GET w*", 100), ""},
		{"script", "EVAL local@s,t=KEYS[1]:rep(100000),{};for@i=1,4000@do@t[i]=s@end;" +
			"redis.call('SET','e',1);return@t 1 x", "1"},
		{"map", "EVAL redis.setresp(3);local@s,t=('x'):rep(100000),{};for@i=1,1000@do@t[i]=s@end;" +
			"return@{map=t} 0", ""},
		{"transaction", "MULTI|" + strings.Repeat("GET k|", 1000) + "INCR e|EXEC", "1"},
		{"pipeline", strings.Repeat("GET k|", 1000) + "INCR e", ""},
		{"spop", "SPOP s 9000|INCR e", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := startLimited(t)
			var in []byte
			for _, line := range strings.Split(c.send, "|") {
				args := strings.Fields(line)
				for i := range args {
					args[i] = strings.ReplaceAll(args[i], "@", " ")
				}
				in = append(in, request(args...)...)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			e.feed(1, in)
			ended, out, log := outcome(e)
			runtime.ReadMemStats(&after)
			if !ended || len(out) > 64 {
				t.Errorf("hung up: %v, with %d bytes", ended, len(out))
			}
			if !strings.HasPrefix(log, "Client id=1 ") || !strings.HasSuffix(log,
				" scheduled to be closed ASAP for overcoming of output buffer limits.") {
				t.Errorf("log: %.300q", log)
			}
			if e.stats.outputLimited != 1 {
				t.Errorf("%d disconnections are counted", e.stats.outputLimited)
			}
			if made := after.TotalAlloc - before.TotalAlloc; made > 80<<20 {
				t.Errorf("%d MB were allocated", made>>20)
			}
			e.open(2, Conn{Addr: "127.0.0.1:50001"})
			e.feed(2, request("GET", "e"))
			want := "$-1\r\n"
			if c.effect != "" {
				want = "$1\r\n" + c.effect + "\r\n"
			}
			if got := sent(e, 2); got != want {
				t.Errorf("the effect is %q, want %q", got, want)
			}
		})
	}
}

// TestOutputBytes compares where output stands with what redis-server told of clients whose small
// replies were as long.
func TestOutputBytes(t *testing.T) {
	for _, c := range []struct{ n, static, nodes, listed int64 }{
		{0, 0, 0, 0}, {16010, 16010, 0, 0}, {16390, 16384, 1, 20504}, {30009, 16384, 1, 20504},
		{40360, 16384, 2, 41008}, {100220, 16384, 5, 102520}, {108000, 16384, 5, 102520},
	} {
		if static, nodes, listed := outputBytes(c.n); static != c.static || nodes != c.nodes ||
			listed != c.listed {
			t.Errorf("%d bytes: %d, and %d nodes of %d", c.n, static, nodes, listed)
		}
	}
}

// TestOutputLimitSoft has a subscriber that takes nothing stand above its soft limit: it is hung up
// when more whole seconds of the clock are over than it may, whether or not more is published.
func TestOutputLimitSoft(t *testing.T) {
	for _, publishing := range []bool{true, false} {
		e, err := New(Options{Now: 1_700_000_000_900_000,
			Config: map[string]string{"client-output-buffer-limit": "pubsub 0 100000 3"}})
		if err != nil {
			t.Fatal(err)
		}
		e.open(1, Conn{})
		e.open(2, Conn{})
		feed(e, 1, "SUBSCRIBE a")
		e.cork(1, true)
		e.cork(1, false) // which forgets nothing
		e.cork(1, true)
		publish := func() { e.feed(2, request("PUBLISH", "a", strings.Repeat("x", 110_000))) }
		publish()
		e.Advance(1_700_000_003_999_999)
		if publish(); e.conn(1).has(connClosing) {
			t.Error("hung up too early")
		}
		if e.Deadline() > 1_700_000_004_000_000 {
			t.Errorf("looked at again at %d", e.Deadline())
		}
		if e.Advance(1_700_000_004_000_000); publishing {
			publish()
		}
		if !e.conn(1).has(connClosing) {
			t.Error("not hung up")
		}
	}
}

// TestOutputLimitSoftOfReader has a client that takes nothing read so much that it is to be looked
// at again, which Deadline was not to tell before.
func TestOutputLimitSoftOfReader(t *testing.T) {
	const now = 1_700_000_000_000_000
	e, err := New(Options{Now: now, Config: map[string]string{"save": "",
		"client-output-buffer-limit": "normal 0 100000 3"}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{})
	e.feed(1, request("SET", "k", strings.Repeat("x", 110_000)))
	e.feed(1, request("GET", "none")) // the next GET takes the fast path
	for e.Poll(&Event{}) {
	}
	e.cork(1, true)
	if due := e.Deadline(); due != Never {
		t.Fatalf("due at %d", due)
	}
	e.feed(1, request("GET", "k"))
	if due := e.Deadline(); due != now+4_000_000 {
		t.Errorf("looked at again at %d", due)
	}
}

// startLimited starts an engine with large values and a limit of 1 MB.
func startLimited(t *testing.T) *Engine {
	t.Helper()
	e, err := New(Options{Config: map[string]string{
		"client-output-buffer-limit": "normal 1mb 0 0"}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:50000"})
	large := strings.Repeat("x", 100_000)
	e.feed(1, request("SET", "k", large))
	for _, key := range []string{"w1", "w2", "w3"} {
		e.feed(1, request("SET", key, large))
	}
	e.feed(1, request("HSET", "h", "f", large))
	for i := range 10_000 {
		member := strings.Repeat("m", 500) + string(decimal(int64(i)))
		e.feed(1, request("SADD", "s", member))
		e.feed(1, request("ZADD", "z", "1", member))
	}
	e.feed(1, request("RPUSH", "l", "1", "2", "3"))
	rest(e)
	return e
}

// outcome polls an engine until nothing more comes: whether a client was hung up, what was sent,
// and the first line of the log.
func outcome(e *Engine) (ended bool, out []byte, log string) {
	var ev Event
	for {
		for e.Poll(&ev) {
			switch ev.Kind {
			case EventHangup:
				ended = true
				out = append(out, ev.Data...)
			case EventData:
				out = append(out, ev.Data...)
			case EventLog:
				log += string(ev.Data)
			}
		}
		if e.Deadline() > e.clock.host {
			return ended, out, log
		}
		e.Advance(e.clock.host)
	}
}

// TestOutputInTurns has a large reply given to the host in turns: between them it waits in the
// engine, where it counts, and the client can be closed or corked.
func TestOutputInTurns(t *testing.T) {
	large := strings.Repeat("x", 5<<20)
	reply := "$5242880\r\n" + large + "\r\n"
	begin := func() *Engine {
		e := start(t)
		e.feed(1, request("SET", "k", large))
		rest(e)
		e.feed(1, request("GET", "k"))
		return e
	}
	turn := func(e *Engine) (kind EventKind, out []byte) {
		var ev Event
		for e.Poll(&ev) {
			kind, out = ev.Kind, append(out, ev.Data...)
		}
		return kind, out
	}

	e := begin()
	_, first := turn(e)
	if n := len(first); n < outputTurn || n > 2*outputTurn {
		t.Errorf("the first turn gives %d bytes", n)
	}
	if left := e.conn(1).w.Len(); left+len(first) != len(reply) {
		t.Errorf("%d bytes are left", left)
	}
	e.feed(1, request("PING")) // behind the rest
	if got := string(first) + string(rest(e)); got != reply+"+PONG\r\n" {
		t.Errorf("%d bytes, want %d", len(got), len(reply)+7)
	}
	if e.Recount() != "" {
		t.Error(e.Recount())
	}

	e = begin() // a client that takes no more
	_, first = turn(e)
	e.cork(1, true)
	if more := rest(e); len(more) > 0 || e.Deadline() != Never && e.Deadline() <= e.clock.host {
		t.Errorf("a corked client is sent %d bytes", len(more))
	}
	static, nodes, listed := outputBytes(int64(e.conn(1).w.Len()))
	if static != outputFree || nodes < 160 || listed < 3<<20 {
		t.Errorf("its output: %d bytes, %d nodes of %d bytes", static, nodes, listed)
	}
	e.cork(1, false)
	if got := string(first) + string(rest(e)); got != reply {
		t.Errorf("%d bytes, want %d", len(got), len(reply))
	}

	e = begin() // one that goes
	turn(e)
	e.feed(1, request("QUIT"))
	var kinds []EventKind
	total := 0
	for e.conn(1) != nil {
		kind, out := turn(e)
		kinds, total = append(kinds, kind), total+len(out)
		e.Advance(e.clock.host)
	}
	if n := len(kinds); n < 3 || kinds[n-1] != EventHangup || kinds[0] != EventData {
		t.Errorf("%v", kinds)
	}

	e = begin() // one whose peer has gone
	turn(e)
	e.close(1)
	if more := rest(e); len(more) > 0 || len(e.resting) > 0 {
		t.Errorf("%d bytes for nobody", len(more))
	}
}
