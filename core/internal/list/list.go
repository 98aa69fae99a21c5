// Package list is Redis's list value: one listpack while it is small, and a quicklist, which is a
// chain of listpacks and of large elements, when it is not. Where an element goes and when the
// encoding changes follows Redis exactly, since OBJECT ENCODING, DUMP and DEBUG OBJECT show it.
//
// Redis compresses the inner nodes of a quicklist if list-compress-depth says so. That changes no
// reply except DEBUG OBJECT's: it is not done here, but a list knows whether it would be.
package list

import "github.com/redlet/redlet/core/internal/listpack"

// List is a list of byte strings. It must not be copied; Clone copies it.
type List struct {
	limits     *Limits
	head, tail *node // nil in an empty list
	count      int
	nodes      int
	bytes      int   // in all nodes
	fill       int16 // a quicklist's own Fill, that of its making
	compress   bool  // and so Compress
	quick      bool
}

// New returns an empty list, encoded as a listpack, that lives by limits.
func New(limits *Limits) *List { return &List{limits: limits} }

// Len returns the number of elements.
func (l *List) Len() int { return l.count }

// Encoding returns what OBJECT ENCODING says: "listpack" or "quicklist".
func (l *List) Encoding() string {
	if l.quick {
		return "quicklist"
	}
	return "listpack"
}

// Grow readies the list for new elements: a listpack that they would take beyond its limit becomes
// a quicklist. Redis does that before it adds the first of them, and so does whoever calls the
// methods that add elements.
func (l *List) Grow(elements ...[]byte) {
	if l.quick {
		return
	}
	size := listpack.EmptySize
	if l.head != nil {
		size = l.head.size()
	}
	for _, s := range elements {
		size += len(s)
	}
	if exceeds(l.limits.Fill, size, l.count+len(elements)) {
		l.makeQuick()
	}
}

// AsQuicklist makes an empty list a quicklist, which it stays until Settle or Shrink.
func (l *List) AsQuicklist() { l.makeQuick() }

//go:noinline
func (l *List) makeQuick() {
	l.quick = true
	l.fill = int16(clampFill(l.limits.Fill))
	l.compress = l.limits.Compress
}

// Shrink turns a quicklist that has become small back into a listpack. Redis does it once after
// each command that removes or replaces elements. A list under half its limit counts as small, lest
// it change at every other command.
func (l *List) Shrink() { l.settle(2) }

// Settle turns a quicklist into a listpack if it is within the limit, as after loading.
func (l *List) Settle() {
	l.Grow()
	l.settle(1)
}

//go:noinline
func (l *List) settle(divisor int) {
	if !l.quick || l.nodes != 1 || l.head.plain {
		return
	}
	sizeMax, countMax := nodeLimit(l.limits.Fill)
	if l.head.size() <= sizeMax/divisor && l.count <= countMax/divisor {
		l.quick = false
	}
}

// PushHead adds s before the first element.
func (l *List) PushHead(s []byte) {
	n := l.head
	if !l.allows(n, len(s)) {
		if l.isLarge(len(s)) {
			l.link(nil, plainNode(s), l.head)
			l.count++
			return
		}
		n = newNode(l.firstSize(len(s)), true)
		l.link(nil, n, l.head)
	}
	l.count++
	was := n.size()
	n.pushHead(s)
	l.bytes += n.size() - was
}

// PushTail adds s behind the last element.
func (l *List) PushTail(s []byte) {
	n := l.tail
	if !l.allows(n, len(s)) {
		if l.isLarge(len(s)) {
			l.link(l.tail, plainNode(s), nil)
			l.count++
			return
		}
		n = newNode(l.firstSize(len(s)), false)
		l.link(l.tail, n, nil)
	}
	l.count++
	was := n.size()
	n.pushTail(s)
	l.bytes += n.size() - was
}

// firstSize returns how large to make a node for an element of size bytes: small for a list that
// may stay small, and a good part of a page for one that has filled pages before.
func (l *List) firstSize(size int) int {
	if l.nodes > 0 {
		return max(2048, size+encodingMax)
	}
	return size + encodingMax
}

// allows reports whether an element of size bytes goes into n. Any goes into a listpack.
func (l *List) allows(n *node, size int) bool {
	if n == nil {
		return false
	}
	if !l.quick {
		return true
	}
	return !n.plain && !l.isLarge(size) &&
		!exceeds(int(l.fill), n.size()+size+entryOverhead, n.count+1)
}

func (l *List) isLarge(size int) bool { return l.quick && l.limits.large(int(l.fill), size) }

//go:noinline
func plainNode(s []byte) *node {
	return &node{buf: append([]byte(nil), s...), count: 1, plain: true}
}

// Head returns the first element of a list that is not empty. Its bytes are lent until the list
// changes.
func (l *List) Head() (s []byte, n int64, isInt bool) {
	if l.head.plain {
		return l.head.buf, 0, false
	}
	p := l.head.pack()
	return p.At(p.First())
}

// Tail returns the last element of a list that is not empty. Its bytes are lent until the list
// changes.
func (l *List) Tail() (s []byte, n int64, isInt bool) {
	if l.tail.plain {
		return l.tail.buf, 0, false
	}
	p := l.tail.pack()
	return p.At(p.Last())
}

// PopHead removes the first element of a list that is not empty.
func (l *List) PopHead() {
	l.count--
	n := l.head
	if n.count == 1 {
		l.unlink(n)
		return
	}
	was := n.size()
	n.popHead()
	l.bytes += n.size() - was
}

// PopTail removes the last element of a list that is not empty.
func (l *List) PopTail() {
	l.count--
	n := l.tail
	if n.count == 1 {
		l.unlink(n)
		return
	}
	was := n.size()
	n.popTail()
	l.bytes += n.size() - was
}

// Delete removes num elements from element start on, start counted from the end if negative. Both
// are cut to what there is.
func (l *List) Delete(start, num int) {
	if start < 0 {
		start = max(0, start+l.count)
	}
	num = min(num, l.count-start)
	if num <= 0 {
		return
	}
	n, i := l.find(start)
	for num > 0 {
		next := n.next
		gone := min(num, n.count-i)
		if gone == n.count {
			l.unlink(n)
		} else {
			l.bytes -= n.size()
			n.set(n.pack().DeleteRange(i, gone))
			n.count -= gone
			n.trim()
			l.bytes += n.size()
		}
		l.count -= gone
		num -= gone
		n, i = next, 0
	}
}

// Clone returns a copy that shares nothing but the limits.
func (l *List) Clone() *List {
	c := New(l.limits)
	for n := l.head; n != nil; n = n.next {
		c.link(c.tail, n.clone(), nil)
	}
	c.count, c.fill, c.compress, c.quick = l.count, l.fill, l.compress, l.quick
	return c
}

// find returns the node that holds element i, which exists, and its index in there.
func (l *List) find(i int) (*node, int) {
	if i < l.count/2 {
		n := l.head
		for i >= n.count {
			i -= n.count
			n = n.next
		}
		return n, i
	}
	i -= l.count
	n := l.tail
	for -i > n.count {
		i += n.count
		n = n.prev
	}
	return n, i + n.count
}

// link puts n between prev and next, which are neighbours or nil at the ends.
//
//go:noinline
func (l *List) link(prev, n, next *node) {
	n.prev, n.next = prev, next
	if prev == nil {
		l.head = n
	} else {
		prev.next = n
	}
	if next == nil {
		l.tail = n
	} else {
		next.prev = n
	}
	l.nodes++
	l.bytes += n.size()
}

//go:noinline
func (l *List) unlink(n *node) {
	if n.prev == nil {
		l.head = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		l.tail = n.prev
	} else {
		n.next.prev = n.prev
	}
	l.nodes--
	l.bytes -= n.size()
}
