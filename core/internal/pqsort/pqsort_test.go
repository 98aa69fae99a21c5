package pqsort

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestFirst compares with a whole sort, for lists with many equal elements and with few.
func TestFirst(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 3000 {
		s := make([]uint32, rng.IntN(200))
		for i := range s {
			s[i] = rng.Uint32N(1 + rng.Uint32N(200))
		}
		want := slices.Sorted(slices.Values(s))
		n := rng.IntN(len(s) + 1)
		First(s, n, cmp.Compare[uint32])
		if !slices.Equal(s[:n], want[:n]) {
			t.Fatalf("the first %d are %v, want %v", n, s[:n], want[:n])
		}
		slices.Sort(s)
		if !slices.Equal(s, want) {
			t.Fatal("elements were lost")
		}
	}
}
