package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/internal/listpack"
)

func TestParseID(t *testing.T) {
	for _, c := range []struct {
		text string
		want ID
		ok   bool
	}{
		{"0", ID{0, 9}, true}, {"1-2", ID{1, 2}, true}, {"-5", ID{}, false}, {"", ID{}, false},
		{"1-", ID{}, false}, {"1--5", ID{}, false}, {"007-+5", ID{7, 5}, true}, {" 1- 2", ID{1, 2}, true},
		{"18446744073709551615-18446744073709551615", MaxID, true},
		{"18446744073709551616", ID{}, false}, {"1--05", ID{1, 1<<64 - 5}, true}, {"1-2-3", ID{}, false},
		{"1-*", ID{}, false}, {"5\x00x", ID{5, 9}, true}, {"a", ID{}, false}, {"1 ", ID{}, false},
		{"+", ID{}, false}, {strings.Repeat("0", 127), ID{0, 9}, true},
		{strings.Repeat("0", 128), ID{}, false},
	} {
		id, ok := ParseID([]byte(c.text), 9)
		if ok != c.ok || ok && id != c.want {
			t.Errorf("%q: %v %v", c.text, id, ok)
		}
	}
	for text, ok := range map[string]bool{"5-*": true, "5": false, "5-**": false, "-*": false} {
		if _, got := ParseAutoSeq([]byte(text)); got != ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestIDNeighbours(t *testing.T) {
	ids := []ID{{}, {0, 1}, {0, 1<<64 - 1}, {1, 0}, {7, 7}, {1<<64 - 1, 0}, MaxID}
	for _, id := range ids {
		if next, ok := id.Next(); ok != (id != MaxID) {
			t.Error(id, "next", ok)
		} else if back, _ := next.Prev(); back != id {
			t.Error(id, "is not before its next", next)
		}
		if prev, ok := id.Prev(); ok != (id != ID{}) || prev.Less(id) != ok {
			t.Error(id, "prev", prev, ok)
		}
	}
}

// plain is a stream in the simplest form that there is.
type plain struct {
	ids    []ID
	fields map[ID]string
}

func text(it *Iterator) string {
	var out []byte
	put := func(s []byte, n int64, isInt bool) {
		if isInt {
			s = fmt.Append(nil, n)
		}
		out = append(append(out, s...), '|')
	}
	for range it.Len() {
		put(it.Field())
		put(it.Value())
	}
	return string(out)
}

// compare checks everything that a stream tells of its entries.
func (o *plain) compare(t *testing.T, s *Stream, rng *rand.Rand) {
	t.Helper()
	if s.Len() != int64(len(o.ids)) {
		t.Fatalf("%d entries, want %d", s.Len(), len(o.ids))
	}
	low, high := ID{}, MaxID
	if len(o.ids) > 0 && rng.IntN(2) == 0 {
		low, high = o.ids[rng.IntN(len(o.ids))], o.ids[rng.IntN(len(o.ids))]
	}
	var want []ID
	for _, id := range o.ids {
		if !id.Less(low) && !high.Less(id) {
			want = append(want, id)
		}
	}
	var got, back []ID
	for it := s.Range(low, high); it.Next(); {
		got = append(got, it.ID())
		if rng.IntN(2) == 0 {
			if f := text(it); f != o.fields[it.ID()] {
				t.Fatalf("%v holds %q, want %q", it.ID(), f, o.fields[it.ID()])
			}
		}
	}
	for it := s.Reverse(low, high); it.Next(); {
		back = append(back, it.ID())
		if f := text(it); f != o.fields[it.ID()] {
			t.Fatalf("%v holds %q, want %q", it.ID(), f, o.fields[it.ID()])
		}
	}
	slices.Reverse(back)
	if !slices.Equal(got, want) || !slices.Equal(back, want) {
		t.Fatalf("from %v to %v\ngot  %v\nback %v\nwant %v", low, high, got, back, want)
	}
	o.compareFind(t, s, rng)
	first, last := ID{}, ID{}
	if len(o.ids) > 0 {
		first, last = o.ids[0], o.ids[len(o.ids)-1]
	}
	if s.First != first || s.LastEntry() != last {
		t.Fatalf("first %v and last %v, want %v and %v", s.First, s.LastEntry(), first, last)
	}
}

// compareFind looks for ids, most often in their order, that there are and that there are not.
func (o *plain) compareFind(t *testing.T, s *Stream, rng *rand.Rand) {
	t.Helper()
	var it Iterator
	for i := 0; i < len(o.ids); i += 1 + rng.IntN(5) {
		id := o.ids[i]
		switch rng.IntN(8) {
		case 0:
			id = o.ids[rng.IntN(len(o.ids))]
		case 1:
			id, _ = id.Next()
		}
		f, there := o.fields[id], slices.Contains(o.ids, id)
		if ok := it.Find(s, id); ok != there {
			t.Fatalf("found %v: %v, want %v", id, ok, there)
		}
		if there && (it.ID() != id || rng.IntN(2) == 0 && text(&it) != f) {
			t.Fatalf("%v is found as %v", id, it.ID())
		}
	}
}

// invariants checks what a stream keeps of its nodes.
func invariants(t *testing.T, s *Stream) {
	t.Helper()
	var ids []ID
	var tail *node
	size := 0
	for c := s.nodes.first(); c.valid(); c.next() {
		n := c.val()
		ids = append(ids, c.id())
		size += n.size
		tail = n
		if !n.valid() || n.id != c.id() {
			t.Fatal("a node that is none")
		}
		if _, err := listpack.Validate(n.pack); err != nil {
			t.Fatal(err)
		}
	}
	if keys, radix := s.Nodes(); keys != len(ids) || radix != radixNodes(ids, 0) || size != s.bytes ||
		s.tail != tail {
		t.Fatalf("%d nodes, %d radix nodes, %d bytes", keys, radix, s.bytes)
	}
}

func (o *plain) add(t *testing.T, s *Stream, rng *rand.Rand, lim Limits) {
	t.Helper()
	id, _ := s.NextID(s.Last.Ms + rng.Uint64N(3))
	var fields [][]byte
	all := ""
	for i := range 1 + rng.IntN(3) {
		f := fmt.Sprintf("f%d", i+rng.IntN(20)/19)
		v := fmt.Sprint(rng.Int64() >> rng.IntN(64))
		if rng.IntN(4) == 0 {
			v = strings.Repeat("x", rng.IntN(300))
		}
		fields = append(fields, []byte(f), []byte(v))
		all += f + "|" + v + "|"
	}
	s.Add(id, fields, lim)
	o.ids = append(o.ids, id)
	o.fields[id] = all
}

// trim does what Trim is to do exactly, and checks that it did as much as it may by whole nodes.
func (o *plain) trim(t *testing.T, s *Stream, rng *rand.Rand) {
	t.Helper()
	tr := Trim{ByID: rng.IntN(2) == 0, MaxLen: rng.Int64N(200), Whole: rng.IntN(3) == 0}
	if len(o.ids) > 0 {
		tr.MinID = o.ids[rng.IntN(len(o.ids))]
	}
	gone := 0
	for len(o.ids)-gone > 0 && (!tr.ByID && int64(len(o.ids)-gone) > tr.MaxLen ||
		tr.ByID && o.ids[gone].Less(tr.MinID)) {
		gone++
	}
	got := s.Trim(&tr)
	if got > int64(gone) || !tr.Whole && got < int64(gone) {
		t.Fatalf("%+v removed %d, want %d", tr, got, gone)
	}
	o.ids = o.ids[got:]
}

func TestStream(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 0))
		s, o := New(seed), plain{fields: map[ID]string{}}
		lim := Limits{Bytes: 4096, Entries: int64(rng.IntN(20))}
		if seed%3 == 0 {
			lim.Bytes = int64(rng.IntN(1000))
		}
		for range 1500 {
			switch r := rng.IntN(100); {
			case r < 60:
				o.add(t, s, rng, lim)
			case r < 97:
				if len(o.ids) == 0 {
					continue
				}
				i := rng.IntN(len(o.ids))
				if !s.Remove(o.ids[i]) || s.Remove(o.ids[i]) || s.Has(o.ids[i]) {
					t.Fatal("not removed once")
				}
				o.ids = slices.Delete(o.ids, i, i+1)
			default:
				o.trim(t, s, rng)
			}
			if rng.IntN(20) == 0 {
				o.compare(t, s, rng)
				invariants(t, s)
			}
		}
		c := s.Clone()
		for len(o.ids) > 0 {
			o.ids = o.ids[:len(o.ids)-1]
			s.Remove(s.LastEntry())
			o.compare(t, s, rng)
		}
		invariants(t, s)
		invariants(t, c)
	}
}

func TestApproximateLimit(t *testing.T) {
	s := New(0)
	for i := range uint64(100) {
		s.Add(ID{i + 1, 0}, [][]byte{[]byte("f"), []byte("v")}, Limits{Entries: 10})
	}
	for _, c := range []struct{ limit, most, want int64 }{
		{9, 0, 0}, {10, 0, 10}, {25, 0, 20}, {0, 45, 20}, {0, 45, 0}, {0, 0, 50},
	} {
		tr := Trim{MaxLen: c.most, Whole: true, Limit: c.limit}
		if got := s.Trim(&tr); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestGroups(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := New(1)
	g := s.AddGroup("g", ID{}, Unknown)
	s.AddGroup("a", ID{}, 0)
	if s.Groups()[0].Name != "a" || s.Group([]byte("g")) != g || s.Group([]byte("x")) != nil {
		t.Fatal("groups")
	}
	owner := map[ID]string{}
	for i := range 5000 {
		id := ID{rng.Uint64N(300), 1}
		name := string(rune('a' + rng.IntN(5)))
		c := g.Consumer([]byte(name))
		if c == nil {
			c = g.AddConsumer(name, int64(i))
		}
		switch r := rng.IntN(100); {
		case r < 50:
			g.Assign(id, c, 0).Count++
			owner[id] = name
		case r < 99:
			if _, there := owner[id]; g.Ack(id) != there {
				t.Fatal("ack", id)
			}
			delete(owner, id)
		default:
			g.RemoveConsumer(c)
			for id, n := range owner {
				if n == name {
					delete(owner, id)
				}
			}
		}
		checkGroup(t, s, g, owner)
	}
	d := s.Clone()
	checkGroup(t, d, d.Group([]byte("g")), owner)
	s.RemoveGroup(g)
	s.RemoveGroup(s.Group([]byte("a")))
	if s.shared != (shared{}) || s.Memory() != New(0).Memory() {
		t.Error("what is left:", s.shared)
	}
}

func checkGroup(t *testing.T, s *Stream, g *Group, owner map[ID]string) {
	t.Helper()
	if g.NumPending() != len(owner) || s.shared.pending != len(owner) {
		t.Fatalf("%d pending, want %d", g.NumPending(), len(owner))
	}
	n := 0
	for _, c := range g.Consumers() {
		for at := c.Seek(ID{}); at.Valid(); at.Next() {
			if owner[at.ID()] != c.Name || at.Pending() != g.Pending(at.ID()) {
				t.Fatal("it belongs to another:", at.ID())
			}
			n++
		}
	}
	if n != len(owner) || s.shared.consumers != len(g.Consumers()) {
		t.Fatal(n, "pending with consumers")
	}
}

// FuzzLoadNode loads anything as a node and uses it.
func FuzzLoadNode(f *testing.F) {
	s := New(0)
	for i := range uint64(5) {
		fields := [][]byte{[]byte("f"), []byte("v"), []byte("g"), []byte("12")}
		s.Add(ID{i + 1, 0}, fields[:2+2*(i%2)], Limits{})
	}
	s.Remove(ID{2, 0})
	s.EachNode(func(_ []byte, p listpack.Pack) { f.Add([]byte(p)) })
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := listpack.Validate(bytes.Clone(b))
		if err != nil {
			return
		}
		s := New(0)
		if !s.LoadNode(ID{1, 2}, p) || !s.SetLen(int64(len(b)%9)) {
			return
		}
		s.SetFirst()
		for it := s.Range(ID{}, MaxID); it.Next(); {
			text(it)
		}
		for it := s.Reverse(ID{}, MaxID); it.Next(); {
			text(it)
		}
		s.Trim(&Trim{MaxLen: s.Len() / 2})
		s.Trim(&Trim{ByID: true, MinID: ID{5, 5}})
		s.Remove(s.LastEntry())
		s.Last = MaxID
		s.FirstEver()
	})
}

func BenchmarkAdd(b *testing.B) {
	s := New(0)
	fields := [][]byte{[]byte("field"), []byte("value-of-some-bytes")}
	for i := range b.N {
		s.Add(ID{uint64(i + 1), 0}, fields, Limits{4096, 100})
	}
}
