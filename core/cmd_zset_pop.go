package core

import "github.com/redlet/redlet/core/internal/zset"

var zsetPopCommands = []Command{
	{
		Name: "zpopmin", Since: "5.0", Group: "sorted-set",
		Flags:      Write | Fast,
		Cats:       CatSortedSet,
		Syntax:     "key [count:int]",
		Keys:       "1 RW access delete",
		Summary:    "Takes the members with the lowest scores out of a sorted set and gives them.",
		Complexity: "O(M*log(N)) for M members of a sorted set of N",
		Run:        cmdZpopmin,
	},
	{
		Name: "zpopmax", Since: "5.0", Group: "sorted-set",
		Flags:      Write | Fast,
		Cats:       CatSortedSet,
		Syntax:     "key [count:int]",
		Keys:       "1 RW access delete",
		Summary:    "Takes the members with the highest scores out of a sorted set and gives them.",
		Complexity: "O(M*log(N)) for M members of a sorted set of N",
		Run:        cmdZpopmax,
	},
	{
		Name: "zmpop", Since: "7.0", Group: "sorted-set",
		Flags:      Write,
		Cats:       CatSortedSet,
		Syntax:     "numkeys:int key... where:(MIN|MAX) [COUNT count:int]",
		Keys:       "1# RW access delete",
		Summary:    "Takes members out of the first of several sorted sets that is there.",
		Complexity: "O(K)+O(M*log(N)) for K keys and M members of a sorted set of N",
		Run:        cmdZmpop,
	},
	{
		Name: "bzpopmin", Since: "5.0", Group: "sorted-set",
		Flags:      Write | Blocking | Fast,
		Cats:       CatSortedSet,
		Syntax:     "key... timeout:double",
		Keys:       "1:-2 RW access delete",
		Summary:    "Takes the member with the lowest score of a sorted set, waiting for one.",
		Complexity: "O(log(N)) for a sorted set of N members",
		History:    "6.0 fractions of a second as the timeout",
		Run:        cmdBzpopmin,
	},
	{
		Name: "bzpopmax", Since: "5.0", Group: "sorted-set",
		Flags:      Write | Blocking | Fast,
		Cats:       CatSortedSet,
		Syntax:     "key... timeout:double",
		Keys:       "1:-2 RW access delete",
		Summary:    "Takes the member with the highest score of a sorted set, waiting for one.",
		Complexity: "O(log(N)) for a sorted set of N members",
		History:    "6.0 fractions of a second as the timeout",
		Run:        cmdBzpopmax,
	},
	{
		Name: "bzmpop", Since: "7.0", Group: "sorted-set",
		Flags:      Write | Blocking,
		Cats:       CatSortedSet,
		Syntax:     "timeout:double numkeys:int key... where:(MIN|MAX) [COUNT count:int]",
		Keys:       "2# RW access delete",
		Summary:    "Takes members out of the first of several sorted sets, waiting for one.",
		Complexity: "O(K)+O(M*log(N)) for K keys and M members of a sorted set of N",
		Run:        cmdBzmpop,
	},
}

// zsetEnd is the end of a sorted set at which members are popped.
type zsetEnd uint8

const (
	atMin zsetEnd = iota
	atMax
)

// popEvent is the keyspace event of members that are popped there, popName the command that does.
func (end zsetEnd) popEvent() string { return [...]string{"zpopmin", "zpopmax"}[end] }
func (end zsetEnd) popName() string  { return [...]string{"ZPOPMIN", "ZPOPMAX"}[end] }

func cmdZpopmin(c *Call) { c.zpop(atMin) }
func cmdZpopmax(c *Call) { c.zpop(atMax) }

func (c *Call) zpop(end zsetEnd) {
	num, many := int64(1), len(c.Args) > 2
	switch {
	case len(c.Args) > 3:
		c.Error(ErrSyntax)
		return
	case many:
		var ok bool
		if num, ok = c.argPositive(2); !ok {
			return
		}
	}
	z, ok := c.zsetToChange(c.Args[1])
	switch {
	case !ok:
		return
	case z == nil, num == 0:
		c.Array(0)
		return
	}
	n := int(min(num, int64(z.Len())))
	if many && c.RESP3 {
		c.Array(n)
	} else {
		c.Array(2 * n)
	}
	c.takeScored(c.Args[1], z, end, n, many && c.RESP3)
}

// takeScored writes n > 0 members of the sorted set at a key with their scores, as pairs or flat,
// and takes them out.
func (c *Call) takeScored(key []byte, z *zset.Zset, end zsetEnd, n int, pairs bool) {
	start := 0
	if end == atMax {
		start = z.Len() - 1
	}
	at := z.At(start)
	for range n {
		if pairs {
			c.Array(2)
		}
		c.Bulk(at.Member())
		c.Double(at.Score())
		if end == atMax {
			at.Prev()
		} else {
			at.Next()
		}
	}
	if end == atMax {
		start -= n - 1
	}
	z.RemoveRange(start, n)
	c.scoredGone(key, z, end.popEvent(), n)
}

func cmdZmpop(c *Call) {
	keys, end, num, ok := c.zsetMany(1)
	if ok && !c.popManyScored(keys, end, num) {
		c.NullArray()
	}
}

// zsetMany reads what ZMPOP and BZMPOP are told, numkeys being argument i.
func (c *Call) zsetMany(i int) (keys [][]byte, end zsetEnd, num int64, ok bool) {
	keys, ok = c.popKeys(i)
	if !ok {
		return nil, atMin, 0, false
	}
	i += 1 + len(keys)
	switch {
	case is(c.Args[i], "min"):
	case is(c.Args[i], "max"):
		end = atMax
	default:
		c.Error(ErrSyntax)
		return nil, atMin, 0, false
	}
	num, ok = c.popCount(i + 1)
	return keys, end, num, ok
}

// popManyScored replies the name and up to num members of the first of the sorted sets that exists.
// It reports false, and replies nothing, if none does.
func (c *Call) popManyScored(keys [][]byte, end zsetEnd, num int64) bool {
	for _, key := range keys {
		z, ok := c.zsetToChange(key)
		if ok && z == nil {
			continue
		}
		if ok {
			n := int(min(num, int64(z.Len())))
			if c.propagates() {
				c.Propagate(end.popName(), key, decimal(int64(n)))
			}
			c.Array(2)
			c.Bulk(key)
			c.Array(n)
			c.takeScored(key, z, end, n, true)
		}
		return true
	}
	return false
}

func cmdBzpopmin(c *Call) { c.blockingZpop(atMin) }
func cmdBzpopmax(c *Call) { c.blockingZpop(atMax) }

func (c *Call) blockingZpop(end zsetEnd) {
	last := len(c.Args) - 1
	deadline, ok := c.argTimeout(last)
	if !ok {
		return
	}
	keys := c.Args[1:last]
	for _, key := range keys {
		z, ok := c.zsetToChange(key)
		if ok && z == nil {
			continue
		}
		if ok {
			c.Propagate(end.popName(), key)
			c.Array(3)
			c.Bulk(key)
			c.takeScored(key, z, end, 1, false)
		}
		return
	}
	c.await(keys, kindZset, deadline, replyNullArray)
}

func cmdBzmpop(c *Call) {
	keys, end, num, ok := c.zsetMany(2)
	if !ok {
		return
	}
	deadline, ok := c.argTimeout(1)
	if ok && !c.popManyScored(keys, end, num) {
		c.await(keys, kindZset, deadline, replyNullArray)
	}
}
