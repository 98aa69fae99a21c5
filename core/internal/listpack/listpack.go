// Package listpack is Redis's listpack: a list of short strings and integers in one run of bytes,
// readable from both ends. Small lists, hashes, sets and sorted sets are listpacks in memory and in
// RDB files, and the format decides what OBJECT ENCODING, DUMP and DEBUG show, so it is kept to the
// byte.
//
// A pack is a header (u32 total bytes, u16 count, both little-endian), the elements, and a byte
// 0xFF. Each element is its encoding, its data, and the length of both again, readable backwards.
package listpack

import (
	"encoding/binary"
	"slices"

	"github.com/redlet/redlet/core/internal/same"
)

const (
	headerSize = 6
	endByte    = 0xFF

	// EmptySize is the size in bytes of a pack with no element.
	EmptySize = headerSize + 1
	// countUnknown in the header says that the elements must be walked to be counted.
	countUnknown = 65535
	// sizeMax is how large a pack may be made; Redis draws the line at the same place.
	sizeMax = 1 << 30
)

// Pack is a listpack. It must come from New or Validate: the methods trust its bytes.
//
// Elements are named by their position, a byte offset into the pack, and -1 stands for no element.
// Methods that change a pack return it anew, as append does, and make every position of the old one
// meaningless, unless they say otherwise.
type Pack []byte

// New returns an empty pack with room for size bytes in all.
//
//go:noinline
func New(size int) Pack {
	p := make(Pack, EmptySize, max(size, EmptySize))
	p.setHeader(0)
	p[headerSize] = endByte
	return p
}

// Fits reports whether n more bytes of data leave p within what a pack may hold.
func (p Pack) Fits(n int) bool { return len(p)+n <= sizeMax }

// Len returns the number of elements. It is immediate up to 65534 elements, and beyond that a walk.
func (p Pack) Len() int {
	if n := p.count(); n != countUnknown {
		return n
	}
	n := 0
	for pos := headerSize; p[pos] != endByte; pos += p.entrySize(pos) {
		n++
	}
	if n < countUnknown {
		binary.LittleEndian.PutUint16(p[4:], uint16(n))
	}
	return n
}

// Clone returns a copy of p with no spare room.
//
//go:noinline
func (p Pack) Clone() Pack { return slices.Clone(p) }

// First returns the position of the first element, -1 in an empty pack.
func (p Pack) First() int {
	if p[headerSize] == endByte {
		return -1
	}
	return headerSize
}

// Last returns the position of the last element, -1 in an empty pack.
func (p Pack) Last() int { return p.Prev(len(p) - 1) }

// Next returns the position of the element after the one at pos, -1 after the last.
func (p Pack) Next(pos int) int {
	pos += p.entrySize(pos)
	if p[pos] == endByte {
		return -1
	}
	return pos
}

// Skip is Next, n times.
func (p Pack) Skip(pos, n int) int {
	for ; n > 0; n-- {
		switch b := p[pos]; {
		case b < 0x80:
			pos += 2
		case b < 0xC0:
			pos += int(b&0x3F) + 2
		default:
			pos += p.entrySize(pos)
		}
		if p[pos] == endByte {
			return -1
		}
	}
	return pos
}

// Prev returns the position of the element before the one at pos, -1 before the first.
func (p Pack) Prev(pos int) int {
	if pos == headerSize {
		return -1
	}
	size, _ := backLen(p, pos)
	return pos - size - backWidth(size)
}

// Index returns the position of element i, counted from 0, or from the end with -1 as the last. It
// is -1 where there is no such element.
func (p Pack) Index(i int) int {
	n := p.count()
	if n != countUnknown {
		if i >= n || i < -n {
			return -1
		}
		if i > n/2 {
			i -= n
		} else if i < -n/2 {
			i += n
		}
	}
	if i < 0 {
		pos := p.Last()
		for ; i < -1 && pos >= 0; i++ {
			pos = p.Prev(pos)
		}
		return pos
	}
	pos := headerSize
	for ; i > 0 && p[pos] != endByte; i-- {
		pos += p.entrySize(pos)
	}
	if p[pos] == endByte {
		return -1
	}
	return pos
}

// At returns the element at pos: its bytes, which lie in p and are lent until p changes, or, with
// isInt, the integer it is stored as.
func (p Pack) At(pos int) (s []byte, n int64, isInt bool) {
	switch b := p[pos]; {
	case b < 0x80:
		return nil, int64(b), true
	case b < 0xC0:
		size := int(b & 0x3F)
		return p[pos+1 : pos+1+size : pos+1+size], 0, false
	case b < 0xE0 || b > 0xF0:
		return nil, p.wideInt(pos), true
	case b < 0xF0:
		size := int(b&0x0F)<<8 | int(p[pos+1])
		return p[pos+2 : pos+2+size : pos+2+size], 0, false
	}
	size := int(binary.LittleEndian.Uint32(p[pos+1:]))
	return p[pos+5 : pos+5+size : pos+5+size], 0, false
}

// Take is At, and the position of the element behind, -1 at the end.
func (p Pack) Take(pos int) (s []byte, n int64, isInt bool, next int) {
	if b := p[pos]; b >= 0x80 && b < 0xC0 { // a short string
		pos++
		next = pos + int(b&0x3F)
		s = p[pos:next:next]
		if next++; p[next] == endByte {
			next = -1
		}
		return s, 0, false, next
	}
	s, n, isInt = p.At(pos)
	return s, n, isInt, p.Next(pos)
}

// wideInt reads an integer of more than one byte.
func (p Pack) wideInt(pos int) int64 {
	switch b := p[pos]; b {
	case 0xF1:
		return int64(int16(binary.LittleEndian.Uint16(p[pos+1:])))
	case 0xF2:
		u := uint32(p[pos+1]) | uint32(p[pos+2])<<8 | uint32(p[pos+3])<<16
		return int64(int32(u<<8) >> 8)
	case 0xF3:
		return int64(int32(binary.LittleEndian.Uint32(p[pos+1:])))
	case 0xF4:
		return int64(binary.LittleEndian.Uint64(p[pos+1:]))
	default: // 110xxxxx: 13 bits
		u := uint16(b&0x1F)<<8 | uint16(p[pos+1])
		return int64(int16(u<<3) >> 3)
	}
}

// AppendAt appends the element at pos to dst, an integer as decimal digits.
func (p Pack) AppendAt(dst []byte, pos int) []byte {
	s, n, isInt := p.At(pos)
	if isInt {
		return appendInt(dst, n)
	}
	return append(dst, s...)
}

// Size returns the length in bytes of the element at pos, that of an integer in decimal digits.
func (p Pack) Size(pos int) int {
	s, n, isInt := p.At(pos)
	if isInt {
		return digits(n)
	}
	return len(s)
}

// Walk calls f with every element in order until f returns false. f must not change the pack.
func (p Pack) Walk(f func(s []byte, n int64, isInt bool) bool) {
	for pos := headerSize; p[pos] != endByte; pos += p.entrySize(pos) {
		if !f(p.At(pos)) {
			return
		}
	}
}

// Equal reports whether the element at pos is s.
func (p Pack) Equal(pos int, s []byte) bool {
	if short(s) {
		return p[pos] == 0x80|byte(len(s)) && same.Bytes(p[pos+1:pos+1+len(s)], s)
	}
	v := Parse(s)
	return p.Is(pos, &v)
}

// Is reports whether the element at pos is v. A search parses what it looks for once.
func (p Pack) Is(pos int, v *Value) bool {
	s, n, isInt := p.At(pos)
	if isInt {
		return v.isInt && v.n == n
	}
	return string(s) == string(v.s)
}

// Find returns the position of the first element from pos on that is s, looking at one element and
// passing over skip after it: 1 searches the fields of a hash, which alternate with its values. It
// is -1 if there is none, and for pos -1.
func (p Pack) Find(pos int, s []byte, skip int) int {
	if pos < 0 {
		return -1
	}
	if short(s) {
		return p.findShort(pos, s, skip)
	}
	v := Parse(s)
	for p[pos] != endByte {
		if p.Is(pos, &v) {
			return pos
		}
		pos += p.entrySize(pos)
		for i := 0; i < skip && p[pos] != endByte; i++ {
			pos += p.entrySize(pos)
		}
	}
	return -1
}

// FindValue returns the position of what follows the field s in a pack of fields, each followed by
// width other elements; -1 if there is no such field.
func (p Pack) FindValue(s []byte, width int) int {
	if short(s) {
		if pos := p.findShort(headerSize, s, width); pos >= 0 {
			return pos + len(s) + 2
		}
		return -1
	}
	if pos := p.Find(p.First(), s, width); pos >= 0 {
		return pos + p.entrySize(pos)
	}
	return -1
}

// findShort is Find for a short s. It begins with its length, so that one byte tells most others
// from it: this is how the fields of small hashes are found, twice as fast as by Is.
func (p Pack) findShort(pos int, s []byte, skip int) int {
	tag := 0x80 | byte(len(s))
	for p[pos] != endByte {
		if p[pos] == tag && same.Bytes(p[pos+1:pos+1+len(s)], s) {
			return pos
		}
		pos += p.entrySize(pos)
		for i := 0; i < skip && p[pos] != endByte; i++ {
			pos += p.entrySize(pos)
		}
	}
	return -1
}

func (p Pack) count() int { return int(binary.LittleEndian.Uint16(p[4:])) }

// setHeader writes the pack's size as it stands and a count of n.
//
//go:noinline
func (p Pack) setHeader(n int) {
	binary.LittleEndian.PutUint32(p, uint32(len(p)))
	binary.LittleEndian.PutUint16(p[4:], uint16(min(n, countUnknown)))
}

// addCount writes the header after delta elements came, or went, to a pack that had been of count
// n.
//
//go:noinline
func (p Pack) addCount(n, delta int) {
	if n != countUnknown {
		n += delta
	}
	p.setHeader(n)
}
