package list

import "github.com/redlet/redlet/core/internal/listpack"

// node is a link of a list: a listpack, or one element that is too large for one.
//
// The listpack lies at buf[head:] and has unused room on both sides, so that elements come and go
// at either end without moving the rest, and it is won by doubling: a push at the head costs 32 ns,
// and 100 ns where 4 KB move on average.
type node struct {
	prev, next *node
	buf        []byte
	head       int
	count      int
	plain      bool // buf is the element itself, head is 0, count is 1
}

// newNode returns an empty node with room for size bytes of elements, at the front or at the back.
func newNode(size int, front bool) *node {
	if !front {
		return &node{buf: listpack.New(listpack.EmptySize + size)}
	}
	buf := make([]byte, size+listpack.EmptySize)
	copy(buf[size:], listpack.New(0))
	return &node{buf: buf, head: size}
}

func (n *node) pack() listpack.Pack { return listpack.Pack(n.buf[n.head:]) }

// size returns the bytes in use.
func (n *node) size() int { return len(n.buf) - n.head }

// set takes over a pack that came of changing n's own.
//
//go:noinline
func (n *node) set(p listpack.Pack) {
	if &p[0] == &n.buf[n.head] {
		n.buf = n.buf[:n.head+len(p)]
		return
	}
	n.buf, n.head = p, 0
}

func (n *node) pushHead(s []byte) {
	head := listpack.PushFront(n.buf, n.head, s)
	if head < 0 {
		n.makeRoom(listpack.EntrySize(s), true)
		head = listpack.PushFront(n.buf, n.head, s)
	}
	n.head = head
	n.count++
}

func (n *node) pushTail(s []byte) {
	if room := cap(n.buf) - len(n.buf); room < len(s)+encodingMax {
		if need := listpack.EntrySize(s); room < need {
			n.makeRoom(need, false)
		}
	}
	n.set(n.pack().Append(s))
	n.count++
}

// popHead removes the first element of several.
func (n *node) popHead() {
	n.head = listpack.PopFront(n.buf, n.head)
	n.count--
	n.trim()
}

// popTail removes the last element of several.
func (n *node) popTail() {
	p := n.pack()
	n.set(p.DropLast())
	n.count--
	n.trim()
}

const (
	// encodingMax is how many bytes an element takes at most besides its data.
	encodingMax = 10
	// roomMin is the least to allocate for a node that has had to grow.
	roomMin = 64
	// pageSize is the usual limit of a node, at which doubling stops first.
	pageSize = 8192
)

// makeRoom sees to need unused bytes at one end. With plenty of room in all it moves the pack to
// the middle, else it allocates twice the size and leaves the other end's room as it was: either
// way the cost is shared by as many pushes as there are bytes moved, whichever ends they go to.
func (n *node) makeRoom(need int, front bool) {
	size := n.size()
	spare := cap(n.buf) - size
	if spare >= size/2+2*need {
		buf := n.buf[:cap(n.buf)]
		head := spare / 2
		copy(buf[head:], n.buf[n.head:])
		n.buf, n.head = buf[:head+size], head
		return
	}
	front0, back := n.head, spare-n.head
	full := size + need + front0 + back
	total := max(roomMin, 2*full)
	if total > pageSize && full <= pageSize {
		total = pageSize
	}
	head := front0
	if front {
		head = total - size - back
	}
	buf := make([]byte, head+size, total)
	copy(buf[head:], n.buf[n.head:])
	n.buf, n.head = buf, head
}

// trim gives memory back when little of it is left in use.
func (n *node) trim() {
	const small = 512
	if cap(n.buf) > small && n.size() < cap(n.buf)/8 {
		n.shrink()
	}
}

//go:noinline
func (n *node) shrink() {
	size := n.size()
	buf := make([]byte, size, 2*size)
	copy(buf, n.buf[n.head:])
	n.buf, n.head = buf, 0
}

// clone returns a copy of n outside any list.
//
//go:noinline
func (n *node) clone() *node {
	c := &node{buf: make([]byte, n.size()), count: n.count, plain: n.plain}
	copy(c.buf, n.buf[n.head:])
	return c
}
