package main

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// lookEvery is how often a server looks whether memory is to go back to the system.
const lookEvery = 300 * time.Millisecond

// collector gives memory back to the system that the server needs no longer. Go's runtime collects
// when the heap has doubled, and every two minutes; what one large request took would stay that
// long. Its percentage is left as it is, so a server that is busy pays nothing: the collector waits
// for a moment in which little is allocated, and works only where more is held than is due for the
// data and something has changed since it did so last; a twentieth of the time at most, unless very
// much is to be had. Little is left for as long as Redis's allocator keeps what was freed: a script
// that comes each second would else get pages from the system each time. Of one that fills a table
// with 100,000 strings the quickest run took 11.4 ms of the processors, then 6.4.
//
// Where maxmemory is set, data come and go under it for ever, and a heap that doubles before it is
// collected keeps its size: what is alive then lies scattered over all of it. So there the runtime
// is given a limit as well.
type collector struct {
	allocated uint64 // in the life of the process, when it last looked
	held, due uint64 // after it worked last: what was held, and what was due
	rest      time.Time
	busy      time.Time // when much was allocated last
}

// floor is memory that is never touched, so that the system never has to give it. But the runtime,
// which collects when the heap has doubled, counts it: a small heap is collected each 24 MB and not
// each 4. A script that makes 300,000 closures takes 27 ms of the processors for 36; the process
// holds up to 12 MB more, while it is busy.
var floor []byte

const floorBytes = 12 << 20

// layFloor lays it, for the life of the process.
func layFloor() { floor = make([]byte, floorBytes) }

// The bounds by which the collector goes.
const (
	quietBytes  = 4 << 20 // allocated between two looks, at most, where little is
	spareBytes  = 16 << 20
	changeBytes = 8 << 20

	keptBytes = 64 << 20 // beyond what is due, left for keptFor after much was allocated
	keptFor   = 10 * time.Second

	limitSpare = 24 << 20 // beside half as much again as maxmemory, for what counts for no data
)

// limitFor is the limit that the runtime is to keep the process's memory below, where the engine
// keeps below most, which is 0 if it does not, and the last collection left so much alive. Data of
// which little counts take more than that; then a quarter is left for what comes and goes, or the
// runtime would do nothing but collect.
func limitFor(most int64, alive uint64) int64 {
	if most == 0 || most > math.MaxInt64/2 {
		return math.MaxInt64
	}
	return max(most+most/2, int64(alive+alive/4)) + limitSpare
}

// wants tells whether it is time to collect: allocated is what was allocated so far, held what the
// process holds of the system's memory, and used how much the engine counts as in use.
func (c *collector) wants(now time.Time, allocated, held uint64, used int64) bool {
	quiet := allocated-c.allocated < quietBytes
	c.allocated = allocated
	if !quiet {
		c.busy = now
	}
	if !quiet || held < spareBytes {
		return false
	}
	due := uint64(used) + uint64(used)/4 + spareBytes
	switch {
	case held <= due, held < c.held+changeBytes && due+changeBytes > c.due:
		return false
	case now.Before(c.rest) && held < 2*due, now.Sub(c.busy) < keptFor && held < due+keptBytes:
		return false
	}
	c.due = due
	return true
}

// collected notes what is held after a collection, and how much of the processors it took.
func (c *collector) collected(now time.Time, took time.Duration, held uint64) {
	c.held, c.rest = held, now.Add(20*took)
}

// collect gives memory back until stop is closed, and keeps the process's memory below a limit, or
// below the one that was given.
func collect(used func() (used, most int64), given int64, stop <-chan struct{}) {
	var c collector
	defer debug.SetMemoryLimit(given)
	limit := given
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-stop:
			return
		case now := <-look.C:
			m := readMemory()
			n, most := used()
			// Each change has all wait for a moment: a small one is not worth it.
			l := limitFor(most, m.alive)
			l = min(given, l+min(int64(len(floor)), math.MaxInt64-l))
			if l != limit && max(l-limit, limit-l) > limit/16 {
				debug.SetMemoryLimit(l)
				limit = l
			}
			if c.wants(now, m.allocated, m.held, n) {
				debug.FreeOSMemory()
				after := readMemory()
				c.collected(time.Now(), after.collecting-m.collecting, after.held)
			}
		}
	}
}

// memory is what the runtime tells of the process's memory.
type memory struct {
	allocated  uint64        // in the life of the process
	held       uint64        // of the system's memory
	alive      uint64        // what the last collection left
	collecting time.Duration // how long that has taken so far
}

func readMemory() memory {
	m := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
	}
	metrics.Read(m)
	return memory{
		allocated:  m[0].Value.Uint64(),
		held:       m[1].Value.Uint64() - m[2].Value.Uint64() - uint64(len(floor)),
		alive:      m[3].Value.Uint64() - min(m[3].Value.Uint64(), uint64(len(floor))),
		collecting: time.Duration(m[4].Value.Float64() * float64(time.Second)),
	}
}
