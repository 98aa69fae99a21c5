package core

import (
	"math"
	"slices"

	"github.com/redlet/redlet/core/internal/hyperloglog"
	"github.com/redlet/redlet/core/internal/set"
	"github.com/redlet/redlet/core/internal/small"
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
		Name: "sunioncard", Since: "8.10", Group: "set",
		Flags:      ReadOnly,
		Cats:       CatSet,
		Syntax:     "numkeys:int key... [APPROX] [LIMIT limit:int]",
		Keys:       "1# RO access",
		Summary:    "Counts the members that any of several sets has, or estimates how many.",
		Complexity: "O(N) for N members in all sets",
		Run:        cmdSunioncard,
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
		Name: "sdiffcard", Since: "8.10", Group: "set",
		Flags:      ReadOnly,
		Cats:       CatSet,
		Syntax:     "numkeys:int key... [LIMIT limit:int]",
		Keys:       "1# RO access",
		Summary:    "Counts the members of a set that none of the others has.",
		Complexity: "O(N) for N members in all sets",
		Run:        cmdSdiffcard,
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
// the keys holds something else, or there is no memory for what may come of them, once that is
// replied.
func (c *Call) setsOf(keys [][]byte) ([]*set.Set, bool) {
	sets, size := make([]*set.Set, len(keys)), 0
	for i, key := range keys {
		var ok bool
		if sets[i], ok = c.setOf(key); !ok {
			return nil, false
		}
		if sets[i] != nil {
			size += sets[i].Memory()
		}
	}
	return sets, c.roomFor(2 * int64(size))
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
	c.eachCommon(sets, func(m []byte, i int64, isInt bool) bool {
		c.Element(m, i, isInt)
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
	if card, ok := c.cardinality(false); ok {
		n := int64(0)
		c.eachCommon(card.sets, func([]byte, int64, bool) bool {
			n++
			return n != card.limit
		})
		c.Int(n)
	}
}

// cardinality is what the commands are told that count the members of an outcome.
type cardinality struct {
	sets   []*set.Set // nil where there is none
	limit  int64      // how far is counted, 0 for all the way
	approx bool
}

// cardinality reads it; not all take the option APPROX.
func (c *Call) cardinality(takesApprox bool) (card cardinality, ok bool) {
	num, ok := c.argRange(1, 1, math.MaxInt64, "ERR numkeys should be greater than 0")
	if !ok {
		return card, false
	}
	if num > int64(len(c.Args)-2) {
		c.Error("ERR Number of keys can't be greater than number of args")
		return card, false
	}
	keys, i := c.Args[2:2+num], 2+int(num)
	for ; i < len(c.Args); i++ {
		switch word := c.Args[i]; {
		case is(word, "limit") && i+1 < len(c.Args):
			i++
			card.limit, ok = c.argRange(i, 0, math.MaxInt64, "ERR LIMIT can't be negative")
			if !ok {
				return card, false
			}
		case takesApprox && is(word, "approx"):
			card.approx = true
		default:
			c.Error(ErrSyntax)
			return card, false
		}
	}
	card.sets, ok = c.setsOf(keys)
	return card, ok
}

func cmdSinterstore(c *Call) {
	sets, ok := c.setsOf(c.Args[2:])
	if !ok {
		return
	}
	lim := c.e.setLimits()
	var common set.Set
	var digits [20]byte
	if first := smallest(sets); first != nil && first.Encoding() != set.Intset {
		common = set.Make(nil, 1, lim)
	}
	c.eachCommon(sets, func(m []byte, n int64, isInt bool) bool {
		if isInt {
			m = appendInt(digits[:0], n)
		}
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
// returns false: m or, where it isInt, n. A member is lent until the next one.
func (c *Call) eachCommon(sets []*set.Set, visit func(m []byte, n int64, isInt bool) bool) {
	first := smallest(sets)
	if first == nil {
		return
	}
	// The smaller a set, the likelier it lacks a member.
	small.Sort(sets, func(a, b *set.Set) int { return a.Len() - b.Len() })
	if !slices.ContainsFunc(sets, func(s *set.Set) bool { return s.Encoding() != set.Intset }) {
		c.eachCommonInt(first, sets, visit)
		return
	}
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
		if !visit(m, 0, false) {
			return
		}
	}
}

// eachCommonInt is eachCommon for Intsets. Their integers rise, so all sets are gone through at
// once, and in batches, each of which one set after the other looks at.
func (c *Call) eachCommonInt(first *set.Set, sets []*set.Set,
	visit func(m []byte, n int64, isInt bool) bool) {
	var batch [yieldEvery]int64
	at := make([]int, len(sets))
	for i := 0; i < first.Len(); i += len(batch) {
		c.e.yieldIn(i + yieldEvery - 1)
		ns := first.Ints(batch[:], i)
		for k, s := range sets {
			if s != first && len(ns) > 0 {
				ns, at[k] = s.Retain(ns, at[k])
			}
		}
		for _, n := range ns {
			if !visit(nil, n, true) {
				return
			}
		}
	}
}

func cmdSunion(c *Call) {
	sets, ok := c.setsOf(c.Args[1:])
	if !ok {
		return
	}
	sets = small.DeleteFunc(sets, func(s *set.Set) bool { return s == nil })
	switch len(sets) {
	case 0:
		c.Set(0)
		return
	case 1:
		c.members(sets[0])
		return
	}
	lim := c.e.setLimits()
	all := unionOf(sets, lim)
	c.addAll(&all, sets, lim)
	c.members(&all)
}

// unionOf returns an empty set for the members of several that is not to be stored. Only integers
// alone are given in an order of their own, which is theirs: nothing else need become a listpack.
func unionOf(sets []*set.Set, lim set.Limits) (all set.Set) {
	for _, s := range sets {
		if s != nil && s.Encoding() != set.Intset {
			all.ToTable(s.Len(), lim)
			break
		}
	}
	return all
}

func cmdSunioncard(c *Call) {
	card, ok := c.cardinality(true)
	switch {
	case !ok:
	case card.approx:
		c.Int(c.estimateUnion(&card))
	default:
		lim := c.e.setLimits()
		all := unionOf(card.sets, lim)
		c.eachInAny(card.sets, func(m []byte) bool {
			return !all.Add(m, lim) || int64(all.Len()) != card.limit
		})
		c.Count(all.Len())
	}
}

// estimateUnion estimates how many members several sets have together. Now and then it looks
// whether the limit is reached.
func (c *Call) estimateUnion(card *cardinality) int64 {
	const least = 1024 // members between two looks
	var all hyperloglog.Registers
	seen, look := int64(0), card.limit
	c.eachInAny(card.sets, func(m []byte) bool {
		all.Add(m)
		if seen++; card.limit == 0 || seen < look {
			return true
		}
		missing := card.limit - all.Count()
		look = seen + max(missing, least)
		return missing > 0
	})
	n := all.Count()
	if card.limit > 0 {
		n = min(n, card.limit)
	}
	return n
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
//
//go:noinline
func (c *Call) addAll(to *set.Set, sets []*set.Set, lim set.Limits) {
	c.eachInAny(sets, func(m []byte) bool {
		to.Add(m, lim)
		return true
	})
}

// eachInAny visits the members of all sets that are there, until visit returns false. A member is
// lent until the next one.
func (c *Call) eachInAny(sets []*set.Set, visit func(m []byte) bool) {
	i := 0
	for _, s := range sets {
		if s == nil {
			continue
		}
		for m := range s.All {
			c.e.yieldIn(i)
			i++
			if !visit(m) {
				return
			}
		}
	}
}

func cmdSdiff(c *Call) {
	sets, ok := c.setsOf(c.Args[1:])
	if !ok {
		return
	}
	at, n := c.ArrayLater(), 0
	c.eachOther(sets, func(m []byte) bool {
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
		c.eachOther(sets, func(m []byte) bool {
			rest.Add(m, lim)
			return true
		})
	default:
		c.addAll(&rest, sets[:1], lim)
		c.removeAll(&rest, sets[1:])
	}
	c.storeSet(&rest, "sdiffstore")
}

func cmdSdiffcard(c *Call) {
	if card, ok := c.cardinality(false); ok {
		n := int64(0)
		c.eachOther(card.sets, func([]byte) bool {
			n++
			return n != card.limit
		})
		c.Int(n)
	}
}

// eachOther visits the members of the first set that none of the others has, until visit returns
// false. Each is looked up in all others; or, where that is more work, in what these have together.
// A member is lent until the next one.
func (c *Call) eachOther(sets []*set.Set, visit func(m []byte) bool) {
	first, others := sets[0], sets[1:]
	if first == nil || slices.Contains(others, first) {
		return
	}
	size := 0
	for _, s := range others {
		if s != nil {
			size += s.Len()
		}
	}
	if len(others) > 1 && size < first.Len()*(len(others)-1) {
		lim := c.e.setLimits()
		all := unionOf(others, lim)
		c.addAll(&all, others, lim)
		others = []*set.Set{&all}
	}
	i := 0
members:
	for m := range first.All {
		c.e.yieldIn(i)
		i++
		for _, s := range others {
			if s != nil && s.Has(m) {
				continue members
			}
		}
		if !visit(m) {
			return
		}
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
