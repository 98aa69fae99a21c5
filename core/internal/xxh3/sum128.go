package xxh3

import "math/bits"

// Sum128 returns the hash of b with 128 bits, by which Redis 8.6 and later tell messages apart.
func Sum128(b []byte) (high, low uint64) {
	switch n := len(b); {
	case n > 240:
		acc := accumulators(b)
		return merge(&acc, len(secret)-stripeLen-11, ^(uint64(n) * prime64x2)),
			merge(&acc, 11, uint64(n)*prime64x1)
	case n > 128:
		return sum128Middle(b)
	case n > 16:
		return sum128Pairs(b)
	case n > 8:
		return sum128Nine(b)
	case n >= 4:
		in := uint64(u32(b)) | uint64(u32(b[n-4:]))<<32
		high, low = bits.Mul64(in^key(16)^key(24), prime64x1+uint64(n)<<2)
		high += low << 1
		low ^= high >> 3
		low = (low ^ low>>35) * primeMx2
		return avalanche(high), low ^ low>>28
	case n > 0:
		in := uint32(b[0])<<16 | uint32(b[n/2])<<24 | uint32(b[n-1]) | uint32(n)<<8
		turned := bits.RotateLeft32(bits.ReverseBytes32(in), 13)
		return avalanche64(uint64(turned ^ uint32(key(8)) ^ uint32(key(12)))),
			avalanche64(uint64(in ^ uint32(key(0)) ^ uint32(key(4))))
	}
	return avalanche64(key(80) ^ key(88)), avalanche64(key(64) ^ key(72))
}

// sum128Nine mixes 9 to 16 bytes.
func sum128Nine(b []byte) (high, low uint64) {
	n := len(b)
	first, last := u64(b), u64(b[n-8:])
	high, low = bits.Mul64(first^last^key(32)^key(40), prime64x1)
	low += uint64(n-1) << 54
	last ^= key(48) ^ key(56)
	high += last + uint64(uint32(last))*(prime32x2-1)
	low ^= bits.ReverseBytes64(high)
	top, rest := bits.Mul64(low, prime64x2)
	return avalanche(top + high*prime64x2), avalanche(rest)
}

// sum128Pairs mixes 17 to 128 bytes from both ends to the middle.
func sum128Pairs(b []byte) (high, low uint64) {
	n := len(b)
	low = uint64(n) * prime64x1
	for i := (n - 1) / 32; i >= 0; i-- {
		high, low = mix32(high, low, b[16*i:], b[n-16*(i+1):], 32*i)
	}
	return finish128(high, low, n)
}

// sum128Middle mixes 129 to 240 bytes.
func sum128Middle(b []byte) (high, low uint64) {
	n := len(b)
	low = uint64(n) * prime64x1
	for i := 0; i < 128; i += 32 {
		high, low = mix32(high, low, b[i:], b[i+16:], i)
	}
	high, low = avalanche(high), avalanche(low)
	for i := 128; i+32 <= n; i += 32 {
		high, low = mix32(high, low, b[i:], b[i+16:], i-128+3)
	}
	high, low = mix32(high, low, b[n-16:], b[n-32:], 136-17-16)
	return finish128(high, low, n)
}

// mix32 mixes twice 16 bytes with those of the secret from a place on.
func mix32(high, low uint64, a, b []byte, at int) (uint64, uint64) {
	low = (low + mix(a, at)) ^ (u64(b) + u64(b[8:]))
	high = (high + mix(b, at+16)) ^ (u64(a) + u64(a[8:]))
	return high, low
}

func finish128(high, low uint64, n int) (uint64, uint64) {
	h := low*prime64x1 + high*prime64x4 + uint64(n)*prime64x2
	return -avalanche(h), avalanche(low + high)
}
