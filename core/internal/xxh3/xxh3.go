// Package xxh3 is the hash XXH3 with seed 0: with 64 bits, by which Redis 8.4 and later tell what a
// string holds, and with 128. https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
// describes it: one way for each range of lengths.
package xxh3

import (
	"encoding/binary"
	"math/bits"
)

const (
	prime32x1 = 0x9E3779B1
	prime32x2 = 0x85EBCA77
	prime32x3 = 0xC2B2AE3D
	prime64x1 = 0x9E3779B185EBCA87
	prime64x2 = 0xC2B2AE3D27D4EB4F
	prime64x3 = 0x165667B19E3779F9
	prime64x4 = 0x85EBCA77C2B2AE63
	prime64x5 = 0x27D4EB2F165667C5
	primeMx1  = 0x165667919E3779F9
	primeMx2  = 0x9FB21C651E98DF25
)

// secret is what input is mixed with; its bytes are part of the hash's definition.
const secret = "" +
	"\xb8\xfe\x6c\x39\x23\xa4\x4b\xbe\x7c\x01\x81\x2c\xf7\x21\xad\x1c" +
	"\xde\xd4\x6d\xe9\x83\x90\x97\xdb\x72\x40\xa4\xa4\xb7\xb3\x67\x1f" +
	"\xcb\x79\xe6\x4e\xcc\xc0\xe5\x78\x82\x5a\xd0\x7d\xcc\xff\x72\x21" +
	"\xb8\x08\x46\x74\xf7\x43\x24\x8e\xe0\x35\x90\xe6\x81\x3a\x26\x4c" +
	"\x3c\x28\x52\xbb\x91\xc3\x00\xcb\x88\xd0\x65\x8b\x1b\x53\x2e\xa3" +
	"\x71\x64\x48\x97\xa2\x0d\xf9\x4e\x38\x19\xef\x46\xa9\xde\xac\xd8" +
	"\xa8\xfa\x76\x3f\xe3\x9c\x34\x3f\xf9\xdc\xbb\xc7\xc7\x0b\x4f\x1d" +
	"\x8a\x51\xe0\x4b\xcd\xb4\x59\x31\xc8\x9f\x7e\xc9\xd9\x78\x73\x64" +
	"\xea\xc5\xac\x83\x34\xd3\xeb\xc3\xc5\x81\xa0\xff\xfa\x13\x63\xeb" +
	"\x17\x0d\xdd\x51\xb7\xf0\xda\x49\xd3\x16\x55\x26\x29\xd4\x68\x9e" +
	"\x2b\x16\xbe\x58\x7d\x47\xa1\xfc\x8f\xf8\xb8\xd1\x7a\xd0\x31\xce" +
	"\x45\xcb\x3a\x8f\x95\x16\x04\x28\xaf\xd7\xfb\xca\xbb\x4b\x40\x7e"

const (
	stripeLen       = 64
	stripesPerBlock = (len(secret) - stripeLen) / 8
	blockLen        = stripeLen * stripesPerBlock
)

// Sum returns the hash of b.
func Sum(b []byte) uint64 {
	switch n := len(b); {
	case n > 240:
		return sumLong(b)
	case n > 128:
		return sumMiddle(b)
	case n > 16:
		return sumPairs(b)
	case n > 8:
		lo := u64(b) ^ key(24) ^ key(32)
		hi := u64(b[n-8:]) ^ key(40) ^ key(48)
		return avalanche(uint64(n) + bits.ReverseBytes64(lo) + hi + fold(lo, hi))
	case n >= 4:
		in := uint64(u32(b[n-4:])) + uint64(u32(b))<<32
		h := in ^ key(8) ^ key(16)
		h ^= bits.RotateLeft64(h, 49) ^ bits.RotateLeft64(h, 24)
		h *= primeMx2
		h ^= h>>35 + uint64(n)
		h *= primeMx2
		return h ^ h>>28
	case n > 0:
		in := uint32(b[0])<<16 | uint32(b[n/2])<<24 | uint32(b[n-1]) | uint32(n)<<8
		return avalanche64(uint64(in ^ uint32(key(0)) ^ uint32(key(4))))
	}
	return avalanche64(key(56) ^ key(64))
}

// sumPairs mixes 17 to 128 bytes from both ends to the middle.
func sumPairs(b []byte) uint64 {
	n := len(b)
	h := uint64(n) * prime64x1
	for i := (n - 1) / 32; i >= 0; i-- {
		h += mix(b[16*i:], 32*i)
		h += mix(b[n-16*(i+1):], 32*i+16)
	}
	return avalanche(h)
}

// sumMiddle mixes 129 to 240 bytes.
func sumMiddle(b []byte) uint64 {
	n := len(b)
	h := uint64(n) * prime64x1
	for i := range 8 {
		h += mix(b[16*i:], 16*i)
	}
	h = avalanche(h)
	for i := 8; i < n/16; i++ {
		h += mix(b[16*i:], 16*(i-8)+3)
	}
	return avalanche(h + mix(b[n-16:], 136-17))
}

// sumLong mixes more than 240 bytes, in stripes of which each uses the secret from another place
// on, and in blocks of as many stripes as it has places.
func sumLong(b []byte) uint64 {
	acc := accumulators(b)
	return merge(&acc, 11, uint64(len(b))*prime64x1)
}

// merge makes one hash of accumulators; at is the place in the secret.
func merge(acc *[8]uint64, at int, h uint64) uint64 {
	for i := 0; i < 8; i += 2 {
		h += fold(acc[i]^key(at+8*i), acc[i+1]^key(at+8*i+8))
	}
	return avalanche(h)
}

// accumulators mixes more than 240 bytes into eight numbers.
func accumulators(b []byte) [8]uint64 {
	n := len(b)
	acc := [8]uint64{
		prime32x3, prime64x1, prime64x2, prime64x3, prime64x4, prime32x2, prime64x5, prime32x1,
	}
	rest := b
	for len(rest) > blockLen {
		for i := range stripesPerBlock {
			accumulate(&acc, rest[stripeLen*i:], 8*i)
		}
		for i := range acc {
			a := acc[i]
			acc[i] = (a ^ a>>47 ^ key(len(secret)-stripeLen+8*i)) * prime32x1
		}
		rest = rest[blockLen:]
	}
	for i := range (len(rest) - 1) / stripeLen {
		accumulate(&acc, rest[stripeLen*i:], 8*i)
	}
	accumulate(&acc, b[n-stripeLen:], len(secret)-stripeLen-7)
	return acc
}

// accumulate adds a stripe; at is the place in the secret.
func accumulate(acc *[8]uint64, stripe []byte, at int) {
	stripe = stripe[:stripeLen]
	for i := range acc {
		v := u64(stripe[8*i:])
		k := v ^ key(at+8*i)
		acc[i^1] += v
		acc[i] += (k & 0xffffffff) * (k >> 32)
	}
}

// mix folds 16 bytes with those of the secret from a place on.
func mix(b []byte, at int) uint64 { return fold(u64(b)^key(at), u64(b[8:])^key(at+8)) }

// fold multiplies to 128 bits and brings the halves together.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func avalanche(h uint64) uint64 {
	h ^= h >> 37
	h *= primeMx1
	return h ^ h>>32
}

// avalanche64 is that of the older XXH64, which the shortest inputs get.
func avalanche64(h uint64) uint64 {
	h ^= h >> 33
	h *= prime64x2
	h ^= h >> 29
	h *= prime64x3
	return h ^ h>>32
}

// key reads the secret at a place.
func key(at int) uint64 {
	s := secret[at : at+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func u32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func u64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
