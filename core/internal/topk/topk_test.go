package topk

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestExact(t *testing.T) {
	l := New(3)
	for _, s := range []string{"a", "b", "a", "c", "a", "b"} {
		l.Add([]byte(s), 2)
	}
	l.Add([]byte("d"), 0)
	got := l.Top(2)
	if len(got) != 2 || got[0] != (Entry{"a", 6}) || got[1] != (Entry{"b", 4}) || l.Total() != 12 {
		t.Errorf("%v of %d", got, l.Total())
	}
	if all := l.Top(9); len(all) != 3 || all[2] != (Entry{"c", 2}) {
		t.Errorf("all are %v", all)
	}
}

// TestHeavy adds ten heavy items among many light ones: they are found, and no count is too small,
// nor too large by more than the weight for each counter.
func TestHeavy(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	l, exact := New(100), map[string]int64{}
	for range 100_000 {
		item := "light" + strconv.Itoa(rnd.IntN(10_000))
		if rnd.IntN(3) == 0 {
			item = "heavy" + strconv.Itoa(rnd.IntN(10))
		}
		weight := int64(1 + rnd.IntN(5))
		l.Add([]byte(item), weight)
		exact[item] += weight
	}
	top := l.Top(10)
	for i, e := range top {
		if e.Item[:5] != "heavy" {
			t.Errorf("number %d is %v", i, e)
		}
		if e.Count < exact[e.Item] || e.Count > exact[e.Item]+l.Total()/100 {
			t.Errorf("%v, but it is %d", e, exact[e.Item])
		}
		if i > 0 && e.Count > top[i-1].Count {
			t.Errorf("%v stands behind %v", e, top[i-1])
		}
	}
	if len(l.counters) != 100 {
		t.Errorf("%d counters", len(l.counters))
	}
}
