package core

import (
	"errors"
	"strings"
	"testing"
)

// toyCommands are declared here alone: one literal and its handler are all that a command takes.
var toyCommands = []Command{
	{
		Name: "toy.add", Syntax: "key member", Keys: "1 RW insert", Flags: Write | DenyOOM,
		Summary: "Adds a member to a set and tells how many there are.",
		Run: func(c *Call) {
			if text, failed := ReplyError(c.Do("SADD", c.Args[1], c.Args[2])); failed {
				c.Error(text)
				return
			}
			c.Buf = append(c.Buf, c.Do("SCARD", c.Args[1])...)
		},
	},
	{
		Name: "toy.loop", Syntax: "[x]", Summary: "Calls itself.",
		Run: func(c *Call) { c.Buf = append(c.Buf, c.Do("TOY.LOOP")...) },
	},
	{
		Name: "toy.chance", Summary: "Gives what chance decides, and the time.",
		Run: func(c *Call) { c.Array(2); c.Int(int64(c.Random() >> 1)); c.Int(int64(c.Now())) },
	},
	{
		Name: "toy", Summary: "Groups.",
		Sub: []Command{{Name: "do", Syntax: "command [arg...]", Summary: "Runs a command.",
			Run: func(c *Call) {
				c.Buf = append(c.Buf, c.Do(string(c.Args[2]), c.Args[3:]...)...)
			}}},
	},
}

func startToys(t *testing.T) *Engine {
	t.Helper()
	e, err := New(Options{Now: 1_700_000_000_000_000, Commands: toyCommands})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:1"})
	return e
}

func TestOwnCommands(t *testing.T) {
	for _, c := range []struct{ send, want string }{
		{"toy.add s a|TOY.ADD s b|SMEMBERS s", ":1|:2|*2|$1|a|$1|b"},
		{"SET s x|toy.add s a", "+OK|-WRONGTYPE Operation against a key holding the wrong kind of value"},
		{"toy.add s", "-ERR wrong number of arguments for 'toy.add' command"},
		{"toy", "-ERR wrong number of arguments for 'toy' command"},
		{"toy no", "-ERR unknown subcommand 'no'. Try TOY HELP."},
		{"toy do nosuch", "-ERR unknown command 'nosuch', with args beginning with: "},
		{"toy do get", "-ERR wrong number of arguments for 'get' command"},
		{"toy do config nosuch", "-ERR unknown subcommand 'nosuch'. Try CONFIG HELP."},
		{"toy do multi", "-ERR This Redis command is not allowed from within a command"},
		{"toy do blpop none 0", "*-1"},
		{"HELLO 3|toy do get none", "_"},
		{"toy.loop", "-ERR Commands call each other too deeply"},
		{"MULTI|toy.add s a|EXEC", "+OK|+QUEUED|*1|:1"},
		{"SELECT 3|toy.add s a|SELECT 0|EXISTS s", "+OK|:1|+OK|:0"},
		{`EVAL "return redis.call('toy.add','s','a')" 0`, ":1"},
		{"COMMAND GETKEYS toy.add s a", "*1|$1|s"},
		{"COMMAND INFO toy.add", "*1|*10|$7|toy.add|:3|*3|+write|+denyoom|+module|:1|:1|:1|*2|+@write|" +
			"+@slow|*0|*1|*6|$5|flags|*2|+RW|+insert|$12|begin_search|*4|$4|type|$5|index|$4|spec|" +
			"*2|$5|index|:1|$9|find_keys|*4|$4|type|$5|range|$4|spec|*6|$7|lastkey|:0|$7|keystep|" +
			":1|$5|limit|:0|*0"},
	} {
		e := startToys(t)
		feed(e, 1, strings.Split(c.send, "|")...)
		got := sent(e, 1)
		if i := strings.Index(got, "\r\n_"); strings.HasPrefix(c.send, "HELLO") && i >= 0 {
			got = got[i+2:]
		}
		if got = strings.ReplaceAll(strings.TrimSuffix(got, "\r\n"), "\r\n", "|"); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.send, got, c.want)
		}
	}
}

// TestOwnCommandsReplicate shows that replicas get what a command did by others, and that alone.
func TestOwnCommandsReplicate(t *testing.T) {
	e := startToys(t)
	e.open(2, Conn{})
	e.feed(2, []byte("SYNC\r\n"))
	sent(e, 2)
	feed(e, 1, "toy.add s a", "toy.add s a", "toy do set k v px 100")
	want := "SELECT 0\nSADD s a\nset k v PXAT 1700000000100"
	if got := received(e, 2); !strings.EqualFold(got, want) {
		t.Errorf("the replica gets\n%s\nwant\n%s", got, want)
	}
}

func TestOwnCommandsRepeat(t *testing.T) {
	a, b := startToys(t), startToys(t)
	for _, e := range []*Engine{a, b} {
		feed(e, 1, "toy.chance", "toy.chance")
	}
	if x, y := sent(a, 1), sent(b, 1); x != y {
		t.Errorf("the same inputs give %q and %q", x, y)
	}
}

func TestOwnCommandsRefused(t *testing.T) {
	run := func(*Call) {}
	for want, cmd := range map[string]Command{
		"there is a command get already":        {Name: "get", Run: run},
		"'' cannot be the name of a command":    {Run: run},
		"'Up' cannot be the name of a command":  {Name: "Up", Run: run},
		"'a b' cannot be the name of a command": {Name: "a b", Run: run},
		"the command x lacks its Run":           {Name: "x"},
		"the command y lacks its Run":           {Name: "y", Sub: []Command{{Name: "z"}}},
	} {
		var refused CommandError
		if _, err := New(Options{Commands: []Command{cmd}}); !errors.As(err, &refused) ||
			err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
