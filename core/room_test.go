package core

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// startTight starts an engine whose host has so many bytes left as *left says, with two strings of
// 4 MB.
func startTight(t *testing.T, left *int64) *Engine {
	t.Helper()
	e, err := New(Options{Room: func(size, _ int64) bool { return size <= *left },
		Config: map[string]string{"enable-debug-command": "yes"}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:50000"})
	for _, key := range []string{"a", "b"} {
		e.feed(1, request("SET", key, strings.Repeat(key, 4<<20)))
	}
	e.feed(1, request("RPUSH", "l", strings.Repeat("x", 100), "y"))
	rest(e)
	return e
}

// TestNoRoom asks for more than the host has: it is refused, and everything stays.
func TestNoRoom(t *testing.T) {
	large := strings.Repeat("x", 19<<20)
	left := int64(20 << 20)
	before := startTight(t, &left).digestOf() // of each engine below
	for _, c := range []struct{ name, send, want string }{
		{"range", "SETRANGE k 100000000 x", "-OOM"},
		{"range of a string", "SETRANGE a 100000000 x", "-OOM"},
		{"bit", "SETBIT k 800000000 1", "-OOM"},
		{"bits", "BITFIELD k SET u8 800000000 1", "-OOM"},
		{"argument", "SET k LARGE", "-OOM"},
		{"argument of another kind", "RPUSH l LARGE", "-OOM"},
		{"argument in a transaction", "MULTI|SET k LARGE|EXEC", "+OK|-OOM|-EXECABORT"},
		{"in a transaction", "MULTI|SETRANGE k 100000000 x|EXEC", "+OK|+QUEUED|*1|-OOM"},
		{"in a script", "EVAL return@redis.call('SETRANGE','k',100000000,'x') 0", "-OOM"},
		{"string of a script", "EVAL return@#('x'):rep(12000000) 0",
			"-ERR user_script:1: not enough memory"},
		{"arguments of a script",
			"EVAL local@s=('x'):rep(3000000);return@redis.call('MSET','k',s,'m',s,'n',s,'o',s) 0",
			"-ERR user_script:1: not enough memory"},
		{"enough", "SETRANGE k 100000 x|APPEND a x|SETBIT a 1 1|BITOP AND d a b",
			":100001|:4194305|:1|:4194305"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := startTight(t, &left)
			var got []string
			for _, line := range strings.Split(c.send, "|") {
				args := strings.Fields(strings.ReplaceAll(line, "LARGE", large))
				for i := range args {
					args[i] = strings.ReplaceAll(args[i], "@", " ")
				}
				e.feed(1, request(args...))
				replies := strings.TrimSuffix(string(rest(e)), "\r\n")
				got = append(got, strings.Split(replies, "\r\n")...)
			}
			want := strings.Split(c.want, "|")
			for i, reply := range got {
				if i < len(want) && want[i][0] == '-' && strings.HasPrefix(reply, want[i]) {
					got[i] = want[i]
				}
			}
			if strings.Join(got, "|") != c.want {
				t.Errorf("%.200q, want %q", got, c.want)
			}
			if after := e.digestOf(); c.name != "enough" && after != before {
				t.Error("the data are not as they were")
			}
		})
	}
}

// TestNoRoomForQueue queues commands until the queue itself has no room to grow: the transaction is
// not run, and the connection goes on.
func TestNoRoomForQueue(t *testing.T) {
	left := int64(20 << 20)
	e := startTight(t, &left)
	left = 5 << 20
	e.feed(1, request("MULTI"))
	got, queued := "", 0
	for ; queued < 200_000 && !strings.Contains(got, "-OOM command not allowed"); queued += 1000 {
		e.feed(1, bytes.Repeat(request("INCR", "n"), 1000))
		got = string(rest(e))
	}
	if queued < 10_000 || queued == 200_000 {
		t.Errorf("%d were queued before one was refused", queued)
	}
	e.feed(1, request("EXEC"))
	e.feed(1, request("GET", "n"))
	got = string(rest(e))
	if !strings.HasPrefix(got, "-EXECABORT") || !strings.HasSuffix(got, "$-1\r\n") {
		t.Errorf("EXEC, GET: %.60q", got)
	}
}

// digestOf is what DEBUG DIGEST says.
func (e *Engine) digestOf() string {
	e.feed(1, request("DEBUG", "DIGEST"))
	return string(rest(e))
}

// TestNoRoomForSmallThings has a host without memory, and asks for what does not count as memory in
// use, and for what small things add up to.
func TestNoRoomForSmallThings(t *testing.T) {
	many := func(head string, n int) string {
		for i := range n {
			head += " " + strconv.Itoa(i)
		}
		return head
	}
	for _, c := range []struct{ name, send, want string }{
		{"a channel", "SUBSCRIBE c", "-OOM"}, {"a pattern", "PSUBSCRIBE c*", "-OOM"},
		{"a shard channel", "SSUBSCRIBE c", "-OOM"}, {"a watched key", "WATCH l", "-OOM"},
		{"a script", "SCRIPT LOAD return", "-OOM"}, {"tracking", "CLIENT TRACKING ON", "-OOM"},
		{"a queued command", "MULTI|GET l|EXEC", "+OK|-OOM|-EXECABORT"},
		{"a transaction that ends", "MULTI|DISCARD", "+OK|+OK"},
		{"what takes none", "UNWATCH|DEL l|LLEN l", "+OK|:1|:0"},
		{"many arguments", many("MSET", 20000), "-OOM"},
		{"many channels", many("SUBSCRIBE", 20000), "-OOM"},
		{"many elements of a reply", "LRANGE long 0 -1", "Closing"},
		{"a payload", "DUMP long", "-OOM"}, {"a copy", "COPY long m", "-OOM"},
		{"a reload", "DEBUG RELOAD", "Can't"}, {"keys", "DEBUG POPULATE 10", "-OOM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			left := int64(200 << 20)
			e := startTight(t, &left)
			e.feed(1, request(strings.Fields("RPUSH long "+strings.Repeat("abcdefgh ", 300_000))...))
			rest(e)
			left = 1<<20 - 1
			e.feed(1, request("ECHO", strings.Repeat("x", roomCame))) // by which the engine finds out
			rest(e)
			var got []string
			for _, line := range strings.Split(c.send, "|") {
				e.feed(1, request(strings.Fields(line)...))
				got = append(got, strings.Fields(string(rest(e))+" ")...)
			}
			for i, want := range strings.Split(c.want, "|") {
				for len(got) > i+1 && !strings.ContainsAny(got[i+1][:1], "+-:*") {
					got = slices.Delete(got, i+1, i+2) // the text of an error
				}
				if i >= len(got) && want != "" || i < len(got) && got[i] != want {
					t.Fatalf("%q, want %q", got, c.want)
				}
			}
		})
	}
}

// TestNoRoomToRestore has a host with some memory, and restores payloads that take more than they
// are long.
func TestNoRoomToRestore(t *testing.T) {
	left := int64(200 << 20)
	e := startTight(t, &left)
	e.feed(1, request("SET", "packed", strings.Repeat("x", 8<<20)))
	args := []string{"SADD", "members"}
	for i := range 100_000 {
		args = append(args, strconv.Itoa(i)+"m")
	}
	e.feed(1, request(args...))
	e.feed(1, request("ZUNIONSTORE", "scored", "1", "members"))
	rest(e)
	for _, key := range []string{"packed", "members", "scored"} {
		left = 200 << 20
		e.feed(1, request("DUMP", key))
		_, payload, _ := strings.Cut(strings.TrimSuffix(string(rest(e)), "\r\n"), "\r\n")
		left = 3 << 19
		e.feed(1, request("RESTORE", "k-"+key, "0", payload))
		if got := string(rest(e)); !strings.HasPrefix(got, "-OOM") {
			t.Errorf("%s: %.100q", key, got)
		}
		left = 200 << 20
		e.feed(1, request("RESTORE", "k-"+key, "0", payload))
		if got := string(rest(e)); got != "+OK\r\n" {
			t.Errorf("%s, with memory: %.100q", key, got)
		}
	}
}

// TestTrackedForgotten has keys that a client has read forgotten where memory is short, and the
// client told.
func TestTrackedForgotten(t *testing.T) {
	left := int64(20 << 20)
	e := startTight(t, &left)
	e.feed(1, request("HELLO", "3"))
	e.feed(1, request("CLIENT", "TRACKING", "ON"))
	for _, key := range []string{"a1", "a2", "a3", "a4"} {
		e.feed(1, request("GET", key))
	}
	rest(e)
	left = 0
	e.feed(1, request("ECHO", strings.Repeat("x", roomCame)))
	rest(e)
	e.feed(1, request("PING"))
	if got := string(rest(e)); strings.Count(got, "invalidate") == 0 {
		t.Errorf("%q", got)
	}
	if n := e.tracking.keys.Len(); n > 2 {
		t.Errorf("%d keys are remembered", n)
	}
}

// TestNoRoomAtAll has a host whose memory is full: what would take more is refused, until there is
// some again.
func TestNoRoomAtAll(t *testing.T) {
	left := int64(20 << 20)
	e := startTight(t, &left)
	left = 512 << 10
	for _, key := range []string{"k", "l2", "m"} { // by which the engine finds out
		e.feed(1, request("SETRANGE", key, "400000", "x"))
	}
	rest(e)
	for _, c := range [][2]string{
		{"SET n 1", "-OOM command not allowed when used memory > 'maxmemory'."},
		{"GET n", "$-1"}, {"DEL k", ":1"}, {"SAVE", "-ERR"}, {"BGSAVE", "-ERR"},
	} {
		e.feed(1, request(strings.Fields(c[0])...))
		if _, got, _ := outcome(e); strings.TrimSpace(string(got)) != c[1] {
			t.Errorf("%s: %q, want %q", c[0], got, c[1])
		}
	}
	e.Input(&Input{Kind: InSnapshot})
	var ev Event
	for e.Poll(&ev) && ev.Kind != EventSnapshot {
	}
	if ev.Kind != EventSnapshot || len(ev.Data) > 0 {
		t.Errorf("a snapshot of %d bytes", len(ev.Data))
	}

	e.feed(1, request("GETRANGE", "a", "0", "-1"))
	ended, _, log := outcome(e)
	if !ended || log != "Closing a client: there is no memory for its output." {
		t.Errorf("a large reply: hung up: %v, log %q", ended, log)
	}
	e.open(2, Conn{Addr: "127.0.0.1:50001"})
	e.feed(2, []byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4000000\r\nxxxx"))
	ended, _, log = outcome(e)
	if !ended || log != "Closing a client: there is no memory for its query buffer." {
		t.Errorf("a large argument: hung up: %v, log %q", ended, log)
	}

	left = 20 << 20
	e.open(3, Conn{Addr: "127.0.0.1:50002"})
	e.feed(3, request("SET", "n", "1"))
	if got := string(rest(e)); got != "+OK\r\n" {
		t.Errorf("with memory again: %q", got)
	}
}
