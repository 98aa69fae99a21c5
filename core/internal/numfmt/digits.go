package numfmt

import (
	"encoding/binary"
	"math/bits"
	"strconv"
)

// Short is one more than the largest number that Digits takes.
const Short = 100_000_000

// Digits returns the decimal digits of a number below Short, the first in the lowest byte, and how
// many they are. It has no loop: a number is halved into four digits and four, these into two and
// two, these into one and one, side by side in one word. In the guest it takes a third of
// strconv's time.
func Digits(n uint32) (digits uint64, size int) {
	w := eight(n)
	zeros := min(bits.TrailingZeros64(w)/8, 7)
	return (w | '0'*each) >> (8 * zeros), 8 - zeros
}

// each has a 1 in every byte.
const each = 0x0101_0101_0101_0101

// eight is the eight digits of a number below Short, the first in the lowest byte.
func eight(n uint32) uint64 {
	w := uint64(n/10_000) | uint64(n%10_000)<<32 // two lanes of 32 bits, each below 10,000
	high := w * 5243 >> 19 & 0x7f_0000_007f      // of each its hundreds
	w = high | (w-100*high)<<16                  // four lanes of 16 bits, each below 100
	high = w * 103 >> 10 & 0x0f_000f_000f_000f   // of each its tens
	return high | (w-10*high)<<8
}

// AppendUint appends a number as strconv does.
func AppendUint(dst []byte, n uint64) []byte {
	switch at := len(dst); {
	case n < Short:
		text, size := Digits(uint32(n))
		return binary.LittleEndian.AppendUint64(dst, text)[:at+size]
	case n < Short*Short:
		text, size := Digits(uint32(n / Short))
		dst = binary.LittleEndian.AppendUint64(dst, text)[:at+size]
		return binary.LittleEndian.AppendUint64(dst, eight(uint32(n%Short))|'0'*each)
	}
	return strconv.AppendUint(dst, n, 10)
}
