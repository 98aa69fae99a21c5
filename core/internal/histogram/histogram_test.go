package histogram

import "testing"

func TestBounds(t *testing.T) {
	last := 0
	for v := int64(1); v <= Max; v += 1 + v/1000 {
		i := index(v)
		if high := highest(i); high < v || high-v > v/half || i < last || i > last+1 {
			t.Fatalf("%d is counted at %d, with %d", v, i, high)
		}
		last = i
	}
	if last >= len(Histogram{}.counts) {
		t.Errorf("the greatest has the index %d", last)
	}
}

func TestAt(t *testing.T) {
	var h Histogram
	if got := h.At(50); got != 0 {
		t.Errorf("of nothing %d", got)
	}
	for i := range 100 {
		h.Add(int64(i+1), 2)
	}
	for _, c := range []struct {
		p    float64
		want int64
	}{{0, 1}, {50, 50}, {99, 99}, {100, 100}} {
		if got := h.At(c.p); got != c.want {
			t.Errorf("p%v is %d; want %d", c.p, got, c.want)
		}
	}
	h.Add(-5, 1000)
	h.Add(2*Max, 1)
	if low, high := h.At(50), h.At(100); low != 1 || high != highest(index(Max)) {
		t.Errorf("from %d to %d", low, high)
	}
}

func BenchmarkAdd(b *testing.B) {
	var h Histogram
	for i := 0; b.Loop(); i++ {
		h.Add(int64(i%5000), 1)
	}
}
