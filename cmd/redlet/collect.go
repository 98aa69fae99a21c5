package main

import (
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
// much is to be had.
type collector struct {
	allocated uint64 // in the life of the process, when it last looked
	held, due uint64 // after it worked last: what was held, and what was due
	rest      time.Time
}

// The bounds by which the collector goes.
const (
	quietBytes  = 4 << 20 // allocated between two looks, at most, where little is
	spareBytes  = 16 << 20
	changeBytes = 8 << 20
)

// wants tells whether it is time to collect: allocated is what was allocated so far, held what the
// process holds of the system's memory, and used asks how much the engine counts as in use.
func (c *collector) wants(now time.Time, allocated, held uint64, used func() int64) bool {
	quiet := allocated-c.allocated < quietBytes
	c.allocated = allocated
	if !quiet || held < spareBytes {
		return false
	}
	n := uint64(used())
	due := n + n/4 + spareBytes
	switch {
	case held <= due, held < c.held+changeBytes && due+changeBytes > c.due:
		return false
	case now.Before(c.rest) && held < 2*due:
		return false
	}
	c.due = due
	return true
}

// collected notes what is held after a collection, and how much of the processors it took.
func (c *collector) collected(now time.Time, took time.Duration, held uint64) {
	c.held, c.rest = held, now.Add(20*took)
}

// collect gives memory back until stop is closed.
func collect(used func() int64, stop <-chan struct{}) {
	var c collector
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-stop:
			return
		case now := <-look.C:
			allocated, held, before := memory()
			if c.wants(now, allocated, held, used) {
				debug.FreeOSMemory()
				_, held, after := memory()
				c.collected(time.Now(), after-before, held)
			}
		}
	}
}

// memory reads what was allocated in the life of the process, what it holds of the system's memory,
// and how long it has been collecting.
func memory() (allocated, held uint64, collecting time.Duration) {
	m := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
	}
	metrics.Read(m)
	collecting = time.Duration(m[3].Value.Float64() * float64(time.Second))
	return m[0].Value.Uint64(), m[1].Value.Uint64() - m[2].Value.Uint64(), collecting
}
