package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/set"
	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/core/internal/zset"
)

// weighted is what the syntaxes of unions and intersections end with.
const weighted = " [WEIGHTS weight:int...] [AGGREGATE aggregate:(SUM|MIN|MAX|COUNT^8.8)]"

var zsetStoreCommands = []Command{
	{
		Name: "zunion", Since: "6.2", Group: "sorted-set",
		Flags:      ReadOnly,
		Cats:       CatSortedSet,
		Syntax:     "numkeys:int key..." + weighted + " [WITHSCORES]",
		Keys:       "1# RO access",
		Summary:    "Gives the members that any of several sorted sets has.",
		Complexity: "O(N)+O(M*log(M)) for N members in all, and M of the outcome",
		History:    "8.8 AGGREGATE COUNT",
		Run:        cmdZunion,
	},
	{
		Name: "zunionstore", Since: "2.0", Group: "sorted-set",
		Flags:      Write | DenyOOM,
		Cats:       CatSortedSet,
		Syntax:     "destination:key numkeys:int key..." + weighted,
		Keys:       "1 OW update; 2# RO access",
		Summary:    "Stores the members that any of several sorted sets has.",
		Complexity: "O(N)+O(M*log(M)) for N members in all, and M of the outcome",
		History:    "8.8 AGGREGATE COUNT",
		Run:        cmdZunionstore,
	},
	{
		Name: "zinter", Since: "6.2", Group: "sorted-set",
		Flags:      ReadOnly,
		Cats:       CatSortedSet,
		Syntax:     "numkeys:int key..." + weighted + " [WITHSCORES]",
		Keys:       "1# RO access",
		Summary:    "Gives the members that several sorted sets have in common.",
		Complexity: "O(N*K)+O(M*log(M)) for K sets, the smallest of N, and M of the outcome",
		History:    "8.8 AGGREGATE COUNT",
		Run:        cmdZinter,
	},
	{
		Name: "zinterstore", Since: "2.0", Group: "sorted-set",
		Flags:      Write | DenyOOM,
		Cats:       CatSortedSet,
		Syntax:     "destination:key numkeys:int key..." + weighted,
		Keys:       "1 OW update; 2# RO access",
		Summary:    "Stores the members that several sorted sets have in common.",
		Complexity: "O(N*K)+O(M*log(M)) for K sets, the smallest of N, and M of the outcome",
		History:    "8.8 AGGREGATE COUNT",
		Run:        cmdZinterstore,
	},
	{
		Name: "zintercard", Since: "7.0", Group: "sorted-set",
		Flags:      ReadOnly,
		Cats:       CatSortedSet,
		Syntax:     "numkeys:int key... [LIMIT limit:int]",
		Keys:       "1# RO access",
		Summary:    "Counts the members that several sorted sets have in common.",
		Complexity: "O(N*K) for K sets, the smallest of which has N members",
		Run:        cmdZintercard,
	},
	{
		Name: "zdiff", Since: "6.2", Group: "sorted-set",
		Flags:      ReadOnly,
		Cats:       CatSortedSet,
		Syntax:     "numkeys:int key... [WITHSCORES]",
		Keys:       "1# RO access",
		Summary:    "Gives the members of a sorted set that none of the others has.",
		Complexity: "O(L+M*log(M)) for L members in all, and M of the outcome",
		Run:        cmdZdiff,
	},
	{
		Name: "zdiffstore", Since: "6.2", Group: "sorted-set",
		Flags:      Write | DenyOOM,
		Cats:       CatSortedSet,
		Syntax:     "destination:key numkeys:int key...",
		Keys:       "1 OW update; 2# RO access",
		Summary:    "Stores the members of a sorted set that none of the others has.",
		Complexity: "O(L+M*log(M)) for L members in all, and M of the outcome",
		Run:        cmdZdiffstore,
	},
}

// scoreSource is one of the sets or sorted sets that are united, intersected or subtracted. The
// members of a set have the score 1.
type scoreSource struct {
	zset   *zset.Zset // one of the two, or neither where there is no key
	set    *set.Set
	weight float64
}

func (s *scoreSource) len() int {
	switch {
	case s.zset != nil:
		return s.zset.Len()
	case s.set != nil:
		return s.set.Len()
	}
	return 0
}

// same tells whether two sources are one value.
func (s *scoreSource) same(t *scoreSource) bool { return s.zset == t.zset && s.set == t.set }

// score is the score of a member, without the weight.
func (s *scoreSource) score(m []byte) (float64, bool) {
	switch {
	case s.zset != nil:
		return s.zset.Score(m)
	case s.set != nil:
		return 1, s.set.Has(m)
	}
	return 0, false
}

// each visits the members with their scores, without the weight, until visit returns false. A
// member is lent until the next one.
func (c *Call) each(s *scoreSource, visit func(m []byte, score float64) bool) {
	i := 0
	switch {
	case s.set != nil:
		for m := range s.set.All {
			c.e.yieldIn(i)
			i++
			if !visit(m, 1) {
				return
			}
		}
	case s.zset != nil:
		at := s.zset.At(0)
		for range s.zset.Len() {
			c.e.yieldIn(i)
			i++
			if !visit(at.Member(), at.Score()) {
				return
			}
			at.Next()
		}
	}
}

// aggregate is how the scores of a member in several sources become one.
type aggregate uint8

const (
	aggregateSum aggregate = iota
	aggregateMin
	aggregateMax
	aggregateCount // of the weights: scores do not matter
)

func (a aggregate) of(x, y float64) float64 {
	switch a {
	case aggregateMin:
		if y < x {
			return y
		}
		return x
	case aggregateMax:
		if y > x {
			return y
		}
		return x
	}
	return orZero(x + y)
}

// part is what a member with a score in a source brings in.
func (a aggregate) part(s *scoreSource, score float64) float64 {
	if a == aggregateCount {
		return s.weight
	}
	return s.weight * score
}

// orZero is 0 for NaN, as comes of infinities: no score is that.
func orZero(score float64) float64 {
	if score != score {
		return 0
	}
	return score
}

// scoreOperation is what is done with several sources.
type scoreOperation struct {
	sources   []scoreSource
	aggregate aggregate
	scores    bool  // WITHSCORES
	limit     int64 // of ZINTERCARD; 0 for none
}

// operands are which options an operation takes.
type operands uint8

const (
	takesWeights operands = 1 << iota // and AGGREGATE
	takesScores
	takesLimit
)

// scoreOperation reads the keys of an operation, and what follows them, numkeys being argument i.
func (c *Call) scoreOperation(i int, takes operands) (op scoreOperation, ok bool) {
	n, ok := c.ArgInt(i)
	switch i++; {
	case !ok:
		return op, false
	case n < 1:
		c.Error("ERR at least 1 input key is needed for '" + c.cmd.full() + "' command")
		return op, false
	case n > int64(len(c.Args)-i):
		c.Error(ErrSyntax)
		return op, false
	}
	op.sources = make([]scoreSource, n)
	size := int64(0)
	for j := range op.sources {
		s := &op.sources[j]
		s.weight = 1
		o := c.lookupRead(c.Args[i+j])
		if o != nil {
			size += o.size()
		}
		switch {
		case o == nil:
		case o.kind == kindSet:
			s.set = o.set()
		case !c.ofKind(o, kindZset):
			return op, false
		default:
			s.zset = o.zset()
		}
	}
	return op, c.scoreOptions(&op, i+int(n), takes) && c.roomFor(2*size)
}

// scoreOptions reads the options of an operation, from argument i on.
func (c *Call) scoreOptions(op *scoreOperation, i int, takes operands) (ok bool) {
	for i < len(c.Args) {
		rest := len(c.Args) - i - 1
		switch word := c.Args[i]; {
		case takes&takesWeights != 0 && rest >= len(op.sources) && is(word, "weights"):
			for j := range op.sources {
				i++
				op.sources[j].weight, ok = c.argDouble(i, "ERR weight value is not a float")
				if !ok {
					return false
				}
			}
		case takes&takesWeights != 0 && rest >= 1 && is(word, "aggregate"):
			i++
			switch word := c.Args[i]; {
			case is(word, "sum"):
				op.aggregate = aggregateSum
			case is(word, "min"):
				op.aggregate = aggregateMin
			case is(word, "max"):
				op.aggregate = aggregateMax
			case is(word, "count"):
				op.aggregate = aggregateCount
			default:
				c.Error(ErrSyntax)
				return false
			}
		case takes&takesScores != 0 && is(word, "withscores"):
			op.scores = true
		case takes&takesLimit != 0 && rest >= 1 && is(word, "limit"):
			i++
			op.limit, ok = c.argRange(i, 0, math.MaxInt64, "ERR LIMIT can't be negative")
			if !ok {
				return false
			}
		default:
			c.Error(ErrSyntax)
			return false
		}
		i++
	}
	return true
}

// bySize puts the smallest source first. What it is for is speed, but the order shows in sums that
// are rounded.
func (op *scoreOperation) bySize() {
	small.Sort(op.sources, func(a, b scoreSource) int { return a.len() - b.len() })
}

// gather collects the outcome of an operation, which has about n members, and at most so many.
func (c *Call) gather(n, most int) *zset.Gather {
	lim := c.e.zsetLimits()
	g := zset.NewGather(n, most, &lim)
	g.Yield = c.e.yield
	return g
}

// replyOutcome replies the outcome of an operation.
func (c *Call) replyOutcome(g *zset.Gather, op *scoreOperation) {
	out := g.Zset(&zset.Limits{}) // never a listpack, in which -0 would be 0
	c.scored(&out, 0, out.Len(), false, op.scores)
}

// storeOutcome stores it.
func (c *Call) storeOutcome(g *zset.Gather, event string) {
	lim := c.e.zsetLimits()
	out := g.Zset(&lim)
	c.storeZset(&out, event)
}

func cmdZunion(c *Call) {
	if op, ok := c.scoreOperation(1, takesWeights|takesScores); ok {
		c.replyOutcome(c.union(&op), &op)
	}
}

func cmdZunionstore(c *Call) {
	if op, ok := c.scoreOperation(2, takesWeights); ok {
		c.storeOutcome(c.union(&op), "zunionstore")
	}
}

// union is the members of all sources.
func (c *Call) union(op *scoreOperation) *zset.Gather {
	op.bySize()
	most := 0
	for i := range op.sources {
		most += op.sources[i].len()
	}
	out := c.gather(op.sources[len(op.sources)-1].len(), most)
	for i := range op.sources {
		s := &op.sources[i]
		if s.zset == nil || s.zset.Len() == 0 {
			c.each(s, func(m []byte, score float64) bool {
				p, fresh := out.Put(m)
				op.unite(p, fresh, op.aggregate.part(s, score))
				return true
			})
			continue
		}
		at := s.zset.At(0)
		for j := range s.zset.Len() {
			c.e.yieldIn(j)
			p, fresh := out.PutAt(&at)
			op.unite(p, fresh, op.aggregate.part(s, at.Score()))
			at.Next()
		}
	}
	return out
}

// unite gives a member a score, or makes one of that and those that it had.
func (op *scoreOperation) unite(p *float64, fresh bool, score float64) {
	score = orZero(score)
	if !fresh {
		score = op.aggregate.of(*p, score)
	}
	*p = score
}

func cmdZinter(c *Call) {
	if op, ok := c.scoreOperation(1, takesWeights|takesScores); ok {
		c.replyOutcome(c.intersection(&op), &op)
	}
}

func cmdZinterstore(c *Call) {
	if op, ok := c.scoreOperation(2, takesWeights); ok {
		c.storeOutcome(c.intersection(&op), "zinterstore")
	}
}

func cmdZintercard(c *Call) {
	op, ok := c.scoreOperation(1, takesLimit)
	if !ok {
		return
	}
	n := int64(0)
	c.eachInAll(&op, func([]byte, float64) bool {
		n++
		return n != op.limit
	})
	c.Int(n)
}

// intersection is the members that all sources have.
func (c *Call) intersection(op *scoreOperation) *zset.Gather {
	out := c.gather(0, op.sources[0].len())
	c.eachInAll(op, func(m []byte, score float64) bool {
		p, _ := out.Put(m)
		*p = score
		return true
	})
	return out
}

// eachInAll visits the members that all sources have, until visit returns false.
func (c *Call) eachInAll(op *scoreOperation, visit func(m []byte, score float64) bool) {
	op.bySize()
	first, others := &op.sources[0], op.sources[1:]
	c.each(first, func(m []byte, score float64) bool {
		total := orZero(op.aggregate.part(first, score))
		for i := range others {
			s := &others[i]
			other, ok := score, true
			if !s.same(first) {
				other, ok = s.score(m)
			}
			if !ok {
				return true
			}
			total = op.aggregate.of(total, op.aggregate.part(s, other))
		}
		return visit(m, total)
	})
}

func cmdZdiff(c *Call) {
	if op, ok := c.scoreOperation(1, takesScores); ok {
		c.replyOutcome(c.difference(&op), &op)
	}
}

func cmdZdiffstore(c *Call) {
	if op, ok := c.scoreOperation(2, 0); ok {
		c.storeOutcome(c.difference(&op), "zdiffstore")
	}
}

// difference is the members of the first source that no other has: each is looked up in all others;
// or, where that is more work, in what these have together.
func (c *Call) difference(op *scoreOperation) *zset.Gather {
	first, others := &op.sources[0], op.sources[1:]
	out := c.gather(0, first.len())
	all := 0
	for i := range others {
		if others[i].same(first) {
			return out
		}
		all += others[i].len()
	}
	if len(others) > 1 && all < first.len()*(len(others)-1) {
		others = []scoreSource{{set: c.together(others)}}
	}
	c.each(first, func(m []byte, score float64) bool {
		for i := range others {
			if _, ok := others[i].score(m); ok {
				return true
			}
		}
		p, _ := out.Put(m)
		*p = score
		return true
	})
	return out
}

// together is a set of the members of all sources.
func (c *Call) together(sources []scoreSource) *set.Set {
	var all set.Set
	lim := c.e.setLimits()
	all.ToTable(0, lim)
	for i := range sources {
		c.each(&sources[i], func(m []byte, _ float64) bool {
			all.Add(m, lim)
			return true
		})
	}
	return &all
}
