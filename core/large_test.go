package core

import (
	"strings"
	"testing"
)

// feedInParts sends a request as a socket gives it.
func feedInParts(e *Engine, id ConnID, request []byte) {
	for len(request) > 0 {
		n := min(len(request), 50_000)
		e.feed(id, request[:n])
		request = request[n:]
	}
}

// TestLargeArgumentTaken stores large strings: each is what came in, uncopied, and what follows in
// the same input is run all the same.
func TestLargeArgumentTaken(t *testing.T) {
	e := startLarge(t)
	large := strings.Repeat("0123456789", 30_000)
	for _, c := range [][]string{
		{"SET", "k", large}, {"SETEX", "k", "100", large}, {"GETSET", "k", large}, {"SETNX", "n", large},
		{"MSET", "k", "small", "m", large}, {"SET", "m", large, "EX", "100"},
	} {
		in := append(request(c...), request("SETRANGE", "other", "2", "x")...)
		feedInParts(e, 1, append(in, "*2\r\n$6\r\nSTRLEN\r\n$"...))
		rest(e)
		e.feed(1, []byte("1\r\nk\r\n"))
		if got := string(rest(e)); got[0] != ':' {
			t.Errorf("%s: what follows answers %q", c[0], got)
		}
		taken := false
		for _, key := range []string{"k", "n", "m"} {
			if p := e.dbs[0].keys.Find([]byte(key)); p != nil && len((*p).str) == len(large) {
				taken = true
				// The head of the request stands before it and the end of a line behind.
				if size := cap((*p).str); size != len(large) {
					t.Errorf("%s: a capacity of %d", c[0], size)
				}
				if string((*p).str) != large {
					t.Errorf("%s: the string is another", c[0])
				}
			}
		}
		if cl := e.conn(1); !taken || cap(cl.in) > inputKeepMax {
			t.Errorf("%s: stored: %v; the input keeps %d bytes", c[0], taken, cap(cl.in))
		}
		e.feed(1, request("FLUSHALL"))
		rest(e)
	}
}

// TestLargeArgumentNoRoom stores a string for which there is room once, and refuses to where a copy
// must be made.
func TestLargeArgumentNoRoom(t *testing.T) {
	left := int64(20 << 20)
	large := strings.Repeat("x", 19<<20)
	for _, c := range []struct{ before, command, want string }{
		{"", "SET k LARGE", "+OK"}, {"", "SETEX k 100 LARGE", "+OK"}, {"", "MSET k LARGE", "+OK"},
		{"", "SET k LARGE IFEQ v", "+OK"}, {"", "GETSET k LARGE", "$1"},
		{"", "RPUSH l LARGE", "-OOM"}, {"", "APPEND k LARGE", "-OOM"},
		{"MULTI", "SET k LARGE", "-OOM"}, {"SYNC", "SET k LARGE", "-OOM"},
	} {
		e := startTight(t, &left)
		e.feed(1, request("SET", "k", "v"))
		e.open(2, Conn{})
		if c.before == "SYNC" {
			left = 24 << 20 // for the image
			e.feed(2, request("SYNC"))
			left = 20 << 20
		} else {
			e.feed(1, request(strings.Fields(c.before)...))
		}
		rest(e)
		feedInParts(e, 1, request(strings.Fields(strings.ReplaceAll(c.command, "LARGE", large))...))
		if got := string(rest(e)); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %s: %.100q", c.before, c.command, got)
		}
	}
}

func startLarge(t *testing.T) *Engine {
	t.Helper()
	e, err := New(Options{Config: map[string]string{"save": ""}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:50000"})
	return e
}

// TestLargeValueLent replies a large string, which is not copied, and changes it in every way
// before the reply is taken: it is as it was.
func TestLargeValueLent(t *testing.T) {
	large := strings.Repeat("0123456789", 50_000)
	reply := "$500000\r\n" + large + "\r\n"
	for _, change := range [][]string{
		{"SETRANGE", "k", "7", "other"}, {"SETBIT", "k", "77", "0"}, {"APPEND", "k", "more"},
		{"BITFIELD", "k", "SET", "u8", "100", "1"}, {"SET", "k", large[1:] + "x"}, {"DEL", "k"},
		{"BITOP", "NOT", "k", "k"}, {"SET", "k", "7"}, {"FLUSHALL"}, {"COPY", "k", "l"},
	} {
		e := startLarge(t)
		e.feed(1, request("SET", "k", large))
		rest(e)
		e.Input(&Input{Kind: InCork, Conn: 1})
		e.feed(1, request("MGET", "k", "k"))
		e.feed(1, request(change...))
		e.feed(1, request("MULTI"))
		e.feed(1, request("STRLEN", "k"))
		e.feed(1, request("DISCARD"))
		e.Input(&Input{Kind: InUncork, Conn: 1})
		if got := string(rest(e)); !strings.HasPrefix(got, "*2\r\n"+reply+reply) {
			t.Errorf("after %s: %.30q of %d bytes", change[0], got, len(got))
		}
	}
}

// TestLargeValueUncopied looks at the output of a large string.
func TestLargeValueUncopied(t *testing.T) {
	e := startLarge(t)
	e.feed(1, request("SET", "k", strings.Repeat("0123456789", 50_000)))
	rest(e)
	o := *e.dbs[0].keys.Find([]byte("k"))
	e.Input(&Input{Kind: InCork, Conn: 1})
	e.feed(1, request("GET", "k"))
	cl := e.conn(1)
	if head := cl.w.Take(); string(head) != "$500000\r\n" {
		t.Fatalf("%.50q", head)
	}
	if piece := cl.w.Take(); &piece[0] != &o.str[0] {
		t.Error("the string was copied")
	}
	was := &o.str[0]
	e.feed(1, request("SETRANGE", "k", "0", "x"))
	if &o.str[0] == was {
		t.Error("the string changed while it waited")
	}
}
