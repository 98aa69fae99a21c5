package list

import "math"

// Limits are the server's parameters for lists. One value serves all lists and may change at any
// time; what a list has stored stays as it is, as in Redis.
type Limits struct {
	// Fill is list-max-listpack-size: a number of elements, or -1 to -5 for 4 to 64 KB.
	Fill int
	// Packed is the length from which an element gets a node of its own; 0 derives it from Fill.
	// Only DEBUG QUICKLIST-PACKED-THRESHOLD sets it.
	Packed int
	// Compress is whether list-compress-depth has quicklists compress their inner nodes.
	Compress bool
}

const (
	fillMax = 1<<15 - 1
	fillMin = -5
	// safetySize bounds a node whose limit is a number of elements.
	safetySize = 8192
	// entryOverhead is what Redis reckons an element takes besides its data.
	entryOverhead = 8
	unlimited     = math.MaxInt
)

// clampFill returns fill as a quicklist keeps it.
func clampFill(fill int) int { return max(fillMin, min(fill, fillMax)) }

// nodeLimit returns how many bytes and how many elements a node of that fill may hold.
func nodeLimit(fill int) (size, count int) {
	if fill >= 0 {
		return unlimited, max(fill, 1)
	}
	return 2048 << -max(fill, fillMin), unlimited
}

// exceeds reports whether a node of that many bytes and elements is beyond the limit of fill.
//
//go:noinline
func exceeds(fill, size, count int) bool {
	sizeMax, countMax := nodeLimit(fill)
	if sizeMax != unlimited {
		return size > sizeMax
	}
	return size > safetySize || count > countMax
}

// large reports whether an element of that size gets a node of its own.
//
//go:noinline
func (m *Limits) large(fill, size int) bool {
	if m.Packed != 0 {
		return size >= m.Packed
	}
	if fill >= 0 {
		return size > safetySize
	}
	sizeMax, _ := nodeLimit(fill)
	return size > sizeMax
}
