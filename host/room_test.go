package host

import (
	"fmt"
	"strings"
	"testing"
)

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
var greeds = []greed{
	{name: "values", run: func(g *greedy) { g.fill() }},
	{name: "ranges", run: func(g *greedy) {
		for i := range 50 {
			g.do("SETRANGE", fmt.Sprint("range", i), "8000000", "x")
			g.do("SETBIT", fmt.Sprint("bit", i), "80000000", "1")
			g.do("APPEND", "append", greedyValue)
		}
	}},
	{name: "one value", run: func(g *greedy) { g.do("SETRANGE", "range", "500000000", "x") }},
	{name: "a large reply", run: func(g *greedy) {
		n := g.fill()
		args := []string{"MGET"}
		for i := range 100 {
			args = append(args, fmt.Sprint("fill", i%max(n, 1)))
		}
		for range 5 {
			g.do(args...)
		}
	}},
	{name: "a transaction", run: func(g *greedy) {
		g.do("SET", "k", greedyValue)
		g.do("MULTI")
		for range 100 {
			g.do("GET", "k")
		}
		g.do("EXEC")
	}},
	{name: "a large argument", run: func(g *greedy) {
		g.do("SET", "k", strings.Repeat(greedyValue, 20))
	}},
	{name: "large arguments in a transaction", run: func(g *greedy) {
		g.do("MULTI")
		for range 40 {
			g.do("PUBLISH", "c", greedyValue)
		}
		g.do("EXEC")
	}},
	{name: "small values", run: func(g *greedy) {
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
	{name: "small elements", run: func(g *greedy) {
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
	{name: "elements of a reply", run: func(g *greedy) {
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
	{name: "small commands of a transaction", run: func(g *greedy) {
		g.do("MULTI")
		for i, key := 0, greedyValue[:5000]; i < 30_000; i++ {
			if got := g.do("GET", key); got != "+QUEUED" {
				break
			}
		}
		g.do("EXEC")
	}},
	{name: "scripts", run: func(g *greedy) {
		long := strings.Repeat("'a',", 10000)
		for i := range 1000 {
			got := g.do("SCRIPT", "LOAD", fmt.Sprintf("local t={%s} return %d", long, i))
			if !strings.HasPrefix(got, "$40") {
				break
			}
		}
	}},
	{name: "strings of a script", run: func(g *greedy) {
		g.do("EVAL", "local t={} for i=1,1000 do t[i]=('x'):rep(1000000)..i end return 1", "0")
		g.do("EVAL", "local t={} for i=1,100000 do t[i]=('x'):rep(10000)..i end return 1", "0")
		g.do("EVAL", "local s='x' while true do s=s..s end", "0")
		g.do("EVAL", "local t={} for i=1,1e9 do t[i]={i} end", "0")
	}},
	{name: "replies of a script", run: func(g *greedy) {
		g.do("SET", "k", greedyValue)
		g.do("EVAL", "local t={} for i=1,1000 do t[i]=redis.call('GET','k') end return t", "0")
	}},
	{name: "after much was freed", run: func(g *greedy) {
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

// TestMemoryMax gives a guest little memory: it refuses too much data, and keeps what it has.
func TestMemoryMax(t *testing.T) {
	needGuest(t, makers["wazero"])
	var log logbook
	l := newLoop(t, LoopOptions{Maker: smallGuest(32 << 20), Log: log.log})
	g := &greedy{t: t, dial: l.Dial}
	defer g.hangup()
	value, n, got := strings.Repeat("x", 1<<20), 0, ""
	for ; n < 64; n++ {
		if got = g.do("SET", fmt.Sprint("k", n), value); got != "+OK" {
			break
		}
	}
	if n < 2 || n == 64 || !strings.HasPrefix(got, "-OOM command not allowed") {
		t.Errorf("after %d values: %q", n, got)
	}
	for i := range n {
		if got := g.do("STRLEN", fmt.Sprint("k", i)); got != ":1048576" {
			t.Errorf("the length of k%d: %q", i, got)
		}
	}
	if len(log.lines) > 0 {
		t.Errorf("log: %q", log.lines)
	}
}
