package core

import (
	"strconv"
	"strings"
	"testing"
)

// crowd opens connections 1 to 4, which may take the memory that limit says, and has the last three
// keep input of their own size.
func crowd(t *testing.T, config map[string]string) *Engine {
	t.Helper()
	e, err := New(Options{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	for id := ConnID(1); id <= 4; id++ {
		e.open(id, Conn{Addr: "127.0.0.1:" + strconv.Itoa(50000+int(id))})
	}
	e.feed(1, request("CLIENT", "NO-EVICT", "ON"))
	for id, size := range map[ConnID]int{2: 100 << 10, 3: 300 << 10, 4: 200 << 10} {
		e.feed(id, []byte("*1\r\n$"+strconv.Itoa(size)+"\r\n"+strings.Repeat("x", size)))
	}
	return e
}

// served tells which of the connections of a crowd are still there.
func served(e *Engine) string {
	out := ""
	for id := ConnID(1); id <= 4; id++ {
		if cl := e.conn(id); cl != nil && !cl.has(connClosing) {
			out += strconv.Itoa(int(id))
		}
	}
	return out
}

// TestUnderWay has a client weigh what CLIENT LIST says: with all of a large argument as soon as
// its length is known.
func TestUnderWay(t *testing.T) {
	for _, c := range []struct {
		sent  string
		shown string
		more  int64 // than the client alone weighs
	}{
		{"*2\r\n$3\r\nfoo\r\n$1000000\r\nxxxx", "qbuf=4 qbuf-free=999998 argv-mem=3 ", 1000005},
		{"*2\r\n$3\r\nfoo\r\n$30000\r\nxxxx", "qbuf=4 qbuf-free=20470 argv-mem=3 ", 7},
		{"GET foo", "qbuf=7 qbuf-free=20467 argv-mem=0 ", 7},
	} {
		e := crowd(t, nil)
		e.open(5, Conn{})
		before := e.mem.weight
		e.feed(5, []byte(c.sent))
		e.feed(1, request("CLIENT", "LIST", "ID", "5"))
		_, out, _ := outcome(e)
		total := " tot-mem=" + strconv.FormatInt(e.conn(5).weight, 10) + " "
		if more := e.mem.weight - before; more != c.more ||
			!strings.Contains(string(out), c.shown) || !strings.Contains(string(out), total) {
			t.Errorf("%q: %d more, want %d; want %q and %q in %s", c.sent, more, c.more, c.shown,
				total, out)
		}
	}
}

// TestEvictClients lowers what clients may take until only those are left that are not evicted.
func TestEvictClients(t *testing.T) {
	e := crowd(t, nil)
	for _, c := range []struct{ name, value, left, log string }{
		{"maxmemory-clients", "700000", "1234", ""},
		{"maxmemory-clients", "400000", "124", "Evicting client: id=3 "},
		{"maxmemory", "2000000", "124", ""},
		{"maxmemory-clients", "10%", "12", "Evicting client: id=4 "},
		{"maxmemory-clients", "0", "12", ""},
		{"maxmemory-clients", "1", "12", ""}, // there is always a least
	} {
		e.feed(1, request("CONFIG", "SET", c.name, c.value))
		_, _, log := outcome(e)
		if got := served(e); got != c.left || !strings.HasPrefix(log, c.log) {
			t.Errorf("%s %s: %s are left, want %s; log %q", c.name, c.value, got, c.left, log)
		}
	}
	if e.stats.evictedClients != 2 || e.mem.weight >= 128<<10 {
		t.Errorf("%d evicted, %d bytes left", e.stats.evictedClients, e.mem.clients)
	}
	e.feed(1, []byte("*1\r\n$1000000\r\n"+strings.Repeat("x", 200<<10)))
	if got := served(e); got != "1" {
		t.Errorf("%s are left beside one that is not evicted", got)
	}
	if _, _, log := outcome(e); !strings.HasSuffix(log,
		"Over client maxmemory after evicting all evictable clients") {
		t.Errorf("log: %q", log)
	}
}

// TestEvictedByWhat has a client grow beyond maxmemory-clients in every way that it can.
func TestEvictedByWhat(t *testing.T) {
	long := strings.Repeat("x", 50<<10)
	for name, send := range map[string]func(i string) []byte{
		"queue":   func(string) []byte { return request("SET", "k", long) },
		"watch":   func(i string) []byte { return request("WATCH", i) },
		"channel": func(i string) []byte { return request("SUBSCRIBE", i) },
		"pattern": func(i string) []byte { return request("PSUBSCRIBE", i) },
		"shard":   func(i string) []byte { return request("SSUBSCRIBE", i) },
		"prefix": func(i string) []byte {
			return request("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "p"+i+".")
		},
		"argument": func(string) []byte { return []byte(long) },
	} {
		e, err := New(Options{Config: map[string]string{"maxmemory-clients": "200000"}})
		if err != nil {
			t.Fatal(err)
		}
		e.open(1, Conn{})
		switch name {
		case "queue":
			e.feed(1, request("MULTI"))
		case "argument":
			e.feed(1, []byte("*1\r\n$1000000\r\n"))
		}
		for i := 0; i < 20_000 && e.stats.evictedClients == 0; i++ {
			e.feed(1, send(strconv.Itoa(i)))
			e.conn(1).w.Reset()
		}
		if cl := e.conn(1); len(cl.watched)+cl.subs[subChannel].Len()+len(cl.queue) > 0 {
			t.Errorf("%s: evicted, and holds what it held", name)
		}
		if e.stats.evictedClients == 0 {
			t.Errorf("%s: nobody was evicted, clients take %d", name, e.mem.clients)
		}
		if problem := e.Recount(); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
	}
}
