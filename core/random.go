package core

import "encoding/binary"

// random is a small generator (xoshiro256**) that every random choice of an engine comes from.
type random struct{ s [4]uint64 }

// newRandom spreads a seed over the generator's state, which must not be all zero.
func newRandom(seed [32]byte) random {
	var r random
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

// next returns 64 random bits.
func (r *random) next() uint64 {
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

// below returns a random number from 0 up to n-1; n must be positive.
func (r *random) below(n int) int { return int(r.next() % uint64(n)) }
