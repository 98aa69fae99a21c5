// Package alloc knows what memory a 64-bit Redis takes for pieces of data, with the allocator that
// its builds have: MEMORY USAGE shows it, and maxmemory goes by it. It is the same on every host.
package alloc

import "math/bits"

// Size is what the allocator gives for n bytes: multiples of 16 up to 128, and from there on four
// sizes between one power of two and the next.
func Size(n int) int {
	step := 16
	switch {
	case n <= 8:
		return 8
	case n > 128:
		step = 1 << (bits.Len(uint(n-1)) - 3)
	}
	return (n + step - 1) &^ (step - 1)
}

// String is what a key, a field or a member of n bytes takes: with its header, which is smallest
// for a short one, and the NUL behind it.
func String(n int) int {
	if n < 32 {
		return Size(n + 2)
	}
	return Size(Value(n))
}

// Value is the size of the value of a key that is a string of n bytes, with its header and the NUL
// behind it, before the allocator rounds it up.
func Value(n int) int {
	switch {
	case n < 256:
		return n + 4
	case n < 1<<16:
		return n + 6
	}
	return n + 10
}
