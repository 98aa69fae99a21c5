package ordered

import (
	"math/rand"
	"slices"
	"strconv"
	"testing"
)

// TestOracle compares a map with a list that is searched.
func TestOracle(t *testing.T) {
	type pair struct {
		key string
		val int
	}
	rnd := rand.New(rand.NewSource(1))
	var m Map[int]
	var list []pair
	for step := range 20_000 {
		key := strconv.Itoa(rnd.Intn(60))
		at := slices.IndexFunc(list, func(p pair) bool { return p.key == key })
		if rnd.Intn(100) < 30+step/100%50 {
			v, fresh := m.Put(key)
			if *v = step; fresh != (at < 0) {
				t.Fatalf("step %d: fresh is %v", step, fresh)
			}
			if fresh {
				list = append(list, pair{key, step})
			} else {
				list[at].val = step
			}
		} else {
			if gone := m.Delete(key); gone != (at >= 0) {
				t.Fatalf("step %d: deleted is %v", step, gone)
			}
			if at >= 0 {
				list = slices.Delete(list, at, at+1)
			}
		}
		var got []pair
		for key, v := range m.All {
			got = append(got, pair{key, *v})
			if f := m.Find(key); f != v {
				t.Fatalf("step %d: %s is not found", step, key)
			}
		}
		if !slices.Equal(got, list) || m.Len() != len(list) {
			t.Fatalf("step %d: %v, and not %v", step, got, list)
		}
		if len(list) > 0 && m.Last() != list[len(list)-1].key {
			t.Fatalf("step %d: the last is %s", step, m.Last())
		}
		if len(m.list) > 2*len(list) {
			t.Fatalf("step %d: %d places for %d", step, len(m.list), len(list))
		}
	}
	if m.Find("none") != nil {
		t.Error("what is not there is found")
	}
}
