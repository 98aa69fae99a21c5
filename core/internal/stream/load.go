package stream

import (
	"encoding/binary"

	"github.com/redlet/redlet/core/internal/listpack"
)

// EachNode calls f with every node in order: its id as RDB files have it, and its listpack. They
// are lent for the call.
func (s *Stream) EachNode(f func(key []byte, p listpack.Pack)) {
	for at := s.nodes.first(); at.valid(); at.next() {
		key := at.id().Bytes()
		f(key[:], at.val().pack)
	}
}

// Bytes is the id as it stands in RDB files.
func (id ID) Bytes() (b [idBytes]byte) {
	binary.BigEndian.PutUint64(b[:], id.Ms)
	binary.BigEndian.PutUint64(b[8:], id.Seq)
	return b
}

// IDFromBytes reads an id as it stands in RDB files; false if it is of another length.
func IDFromBytes(b []byte) (ID, bool) {
	if len(b) != idBytes {
		return ID{}, false
	}
	return ID{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}, true
}

// LoadNode adds a node as it stands in an RDB file, and takes ownership of the pack. It reports
// false, and adds nothing, if the pack is none of a node's or if there is a node of this id.
func (s *Stream) LoadNode(id ID, p listpack.Pack) bool {
	n := &node{id: id, pack: p}
	if _, taken := s.nodes.find(id); taken || !n.valid() {
		return false
	}
	s.putNode(n)
	return true
}

// SetLen sets how many entries there are, as a file says. Redis takes its word, even if the nodes
// hold others, unless there are no nodes at all; SetLen reports whether it can be.
func (s *Stream) SetLen(n int64) bool {
	s.length = n
	return n == 0 || s.nodes.n > 0
}

// SetFirst finds the first entry, which is MaxID without one: files did not tell it before version
// 2 of the layout.
func (s *Stream) SetFirst() { s.First = s.first() }

// LoadPending adds an entry that is pending with nobody yet. It reports false if it is there.
func (g *Group) LoadPending(id ID, time, count int64) bool {
	if g.Pending(id) != nil {
		return false
	}
	g.pend(id, &Pending{Time: time, Count: count})
	return true
}

// LoadOwner makes a consumer the one with whom an entry is pending. It reports false if the entry
// is not pending, or with somebody else.
func (g *Group) LoadOwner(id ID, c *Consumer) bool {
	p := g.Pending(id)
	if p == nil || p.Consumer != nil {
		return false
	}
	p.Consumer = c
	c.pending.put(id, p)
	g.released--
	return true
}

// LoadReleased puts an entry that is pending with nobody behind those that were released before. It
// reports false if the entry is not pending, or with somebody.
func (g *Group) LoadReleased(id ID) bool {
	p := g.Pending(id)
	if p == nil || p.Consumer != nil {
		return false
	}
	g.seq++
	p.Time, p.seq = 0, g.seq
	return true
}

// valid reports whether a listpack, whatever is in it, is laid out as a node. How many of its
// entries are deleted is not compared with what they are marked as: Redis does not.
func (n *node) valid() bool {
	v := validator{p: n.pack, pos: n.pack.First()}
	live, deleted, master := v.number(), v.number(), v.number()
	if v.bad || !v.skip(master) || v.number() != 0 || v.bad {
		return false
	}
	entries := live + deleted
	for ; v.pos >= 0; entries-- {
		flags := v.number()
		v.number()
		v.number()
		elements, fixed := master, int64(entryFixed)
		if flags&flagSameFields == 0 {
			elements, fixed = 2*min(v.number(), packMax), entryFixed+1
		}
		if !v.skip(elements) || v.number() != elements+fixed || v.bad {
			return false
		}
	}
	return entries == 0
}

// validator walks through a listpack that should be a node.
type validator struct {
	p   listpack.Pack
	pos int // -1 at the end
	bad bool
}

// number reads an element that must be one.
func (v *validator) number() int64 {
	if v.pos < 0 {
		v.bad = true
		return 0
	}
	_, n, isInt := v.p.At(v.pos)
	v.bad = v.bad || !isInt
	v.pos = v.p.Next(v.pos)
	return n
}

// skip passes over elements and reports whether there are so many.
func (v *validator) skip(elements int64) bool {
	if elements < 0 {
		v.bad = true
	}
	for ; elements > 0 && !v.bad; elements-- {
		if v.bad = v.pos < 0; !v.bad {
			v.pos = v.p.Next(v.pos)
		}
	}
	return !v.bad
}
