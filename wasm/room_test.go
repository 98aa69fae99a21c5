package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

var (
	alive   [][]byte
	garbage []byte
)

// TestGaugeCollectsSeldom fills three quarters of a heap with what stays, and asks again and again
// while what is allocated is garbage: nothing is collected before nearly all is full of that.
func TestGaugeCollectsSeldom(t *testing.T) {
	const size = 256 << 10
	defer func() { alive, garbage = nil, nil }()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	const space = 128 << 20
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(int64(m.HeapAlloc) + space))
	g := newGauge()
	counted := int64(0)
	g.counted = func() int64 { return counted }
	for counted < space/4*3 {
		alive = append(alive, make([]byte, size))
		counted += size
	}
	runtime.GC()
	runtime.ReadMemStats(&m)
	forced, refused := m.NumForcedGC, 0
	for range 2000 {
		garbage = make([]byte, size)
		if !g.room(1<<20, smallPiece) {
			refused++
		}
	}
	runtime.ReadMemStats(&m)
	if n := m.NumForcedGC - forced; n > 25 || refused > 0 {
		t.Errorf("%d collections for 500 MB of garbage; refused %d times", n, refused)
	}
	for n := 0; g.room(4<<20, smallPiece); n++ {
		if counted > space {
			t.Fatal("more is to be had than there is")
		}
		alive = append(alive, make([]byte, size))
		counted += size
	}
	if counted < space*3/4 {
		t.Errorf("full at %d MB of %d", counted>>20, space>>20)
	}
}

// TestGaugeRefusesCheaply fills a heap with small things of which every second goes again, and then
// up: what is free between them is of no use, and no collection makes more of it. What goes without
// being counted is found all the same.
func TestGaugeRefusesCheaply(t *testing.T) {
	const small, large, space = 1 << 10, 64 << 10, 64 << 20
	defer func() { alive = nil }()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(int64(m.HeapAlloc) + space))
	g := newGauge()
	counted := int64(0)
	g.counted = func() int64 { return counted }
	// Full is what has no room behind a collection: before it the gauge takes what has been counted
	// since the last one for twice as much.
	room := func() bool {
		if g.room(4<<20, smallPiece) {
			return true
		}
		runtime.GC()
		return g.room(4<<20, smallPiece)
	}
	fill := func(size int64) {
		for room() {
			for range (256 << 10) / size {
				alive = append(alive, make([]byte, size))
			}
			counted += 256 << 10
		}
	}
	fill(small)
	for i := 0; i < len(alive); i += 2 {
		alive[i] = nil
		counted -= small
	}
	fill(large)
	runtime.ReadMemStats(&m)
	const asked = 7 * refusedLeast // one collection, and others after twice and four times as many
	forced := m.NumForcedGC
	for range asked {
		if g.room(4<<20, smallPiece) {
			t.Fatal("there is room in a full heap")
		}
	}
	runtime.ReadMemStats(&m)
	if n := m.NumForcedGC - forced; n > 4 {
		t.Errorf("%d collections for %d refusals", n, asked)
	}
	clear(alive)
	for n := 0; !g.room(4<<20, smallPiece); n++ {
		if n > refusedMost {
			t.Fatal("what has gone is never found")
		}
	}
}
