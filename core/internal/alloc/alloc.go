// Package alloc knows what memory a 64-bit Redis takes for pieces of data, with the allocator that
// its builds have: MEMORY USAGE shows it, and maxmemory goes by it. It is the same on every host.
package alloc

import (
	"math"
	"math/bits"
)

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

// Capacity is how long a string can grow in what was allocated for its n bytes. A short one has a
// header in which that cannot be told. What came as an argument of more than 32 KB has two bytes
// more, and is cut where a tenth is not used.
func Capacity(n int) int {
	const bigArg = 32 << 10
	switch {
	case n > 0 && n < 32:
		return n
	case n >= bigArg:
		if c := fits(n + 2); c-n <= n/10 {
			return c
		}
		return n
	}
	return fits(n)
}

// Greedy is the capacity of a string that had to grow to n bytes: as much again, up to a megabyte.
func Greedy(n int) int { return fits(n + min(n, 1<<20)) }

// fits is how long a string can grow in what is allocated for n bytes, and told in its header.
func fits(n int) int {
	most := math.MaxInt
	switch {
	case n < 256:
		most = 255
	case n < 1<<16:
		most = 1<<16 - 1
	}
	return min(Size(Value(n))-Value(n)+n, most)
}

// Table is what a hash table of n entries takes beside them, its buckets included, once it has done
// with growing.
func Table(n int) int { return 56 + 8<<bits.Len(uint(max(n, 4)-1)) }
