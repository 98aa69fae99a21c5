// Package random is the generator that every random choice of an engine comes from.
package random

import "encoding/binary"

// Generator is a small generator (xoshiro256**) that every random choice of an engine comes from.
type Generator struct{ s [4]uint64 }

// New spreads a seed over the generator's state, which must not be all zero.
//
//go:noinline
func New(seed [32]byte) Generator {
	var r Generator
	mix := uint64(0x9e3779b97f4a7c15)
	for i := range r.s {
		mix += binary.LittleEndian.Uint64(seed[8*i:]) + 0x9e3779b97f4a7c15
		z := mix
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		r.s[i] = z ^ z>>31
	}
	if r.s == [4]uint64{} {
		r.s[0] = 1
	}
	return r
}

// Next returns 64 random bits.
func (r *Generator) Next() uint64 {
	s := &r.s
	result := rotate(s[1]*5, 7) * 9
	t := s[1] << 17
	s[2] ^= s[0]
	s[3] ^= s[1]
	s[1] ^= s[2]
	s[0] ^= s[3]
	s[2] ^= t
	s[3] = rotate(s[3], 45)
	return result
}

func rotate(x uint64, k uint) uint64 { return x<<k | x>>(64-k) }

// Below returns a random number from 0 up to n-1; n must be positive.
//
//go:noinline
func (r *Generator) Below(n int) int { return int(r.Next() % uint64(n)) }

// AppendState writes the generator's state for a snapshot.
func (r *Generator) AppendState(dst []byte) []byte {
	for _, s := range r.s {
		dst = binary.LittleEndian.AppendUint64(dst, s)
	}
	return dst
}

// SetState reads what appendState wrote.
func (r *Generator) SetState(b []byte) bool {
	if len(b) != 8*len(r.s) {
		return false
	}
	var s [4]uint64
	for i := range s {
		s[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	if s == [4]uint64{} {
		return false
	}
	r.s = s
	return true
}
