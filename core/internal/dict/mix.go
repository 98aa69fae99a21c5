package dict

// Odd constants with well spread bits, from the fractional part of the golden ratio and of pi.
const (
	mixA = 0x9e3779b97f4a7c15
	mixB = 0xc2b7e151628aed2b
)

// Hash is the 32-bit hash of key under seed: each 8 bytes are mixed in by one multiplication and a
// fold of the high half, which wasm does as well as amd64 (a 128-bit product takes wasm four).
// It keeps chance and simple malice from filling one bucket; it is no cryptographic hash.
func Hash(seed uint64, key []byte) uint32 {
	n := len(key)
	h := seed ^ uint64(n)*mixB
	switch {
	case n > 16:
		for rest := key; len(rest) > 16; rest = rest[8:] {
			h = mix(h, word(rest))
		}
		h = mix(h, word(key[n-16:]))
		h = mix(h, word(key[n-8:]))
	case n >= 8:
		h = mix(h, word(key))
		h = mix(h, word(key[n-8:]))
	case n >= 4:
		h = mix(h, uint64(half(key))<<32|uint64(half(key[n-4:])))
	case n > 0:
		h = mix(h, uint64(key[0])<<16|uint64(key[n>>1])<<8|uint64(key[n-1]))
	}
	h *= mixB
	return uint32(h ^ h>>32)
}

func mix(h, w uint64) uint64 {
	h = (h ^ w) * mixA
	return h ^ h>>32
}

func word(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

func half(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}
