package stream

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// order is the oracle of a tree: its ids in order.
func order(m map[ID]int) []ID {
	return slices.SortedFunc(maps.Keys(m), func(a, b ID) int {
		switch {
		case a.Less(b):
			return -1
		case b.Less(a):
			return 1
		}
		return 0
	})
}

// radixNodes counts the nodes of a radix tree of ids, which are sorted and have their first n bytes
// in common.
func radixNodes(ids []ID, n int) int {
	if len(ids) == 0 {
		return 1
	}
	depth := common(ids[0], ids[len(ids)-1])
	count := 1
	if depth > n {
		count++
	}
	if depth == idBytes {
		return count
	}
	for from := 0; from < len(ids); {
		to := from + 1
		for to < len(ids) && common(ids[from], ids[to]) > depth {
			to++
		}
		count += radixNodes(ids[from:to], depth+1)
		from = to
	}
	return count
}

// check compares a tree with its oracle in every way.
func check(t *testing.T, tr *tree[int], want map[ID]int, probes []ID) {
	t.Helper()
	ids := order(want)
	if tr.n != len(ids) {
		t.Fatalf("%d ids, want %d", tr.n, len(ids))
	}
	i := 0
	for c := tr.first(); c.valid(); c.next() {
		if i >= len(ids) || c.id() != ids[i] || c.val() != want[ids[i]] {
			t.Fatalf("id %d is %v", i, c.id())
		}
		i++
	}
	for c := tr.last(); c.valid(); c.prev() {
		if i--; c.id() != ids[i] {
			t.Fatalf("id %d is %v backwards", i, c.id())
		}
	}
	if i != 0 {
		t.Fatal("ids are missing backwards")
	}
	for _, id := range probes {
		v, ok := tr.find(id)
		if w, there := want[id]; ok != there || v != w {
			t.Fatalf("find %v: %v %v", id, v, ok)
		}
		at, found := slices.BinarySearchFunc(ids, id, func(a, b ID) int {
			if a.Less(b) {
				return -1
			} else if b.Less(a) {
				return 1
			}
			return 0
		})
		c := tr.seek(id)
		if c.valid() != (at < len(ids)) || c.valid() && c.id() != ids[at] {
			t.Fatalf("seek %v", id)
		}
		if !found {
			at--
		}
		if c = tr.seekBack(id); c.valid() != (at >= 0) || c.valid() && c.id() != ids[at] {
			t.Fatalf("seek back %v", id)
		}
	}
}

// randomID gives ids that have all kinds of starts in common.
func randomID(rng *rand.Rand) ID {
	id := ID{1700000000000, 0}
	switch rng.IntN(4) {
	case 0:
		id.Seq = rng.Uint64N(2000)
	case 1:
		id.Ms = rng.Uint64() >> rng.IntN(64)
	case 2:
		id.Ms += rng.Uint64N(1 << 20)
	case 3:
		id.Seq = rng.Uint64() >> rng.IntN(64)
	}
	return id
}

func TestTree(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var tr tree[int]
		want, radix := map[ID]int{}, 0
		for i := range 3000 {
			id := randomID(rng)
			if seed%4 == 3 { // in order, and removed from the front
				id = ID{uint64(i), 0}
			}
			if rng.IntN(3) > 0 == (i/700%2 == 0) {
				if _, there := want[id]; !there {
					radix += radixShare(&tr, id)
				}
				tr.put(id, i)
				want[id] = i
			} else if len(want) > 0 {
				if c := tr.seek(id); c.valid() {
					id = c.id()
				}
				if _, there := want[id]; tr.remove(id) != there {
					t.Fatal("remove", id)
				} else if there {
					radix -= radixShare(&tr, id)
				}
				delete(want, id)
			}
			if i%500 == 499 {
				probes := []ID{{}, MaxID, id}
				for range 50 {
					probes = append(probes, randomID(rng))
				}
				check(t, &tr, want, append(probes, order(want)...))
				if w := radixNodes(order(want), 0); radix+1 != w {
					t.Fatalf("seed %d: %d radix nodes, want %d", seed, radix+1, w)
				} else if n := radixSize(&tr); tr.n <= radixCounted && n != w {
					t.Fatalf("seed %d: %d radix nodes are counted, want %d", seed, n, w)
				}
			}
		}
		for _, id := range order(want) {
			tr.remove(id)
		}
		check(t, &tr, nil, []ID{{}, MaxID})
	}
}
