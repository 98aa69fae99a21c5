package lua

import "math/bits"

// spares are large arrays that tables have left: outgrown, or dead with their script. A table that
// grows to the size of one gets it, so that a script that fills tables takes no new memory when it
// comes again.
type spares struct {
	arrays [spareSizes][]value // of spareLeast places, twice as many and so on, all of them nil
	last   *table              // who has got a large array last, until another megabyte is made
	left   int                 // how many times they may still age
	shared bool                // a library's function runs, whose tables may outlive it
}

const (
	spareLeast = 2 << 10
	spareSizes = 8  // the largest takes 4 MB
	sparesLast = 16 // how many times they age, since a large array was made, before they go
)

// spareSize tells which of the arrays has so many places, and a number too high if none has.
func spareSize(places int) uint {
	if places&(places-1) != 0 {
		return spareSizes
	}
	return uint(bits.Len(uint(places)/spareLeast)) - 1
}

// array makes an array for a table.
//
//go:noinline
func (s *spares) array(t *table, places int) (a []value) {
	if i := spareSize(places); i < spareSizes {
		s.last, s.left = t, sparesLast
		a, s.arrays[i] = s.arrays[i], nil
	}
	if a == nil {
		a = make([]value, places)
	}
	return a
}

// keep takes an array that is no table's any more.
//
//go:noinline
func (s *spares) keep(a []value) {
	if i := spareSize(len(a)); i < spareSizes {
		clear(a)
		s.arrays[i] = a
	}
}

// nextScript is called ahead of a script. What a script made dies with it, and what a library's
// function made may not.
//
//go:noinline
func (s *spares) nextScript(shared bool) {
	if t := s.last; t != nil && !s.shared {
		s.keep(t.arr)
		t.arr = nil
	}
	s.shared = shared
	s.age()
}

// age is called for each script, and for each megabyte that one makes: the collector looks through
// what is kept as well.
func (s *spares) age() {
	s.last = nil
	if s.left--; s.left == 0 {
		clear(s.arrays[:])
	}
}
