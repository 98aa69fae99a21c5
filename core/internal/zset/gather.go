package zset

import (
	"strings"

	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/dict"
	"github.com/redlet/redlet/core/internal/listpack"
	"github.com/redlet/redlet/core/internal/small"
)

// Gather collects members in any order, each of which then has its place found once, when all are
// there: unions and their like are made with it. The zero value is not ready: see NewGather.
type Gather struct {
	// Yield, when not nil, is called every so often while Zset works.
	Yield func()

	scores dict.Dict[float64]
	bytes  int
	// So few members as a listpack may have are copied to a pile: they are not kept.
	few  bool
	pile small.Texts
}

// NewGather returns an empty one with room for n members, of which there will be at most so many.
func NewGather(n, most int, lim *Limits) *Gather {
	g := &Gather{few: most <= lim.Entries}
	if g.few {
		n = most
	}
	g.scores.SetSeed(lim.Seed)
	g.scores.Reserve(n)
	return g
}

// Put returns where the score of a member is kept, and tells whether the member is new. It is
// copied. The pointer is valid until the next Put.
func (g *Gather) Put(m []byte) (score *float64, fresh bool) {
	if g.few {
		score, fresh = g.scores.PutIn(m, &g.pile)
	} else {
		score, fresh = g.scores.Put(m)
	}
	if fresh {
		g.bytes += entrySize + alloc.String(len(m))
	}
	return score, fresh
}

// PutAt is Put of the member at which a cursor stands.
func (g *Gather) PutAt(c *Cursor) (score *float64, fresh bool) {
	if c.leaf == nil {
		return g.Put(c.Member())
	}
	member := c.leaf.items[c.i].member
	score, fresh = g.scores.PutText(c.Member(), member)
	if fresh {
		g.bytes += entrySize + alloc.String(len(member))
	}
	return score, fresh
}

// Len is how many members there are.
func (g *Gather) Len() int { return g.scores.Len() }

// Zset makes a sorted set of the members, in the encoding that a command stores: a Listpack where
// they are few and short enough. The Gather is used up. Where lim lets a listpack have none, the
// sorted set does not outlive the command.
func (g *Gather) Zset(lim *Limits) Zset {
	items := make([]item, g.scores.Len())
	size, longest := listpack.EmptySize, 0
	for i := range items {
		member, score := g.scores.At(i)
		items[i] = item{*score, member}
		size += len(member) + 11
		longest = max(longest, len(member))
	}
	items = g.sorted(items)
	if n := len(items); n > 0 && n <= lim.Entries && longest <= lim.Value {
		if pack := listpack.New(size); pack.Fits(size) {
			var member []byte
			for i := range items {
				member = append(member[:0], items[i].member...)
				pack = appendPair(pack, member, items[i].score)
			}
			return Zset{pack: pack}
		}
	}
	if g.few && lim.Entries > 0 {
		g.unpile(items)
	}
	t := &table{scores: g.scores, bytes: tableSize + g.bytes}
	t.order.build(items)
	g.yield()
	return Zset{table: t}
}

// unpile gives each of few members, one of which is too long, a copy of its own: a sorted set that
// stays may lose any of them.
func (g *Gather) unpile(items []item) {
	g.scores.Clear()
	for i := range items {
		member := strings.Clone(items[i].member)
		score, _ := g.scores.PutText([]byte(member), member)
		*score, items[i].member = items[i].score, member
	}
}

func (g *Gather) yield() {
	if g.Yield != nil {
		g.Yield()
	}
}

// less tells whether an item comes before another.
func less(a, b *item) bool {
	return a.score < b.score || a.score == b.score && a.member < b.member
}

// sorted puts items in their order, in place or in a new slice. What is collected from sorted sets
// consists of few rows that are in order already, so that it merges such rows until one is left.
func (g *Gather) sorted(items []item) []item {
	ends := rows(items)
	g.yield()
	if len(ends) <= 1 {
		return items
	}
	from, to := items, make([]item, len(items))
	for len(ends) > 1 {
		kept := ends[:0]
		start := 0
		for i := 0; i < len(ends); i += 2 {
			end := ends[i]
			if i+1 == len(ends) {
				copy(to[start:end], from[start:end])
			} else {
				end = ends[i+1]
				g.merge(to[start:end], from[start:ends[i]], from[ends[i]:end])
			}
			kept = append(kept, end)
			start = end
		}
		ends, from, to = kept, to, from
	}
	return from
}

// rows returns the ends of the rows of items that are in order.
func rows(items []item) (ends []int) {
	for i := 1; i < len(items); i++ {
		if less(&items[i], &items[i-1]) {
			ends = append(ends, i)
		}
	}
	return append(ends, len(items))
}

// yieldEvery is the number of items after which merge yields.
const yieldEvery = 1 << 10

// merge fills to with the items of two rows, in order.
func (g *Gather) merge(to, a, b []item) {
	for i := range to {
		if i%yieldEvery == yieldEvery-1 {
			g.yield()
		}
		if len(b) == 0 || len(a) > 0 && !less(&b[0], &a[0]) {
			to[i], a = a[0], a[1:]
		} else {
			to[i], b = b[0], b[1:]
		}
	}
}

// build fills an empty tree with items that are in order: leaves evenly full, and over them inner
// nodes, which are so too.
func (t *tree) build(items []item) {
	if len(items) == 0 {
		return
	}
	var level []*node
	var last *node
	for count := parts(len(items)); count > 0; count-- {
		n := (len(items) + count - 1) / count
		leaf := &node{items: append(make([]item, 0, nodeMax), items[:n]...), prev: last}
		if last != nil {
			last.next = leaf
		}
		level, last, items = append(level, leaf), leaf, items[n:]
	}
	for len(level) > 1 {
		var above []*node
		for count := parts(len(level)); count > 0; count-- {
			n := (len(level) + count - 1) / count
			inner := &node{
				items: make([]item, 0, nodeMax+1), kids: make([]*node, 0, nodeMax+1),
				sizes: make([]int, 0, nodeMax+1),
			}
			for _, kid := range level[:n] {
				inner.items = append(inner.items, kid.items[0])
				inner.kids = append(inner.kids, kid)
				inner.sizes = append(inner.sizes, kid.size())
			}
			above, level = append(above, inner), level[n:]
		}
		level = above
	}
	t.root = level[0]
}

// parts is how many nodes so many items or kids take.
func parts(n int) int { return (n + nodeMax - 1) / nodeMax }
