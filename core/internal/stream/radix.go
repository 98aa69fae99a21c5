package stream

import "math/bits"

// Redis keeps the nodes of a stream in a radix tree by the 16 bytes of their ids, and XINFO STREAM
// tells how many nodes that tree has: a leaf for each id, a branch where ids part, and one for each
// run of bytes before either that all ids there share.

// idBytes is the length of an id as the radix tree has it.
const idBytes = 16

// common returns how many bytes two ids begin with in common.
//
//go:noinline
func common(a, b ID) int {
	if a.Ms != b.Ms {
		return bits.LeadingZeros64(a.Ms^b.Ms) / 8
	}
	return 8 + bits.LeadingZeros64(a.Seq^b.Seq)/8
}

// span returns the least and the greatest id that have their first n bytes in common with id.
func span(id ID, n int) (least, greatest ID) {
	rest := func(n int) uint64 { return ^uint64(0) >> (8 * max(0, min(n, 8))) }
	ms, seq := rest(n), rest(n-8)
	return ID{id.Ms &^ ms, id.Seq &^ seq}, ID{id.Ms | ms, id.Seq | seq}
}

// radixShare returns how many nodes of a radix tree of t's ids there are for the sake of id, which
// is not in t: it gets so many more when id comes, and loses them when it has gone.
func radixShare[V any](t *tree[V], id ID) int {
	if t.n == 0 {
		return 1 // the root, which is always there, becomes the run before the leaf
	}
	depth := -1 // where id parts from its nearest neighbour
	var near ID
	for _, c := range [...]cursor[V]{t.seekBack(id), t.seek(id)} {
		if c.valid() && common(c.id(), id) > depth {
			near, depth = c.id(), common(c.id(), id)
		}
	}
	share := 1 + run(depth, idBytes)
	least, greatest := span(near, depth)
	first, last := t.seek(least), t.seekBack(greatest)
	inner := idBytes // where the ids beyond the parting part, if they do
	if first != last {
		inner = common(first.id(), last.id())
	}
	if inner == depth {
		return share // a branch that is there already
	}
	outer := -1 // where they parted before
	if first.prev(); first.valid() {
		outer = common(first.id(), near)
	}
	if last.next(); last.valid() {
		outer = max(outer, common(last.id(), near))
	}
	return share + 1 + run(outer, depth) + run(depth, inner) - run(outer, inner)
}

// run returns 1 if there are bytes between a branch at one depth and what follows at another.
func run(from, to int) int {
	if to > from+1 {
		return 1
	}
	return 0
}

// radixCounted is how many ids radixSize looks at, so that it takes no longer for a large tree.
const radixCounted = 1000

// radixSize returns how many nodes a radix tree of t's ids has, root included. Of many ids the
// first tell what the others will be like.
func radixSize[V any](t *tree[V]) int {
	if t.n == 0 {
		return 1
	}
	var branches [idBytes]int // the depths at which the way to the id at hand branches
	at := t.first()
	nodes, high, last, seen := 1, 0, at.id(), 1
	child := idBytes // the depth at which what hangs from the lowest of them begins
	climb := func(depth int) {
		for child = idBytes; high > 0 && branches[high-1] > depth; high-- {
			nodes += run(branches[high-1], child)
			child = branches[high-1]
		}
	}
	for at.next(); at.valid() && seen < radixCounted; at.next() {
		depth := common(last, at.id())
		climb(depth)
		if high == 0 || branches[high-1] < depth {
			branches[high] = depth
			high++
			nodes++
		}
		nodes += 1 + run(depth, child)
		last = at.id()
		seen++
	}
	climb(-1)
	nodes += run(-1, child)
	return int(int64(nodes) * int64(t.n) / int64(seen))
}
