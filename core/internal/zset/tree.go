package zset

// tree keeps members by score, and those of equal score by their bytes: a B+ tree whose inner nodes
// know how many members each of their kids has. Its nodes are large, so that a million members are
// some twenty thousand pieces of memory, and a step from one member to the next mostly stays in a
// slice. A skip list would have a piece for each member.
type tree struct {
	root *node // nil without members
}

const (
	nodeMax   = 64 // items of a node; an inner node passes it for a moment
	nodeMin   = 16 // with fewer, a node is joined to its neighbour or filled up from it
	nodeJoin  = 48 // two neighbours that have no more than this become one
	heightMax = 16 // of the inner nodes, of which all but the root have nodeMin kids
)

// item is a member with its score.
type item struct {
	score  float64
	member string
}

// node is a leaf, or an inner node, which has kids.
type node struct {
	// items are the members of a leaf in their order. Those of an inner node are bounds: what its
	// kid i has is not below items[i], and what the kids before that have is. The first bound
	// means nothing: what is below the second belongs to the first kid.
	items      []item
	kids       []*node
	sizes      []int // how many members each kid has, all that is below it counted
	prev, next *node // the neighbours of a leaf
}

// step is one node of the way down to a leaf, and the kid through which it goes on.
type step struct {
	n *node
	i int
}

// before counts the items of a node that come before a member of a score; without looking, the
// first lo do.
func (n *node) before(lo int, score float64, member string) int {
	hi := len(n.items)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		it := &n.items[mid]
		if it.score < score || it.score == score && it.member < member {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// beforeText counts the items of a node whose member is below m, or with orEqual not above it;
// without looking, that of the first lo is.
func (n *node) beforeText(lo int, m []byte, orEqual bool) int {
	hi := len(n.items)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		member := n.items[mid].member
		if member < string(m) || orEqual && member == string(m) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// kid is the kid of an inner node in which a member of a score is, if it is anywhere.
func (n *node) kid(score float64, member string) int {
	i := n.before(1, score, member)
	if i < len(n.items) && n.items[i].score == score && n.items[i].member == member {
		return i
	}
	return i - 1
}

// rank counts the members that come before a member of a score, which need not be there.
func (t *tree) rank(score float64, member string) int {
	n, rank := t.root, 0
	if n == nil {
		return 0
	}
	for n.kids != nil {
		i := n.kid(score, member)
		rank += sum(n.sizes[:i])
		n = n.kids[i]
	}
	return rank + n.before(0, score, member)
}

// rankText counts the members that are below m, or with orEqual not above it, in a tree where all
// have the same score.
func (t *tree) rankText(m []byte, orEqual bool) int {
	n, rank := t.root, 0
	if n == nil {
		return 0
	}
	for n.kids != nil {
		i := n.beforeText(1, m, orEqual) - 1
		rank += sum(n.sizes[:i])
		n = n.kids[i]
	}
	return rank + n.beforeText(0, m, orEqual)
}

func sum(sizes []int) int {
	n := 0
	for _, size := range sizes {
		n += size
	}
	return n
}

// at finds the leaf that holds the member of a rank, and its place there.
func (t *tree) at(rank int) (leaf *node, i int) {
	n := t.root
	for n.kids != nil {
		i := 0
		for rank >= n.sizes[i] {
			rank -= n.sizes[i]
			i++
		}
		n = n.kids[i]
	}
	return n, rank
}

// insert adds a member that is not there.
func (t *tree) insert(it item) {
	if t.root == nil {
		t.root = &node{items: []item{it}}
		return
	}
	var way [heightMax]step
	depth, n := 0, t.root
	for n.kids != nil {
		i := n.kid(it.score, it.member)
		way[depth] = step{n, i}
		depth++
		n.sizes[i]++
		n = n.kids[i]
	}
	i := n.before(0, it.score, it.member)
	if len(n.items) < nodeMax {
		n.put(i, it)
		return
	}
	t.grow(way[:depth], n, n.split(i, it))
}

// put puts an item at place i of a leaf.
//
//go:noinline
func (n *node) put(i int, it item) {
	n.items = append(n.items, item{})
	copy(n.items[i+1:], n.items[i:])
	n.items[i] = it
}

// split parts a full leaf and puts an item where it would have been at place i. It returns the new
// leaf, which comes behind. At either end of the tree the item gets a leaf of its own: members that
// come in their order leave full leaves behind.
func (n *node) split(i int, it item) (right *node) {
	at := len(n.items) / 2
	switch {
	case i == len(n.items) && n.next == nil:
		at = i
	case i == 0 && n.prev == nil:
		at = 0
	}
	right = &node{items: make([]item, len(n.items)-at, nodeMax), prev: n, next: n.next}
	copy(right.items, n.items[at:])
	clear(n.items[at:])
	n.items = n.items[:at]
	if n.next != nil {
		n.next.prev = right
	}
	n.next = right
	if i > at || i == at && at > 0 {
		right.put(i-at, it)
	} else {
		n.put(i, it)
	}
	return right
}

// grow puts a new node behind the one it was split from, to which the way leads.
func (t *tree) grow(way []step, left, right *node) {
	for d := len(way) - 1; d >= 0; d-- {
		n, i := way[d].n, way[d].i
		n.sizes[i] = left.size()
		n.adopt(i+1, right)
		if len(n.kids) <= nodeMax {
			return
		}
		left, right = n, n.divide()
	}
	t.root = &node{
		items: []item{left.items[0], right.items[0]},
		kids:  []*node{left, right},
		sizes: []int{left.size(), right.size()},
	}
}

// size is how many members a node has, all that is below it counted.
func (n *node) size() int {
	if n.kids == nil {
		return len(n.items)
	}
	return sum(n.sizes)
}

// adopt makes a node kid i of an inner node.
func (n *node) adopt(i int, kid *node) {
	n.put(i, kid.items[0])
	n.kids = append(n.kids, nil)
	copy(n.kids[i+1:], n.kids[i:])
	n.kids[i] = kid
	n.sizes = append(n.sizes, 0)
	copy(n.sizes[i+1:], n.sizes[i:])
	n.sizes[i] = kid.size()
}

// divide parts an inner node in two halves and returns the second.
func (n *node) divide() (right *node) {
	at := len(n.kids) / 2
	right = &node{}
	n.give(right, at)
	return right
}

// give moves what a node has from place at on behind what its right neighbour has not yet: before
// its items.
func (n *node) give(right *node, at int) {
	right.items = join(n.items[at:], right.items)
	clear(n.items[at:])
	n.items = n.items[:at]
	if n.kids != nil {
		right.kids = join(n.kids[at:], right.kids)
		right.sizes = join(n.sizes[at:], right.sizes)
		clear(n.kids[at:])
		n.kids, n.sizes = n.kids[:at], n.sizes[:at]
	}
}

// join is a new slice of both with the room that a node needs.
func join[T any](a, b []T) []T {
	return append(append(make([]T, 0, max(nodeMax, len(a)+len(b))), a...), b...)
}

// take moves the first k things that the right neighbour has behind those of a node. The bound is
// that of the neighbour.
func (n *node) take(right *node, k int, bound item) {
	if n.kids != nil {
		right.items[0] = bound
		n.kids = append(n.kids, right.kids[:k]...)
		n.sizes = append(n.sizes, right.sizes[:k]...)
		right.kids, right.sizes = shift(right.kids, k), shift(right.sizes, k)
	}
	n.items = append(n.items, right.items[:k]...)
	right.items = shift(right.items, k)
}

// shift removes the first k of a slice.
func shift[T any](s []T, k int) []T {
	rest := len(s) - k
	copy(s, s[k:])
	clear(s[rest:])
	return s[:rest]
}

// remove takes a member of a score out, and tells whether it was there.
func (t *tree) remove(score float64, member string) bool {
	var way [heightMax]step
	depth, n := 0, t.root
	if n == nil {
		return false
	}
	for n.kids != nil {
		i := n.kid(score, member)
		way[depth] = step{n, i}
		depth++
		n = n.kids[i]
	}
	i := n.before(0, score, member)
	if i == len(n.items) || n.items[i].score != score || n.items[i].member != member {
		return false
	}
	t.drop(way[:depth], n, i, 1)
	return true
}

// cut takes out the member of a rank and up to k in all that stand behind it in the same leaf, and
// returns how many that are.
func (t *tree) cut(rank, k int) int {
	var way [heightMax]step
	depth, n := 0, t.root
	for n.kids != nil {
		i := 0
		for rank >= n.sizes[i] {
			rank -= n.sizes[i]
			i++
		}
		way[depth] = step{n, i}
		depth++
		n = n.kids[i]
	}
	k = min(k, len(n.items)-rank)
	t.drop(way[:depth], n, rank, k)
	return k
}

// drop takes k items from place i on out of the leaf to which a way leads.
func (t *tree) drop(way []step, leaf *node, i, k int) {
	for _, s := range way {
		s.n.sizes[s.i] -= k
	}
	last := len(leaf.items) - k
	copy(leaf.items[i:], leaf.items[i+k:])
	clear(leaf.items[last:])
	leaf.items = leaf.items[:last]
	n := leaf
	for d := len(way) - 1; d >= 0 && len(n.items) < nodeMin; d-- {
		p, i := way[d].n, way[d].i
		if i+1 == len(p.kids) {
			i--
		}
		if !p.even(i) {
			return
		}
		n = p
	}
	for len(t.root.kids) == 1 {
		t.root = t.root.kids[0]
	}
	if len(t.root.items) == 0 {
		t.root = nil
	}
}

// even makes one node of kid i and the next, or gives both as many items; it tells which.
func (n *node) even(i int) (joined bool) {
	left, right := n.kids[i], n.kids[i+1]
	total := len(left.items) + len(right.items)
	if total <= nodeJoin {
		left.take(right, len(right.items), n.items[i+1])
		if left.kids == nil {
			if left.next = right.next; left.next != nil {
				left.next.prev = left
			}
		}
		n.sizes[i] += n.sizes[i+1]
		n.abandon(i + 1)
		return true
	}
	if more := total/2 - len(left.items); more > 0 {
		left.take(right, more, n.items[i+1])
	} else {
		if right.kids != nil {
			right.items[0] = n.items[i+1]
		}
		left.give(right, total/2)
	}
	n.items[i+1] = right.items[0]
	n.sizes[i], n.sizes[i+1] = left.size(), right.size()
	return false
}

// abandon removes kid i of an inner node.
func (n *node) abandon(i int) {
	last := len(n.kids) - 1
	copy(n.items[i:], n.items[i+1:])
	copy(n.kids[i:], n.kids[i+1:])
	copy(n.sizes[i:], n.sizes[i+1:])
	n.items[last], n.kids[last] = item{}, nil
	n.items, n.kids, n.sizes = n.items[:last], n.kids[:last], n.sizes[:last]
}

// move gives a member another score.
func (t *tree) move(score, to float64, member string) {
	n := t.root
	for n.kids != nil {
		n = n.kids[n.kid(score, member)]
	}
	i := n.before(0, score, member)
	if n.stays(i, to) {
		n.items[i].score = to
		return
	}
	t.remove(score, member)
	t.insert(item{to, member})
}

// stays tells whether item i of a leaf keeps its place with another score: no if that is unsure.
func (n *node) stays(i int, score float64) bool {
	member := n.items[i].member
	if i > 0 {
		if p := &n.items[i-1]; p.score > score || p.score == score && p.member > member {
			return false
		}
	} else if n.prev != nil && score < n.items[i].score {
		return false
	}
	if i+1 < len(n.items) {
		p := &n.items[i+1]
		return p.score > score || p.score == score && p.member > member
	}
	return n.next == nil
}
