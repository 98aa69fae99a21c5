package small

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestInsert(t *testing.T) {
	for n := range 5 {
		for i := range n + 1 {
			for spare := range 4 {
				s := make([]int, n, n+spare)
				for k := range s {
					s[k] = k
				}
				want := slices.Insert(slices.Clone(s), i, 7, 8)
				if got := Insert(s, i, 7, 8); !slices.Equal(got, want) {
					t.Errorf("of %d, at %d: %v, want %v", n, i, got, want)
				}
			}
		}
	}
}

func TestDelete(t *testing.T) {
	for n := range 5 {
		for i := range n + 1 {
			for j := i; j <= n; j++ {
				s, all := make([]int, n), make([]int, n)
				for k := range s {
					s[k], all[k] = k+1, k+1
				}
				want := slices.Delete(all, i, j)
				if got := Delete(s, i, j); !slices.Equal(got, want) || !slices.Equal(s, all) {
					t.Errorf("of %d, %d to %d: %v in %v, want %v in %v", n, i, j, got, s, want, all)
				}
			}
		}
	}
}

func TestDeleteFunc(t *testing.T) {
	for n := range 5 {
		for gone := range 1 << n {
			s, all := make([]int, n), make([]int, n)
			for k := range s {
				s[k], all[k] = k+1, k+1
			}
			del := func(v int) bool { return gone>>(v-1)&1 == 1 }
			want := slices.DeleteFunc(all, del)
			if got := DeleteFunc(s, del); !slices.Equal(got, want) || !slices.Equal(s, all) {
				t.Errorf("of %d, %b: %v in %v, want %v in %v", n, gone, got, s, want, all)
			}
		}
	}
}

func TestSort(t *testing.T) {
	type pair struct{ by, at int }
	random := rand.New(rand.NewPCG(1, 2))
	by := func(a, b pair) int { return cmp.Compare(a.by, b.by) }
	for n := range 300 {
		s := make([]pair, n)
		for i := range s {
			s[i] = pair{random.IntN(1 + n/2), i}
		}
		want := slices.Clone(s)
		slices.SortStableFunc(want, by)
		if Sort(s, by); !slices.Equal(s, want) {
			t.Fatalf("%d: %v, want %v", n, s, want)
		}
	}
}

func TestPile(t *testing.T) {
	var pile Pile
	var want, got []string
	var kept [][]byte
	for i := range 300 {
		b := bytes.Repeat([]byte{byte(i)}, i%140)
		want = append(want, string(b))
		kept = append(kept, pile.Clone(b))
		clear(b)
	}
	for _, b := range kept {
		got = append(got, string(b))
		_ = append(b, "over"...) // reaches no neighbour
	}
	for i, b := range kept {
		if string(b) != want[i] || got[i] != want[i] || b == nil {
			t.Fatalf("text %d is %q, want %q", i, b, want[i])
		}
	}
}

func TestTexts(t *testing.T) {
	var pile Texts
	var want, got []string
	for i := range 300 {
		b := bytes.Repeat([]byte{byte(i)}, i%140)
		want = append(want, string(b))
		got = append(got, pile.Clone(b))
		clear(b)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("text %d is %q, want %q", i, got[i], want[i])
		}
	}
}
