// Package histogram counts durations so that percentiles can be told, with an error below one in a
// hundred and twenty-eight.
package histogram

import "math/bits"

// Max is the longest duration that is told from longer ones, a second in nanoseconds.
const Max = 1_000_000_000

// A bucket is half values that are exact, [0, 128), or 128 steps from a power of two to the next.
const (
	half     = 1 << halfBits
	halfBits = 7
	buckets  = 24 // 128 << 23 is more than Max
)

// Histogram counts durations in nanoseconds. The zero value has none.
type Histogram struct {
	counts [(buckets + 1) * half]uint32
	total  int64
}

// Add counts a duration n times. What is longer than Max counts as Max, what is below 1 as 1.
func (h *Histogram) Add(ns int64, n int) {
	h.counts[index(min(max(ns, 1), Max))] += uint32(n)
	h.total += int64(n)
}

// index is where a value is counted.
func index(v int64) int {
	shift := max(bits.Len64(uint64(v))-halfBits-1, 0)
	return shift*half + int(v>>shift)
}

// highest is the greatest value that is counted at index i.
func highest(i int) int64 {
	if i < 2*half {
		return int64(i)
	}
	shift := i/half - 1
	return int64(i%half+half+1)<<shift - 1
}

// At returns the duration that p percent of all do not exceed; 0 if there are none.
func (h *Histogram) At(p float64) int64 {
	want := int64(p/100*float64(h.total) + 0.5)
	want = max(want, 1)
	seen := int64(0)
	for i := range h.counts {
		if seen += int64(h.counts[i]); seen >= want {
			return highest(i)
		}
	}
	return 0
}

// Total is how many durations were counted.
func (h *Histogram) Total() int64 { return h.total }

// Powers calls each with how many durations are no longer than first, twice first and so on, and
// with the longest that counts as such, where there are more than before.
func (h *Histogram) Powers(first int64, each func(ns, count int64)) {
	next, seen, told := 0, int64(0), int64(0)
	for end := first; seen < h.total; end *= 2 {
		last := min(index(end), len(h.counts)-1)
		for ; next <= last; next++ {
			seen += int64(h.counts[next])
		}
		if seen > told {
			each(highest(last), seen)
			told = seen
		}
	}
}
