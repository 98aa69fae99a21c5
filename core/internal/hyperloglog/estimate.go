package hyperloglog

import (
	"encoding/binary"
	"math"
)

// histogram counts registers by their ranks.
type histogram [64]int32

// add counts the registers that the bytes of a word are. Neighbours, which are often equal, are
// counted apart: a count that was just written is slow to read.
func add(h *[4]histogram, x uint64) {
	h[0][x&63]++
	h[1][x>>8&63]++
	h[2][x>>16&63]++
	h[3][x>>24&63]++
	h[0][x>>32&63]++
	h[1][x>>40&63]++
	h[2][x>>48&63]++
	h[3][x>>56&63]++
}

// sum makes h the sum of four.
func (h *histogram) sum(parts *[4]histogram) {
	for i := range h {
		h[i] = parts[0][i] + parts[1][i] + parts[2][i] + parts[3][i]
	}
}

func (h *histogram) addDense(b []byte) {
	var parts [4]histogram
	for at := 0; at < len(b); at += 6 {
		add(&parts, spread(word(b, at)))
	}
	h.sum(&parts)
}

func (h *histogram) addRegisters(r *Registers) {
	var parts [4]histogram
	for i := 0; i < registers; i += 8 {
		add(&parts, binary.LittleEndian.Uint64(r[i:]))
	}
	h.sum(&parts)
}

func (h *histogram) addSparse(b []byte) (ok bool) {
	at := 0
	for len(b) > 0 {
		in := runAt(b)
		if at += in.n; at > registers {
			return false
		}
		h[in.rank] += int32(in.n)
		b = b[min(in.size, len(b)):]
	}
	return at == registers
}

// The estimator is the one of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog
// sketches", arXiv:1702.01284: it needs no tables and no ranges that are corrected apart. For the
// same digits everywhere no multiplication may be fused with an addition; hence the conversions.

// alphaInf is 1/(2 ln 2).
const alphaInf = 0.5 / math.Ln2

// estimate returns the number of elements that makes such ranks likeliest.
func (h *histogram) estimate() int64 {
	const m = float64(registers)
	z := m * tau((m-float64(h[rankMax]))/m)
	for rank := rankMax - 1; rank >= 1; rank-- {
		z = 0.5 * (z + float64(h[rank]))
	}
	z += float64(m * sigma(float64(h[0])/m))
	n := math.Round(alphaInf * m * m / z)
	if n >= 1<<63 {
		return math.MinInt64 // as it is where Redis runs; Go leaves it open
	}
	return int64(n)
}

// sigma is x + the sum over k of x^(2^k) 2^(k-1): what the registers add that are still 0.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	for sum, factor := x, 1.0; ; factor *= 2 {
		x *= x
		last := sum
		if sum += float64(x * factor); sum == last {
			return sum
		}
	}
}

// tau is a third of 1 - x - the sum over k of (1-x^(2^-k))^2 2^-k: what those add that are full.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	for sum, factor := 1-x, 0.5; ; factor *= 0.5 {
		x = math.Sqrt(x)
		last := sum
		if sum -= float64((1 - x) * (1 - x) * factor); sum == last {
			return sum / 3
		}
	}
}
