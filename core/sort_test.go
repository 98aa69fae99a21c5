package core

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// TestSortByScore compares with a sort that is handed a function to compare with: elements in any
// order, in order, and in the other one, many of them of one score, and alike.
func TestSortByScore(t *testing.T) {
	e := start(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		items := make([]sortItem, n*n/100)
		for i := range items {
			score := float64(rng.IntN(1+len(items)) - len(items)/2)
			switch n % 4 {
			case 0:
				score = float64(i / 3)
			case 1:
				score = float64(-i / 3)
			}
			text := strconv.AppendInt(nil, int64(score), 10)
			if rng.IntN(3) == 0 {
				text = append(text, ".0"...)
			}
			items[i] = sortItem{element: text, score: score}
		}
		for _, desc := range []bool{false, true} {
			want, got := make([]uint32, len(items)), make([]uint32, len(items))
			for i := range want {
				want[i] = uint32(i)
			}
			slices.SortFunc(want, func(a, b uint32) int {
				order := cmp.Or(cmp.Compare(items[a].score, items[b].score),
					bytes.Compare(items[a].element, items[b].element))
				if desc {
					order = -order
				}
				return cmp.Or(order, cmp.Compare(a, b))
			})
			(&Call{e: e}).sortByScore(got, items, desc)
			if !slices.Equal(got, want) {
				t.Fatalf("%d elements, desc %v: got %v, want %v", len(items), desc, got, want)
			}
		}
	}
}
