//go:build !amd64

package vector

import "math/bits"

// lanes are the bytes 0 and 4 of a word.
const lanes = 0x000000ff_000000ff

// dotWords is dotBytes for no more than wordsMax words. Four multiplications of words make eight of
// components: of
//
//	(a0 + a4<<32) * (b4 + b0<<32)
//
// the upper half is a0*b0 + a4*b4, and what the lower halves of many come to does not reach the
// upper.
func dotWords(a, b []uint64) int64 {
	sum := uint64(0)
	b = b[:len(a)]
	for i, x := range a {
		y := bits.RotateLeft64(b[i], 32)
		sum += (x&lanes)*(y&lanes) + (x>>8&lanes)*(y>>8&lanes) +
			(x>>16&lanes)*(y>>16&lanes) + (x>>24&lanes)*(y>>24&lanes)
	}
	return int64(sum >> 32)
}
