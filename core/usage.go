package core

import (
	"math/bits"

	"github.com/redlet/redlet/core/internal/rdb"
)

// usage is what MEMORY USAGE says of a key. Of values in one piece Redis says exactly what its
// allocator gave for them, and so does this; what hash tables and long lists take is an estimate.
func (o *object) usage(key []byte) int64 {
	const place, head = 24, 16 // an entry of the database, and what begins every value
	size := place + allotted(stringBytes(len(key), false))
	switch kinds[o.kind].encoding(o) {
	case encInt:
		return size + head
	case encEmbstr:
		return size + allotted(head+stringBytes(o.length(), true))
	case encRaw:
		return size + head + allotted(stringBytes(o.length(), true))
	case encListpackEx:
		const around = 32 // what ties a hash with expiring fields to its database
		return size + head + around + allotted(o.packedBytes())
	case encListpack, encIntset:
		return size + head + allotted(o.packedBytes())
	}
	return size + o.size()
}

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

// packedBytes is the size of a value that is one listpack or intset.
func (o *object) packedBytes() int64 {
	var w rdb.Writer
	w.BeginPayload(nil)
	kinds[o.kind].save(&w, o)
	const footer = 10 // version and checksum
	n := len(w.EndPayload()) - footer
	switch kinds[o.kind].encoding(o) {
	case encListpackEx:
		n -= 8 // the earliest expiry
	case encListpack:
		if o.kind == kindList {
			n -= 2 // one node, and it is packed
		}
	}
	switch { // the length itself
	case n-1 < 1<<6:
		return int64(n - 1)
	case n-2 < 1<<14:
		return int64(n - 2)
	}
	return int64(n - 5)
}
