package core

import (
	"strconv"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/rdb"
)

// kindRing is a type that this file alone declares: a ring keeps the last few strings it was given.
const (
	kindRing kind     = kindCount - 1
	typeRing rdb.Type = 200
)

func init() { kinds[kindRing] = &ringOps }

type ring struct{ items []string }

const ringMax = 3

func (r *ring) push(s string) {
	if r.items = append(r.items, s); len(r.items) > ringMax {
		r.items = append([]string(nil), r.items[1:]...)
	}
}

// Memory is the bytes that the ring takes.
func (r *ring) Memory() (n int) {
	for _, s := range r.items {
		n += alloc.Size(alloc.Value(len(s)))
	}
	return n
}

func (o *object) ring() *ring { return o.body.(*ring) }

var ringOps = kindOps{
	name:     "ring",
	sizes:    "rings_items",
	encoding: func(*object) string { return "array" },
	length:   func(o *object) int { return len(o.ring().items) },
	clone: func(o *object) *object {
		items := append([]string(nil), o.ring().items...)
		return &object{kind: kindRing, body: &ring{items}}
	},
	digest: func(d *digest, o *object) {
		for _, s := range o.ring().items {
			d.mix([]byte(s))
		}
	},
	rdbTypes: []rdb.Type{typeRing},
	rdbType:  func(*object) rdb.Type { return typeRing },
	save: func(w *rdb.Writer, o *object) {
		w.Length(uint64(len(o.ring().items)))
		for _, s := range o.ring().items {
			w.String([]byte(s))
		}
	},
	load: func(_ *Engine, r *rdb.Reader, _ rdb.Type) (*object, error) {
		n, err := r.Length()
		o := &object{kind: kindRing, body: &ring{}}
		for range n {
			s, err := r.String()
			if err != nil {
				return nil, err
			}
			o.ring().push(string(s))
		}
		return o, err
	},
}

var ringCommands = []Command{{
	Name: "ring.push", Syntax: "key item", Keys: "1 RW insert", Flags: Write | DenyOOM,
	Summary: "Puts an item into a ring.",
	Run: func(c *Call) {
		o := c.lookupWrite(c.Args[1])
		if !c.ofKind(o, kindRing) {
			return
		}
		if o == nil {
			o = &object{kind: kindRing, body: &ring{}}
			c.add(c.Args[1], o)
		}
		o.ring().push(string(c.Args[2]))
		c.signalModified(notifyModule, "ring.push", c.Args[1])
		c.Count(len(o.ring().items))
	},
}, {
	Name: "ring.all", Syntax: "key", Keys: "1 RO access", Flags: ReadOnly,
	Summary: "Gives the items of a ring.",
	Run: func(c *Call) {
		o := c.lookupRead(c.Args[1])
		if o == nil || !c.ofKind(o, kindRing) {
			return
		}
		c.Status(strings.Join(o.ring().items, ","))
	},
}}

func startRings(t *testing.T) *Engine {
	t.Helper()
	e, err := New(Options{Now: 1_700_000_000_000_000, Commands: ringCommands,
		Config: map[string]string{"enable-debug-command": "yes"}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:1"})
	return e
}

// answer sends a command and returns the reply as it comes, without its end.
func answer(e *Engine, args ...string) string {
	e.feed(1, request(args...))
	return strings.TrimSuffix(sent(e, 1), "\r\n")
}

// TestOwnType shows that what works on every type works on one that a single file declares.
func TestOwnType(t *testing.T) {
	for _, c := range []struct{ name, send, want string }{
		{"type", "TYPE r", "+ring"},
		{"encoding", "OBJECT ENCODING r", "$5|array"},
		{"wrong type", "GET r", "-WRONGTYPE Operation against a key holding the wrong kind of value"},
		{"usage", "MEMORY USAGE r", ":72"},
		{"sort", "SORT r", "-WRONGTYPE Operation against a key holding the wrong kind of value"},
		{"scan", "SCAN 0 TYPE ring", "*2|$1|0|*1|$1|r"},
		{"copy", "COPY r s|RING.PUSH s 4|RING.ALL s|RING.ALL r", ":1|:3|+2,3,4|+1,2,3"},
		{"rename", "RENAME r s|RING.ALL s|EXISTS r", "+OK|+1,2,3|:0"},
		{"move", "MOVE r 1|EXISTS r|SELECT 1|RING.ALL r", ":1|:0|+OK|+1,2,3"},
		{"del", "DEL r|EXISTS r", ":1|:0"},
		{"unlink", "UNLINK r|EXISTS r", ":1|:0"},
		{"set over it", "SET r x|GET r", "+OK|$1|x"},
		{"flush", "FLUSHALL|DBSIZE", "+OK|:0"},
		{"reload", "DEBUG RELOAD|RING.ALL r", "+OK|+1,2,3"},
		{"sizes", "INFO keysizes", "$41|# Keysizes|db0_distrib_rings_items:2=1|"},
		{"expire", "PEXPIRE r 1|PERSIST r|TTL r", ":1|:1|:-1"},
		{"object", "DEBUG OBJECT r", "+Value at:0x7f0000000000 refcount:1 encoding:array " +
			"serializedlength:7 lru:5501184 lru_seconds_idle:0"},
	} {
		e := startRings(t)
		for i := range 3 {
			answer(e, "RING.PUSH", "r", strconv.Itoa(i+1))
		}
		var got []string
		for _, line := range strings.Split(c.send, "|") {
			got = append(got, answer(e, strings.Fields(line)...))
		}
		if all := strings.ReplaceAll(strings.Join(got, "|"), "\r\n", "|"); all != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.name, all, c.want)
		}
	}
}

// TestOwnTypeCopies carries a ring over in every way that there is, to an engine that then holds
// the same.
func TestOwnTypeCopies(t *testing.T) {
	a, b, c := startRings(t), startRings(t), startRings(t)
	answer(a, "RING.PUSH", "r", "x")
	answer(a, "RING.PUSH", "r", "y")
	_, payload, _ := strings.Cut(answer(a, "DUMP", "r"), "\r\n")
	if got := answer(b, "RESTORE", "r", "0", payload); got != "+OK" {
		t.Fatal("RESTORE", got)
	}
	if err := c.Restore(a.Snapshot(nil)); err != nil {
		t.Fatal(err)
	}
	want := answer(a, "DEBUG", "DIGEST")
	for name, e := range map[string]*Engine{"RESTORE": b, "snapshot": c} {
		if got := answer(e, "DEBUG", "DIGEST"); got != want {
			t.Errorf("%s: digest %s, want %s", name, got, want)
		}
		answer(e, "RING.PUSH", "r", "z")
		if got := answer(e, "DEBUG", "DIGEST"); got == want {
			t.Error("another item does not change the digest")
		}
	}
}

func TestOwnTypeGoes(t *testing.T) {
	e := startRings(t)
	answer(e, "RING.PUSH", "r", "x")
	answer(e, "PEXPIRE", "r", "5")
	e.Advance(e.Deadline())
	if got := answer(e, "DBSIZE"); got != ":0" {
		t.Error("it does not expire:", got)
	}
	answer(e, "RING.PUSH", "r", "x")
	answer(e, "CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "allkeys-random")
	answer(e, "RING.PUSH", "s", "x")
	if got := answer(e, "DBSIZE"); got != ":0" {
		t.Error("it is not evicted:", got)
	}
}
