package core

import (
	"strings"
	"testing"
)

const local = "127.0.0.1:1"

// controlled is an engine with orders and a client.
type controlled struct {
	*testing.T
	e   *Engine
	now Time
	out map[ConnID]string // what clients got
}

func control(t *testing.T, config map[string]string) *controlled {
	t.Helper()
	c := &controlled{T: t, now: 1_700_000_000_000_000, out: map[ConnID]string{}}
	var err error
	if c.e, err = New(Options{Now: c.now, Config: config}); err != nil {
		t.Fatal(err)
	}
	c.poll()
	return c
}

func (c *controlled) poll() (answer string) {
	var ev Event
	for c.e.Poll(&ev) {
		switch ev.Kind {
		case EventControlled:
			answer = string(ev.Data)
		case EventData, EventHangup:
			c.out[ev.Conn] += string(ev.Data)
		}
	}
	return answer
}

func (c *controlled) open(id ConnID, peer Conn) {
	c.e.Input(&Input{Kind: InOpen, Conn: id, Data: peer.AppendTo(nil)})
	c.poll()
}

func (c *controlled) order(text, want string) {
	c.Helper()
	c.e.Advance(c.now)
	c.e.Input(&Input{Kind: InControl, Ticket: 7, Data: []byte(text)})
	if got := c.poll(); got != want {
		c.Errorf("%s: %q; want %q", text, got, want)
	}
}

func (c *controlled) ask(id ConnID, command, want string) {
	c.Helper()
	c.e.Advance(c.now)
	c.e.Input(&Input{Kind: InData, Conn: id, Data: []byte(command + "\r\n")})
	c.poll()
	if got := c.out[id]; got != want {
		c.Errorf("%s: %q; want %q", command, got, want)
	}
	c.out[id] = ""
}

// waited is what a client got without asking.
func (c *controlled) waited(id ConnID, want string) {
	c.Helper()
	c.ask(id, "", want)
}

func TestOrdersToTheClock(t *testing.T) {
	c := control(t, nil)
	c.open(1, Conn{Addr: local})
	c.order("clock", "+1700000000000000 0")
	c.ask(1, "SET k v PX 1", "+OK\r\n")
	c.order("clock forward 999", "+1700000000000999 0")
	c.ask(1, "GET k", "$1\r\nv\r\n")
	c.order("clock forward 1", "+1700000000001000 0")
	c.ask(1, "GET k", "$-1\r\n")
	c.order("clock set 5000000", "+5000000 0")
	c.ask(1, "TIME", "*2\r\n$1\r\n5\r\n$1\r\n0\r\n")
	c.now += 1e6
	c.order("clock", "+6000000 0")
	c.order("clock freeze", "+6000000 0")
	c.now += 1e6
	c.order("clock", "+6000000 0")
	c.order("clock run", "+6000000 0")
	c.now += 1e6
	c.order("clock", "+7000000 0")
	c.order("clock set 253402300799999000", "+253402300799999000 0")
	c.order("clock forward 1", "-the clock goes from 1970 to 9999")
	for _, bad := range []string{"", "clack", "clock forward", "clock forward -1", "clock forward x",
		"clock run 1", "clock backward", "clock set 1 2", "seed", "seed x", "config", "config none"} {
		c.e.Input(&Input{Kind: InControl, Data: []byte(bad)})
		if got := c.poll(); !strings.HasPrefix(got, "-") {
			t.Errorf("%q: %q", bad, got)
		}
	}
}

// TestHostOfAnotherTime has a host that goes by one clock and by another in turn. Who blocks waits
// for the time that passes by both.
func TestHostOfAnotherTime(t *testing.T) {
	c := control(t, nil)
	c.open(1, Conn{Addr: local})
	c.open(2, Conn{Addr: local})
	c.ask(2, "BLPOP none 5", "")
	c.ask(1, "SET k v EX 5", "+OK\r\n")
	first := c.now
	c.order("clock host 1000000000", "+1000000000 0")
	c.now = 1000 * 1e6
	c.ask(1, "TIME", "*2\r\n$4\r\n1000\r\n$1\r\n0\r\n")
	c.now += 3e6
	c.ask(1, "TIME", "*2\r\n$4\r\n1003\r\n$1\r\n0\r\n")
	c.order("clock host 1700000000000000", "+1700000000000000 0")
	c.now = first + 1e6
	c.ask(1, "TTL k", ":4\r\n")
	c.waited(2, "")
	c.now += 1e6
	c.waited(2, "*-1\r\n")
}

// TestOrdersAreStoppedByNothing gives orders where a client would wait or be refused.
func TestOrdersAreStoppedByNothing(t *testing.T) {
	c := control(t, map[string]string{"requirepass": "secret", "maxclients": "1",
		"enable-clock-command": "no", "timeout": "60"})
	c.open(1, Conn{Addr: local, Own: true})
	info := func() string {
		c.e.Input(&Input{Kind: InControl, Data: []byte("info clients stats commandstats")})
		return c.poll()
	}
	c.ask(1, "SET k v PX 100", "+OK\r\n")
	c.ask(1, "CLIENT PAUSE 3000 ALL", "+OK\r\n")
	c.ask(1, "GET k", "")
	before := info()
	c.order("config requirepass", "+secret")
	c.order("clock forward 3000000", "+1700000003000000 0")
	c.waited(1, "_\r\n")
	if after := info(); !strings.HasPrefix(after, "+") ||
		strings.Count(after, "\n")-strings.Count(before, "\n") != 1 { // that of GET
		t.Errorf("orders show in INFO:\n%s\n%s", before, after)
	}
	c.ask(1, "MULTI", "+OK\r\n")
	c.order("clock forward 1", "+1700000003000001 0")
	c.ask(1, "EXEC", "*0\r\n")
	c.ask(1, "EVAL 'while true do end' 0", "")
	if c.e.Deadline() > c.now {
		t.Fatal("the script does not run")
	}
	c.order("clock forward 6000000", "+1700000009000001 0")
	c.now++
	c.e.Advance(c.now)
	c.e.Input(&Input{Kind: InOpen, Conn: 2, Data: (&Conn{Addr: local}).AppendTo(nil)})
	c.poll()
	if c.out[2] != "-ERR max number of clients reached\r\n" {
		t.Errorf("a second client: %q", c.out[2])
	}
	c.e.Input(&Input{Kind: InClose, Conn: 1})
	c.order("seed 5", "+")
}

// TestOwnIsNotCounted has the owner look at its server without changing what INFO counts.
func TestOwnIsNotCounted(t *testing.T) {
	c := control(t, nil)
	c.open(1, Conn{Addr: local})
	c.open(2, Conn{Addr: local, Own: true})
	c.ask(1, "SET k v", "+OK\r\n")
	c.ask(2, "GET k", "$1\r\nv\r\n")
	c.ask(2, "INCR k", "-ERR value is not an integer or out of range\r\n")
	c.e.Input(&Input{Kind: InControl, Data: []byte("info clients stats")})
	info := c.poll()
	for _, want := range []string{"connected_clients:1", "total_connections_received:1",
		"total_commands_processed:1"} {
		if !strings.Contains(info, want+"\r\n") {
			t.Errorf("INFO does not tell %s", want)
		}
	}
}

// TestApart has keys whose time stands while blocked commands go by the host's.
func TestApart(t *testing.T) {
	c := control(t, nil)
	c.open(1, Conn{Addr: local})
	c.open(2, Conn{Addr: local})
	c.order("clock apart", "+1700000000000000 0")
	c.ask(1, "SET k v PX 50", "+OK\r\n")
	c.ask(1, "HSETEX h PX 50 FIELDS 1 f v", ":1\r\n")
	c.now += 1e6
	c.ask(1, "PTTL k", ":50\r\n")
	c.ask(1, "HPTTL h FIELDS 1 f", "*1\r\n:50\r\n")
	c.ask(1, "PEXPIRETIME k", ":1700000001050\r\n")
	c.ask(1, "HPEXPIRETIME h FIELDS 1 f", "*1\r\n:1700000001050\r\n")
	c.ask(1, "SET at v PXAT 1700000002000", "+OK\r\n")
	c.ask(1, "PTTL at", ":1000\r\n")
	c.ask(1, "TIME", "*2\r\n$10\r\n1700000001\r\n$1\r\n0\r\n")
	c.ask(1, "XADD s * a b", "$15\r\n1700000001000-0\r\n")
	c.ask(2, "BLPOP none 2", "")
	c.now += 2e6
	c.waited(2, "*-1\r\n")
	c.ask(1, "PTTL k", ":50\r\n")
	c.order("clock forward 50000", "+1700000003000000 0")
	c.ask(1, "GET k", "$-1\r\n")
	c.ask(1, "HGET h f", "$-1\r\n")
	c.ask(1, "PTTL at", ":950\r\n")

	c.order("clock set 123456000", "+123456000 0") // tells, but turns nothing
	c.now += 1e6
	c.ask(1, "TIME", "*2\r\n$3\r\n123\r\n$6\r\n456000\r\n")
	c.ask(1, "PTTL at", ":950\r\n")
	c.ask(1, "SET b v PXAT 124456", "+OK\r\n")
	c.ask(1, "PTTL b", ":1000\r\n")
	c.ask(1, "XADD t * a b", "$8\r\n123456-0\r\n")

	c.ask(1, "OBJECT IDLETIME b", ":0\r\n")
	c.order("clock set 183456000", "+183456000 0")
	c.ask(1, "OBJECT IDLETIME b", ":60\r\n")
	c.order("clock set 123456000", "+123456000 0")
	c.ask(1, "OBJECT IDLETIME b", ":0\r\n")
	c.order("clock set 183456000", "+183456000 0")

	image := c.e.Snapshot(nil)
	other := control(t, nil)
	if err := other.e.Restore(image); err != nil {
		t.Fatal(err)
	}
	other.open(1, Conn{Addr: local})
	other.now += 1e6
	other.ask(1, "OBJECT IDLETIME b", ":60\r\n")
	other.ask(1, "PTTL b", ":1000\r\n")
	other.ask(1, "PEXPIRETIME b", ":184456\r\n")
}

// TestGuestsAsk has a client say who it is that came before there was a password.
func TestGuestsAsk(t *testing.T) {
	c := control(t, nil)
	c.open(1, Conn{Addr: local})
	c.open(2, Conn{Addr: local})
	c.open(3, Conn{Addr: local, Own: true})
	c.ask(1, "CONFIG SET requirepass p", "+OK\r\n")
	c.ask(1, "PING", "+PONG\r\n") // as Redis has it
	c.ask(2, "AUTH p", "+OK\r\n")
	c.order("guests ask", "+")
	c.ask(1, "PING", "-NOAUTH Authentication required.\r\n")
	c.ask(2, "PING", "+PONG\r\n")
	c.ask(3, "CONFIG SET requirepass ''", "+OK\r\n")
	c.ask(1, "PING", "+PONG\r\n")
	c.ask(3, "CONFIG SET requirepass p", "+OK\r\n")
	c.ask(1, "PING", "-NOAUTH Authentication required.\r\n")
	c.ask(1, "AUTH p", "+OK\r\n")
	c.order("guests come", "-no such order")
}

// TestSeedOrder has two engines choose alike, of which one has chosen before.
func TestSeedOrder(t *testing.T) {
	var picks []string
	for i := range 2 {
		c := control(t, nil)
		c.open(1, Conn{Addr: local})
		c.ask(1, "SADD s 1 2 3 4 5 6 7 8", ":8\r\n")
		for range i {
			c.e.Input(&Input{Kind: InData, Conn: 1, Data: []byte("SRANDMEMBER s\r\n")})
		}
		c.order("seed 42", "+")
		c.out[1] = ""
		c.e.Input(&Input{Kind: InData, Conn: 1, Data: []byte("SRANDMEMBER s -30\r\n")})
		c.poll()
		picks = append(picks, c.out[1])
	}
	if picks[0] != picks[1] || picks[0] == "" {
		t.Errorf("one seed, two choices: %q", picks)
	}
}

// TestTogether ends that keys have a time of their own: they go by what clients are told.
func TestTogether(t *testing.T) {
	c := control(t, nil)
	c.open(1, Conn{Addr: local})
	c.order("clock apart", "+1700000000000000 0")
	c.order("clock set 1800000000000000", "+1800000000000000 0")
	c.order("clock together", "+1800000000000000 0")
	c.ask(1, "SET k v EX 100", "+OK\r\n")
	c.order("clock set 1800000030000000", "+1800000030000000 0")
	c.ask(1, "TTL k", ":70\r\n")
	c.now += 30e6
	c.ask(1, "TTL k", ":40\r\n")
	c.order("clock forward 40000000", "+1800000100000000 0")
	c.ask(1, "EXISTS k", ":0\r\n")
	c.order("clock together", "+1800000100000000 0")
	c.order("clock apart", "+1800000100000000 0")
	c.now += 30e6
	c.ask(1, "SET k v EX 1", "+OK\r\n")
	c.now += 30e6
	c.ask(1, "TTL k", ":1\r\n")
}
