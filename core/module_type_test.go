package core

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// toyCounter is a type as a package above core would declare one, here with its commands.
var toyCounter = &Type{
	Name: "Toy-Count", Version: 2,
	Save: func(dst []byte, value any) []byte {
		return binary.LittleEndian.AppendUint64(dst, *value.(*uint64))
	},
	Load: func(version int, data []byte) (any, error) {
		if version > 2 || len(data) != 8 {
			return nil, errors.New("eight bytes are wanted")
		}
		n := binary.LittleEndian.Uint64(data)
		return &n, nil
	},
	Clone: func(value any) any { n := *value.(*uint64); return &n },
	Size:  func(value any) int64 { return 8 * int64(*value.(*uint64)) },
}

var toyCounterCommands = []Command{{
	Name: "toy.count", Syntax: "key", Keys: "1 RW update", Flags: Write | DenyOOM,
	Summary: "Counts.",
	Run: func(c *Call) {
		value, ok := c.Value(toyCounter, c.Args[1])
		if !ok {
			return
		}
		if value == nil {
			value = new(uint64)
			c.SetValue(toyCounter, c.Args[1], value)
		}
		n := value.(*uint64)
		*n++
		c.Changed("toy.count", c.Args[1])
		c.Int(int64(*n))
	},
}, {
	Name: "toy.end", Syntax: "key", Keys: "1 RW delete", Flags: Write, Summary: "Ends counting.",
	Run: func(c *Call) { c.Flag(c.Delete(c.Args[1])) },
}}

func startCounters(t *testing.T, types ...*Type) *Engine {
	t.Helper()
	e, err := New(Options{Now: 1_700_000_000_000_000, Commands: toyCounterCommands, Types: types,
		Config: map[string]string{"notify-keyspace-events": "KEA"}})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:1"})
	return e
}

func TestTypes(t *testing.T) {
	const wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value"
	for _, c := range []struct{ send, want string }{
		{"toy.count k|toy.count k|TYPE k|OBJECT ENCODING k", ":1|:2|+Toy-Count|$3|raw"},
		{"SET k 1|toy.count k", "+OK|" + wrong},
		{"toy.count k|GET k|SORT k", ":1|" + wrong + "|" + wrong},
		{"toy.count k|COPY k l|toy.count k|toy.count l|RENAME l m|TYPE m", ":1|:1|:2|:2|+OK|+Toy-Count"},
		{"toy.count k|SCAN 0 TYPE TOY-COUNT", ":1|*2|$1|0|*1|$1|k"},
		{"toy.count k|toy.end k|toy.end k|EXISTS k", ":1|:1|:0|:0"},
		{"toy.count k|PEXPIRE k 5|toy.count k|PTTL k", ":1|:1|:2|:5"},
		{"WATCH k|toy.count k|MULTI|PING|EXEC", "+OK|:1|+OK|+QUEUED|*-1"},
	} {
		e := startCounters(t, toyCounter)
		feed(e, 1, strings.Split(c.send, "|")...)
		got := strings.ReplaceAll(strings.TrimSuffix(sent(e, 1), "\r\n"), "\r\n", "|")
		if got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.send, got, c.want)
		}
		if wrong := e.Recount(); wrong != "" {
			t.Errorf("%s: memory: %s", c.send, wrong)
		}
	}
}

// TestTypesAreKept takes values out of one engine and puts them into another.
func TestTypesAreKept(t *testing.T) {
	a, b, c := startCounters(t, toyCounter), startCounters(t, toyCounter), startCounters(t)
	feed(a, 1, "toy.count k", "toy.count k", "DEBUG DIGEST")
	image := a.Snapshot(nil)
	if err := b.Restore(image); err != nil {
		t.Fatal(err)
	}
	feed(b, 1, "toy.count k")
	if got := sent(b, 1); got != ":3\r\n" {
		t.Errorf("after a restore the counter stands at %q", got)
	}
	if err := c.Restore(image); err == nil || !strings.Contains(err.Error(), "nobody here knows") {
		t.Errorf("without the type: %v", err)
	}
	for n := range image {
		if err := b.Restore(image[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are taken for an image", n, len(image))
		}
	}
	sent(a, 1)
	feed(a, 1, "DUMP k")
	payload := sent(a, 1)
	payload = payload[strings.Index(payload, "\n")+1 : len(payload)-2]
	b.feed(1, request("RESTORE", "l", "0", payload))
	feed(b, 1, "toy.count l")
	if got := sent(b, 1); got != "+OK\r\n:3\r\n" {
		t.Errorf("RESTORE and a count answer %q", got)
	}
}

func TestTypesRefused(t *testing.T) {
	other := *toyCounter
	other.Name = "short"
	many := *toyCounter
	many.Version = 1024
	bare := Type{Name: "Toy-Empty"}
	for want, types := range map[string][]*Type{
		"'short' cannot be the name of a type":                   {&other},
		"the type Toy-Count has a version that no file can hold": {&many},
		"the type Toy-Empty lacks its Save, Load, Clone or Size": {&bare},
		"there is a type Toy-Count already":                      {toyCounter, toyCounter},
	} {
		if _, err := New(Options{Types: types}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
