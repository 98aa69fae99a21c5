package core

import "math/bits"

// usage is what MEMORY USAGE says of a key. Of values in one piece Redis says exactly what its
// allocator gave for them, and so does this; what hash tables and long lists take is an estimate.
func (o *object) usage(key []byte) int64 {
	const place = 24 // an entry of the database
	return place + allotted(stringBytes(len(key), false)) + o.ops().size(o)
}

// headSize is the bytes that begin every value.
const headSize = 16

// stringBytes is the size of a string in Redis with its header and the NUL behind it. Only keys
// and the like have the smallest header.
func stringBytes(n int, value bool) int64 {
	header := 5
	switch {
	case n < 32 && !value:
		header = 1
	case n < 256:
		header = 3
	case n >= 1<<16:
		header = 9
	}
	return int64(header + n + 1)
}

// allotted is what jemalloc gives for a number of bytes: multiples of 16 up to 128, and from there
// on four sizes between one power of two and the next.
func allotted(n int64) int64 {
	step := int64(16)
	switch {
	case n <= 8:
		return 8
	case n > 128:
		step = 1 << (bits.Len64(uint64(n-1)) - 3)
	}
	return (n + step - 1) &^ (step - 1)
}
