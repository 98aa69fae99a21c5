// Package array is a sparse array of strings with indexes of 64 bits: what a key of type array
// holds. As in Redis, whose layout ARINFO shows, it is cut into slices of neighbouring indexes, of
// which those alone are there that hold something, either as a short list of what they hold or as a
// window of their indexes. A directory leads to the slices; where indexes are high it is itself
// sparse. Numbers and short strings stand in the slices' words, longer ones beside them.
package array

import (
	"math/bits"
	"slices"
)

// NoIndex is one more than the last index that an array can have, and stands for none.
const NoIndex = 1<<64 - 1

// Limits say how arrays are laid out. Slices keep the size with which their array was made.
type Limits struct {
	SliceSize int // array-slice-size: a power of two
	SparseMax int // array-sparse-kmax: the most that a slice holds as a list, 0 for no lists
	SparseMin int // array-sparse-kmin: how few it holds when a window becomes a list again
}

// Array is a sparse array. One without elements exists only until it gets its first.
type Array struct {
	// Inserted is the index of what was inserted last, NoIndex before that: the next goes behind it.
	Inserted uint64

	count   uint64
	slices  int
	highest uint64 // the number of the last slice
	shift   uint8  // the binary logarithm of the slices' size
	memory  int

	dir      []*slice // by number, while all numbers are low
	blocks   []block  // then these, by their number
	blockCap int      // for how many there is room; 0 while there is dir
}

const (
	blockBits  = 11
	blockSlots = 1 << blockBits

	headBytes  = 80 // of an array in Redis
	entryBytes = 24 // of a block's entry
	wordBytes  = 8  // of a value or a pointer
)

// New makes an array.
func New(lim *Limits) *Array {
	return &Array{
		Inserted: NoIndex,
		shift:    uint8(bits.TrailingZeros(uint(lim.SliceSize))),
		memory:   headBytes,
	}
}

// Count is how many elements there are.
func (a *Array) Count() uint64 { return a.count }

// Len is one more than the index of the last element, 0 if there is none.
func (a *Array) Len() uint64 {
	if a.count == 0 {
		return 0
	}
	return a.highest<<a.shift + uint64(a.slice(a.highest).last()) + 1
}

// Memory is the bytes that the array takes in Redis.
func (a *Array) Memory() int { return a.memory }

func (a *Array) sliceSize() int { return 1 << a.shift }

// offset is the place of an index in its slice.
func (a *Array) offset(index uint64) int { return int(index & (1<<a.shift - 1)) }

// Get returns the element at an index, if there is one. It is either a part of the array, good
// until that changes, or appended to buf.
func (a *Array) Get(index uint64, buf []byte) (v []byte, ok bool) {
	s := a.slice(index >> a.shift)
	if s == nil {
		return nil, false
	}
	w := s.get(a.offset(index))
	if w == 0 {
		return nil, false
	}
	return s.decode(w, buf), true
}

func (a *Array) has(index uint64) bool {
	s := a.slice(index >> a.shift)
	return s != nil && s.get(a.offset(index)) != 0
}

// Set stores an element, copying it.
func (a *Array) Set(index uint64, v []byte, lim *Limits) { a.set(index, encode(v), v, lim) }

// SetShort stores a string of at most ShortMax bytes as such, even if it is a number.
func (a *Array) SetShort(index uint64, v []byte, lim *Limits) {
	a.set(index, encodeShort(v), v, lim)
}

// SetInt stores the decimal form of an integer.
func (a *Array) SetInt(index uint64, n int64, lim *Limits) {
	var text [textMax]byte
	w, ok := encodeInt(n)
	if ok {
		a.set(index, w, nil, lim)
	} else {
		a.set(index, 0, appendInt(text[:0], n), lim)
	}
}

// SetFloat stores a number in the form that Float gives it, which has two bits less than f.
func (a *Array) SetFloat(index uint64, f float64, lim *Limits) {
	a.set(index, encodeFloat(f), nil, lim)
}

// set stores a value: a word, or where that is 0 a text.
func (a *Array) set(index uint64, w uint64, text []byte, lim *Limits) {
	id := index >> a.shift
	a.reach(id)
	s := a.slice(id)
	if s == nil {
		if lim.SparseMax > 0 {
			s = newSparse(lim)
		} else {
			s = newDense(a.offset(index), a.sliceSize())
		}
		a.put(id, s)
	}
	was := s.bytes()
	if s.set(a.offset(index), w, text, a.sliceSize(), lim) {
		a.count++
	}
	a.memory += s.bytes() - was
	if id > a.highest || a.count == 1 {
		a.highest = id
	}
}

// Prepare gets ready for elements being set at all indexes from lo to hi: slices that will hold too
// many for a list become windows at once.
func (a *Array) Prepare(lo, hi uint64, lim *Limits) {
	if lim.SparseMax == 0 {
		return
	}
	first, last := lo>>a.shift, hi>>a.shift
	a.reach(last)
	for id := first; id <= last; id++ {
		from, to := 0, a.sliceSize()-1
		if id == first {
			from = a.offset(lo)
		}
		if id == last {
			to = a.offset(hi)
		}
		s, n := a.slice(id), to-from+1
		switch {
		case s == nil:
			if n > lim.SparseMax {
				a.put(id, newDense(from, a.sliceSize()))
			}
		case s.dense():
		case n > lim.SparseMax || s.count+n-s.within(from, to) > lim.SparseMax:
			was := s.bytes()
			s.promote(a.sliceSize())
			a.memory += s.bytes() - was
		}
	}
}

// Delete deletes the element at an index and tells whether there was one.
func (a *Array) Delete(index uint64, lim *Limits) bool {
	return a.DeleteRange(index, index, lim) > 0
}

// DeleteRange deletes all elements from one index to another and returns how many they were.
func (a *Array) DeleteRange(lo, hi uint64, lim *Limits) uint64 {
	was := a.count
	first, last := lo>>a.shift, hi>>a.shift
	gone := false
	for at := first; a.count > 0; at++ {
		s, id := a.ceil(at)
		if s == nil || id > last {
			break
		}
		at = id
		from, to := 0, a.sliceSize()-1
		if id == first {
			from = a.offset(lo)
		}
		if id == last {
			to = a.offset(hi)
		}
		bytes, count := s.bytes(), s.count
		s.delete(from, to)
		a.count -= uint64(count - s.count)
		if s.count == 0 {
			a.memory -= bytes
			a.remove(id)
			gone = true
		} else {
			s.demote(lim)
			a.memory += s.bytes() - bytes
		}
		if at == last {
			break
		}
	}
	if gone && a.count > 0 {
		_, a.highest = a.floor(a.highest)
		a.shrink()
	}
	return was - a.count
}

// Resize makes a ring of another size of an array whose elements were written round and round:
// where that is needed the last elements move to the indexes from 0 up, the oldest first, and the
// next goes behind them. They are those before the first hole, looking back, and no more than the
// new size.
func (a *Array) Resize(size uint64, lim *Limits) {
	span := a.Len()
	keep := size
	switch {
	case span == 0 || size == span:
		return
	case size > span:
		if a.Inserted == NoIndex || a.Inserted+1 >= span {
			return
		}
		keep = span
	}
	newest := span - 1
	if a.Inserted != NoIndex {
		newest = a.Inserted % span
	}
	var buf [textMax]byte
	kept, oldest := uint64(0), newest
	for at := newest; kept < keep && a.has(at); kept++ {
		oldest = at
		if at--; at == NoIndex {
			at = span - 1
		}
	}
	ring := New(lim)
	for i := range kept {
		v, _ := a.Get(oldest, buf[:0])
		ring.Set(i, v, lim)
		if oldest++; oldest == span {
			oldest = 0
		}
	}
	if kept > 0 {
		ring.Inserted = kept - 1
	}
	*a = *ring
}

// Clone copies the array.
func (a *Array) Clone() *Array {
	b := *a
	b.dir = cloneSlots(a.dir)
	b.blocks = make([]block, len(a.blocks))
	for i, x := range a.blocks {
		b.blocks[i] = block{x.id, x.count, slices.Clone(x.offsets), cloneSlots(x.slots)}
	}
	return &b
}

func cloneSlots(slots []*slice) []*slice {
	out := make([]*slice, len(slots))
	for i, s := range slots {
		if s != nil {
			out[i] = s.clone()
		}
	}
	return out
}

// Layout is how an array is laid out.
type Layout struct {
	Slices, SliceSize int
	Directory         int // for how many slices, or blocks of them, the directory has room
	Blocks            int
}

// Layout tells how the array is laid out.
func (a *Array) Layout() Layout {
	l := Layout{Slices: a.slices, SliceSize: a.sliceSize(), Directory: len(a.dir)}
	if a.blockCap > 0 {
		l.Directory, l.Blocks = a.blockCap, len(a.blocks)
	}
	return l
}

// Details is what all the slices of an array add up to.
type Details struct {
	Dense, DenseSize, DenseCount int // the windows, their sizes, what they hold
	Sparse, SparseSize           int // the lists, and for how much they have room
}

// Details looks at every slice.
func (a *Array) Details() (d Details) {
	for at := uint64(0); ; at++ {
		s, id := a.ceil(at)
		if s == nil {
			return d
		}
		at = id
		if s.dense() {
			d.Dense++
			d.DenseSize += len(s.words)
			d.DenseCount += s.count
		} else {
			d.Sparse++
			d.SparseSize += s.cap
		}
	}
}
