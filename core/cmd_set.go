package core

import (
	"github.com/redlet/redlet/core/internal/glob"
	"github.com/redlet/redlet/core/internal/listpack"
	"github.com/redlet/redlet/core/internal/set"
)

var setCommands = []Command{
	{
		Name: "sadd", Since: "1.0", Group: "set",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatSet,
		Syntax:     "key member...",
		Keys:       "1 RW insert",
		Summary:    "Puts members into a set, making the set if need be.",
		Complexity: "O(N) for N members",
		History:    "2.4 several members",
		Run:        cmdSadd,
	},
	{
		Name: "srem", Since: "1.0", Group: "set",
		Flags:      Write | Fast,
		Cats:       CatSet,
		Syntax:     "key member...",
		Keys:       "1 RW delete",
		Summary:    "Takes members out of a set; with its last member the key goes too.",
		Complexity: "O(N) for N members",
		History:    "2.4 several members",
		Run:        cmdSrem,
	},
	{
		Name: "smove", Since: "1.0", Group: "set",
		Flags:      Write | Fast,
		Cats:       CatSet,
		Syntax:     "source:key destination:key member",
		Keys:       "1 RW access delete; 2 RW insert",
		Summary:    "Moves a member from one set to another.",
		Complexity: "O(1)",
		Run:        cmdSmove,
	},
	{
		Name: "sismember", Since: "1.0", Group: "set",
		Flags:      ReadOnly | Fast,
		Cats:       CatSet,
		Syntax:     "key member",
		Keys:       "1 RO",
		Summary:    "Tells whether a set has a member.",
		Complexity: "O(1)",
		Run:        cmdSismember,
	},
	{
		Name: "smismember", Since: "6.2", Group: "set",
		Flags:      ReadOnly | Fast,
		Cats:       CatSet,
		Syntax:     "key member...",
		Keys:       "1 RO access",
		Summary:    "Tells of each of several members whether a set has it.",
		Complexity: "O(N) for N members",
		Run:        cmdSmismember,
	},
	{
		Name: "scard", Since: "1.0", Group: "set",
		Flags:      ReadOnly | Fast,
		Cats:       CatSet,
		Syntax:     "key",
		Keys:       "1 RO",
		Summary:    "Counts the members of a set.",
		Complexity: "O(1)",
		Run:        cmdScard,
	},
	{
		Name: "smembers", Since: "1.0", Group: "set",
		Flags:      ReadOnly,
		Cats:       CatSet,
		Syntax:     "key",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output_order",
		Summary:    "Gives all members of a set.",
		Complexity: "O(N) for a set of N members",
		Run:        cmdSmembers,
	},
	{
		Name: "spop", Since: "1.0", Group: "set",
		Flags:      Write | Fast,
		Cats:       CatSet,
		Syntax:     "key [count:int^3.2]",
		Keys:       "1 RW access delete",
		Tips:       "nondeterministic_output",
		Summary:    "Takes members chosen at random out of a set and gives them.",
		Complexity: "O(N) for N members returned",
		History:    "3.2 a count",
		Run:        cmdSpop,
	},
	{
		Name: "srandmember", Since: "1.0", Group: "set",
		Flags:      ReadOnly,
		Cats:       CatSet,
		Syntax:     "key [count:int^2.6]",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output",
		Summary:    "Gives members of a set chosen at random.",
		Complexity: "O(N) for N members returned",
		History:    "2.6 a count",
		Run:        cmdSrandmember,
	},
	{
		Name: "sscan", Since: "2.8", Group: "set",
		Flags:      ReadOnly,
		Cats:       CatSet,
		Syntax:     "key cursor:int [MATCH pattern:pattern] [COUNT count:int]",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output",
		Summary:    "Walks through the members of a set in small steps.",
		Complexity: "O(1) a call, O(N) for a whole walk over N members",
		Run:        cmdSscan,
	},
}

// setOf returns the set at a key for reading: nil when there is none, and false when the key holds
// something else, once that is replied.
func (c *Call) setOf(key []byte) (*set.Set, bool) {
	return c.asSet(c.lookupRead(key))
}

// setToChange is setOf for a command that may change the set.
func (c *Call) setToChange(key []byte) (*set.Set, bool) {
	return c.asSet(c.lookupWrite(key))
}

func (c *Call) asSet(o *object) (*set.Set, bool) {
	if o == nil {
		return nil, true
	}
	if !c.ofKind(o, kindSet) {
		return nil, false
	}
	return o.set(), true
}

// startSet makes a set at a key where there is none, for n members of which first is the first;
// they must be added at once.
func (c *Call) startSet(key, first []byte, n int) *set.Set {
	o := newSet(set.Make(first, n, c.e.setLimits()))
	c.add(key, o)
	return o.set()
}

// membersGone tells everybody that n > 0 members have left the set at a key, and removes the key of
// a set that has none left.
func (c *Call) membersGone(key []byte, s *set.Set, event string, n int) {
	c.signalDirty(n, notifySet, event, key)
	if s.Len() == 0 {
		c.removeEmpty(key)
	}
}

func cmdSadd(c *Call) {
	key, members := c.Args[1], c.Args[2:]
	s, ok := c.setToChange(key)
	if !ok {
		return
	}
	lim := c.e.setLimits()
	if s == nil {
		s = c.startSet(key, members[0], len(members))
	} else {
		s.Prepare(len(members), lim)
	}
	fresh := 0
	for _, m := range members {
		if s.Add(m, lim) {
			fresh++
		}
	}
	if fresh > 0 {
		c.signalDirty(fresh, notifySet, "sadd", key)
	}
	c.Count(fresh)
}

func cmdSrem(c *Call) {
	s, ok := c.setToChange(c.Args[1])
	if !ok {
		return
	}
	n := 0
	for _, m := range c.Args[2:] {
		if s != nil && s.Remove(m) {
			n++
		}
	}
	if n > 0 {
		c.membersGone(c.Args[1], s, "srem", n)
	}
	c.Count(n)
}

func cmdSmove(c *Call) {
	source, destination, m := c.Args[1], c.Args[2], c.Args[3]
	from, to := c.lookupWrite(source), c.lookupWrite(destination)
	switch {
	case from == nil:
		c.Int(0)
		return
	case !c.ofKind(from, kindSet), !c.ofKind(to, kindSet):
		return
	case from == to:
		c.Flag(from.set().Has(m))
		return
	case !from.set().Remove(m):
		c.Int(0)
		return
	}
	c.membersGone(source, from.set(), "srem", 1)
	var s *set.Set
	if to == nil {
		s = c.startSet(destination, m, 1)
	} else {
		s = to.set()
	}
	if s.Add(m, c.e.setLimits()) {
		c.signalModified(notifySet, "sadd", destination)
	}
	c.Int(1)
}

func cmdSismember(c *Call) {
	if s, ok := c.setOf(c.Args[1]); ok {
		c.Flag(s != nil && s.Has(c.Args[2]))
	}
}

func cmdSmismember(c *Call) {
	s, ok := c.setOf(c.Args[1])
	if !ok {
		return
	}
	c.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		c.Flag(s != nil && s.Has(m))
	}
}

func cmdScard(c *Call) {
	s, ok := c.setOf(c.Args[1])
	switch {
	case !ok:
	case s == nil:
		c.Int(0)
	default:
		c.Count(s.Len())
	}
}

func cmdSmembers(c *Call) {
	if s, ok := c.setOf(c.Args[1]); ok {
		c.members(s)
	}
}

// members writes all members of a set, which may be nil.
func (c *Call) members(s *set.Set) {
	if s == nil {
		c.Set(0)
		return
	}
	c.Set(s.Len())
	if s.Encoding() == set.Listpack {
		p := listpack.Pack(s.Pack())
		c.Pack(p, p.First(), s.Len(), 0)
		return
	}
	for m := range s.All {
		c.Bulk(m)
	}
}

func cmdSscan(c *Call) {
	cursor, ok := c.argCursor(2)
	if !ok {
		return
	}
	s, ok := c.setOf(c.Args[1])
	if !ok {
		return
	}
	if s == nil { // the options are not even looked at
		c.Array(2)
		c.BulkCursor(0)
		c.Array(0)
		return
	}
	opt, ok := c.scanOptions(3, false)
	if !ok {
		return
	}
	c.Array(2)
	at := c.ArrayLater()
	seen, n := 0, 0
	visit := func(m []byte) {
		seen++
		if opt.match == nil || glob.Match(opt.match, m, false) {
			n++
			c.Bulk(m)
		}
	}
	for range 10 * opt.count {
		cursor = s.Scan(cursor, visit)
		if cursor == 0 || seen >= opt.count || c.Overflowed() {
			break
		}
	}
	c.cursorEnd(at, cursor, n)
}
