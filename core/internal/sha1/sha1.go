// Package sha1 is the hash that names scripts and signs data for DEBUG DIGEST (RFC 3174).
//
// crypto/sha1 gives the same, but brings AES, SHA-2, SHA-3 and a random generator with it, which
// test themselves whenever a guest starts.
package sha1

import (
	"encoding/binary"
	"math/bits"
)

// Size is the number of bytes of a sum.
const Size = 20

const blockSize = 64

// Sum returns the SHA-1 of b.
func Sum(b []byte) [Size]byte {
	h := [5]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}
	size := uint64(len(b)) * 8
	for len(b) >= blockSize {
		block(&h, b)
		b = b[blockSize:]
	}
	// The rest, a one bit, zeros, and the size in bits: one block, or two.
	var last [2 * blockSize]byte
	n := copy(last[:], b)
	last[n] = 0x80
	end := blockSize
	if n >= blockSize-8 {
		end = 2 * blockSize
	}
	binary.BigEndian.PutUint64(last[end-8:], size)
	for at := 0; at < end; at += blockSize {
		block(&h, last[at:])
	}
	var sum [Size]byte
	for i, v := range h {
		binary.BigEndian.PutUint32(sum[4*i:], v)
	}
	return sum
}

// block adds the first 64 bytes of p.
func block(h *[5]uint32, p []byte) {
	var w [80]uint32
	for i := range 16 {
		w[i] = binary.BigEndian.Uint32(p[4*i:])
	}
	for i := 16; i < 80; i++ {
		w[i] = bits.RotateLeft32(w[i-3]^w[i-8]^w[i-14]^w[i-16], 1)
	}
	a, b, c, d, e := h[0], h[1], h[2], h[3], h[4]
	// A round's five words change places in name only; the four stages differ in f and k.
	for _, v := range w[:20] {
		t := bits.RotateLeft32(a, 5) + (d ^ b&(c^d)) + e + 0x5a827999 + v
		a, b, c, d, e = t, a, bits.RotateLeft32(b, 30), c, d
	}
	for _, v := range w[20:40] {
		t := bits.RotateLeft32(a, 5) + (b ^ c ^ d) + e + 0x6ed9eba1 + v
		a, b, c, d, e = t, a, bits.RotateLeft32(b, 30), c, d
	}
	for _, v := range w[40:60] {
		t := bits.RotateLeft32(a, 5) + (b&c | (b|c)&d) + e + 0x8f1bbcdc + v
		a, b, c, d, e = t, a, bits.RotateLeft32(b, 30), c, d
	}
	for _, v := range w[60:] {
		t := bits.RotateLeft32(a, 5) + (b ^ c ^ d) + e + 0xca62c1d6 + v
		a, b, c, d, e = t, a, bits.RotateLeft32(b, 30), c, d
	}
	h[0], h[1], h[2], h[3], h[4] = h[0]+a, h[1]+b, h[2]+c, h[3]+d, h[4]+e
}
