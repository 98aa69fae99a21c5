// Package small does what slices.Insert, Delete, DeleteFunc and SortStableFunc do, in a tenth of
// the code: each type that they are used with has them once more, or each place, and they are
// generous.
package small

import (
	"bytes"
	"slices"
)

// Insert puts v at i, which is no part of s.
//
//go:noinline
func Insert[E any](s []E, i int, v ...E) []E {
	n := len(s)
	s = append(s, v...)
	copy(s[i+len(v):], s[i:n])
	copy(s[i:], v)
	return s
}

// Delete takes s[i:j] out, and clears what is left over behind the end.
//
//go:noinline
func Delete[E any](s []E, i, j int) []E {
	n := i + copy(s[i:], s[j:])
	clear(s[n:])
	return s[:n]
}

// DeleteFunc takes out those elements that gone says are, and clears what is left over behind the
// end.
//
//go:noinline
func DeleteFunc[E any](s []E, gone func(E) bool) []E {
	n := 0
	for _, v := range s {
		if !gone(v) {
			s[n] = v
			n++
		}
	}
	clear(s[n:])
	return s[:n]
}

// Sort puts s in order; what compares as equal stays in its order. It takes 8 bytes an element, but
// for a few.
func Sort[E any](s []E, compare func(a, b E) int) {
	var few [run]uint32
	order := number(few[:0], len(s))
	Order(order, func(a, b uint32) int { return compare(s[a], s[b]) })
	for i := range order { // each begins a ring of such as move up, or is in its place by now
		first, at := s[i], uint32(i)
		for next := order[at]; next != uint32(i); next = order[at] {
			s[at], order[at] = s[next], at
			at = next
		}
		s[at], order[at] = first, at
	}
}

// Places are the numbers below n, for Order.
func Places(n int) []uint32 { return number(make([]uint32, 0, n), n) }

// number appends the numbers below n.
//
//go:noinline
func number(s []uint32, n int) []uint32 {
	for i := range uint32(n) {
		s = append(s, i)
	}
	return s
}

// run is up to how many elements are sorted by insertion.
const run = 8

// Order is Sort for places of what is to be in order, which are moved in its stead.
func Order(s []uint32, compare func(a, b uint32) int) {
	for from := 0; from < len(s); from += run {
		part := s[from:min(from+run, len(s))]
		for i := 1; i < len(part); i++ {
			for j := i; j > 0 && compare(part[j], part[j-1]) < 0; j-- {
				part[j], part[j-1] = part[j-1], part[j]
			}
		}
	}
	if len(s) <= run {
		return
	}
	from, to := s, make([]uint32, len(s))
	for size := run; size < len(s); size *= 2 {
		merge(to, from, size, compare)
		from, to = to, from
	}
	if &from[0] != &s[0] {
		copy(s, from)
	}
}

// merge puts sorted stretches of a size together, two and two.
func merge(to, from []uint32, size int, compare func(a, b uint32) int) {
	for at := 0; at < len(from); at += 2 * size {
		i, middle := at, min(at+size, len(from))
		j, end := middle, min(at+2*size, len(from))
		for k := at; k < end; k++ {
			if j == end || i < middle && compare(from[j], from[i]) >= 0 {
				to[k] = from[i]
				i++
			} else {
				to[k] = from[j]
				j++
			}
		}
	}
}

// Clone is bytes.Clone in one piece.
//
//go:noinline
func Clone(b []byte) []byte { return bytes.Clone(b) }

// Concat is slices.Concat of arguments in one piece.
//
//go:noinline
func Concat(s ...[][]byte) [][]byte { return slices.Concat(s...) }
