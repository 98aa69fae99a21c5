// Package sha1 computes SHA-1 sums: of scripts, by which clients know them. The standard library's
// package would bring 110 KB of compressed guest along, most of it the checks of FIPS 140.
package sha1

import (
	"encoding/binary"
	"math/bits"
)

// Size is the length of a sum in bytes.
const Size = 20

// Sum returns the SHA-1 sum of data.
//
//go:noinline
func Sum(data []byte) [Size]byte {
	s := New()
	return s.Sum(data)
}

// State is a sum that is being made.
type State struct {
	_ [0]func() // not compared

	h    [5]uint32
	size uint64 // of what was added
}

// New returns the state before any data.
func New() State {
	return State{h: [5]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}}
}

// Add adds data, a multiple of 64 bytes.
func (s *State) Add(data []byte) {
	s.size += uint64(len(data))
	for ; len(data) >= 64; data = data[64:] {
		block(&s.h, data)
	}
}

// Sum adds the last of the data and returns the sum.
func (s *State) Sum(data []byte) [Size]byte {
	whole := len(data) &^ 63
	s.Add(data[:whole])
	rest := data[whole:]
	s.size += uint64(len(rest))
	var tail [128]byte
	n := copy(tail[:], rest)
	tail[n] = 0x80
	end := 64
	if n >= 56 {
		end = 128
	}
	binary.BigEndian.PutUint64(tail[end-8:], s.size*8)
	for i := 0; i < end; i += 64 {
		block(&s.h, tail[i:])
	}
	var sum [Size]byte
	for i, word := range s.h {
		binary.BigEndian.PutUint32(sum[4*i:], word)
	}
	return sum
}

// block adds the 64 bytes at the beginning of p to the sum.
func block(h *[5]uint32, p []byte) {
	var w [80]uint32
	for i := range 16 {
		w[i] = binary.BigEndian.Uint32(p[4*i:])
	}
	for i := 16; i < 80; i++ {
		w[i] = bits.RotateLeft32(w[i-3]^w[i-8]^w[i-14]^w[i-16], 1)
	}
	a, b, c, d, e := h[0], h[1], h[2], h[3], h[4]
	for i := 0; i < 20; i++ {
		t := bits.RotateLeft32(a, 5) + (d ^ b&(c^d)) + e + 0x5a827999 + w[i]
		a, b, c, d, e = t, a, bits.RotateLeft32(b, 30), c, d
	}
	for i := 20; i < 40; i++ {
		t := bits.RotateLeft32(a, 5) + (b ^ c ^ d) + e + 0x6ed9eba1 + w[i]
		a, b, c, d, e = t, a, bits.RotateLeft32(b, 30), c, d
	}
	for i := 40; i < 60; i++ {
		t := bits.RotateLeft32(a, 5) + (b&c | d&(b|c)) + e + 0x8f1bbcdc + w[i]
		a, b, c, d, e = t, a, bits.RotateLeft32(b, 30), c, d
	}
	for i := 60; i < 80; i++ {
		t := bits.RotateLeft32(a, 5) + (b ^ c ^ d) + e + 0xca62c1d6 + w[i]
		a, b, c, d, e = t, a, bits.RotateLeft32(b, 30), c, d
	}
	h[0] += a
	h[1] += b
	h[2] += c
	h[3] += d
	h[4] += e
}

// Hex returns the SHA-1 sum of data as 40 hexadecimal digits.
func Hex(data []byte) string {
	sum := Sum(data)
	return Digits(sum[:])
}

// Digits writes bytes as hexadecimal digits.
//
//go:noinline
func Digits(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}
