package stream

import (
	"slices"

	"github.com/redlet/redlet/core/internal/small"
)

// tree keeps values in the order of their ids: a B+ tree, whose pages are few and large, which
// costs less memory and fewer jumps than a node a value. Every page but an empty root holds
// something; one that has become sparse joins a neighbour.
type tree[V any] struct {
	root *page[V]
	n    int
}

// page is a leaf, or a branch. In a leaf ids are those of the values; in a branch ids[i] lies above
// all that is under kids[i-1], and not above what is under kids[i]. What ids[0] is in a branch does
// not matter.
type page[V any] struct {
	ids        []ID
	vals       []V
	kids       []*page[V]
	prev, next *page[V] // the leaves beside a leaf
}

const (
	pageMax   = 64
	pageJoin  = pageMax * 3 / 4 // what two pages may hold together to become one
	pageFew   = pageMax / 4     // a page of fewer tries to join
	depthRoom = 8
)

// step is a place on the way from the root to a leaf.
type step[V any] struct {
	p *page[V]
	i int
}

// search returns how many of ids come before id.
//
//go:noinline
func search(ids []ID, id ID) int {
	lo, hi := 0, len(ids)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if at := &ids[mid]; at.Ms < id.Ms || at.Ms == id.Ms && at.Seq < id.Seq {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// child returns which child of a branch an id belongs under.
func (p *page[V]) child(id ID) int {
	i := search(p.ids[1:], id)
	if i+1 < len(p.ids) && p.ids[i+1] == id {
		i++
	}
	return i
}

// leaf returns the leaf that an id belongs into, nil in an empty tree.
func (t *tree[V]) leaf(id ID) *page[V] {
	p := t.root
	for p != nil && p.kids != nil {
		p = p.kids[p.child(id)]
	}
	return p
}

// descend is leaf that also appends the branches on the way.
func (t *tree[V]) descend(id ID, path []step[V]) (*page[V], []step[V]) {
	p := t.root
	for p.kids != nil {
		i := p.child(id)
		path = append(path, step[V]{p, i})
		p = p.kids[i]
	}
	return p, path
}

// find returns the value of an id.
func (t *tree[V]) find(id ID) (v V, ok bool) {
	p := t.leaf(id)
	if p == nil {
		return v, false
	}
	i := search(p.ids, id)
	if i == len(p.ids) || p.ids[i] != id {
		return v, false
	}
	return p.vals[i], true
}

// put stores a value under an id, in place of what it has.
func (t *tree[V]) put(id ID, v V) {
	if t.root == nil {
		t.root = &page[V]{}
	}
	var room [depthRoom]step[V]
	p, path := t.descend(id, room[:0])
	i := search(p.ids, id)
	if i < len(p.ids) && p.ids[i] == id {
		p.vals[i] = v
		return
	}
	t.n++
	p.ids = small.Insert(p.ids, i, id)
	p.vals = small.Insert(p.vals, i, v)
	for len(p.ids) > pageMax {
		right := p.split(p.next == nil && i == len(p.ids)-1)
		if len(path) == 0 {
			t.root = &page[V]{ids: []ID{p.ids[0], right.ids[0]}, kids: []*page[V]{p, right}}
			return
		}
		up := path[len(path)-1]
		path = path[:len(path)-1]
		i = up.i + 1
		up.p.ids = small.Insert(up.p.ids, i, right.ids[0])
		up.p.kids = small.Insert(up.p.kids, i, right)
		p = up.p
	}
}

// split moves the second half of a page to a new one behind it; where ids come in order, which
// leaves room for nothing in between, only the last.
func (p *page[V]) split(ordered bool) *page[V] {
	at := len(p.ids) / 2
	if ordered {
		at = len(p.ids) - 1
	}
	right := &page[V]{ids: slices.Clone(p.ids[at:])}
	p.ids = p.ids[:at]
	if p.kids != nil {
		right.kids = slices.Clone(p.kids[at:])
		clear(p.kids[at:])
		p.kids = p.kids[:at]
		return right
	}
	right.vals = slices.Clone(p.vals[at:])
	clear(p.vals[at:])
	p.vals = p.vals[:at]
	right.prev, right.next = p, p.next
	if p.next != nil {
		p.next.prev = right
	}
	p.next = right
	return right
}

// remove removes an id and reports whether it was there.
func (t *tree[V]) remove(id ID) bool {
	if t.root == nil {
		return false
	}
	var room [depthRoom]step[V]
	p, path := t.descend(id, room[:0])
	i := search(p.ids, id)
	if i == len(p.ids) || p.ids[i] != id {
		return false
	}
	t.n--
	p.ids = small.Delete(p.ids, i, i+1)
	p.vals = small.Delete(p.vals, i, i+1)
	for last := len(path) - 1; last >= 0 && len(p.ids) < pageFew; last-- {
		up := path[last].p
		if !up.join(path[last].i) {
			break
		}
		p = up
	}
	for len(t.root.kids) == 1 {
		t.root = t.root.kids[0]
	}
	if t.n == 0 {
		t.root = nil
	}
	return true
}

// join takes an empty child out of a branch, or lets a sparse one become one with a neighbour. It
// reports whether the branch has lost a child.
func (p *page[V]) join(i int) bool {
	kid := p.kids[i]
	switch {
	case len(kid.ids) == 0:
		kid.unlink()
	case i > 0 && len(p.kids[i-1].ids)+len(kid.ids) <= pageJoin:
		p.kids[i-1].absorb(kid, p.ids[i])
	case i+1 < len(p.kids) && len(kid.ids)+len(p.kids[i+1].ids) <= pageJoin:
		i++
		kid.absorb(p.kids[i], p.ids[i])
	default:
		return false
	}
	p.ids = small.Delete(p.ids, i, i+1)
	p.kids = small.Delete(p.kids, i, i+1)
	return true
}

// absorb takes over all that a page holds which stands behind this one; bound divides the two.
//
//go:noinline
func (p *page[V]) absorb(right *page[V], bound ID) {
	n := len(p.ids)
	p.ids = append(p.ids, right.ids...)
	if p.kids != nil {
		p.ids[n] = bound
		p.kids = append(p.kids, right.kids...)
		return
	}
	p.vals = append(p.vals, right.vals...)
	right.unlink()
}

// unlink takes a leaf out of the row of leaves.
func (p *page[V]) unlink() {
	if p.prev != nil {
		p.prev.next = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	}
}

// cursor stands at a value of a tree, or at none. A change of the tree makes it meaningless.
type cursor[V any] struct {
	p *page[V]
	i int
}

func (c *cursor[V]) valid() bool { return c.p != nil }
func (c *cursor[V]) id() ID      { return c.p.ids[c.i] }
func (c *cursor[V]) val() V      { return c.p.vals[c.i] }

func (c *cursor[V]) next() {
	if c.i++; c.i == len(c.p.ids) {
		c.p, c.i = c.p.next, 0
	}
}

func (c *cursor[V]) prev() {
	if c.i > 0 {
		c.i--
		return
	}
	if c.p = c.p.prev; c.p != nil {
		c.i = len(c.p.ids) - 1
	}
}

// seek returns the first place from an id on.
func (t *tree[V]) seek(id ID) cursor[V] {
	p := t.leaf(id)
	if p == nil {
		return cursor[V]{}
	}
	i := search(p.ids, id)
	if i == len(p.ids) {
		p, i = p.next, 0
	}
	return cursor[V]{p, i}
}

// seekBack returns the last place up to an id.
func (t *tree[V]) seekBack(id ID) cursor[V] {
	p := t.leaf(id)
	if p == nil {
		return cursor[V]{}
	}
	i := search(p.ids, id)
	if i < len(p.ids) && p.ids[i] == id {
		return cursor[V]{p, i}
	}
	c := cursor[V]{p, i}
	c.prev()
	return c
}

func (t *tree[V]) first() cursor[V] { return t.seek(ID{}) }
func (t *tree[V]) last() cursor[V]  { return t.seekBack(MaxID) }
