package core

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/redlet/redlet/core/internal/listpack"
	"github.com/redlet/redlet/core/internal/numfmt"
	"github.com/redlet/redlet/core/internal/zset"
)

var zsetRangeCommands = []Command{
	{
		Name: "zrange", Since: "1.2", Group: "sorted-set",
		Flags: ReadOnly,
		Cats:  CatSortedSet,
		Syntax: "key start stop [sortby:(BYSCORE|BYLEX)^6.2] [REV^6.2] " +
			"[LIMIT {offset:int count:int}^6.2] [WITHSCORES]",
		Keys:       "1 RO access",
		Summary:    "Gives the members of a sorted set in a range of ranks, scores or members.",
		Complexity: "O(log(N)+M) for M of the N members of the sorted set",
		History:    "6.2 REV, BYSCORE, BYLEX and LIMIT",
		Run:        cmdZrange,
	},
	{
		Name: "zrangestore", Since: "6.2", Group: "sorted-set",
		Flags: Write | DenyOOM,
		Cats:  CatSortedSet,
		Syntax: "dst:key src:key min max [sortby:(BYSCORE|BYLEX)] [REV] " +
			"[LIMIT {offset:int count:int}]",
		Keys:       "1 OW update; 2 RO access",
		Summary:    "Stores the members of a sorted set in a range of ranks, scores or members.",
		Complexity: "O(log(N)+M) for M of the N members of the sorted set",
		Run:        cmdZrangestore,
	},
	{
		Name: "zrangebyscore", Since: "1.0.5", Group: "sorted-set",
		Flags: ReadOnly,
		Cats:  CatSortedSet,
		Syntax: "key min:double max:double [WITHSCORES^2.0] " +
			"[LIMIT {offset:int count:int}]",
		Keys:       "1 RO access",
		Summary:    "Gives the members of a sorted set in a range of scores.",
		Complexity: "O(log(N)+M) for M of the N members of the sorted set",
		Deprecated: &Deprecation{"6.2", "`ZRANGE` with the `BYSCORE` argument"},
		History:    "2.0 WITHSCORES",
		Run:        cmdZrangebyscore,
	},
	{
		Name: "zrevrangebyscore", Since: "2.2", Group: "sorted-set",
		Flags: ReadOnly,
		Cats:  CatSortedSet,
		Syntax: "key max:double min:double [WITHSCORES] " +
			"[LIMIT {offset:int count:int}]",
		Keys:       "1 RO access",
		Summary:    "Gives the members of a sorted set in a range of scores, the highest first.",
		Complexity: "O(log(N)+M) for M of the N members of the sorted set",
		Deprecated: &Deprecation{"6.2", "`ZRANGE` with the `REV` and `BYSCORE` arguments"},
		History:    "2.1.6 open ends",
		Run:        cmdZrevrangebyscore,
	},
	{
		Name: "zrevrange", Since: "1.2", Group: "sorted-set",
		Flags:      ReadOnly,
		Cats:       CatSortedSet,
		Syntax:     "key start:int stop:int [WITHSCORES]",
		Keys:       "1 RO access",
		Summary:    "Gives the members of a sorted set in a range of ranks counted from the last.",
		Complexity: "O(log(N)+M) for M of the N members of the sorted set",
		Deprecated: &Deprecation{"6.2", "`ZRANGE` with the `REV` argument"},
		Run:        cmdZrevrange,
	},
	{
		Name: "zrangebylex", Since: "2.8.9", Group: "sorted-set",
		Flags:      ReadOnly,
		Cats:       CatSortedSet,
		Syntax:     "key min max [LIMIT {offset:int count:int}]",
		Keys:       "1 RO access",
		Summary:    "Gives the members of a sorted set of one score that lie in a range.",
		Complexity: "O(log(N)+M) for M of the N members of the sorted set",
		Deprecated: &Deprecation{"6.2", "`ZRANGE` with the `BYLEX` argument"},
		Run:        cmdZrangebylex,
	},
	{
		Name: "zrevrangebylex", Since: "2.8.9", Group: "sorted-set",
		Flags:      ReadOnly,
		Cats:       CatSortedSet,
		Syntax:     "key max min [LIMIT {offset:int count:int}]",
		Keys:       "1 RO access",
		Summary:    "Gives the members of a sorted set of one score in a range, the last first.",
		Complexity: "O(log(N)+M) for M of the N members of the sorted set",
		Deprecated: &Deprecation{"6.2", "`ZRANGE` with the `REV` and `BYLEX` arguments"},
		Run:        cmdZrevrangebylex,
	},
	{
		Name: "zcount", Since: "2.0", Group: "sorted-set",
		Flags:      ReadOnly | Fast,
		Cats:       CatSortedSet,
		Syntax:     "key min:double max:double",
		Keys:       "1 RO access",
		Summary:    "Counts the members of a sorted set in a range of scores.",
		Complexity: "O(log(N)) for a sorted set of N members",
		Run:        cmdZcount,
	},
	{
		Name: "zlexcount", Since: "2.8.9", Group: "sorted-set",
		Flags:      ReadOnly | Fast,
		Cats:       CatSortedSet,
		Syntax:     "key min max",
		Keys:       "1 RO access",
		Summary:    "Counts the members of a sorted set of one score that lie in a range.",
		Complexity: "O(log(N)) for a sorted set of N members",
		Run:        cmdZlexcount,
	},
	{
		Name: "zremrangebyrank", Since: "2.0", Group: "sorted-set",
		Flags:      Write,
		Cats:       CatSortedSet,
		Syntax:     "key start:int stop:int",
		Keys:       "1 RW delete",
		Summary:    "Takes the members in a range of ranks out of a sorted set.",
		Complexity: "O(log(N)+M) for M of the N members of the sorted set",
		Run:        cmdZremrangebyrank,
	},
	{
		Name: "zremrangebyscore", Since: "1.2", Group: "sorted-set",
		Flags:      Write,
		Cats:       CatSortedSet,
		Syntax:     "key min:double max:double",
		Keys:       "1 RW delete",
		Summary:    "Takes the members in a range of scores out of a sorted set.",
		Complexity: "O(log(N)+M) for M of the N members of the sorted set",
		Run:        cmdZremrangebyscore,
	},
	{
		Name: "zremrangebylex", Since: "2.8.9", Group: "sorted-set",
		Flags:      Write,
		Cats:       CatSortedSet,
		Syntax:     "key min max",
		Keys:       "1 RW delete",
		Summary:    "Takes the members that lie in a range out of a sorted set of one score.",
		Complexity: "O(log(N)+M) for M of the N members of the sorted set",
		Run:        cmdZremrangebylex,
	},
}

const (
	errScoreRange = "ERR min or max is not a float"
	errLexRange   = "ERR min or max not valid string range item"
)

// rangeBy is what a range of a sorted set goes by.
type rangeBy uint8

const (
	byRank rangeBy = iota
	byScore
	byLex
)

// zrange is a range of a sorted set as a command tells it.
type zrange struct {
	by          rangeBy
	reverse     bool
	scores      bool // they are wanted too
	start, stop int64
	score       zset.ScoreRange
	lex         zset.LexRange
	offset      int64 // LIMIT's
	count       int64 // -1 for all, like every other negative number
}

// rangeEnds reads the ends of a range; argument min is the lower.
func (c *Call) rangeEnds(r *zrange, min, max int) (ok bool) {
	switch r.by {
	case byRank:
		if r.start, ok = c.ArgInt(min); ok {
			r.stop, ok = c.ArgInt(max)
		}
		return ok
	case byScore:
		s := &r.score
		if s.Min, s.MinOpen, ok = scoreBound(c.Args[min]); ok {
			s.Max, s.MaxOpen, ok = scoreBound(c.Args[max])
		}
		if !ok {
			c.Error(errScoreRange)
		}
		return ok
	}
	if r.lex.Min, ok = lexBound(c.Args[min]); ok {
		r.lex.Max, ok = lexBound(c.Args[max])
	}
	if !ok {
		c.Error(errLexRange)
	}
	return ok
}

// scoreBound reads one end of a range of scores. It is less strict than where a score is set: what
// stands behind a NUL does not count, nothing at all is 0, and numbers may be out of range.
func scoreBound(b []byte) (score float64, open, ok bool) {
	if score, ok = numfmt.Plain(b); ok {
		return score, false, true
	}
	b = untilNUL(b)
	if open = len(b) > 0 && b[0] == '('; open {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, open, true
	}
	if bytes.ContainsAny(b, "xX") {
		return 0, open, false
	}
	score, err := parseFloat(b)
	return score, open, score == score && (err == nil || errors.Is(err, strconv.ErrRange))
}

// lexBound reads one end of a range of members.
//
//go:noinline
func lexBound(b []byte) (bound zset.LexBound, ok bool) {
	if len(b) == 0 {
		return bound, false
	}
	alone := len(b) == 1 || b[1] == 0
	switch b[0] {
	case '-':
		bound.End = -1
		return bound, alone
	case '+':
		bound.End = 1
		return bound, alone
	}
	bound.Text, bound.Open = b[1:], b[0] == '('
	return bound, bound.Open || b[0] == '['
}

// find returns the ranks of the members in the range: from start up to, not including, end.
func (r *zrange) find(z *zset.Zset) (start, end int) {
	switch r.by {
	case byScore:
		start, end = z.InScores(&r.score, r.reverse)
	case byLex:
		if z.Encoding() != zset.Listpack {
			start, end = z.InLex(&r.lex, r.reverse, 0)
			break
		}
		if r.offset < 0 || r.offset >= int64(z.Len()) {
			return 0, 0
		}
		start, end = z.InLex(&r.lex, r.reverse, int(r.offset))
		return r.limited(start, end, 0)
	default:
		return r.ranks(int64(z.Len()))
	}
	// A negative offset finds nothing, but in a skip list, where Redis takes it to count from the
	// end of the range.
	n := int64(end - start)
	offset := r.offset
	if offset < 0 && offset >= -n && z.Encoding() == zset.Skiplist {
		offset += n
	}
	if offset < 0 || offset >= n {
		return 0, 0
	}
	return r.limited(start, end, offset)
}

// limited is what LIMIT leaves of a range, with an offset that is in it or that it was found by.
func (r *zrange) limited(start, end int, offset int64) (from, to int) {
	n := int64(end-start) - offset
	if r.count >= 0 {
		n = min(n, r.count)
	}
	if r.reverse {
		end -= int(offset)
		return end - int(n), end
	}
	start += int(offset)
	return start, start + int(n)
}

// ranks is find for a range of ranks among n members, which count from the last if it is reverse.
func (r *zrange) ranks(n int64) (start, end int) {
	from, to := r.start, r.stop
	if from < 0 {
		from = max(from+n, 0)
	}
	if to < 0 {
		to += n
	}
	if from > to || from >= n {
		return 0, 0
	}
	to = min(to, n-1)
	if r.reverse {
		return int(n - 1 - to), int(n - from)
	}
	return int(from), int(to + 1)
}

// scoredHead announces n members with or without their scores.
func (c *Call) scoredHead(n int, scores bool) {
	if scores && !c.RESP3 {
		n *= 2
	}
	c.Array(n)
}

// scoredMember writes one of them: with its score it is a pair, or in RESP2 two elements.
func (c *Call) scoredMember(m []byte, score float64, scores bool) {
	if !scores {
		c.Bulk(m)
		return
	}
	if c.RESP3 {
		c.Array(2)
	}
	c.Bulk(m)
	c.Double(score)
}

// scored writes the members from one rank up to, not including, another.
func (c *Call) scored(z *zset.Zset, start, end int, reverse, scores bool) {
	c.scoredHead(end-start, scores)
	c.scoredMembers(z, start, end, reverse, scores)
}

// scoredMembers is scored without the head.
func (c *Call) scoredMembers(z *zset.Zset, start, end int, reverse, scores bool) {
	if start >= end {
		return
	}
	n, packed := end-start, z.Encoding() == zset.Listpack
	if packed && !scores && !reverse {
		p := listpack.Pack(z.Pack())
		c.Pack(p, p.Index(2*start), n, 1)
		return
	}
	from := start
	if reverse {
		from = end - 1
	}
	at := z.At(from)
	for i := range n {
		c.e.yieldIn(i)
		if scores && c.RESP3 { // each member with its score is a pair
			c.Array(2)
		}
		if packed {
			c.Bulk(at.Member())
		} else {
			c.BulkString(at.Text())
		}
		if scores {
			c.Double(at.Score())
		}
		if reverse {
			at.Prev()
		} else {
			at.Next()
		}
	}
}

func cmdZrange(c *Call) { c.zrange(zrange{}, true) }

func cmdZrangebyscore(c *Call) { c.zrange(zrange{by: byScore}, false) }

func cmdZrevrangebyscore(c *Call) { c.zrange(zrange{by: byScore, reverse: true}, false) }

func cmdZrevrange(c *Call) { c.zrange(zrange{reverse: true}, false) }

func cmdZrangebylex(c *Call) { c.zrange(zrange{by: byLex}, false) }

func cmdZrevrangebylex(c *Call) { c.zrange(zrange{by: byLex, reverse: true}, false) }

// zrange replies a range; free says that options choose what it goes by and its direction.
func (c *Call) zrange(r zrange, free bool) {
	if !c.rangeOptions(&r, 1, free, false) {
		return
	}
	z, ok := c.zsetOf(c.Args[1])
	if !ok {
		return
	}
	if z == nil {
		c.Array(0)
		return
	}
	start, end := r.find(z)
	c.scored(z, start, end, r.reverse, r.scores)
}

// rangeOptions reads the options of a range and its ends; argument i is the key.
func (c *Call) rangeOptions(r *zrange, i int, free, stores bool) (ok bool) {
	r.count = -1
	mayTurn, mayChoose := free, free
	for j := i + 3; j < len(c.Args); j++ {
		switch word := c.Args[j]; {
		case !stores && is(word, "withscores"):
			r.scores = true
		case is(word, "limit") && len(c.Args)-j > 2:
			if r.offset, ok = c.ArgInt(j + 1); !ok {
				return false
			}
			if r.count, ok = c.ArgInt(j + 2); !ok {
				return false
			}
			j += 2
		case mayTurn && is(word, "rev"):
			r.reverse, mayTurn = true, false
		case mayChoose && is(word, "bylex"):
			r.by, mayChoose = byLex, false
		case mayChoose && is(word, "byscore"):
			r.by, mayChoose = byScore, false
		default:
			c.Error(ErrSyntax)
			return false
		}
	}
	switch {
	case r.count != -1 && r.by == byRank:
		c.Error("ERR syntax error, LIMIT is only supported in combination with either BYSCORE " +
			"or BYLEX")
		return false
	case r.scores && r.by == byLex:
		c.Error("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
		return false
	case r.reverse && r.by != byRank: // the higher end is told first
		return c.rangeEnds(r, i+2, i+1)
	}
	return c.rangeEnds(r, i+1, i+2)
}

func cmdZrangestore(c *Call) {
	var r zrange
	if !c.rangeOptions(&r, 2, true, true) {
		return
	}
	z, ok := c.zsetOf(c.Args[2])
	if !ok {
		return
	}
	var out zset.Zset
	if z != nil {
		out = c.copyRange(z, &r)
	}
	c.storeZset(&out, "zrangestore")
}

// copyRange is a new sorted set of the members in a range.
func (c *Call) copyRange(z *zset.Zset, r *zrange) (out zset.Zset) {
	start, end := r.find(z)
	if start >= end {
		return out
	}
	lim := c.e.zsetLimits()
	if r.by == byRank { // of other ranges Redis does not know beforehand how much there is
		out = zset.Make(end-start, 0, &lim)
	}
	at := z.At(start)
	for i := range end - start {
		c.e.yieldIn(i)
		out.Add(at.Member(), at.Score(), &lim)
		at.Next()
	}
	return out
}

func cmdZcount(c *Call) { c.countRange(byScore) }

func cmdZlexcount(c *Call) { c.countRange(byLex) }

func (c *Call) countRange(by rangeBy) {
	r := zrange{by: by, count: -1}
	if !c.rangeEnds(&r, 2, 3) {
		return
	}
	z, ok := c.zsetOf(c.Args[1])
	switch {
	case !ok:
	case z == nil:
		c.Int(0)
	default:
		start, end := r.find(z)
		c.Count(end - start)
	}
}

func cmdZremrangebyrank(c *Call) { c.removeRange(byRank, "zremrangebyrank") }

func cmdZremrangebyscore(c *Call) { c.removeRange(byScore, "zremrangebyscore") }

func cmdZremrangebylex(c *Call) { c.removeRange(byLex, "zremrangebylex") }

func (c *Call) removeRange(by rangeBy, event string) {
	r := zrange{by: by, count: -1}
	if !c.rangeEnds(&r, 2, 3) {
		return
	}
	z, ok := c.zsetToChange(c.Args[1])
	switch {
	case !ok:
		return
	case z == nil:
		c.Int(0)
		return
	}
	start, end := r.find(z)
	if n := end - start; n > 0 {
		z.RemoveRange(start, n)
		c.scoredGone(c.Args[1], z, event, n)
	}
	c.Count(end - start)
}
