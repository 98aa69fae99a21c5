package host

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	greedSizes = flag.String("greed", "", "guests of so many MB each, \"64,128\", are asked for "+
		"too much, empty and nearly full")
	greedInNode = flag.Bool("greedinnode", false, "they run in Node")
)

// TestGuestOutlivesGreed asks guests of little memory for much in every way there is. They refuse
// it, or hang the client up, and keep their data.
func TestGuestOutlivesGreed(t *testing.T) {
	if *greedSizes == "" {
		for _, c := range append(greeds, manyGreeds...) {
			if !c.long {
				t.Run(c.name, func(t *testing.T) { runGreed(t, 96, c.run) })
			}
		}
		return
	}
	for _, size := range strings.Split(*greedSizes, ",") {
		mb, _ := strconv.ParseInt(size, 10, 64)
		for _, c := range append(greeds, manyGreeds...) {
			t.Run(fmt.Sprint(c.name, ", ", size), func(t *testing.T) { runGreed(t, mb, c.run) })
			t.Run(fmt.Sprint(c.name, ", full, ", size), func(t *testing.T) {
				runGreed(t, mb, func(g *greedy) {
					n := g.fill()
					g.do("DEL", fmt.Sprint("fill", n-1), fmt.Sprint("fill", n-2))
					c.run(g)
				})
			})
		}
	}
}

// greed is a way to ask for too much.
type greed struct {
	name string
	long bool // left out unless sizes are given
	run  func(g *greedy)
}

// runGreed runs one on a guest of so many megabytes.
func runGreed(t *testing.T, mb int64, run func(*greedy)) {
	g := &greedy{t: t}
	defer g.hangup()
	if *greedInNode {
		g.dial = nodeGuest(t, mb<<20, &g.log)
	} else {
		g.dial = wazeroGuest(t, mb<<20, &g.log)
	}
	start := time.Now()
	g.do("SET", "kept", "whole")
	run(g)
	if got := g.do("GET", "kept"); got != "$5" {
		t.Errorf("what was there is now %.50q", got)
	}
	t.Logf("%.1f s", time.Since(start).Seconds())
	if line := g.dead(); line != "" {
		t.Errorf("%s, of %s", line, g.died)
	}
}

// wazeroGuest starts a guest under wazero, whose log goes to a logbook. It returns what dials it.
func wazeroGuest(t *testing.T, memoryMax int64, log *logbook) func() (net.Conn, error) {
	t.Helper()
	maker := smallGuest(memoryMax)
	needGuest(t, maker)
	return newLoop(t, LoopOptions{Maker: maker, Dir: t.TempDir(), Log: log.log,
		Died: func(why error) {
			var death *Death
			if errors.As(why, &death) {
				t.Log(death.Detail)
			}
		},
		Config: map[string]string{"save": "", "enable-debug-command": "yes"}}).Dial
}

// dead is what the log says of a guest that has died, or "".
func (g *greedy) dead() string {
	g.log.mu.Lock()
	defer g.log.mu.Unlock()
	for _, line := range g.log.lines {
		if strings.Contains(line, "engine died") {
			return line
		}
	}
	return ""
}

// greedy is a client that comes back when it is hung up.
type greedy struct {
	t    *testing.T
	dial func() (net.Conn, error)
	log  logbook
	c    net.Conn
	r    *bufio.Reader
	died string // the command of which the guest has died
}

func (g *greedy) hangup() {
	if g.c != nil {
		g.c.Close()
		g.c = nil
	}
}

// greedPatience is after how long a guest counts as one that answers no more.
const greedPatience = 100 * time.Second

// open makes a connection.
func (g *greedy) open() net.Conn {
	g.t.Helper()
	c, err := g.dial()
	if err != nil {
		g.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(greedPatience))
	return c
}

// do sends a command and returns the first line of the reply, or "" if the connection was closed.
func (g *greedy) do(args ...string) string {
	g.t.Helper()
	if g.c == nil {
		g.c = g.open()
		g.r = bufio.NewReader(g.c)
	}
	g.c.SetDeadline(time.Now().Add(greedPatience))
	line, err := "", greedWrite(g.c, request(args...))
	if err == nil {
		line, err = greedReply(g.r)
	}
	if err != nil {
		g.late(err, args)
		if g.hangup(); g.died == "" && g.dead() != "" {
			g.died = fmt.Sprintf("%.60q", args)
		}
		return ""
	}
	return line
}

// late ends the test if the guest answers no more.
func (g *greedy) late(err error, args []string) {
	g.t.Helper()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		g.t.Fatalf("no answer to %.60q", args)
	}
}

// greedWrite writes as a socket gives it.
func greedWrite(c net.Conn, request string) error {
	for b := []byte(request); len(b) > 0; {
		n := min(len(b), 64<<10)
		if _, err := c.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// greedReply reads a reply, of which it returns the first line.
func greedReply(r *bufio.Reader) (first string, err error) {
	for todo := 1; todo > 0; todo-- {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		line = strings.TrimSuffix(line, "\r\n")
		if first == "" {
			first = line
		}
		switch n, _ := strconv.Atoi(line[1:]); {
		case line[0] == '$' && n >= 0:
			if _, err = r.Discard(n + 2); err != nil {
				return "", err
			}
		case line[0] == '*':
			todo += max(n, 0)
		}
	}
	return first, nil
}

// flood sends n commands on a connection of its own and waits for none of the replies, which it
// reads or leaves. It returns the connection, for the caller to close.
func (g *greedy) flood(n int, reads bool, command func(i int) []string) net.Conn {
	g.t.Helper()
	c := g.open()
	if reads {
		go io.Copy(io.Discard, c)
	}
	out := ""
	for i := range n {
		args := command(i)
		if out += request(args...); len(out) < 60<<10 && i < n-1 {
			continue
		}
		if err := greedWrite(c, out); err != nil {
			g.late(err, args)
			break
		}
		out = ""
	}
	g.do("PING")
	return c
}

// floods is flood with a connection that is closed at once.
func (g *greedy) floods(n int, reads bool, command func(i int) []string) {
	g.t.Helper()
	g.flood(n, reads, command).Close()
}

var longName = strings.Repeat("n", 1000)

// named is a command of one argument that is ever another.
func named(command ...string) func(i int) []string {
	command = slices.Clip(command)
	return func(i int) []string { return append(command, longName+strconv.Itoa(i)) }
}

// manyGreeds are ways to have much kept beside the data, and large commands.
var manyGreeds = []greed{
	{name: "channels", run: func(g *greedy) { g.floods(128_000, false, named("SUBSCRIBE")) }},
	{name: "patterns", long: true, run: func(g *greedy) {
		g.floods(128_000, true, named("PSUBSCRIBE"))
		g.floods(128_000, true, named("SSUBSCRIBE"))
	}},
	{name: "watched keys", run: func(g *greedy) { g.floods(128_000, true, named("WATCH")) }},
	{name: "a queue", long: true, run: func(g *greedy) {
		g.floods(300_000, true, func(i int) []string {
			if i == 0 {
				return []string{"MULTI"}
			}
			return []string{"SET", "queued", strconv.Itoa(i)}
		})
	}},
	{name: "connections", run: func(g *greedy) {
		var all []net.Conn
		for range 3000 {
			c, err := g.dial()
			if err != nil {
				break
			}
			all = append(all, c)
			c.SetDeadline(time.Now().Add(greedPatience))
			greedWrite(c, request("CLIENT", "SETNAME", longName))
			greedWrite(c, request("ECHO", strings.Repeat(longName, 8))[:8000])
		}
		g.do("CLIENT", "LIST")
		for _, c := range all {
			c.Close()
		}
	}},
	{name: "waiting for keys", run: func(g *greedy) {
		args := []string{"BLPOP"}
		for i := range 100_000 {
			args = append(args, longName[:100]+strconv.Itoa(i))
		}
		c := g.flood(1, true, func(int) []string { return append(args, "0") })
		g.do("EVAL", "for i=0,99999 do redis.call('RPUSH', ARGV[1]..i, 'x') end", "0", longName[:100])
		c.Close()
	}},
	{name: "groups", long: true, run: func(g *greedy) {
		g.floods(128_000, true, func(i int) []string {
			return []string{"XGROUP", "CREATE", "stream", longName[:300] + strconv.Itoa(i), "$",
				"MKSTREAM"}
		})
		g.floods(128_000, true, func(i int) []string {
			return []string{"XGROUP", "CREATECONSUMER", "stream", longName[:300] + "0",
				longName + strconv.Itoa(i)}
		})
	}},
	{name: "pending entries", long: true, run: func(g *greedy) {
		g.do("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
		g.floods(300_000, true, func(i int) []string {
			return []string{"XADD", "s", "*", "f", strconv.Itoa(i)}
		})
		g.do("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
		g.do("XAUTOCLAIM", "s", "g", "d", "0", "0", "COUNT", "1000000")
		g.do("XPENDING", "s", "g", "-", "+", "1000000")
		g.do("XINFO", "STREAM", "s", "FULL", "COUNT", "1000000")
		g.do("CONFIG", "SET", "appendonly", "yes")
		g.do("XAUTOCLAIM", "s", "g", "e", "0", "0", "COUNT", "1000000", "JUSTID")
		g.do("XREADGROUP", "GROUP", "g", "e", "COUNT", "1000000", "CLAIM", "0", "STREAMS", "s", ">")
		g.do("XGROUP", "CREATE", "s", "h", "0")
		g.do("XREADGROUP", "GROUP", "h", "c", "STREAMS", "s", ">")
		g.do("CONFIG", "SET", "appendonly", "no")
	}},
	{name: "functions", run: func(g *greedy) {
		body := strings.Repeat("-- "+longName+"\n", 40)
		g.floods(4000, true, func(i int) []string {
			source := fmt.Sprintf("#!lua name=l%d\n%sredis.register_function('f%d', "+
				"function() return 1 end)", i, body, i)
			return []string{"FUNCTION", "LOAD", source}
		})
		g.do("FUNCTION", "LIST", "WITHCODE")
		g.do("FUNCTION", "DUMP")
	}},
	{name: "tracked keys", run: func(g *greedy) {
		g.do("CONFIG", "SET", "tracking-table-max-keys", "0")
		g.floods(128_000, true, func(i int) []string {
			switch i {
			case 0:
				return []string{"HELLO", "3"}
			case 1:
				return []string{"CLIENT", "TRACKING", "ON"}
			}
			return []string{"GET", longName + strconv.Itoa(i)}
		})
	}},
	{name: "tracked prefixes", long: true, run: func(g *greedy) {
		args := []string{"CLIENT", "TRACKING", "ON", "REDIRECT", "1", "BCAST"}
		for i := range 10_000 {
			args = append(args, "PREFIX", fmt.Sprintf("%05d%s", i, longName))
		}
		g.do(args...)
	}},
	{name: "a replica that never reads", run: func(g *greedy) {
		g.fill()
		c := g.flood(1, false, func(int) []string { return []string{"SYNC"} })
		g.do("CONFIG", "SET", "repl-diskless-sync-delay", "0")
		for i := range 20 {
			g.do("SET", "fill0", greedyValue+strconv.Itoa(i))
		}
		c.Close()
	}},
	{name: "an append-only file", run: func(g *greedy) {
		g.do("CONFIG", "SET", "appendonly", "yes")
		g.sadd("set", 300)
		g.do("SPOP", "set", "1000000")
		g.sadd("set", 300)
		g.fill()
		g.do("BGREWRITEAOF")
		g.do("SPOP", "set", "1000000")
		g.do("EVAL", "for i = 1, 1000000 do redis.call('INCR', KEYS[1]) end", "1", longName[:100])
		g.do("CONFIG", "SET", "appendonly", "no")
	}},
	{name: "an image", long: true, run: func(g *greedy) {
		g.sadd("set", 300)
		g.do("SAVE")
		g.do("DEBUG", "RELOAD")
		g.do("DEBUG", "DIGEST")
	}},
	{name: "populate", run: func(g *greedy) {
		g.do("DEBUG", "POPULATE", "10000000")
		g.do("DEBUG", "POPULATE", "100000", "large", "10000")
		g.do("KEYS", "*")
		g.do("SCAN", "0", "COUNT", "100000000")
	}},
	{name: "payloads", long: true, run: func(g *greedy) {
		g.sadd("set", 200)
		for i := range 30 {
			g.do("EVAL", "local d = redis.call('DUMP', 'set') return redis.call('RESTORE', KEYS[1], 0, d)",
				"1", fmt.Sprint("copy", i))
		}
	}},
	{name: "stores", run: func(g *greedy) {
		g.sadd("set", 200)
		for i := range 20 {
			g.do("ZUNIONSTORE", fmt.Sprint("union", i), "2", "set", "set")
			g.do("SORT", "set", "BY", "nosort", "STORE", fmt.Sprint("sorted", i))
			g.do("SUNIONSTORE", fmt.Sprint("sunion", i), "set")
			g.do("COPY", "set", fmt.Sprint("copied", i))
		}
		g.do("SORT", "set", "ALPHA")
		g.do("SMEMBERS", "set")
		g.do("EVAL", "return redis.call('SMEMBERS', 'set')", "0")
	}},
	{name: "bits", long: true, run: func(g *greedy) {
		g.do("SETRANGE", "bits", "6000000", "x")
		for i := range 20 {
			g.do("BITOP", "NOT", fmt.Sprint("not", i), "bits")
			g.do("BITFIELD", fmt.Sprint("field", i), "SET", "u8", "60000000", "1")
			g.do("SETRANGE", fmt.Sprint("range", i), "5000000", "x")
			g.do("APPEND", "appended", greedyValue)
		}
	}},
	{name: "entries", long: true, run: func(g *greedy) {
		add := func(value string) func(int) []string {
			return func(int) []string { return []string{"XADD", "s", "*", "f", value} }
		}
		g.floods(100, true, add(greedyValue[:1<<20]))
		g.floods(100_000, true, add(longName))
		g.do("XRANGE", "s", "-", "+")
		g.floods(100_000, true, named("RPUSH", "list"))
		g.do("LRANGE", "list", "0", "-1")
		g.floods(100_000, true, named("PFADD", "hll"))
		g.floods(100_000, true, named("SET"))
	}},
	{name: "positions", run: func(g *greedy) {
		for i := range 60 {
			args := []string{"GEOADD", "geo"}
			for j := range 2000 {
				args = append(args, "13.3", "38.1", fmt.Sprint("place", i, ":", j))
			}
			g.do(args...)
		}
		for range 3 {
			g.do("GEOSEARCH", "geo", "FROMLONLAT", "13.3", "38.1", "BYRADIUS", "10", "km", "WITHDIST",
				"WITHCOORD", "WITHHASH")
			g.do("GEOSEARCHSTORE", "found", "geo", "FROMLONLAT", "13.3", "38.1", "BYRADIUS", "10", "km")
		}
	}},
	{name: "vectors", long: true, run: func(g *greedy) {
		g.floods(100_000, true, func(i int) []string {
			args := []string{"VADD", "v", "VALUES", "16"}
			for j := range 16 {
				args = append(args, strconv.Itoa((i*j)%97))
			}
			return append(args, fmt.Sprint("e", i))
		})
	}},
	{name: "what a script keeps", long: true, run: func(g *greedy) {
		g.do("EVAL", "local t={} for i=1,200000 do t[i]='value'..i end return t", "0")
		g.do("EVAL", "for i=1,1e7 do redis.call('SET', 'k'..i, i) end", "0")
		g.floods(100_000, true, func(i int) []string {
			return []string{"EVAL", fmt.Sprintf("return %d -- %s", i, longName), "0"}
		})
	}},
}

// sadd fills a set with so many thousands of members.
func (g *greedy) sadd(key string, thousands int) {
	g.t.Helper()
	for i := range thousands {
		args := []string{"SADD", key}
		for j := range 1000 {
			args = append(args, fmt.Sprint("member", i, ":", j))
		}
		g.do(args...)
	}
}

// TestScriptAfterGreed: when a script has ended for want of memory, the next has what it had.
func TestScriptAfterGreed(t *testing.T) {
	runGreed(t, 64, func(g *greedy) {
		fill := func(n string) string {
			return g.do("EVAL", "local t = {} for i = 1, "+n+" do t[i] = {i} end return #t", "0")
		}
		for range 3 {
			if got := fill("1e5"); got != ":100000" {
				t.Fatalf("%.80q", got)
			}
			if got := fill("1e9"); !strings.Contains(got, "not enough memory") {
				t.Fatalf("%.80q", got)
			}
		}
	})
}
