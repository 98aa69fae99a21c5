package list

import "github.com/redlet/redlet/core/internal/listpack"

// Cursor stands on an element of a list. Changes of the list by other means than the cursor make it
// meaningless.
type Cursor struct {
	l   *List
	n   *node // nil: on no element
	pos int   // in n's pack; 0 in a plain node
}

// Seek returns a cursor on element i, counted from the end if negative. It is not Valid if there
// is no such element.
func (l *List) Seek(i int) Cursor {
	if i < 0 {
		i += l.count
	}
	if i < 0 || i >= l.count {
		return Cursor{l: l}
	}
	n, i := l.find(i)
	c := Cursor{l: l, n: n}
	if !n.plain {
		c.pos = n.pack().Index(i)
	}
	return c
}

// Valid reports whether c stands on an element. The other methods need that, but for Next and Prev.
func (c *Cursor) Valid() bool { return c.n != nil }

// Value returns the element: its bytes, lent until the list changes, or the integer it is stored
// as.
func (c *Cursor) Value() (s []byte, n int64, isInt bool) {
	if c.n.plain {
		return c.n.buf, 0, false
	}
	return c.n.pack().At(c.pos)
}

// Is reports whether the element is s, which v is the parsed form of.
func (c *Cursor) Is(s []byte, v *listpack.Value) bool {
	if c.n.plain {
		return string(c.n.buf) == string(s)
	}
	return c.n.pack().Is(c.pos, v)
}

// Next moves to the following element.
func (c *Cursor) Next() {
	if c.n == nil {
		return
	}
	if !c.n.plain {
		if c.pos = c.n.pack().Next(c.pos); c.pos >= 0 {
			return
		}
	}
	c.enterFirst(c.n.next)
}

// Pack returns the listpack that holds the element, and its place in there: nil if it is alone, too
// large for one. Those that follow in the pack follow in the list.
func (c *Cursor) Pack() (p listpack.Pack, pos int) {
	if c.n.plain {
		return nil, 0
	}
	return c.n.pack(), c.pos
}

// Leave moves to the first element behind the listpack that holds the element.
func (c *Cursor) Leave() { c.enterFirst(c.n.next) }

// Prev moves to the element before.
func (c *Cursor) Prev() {
	if c.n == nil {
		return
	}
	if !c.n.plain {
		if c.pos = c.n.pack().Prev(c.pos); c.pos >= 0 {
			return
		}
	}
	c.enterLast(c.n.prev)
}

//go:noinline
func (c *Cursor) enterFirst(n *node) {
	c.n, c.pos = n, 0
	if n != nil && !n.plain {
		c.pos = n.pack().First()
	}
}

func (c *Cursor) enterLast(n *node) {
	c.n, c.pos = n, 0
	if n != nil && !n.plain {
		c.pos = n.pack().Last()
	}
}

// Delete removes the element and moves on, to the one before if back, else to the one behind.
func (c *Cursor) Delete(back bool) {
	n, l := c.n, c.l
	l.count--
	if n.count == 1 {
		if back {
			c.enterLast(n.prev)
		} else {
			c.enterFirst(n.next)
		}
		l.unlink(n)
		return
	}
	p := n.pack()
	l.bytes -= n.size()
	before := p.Prev(c.pos)
	next := c.pos
	if before < 0 {
		n.head = listpack.PopFront(n.buf, n.head)
	} else {
		p, next = p.Delete(c.pos)
		n.set(p)
	}
	n.count--
	l.bytes += n.size()
	switch {
	case back && before < 0:
		c.enterLast(n.prev)
	case back:
		c.pos = before
	case next < 0:
		c.enterFirst(n.next)
	default:
		c.pos = next
	}
}

// Replace puts s in the element's place. The cursor is meaningless after that.
func (c *Cursor) Replace(s []byte) {
	n, l := c.n, c.l
	large := l.isLarge(len(s))
	switch {
	case !n.plain && !large:
		l.bytes -= n.size()
		n.set(n.pack().Replace(c.pos, s))
		l.bytes += n.size()
	case n.plain && large:
		l.bytes -= n.size()
		n.buf = append([]byte(nil), s...)
		l.bytes += n.size()
	case n.plain:
		c.InsertAfter(s)
		l.unlink(n)
		l.count--
	default:
		l.replaceLarge(n, c.pos, s)
	}
}

// replaceLarge puts a large element in the place of one inside a pack.
func (l *List) replaceLarge(n *node, pos int, s []byte) {
	p := n.pack()
	var rest *node
	if p.Next(pos) >= 0 {
		rest = l.split(n, pos, true)
	}
	m := plainNode(s)
	l.link(n, m, n.next)
	if rest != nil {
		l.link(m, rest, m.next)
	}
	if n.count == 1 {
		l.unlink(n)
		return
	}
	l.bytes -= n.size()
	n.popTail()
	l.bytes += n.size()
	l.mergeAround(m)
}

// InsertAfter puts s behind the element. The cursor is meaningless after that.
func (c *Cursor) InsertAfter(s []byte) {
	n, l := c.n, c.l
	l.count++
	atTail := n.plain || n.pack().Next(c.pos) < 0
	switch {
	case l.isLarge(len(s)):
		m := plainNode(s)
		if atTail {
			l.link(n, m, n.next)
			return
		}
		rest := l.split(n, c.pos, true)
		l.link(n, m, n.next)
		l.link(m, rest, m.next)
	case l.allows(n, len(s)) && atTail:
		l.bytes -= n.size()
		n.pushTail(s)
		l.bytes += n.size()
	case l.allows(n, len(s)):
		l.bytes -= n.size()
		n.set(n.pack().InsertAfter(c.pos, s))
		n.count++
		l.bytes += n.size()
	case atTail && l.allows(n.next, len(s)):
		l.bytes -= n.next.size()
		n.next.pushHead(s)
		l.bytes += n.next.size()
	case atTail:
		m := newNode(len(s)+encodingMax, true)
		m.pushHead(s)
		l.link(n, m, n.next)
	default:
		m := l.split(n, c.pos, true)
		m.pushHead(s)
		l.link(n, m, n.next)
		l.mergeAround(n)
	}
}

// InsertBefore puts s before the element. The cursor is meaningless after that.
func (c *Cursor) InsertBefore(s []byte) {
	n, l := c.n, c.l
	l.count++
	atHead := n.plain || n.pack().Prev(c.pos) < 0
	switch {
	case l.isLarge(len(s)):
		m := plainNode(s)
		if atHead {
			l.link(n.prev, m, n)
			return
		}
		rest := l.split(n, c.pos, false)
		l.link(n.prev, m, n)
		l.link(m.prev, rest, m)
	case l.allows(n, len(s)) && atHead:
		l.bytes -= n.size()
		n.pushHead(s)
		l.bytes += n.size()
	case l.allows(n, len(s)):
		l.bytes -= n.size()
		n.set(n.pack().InsertBefore(c.pos, s))
		n.count++
		l.bytes += n.size()
	case atHead && l.allows(n.prev, len(s)):
		l.bytes -= n.prev.size()
		n.prev.pushTail(s)
		l.bytes += n.prev.size()
	case atHead:
		m := newNode(len(s)+encodingMax, true)
		m.pushHead(s)
		l.link(n.prev, m, n)
	default:
		m := l.split(n, c.pos, false)
		m.pushTail(s)
		l.link(n.prev, m, n)
		l.mergeAround(n)
	}
}

// split cuts n in two at pos and returns the part that it takes from n, which is in no list yet.
// With after, n keeps the element at pos and what is before it; else that element and what is
// behind it.
func (l *List) split(n *node, pos int, after bool) *node {
	p := n.pack()
	l.bytes -= n.size()
	before := 0
	for at := p.Prev(pos); at >= 0; at = p.Prev(at) {
		before++
	}
	m := n.clone()
	if after {
		before++
		n.set(p.DeleteRange(before, n.count))
		m.set(m.pack().DeleteRange(0, before))
		m.count -= before
		n.count = before
		l.bytes += n.size()
		return m
	}
	n.set(p.DeleteRange(0, before))
	m.set(m.pack().DeleteRange(before, m.count))
	m.count = before
	n.count -= before
	l.bytes += n.size()
	return m
}

// mergeAround joins the neighbours of n that fit together: the two before, the two behind, then n
// with what now is before it, and that with what is behind.
func (l *List) mergeAround(n *node) {
	if n.prev != nil {
		l.merge(n.prev.prev, n.prev)
	}
	if n.next != nil {
		l.merge(n.next, n.next.next)
	}
	if l.merge(n.prev, n) {
		n = n.prev
	}
	l.merge(n, n.next)
}

// merge adds the elements of b, the node behind a, to a, if they fit; b is gone then.
func (l *List) merge(a, b *node) bool {
	if a == nil || b == nil || a.plain || b.plain {
		return false
	}
	size := a.size() + b.size() - listpack.EmptySize
	if exceeds(int(l.fill), size, a.count+b.count) {
		return false
	}
	l.bytes -= a.size()
	a.set(a.pack().Merge(b.pack()))
	a.count += b.count
	l.bytes += a.size()
	l.unlink(b)
	return true
}
