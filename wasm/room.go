package main

import (
	"runtime"
	"runtime/metrics"
)

// memoryStandard is what a guest takes itself to have that knows of no limit: below the 4 GiB that
// the memory of a module can have. Package wasm/build gives the runtime one, whose collector has to
// know of it; to tell it from here takes a package that brings fmt and os with it, 16 KB of the
// compressed guest.
const memoryStandard = 15 << 28

// gauge knows how much memory is left. Go's runtime ends the guest when there is none, so whoever
// needs much asks first.
//
// The runtime keeps its heap below the limit as well as it can, by collecting more often; near the
// limit it cannot. So data are to take seven eighths of it at most. Most of what a heap holds near
// its limit is alive, and a collection takes as long as there is, so the gauge does not make one to
// find out: it knows what the last has left, and how much more the engine has counted since. Only
// when it has refused often is one made all the same: something may have gone that nobody counted.
//
// What is allocated at once must fit into one stretch: the one above all that was ever in use, or
// one that was freed between. A guest's runtime tells how long the longest of these is, see package
// wasm/build; where it does not, a part of their sum is counted on. What is free between small
// things serves small things alone, and counts as in use by half.
type gauge struct {
	limit   int64
	counted func() int64 // what the engine counts as in use
	scripts func() int64 // what a script has made

	cycle   uint64 // the last collection that it knows of
	then    int64  // what the engine counted when it came to know
	made    int64  // and what a script had made
	refused int    // how often there was no room since it last had one made
	patient int    // how often there may be none before it has the next one made
	samples [8]metrics.Sample

	// What it read: the bytes in use, dead objects included, and those of the objects alone; those
	// that the last collection left; those of free stretches, of the longest of them, and those above
	// all that was ever in use.
	used, objects, live, idle, longest, above int64
}

// newGauge asks nothing yet. When the runtime is asked first it prepares all its answers, in a
// function so long that V8 compiles it for 75 ms, for which the next instance waits.
func newGauge() *gauge {
	nothing := func() int64 { return 0 }
	g := &gauge{counted: nothing, scripts: nothing, patient: refusedLeast}
	for i, name := range [...]string{"memory/classes/heap/objects:bytes",
		"memory/classes/heap/unused:bytes", "memory/classes/heap/free:bytes",
		"memory/classes/heap/released:bytes", "gc/heap/live:bytes", "gc/cycles/total:gc-cycles",
		"gc/gomemlimit:bytes", "memory/classes/heap/stretch:bytes"} {
		g.samples[i].Name = "/" + name
	}
	return g
}

// The bounds by which the gauge goes.
const (
	// collectEvery is how much must be in use that nobody knows to be alive for a collection.
	collectEvery = 32 << 20
	// refusedLeast is how often there may be no room before a collection looks for what has gone. Near
	// the limit it takes as long as a thousand commands, so each that finds nothing has the next wait
	// twice as long, up to refusedMost.
	refusedLeast = 256
	refusedMost  = 16 * refusedLeast
	// smallPiece is the longest piece that counts as small.
	smallPiece = 32 << 10
)

// room tells whether so many bytes can be had, the longest piece of which has so many.
func (g *gauge) room(size, piece int64) bool {
	g.read()
	has := g.has(size, piece)
	if has {
		g.patient = refusedLeast
	} else {
		g.refused++
	}
	return has
}

func (g *gauge) has(size, piece int64) bool {
	often := g.refused >= g.patient
	switch {
	case g.used+size < g.limit/2 && g.fits(size, piece):
		return true
	case g.known()+size >= g.limit/8*7 && !often:
		return false // nor would a collection help
	case g.used+size < g.limit/16*15 && g.fits(size, piece):
		return true
	case often, g.objects-g.known() > min(collectEvery, g.limit/16):
		if g.refused = 0; often {
			g.patient = min(2*g.patient, refusedMost)
		}
		runtime.GC()
		g.read()
	}
	return g.used+size < g.limit/8*7 && g.fits(size, piece)
}

// known is what is alive as far as is known: what the last collection left, and twice what the
// engine has counted since, for things take more than they count; less what a script had then, if
// it has ended.
func (g *gauge) known() int64 {
	more := g.counted() - g.then
	if more > 0 {
		more *= 2
	}
	more -= max(0, g.made-g.scripts())
	return min(max(g.live+more, 0), g.used)
}

// fits tells whether there is a stretch for the longest piece, and enough for all.
func (g *gauge) fits(size, piece int64) bool {
	return piece <= max(g.above, g.longest) &&
		(piece > smallPiece || size < max(g.above, 0)+g.idle/2)
}

// read brings the gauge up to date.
func (g *gauge) read() {
	metrics.Read(g.samples[:])
	value := func(i int) int64 { return int64(g.samples[i].Value.Uint64()) }
	g.limit = min(value(6), memoryStandard)
	g.objects, g.live = value(0), value(4)
	g.used, g.idle = g.objects+value(1)/2, value(2)+value(3)
	g.above = g.limit - value(0) - value(1) - g.idle
	if g.longest = g.idle / 4; g.samples[7].Value.Kind() == metrics.KindUint64 {
		g.longest = value(7)
	}
	if cycle := g.samples[5].Value.Uint64(); cycle != g.cycle {
		g.cycle, g.then, g.made = cycle, g.counted(), g.scripts()
	}
}
