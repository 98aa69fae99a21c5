package core

import (
	"math"
	"slices"

	"github.com/redlet/redlet/core/internal/set"
)

var setStoreCommands = []Command{
	{
		Name: "sinter", Since: "1.0", Group: "set",
		Flags:      ReadOnly,
		Cats:       CatSet,
		Syntax:     "key...",
		Keys:       "1:-1 RO access",
		Tips:       "nondeterministic_output_order",
		Summary:    "Gives the members that several sets have in common.",
		Complexity: "O(N*M) for M sets, the smallest of which has N members",
		Run:        cmdSinter,
	},
	{
		Name: "sintercard", Since: "7.0", Group: "set",
		Flags:      ReadOnly,
		Cats:       CatSet,
		Syntax:     "numkeys:int key... [LIMIT limit:int]",
		Keys:       "1# RO access",
		Summary:    "Counts the members that several sets have in common.",
		Complexity: "O(N*M) for M sets, the smallest of which has N members",
		Run:        cmdSintercard,
	},
	{
		Name: "sinterstore", Since: "1.0", Group: "set",
		Flags:      Write | DenyOOM,
		Cats:       CatSet,
		Syntax:     "destination:key key...",
		Keys:       "1 OW update; 2:-1 RO access",
		Summary:    "Stores the members that several sets have in common.",
		Complexity: "O(N*M) for M sets, the smallest of which has N members",
		Run:        cmdSinterstore,
	},
	{
		Name: "sunion", Since: "1.0", Group: "set",
		Flags:      ReadOnly,
		Cats:       CatSet,
		Syntax:     "key...",
		Keys:       "1:-1 RO access",
		Tips:       "nondeterministic_output_order",
		Summary:    "Gives the members that any of several sets has.",
		Complexity: "O(N) for N members in all sets",
		Run:        cmdSunion,
	},
	{
		Name: "sunionstore", Since: "1.0", Group: "set",
		Flags:      Write | DenyOOM,
		Cats:       CatSet,
		Syntax:     "destination:key key...",
		Keys:       "1 OW update; 2:-1 RO access",
		Summary:    "Stores the members that any of several sets has.",
		Complexity: "O(N) for N members in all sets",
		Run:        cmdSunionstore,
	},
	{
		Name: "sdiff", Since: "1.0", Group: "set",
		Flags:      ReadOnly,
		Cats:       CatSet,
		Syntax:     "key...",
		Keys:       "1:-1 RO access",
		Tips:       "nondeterministic_output_order",
		Summary:    "Gives the members of a set that none of the others has.",
		Complexity: "O(N) for N members in all sets",
		Run:        cmdSdiff,
	},
	{
		Name: "sdiffstore", Since: "1.0", Group: "set",
		Flags:      Write | DenyOOM,
		Cats:       CatSet,
		Syntax:     "destination:key key...",
		Keys:       "1 OW update; 2:-1 RO access",
		Summary:    "Stores the members of a set that none of the others has.",
		Complexity: "O(N) for N members in all sets",
		Run:        cmdSdiffstore,
	},
}

// setsOf returns the sets at several keys, nil where there is none. It reports false when one of
// the keys holds something else, once that is replied.
func (c *Call) setsOf(keys [][]byte) ([]*set.Set, bool) {
	sets := make([]*set.Set, len(keys))
	for i, key := range keys {
		var ok bool
		if sets[i], ok = c.setOf(key); !ok {
			return nil, false
		}
	}
	return sets, true
}

// storeSet stores the outcome of an operation at the command's first key; an empty one deletes it.
func (c *Call) storeSet(s *set.Set, event string) {
	key := c.Args[1]
	if s.Len() > 0 {
		c.set(key, newSet(*s))
		c.signalModified(notifySet, event, key)
	} else if c.peek(key) != nil {
		c.delete(key)
	}
	c.Count(s.Len())
}

func cmdSinter(c *Call) {
	sets, ok := c.setsOf(c.Args[1:])
	if !ok {
		return
	}
	at, n := c.ArrayLater(), 0
	c.eachCommon(sets, func(m []byte) bool {
		c.Bulk(m)
		n++
		return true
	})
	kind := byte('*')
	if c.RESP3 {
		kind = '~'
	}
	c.ArrayEnd(at, kind, n)
}

func cmdSintercard(c *Call) {
	num, ok := c.argRange(1, 1, math.MaxInt64, "ERR numkeys should be greater than 0")
	if !ok {
		return
	}
	if num > int64(len(c.Args)-2) {
		c.Error("ERR Number of keys can't be greater than number of args")
		return
	}
	keys, i := c.Args[2:2+num], 2+int(num)
	limit := int64(0)
	for ; i < len(c.Args); i += 2 {
		if !is(c.Args[i], "limit") || i+1 == len(c.Args) {
			c.Error(ErrSyntax)
			return
		}
		limit, ok = c.argRange(i+1, 0, math.MaxInt64, "ERR LIMIT can't be negative")
		if !ok {
			return
		}
	}
	sets, ok := c.setsOf(keys)
	if !ok {
		return
	}
	n := int64(0)
	c.eachCommon(sets, func([]byte) bool {
		n++
		return n != limit
	})
	c.Int(n)
}

func cmdSinterstore(c *Call) {
	sets, ok := c.setsOf(c.Args[2:])
	if !ok {
		return
	}
	lim := c.e.setLimits()
	var common set.Set
	if first := smallest(sets); first != nil && first.Encoding() != set.Intset {
		common = set.Make(nil, 1, lim)
	}
	c.eachCommon(sets, func(m []byte) bool {
		common.Add(m, lim)
		return true
	})
	common.ToInts(lim)
	c.storeSet(&common, "sinterstore")
}

// smallest is the first of the sets with the fewest members, nil if one of them is not there.
func smallest(sets []*set.Set) *set.Set {
	least := sets[0]
	for _, s := range sets {
		if s == nil {
			return nil
		}
		if s.Len() < least.Len() {
			least = s
		}
	}
	return least
}

// eachCommon visits the members that all sets have, in the order of the smallest, until visit
// returns false. A member is lent until the next one.
func (c *Call) eachCommon(sets []*set.Set, visit func(m []byte) bool) {
	first := smallest(sets)
	if first == nil {
		return
	}
	// The smaller a set, the likelier it lacks a member.
	slices.SortStableFunc(sets, func(a, b *set.Set) int { return a.Len() - b.Len() })
	i := 0
members:
	for m := range first.All {
		c.e.yieldIn(i)
		i++
		for _, s := range sets {
			if s != first && !s.Has(m) {
				continue members
			}
		}
		if !visit(m) {
			return
		}
	}
}

func cmdSunion(c *Call) {
	sets, ok := c.setsOf(c.Args[1:])
	if !ok {
		return
	}
	sets = slices.DeleteFunc(sets, func(s *set.Set) bool { return s == nil })
	switch len(sets) {
	case 0:
		c.Set(0)
		return
	case 1:
		c.members(sets[0])
		return
	}
	// Only integers alone are given in an order of their own, which is theirs: nothing that is not
	// stored need become a listpack.
	lim := c.e.setLimits()
	var all set.Set
	for _, s := range sets {
		if s.Encoding() != set.Intset {
			all.ToTable(s.Len(), lim)
			break
		}
	}
	c.addAll(&all, sets, lim)
	c.members(&all)
}

func cmdSunionstore(c *Call) {
	sets, ok := c.setsOf(c.Args[2:])
	if !ok {
		return
	}
	var all set.Set
	c.addAll(&all, sets, c.e.setLimits())
	c.storeSet(&all, "sunionstore")
}

// addAll adds the members of all sets that are there.
func (c *Call) addAll(to *set.Set, sets []*set.Set, lim set.Limits) {
	i := 0
	for _, s := range sets {
		if s == nil {
			continue
		}
		for m := range s.All {
			c.e.yieldIn(i)
			i++
			to.Add(m, lim)
		}
	}
}

func cmdSdiff(c *Call) {
	sets, ok := c.setsOf(c.Args[1:])
	if !ok {
		return
	}
	at, n := c.ArrayLater(), 0
	c.eachOther(sets, func(m []byte) {
		c.Bulk(m)
		n++
	})
	kind := byte('*')
	if c.RESP3 {
		kind = '~'
	}
	c.ArrayEnd(at, kind, n)
}

// cmdSdiffstore looks each member of the first set up in the others; or, where that is more work,
// takes the members of the others out of a copy of the first. The encoding may tell which.
func cmdSdiffstore(c *Call) {
	sets, ok := c.setsOf(c.Args[2:])
	if !ok {
		return
	}
	lim := c.e.setLimits()
	var rest set.Set
	lookups, changes := 0, 0
	for _, s := range sets {
		if s != nil && sets[0] != nil {
			lookups += sets[0].Len()
			changes += s.Len()
		}
	}
	switch {
	case sets[0] == nil, slices.Contains(sets[1:], sets[0]):
	case lookups/2 <= changes:
		c.eachOther(sets, func(m []byte) { rest.Add(m, lim) })
	default:
		c.addAll(&rest, sets[:1], lim)
		c.removeAll(&rest, sets[1:])
	}
	c.storeSet(&rest, "sdiffstore")
}

// eachOther visits the members of the first set that none of the others has. A member is lent until
// the next one.
func (c *Call) eachOther(sets []*set.Set, visit func(m []byte)) {
	first := sets[0]
	if first == nil || slices.Contains(sets[1:], first) {
		return
	}
	i := 0
members:
	for m := range first.All {
		c.e.yieldIn(i)
		i++
		for _, s := range sets[1:] {
			if s != nil && s.Has(m) {
				continue members
			}
		}
		visit(m)
	}
}

// removeAll takes the members of all sets that are there out of one.
func (c *Call) removeAll(from *set.Set, sets []*set.Set) {
	i := 0
	for _, s := range sets {
		if s == nil {
			continue
		}
		for m := range s.All {
			c.e.yieldIn(i)
			i++
			from.Remove(m)
		}
		if from.Len() == 0 {
			return
		}
	}
}
