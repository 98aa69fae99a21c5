// Package slots tells which hash slot of a cluster a key belongs to.
package slots

import "bytes"

// Count is how many slots there are.
const Count = 16384

// Of is the slot of a key: that of what stands in its first pair of braces, if that is anything.
func Of(key []byte) int {
	if open := bytes.IndexByte(key, '{'); open >= 0 {
		tag := key[open+1:]
		if end := bytes.IndexByte(tag, '}'); end > 0 {
			key = tag[:end]
		}
	}
	return of(key)
}

// OfPattern is the slot of all keys that match a pattern, -1 where they may be in several.
func OfPattern(pattern []byte) int {
	open := -1
	for i, b := range pattern {
		switch {
		case b == '*', b == '?', b == '[', b == '\\':
			return -1
		case b == '{' && open < 0:
			open = i
		case b == '}' && open >= 0 && i > open+1:
			return of(pattern[open+1 : i])
		}
	}
	return of(pattern)
}

// steps is CRC-16/XMODEM of each half of a byte.
var steps = func() (t [16]uint16) {
	for i := range t {
		crc := uint16(i) << 12
		for range 4 {
			carry := crc >> 15
			crc = crc<<1 ^ carry*0x1021
		}
		t[i] = crc
	}
	return t
}()

func of(b []byte) int {
	crc := uint16(0)
	for _, c := range b {
		crc = crc<<4 ^ steps[byte(crc>>12)^c>>4]
		crc = crc<<4 ^ steps[byte(crc>>12)^c&15]
	}
	return int(crc) & (Count - 1)
}
