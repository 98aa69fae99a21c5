package random

import "testing"

// TestRepeats shows that a seed, or a state that was taken, determines what follows.
func TestRepeats(t *testing.T) {
	a, b := New([32]byte{1}), New([32]byte{1})
	other := New([32]byte{2})
	same := true
	for range 100 {
		x := a.Next()
		if y := b.Next(); x != y {
			t.Fatalf("the same seed gives %d and %d", x, y)
		}
		same = same && x == other.Next()
	}
	if same {
		t.Error("two seeds give the same")
	}
	var c Generator
	if !c.SetState(a.AppendState(nil)) {
		t.Fatal("a state is refused")
	}
	if x, y := a.Next(), c.Next(); x != y {
		t.Errorf("the same state gives %d and %d", x, y)
	}
	for _, bad := range [][]byte{nil, make([]byte, 31), make([]byte, 32)} {
		if c.SetState(bad) {
			t.Errorf("%v is taken for a state", bad)
		}
	}
}

func TestBelow(t *testing.T) {
	g := New([32]byte{})
	var seen [3]int
	for range 3000 {
		seen[g.Below(3)]++
	}
	for i, n := range seen {
		if n < 800 || n > 1200 {
			t.Errorf("%d came %d times of 3000", i, n)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	g := New([32]byte{})
	for range b.N {
		g.Next()
	}
}
