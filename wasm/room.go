package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// memoryStandard is the limit of a guest whose host gives none in GOMEMLIMIT: below the 4 GiB that
// the memory of a module can have.
const memoryStandard = 15 << 28

// gauge knows how much memory is left. Go's runtime ends the guest when there is none, so whoever
// needs much asks first.
//
// The runtime keeps its heap below the limit as well as it can, by collecting more often; near the
// limit it cannot. So data are to take seven eighths of it at most. What is allocated at once must
// fit into one stretch: there is one above all that was ever in use, and how long those are that
// were freed between is not known, so no more than a part of their sum is counted on. What is free
// between small things serves small things alone, and counts as in use by half.
type gauge struct {
	limit   int64
	live    int64 // after the last collection that it asked for
	samples [4]metrics.Sample
}

// newGauge sets the limit, unless the host has.
func newGauge() *gauge {
	g := &gauge{limit: debug.SetMemoryLimit(-1)}
	if g.limit > memoryStandard {
		g.limit = memoryStandard
		debug.SetMemoryLimit(g.limit)
	}
	for i, name := range [...]string{"objects", "unused", "free", "released"} {
		g.samples[i].Name = "/memory/classes/heap/" + name + ":bytes"
	}
	return g
}

// collectEvery is how much must have been allocated since the last collection for another.
const collectEvery = 32 << 20

// room tells whether so many bytes can be had.
func (g *gauge) room(size int64) bool {
	used, idle, above := g.read()
	if used+size < g.limit/2 && size < max(above, idle/4) {
		return true
	}
	if used-g.live > min(collectEvery, g.limit/16) {
		runtime.GC()
		used, idle, above = g.read()
		g.live = used
	}
	return used+size < g.limit/8*7 && size < max(above, idle/4)
}

// read returns the bytes in use, dead objects included, those of free stretches, and those above
// all that was ever in use.
func (g *gauge) read() (used, idle, above int64) {
	metrics.Read(g.samples[:])
	value := func(i int) int64 { return int64(g.samples[i].Value.Uint64()) }
	used, idle = value(0)+value(1)/2, value(2)+value(3)
	return used, idle, g.limit - value(0) - value(1) - idle
}
