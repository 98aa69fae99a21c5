package zset

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand"
	"slices"
	"testing"

	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/listpack"
)

// model is the obvious sorted set: a slice in order.
type model struct {
	skiplist bool
	items    []item
}

func order(a, b item) int {
	if c := cmp.Compare(a.score, b.score); c != 0 {
		return c
	}
	return cmp.Compare(a.member, b.member)
}

func (m *model) find(member string) int {
	return slices.IndexFunc(m.items, func(it item) bool { return it.member == member })
}

func (m *model) remove(member string) bool {
	i := m.find(member)
	if i >= 0 {
		m.items = slices.Delete(m.items, i, i+1)
	}
	return i >= 0
}

func (m *model) add(member string, score float64, lim *Limits) (fresh, changed bool) {
	if i := m.find(member); i >= 0 {
		changed = m.items[i].score != score
		m.items = slices.Delete(m.items, i, i+1)
	} else {
		fresh = true
		m.skiplist = m.skiplist || len(m.items) >= lim.Entries || len(member) > lim.Value
	}
	it := item{score, member}
	i, _ := slices.BinarySearchFunc(m.items, it, order)
	m.items = slices.Insert(m.items, i, it)
	return fresh, changed
}

// check compares all that can be seen of z.
func (m *model) check(t *testing.T, z *Zset) {
	t.Helper()
	if z.Len() != len(m.items) || (z.Encoding() == Skiplist) != m.skiplist {
		t.Fatalf("%d in a %v, want %d", z.Len(), z.Encoding(), len(m.items))
	}
	if len(m.items) == 0 {
		return
	}
	bytes := tableSize
	up, down := z.At(0), z.At(z.Len()-1)
	for i, want := range m.items {
		if string(up.Member()) != want.member || up.Score() != want.score {
			t.Fatalf("%d upward: %q %v, want %v", i, up.Member(), up.Score(), want)
		}
		if back := m.items[len(m.items)-1-i]; string(down.Member()) != back.member {
			t.Fatalf("%d downward: %q, want %v", i, down.Member(), back)
		}
		up.Next()
		down.Prev()
		bytes += entrySize + alloc.String(len(want.member))
	}
	if z.table == nil {
		if bytes = alloc.Size(len(z.Pack())); z.Memory() != bytes {
			t.Fatalf("%d bytes, want %d", z.Memory(), bytes)
		}
		return
	}
	if z.Memory() != bytes {
		t.Fatalf("%d bytes, want %d", z.Memory(), bytes)
	}
	checkNode(t, z.table.order.root, true)
}

// checkNode checks what a tree promises, and returns the first and the last of its items.
func checkNode(t *testing.T, n *node, root bool) (first, last item) {
	t.Helper()
	if len(n.items) == 0 || len(n.items) > nodeMax {
		t.Fatalf("a node of %d", len(n.items))
	}
	if n.kids == nil {
		if !slices.IsSortedFunc(n.items, order) {
			t.Fatalf("a leaf out of order: %v", n.items)
		}
		return n.items[0], n.items[len(n.items)-1]
	}
	if len(n.kids) != len(n.items) || len(n.sizes) != len(n.items) || len(n.kids) < 2 ||
		!root && len(n.kids) < nodeMin {
		t.Fatalf("a node of %d items, %d kids, %d sizes", len(n.items), len(n.kids), len(n.sizes))
	}
	for i, kid := range n.kids {
		from, to := checkNode(t, kid, false)
		if n.sizes[i] != kid.size() {
			t.Fatalf("a size of %d, want %d", n.sizes[i], kid.size())
		}
		if i == 0 {
			first = from
		} else if order(n.items[i], from) > 0 || order(n.items[i], last) <= 0 {
			t.Fatalf("the bound %v is not between %v and %v", n.items[i], last, from)
		}
		last = to
	}
	return first, last
}

// look asks z for one member and one range.
func (m *model) look(t *testing.T, z *Zset, rnd *rand.Rand, member string, score float64) {
	t.Helper()
	i := m.find(member)
	got, ok := z.Score([]byte(member))
	rank, again, there := z.Rank([]byte(member))
	if ok != (i >= 0) || there != ok || ok && (got != m.items[i].score || again != got || rank != i) {
		t.Fatalf("%q: %v %v, rank %d %v; want rank %d", member, got, ok, rank, there, i)
	}
	r := ScoreRange{Min: score, Max: score + float64(rnd.Intn(9)-2),
		MinOpen: rnd.Intn(2) == 0, MaxOpen: rnd.Intn(2) == 0}
	if rnd.Intn(5) == 0 {
		r.Max = math.Inf(1)
	}
	want := 0
	for _, it := range m.items {
		if !r.below(it.score) && !r.beyond(it.score) {
			want++
		}
	}
	start, end := z.InScores(&r, false)
	if from, to := z.InScores(&r, true); to-from != end-start || end > start && from != start {
		t.Fatalf("%+v backward is from %d to %d, forward from %d to %d", r, from, to, start, end)
	}
	if end-start != want || start > end || want > 0 && (r.below(m.items[start].score) ||
		r.beyond(m.items[end-1].score)) {
		t.Fatalf("%+v is from %d to %d, want %d", r, start, end, want)
	}
	ranks := z.Scores()
	if first, last := ranks.In(&r); first != start || last != end {
		t.Fatalf("%+v is from %d to %d, and then from %d to %d", r, start, end, first, last)
	}
}

var limits = Limits{Entries: 9, Value: 12, Seed: 1}

// run makes ops up and has z and the obvious one do the same; with many members it looks at
// everything now and then.
func run(t *testing.T, rnd *rand.Rand, ops, members int) {
	z, m := &Zset{}, &model{}
	for op := range ops {
		member := fmt.Sprint("m", rnd.Intn(members))
		if rnd.Intn(4) == 0 {
			member = fmt.Sprint(rnd.Intn(members))
		}
		score := float64(rnd.Intn(20)) / 2
		switch rnd.Intn(12) {
		case 0, 1, 2:
			if got, want := z.Remove([]byte(member)), m.remove(member); got != want {
				t.Fatalf("removing %q: %v", member, got)
			}
		case 3:
			if rnd.Intn(20) == 0 && z.Len() > 0 {
				rank := rnd.Intn(z.Len())
				n := 1 + rnd.Intn(z.Len()-rank)
				z.RemoveRange(rank, n)
				m.items = slices.Delete(m.items, rank, rank+n)
			}
		case 4:
			if rnd.Intn(30) == 0 {
				z = z.Clone()
			}
		default:
			fresh, changed := z.Add([]byte(member), score, &limits)
			if f, c := m.add(member, score, &limits); fresh != f || changed != c {
				t.Fatalf("adding %q: %v %v", member, fresh, changed)
			}
		}
		if members < 50 || op%500 == 0 {
			m.check(t, z)
		}
		m.look(t, z, rnd, member, score)
	}
	m.check(t, z)
}

func TestOracle(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 100 {
		run(t, rnd, 300, 20)
	}
	run(t, rnd, 20_000, 3000)
}

// TestOrders adds many members upward, downward and in between, and takes them out in such orders.
func TestOrders(t *testing.T) {
	const n = 20_000
	for _, in := range []string{"up", "down", "any"} {
		for _, out := range []string{"up", "down", "any", "half"} {
			z, m := &Zset{}, &model{skiplist: true}
			z.ToSkiplist(n, &limits)
			for i := range n {
				m.items = append(m.items, item{float64(i), fmt.Sprint(i)})
			}
			for _, i := range sequence(in, n) {
				z.Add([]byte(m.items[i].member), m.items[i].score, &limits)
			}
			m.check(t, z)
			for j, i := range sequence(out, n) {
				z.Remove([]byte(fmt.Sprint(i)))
				if j == n/2 {
					checkNode(t, z.table.order.root, true)
				}
			}
			if z.Len() != 0 && out != "half" || z.Len() == 0 && z.table.order.root != nil {
				t.Errorf("in %s, out %s: %d are left", in, out, z.Len())
			}
		}
	}
}

func sequence(name string, n int) []int {
	all := rand.New(rand.NewSource(2)).Perm(n)
	switch name {
	case "up":
		slices.Sort(all)
	case "down":
		slices.Sort(all)
		slices.Reverse(all)
	case "half":
		all = all[:n-n/8]
	}
	return all
}

func TestLex(t *testing.T) {
	bound := func(s string) LexBound {
		switch s[0] {
		case '-':
			return LexBound{End: -1}
		case '+':
			return LexBound{End: 1}
		}
		return LexBound{Text: []byte(s[1:]), Open: s[0] == '('}
	}
	for _, entries := range []int{0, 100} {
		z := &Zset{}
		for _, m := range []string{"a", "b", "c", "d", "e"} {
			z.Add([]byte(m), 0, &Limits{Entries: entries, Value: 10})
		}
		for _, c := range []struct {
			min, max   string
			start, end int
		}{
			{"-", "+", 0, 5}, {"[b", "[d", 1, 4}, {"(b", "(d", 2, 3}, {"[bb", "[cc", 2, 3},
			{"+", "-", 0, 0}, {"+", "+", 5, 5}, {"-", "-", 0, 0}, {"(b", "[b", 0, 0},
			{"[b", "[b", 1, 2}, {"[x", "+", 5, 5}, {"-", "[0", 0, 0}, {"[d", "[b", 0, 0},
		} {
			r := &LexRange{bound(c.min), bound(c.max)}
			for _, backward := range []bool{false, true} {
				start, end := z.InLex(r, backward, 0)
				if end-start != c.end-c.start || end > start && start != c.start {
					t.Errorf("%s %s in a %v: from %d to %d", c.min, c.max, z.Encoding(), start, end)
				}
			}
		}
	}
}

func TestScan(t *testing.T) {
	z := &Zset{}
	for i := range 1000 {
		z.Add(fmt.Append(nil, i), float64(i), &limits)
	}
	seen := map[string]float64{}
	for cursor := uint64(0); ; {
		cursor = z.Scan(cursor, func(m []byte, score float64) { seen[string(m)] = score })
		if cursor == 0 {
			break
		}
	}
	drawn := map[string]float64{}
	for i := range z.Len() {
		m, score := z.Nth(nil, i)
		drawn[string(m)] = score
	}
	if len(seen) != 1000 || len(drawn) != 1000 || seen["77"] != 77 || drawn["77"] != 77 {
		t.Errorf("scanned %d, drawn %d", len(seen), len(drawn))
	}
}

// TestPack shows the bytes of a listpack, and which are taken for one.
func TestPack(t *testing.T) {
	z := Make(1, 1, &limits)
	for m, score := range map[string]float64{"7": 1.5, "b": math.Copysign(0, -1), "a": 0,
		"x": math.Inf(-1), "y": 1 << 62, "z": 1e23} { // order: it sorts
		z.Add([]byte(m), score, &limits)
	}
	want := listpack.New(0)
	for _, s := range []string{"x", "-inf", "a", "0", "b", "0", "7", "1.5", "y",
		"4611686018427387904", "z", "99999999999999990000000"} {
		want = want.Append([]byte(s))
	}
	if !bytes.Equal(z.Pack(), want) {
		t.Errorf("% x, want % x", z.Pack(), want)
	}
	back, ok := FromPack(want, true)
	if score, _ := back.Score([]byte("y")); !ok || score != 1<<62 {
		t.Errorf("%v %v", score, ok)
	}
	for _, c := range []struct {
		elements []string
		ok       bool
	}{
		{nil, true}, {[]string{"a"}, false}, {[]string{"a", "1", "a", "2"}, false},
		{[]string{"a", "nan"}, true}, {[]string{"a", "x"}, true}, {[]string{"a", "1.5x"}, true},
	} {
		p := listpack.New(0)
		for _, s := range c.elements {
			p = p.Append([]byte(s))
		}
		if _, ok := FromPack(p, true); ok != c.ok {
			t.Errorf("%q: %v", c.elements, ok)
		}
	}
	if looseScore([]byte("1.5x")) != 1.5 || looseScore([]byte("x")) != 0 {
		t.Error("a text is read as another number than it begins with")
	}
}

func TestGather(t *testing.T) {
	for _, c := range []struct {
		members []string
		enc     Encoding
	}{
		{[]string{"a", "b"}, Listpack}, {[]string{"a", "longer than 12"}, Skiplist},
		{[]string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}, Skiplist}, {nil, Skiplist},
	} {
		g := NewGather(0, len(c.members), &limits)
		for i, m := range c.members {
			p, _ := g.Put([]byte(m))
			*p = float64(i)
		}
		z := g.Zset(&limits)
		if z.Encoding() != c.enc || z.Len() != len(c.members) {
			t.Errorf("%q: %v of %d", c.members, z.Encoding(), z.Len())
		}
		for i, m := range c.members {
			if score, ok := z.Score([]byte(m)); !ok || score != float64(i) {
				t.Errorf("%q: the score of %q is %v, %v", c.members, m, score, ok)
			}
		}
	}
	z := Make(10, 1, &limits)
	if z.Encoding() != Skiplist {
		t.Error("too many for a listpack")
	}
	z = Zset{}
	z.Add([]byte("a"), 1, &limits)
	z.Fit(&Limits{})
	if z.Encoding() != Skiplist || z.Len() != 1 {
		t.Error("it fits no limit")
	}
}

// TestGatherOracle gathers members of sorted sets and others, of which some come twice.
func TestGatherOracle(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for _, n := range []int{0, 1, 5, 63, 64, 65, 200, 1000, 4097} {
		var m model
		var from Zset
		g := NewGather(n/2, n, &limits)
		for i := range n {
			member, score := fmt.Sprint(rnd.Intn(n)), float64(rnd.Intn(n/3+1))
			if i%2 == 0 {
				from.Add([]byte(member), score, &limits)
				continue
			}
			p, _ := g.Put([]byte(member))
			*p = score
			m.add(member, score, &limits)
		}
		if from.Len() > 0 {
			at := from.At(0)
			for range from.Len() {
				p, _ := g.PutAt(&at)
				*p = at.Score()
				m.add(string(at.Member()), at.Score(), &limits)
				at.Next()
			}
		}
		z := g.Zset(&limits)
		if m.skiplist = z.Encoding() == Skiplist; n > 0 {
			m.check(t, &z)
		}
		for i := range n / 10 {
			member := fmt.Sprint(rnd.Intn(n))
			if i%2 == 0 {
				z.Add([]byte(member), 1, &limits)
				m.add(member, 1, &limits)
			} else {
				z.Remove([]byte(member))
				m.remove(member)
			}
		}
		m.check(t, &z)
	}
}

func BenchmarkAdd(b *testing.B) {
	rnd := rand.New(rand.NewSource(1))
	var z Zset
	lim := Limits{Entries: 128, Value: 64}
	members := make([][]byte, 1<<17)
	for i := range members {
		members[i] = fmt.Append(nil, "member:", i)
		z.Add(members[i], rnd.Float64(), &lim)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		z.Add(members[i%len(members)], rnd.Float64(), &lim)
	}
}
