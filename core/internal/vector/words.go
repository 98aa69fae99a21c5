package vector

// A component that is kept in a byte lies in a word with 128 added to it, so that it is from 0 to
// 255; what is behind the last is 0.

const (
	bias = 128
	// wordsMax is how many words have sums in the halves that are below 1<<32.
	wordsMax = 8192
)

// setByte sets component i, which is 0 behind make.
func setByte(words []uint64, i int, b int8) {
	words[i/8] |= uint64(uint8(b)+bias) << (i % 8 * 8)
}

func byteAt(words []uint64, i int) int8 {
	return int8(uint8(words[i/8]>>(i%8*8)) - bias)
}

// sumBytes is the sum of all bytes as they lie in words.
func sumBytes(words []uint64) (sum int32) {
	for _, w := range words {
		for ; w != 0; w >>= 8 {
			sum += int32(w & 0xff)
		}
	}
	return sum
}

// product is the scalar product of the bytes of two vectors.
func (s *Set) product(a, b *Vector) int32 {
	return int32(dotBytes(a.words, b.words) - bias*int64(a.sum+b.sum) + bias*bias*int64(s.Dim))
}

// dotBytes is the scalar product of bytes as they lie in words, with bias added to each.
func dotBytes(a, b []uint64) (sum int64) {
	for len(a) > 0 {
		n := min(len(a), wordsMax)
		sum += dotWords(a[:n], b[:n])
		a, b = a[n:], b[n:]
	}
	return sum
}
