// Package intset is Redis's intset: a sorted set of integers in one run of bytes. Small sets of
// integers are intsets in memory and in RDB files, and OBJECT ENCODING and DUMP show them, so the
// format is kept to the byte.
//
// An intset is a header (u32 width, u32 count), then the integers in rising order, all of the same
// width: 2, 4 or 8 bytes, whichever the widest that was ever added needs. All is little-endian.
package intset

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/redlet/redlet/core/internal/small"
)

const headerSize = 8

// Set is an intset. It must come from New or Validate: the methods trust its bytes. Those that
// change a set return it anew, as append does.
type Set []byte

// New returns an empty set.
func New() Set { return Set{2, 0, 0, 0, 0, 0, 0, 0} }

// Error says why bytes are not an intset.
type Error struct{ Reason string }

// Error gives the reason.
func (e *Error) Error() string { return e.Reason }

// Validate checks that b is an intset, and returns it as one. It may be empty. The order is checked
// where it is sanitized; of integers that are out of order not all may be found.
func Validate(b []byte, sanitize bool) (Set, error) {
	if len(b) < headerSize {
		return nil, &Error{"the header is cut off"}
	}
	s := Set(b)
	width := binary.LittleEndian.Uint32(s)
	if width != 2 && width != 4 && width != 8 {
		return nil, &Error{"integers have no such width"}
	}
	count := binary.LittleEndian.Uint32(s[4:])
	if uint64(len(s)) != headerSize+uint64(count)*uint64(width) {
		return nil, &Error{"the size does not fit the count"}
	}
	for i := 1; sanitize && i < s.Len(); i++ {
		if s.At(i-1) >= s.At(i) {
			return nil, &Error{"integers are out of order"}
		}
	}
	return s, nil
}

// Len is the number of integers.
func (s Set) Len() int { return int(binary.LittleEndian.Uint32(s[4:])) }

// At is the i-th integer in rising order, for 0 <= i < Len.
//
//go:noinline
func (s Set) At(i int) int64 { return s.at(i) }

// at is At within a search.
func (s Set) at(i int) int64 {
	switch s.width() {
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(s[headerSize+2*i:])))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(s[headerSize+4*i:])))
	}
	return int64(binary.LittleEndian.Uint64(s[headerSize+8*i:]))
}

// Read copies integers from the i-th on to ns, as many as there are and fit in, and returns them.
func (s Set) Read(ns []int64, i int) []int64 {
	ns = ns[:min(len(ns), s.Len()-i)]
	if s.width() == 2 {
		data := s[headerSize+2*i:]
		for k := range ns {
			ns[k] = int64(int16(binary.LittleEndian.Uint16(data[2*k:])))
		}
		return ns
	}
	for k := range ns {
		ns[k] = s.at(i + k)
	}
	return ns
}

// Retain drops those of ns that are not in the set. They rise, and are looked for from a place of
// the set on, which is returned for those that follow.
func (s Set) Retain(ns []int64, from int) (kept []int64, next int) {
	k, count := 0, s.Len()
	for _, n := range ns {
		if from < count && s.at(from) < n {
			from = s.seek(n, from+1, count)
		}
		if from == count {
			break
		}
		if s.at(from) == n {
			ns[k] = n
			k++
		}
	}
	return ns[:k], from
}

// seek returns the first place from low on, below count, whose integer is not below n. It is near.
func (s Set) seek(n int64, low, count int) int {
	high := low
	for step := 1; high < count && s.at(high) < n; step *= 2 {
		low = high + 1
		high += step
	}
	for high = min(high, count); low < high; {
		if mid := int(uint(low+high) / 2); s.at(mid) < n {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// Has reports whether n is in the set.
func (s Set) Has(n int64) bool {
	_, ok := s.find(n)
	return ok
}

// Add puts n into the set and tells whether it was not there before.
func (s Set) Add(n int64) (Set, bool) {
	if width := widthOf(n); width > s.width() {
		return s.widened(width, n), true
	}
	i, ok := s.find(n)
	if ok {
		return s, false
	}
	width, count := s.width(), s.Len()
	at := headerSize + i*width
	s = slices.Grow(s, width)[:len(s)+width]
	copy(s[at+width:], s[at:])
	s.put(i, n)
	s.setLen(count + 1)
	return s, true
}

// Remove takes n out of the set and tells whether it was there. The integers that are left keep
// their width.
func (s Set) Remove(n int64) (Set, bool) {
	i, ok := s.find(n)
	if !ok {
		return s, false
	}
	width, count := s.width(), s.Len()
	at := headerSize + i*width
	s = small.Delete(s, at, at+width)
	s.setLen(count - 1)
	return s, true
}

// Clone returns a copy with no spare room.
func (s Set) Clone() Set { return slices.Clone(s) }

func (s Set) width() int { return int(s[0]) }

func (s Set) setLen(n int) { binary.LittleEndian.PutUint32(s[4:], uint32(n)) }

func widthOf(n int64) int {
	switch {
	case n >= math.MinInt16 && n <= math.MaxInt16:
		return 2
	case n >= math.MinInt32 && n <= math.MaxInt32:
		return 4
	}
	return 8
}

// find returns the place of n, or the one where it belongs and false.
func (s Set) find(n int64) (int, bool) {
	low, high := 0, s.Len()
	if high > 0 && n > s.At(high-1) { // sets are often filled in rising order
		return high, false
	}
	if s.width() == 2 {
		return s.findShort(n, high)
	}
	for low < high {
		mid := int(uint(low+high) / 2)
		switch m := s.at(mid); {
		case m == n:
			return mid, true
		case m < n:
			low = mid + 1
		default:
			high = mid
		}
	}
	return low, false
}

// findShort is find where integers take two bytes, as most do: it need not ask each time.
func (s Set) findShort(n int64, high int) (int, bool) {
	low, data := 0, s[headerSize:]
	for low < high {
		mid := int(uint(low+high) / 2)
		m := int64(int16(binary.LittleEndian.Uint16(data[2*mid:])))
		switch {
		case m == n:
			return mid, true
		case m < n:
			low = mid + 1
		default:
			high = mid
		}
	}
	return low, false
}

//go:noinline
func (s Set) put(i int, n int64) {
	switch s.width() {
	case 2:
		binary.LittleEndian.PutUint16(s[headerSize+2*i:], uint16(n))
	case 4:
		binary.LittleEndian.PutUint32(s[headerSize+4*i:], uint32(n))
	default:
		binary.LittleEndian.PutUint64(s[headerSize+8*i:], uint64(n))
	}
}

// widened is the set with wider integers and with n, which needs them: it comes first or last.
func (s Set) widened(width int, n int64) Set {
	count := s.Len()
	w := make(Set, headerSize+width*(count+1))
	w[0] = byte(width)
	w.setLen(count + 1)
	first := 0
	if n < 0 {
		first = 1
		w.put(0, n)
	} else {
		w.put(count, n)
	}
	for i := range count {
		w.put(first+i, s.At(i))
	}
	return w
}
