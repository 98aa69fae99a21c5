package zset

import "strconv"

// Cursor stands at a member of a sorted set, which must not change meanwhile.
type Cursor struct {
	z       *Zset
	pos     int   // of the member in a Listpack
	leaf    *node // of a Skiplist, and the place there
	i       int
	scratch []byte
}

// At is a cursor at the member of a rank, 0 <= rank < Len.
func (z *Zset) At(rank int) Cursor {
	c := Cursor{z: z}
	if z.table != nil {
		c.leaf, c.i = z.table.order.at(rank)
	} else {
		c.pos = z.pack.Index(2 * rank)
	}
	return c
}

// Member is the member at which the cursor stands, lent until it moves.
func (c *Cursor) Member() []byte {
	if c.leaf != nil {
		c.scratch = append(c.scratch[:0], c.leaf.items[c.i].member...)
		return c.scratch
	}
	s, n, isInt := c.z.pack.At(c.pos)
	if isInt {
		c.scratch = strconv.AppendInt(c.scratch[:0], n, 10)
		return c.scratch
	}
	return s
}

// Text is Member where the member is a string anyhow, "" where it is not, or is empty.
func (c *Cursor) Text() string {
	if c.leaf == nil {
		return ""
	}
	return c.leaf.items[c.i].member
}

// Score is the score of the member at which the cursor stands.
func (c *Cursor) Score() float64 {
	if c.leaf != nil {
		return c.leaf.items[c.i].score
	}
	return scoreAt(c.z.pack, c.z.pack.Next(c.pos))
}

// Next moves to the next member. Behind the last the cursor is good for nothing.
func (c *Cursor) Next() {
	if c.leaf == nil {
		if c.pos = c.z.pack.Next(c.pos); c.pos >= 0 {
			c.pos = c.z.pack.Next(c.pos)
		}
		return
	}
	if c.i++; c.i == len(c.leaf.items) && c.leaf.next != nil {
		c.leaf, c.i = c.leaf.next, 0
	}
}

// Prev moves to the member before. Before the first the cursor is good for nothing.
func (c *Cursor) Prev() {
	if c.leaf == nil {
		if c.pos = c.z.pack.Prev(c.pos); c.pos >= 0 {
			c.pos = c.z.pack.Prev(c.pos)
		}
		return
	}
	if c.i--; c.i < 0 && c.leaf.prev != nil {
		c.leaf = c.leaf.prev
		c.i = len(c.leaf.items) - 1
	}
}

// Nth is a member for each i, 0 <= i < Len, and its score: for fair random choice. The member is
// appended to dst. In a Listpack it takes time with i.
func (z *Zset) Nth(dst []byte, i int) ([]byte, float64) {
	if z.table != nil {
		member, score := z.table.scores.At(i)
		return append(dst, member...), *score
	}
	pos := z.pack.Index(2 * i)
	return z.pack.AppendAt(dst, pos), scoreAt(z.pack, z.pack.Next(pos))
}

// Scan visits some of the members and returns the cursor to go on with, 0 when it is done, with the
// guarantee of SCAN. A Listpack is visited whole. A member is lent until the next one.
func (z *Zset) Scan(cursor uint64, visit func(m []byte, score float64)) uint64 {
	if z.table == nil {
		n := z.Len()
		if n == 0 {
			return 0
		}
		at := z.At(0)
		for range n {
			visit(at.Member(), at.Score())
			at.Next()
		}
		return 0
	}
	var scratch []byte
	return z.table.scores.Scan(cursor, func(member string, score *float64) {
		scratch = append(scratch[:0], member...)
		visit(scratch, *score)
	})
}
