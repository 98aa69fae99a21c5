package bitmap

import (
	"encoding/binary"
	"math"
)

// Field is the type of an integer in a run of bits: up to 64 bits with a sign, up to 63 without.
type Field struct {
	Signed bool
	Bits   int
}

// ParseField reads a type as BITFIELD writes it: i16, u8.
func ParseField(s []byte) (f Field, ok bool) {
	if len(s) < 2 || len(s) > 3 || s[0] != 'i' && s[0] != 'u' || s[1] == '0' {
		return f, false
	}
	f.Signed = s[0] == 'i'
	for _, c := range s[1:] {
		if c < '0' || c > '9' {
			return f, false
		}
		f.Bits = f.Bits*10 + int(c-'0')
	}
	return f, f.Bits <= 63 || f.Signed && f.Bits == 64
}

// Get reads the integer at a bit offset; bits behind the end of b are zero.
//
//go:noinline
func (f Field) Get(b []byte, offset int64) int64 {
	var window [9]byte // what 64 bits that begin within a byte can touch
	if at := offset / 8; at < int64(len(b)) {
		copy(window[:], b[at:])
	}
	shift := uint(offset % 8)
	v := binary.BigEndian.Uint64(window[:])<<shift | uint64(window[8])>>(8-shift)
	if f.Signed {
		return int64(v) >> (64 - f.Bits)
	}
	return int64(v >> (64 - f.Bits))
}

// Set writes the integer at a bit offset; all of its bits must lie within b.
//
//go:noinline
func (f Field) Set(b []byte, offset, v int64) {
	for i := f.Bits - 1; i >= 0; i-- {
		mask := byte(0x80) >> (offset % 8)
		if v>>i&1 != 0 {
			b[offset/8] |= mask
		} else {
			b[offset/8] &^= mask
		}
		offset++
	}
}

// Overflow says what becomes of a value that a Field cannot hold.
type Overflow uint8

// The ways of overflowing.
const (
	Wrap Overflow = iota // the bits that do not fit are dropped
	Saturate
	Fail
)

// bounds are the least and the greatest value of the type.
func (f Field) bounds() (least, most int64) {
	if !f.Signed {
		return 0, 1<<f.Bits - 1
	}
	return math.MinInt64 >> (64 - f.Bits), math.MaxInt64 >> (64 - f.Bits)
}

// Fit returns the value that is stored for v; false if overflowing is a failure. To a type without
// sign a negative value is one that is too great, as it is to Redis.
func (f Field) Fit(v int64, o Overflow) (int64, bool) {
	least, most := f.bounds()
	switch {
	case v > most || v < 0 && !f.Signed, v < 0 && f.Bits < 64 && most-v < 0:
		// The last: of a value so far below that its distance from most does not fit into 64 bits
		// Redis believes that it lies above.
		return f.overflown(v, most, o)
	case v < least:
		return f.overflown(v, least, o)
	}
	return v, true
}

// Add returns the sum of v, which the type holds, and by; false if overflowing is a failure.
func (f Field) Add(v, by int64, o Overflow) (int64, bool) {
	least, most := f.bounds()
	switch {
	case by > 0 && v > most-by:
		return f.overflown(v+by, most, o)
	case by < 0 && !f.Signed && v+by < 0:
		return f.overflown(v+by, 0, o)
	case by < 0 && f.Signed && v < least-by:
		return f.overflown(v+by, least, o)
	}
	return v + by, true
}

//go:noinline
func (f Field) overflown(v, bound int64, o Overflow) (int64, bool) {
	switch o {
	case Fail:
		return 0, false
	case Saturate:
		return bound, true
	}
	if f.Signed {
		return v << (64 - f.Bits) >> (64 - f.Bits), true
	}
	return int64(uint64(v) << (64 - f.Bits) >> (64 - f.Bits)), true
}
