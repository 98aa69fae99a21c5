// Package hyperloglog estimates how many different elements were added to a set, from strings of
// some kilobytes at most. The strings are Redis's, byte for byte: a header of 16 bytes, and behind
// it 16,384 registers of 6 bits.
//
//	0   "HYLL"
//	4   the layout: 0 dense, 1 sparse
//	5   three bytes that mean nothing
//	8   the last estimate, little endian; the highest bit says that it is stale
//	16  the registers
//
// The dense layout holds the registers side by side, the first in the lowest bits of the first
// byte. The sparse one tells, from the first register to the last, which runs of them are equal:
//
//	00nnnnnn            a run of n+1 registers that are 0
//	01nnnnnn nnnnnnnn   the same for up to 16,384
//	1vvvvvnn            a run of n+1 registers that are v+1
//
// What a client made up with the header of one of these may be anything: functions that read
// registers report whether they made sense.
package hyperloglog

import (
	"encoding/binary"
	"math/bits"

	"github.com/redlet/redlet/core/internal/alloc"
)

const (
	indexBits  = 14
	registers  = 1 << indexBits
	rankMax    = 64 - indexBits + 1 // what no hash exceeds
	headerSize = 16
	denseSize  = headerSize + registers*6/8

	magic  = "HYLL"
	dense  = 0
	sparse = 1
	stale  = 0x80
)

// Registers are the registers of a string, or the greatest of several.
type Registers [registers]uint8

// New returns a string to which nothing was added.
//
//go:noinline
func New() []byte {
	b := make([]byte, headerSize, headerSize+16)
	copy(b, magic)
	b[4] = sparse
	return appendRun(b, 0, registers)
}

// Valid tells whether a string has the header and the length of one that this package makes.
func Valid(b []byte) bool {
	if len(b) < headerSize || string(b[:4]) != magic {
		return false
	}
	return b[4] == sparse || b[4] == dense && len(b) == denseSize
}

// IsSparse tells which layout a string has.
func IsSparse(b []byte) bool { return b[4] == sparse }

// Cached returns the estimate that a string keeps, unless it is stale.
func Cached(b []byte) (n int64, fresh bool) {
	n = int64(binary.LittleEndian.Uint64(b[8:]))
	return n, n >= 0
}

// Cache makes a string keep its estimate.
func Cache(b []byte, n int64) { binary.LittleEndian.PutUint64(b[8:], uint64(n)) }

// Invalidate makes the estimate that a string keeps stale.
func Invalidate(b []byte) { b[15] |= stale }

// Add adds an element to a string, which it may change in place, and returns the string. It
// changes the layout of one that would grow beyond most bytes. It reports whether a register
// changed, and whether the string made sense; the kept estimate is then to be invalidated. Room is
// for how many bytes Redis has made room by then, 0 if that follows from how many there are.
func Add(b, element []byte, most int, room *int) (out []byte, changed, ok bool) {
	index, rank := place(element)
	return raise(b, index, rank, most, room)
}

// place returns the register of an element and the rank that the element gives it: how many bits
// of the rest of its hash come before the first that is set, and that one.
func place(element []byte) (index int, rank uint8) {
	h := hash(element)
	rest := h>>indexBits | 1<<(64-indexBits)
	return int(h & (registers - 1)), uint8(bits.TrailingZeros64(rest) + 1)
}

// raise makes a register of a string at least a rank; it returns what Add does.
func raise(b []byte, index int, rank uint8, most int, room *int) (out []byte, changed, ok bool) {
	if !IsSparse(b) {
		return b, raiseDense(b, index, rank), true
	}
	if rank <= valueRankMax {
		reserve(room, len(b), most)
	}
	b, changed, ok = raiseSparse(b, index, rank, most)
	if !IsSparse(b) {
		*room = 0
	}
	return b, changed, ok
}

// reserve notes for how many bytes Redis makes room before it touches a register of a sparse string
// of n bytes.
func reserve(room *int, n, most int) {
	const need, ahead = 3, 300
	has := *room
	if has == 0 {
		has = alloc.Capacity(n)
	}
	if has < most && has-n < need {
		*room = min(n+need+min(n+need, ahead), most)
	}
}

// Add adds an element.
func (r *Registers) Add(element []byte) {
	index, rank := place(element)
	r[index] = max(r[index], rank)
}

// Merge raises registers to those of a string.
func (r *Registers) Merge(b []byte) (ok bool) {
	if IsSparse(b) {
		return r.mergeSparse(b[headerSize:])
	}
	r.mergeDense(b[headerSize:])
	return true
}

// Raise raises the registers of a string, which it may change in place, to others, and returns the
// string, in the dense layout if toDense says so or where the sparse one would take more than most
// bytes. Room is as in Add.
func Raise(b []byte, r *Registers, toDense bool, most int, room *int) (out []byte, ok bool) {
	if toDense {
		if IsSparse(b) {
			*room = 0
		}
		if b, ok = Dense(b); !ok {
			return b, false
		}
	}
	for index, rank := range r {
		if rank == 0 {
			continue
		}
		if b, _, ok = raise(b, index, rank, most, room); !ok {
			return b, false
		}
	}
	return b, true
}

// Dense returns a string in the dense layout: the string itself, if it is in that already or does
// not make sense.
func Dense(b []byte) (out []byte, ok bool) {
	if !IsSparse(b) {
		return b, true
	}
	var r Registers
	if !r.mergeSparse(b[headerSize:]) {
		return b, false
	}
	out = make([]byte, denseSize)
	copy(out, b[:headerSize])
	out[4] = dense
	r.pack(out[headerSize:])
	return out, true
}

// Count estimates how many different elements were added to a string.
func Count(b []byte) (n int64, ok bool) {
	var h histogram
	if IsSparse(b) {
		if !h.addSparse(b[headerSize:]) {
			return 0, false
		}
	} else {
		h.addDense(b[headerSize:])
	}
	return h.estimate(), true
}

// Count estimates how many different elements were added to the strings that were merged.
func (r *Registers) Count() int64 {
	var h histogram
	h.addRegisters(r)
	return h.estimate()
}
