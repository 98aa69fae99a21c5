package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/zset"
)

// cmdZrandmember gives different members for a count from 0 up: the whole sorted set when it has no
// more, from its last member to its first; otherwise in any order. With a negative count it draws
// that often, and members may repeat.
func cmdZrandmember(c *Call) {
	if len(c.Args) == 2 {
		c.randomScored()
		return
	}
	count, ok := c.argSpread(2)
	if !ok {
		return
	}
	scores := len(c.Args) > 3
	if scores {
		if len(c.Args) > 4 || !is(c.Args[3], "withscores") {
			c.Error(ErrSyntax)
			return
		}
		if count < -math.MaxInt64/2 || count > math.MaxInt64/2 {
			c.Error(ErrOutOfRange)
			return
		}
	}
	z, ok := c.zsetOf(c.Args[1])
	switch {
	case !ok:
	case z == nil, count == 0:
		c.Array(0)
	case !c.mayRepeat(count):
		c.Error(ErrOutOfRange)
	case count < 0:
		c.drawScored(z, int(-count), scores)
	case count >= int64(z.Len()):
		c.scored(z, 0, z.Len(), true, scores)
	default:
		c.chooseScored(z, int(count), scores)
	}
}

func (c *Call) randomScored() {
	z, ok := c.zsetOf(c.Args[1])
	switch {
	case !ok:
	case z == nil:
		c.Null()
	default:
		m, _ := z.Nth(nil, c.e.random.Below(z.Len()))
		c.Bulk(m)
	}
}

// drawScored writes count members, each drawn from all.
func (c *Call) drawScored(z *zset.Zset, count int, scores bool) {
	c.scoredHead(count, scores)
	var scratch []byte
	for range count {
		if c.Overflowed() {
			break
		}
		var score float64
		scratch, score = z.Nth(scratch[:0], c.e.random.Below(z.Len()))
		c.scoredMember(scratch, score, scores)
	}
}

// chooseScored writes count different members of a sorted set that has more.
func (c *Call) chooseScored(z *zset.Zset, count int, scores bool) {
	c.scoredHead(count, scores)
	n := z.Len()
	if z.Encoding() == zset.Listpack || count > n/3 {
		at := z.At(0)
		for ; count > 0; n-- {
			// Each of the n members left is as likely as any other to be among those wanted.
			if c.e.random.Below(n) < count {
				c.scoredMember(at.Member(), at.Score(), scores)
				count--
			}
			at.Next()
		}
		return
	}
	var scratch []byte
	chosen := make(map[int]struct{}, count)
	for len(chosen) < count {
		i := c.e.random.Below(n)
		if _, again := chosen[i]; !again {
			chosen[i] = struct{}{}
			var score float64
			scratch, score = z.Nth(scratch[:0], i)
			c.scoredMember(scratch, score, scores)
		}
	}
}
