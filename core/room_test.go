package core

import (
	"strings"
	"testing"
)

// startTight starts an engine whose host has so many bytes left as *left says, with two strings of
// 4 MB.
func startTight(t *testing.T, left *int64) *Engine {
	t.Helper()
	e, err := New(Options{Room: func(size int64) bool { return size <= *left },
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

// digestOf is what DEBUG DIGEST says.
func (e *Engine) digestOf() string {
	e.feed(1, request("DEBUG", "DIGEST"))
	return string(rest(e))
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

	e.feed(1, request("GET", "a"))
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
