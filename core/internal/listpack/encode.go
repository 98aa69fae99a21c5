package listpack

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Value is an element before it is stored, or one to look for. Integers keep their text in s when
// they came as text; s stays the caller's.
type Value struct {
	s     []byte
	n     int64
	isInt bool
}

// Parse decides how s is stored: as an integer exactly when its digits are what the integer prints.
func Parse(s []byte) Value {
	if len(s) > 0 && s[0] > '9' {
		return Value{s: s}
	}
	n, ok := ParseInt(s)
	return Value{s: s, n: n, isInt: ok}
}

// short tells that s is surely stored as text with one byte before it and one behind, as nearly all
// elements are. The functions that store one then go a shorter way.
func short(s []byte) bool { return len(s) > 0 && s[0] > '9' && len(s) < 64 }

// putShort writes a short s whole to the front of dst.
func putShort(dst, s []byte) {
	dst = dst[:len(s)+2]
	dst[0] = 0x80 | byte(len(s))
	dst[len(s)+1] = byte(len(s) + 1)
	copy(dst[1:], s)
}

// ParseInt returns the integer that s is the one decimal form of: no sign but a minus, no leading
// zero, no minus zero, within 64 bits.
func ParseInt(s []byte) (int64, bool) {
	if len(s) == 0 || len(s) > 20 {
		return 0, false
	}
	digit := s
	negative := s[0] == '-'
	if negative {
		digit = s[1:]
	}
	if len(digit) == 0 || digit[0] == '0' {
		return 0, len(s) == 1 && s[0] == '0'
	}
	var u uint64
	for i, c := range digit {
		if c < '0' || c > '9' {
			return 0, false
		}
		d := uint64(c - '0')
		if i >= 18 && (u > math.MaxUint64/10 || u*10 > math.MaxUint64-d) {
			return 0, false
		}
		u = u*10 + d
	}
	if negative {
		return -int64(u), u <= 1<<63
	}
	return int64(u), u <= math.MaxInt64
}

func appendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

func digits(n int64) int {
	size := 1
	if n < 0 {
		size = 2
	}
	for n /= 10; n != 0; n /= 10 {
		size++
	}
	return size
}

// dataSize returns how many bytes v's encoding and data take.
func (v *Value) dataSize() int {
	if !v.isInt {
		return stringSize(len(v.s))
	}
	switch n := v.n; {
	case n >= 0 && n <= 127:
		return 1
	case n >= -4096 && n <= 4095:
		return 2
	case n >= math.MinInt16 && n <= math.MaxInt16:
		return 3
	case n >= -1<<23 && n < 1<<23:
		return 4
	case n >= math.MinInt32 && n <= math.MaxInt32:
		return 5
	}
	return 9
}

func stringSize(n int) int {
	switch {
	case n < 1<<6:
		return 1 + n
	case n < 1<<12:
		return 2 + n
	}
	return 5 + n
}

// size returns how many bytes v takes in a pack.
func (v *Value) size() int {
	n := v.dataSize()
	return n + backWidth(n)
}

// put writes v whole to the front of dst, which is long enough, and returns its size.
func (v *Value) put(dst []byte) int {
	n := v.dataSize()
	if v.isInt {
		putInt(dst, v.n, n)
	} else {
		switch len(v.s) {
		case n - 1:
			dst[0] = 0x80 | byte(len(v.s))
		case n - 2:
			dst[0] = 0xE0 | byte(len(v.s)>>8)
			dst[1] = byte(len(v.s))
		default:
			dst[0] = 0xF0
			binary.LittleEndian.PutUint32(dst[1:], uint32(len(v.s)))
		}
		copy(dst[n-len(v.s):], v.s)
	}
	return n + putBackLen(dst[n:], n)
}

func putInt(dst []byte, n int64, size int) {
	switch size {
	case 1:
		dst[0] = byte(n)
	case 2:
		dst[0] = 0xC0 | byte(n>>8)&0x1F
		dst[1] = byte(n)
	case 3:
		dst[0] = 0xF1
		binary.LittleEndian.PutUint16(dst[1:], uint16(n))
	case 4:
		dst[0] = 0xF2
		dst[1], dst[2], dst[3] = byte(n), byte(n>>8), byte(n>>16)
	case 5:
		dst[0] = 0xF3
		binary.LittleEndian.PutUint32(dst[1:], uint32(n))
	default:
		dst[0] = 0xF4
		binary.LittleEndian.PutUint64(dst[1:], uint64(n))
	}
}

// backWidth returns how many bytes the backward length of n takes. Its steps lie one below the
// powers of two that seven bits a byte would allow: Redis writes 16383 in three bytes.
func backWidth(n int) int {
	switch {
	case n <= 127:
		return 1
	case n < 16383:
		return 2
	case n < 2097151:
		return 3
	case n < 268435455:
		return 4
	}
	return 5
}

// putBackLen writes n so that it reads backwards: the low seven bits last, and the top bit set in
// every byte that has another before it.
func putBackLen(dst []byte, n int) int {
	width := backWidth(n)
	for i := width - 1; i > 0; i-- {
		dst[i] = byte(n)&0x7F | 0x80
		n >>= 7
	}
	dst[0] = byte(n)
	return width
}

// backLen reads the backward length that ends before pos; false if there is none. It may begin with
// zeros, and before the place where it would begin if it were as short as can be.
func backLen(p []byte, pos int) (n int, ok bool) {
	wide := uint64(0)
	for shift := 0; shift <= 28; shift += 7 {
		pos--
		wide |= uint64(p[pos]&0x7F) << shift
		if p[pos] < 0x80 {
			return int(wide), wide <= math.MaxInt32
		}
	}
	return 0, false
}

// entrySize returns how many bytes the element at pos takes, its backward length included.
func (p Pack) entrySize(pos int) int {
	b := p[pos]
	if b < 0x80 {
		return 2
	}
	if b < 0xC0 {
		return int(b&0x3F) + 2
	}
	n := p.dataSize(pos)
	return n + backWidth(n)
}

// dataSize returns how many bytes the encoding and the data of the element at pos take.
func (p Pack) dataSize(pos int) int {
	switch b := p[pos]; {
	case b < 0x80:
		return 1
	case b < 0xC0:
		return int(b&0x3F) + 1
	case b < 0xE0:
		return 2
	case b < 0xF0:
		return int(b&0x0F)<<8 + int(p[pos+1]) + 2
	case b == 0xF0:
		return int(binary.LittleEndian.Uint32(p[pos+1:])) + 5
	case b == 0xF4:
		return 9
	default: // 0xF1, 0xF2, 0xF3: two, three, four bytes
		return int(b-0xF1) + 3
	}
}
