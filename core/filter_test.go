package core

import (
	"strings"
	"testing"
)

// filtering is an engine with a filter that is on.
func filtering(t *testing.T, ask func(*Call) Fault) *controlled {
	t.Helper()
	c := &controlled{T: t, now: 1_700_000_000_000_000, out: map[ConnID]string{}}
	var err error
	if c.e, err = New(Options{Now: c.now, Filter: ask}); err != nil {
		t.Fatal(err)
	}
	c.poll()
	c.open(1, Conn{Addr: local})
	c.open(2, Conn{Addr: local})
	c.open(3, Conn{Addr: local, Own: true})
	c.order("filter on", "+")
	return c
}

// only has a fault befall the commands that a pattern matches.
func only(f Fault, pattern ...string) func(*Call) Fault {
	return func(c *Call) Fault {
		if c.Matches(pattern...) {
			return f
		}
		return Fault{}
	}
}

// says is ask for a reply without its end of line.
func (c *controlled) says(id ConnID, command, want string) {
	c.Helper()
	if want != "" {
		want += "\r\n"
	}
	c.ask(id, command, want)
}

func TestFilterRefuses(t *testing.T) {
	c := filtering(t, only(Fault{Error: "LOADING no"}, "set", "a*"))
	c.says(1, "set a 1", "-LOADING no")
	c.says(1, "SET b 1", "+OK")
	c.says(3, "SET a 1", "+OK")
	c.says(1, "EVAL \"return redis.pcall('set', 'a', 2)\" 0", "-LOADING no")
	c.says(1, "MULTI", "+OK")
	c.says(1, "SET A 1", "-LOADING no")
	c.says(1, "EXEC", "-EXECABORT Transaction discarded because of previous errors.")
	if text := c.e.info([][]byte{[]byte("commandstats")}); !strings.Contains(text,
		"cmdstat_set:calls=2,") || !strings.Contains(text, "rejected_calls=3,") {
		t.Errorf("refusals are counted as\n%s", text)
	}
	c.order("filter off", "+")
	c.says(1, "SET a 3", "+OK")
	c.order("filter loud", "-no such order")
	control(t, nil).order("filter on", "-the engine has no filter")
}

func TestFilterAnswers(t *testing.T) {
	var asked []string
	c := filtering(t, func(c *Call) Fault {
		asked = append(asked, string(c.Args[0]))
		switch {
		case c.Matches("greet"):
			c.Status("HELLO")
		case c.Matches("refuse"):
			c.Error("ERR refused")
		case c.Matches("push"):
			c.Do("RPUSH", []byte("q"), []byte("x"))
		}
		return Fault{Drop: c.Matches("greet")} // it has been answered
	})
	c.says(1, "greet", "+HELLO")
	c.says(1, "EVAL \"return redis.call('greet')\" 0", "+HELLO")
	c.says(1, "MULTI", "+OK")
	c.says(1, "refuse", "-ERR refused")
	c.says(1, "EXEC", "-EXECABORT Transaction discarded because of previous errors.")
	c.says(2, "BLPOP q 0", "")
	c.says(1, "push", "-ERR unknown command 'push', with args beginning with: ")
	if c.out[2] != "*2\r\n$1\r\nq\r\n$1\r\nx\r\n" {
		t.Errorf("who waited got %q", c.out[2])
	}
	want := "greet EVAL greet MULTI refuse EXEC BLPOP push"
	if got := strings.Join(asked, " "); got != want {
		t.Errorf("asked about %s", got)
	}
}

// TestFilterResumes answers a command that waits from without, or lets it run.
func TestFilterResumes(t *testing.T) {
	asked := 0
	c := filtering(t, func(c *Call) Fault {
		if c.Matches("GET") {
			asked++
			return Fault{Delay: Never}
		}
		return Fault{}
	})
	c.order("filter resume 1", "-no such client waits")
	c.ask(1, "SET k v", "+OK\r\n")
	for order, want := range map[string]string{ // order: each by itself
		"filter resume 1":                             "$1\r\nv\r\n",
		"filter resume 1\n":                           "",
		"filter resume 1\n:1\r\n":                     ":1\r\n",
		"filter resume 1\n*2\r\n$2\r\n\r\n\r\n+a\r\n": "*2\r\n$2\r\n\r\n\r\n+a\r\n",
		"filter resume 1\n-ERR no\r\n":                "-ERR no\r\n",
	} {
		c.says(1, "GET k\r\nPING", "")
		c.says(2, "PING", "+PONG")
		c.order(order, "+")
		if want += "+PONG\r\n"; c.out[1] != want {
			t.Errorf("%q answers %q, want %q", order, c.out[1], want)
		}
		c.out[1] = ""
	}
	c.says(1, "MULTI", "+OK")
	c.says(1, "GET k", "")
	c.order("filter resume 1\n-ERR no\r\n", "+")
	c.out[1] = ""
	c.says(1, "EXEC", "-EXECABORT Transaction discarded because of previous errors.")
	c.says(1, "GET k", "")
	c.order("filter resume 1 later", "-no such order")
	c.order("filter resume 1 drop\n-ERR bye\r\n", "+")
	if c.out[1] != "-ERR bye\r\n" {
		t.Errorf("at the end came %q", c.out[1])
	}
	c.order("filter resume 1", "-no such client waits")
	if asked != 7 {
		t.Errorf("the filter was asked %d times", asked)
	}
}

func TestFilterDelays(t *testing.T) {
	asked := 0
	f := Fault{Delay: 50_000}
	c := filtering(t, func(c *Call) Fault {
		if c.Matches("SET") {
			asked++
			return f
		}
		return Fault{}
	})
	c.says(1, "SET k 1\r\nGET k", "")
	c.now += 49_999
	c.says(2, "GET k", "$-1")
	if at := c.e.Deadline(); at != c.now+1 {
		t.Errorf("due in %d µs", at-c.now)
	}
	c.out[1] = ""
	c.now++
	c.says(2, "GET k", "$1\r\n1")
	if c.out[1] != "+OK\r\n$1\r\n1\r\n" {
		t.Errorf("the delayed got %q", c.out[1])
	}
	c.out[1] = ""
	c.says(2, "CLIENT PAUSE 100", "+OK")
	c.says(1, "SET k 2", "")
	c.now += 50_000
	c.says(1, "", "")
	c.out[1] = ""
	c.order("clock forward 50000", "+1700000000150000 0")
	if c.out[1] != "+OK\r\n" || asked != 2 {
		t.Errorf("after delay and pause: %q; the filter was asked %d times", c.out[1], asked)
	}
	c.out[1] = ""
	f = Fault{Delay: 1000, Error: "ERR late"}
	c.says(1, "SET k 3", "")
	c.order("filter off", "+")
	c.out[1] = ""
	c.order("clock set 1600000000000000", "+1600000000000000 0")
	c.order("clock forward 999", "+1600000000000999 0")
	if c.out[1] != "" {
		t.Errorf("the clock went back, and the delay is over: %q", c.out[1])
	}
	c.order("clock forward 1", "+1600000000001000 0")
	if c.out[1] != "-ERR late\r\n" {
		t.Errorf("got %q", c.out[1])
	}
	c.order("filter on", "+")
	c.out[1] = ""
	f = Fault{Delay: Never}
	c.says(1, "SET k 3", "")
	c.order("clock forward 1000000000", "+1600001000001000 0")
	c.says(2, "GET k", "$1\r\n2")
}

func TestFilterDrops(t *testing.T) {
	for name, test := range map[string]struct {
		fault      Fault
		send, kept string // the value of k then
	}{
		"drop":          {Fault{Drop: true}, "SET k 1\r\nSET k 2", "$-1"},
		"lose":          {Fault{Lose: true}, "SET k 1\r\nSET k 2", "$1\r\n1"},
		"late":          {Fault{Drop: true, Delay: 1}, "SET k 1\r\nSET k 2", "$-1"},
		"lost late":     {Fault{Lose: true, Delay: 1}, "SET k 1", "$1\r\n1"},
		"lost, no call": {Fault{Lose: true}, "SET k", "$-1"},
		"in a script": {Fault{Drop: true, Lose: true, Delay: 1},
			"EVAL \"redis.call('SET', 'k', 1)\" 0", "$1\r\n1"},
	} {
		t.Run(name, func(t *testing.T) {
			c := filtering(t, only(test.fault, "set"))
			c.e.Input(&Input{Kind: InData, Conn: 1, Data: []byte("PING\r\n" + test.send + "\r\n")})
			c.now++
			c.says(2, "PING", "+PONG")
			hung := c.e.conn(1) == nil
			if hung != (name != "in a script") || hung && c.out[1] != "+PONG\r\n" {
				t.Errorf("hung up: %v; got %q", hung, c.out[1])
			}
			c.says(2, "GET k", test.kept)
		})
	}
}

// TestFilterLosesLater loses the reply of a command that waits, and of a script that is suspended.
func TestFilterLosesLater(t *testing.T) {
	c := filtering(t, only(Fault{Lose: true}, "blpop"))
	c.says(1, "BLPOP q 0", "")
	c.says(2, "RPUSH q x", ":1")
	c.says(2, "EXISTS q", ":0")
	if c.e.conn(1) != nil || c.out[1] != "" {
		t.Errorf("who waited got %q", c.out[1])
	}
	c = filtering(t, only(Fault{Lose: true}, "eval"))
	c.says(1, "EVAL \"for i = 1, 1e7 do end return 1\" 0", "")
	for range 10_000 {
		if c.e.conn(1) == nil {
			break
		}
		c.e.Advance(c.now)
		c.poll()
	}
	if c.e.conn(1) != nil || c.out[1] != "" {
		t.Errorf("the script's client got %q", c.out[1])
	}
}

func TestFilterKnows(t *testing.T) {
	var flags Flag
	var script bool
	var client ConnID
	c := filtering(t, func(c *Call) Fault {
		flags, script, client = c.Flags(), c.InScript(), c.Client()
		return Fault{}
	})
	for _, test := range []struct {
		send   string
		writes bool
		script bool
	}{
		{"GET k", false, false},
		{"SET k 1", true, false},
		{"SET", true, false},
		{"EVAL", false, false},
		{"nosuch", false, false},
		{"EVAL \"redis.call('SET', 'k', 1)\" 0", true, true},
		{"EVAL \"return redis.call('GET', 'k')\" 0", false, true},
		{"EVAL \"return 1\" 0", false, false},
	} {
		c.e.Input(&Input{Kind: InData, Conn: 2, Data: []byte(test.send + "\r\n")})
		if flags&Write != 0 != test.writes || script != test.script || client != 2 {
			t.Errorf("%s: flags %b, in a script: %v, client %d", test.send, flags, script, client)
		}
	}
	c.poll()
	c.out[2] = ""
	c.says(2, "MULTI", "+OK")
	c.says(2, "SET k 1", "+QUEUED")
	c.e.Input(&Input{Kind: InData, Conn: 2, Data: []byte("EXEC\r\n")})
	if flags&Write == 0 {
		t.Error("EXEC does not write what was queued")
	}
}
