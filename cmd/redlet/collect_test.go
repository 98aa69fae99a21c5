package main

import (
	"math"
	"testing"
	"time"
)

// TestCollector looks at a server again and again: when memory is to be given back.
func TestCollector(t *testing.T) {
	const mb = 1 << 20
	var c collector
	now := time.Unix(1000, 0)
	allocated := uint64(0)
	look := func(what string, allocs, held uint64, used int64, want bool) {
		t.Helper()
		now, allocated = now.Add(lookEvery), allocated+allocs
		if got := c.wants(now, allocated, held, used); got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	look("a small server", 0, 12*mb, mb, false)
	look("a script fills a table", 8*mb, 26*mb, mb, false)
	look("another may", 0, 26*mb, mb, false)
	now = now.Add(keptFor)
	look("none did", 0, 26*mb, mb, true)
	c.collected(now, 10*time.Millisecond, 14*mb)
	look("a large value comes", 1500*mb, 2300*mb, 512*mb, false)
	look("and is there", mb, 2300*mb, 512*mb, true)
	c.collected(now, 10*time.Millisecond, 540*mb)
	look("all is well", 0, 540*mb, 512*mb, false)
	look("it is read", 512*mb, 1100*mb, 512*mb, false)
	look("the reply is sent", 0, 1100*mb, 512*mb, true)
	c.collected(now, 10*time.Millisecond, 540*mb)
	look("it goes", 0, 540*mb, mb, true)
	c.collected(now, 10*time.Millisecond, 20*mb)
	look("nothing more is to be had", 0, 20*mb, mb, false)

	look("many small keys", 300*mb, 400*mb, 150*mb, false)
	look("are there", 0, 400*mb, 150*mb, true)
	c.collected(now, 150*time.Millisecond, 230*mb)
	look("that is how much they take", 0, 230*mb, 150*mb, false)
	look("and all changes, right after", 300*mb, 400*mb, 150*mb, false)
	look("it was costly", 0, 400*mb, 150*mb, false)
	look("but not for so much", 0, 500*mb, 150*mb, true)
	c.collected(now, 150*time.Millisecond, 230*mb)
	now = now.Add(3 * time.Second)
	look("later", 0, 400*mb, 150*mb, true)
	c.collected(now, time.Millisecond, 230*mb)
	for range 5 {
		look("reads allocate little, for ever", 3*mb, 231*mb, 150*mb, false)
	}
}

var allocation []byte

// TestMemory reads something sensible.
func TestMemory(t *testing.T) {
	allocation = make([]byte, 1<<20)
	m := readMemory()
	if m.allocated < uint64(len(allocation)) || m.held < 1<<20 || m.held > 1<<34 ||
		m.alive > m.held || m.collecting < 0 {
		t.Errorf("%+v", m)
	}
}

// TestLimit shows how much the runtime may hold.
func TestLimit(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct{ most, alive, want int64 }{
		{0, 50 * mb, math.MaxInt64}, {math.MaxInt64, 50 * mb, math.MaxInt64},
		{100 * mb, 0, 174 * mb}, {100 * mb, 120 * mb, 174 * mb}, {100 * mb, 200 * mb, 274 * mb},
	} {
		if got := limitFor(c.most, uint64(c.alive)); got != c.want {
			t.Errorf("maxmemory %d, %d alive: %d, want %d", c.most, c.alive, got, c.want)
		}
	}
}
