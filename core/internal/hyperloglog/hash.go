package hyperloglog

import "encoding/binary"

const (
	hashSeed = 0xadc83b19
	hashMul  = 0xc6a4a7935bd1e995
)

// hash is MurmurHash64A of Austin Appleby, read little endian, with the seed that Redis uses.
func hash(b []byte) uint64 {
	h := hashSeed ^ uint64(len(b))*hashMul
	for ; len(b) >= 8; b = b[8:] {
		k := binary.LittleEndian.Uint64(b) * hashMul
		h = (h ^ (k^k>>47)*hashMul) * hashMul
	}
	if len(b) > 0 {
		tail := uint64(0)
		for i, c := range b {
			tail |= uint64(c) << (8 * i)
		}
		h = (h ^ tail) * hashMul
	}
	h = (h ^ h>>47) * hashMul
	return h ^ h>>47
}
