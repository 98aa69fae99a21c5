package array

import (
	"math/bits"
	"slices"

	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/small"
)

// slice holds elements of neighbouring indexes. It is dense, a window of words of which the first
// has the offset begin, or sparse, a list of words with their offsets.
type slice struct {
	words   []uint64 // 0 is no element
	offsets []uint16 // of a list, rising; nil for a window
	begin   int
	top     int // of a window, the offset of its last element
	cap     int // for how many a list has room in Redis
	count   int

	// Texts are the strings that have no place in a word, which has their number; those of the
	// numbers in free are no longer there.
	texts [][]byte
	free  []uint16

	textBytes int // what the texts take in Redis
}

const (
	windowMin   = 8
	sparseMin   = 4  // the room of a new list
	sliceBytes  = 32 // of a slice's head in Redis
	offsetBytes = 2
)

func newSparse(lim *Limits) *slice {
	n := min(lim.SparseMax, sparseMin)
	return &slice{cap: n, offsets: make([]uint16, 0, n), words: make([]uint64, 0, n)}
}

func newDense(offset, size int) *slice {
	return &slice{words: make([]uint64, windowMin), begin: min(offset, size-windowMin)}
}

func (s *slice) dense() bool { return s.offsets == nil }

// bytes is what the slice takes in Redis.
func (s *slice) bytes() int {
	if s.dense() {
		return s.textBytes + alloc.Size(denseBytes(len(s.words)))
	}
	return s.textBytes + alloc.Size(sparseBytes(s.cap))
}

func denseBytes(n int) int { return sliceBytes + n*wordBytes }

// sparseBytes is the room of a list: its words begin at a multiple of their size.
func sparseBytes(n int) int {
	return sliceBytes + (n*offsetBytes+wordBytes-1)&^(wordBytes-1) + n*wordBytes
}

func textBytes(n int) int {
	const shortText = 32767
	if n <= shortText {
		return alloc.Size(2 + n)
	}
	return alloc.Size(8 + n)
}

// find returns where in a list an offset is, or would be.
func (s *slice) find(offset int) (int, bool) {
	return slices.BinarySearch(s.offsets, uint16(offset))
}

// last is the offset of the last element.
func (s *slice) last() int {
	if s.dense() {
		return s.top
	}
	return int(s.offsets[len(s.offsets)-1])
}

// get returns the word at an offset, 0 if there is none.
func (s *slice) get(offset int) uint64 {
	if !s.dense() {
		i, found := s.find(offset)
		if !found {
			return 0
		}
		return s.words[i]
	}
	if i := offset - s.begin; i >= 0 && i < len(s.words) {
		return s.words[i]
	}
	return 0
}

// set stores a value at an offset and tells whether there was none; size is that of the slice.
func (s *slice) set(offset int, w uint64, text []byte, size int, lim *Limits) bool {
	if !s.dense() {
		i, found := s.find(offset)
		switch {
		case found:
			s.words[i] = s.replace(s.words[i], w, text)
			return false
		case s.count < lim.SparseMax:
			if s.count == s.cap {
				s.cap = min(2*s.cap, lim.SparseMax)
			}
			s.offsets = small.Insert(s.offsets, i, uint16(offset))
			s.words = small.Insert(s.words, i, s.replace(0, w, text))
			s.count++
			return true
		}
		s.promote(size)
	}
	s.widen(offset, size)
	p := &s.words[offset-s.begin]
	fresh := *p == 0
	if fresh {
		s.count++
		s.top = max(s.top, offset)
	}
	*p = s.replace(*p, w, text)
	return fresh
}

// replace puts a value in the place of an old word, 0 if that was none, and returns its word.
func (s *slice) replace(old, w uint64, text []byte) uint64 {
	if w != 0 {
		s.release(old)
		return w
	}
	if old == 0 || tag(old) != tagText {
		old = s.room()
	}
	p := &s.texts[old>>tagBits-1]
	if *p != nil {
		s.textBytes -= textBytes(len(*p))
	}
	if cap(*p) < len(text) || cap(*p) > 2*len(text) {
		*p = small.Clone(text)
	} else {
		*p = append((*p)[:0], text...)
	}
	s.textBytes += textBytes(len(text))
	return old
}

// room finds a number for a text.
func (s *slice) room() uint64 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return uint64(i+1) << tagBits
	}
	s.texts = append(s.texts, nil)
	return uint64(len(s.texts)) << tagBits
}

// release frees the text of a word that goes.
func (s *slice) release(w uint64) {
	if w == 0 || tag(w) != tagText {
		return
	}
	i := w>>tagBits - 1
	s.textBytes -= textBytes(len(s.texts[i]))
	s.texts[i] = nil
	s.free = append(s.free, uint16(i))
}

// within counts the elements of a list between two offsets.
func (s *slice) within(from, to int) int {
	i, _ := s.find(from)
	j, found := s.find(to)
	if found {
		j++
	}
	return j - i
}

// delete deletes the elements between two offsets.
func (s *slice) delete(from, to int) {
	if !s.dense() {
		i, _ := s.find(from)
		n := s.within(from, to)
		for _, w := range s.words[i : i+n] {
			s.release(w)
		}
		s.words = small.Delete(s.words, i, i+n)
		s.offsets = small.Delete(s.offsets, i, i+n)
		s.count -= n
		return
	}
	from, to = max(from-s.begin, 0), min(to-s.begin, len(s.words)-1)
	for i := from; i <= to; i++ {
		if w := s.words[i]; w != 0 {
			s.release(w)
			s.words[i] = 0
			s.count--
		}
	}
	if s.count > 0 {
		for s.words[s.top-s.begin] == 0 {
			s.top--
		}
	}
}

// promote makes a window of a list.
func (s *slice) promote(size int) {
	offsets, words := s.offsets, s.words
	begin, n := 0, windowMin
	if len(offsets) > 0 {
		begin, s.top = int(offsets[0]), int(offsets[len(offsets)-1])
		n = max(n, powerOfTwo(s.top-begin+1))
	}
	s.offsets, s.words, s.cap = nil, nil, 0
	s.window(begin, n, size)
	for i, offset := range offsets {
		s.words[int(offset)-s.begin] = words[i]
	}
}

// demote makes a list of a window that holds little and takes much more than a list would.
func (s *slice) demote(lim *Limits) {
	least := lim.SparseMin
	if !s.dense() || s.count > min(least, lim.SparseMax) || len(s.words) == windowMin ||
		len(s.words) < 4*least || denseBytes(len(s.words)) < sparseBytes(least)*5/4 {
		return
	}
	window := s.words
	s.words, s.offsets = make([]uint64, 0, least), make([]uint16, 0, least)
	for i, w := range window {
		if w != 0 {
			s.words = append(s.words, w)
			s.offsets = append(s.offsets, uint16(s.begin+i))
		}
	}
	s.cap, s.begin, s.top = least, 0, 0
}

// widen makes a window reach an offset: to the right by doubling, and to the left as far as a
// power of two goes.
func (s *slice) widen(offset, size int) {
	end := s.begin + len(s.words)
	switch {
	case offset >= end:
		n := len(s.words)
		for offset >= s.begin+n && n < size {
			n *= 2
		}
		s.window(s.begin, n, size)
	case offset < s.begin:
		n := min(max(powerOfTwo(end-offset), windowMin), size)
		s.window(max(end-n, 0), n, size)
	}
}

// window moves a window, which must reach as far as it did in both directions; what would stand out
// of the slice is moved back.
//
//go:noinline
func (s *slice) window(begin, n, size int) {
	n = min(n, size)
	begin = min(begin, size-n)
	words := make([]uint64, n)
	if len(s.words) > 0 {
		copy(words[s.begin-begin:], s.words)
	}
	s.words, s.begin = words, begin
}

// powerOfTwo is the least power of two that is no less than n.
func powerOfTwo(n int) int { return 1 << bits.Len(uint(n-1)) }

func (s *slice) clone() *slice {
	c := *s
	c.words, c.offsets = slices.Clone(s.words), slices.Clone(s.offsets)
	c.free = slices.Clone(s.free)
	c.texts = make([][]byte, len(s.texts))
	for i, text := range s.texts {
		c.texts[i] = small.Clone(text)
	}
	return &c
}
