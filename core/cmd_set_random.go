package core

import (
	"bytes"

	"github.com/redlet/redlet/core/internal/reply"
	"github.com/redlet/redlet/core/internal/resp"
	"github.com/redlet/redlet/core/internal/set"
)

func cmdSpop(c *Call) {
	if len(c.Args) > 2 {
		c.popMembers()
		return
	}
	key := c.Args[1]
	s, ok := c.setToChange(key)
	if !ok {
		return
	}
	if s == nil {
		c.Null()
		return
	}
	var scratch [64]byte
	m := s.AppendAt(scratch[:0], c.e.random.Below(s.Len()))
	s.Remove(m)
	c.Bulk(m)
	c.Propagate("SREM", key, m)
	c.membersGone(key, s, "spop", 1)
}

// popMembers is SPOP with a count.
func (c *Call) popMembers() {
	if len(c.Args) > 3 {
		c.Error(ErrSyntax)
		return
	}
	count, ok := c.argPositive(2)
	if !ok {
		return
	}
	key := c.Args[1]
	o := c.lookupWrite(key)
	s, ok := c.asSet(o)
	switch {
	case !ok:
		return
	case s == nil, count == 0:
		c.Set(0)
		return
	}
	n := s.Len()
	if count >= int64(n) {
		c.lookupRead(key) // Redis answers as SUNION does, which counts as a hit
		c.members(s)
		c.Propagate(removalName(c.e.cfg.lazyServerDel), key)
		c.signalDirty(n, notifySet, "spop", key)
		c.removeEmpty(key)
		return
	}
	var gone reply.Writer // what replicas are told: the client's output has a limit
	w, propagates := c.Writer, c.propagates()
	if propagates {
		if share := float64(count) / float64(n) * float64(o.size()); !c.roomFor(4 * int64(share)) {
			return
		}
		w = &gone
	}
	c.Set(int(count))
	left := n - int(count)
	switch {
	case s.Encoding() == set.Listpack:
		c.popListpack(w, s, int(count))
	case left*moveBelow > int(count):
		c.popEach(w, s, int(count))
	default:
		o.body = c.popRest(w, s, left)
	}
	if propagates {
		c.propagateGone(key, gone.Buf)
		c.Raw(gone.Buf)
	}
	c.signalDirty(int(count), notifySet, "spop", key)
}

// goneAtOnce is how many members a replica is told to remove with one command.
const goneAtOnce = 1024

// propagateGone sends the replicas which members have left the set at a key: those of a reply.
func (c *Call) propagateGone(key []byte, reply []byte) {
	args := [][]byte{key}
	for len(reply) > 0 {
		head := bytes.IndexByte(reply, '\n') + 1
		size, _ := resp.Int(reply[1 : head-2])
		end := head + int(size)
		args = append(args, reply[head:end])
		reply = reply[end+2:]
		if len(args) > goneAtOnce || len(reply) == 0 {
			c.Propagate("SREM", args...)
			args = args[:1]
		}
	}
}

// moveBelow is how many times fewer members than it takes away SPOP leaves in a set for which it
// makes a new one of those that stay. A large set may then be in a smaller encoding.
const moveBelow = 5

// popListpack writes count members of a Listpack, in its order, and takes them out.
func (c *Call) popListpack(w *reply.Writer, s *set.Set, count int) {
	gone := make([][]byte, 0, count)
	n := s.Len()
	for m := range s.All {
		// Each of the n members left is as likely as any other to be among those wanted.
		if c.e.random.Below(n) < count-len(gone) {
			w.Bulk(m)
			gone = append(gone, append([]byte(nil), m...))
		}
		n--
	}
	for _, m := range gone {
		s.Remove(m)
	}
}

// popEach writes count members and takes them out.
func (c *Call) popEach(w *reply.Writer, s *set.Set, count int) {
	var scratch []byte
	for range count {
		scratch = s.AppendAt(scratch[:0], c.e.random.Below(s.Len()))
		s.Remove(scratch)
		w.Bulk(scratch)
	}
}

// popRest writes all but left members and returns a set of these.
func (c *Call) popRest(w *reply.Writer, s *set.Set, left int) *set.Set {
	lim := c.e.setLimits()
	rest := set.Make(nil, 1, lim) // a Listpack
	if s.Encoding() == set.Intset {
		rest = set.Set{}
	}
	var scratch []byte
	for range left {
		scratch = s.AppendAt(scratch[:0], c.e.random.Below(s.Len()))
		s.Remove(scratch)
		rest.Add(scratch, lim)
	}
	for m := range s.All {
		w.Bulk(m)
	}
	return &rest
}

// cmdSrandmember gives different members for a count from 0 up: the whole set when it has no more,
// in the order of the set otherwise, or in any order when the set is large and the count small.
// With a negative count it draws that often, and members may repeat.
func cmdSrandmember(c *Call) {
	if len(c.Args) > 2 {
		c.randomMembers()
		return
	}
	s, ok := c.setOf(c.Args[1])
	switch {
	case !ok:
	case s == nil:
		c.Null()
	default:
		c.drawMembers(s, 1)
	}
}

// randomMembers is SRANDMEMBER with a count.
func (c *Call) randomMembers() {
	if len(c.Args) > 3 {
		c.Error(ErrSyntax)
		return
	}
	count, ok := c.argSpread(2)
	if !ok {
		return
	}
	s, ok := c.setOf(c.Args[1])
	switch {
	case !ok:
	case s == nil, count == 0:
		c.Array(0)
	case !c.mayRepeat(count):
		c.Error(ErrOutOfRange)
	case count < 0:
		c.Array(int(-count))
		c.drawMembers(s, int(-count))
	case count >= int64(s.Len()):
		c.Array(s.Len())
		for m := range s.All {
			c.Bulk(m)
		}
	default:
		c.Array(int(count))
		c.chooseMembers(s, int(count))
	}
}

// drawMembers writes count members, each drawn from all.
func (c *Call) drawMembers(s *set.Set, count int) {
	var scratch []byte
	for range count {
		if c.Overflowed() {
			break
		}
		scratch = s.AppendAt(scratch[:0], c.e.random.Below(s.Len()))
		c.Bulk(scratch)
	}
}

// chooseMembers writes count different members of a set that has more.
func (c *Call) chooseMembers(s *set.Set, count int) {
	n := s.Len()
	if s.Encoding() != set.Table || count > n/3 {
		for m := range s.All {
			if c.e.random.Below(n) < count {
				c.Bulk(m)
				count--
			}
			n--
		}
		return
	}
	var scratch []byte
	chosen := make(map[int]struct{}, count)
	for len(chosen) < count {
		i := c.e.random.Below(n)
		if _, again := chosen[i]; !again {
			chosen[i] = struct{}{}
			scratch = s.AppendAt(scratch[:0], i)
			c.Bulk(scratch)
		}
	}
}
