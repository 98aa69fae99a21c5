package vector

import (
	"testing"

	"github.com/redlet/redlet/core/internal/random"
)

// The product of words is that of the bytes in them, one after the other.
func TestDotBytes(t *testing.T) {
	r := random.New([32]byte{5})
	for _, n := range []int{1, 7, 8, 9, 64, 1000, 8*wordsMax - 1, 8*wordsMax + 9} {
		for _, extreme := range []bool{false, true} {
			x, y := make([]int8, n), make([]int8, n)
			for i := range x {
				x[i], y[i] = int8(r.Next()), int8(r.Next())
				if extreme {
					x[i], y[i] = -128, 127
				}
			}
			want := [3]int32{}
			for i := range x {
				want[0] += int32(x[i]) * int32(y[i])
				want[1] += int32(x[i]) * int32(x[i])
				want[2] += int32(y[i]) * int32(y[i])
			}
			s := New(Config{Dim: n, Quant: Q8})
			a, b := inWords(x), inWords(y)
			for i := range x {
				if got := byteAt(a.words, i); got != x[i] {
					t.Fatalf("byte %d of %d is %d, want %d", i, n, got, x[i])
				}
			}
			got := [3]int32{s.product(&a, &b), s.product(&a, &a), s.product(&b, &b)}
			if got != want {
				t.Errorf("of %d bytes %v, want %v", n, got, want)
			}
		}
	}
}

func inWords(bytes []int8) (v Vector) {
	v.words = make([]uint64, (len(bytes)+7)/8)
	for i, b := range bytes {
		setByte(v.words, i, b)
	}
	v.sum = sumBytes(v.words)
	return v
}
