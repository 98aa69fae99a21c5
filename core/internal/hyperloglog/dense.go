package hyperloglog

import "encoding/binary"

// The registers of the dense layout are read and written by eights, which are six bytes: Redis has
// vector instructions for that. BenchmarkMerge took twice as long by fours.

// raiseDense makes a register of a string at least a rank and reports whether it was less.
func raiseDense(b []byte, index int, rank uint8) bool {
	b = b[headerSize:]
	at, shift := index*6/8, index*6%8
	word := uint(b[at])
	if shift > 2 {
		word |= uint(b[at+1]) << 8
	}
	if uint8(word>>shift)&63 >= rank {
		return false
	}
	word = word&^(63<<shift) | uint(rank)<<shift
	b[at] = byte(word)
	if shift > 2 {
		b[at+1] = byte(word >> 8)
	}
	return true
}

// spread returns the eight registers that the lower six bytes of a word hold, a byte each.
func spread(x uint64) uint64 {
	x = x&0xffffff | x&0xffffff000000<<8
	x = x&0x00000fff00000fff | x&0x00fff00000fff000<<4
	return x&0x003f003f003f003f | x&0x0fc00fc00fc00fc0<<2
}

// squeeze is the inverse of spread.
func squeeze(x uint64) uint64 {
	x = x&0x003f003f003f003f | x>>2&0x0fc00fc00fc00fc0
	x = x&0x00000fff00000fff | x>>4&0x00fff00000fff000
	return x&0xffffff | x>>8&0xffffff000000
}

// greater returns the greater of each two bytes, none of which is above 127.
func greater(x, y uint64) uint64 {
	const high = 0x8080808080808080
	keep := ((x | high) - y) & high // where x is not less
	keep = keep >> 7 * 0xff
	return x&keep | y&^keep
}

// word reads six bytes at an offset; behind the last of them there are more, but for the end.
func word(b []byte, at int) uint64 {
	if at+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[at:])
	}
	return binary.LittleEndian.Uint64(b[at-2:]) >> 16
}

func (r *Registers) mergeDense(b []byte) {
	for i := 0; i < registers; i += 8 {
		q := r[i : i+8 : i+8]
		x := greater(binary.LittleEndian.Uint64(q), spread(word(b, i/8*6)))
		binary.LittleEndian.PutUint64(q, x)
	}
}

// pack writes registers.
func (r *Registers) pack(b []byte) {
	for i := 0; i < registers; i += 8 {
		x, p := squeeze(binary.LittleEndian.Uint64(r[i:])), b[i/8*6:]
		binary.LittleEndian.PutUint32(p, uint32(x))
		binary.LittleEndian.PutUint16(p[4:], uint16(x>>32))
	}
}
