package core

import (
	"math"
	"strconv"

	"github.com/redlet/redlet/core/internal/glob"
	"github.com/redlet/redlet/core/internal/numfmt"
	"github.com/redlet/redlet/core/internal/zset"
)

var zsetCommands = []Command{
	{
		Name: "zadd", Since: "1.2", Group: "sorted-set",
		Flags: Write | DenyOOM | Fast,
		Cats:  CatSortedSet,
		Syntax: "key [condition:(NX|XX)^3.0.2] [comparison:(GT|LT)^6.2] [change:CH^3.0.2] " +
			"[increment:INCR^3.0.2] data:{score:double member}...",
		Keys:       "1 RW update",
		Summary:    "Gives members of a sorted set their scores, adding those that are not there.",
		Complexity: "O(log(N)) for each member added to a sorted set of N",
		History:    "2.4 several members; 3.0.2 XX, NX, CH and INCR; 6.2 GT and LT",
		Run:        cmdZadd,
	},
	{
		Name: "zincrby", Since: "1.2", Group: "sorted-set",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatSortedSet,
		Syntax:     "key increment:int member",
		Keys:       "1 RW access update",
		Summary:    "Adds to the score of a member of a sorted set.",
		Complexity: "O(log(N)) for a sorted set of N members",
		Run:        cmdZincrby,
	},
	{
		Name: "zrem", Since: "1.2", Group: "sorted-set",
		Flags:      Write | Fast,
		Cats:       CatSortedSet,
		Syntax:     "key member...",
		Keys:       "1 RW delete",
		Summary:    "Takes members out of a sorted set; with its last member the key goes too.",
		Complexity: "O(M*log(N)) for M members of a sorted set of N",
		History:    "2.4 several members",
		Run:        cmdZrem,
	},
	{
		Name: "zcard", Since: "1.2", Group: "sorted-set",
		Flags:      ReadOnly | Fast,
		Cats:       CatSortedSet,
		Syntax:     "key",
		Keys:       "1 RO",
		Summary:    "Counts the members of a sorted set.",
		Complexity: "O(1)",
		Run:        cmdZcard,
	},
	{
		Name: "zscore", Since: "1.2", Group: "sorted-set",
		Flags:      ReadOnly | Fast,
		Cats:       CatSortedSet,
		Syntax:     "key member",
		Keys:       "1 RO access",
		Summary:    "Gives the score of a member of a sorted set.",
		Complexity: "O(1)",
		Run:        cmdZscore,
	},
	{
		Name: "zmscore", Since: "6.2", Group: "sorted-set",
		Flags:      ReadOnly | Fast,
		Cats:       CatSortedSet,
		Syntax:     "key member...",
		Keys:       "1 RO access",
		Summary:    "Gives the scores of several members of a sorted set.",
		Complexity: "O(N) for N members asked for",
		Run:        cmdZmscore,
	},
	{
		Name: "zrank", Since: "2.0", Group: "sorted-set",
		Flags:      ReadOnly | Fast,
		Cats:       CatSortedSet,
		Syntax:     "key member [WITHSCORE]",
		Keys:       "1 RO access",
		Summary:    "Counts the members of a sorted set that come before one of them.",
		Complexity: "O(log(N))",
		History:    "7.2 WITHSCORE",
		Run:        cmdZrank,
	},
	{
		Name: "zrevrank", Since: "2.0", Group: "sorted-set",
		Flags:      ReadOnly | Fast,
		Cats:       CatSortedSet,
		Syntax:     "key member [WITHSCORE]",
		Keys:       "1 RO access",
		Summary:    "Counts the members of a sorted set that come behind one of them.",
		Complexity: "O(log(N))",
		History:    "7.2 WITHSCORE",
		Run:        cmdZrevrank,
	},
	{
		Name: "zscan", Since: "2.8", Group: "sorted-set",
		Flags:      ReadOnly,
		Cats:       CatSortedSet,
		Syntax:     "key cursor:int [MATCH pattern:pattern] [COUNT count:int]",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output",
		Summary:    "Walks through the members of a sorted set and their scores in small steps.",
		Complexity: "O(1) a call, O(N) for a whole walk over N members",
		Run:        cmdZscan,
	},
	{
		Name: "zrandmember", Since: "6.2", Group: "sorted-set",
		Flags:      ReadOnly,
		Cats:       CatSortedSet,
		Syntax:     "key [options:{count:int [WITHSCORES]}]",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output",
		Summary:    "Gives members of a sorted set chosen at random.",
		Complexity: "O(N) for N members returned",
		Run:        cmdZrandmember,
	},
}

// zsetOf returns the sorted set at a key for reading: nil when there is none, and false when the
// key holds something else, once that is replied.
func (c *Call) zsetOf(key []byte) (*zset.Zset, bool) {
	return c.asZset(c.lookupRead(key))
}

// zsetToChange is zsetOf for a command that may change the sorted set.
func (c *Call) zsetToChange(key []byte) (*zset.Zset, bool) {
	return c.asZset(c.lookupWrite(key))
}

func (c *Call) asZset(o *object) (*zset.Zset, bool) {
	if o == nil {
		return nil, true
	}
	if !c.ofKind(o, kindZset) {
		return nil, false
	}
	return o.zset(), true
}

// scoredGone tells everybody that n > 0 members have left the sorted set at a key, and removes the
// key of one that has none left.
func (c *Call) scoredGone(key []byte, z *zset.Zset, event string, n int) {
	c.signalDirty(n, notifyZset, event, key)
	if z.Len() == 0 {
		c.removeEmpty(key)
	}
}

// storeZset stores the outcome of an operation at the command's first key; an empty one deletes it.
func (c *Call) storeZset(z *zset.Zset, event string) {
	key, n := c.Args[1], z.Len()
	if n > 0 {
		c.set(key, newZset(*z))
		c.signalModified(notifyZset, event, key)
	} else if c.peek(key) != nil {
		c.delete(key)
	}
	c.Count(n)
}

// zaddFlags are what ZADD is told.
type zaddFlags uint8

const (
	zaddNX zaddFlags = 1 << iota
	zaddXX
	zaddGT
	zaddLT
	zaddIncr
	zaddCh
)

var zaddWords = [...]string{"nx", "xx", "gt", "lt", "incr", "ch"}

// refused says why members cannot be added with such flags, "" if they can.
func (f zaddFlags) refused(members int) string {
	switch {
	case members == 0:
		return ErrSyntax
	case f&zaddNX != 0 && f&zaddXX != 0:
		return "ERR XX and NX options at the same time are not compatible"
	case f&zaddNX != 0 && f&(zaddGT|zaddLT) != 0, f&zaddGT != 0 && f&zaddLT != 0:
		return "ERR GT, LT, and/or NX options at the same time are not compatible"
	case f&zaddIncr != 0 && members > 1:
		return "ERR INCR option supports a single increment-element pair"
	}
	return ""
}

func cmdZadd(c *Call) {
	var flags zaddFlags
	i := 2
words:
	for ; i < len(c.Args) && len(c.Args[i]) > 0 && c.Args[i][0] >= 'A'; i++ { // most are scores
		for bit, word := range zaddWords {
			if is(c.Args[i], word) {
				flags |= 1 << bit
				continue words
			}
		}
		break
	}
	c.zadd(flags, i)
}

func cmdZincrby(c *Call) { c.zadd(zaddIncr, 2) }

// zadd adds the scores and members that begin at argument i.
func (c *Call) zadd(flags zaddFlags, i int) {
	pairs := c.Args[i:]
	if len(pairs)%2 != 0 {
		c.Error(ErrSyntax)
		return
	}
	n := len(pairs) / 2
	if why := flags.refused(n); why != "" {
		c.Error(why)
		return
	}
	var room [16]float64
	scores := room[:0]
	for j := range n {
		score, ok := c.argDouble(i+2*j, ErrNotFloat)
		if !ok {
			return
		}
		scores = append(scores, score)
	}
	key := c.Args[1]
	z, ok := c.zsetToChange(key)
	if !ok {
		return
	}
	lim := c.e.zsetLimits()
	switch {
	case z != nil:
		z.Prepare(n, &lim)
	case flags&zaddXX != 0:
		c.zaddReply(flags, 0, 0, 0, false)
		return
	default:
		o := newZset(zset.Make(n, len(pairs[1]), &lim))
		c.add(key, o)
		z = o.zset()
	}
	c.zaddAll(z, flags, scores, pairs)
}

func (c *Call) zaddAll(z *zset.Zset, flags zaddFlags, scores []float64, pairs [][]byte) {
	lim := c.e.zsetLimits()
	added, updated, applied := 0, 0, false
	var score float64
	for j := range scores {
		m := pairs[2*j+1]
		score = scores[j]
		if flags&^zaddCh != 0 {
			was, there := z.Score(m)
			if flags&zaddIncr != 0 && there {
				score += was
			}
			if !flags.apply(was, there, score) {
				continue
			}
			if score != score {
				c.Error("ERR resulting score is not a number (NaN)")
				return
			}
		}
		applied = true
		fresh, changed := z.Add(m, score, &lim)
		if fresh {
			added++
		} else if changed {
			updated++
		}
	}
	if added+updated > 0 {
		event := "zadd"
		if flags&zaddIncr != 0 {
			event = "zincr"
		}
		c.signalDirty(added+updated, notifyZset, event, c.Args[1])
	}
	c.zaddReply(flags, added, updated, score, applied)
}

// apply tells whether a member is to be given a score, as it was there with another, or was not.
func (f zaddFlags) apply(was float64, there bool, score float64) bool {
	if !there {
		return f&zaddXX == 0
	}
	return f&zaddNX == 0 && !(f&zaddLT != 0 && score >= was) && !(f&zaddGT != 0 && score <= was)
}

func (c *Call) zaddReply(flags zaddFlags, added, updated int, score float64, applied bool) {
	switch {
	case flags&zaddIncr == 0 && flags&zaddCh == 0:
		c.Count(added)
	case flags&zaddIncr == 0:
		c.Count(added + updated)
	case applied:
		c.Double(score)
	default:
		c.Null()
	}
}

func cmdZrem(c *Call) {
	z, ok := c.zsetToChange(c.Args[1])
	if !ok {
		return
	}
	n := 0
	for _, m := range c.Args[2:] {
		if z != nil && z.Remove(m) {
			n++
		}
	}
	if n > 0 {
		c.scoredGone(c.Args[1], z, "zrem", n)
	}
	c.Count(n)
}

func cmdZcard(c *Call) {
	z, ok := c.zsetOf(c.Args[1])
	switch {
	case !ok:
	case z == nil:
		c.Int(0)
	default:
		c.Count(z.Len())
	}
}

func cmdZscore(c *Call) {
	if z, ok := c.zsetOf(c.Args[1]); ok {
		c.score(z, c.Args[2])
	}
}

// score writes the score of a member of a sorted set, which may be nil.
func (c *Call) score(z *zset.Zset, m []byte) {
	if z != nil {
		if score, ok := z.Score(m); ok {
			c.Double(score)
			return
		}
	}
	c.Null()
}

func cmdZmscore(c *Call) {
	z, ok := c.zsetOf(c.Args[1])
	if !ok {
		return
	}
	c.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		c.score(z, m)
	}
}

func cmdZrank(c *Call)    { c.rank(false) }
func cmdZrevrank(c *Call) { c.rank(true) }

func (c *Call) rank(reverse bool) {
	scores := len(c.Args) > 3
	switch {
	case len(c.Args) > 4:
		c.Error(errArity(c.cmd))
		return
	case scores && !is(c.Args[3], "withscore"):
		c.Error(ErrSyntax)
		return
	}
	z, ok := c.zsetOf(c.Args[1])
	if !ok {
		return
	}
	rank, score := 0, 0.0
	if ok = z != nil; ok {
		rank, score, ok = z.Rank(c.Args[2])
	}
	if ok && reverse {
		rank = z.Len() - 1 - rank
	}
	switch {
	case ok && scores:
		c.Array(2)
		c.Count(rank)
		c.Double(score)
	case ok:
		c.Count(rank)
	case scores:
		c.NullArray()
	default:
		c.Null()
	}
}

func cmdZscan(c *Call) {
	cursor, ok := c.argCursor(2)
	if !ok {
		return
	}
	z, ok := c.zsetOf(c.Args[1])
	if !ok {
		return
	}
	if z == nil { // the options are not even looked at
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
	var digits [32]byte
	packed := z.Encoding() == zset.Listpack
	seen, n := 0, 0
	visit := func(m []byte, score float64) {
		seen++
		if opt.match != nil && !glob.Match(opt.match, m, false) {
			return
		}
		n += 2
		c.Bulk(m)
		if packed {
			c.Bulk(numfmt.AppendDouble(digits[:0], score))
		} else { // here Redis shows scores otherwise than anywhere else
			c.Bulk(appendScore17(digits[:0], score))
		}
	}
	for range 10 * opt.count {
		cursor = z.Scan(cursor, visit)
		if cursor == 0 || seen >= opt.count || c.Overflowed() {
			break
		}
	}
	c.cursorEnd(at, cursor, n)
}

// appendScore17 writes a score with up to 17 digits, as C does by %.17g.
func appendScore17(dst []byte, score float64) []byte {
	if math.IsInf(score, 0) {
		if score < 0 {
			dst = append(dst, '-')
		}
		return append(dst, "inf"...)
	}
	return strconv.AppendFloat(dst, score, 'g', 17, 64)
}
