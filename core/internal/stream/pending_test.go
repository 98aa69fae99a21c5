package stream

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// referenced is Referenced by asking everybody.
func referenced(s *Stream, id ID) bool {
	for _, g := range s.Groups() {
		if g.last.Less(id) || g.Pending(id) != nil {
			return true
		}
	}
	return false
}

// TestReferences has groups come, read, acknowledge and go, and compares what is known of who
// refers to an entry with what the groups say.
func TestReferences(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := New(1)
	const groups, ids = 6, 12
	some := func() ID { return ID{Ms: rng.Uint64N(ids)} }
	for step := range 20_000 {
		name := fmt.Sprint(rng.IntN(groups))
		g := s.Group([]byte(name))
		if g == nil {
			s.AddGroup(name, some(), Unknown)
			continue
		}
		consumer := g.Consumer([]byte("c"))
		switch rng.IntN(12) {
		case 0:
			s.RemoveGroup(g)
		case 1:
			g.SetLast(some())
		case 2:
			if consumer != nil {
				g.RemoveConsumer(consumer)
			}
		case 3, 4, 5:
			g.Ack(some())
		case 6:
			id := some()
			was := false
			for _, g := range s.Groups() {
				was = was || g.Pending(id) != nil
			}
			if step > 500 && s.Dereference(id) != was {
				t.Fatal(step, id, "was pending:", was)
			}
		default:
			if consumer == nil {
				consumer = g.AddConsumer("c", 0)
			}
			if id := some(); rng.IntN(4) == 0 {
				g.Release(id)
			} else {
				g.Assign(id, consumer, 0)
			}
		}
		if step < 500 { // built while there is something
			continue
		}
		for ms := range uint64(ids) {
			if id := (ID{Ms: ms}); s.Referenced(id) != referenced(s, id) {
				t.Fatal(step, id, "is referenced:", referenced(s, id))
			}
		}
	}
}

// TestTrimReferenced trims nodes whose entries may go in part.
func TestTrimReferenced(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		s := New(1)
		g := s.AddGroup("g", MaxID, Unknown)
		c := g.AddConsumer("c", 0)
		var want []ID
		n := 1 + rng.IntN(20)
		trim := Trim{How: Acked, ByID: rng.IntN(2) == 0, MinID: ID{Ms: rng.Uint64N(22)},
			MaxLen: rng.Int64N(22)}
		for i := range n {
			id := ID{Ms: uint64(i + 1)}
			s.Add(id, [][]byte{[]byte("f"), []byte("v")}, Limits{Entries: 3})
			if rng.IntN(3) == 0 {
				g.Assign(id, c, 0)
			}
		}
		left := int64(n)
		over := false // Redis ends with the first node that need not go as a whole
		for first := 0; first < n; first += 3 {
			size := int64(min(3, n-first))
			whole := left-size >= trim.MaxLen
			if trim.ByID {
				whole = (ID{Ms: uint64(first) + uint64(size)}).Less(trim.MinID)
			}
			for i := first; i < first+int(size); i++ {
				id := ID{Ms: uint64(i + 1)}
				due := trim.ByID && id.Less(trim.MinID) || !trim.ByID && left > trim.MaxLen
				if !over && due && g.Pending(id) == nil {
					left--
				} else {
					want = append(want, id)
				}
			}
			over = over || !whole
		}
		if deleted := s.Trim(&trim); deleted != int64(n-len(want)) || s.Len() != left {
			t.Fatalf("%d of %d deleted, %d left, want %v", deleted, n, s.Len(), want)
		}
		invariants(t, s)
		it := s.Range(ID{}, MaxID)
		for _, id := range want {
			if !it.Next() || it.ID() != id {
				t.Fatalf("%v is missing", id)
			}
		}
		if len(want) > 0 && s.First != want[0] || it.Next() {
			t.Fatalf("first is %v, want %v", s.First, want)
		}
	}
}

// TestOldest has entries delivered at random times and compares the order in which they are
// claimed.
func TestOldest(t *testing.T) {
	type delivery struct {
		id   ID
		time int64
	}
	const before = -100 // all times
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		g := New(1).AddGroup("g", ID{}, Unknown)
		c := []*Consumer{g.AddConsumer("a", 0), g.AddConsumer("b", 0)}
		var want []delivery
		built := rng.IntN(40)
		for step := range 40 {
			if step == built {
				g.byTime()
			}
			id, time := ID{Ms: rng.Uint64N(10)}, rng.Int64N(6)-1
			want = slices.DeleteFunc(want, func(d delivery) bool { return d.id == id })
			switch rng.IntN(5) {
			case 0:
				g.Ack(id)
				continue
			case 1:
				g.Release(id)
				want = append(want, delivery{id, before})
				continue
			}
			g.Assign(id, c[rng.IntN(2)], time)
			want = append(want, delivery{id, time})
		}
		slices.SortStableFunc(want, func(a, b delivery) int { return cmp.Compare(a.time, b.time) })
		const now = 3
		released := slices.IndexFunc(want, func(d delivery) bool { return d.time != before })
		if released < 0 {
			released = len(want)
		}
		if got := g.Released(); len(got) != released || g.NumReleased() != released ||
			g.NumPending() != len(want) {
			t.Fatalf("%v released, want %v", got, want)
		}
		o := g.Oldest(now)
		for _, d := range want {
			if d.time > now {
				break
			}
			released := d.time == before
			if !o.Next() || o.ID() != d.id || released != (o.Pending().Consumer == nil) ||
				!released && o.Pending().Time != d.time {
				t.Fatalf("%v instead of %v, want %v", o.ID(), d.id, want)
			}
			if rng.IntN(2) == 0 {
				g.Assign(d.id, c[0], now) // does not come a second time
			}
		}
		if o.Next() {
			t.Fatalf("%v comes behind %v", o.ID(), want)
		}
	}
}
