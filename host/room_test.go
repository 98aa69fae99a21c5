package host

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/redlet/redlet/core"
)

// TestGuestOutlivesGreed asks guests of little memory for much in every way there is. They refuse
// it, or hang the client up, and keep their data.
func TestGuestOutlivesGreed(t *testing.T) {
	maker := smallGuest(96 << 20)
	needGuest(t, maker)
	for _, c := range greeds {
		t.Run(c.name, func(t *testing.T) {
			var log logbook
			l := newLoop(t, LoopOptions{Maker: maker, Log: log.log})
			g := &greedy{t: t, loop: l}
			g.do("SET", "kept", "whole")
			c.run(g)
			if got := g.do("GET", "kept"); got != "$5\r\nwhole\r\n" {
				t.Errorf("what was there is now %.50q", got)
			}
			log.mu.Lock()
			defer log.mu.Unlock()
			for _, line := range log.lines {
				if strings.Contains(line, "engine died") {
					t.Errorf("%s, of %s or before", line, g.died)
				}
			}
		})
	}
}

// fill stores large values until there is no memory for more, and tells how many there are.
func (g *greedy) fill() (n int) {
	for ; n < 100; n++ {
		got := g.do("SET", fmt.Sprint("fill", n), greedyValue)
		if !strings.HasPrefix(got, "+OK") {
			return n
		}
	}
	g.t.Error("a guest of 96 MB holds 400")
	return n
}

var greedyValue = strings.Repeat("v", 4<<20)

// greeds are the ways to ask for too much.
var greeds = []struct {
	name string
	run  func(g *greedy)
}{
	{"values", func(g *greedy) { g.fill() }},
	{"ranges", func(g *greedy) {
		for i := range 50 {
			g.do("SETRANGE", fmt.Sprint("range", i), "8000000", "x")
			g.do("SETBIT", fmt.Sprint("bit", i), "80000000", "1")
			g.do("APPEND", "append", greedyValue)
		}
	}},
	{"one value", func(g *greedy) { g.do("SETRANGE", "range", "500000000", "x") }},
	{"a large reply", func(g *greedy) {
		n := g.fill()
		args := []string{"MGET"}
		for i := range 100 {
			args = append(args, fmt.Sprint("fill", i%n))
		}
		for range 5 {
			g.do(args...)
		}
	}},
	{"a transaction", func(g *greedy) {
		g.do("SET", "k", greedyValue)
		g.do("MULTI")
		for range 100 {
			g.do("GET", "k")
		}
		g.do("EXEC")
	}},
	{"a large argument", func(g *greedy) { g.do("SET", "k", strings.Repeat(greedyValue, 20)) }},
	{"large arguments in a transaction", func(g *greedy) {
		g.do("MULTI")
		for range 40 {
			g.do("PUBLISH", "c", greedyValue)
		}
		g.do("EXEC")
	}},
	{"small values", func(g *greedy) {
		small := strings.Repeat("s", 1000)
		for i, refused := 0, 0; refused < 3; i++ {
			args := []string{"MSET"}
			for j := range 1000 {
				args = append(args, fmt.Sprint("small", i, ":", j), small)
			}
			if got := g.do(args...); !strings.HasPrefix(got, "+OK") {
				refused++
			}
		}
	}},
	{"small elements", func(g *greedy) {
		for i := range 120 {
			args := []string{"ZADD", "z"}
			for j := range 2000 {
				args = append(args, fmt.Sprint(j), fmt.Sprint("member", i, ":", j))
			}
			g.do(args...)
		}
		g.do("SORT", "z", "ALPHA", "LIMIT", "0", "1")
		g.do("ZRANDMEMBER", "z", "-3000000")
		g.do("ZUNIONSTORE", "z2", "1", "z")
		g.do("COPY", "z", "z3")
	}},
	{"elements of a reply", func(g *greedy) {
		args := []string{"HSET", "h"}
		for i := range 20_000 {
			args = append(args, fmt.Sprint("field", i), greedyValue[:1000])
		}
		g.do(args...)
		g.do("HRANDFIELD", "h", "-1000000", "WITHVALUES")
		g.do("HGETALL", "h")
		g.do("HGETALL", "h")
		g.do("DUMP", "h")
		g.do("COPY", "h", "h2")
	}},
	{"small commands of a transaction", func(g *greedy) {
		g.do("MULTI")
		for i, key := 0, greedyValue[:5000]; i < 30_000; i++ {
			if got := g.do("GET", key); got != "+QUEUED\r\n" {
				break
			}
		}
		g.do("EXEC")
	}},
	{"scripts", func(g *greedy) {
		long := strings.Repeat("'a',", 10000)
		for i := range 1000 {
			got := g.do("SCRIPT", "LOAD", fmt.Sprintf("local t={%s} return %d", long, i))
			if !strings.HasPrefix(got, "$40") {
				break
			}
		}
	}},
	{"strings of a script", func(g *greedy) {
		g.do("EVAL", "local t={} for i=1,1000 do t[i]=('x'):rep(1000000)..i end return 1", "0")
		g.do("EVAL", "local t={} for i=1,100000 do t[i]=('x'):rep(10000)..i end return 1", "0")
		g.do("EVAL", "local s='x' while true do s=s..s end", "0")
		g.do("EVAL", "local t={} for i=1,1e9 do t[i]={i} end", "0")
	}},
	{"replies of a script", func(g *greedy) {
		g.do("SET", "k", greedyValue)
		g.do("EVAL", "local t={} for i=1,1000 do t[i]=redis.call('GET','k') end return t", "0")
	}},
	{"after much was freed", func(g *greedy) {
		n := g.fill()
		for i := 0; i < n; i += 2 {
			g.do("DEL", fmt.Sprint("fill", i))
		}
		g.do("SETRANGE", "range", "40000000", "x")
		args := []string{"RPUSH", "l"}
		for i := range 50_000 {
			args = append(args, fmt.Sprint(i))
		}
		g.do(args...)
		g.do("SORT", "l", "DESC")
	}},
}

// greedy is a client that comes back when it is hung up.
type greedy struct {
	t    *testing.T
	loop *Loop
	c    *Caller
	died string // the first command that was hung up
}

// do sends a command and returns the beginning of the reply, or "" if the connection was closed.
func (g *greedy) do(args ...string) string {
	g.t.Helper()
	if g.c == nil {
		var err error
		if g.c, err = g.loop.Caller(); err != nil {
			g.t.Fatal(err)
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&out, "$%d\r\n%s\r\n", len(a), a)
	}
	in := out.Bytes()
	send := [1]core.Input{{Kind: core.InData, Conn: g.c.id}}
	for len(in) > 64<<10 { // as a socket gives it
		send[0].Data, in = in[:64<<10], in[64<<10:]
		g.loop.Send(send[:])
	}
	got, err := g.c.Do(nil, in, 1)
	if err != nil {
		if g.c = nil; g.died == "" {
			g.died = fmt.Sprintf("%.60q", args)
		}
		return ""
	}
	return string(got[:min(len(got), 100)])
}

// TestMemoryMax gives a guest little memory: it refuses too much data, and keeps what it has.
func TestMemoryMax(t *testing.T) {
	needGuest(t, makers["wazero"])
	var log logbook
	l := newLoop(t, LoopOptions{Maker: smallGuest(32 << 20), Log: log.log})
	g := &greedy{t: t, loop: l}
	value, n, got := strings.Repeat("x", 1<<20), 0, ""
	for ; n < 64; n++ {
		if got = g.do("SET", fmt.Sprint("k", n), value); got != "+OK\r\n" {
			break
		}
	}
	if n < 2 || n == 64 || !strings.HasPrefix(got, "-OOM command not allowed") {
		t.Errorf("after %d values: %q", n, got)
	}
	for i := range n {
		if got := g.do("STRLEN", fmt.Sprint("k", i)); got != ":1048576\r\n" {
			t.Errorf("the length of k%d: %q", i, got)
		}
	}
	if len(log.lines) > 0 {
		t.Errorf("log: %q", log.lines)
	}
}
