package rdb

import (
	"encoding/binary"
	"math"
	"strconv"
)

// The packed forms of earlier versions. Both walkers hand over what they find, one element after
// another; they report at which byte of b it stops making sense, or -1.

// The head of a ziplist is its size in bytes, the offset of its last entry and the number of its
// entries, which is ziplistUnknown where it does not fit.
const (
	ziplistHead    = 4 + 4 + 2
	ziplistUnknown = 0xffff
	ziplistEnd     = 0xff
)

// walkZiplist walks a list of strings and numbers in which each entry tells the length of the one
// before. The elements are lent until the next call.
func walkZiplist(b []byte, element func(e []byte)) (bad int) {
	if len(b) < ziplistHead+1 || int64(binary.LittleEndian.Uint32(b)) != int64(len(b)) {
		return 0
	}
	var digits [20]byte
	i, last, previous, count := ziplistHead, ziplistHead, 0, 0
	for i < len(b) && b[i] != ziplistEnd {
		start := i
		size, body := ziplistPrevious(b[i:])
		if body == 0 || size != previous {
			return start
		}
		i += body
		e, n, ok := ziplistEntry(b[i:], digits[:0])
		if !ok {
			return start
		}
		i += n
		last, previous = start, i-start
		count++
		element(e)
	}
	tail := int64(binary.LittleEndian.Uint32(b[4:])) // of a list of none it is not looked at
	switch known := int(binary.LittleEndian.Uint16(b[8:])); {
	case i != len(b)-1:
		return i
	case count > 0 && tail != int64(last), tail >= int64(len(b)):
		return 4
	case known != count && known != ziplistUnknown:
		return 8
	}
	return -1
}

// ziplistPrevious reads the length of the previous entry and how many bytes that took; 0 is none.
func ziplistPrevious(b []byte) (size, n int) {
	switch {
	case len(b) == 0:
		return 0, 0
	case b[0] < 0xfe:
		return int(b[0]), 1
	case b[0] == 0xfe && len(b) >= 5:
		return int(binary.LittleEndian.Uint32(b[1:])), 5
	}
	return 0, 0
}

// ziplistEntry reads an entry's encoding and content and tells how many bytes they take. A number
// is printed into digits.
func ziplistEntry(b, digits []byte) (e []byte, n int, ok bool) {
	if len(b) == 0 {
		return nil, 0, false
	}
	head, size := 1, 0
	switch b[0] >> 6 {
	case 0:
		size = int(b[0] & 0x3f)
	case 1:
		if len(b) < 2 {
			return nil, 0, false
		}
		head, size = 2, int(b[0]&0x3f)<<8|int(b[1])
	case 2:
		if len(b) < 5 || b[0] != 0x80 {
			return nil, 0, false
		}
		head, size = 5, clampInt(binary.BigEndian.Uint32(b[1:]))
	default:
		return ziplistInt(b, digits)
	}
	if size > len(b)-head {
		return nil, 0, false
	}
	return b[head : head+size], head + size, true
}

// clampInt is n as an int; where an int has 32 bits, the greatest one stands for all beyond it.
func clampInt(n uint32) int { return int(min(uint64(n), math.MaxInt)) }

func ziplistInt(b, digits []byte) (e []byte, n int, ok bool) {
	size := 0
	switch b[0] {
	case 0xfe:
		size = 1
	case 0xc0:
		size = 2
	case 0xf0:
		size = 3
	case 0xd0:
		size = 4
	case 0xe0:
		size = 8
	default:
		if b[0] < 0xf1 || b[0] > 0xfd {
			return nil, 0, false
		}
		return strconv.AppendInt(digits, int64(b[0]&0x0f)-1, 10), 1, true
	}
	if size > len(b)-1 {
		return nil, 0, false
	}
	var wide [8]byte
	copy(wide[8-size:], b[1:1+size])
	v := int64(binary.LittleEndian.Uint64(wide[:])) >> (64 - 8*size)
	return strconv.AppendInt(digits, v, 10), 1 + size, true
}

// zipmapBig is what a byte says that has no room for a length, or for a number of pairs. As a
// length of a value the one above, which ends a map, says so too.
const zipmapBig = 254

// walkZipmap walks a map of strings to strings: of each, a length and the bytes, and behind the
// length of a value how many unused bytes follow it. The last byte ends it, and where it is ended
// sooner the rest is left out.
func walkZipmap(b []byte, pair func(field, value []byte)) (bad int) {
	if len(b) < 2 {
		return 0
	}
	i, count := 1, 0
	for i < len(b) && b[i] != 0xff {
		start := i
		field, n := zipmapString(b[i:], 0)
		if n == 0 {
			return start
		}
		i += n
		value, n := zipmapString(b[i:], 1)
		if n == 0 {
			return start
		}
		i += n
		count++
		pair(field, value)
	}
	switch known := int(b[0]); {
	case i >= len(b) || b[len(b)-1] != 0xff:
		return i
	case known != count && known < zipmapBig, known == ziplistEnd:
		return 0
	}
	return -1
}

// zipmapString reads a string before whose bytes stands, where free is 1, the number of unused
// bytes behind them. It tells how many bytes all of that takes; 0 says that it is not there whole.
func zipmapString(b []byte, free int) (s []byte, n int) {
	if len(b) == 0 {
		return nil, 0
	}
	head, size := 1, int(b[0])
	if size >= zipmapBig {
		if len(b) < 5 {
			return nil, 0
		}
		head, size = 5, clampInt(binary.LittleEndian.Uint32(b[1:]))
		if size < zipmapBig {
			return nil, 0 // one byte would have done
		}
	}
	unused := 0
	if free == 1 {
		if len(b) <= head {
			return nil, 0
		}
		unused = int(b[head])
		head++
	}
	if size > len(b)-head || unused > len(b)-head-size {
		return nil, 0
	}
	return b[head : head+size], head + size + unused
}
