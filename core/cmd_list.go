package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/list"
	"github.com/redlet/redlet/core/internal/listpack"
)

var listCommands = []Command{
	{
		Name: "lpush", Since: "1.0", Group: "list",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatList,
		Syntax:     "key element...",
		Keys:       "1 RW insert",
		Summary:    "Puts elements at the head of a list, making the list if need be.",
		Complexity: "O(N) for N elements",
		History:    "2.4 several elements",
		Run:        cmdLpush,
	},
	{
		Name: "rpush", Since: "1.0", Group: "list",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatList,
		Syntax:     "key element...",
		Keys:       "1 RW insert",
		Summary:    "Puts elements at the tail of a list, making the list if need be.",
		Complexity: "O(N) for N elements",
		History:    "2.4 several elements",
		Run:        cmdRpush,
	},
	{
		Name: "lpushx", Since: "2.2", Group: "list",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatList,
		Syntax:     "key element...",
		Keys:       "1 RW insert",
		Summary:    "Puts elements at the head of a list that exists.",
		Complexity: "O(N) for N elements",
		History:    "4.0 several elements",
		Run:        cmdLpushx,
	},
	{
		Name: "rpushx", Since: "2.2", Group: "list",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatList,
		Syntax:     "key element...",
		Keys:       "1 RW insert",
		Summary:    "Puts elements at the tail of a list that exists.",
		Complexity: "O(N) for N elements",
		History:    "4.0 several elements",
		Run:        cmdRpushx,
	},
	{
		Name: "lpop", Since: "1.0", Group: "list",
		Flags:      Write | Fast,
		Cats:       CatList,
		Syntax:     "key [count:int^6.2]",
		Keys:       "1 RW access delete",
		Summary:    "Takes elements from the head of a list.",
		Complexity: "O(N) for N elements returned",
		History:    "6.2 count",
		Run:        cmdLpop,
	},
	{
		Name: "rpop", Since: "1.0", Group: "list",
		Flags:      Write | Fast,
		Cats:       CatList,
		Syntax:     "key [count:int^6.2]",
		Keys:       "1 RW access delete",
		Summary:    "Takes elements from the tail of a list.",
		Complexity: "O(N) for N elements returned",
		History:    "6.2 count",
		Run:        cmdRpop,
	},
	{
		Name: "llen", Since: "1.0", Group: "list",
		Flags:      ReadOnly | Fast,
		Cats:       CatList,
		Syntax:     "key",
		Keys:       "1 RO",
		Summary:    "Counts the elements of a list.",
		Complexity: "O(1)",
		Run:        cmdLlen,
	},
	{
		Name: "lindex", Since: "1.0", Group: "list",
		Flags:      ReadOnly,
		Cats:       CatList,
		Syntax:     "key index:int",
		Keys:       "1 RO access",
		Summary:    "Gives the element at an index of a list.",
		Complexity: "O(N) for N elements passed over; O(1) at either end",
		Run:        cmdLindex,
	},
	{
		Name: "lset", Since: "1.0", Group: "list",
		Flags:      Write | DenyOOM,
		Cats:       CatList,
		Syntax:     "key index:int element",
		Keys:       "1 RW update",
		Summary:    "Replaces the element at an index of a list.",
		Complexity: "O(N) for N elements passed over; O(1) at either end",
		Run:        cmdLset,
	},
	{
		Name: "linsert", Since: "2.2", Group: "list",
		Flags:      Write | DenyOOM,
		Cats:       CatList,
		Syntax:     "key where:(BEFORE|AFTER) pivot element",
		Keys:       "1 RW insert",
		Summary:    "Puts an element before or after another in a list.",
		Complexity: "O(N) for N elements passed over",
		Run:        cmdLinsert,
	},
	{
		Name: "lrange", Since: "1.0", Group: "list",
		Flags:      ReadOnly,
		Cats:       CatList,
		Syntax:     "key start:int stop:int",
		Keys:       "1 RO access",
		Summary:    "Gives the elements of a list between two indexes, both included.",
		Complexity: "O(S+N) for N elements that start S away from an end",
		Run:        cmdLrange,
	},
	{
		Name: "ltrim", Since: "1.0", Group: "list",
		Flags:      Write,
		Cats:       CatList,
		Syntax:     "key start:int stop:int",
		Keys:       "1 RW delete",
		Summary:    "Keeps the elements of a list between two indexes and removes the others.",
		Complexity: "O(N) for N elements removed",
		Run:        cmdLtrim,
	},
	{
		Name: "lrem", Since: "1.0", Group: "list",
		Flags:      Write,
		Cats:       CatList,
		Syntax:     "key count:int element",
		Keys:       "1 RW delete",
		Summary:    "Removes elements that equal a value from a list.",
		Complexity: "O(N+M) for a list of N elements of which M are removed",
		Run:        cmdLrem,
	},
	{
		Name: "lpos", Since: "6.0.6", Group: "list",
		Flags:      ReadOnly,
		Cats:       CatList,
		Syntax:     "key element [RANK rank:int] [COUNT num-matches:int] [MAXLEN len:int]",
		Keys:       "1 RO access",
		Summary:    "Finds the index of an element in a list.",
		Complexity: "O(N) for N elements compared",
		Run:        cmdLpos,
	},
}

func cmdLpush(c *Call)  { c.listPush(atHead, true) }
func cmdRpush(c *Call)  { c.listPush(atTail, true) }
func cmdLpushx(c *Call) { c.listPush(atHead, false) }
func cmdRpushx(c *Call) { c.listPush(atTail, false) }

// listPush adds the elements from argument 2 on, to a new list only with create.
func (c *Call) listPush(end listEnd, create bool) {
	key, elements := c.Args[1], c.Args[2:]
	o := c.lookupWrite(key)
	if !c.ofKind(o, kindList) {
		return
	}
	if o == nil {
		if !create {
			c.Int(0)
			return
		}
		o = c.e.newList()
		c.add(key, o)
	}
	l := o.list()
	l.Grow(elements...)
	for _, s := range elements {
		end.push(l, s)
	}
	c.Count(l.Len())
	c.signalDirty(len(elements), notifyList, end.pushEvent(), key)
}

func cmdLpop(c *Call) { c.listPop(atHead) }
func cmdRpop(c *Call) { c.listPop(atTail) }

func (c *Call) listPop(end listEnd) {
	if len(c.Args) > 3 {
		c.Error(errArity(c.cmd))
		return
	}
	num, counted := int64(1), len(c.Args) == 3
	if counted {
		var ok bool
		if num, ok = c.argPositive(2); !ok {
			return
		}
	}
	key := c.Args[1]
	o := c.lookupWrite(key)
	switch {
	case o == nil && counted:
		c.NullArray()
	case o == nil:
		c.Null()
	case !c.ofKind(o, kindList):
	case num == 0:
		c.Array(0)
	case counted:
		c.takeElements(key, o, end, num)
	default:
		c.Element(end.peek(o.list()))
		end.pop(o.list())
		c.elementsGone(key, o, end.popEvent(), 1)
	}
}

// takeElements removes up to num elements from an end and replies them as an array.
func (c *Call) takeElements(key []byte, o *object, end listEnd, num int64) {
	l := o.list()
	n := int(min(num, int64(l.Len())))
	c.Array(n)
	at, start := l.Seek(0), 0
	if end == atTail {
		at, start = l.Seek(-1), -n
	}
	for range n {
		c.Element(at.Value())
		if end == atHead {
			at.Next()
		} else {
			at.Prev()
		}
	}
	l.Delete(start, n)
	c.elementsGone(key, o, end.popEvent(), n)
}

// elementsGone makes known that n elements went from a list, and removes the list if it is empty.
func (c *Call) elementsGone(key []byte, o *object, event string, n int) {
	c.signalDirty(n, notifyList, event, key)
	if l := o.list(); l.Len() > 0 {
		l.Shrink()
	} else {
		c.removeEmpty(key)
	}
}

func cmdLlen(c *Call) {
	o := c.lookupRead(c.Args[1])
	if o == nil {
		c.Int(0)
	} else if c.ofKind(o, kindList) {
		c.Count(o.list().Len())
	}
}

func cmdLindex(c *Call) {
	o := c.lookupRead(c.Args[1])
	if o == nil {
		c.Null()
		return
	}
	if !c.ofKind(o, kindList) {
		return
	}
	i, ok := c.ArgInt(2)
	if !ok {
		return
	}
	if at := o.list().Seek(clampInt(i)); at.Valid() {
		c.Element(at.Value())
	} else {
		c.Null()
	}
}

func cmdLset(c *Call) {
	key, s := c.Args[1], c.Args[3]
	o := c.lookupWrite(key)
	if o == nil {
		c.Error(ErrNoKey)
		return
	}
	if !c.ofKind(o, kindList) {
		return
	}
	i, ok := c.ArgInt(2)
	if !ok {
		return
	}
	l := o.list()
	l.Grow(s)
	at := l.Seek(int(int32(i))) // Redis drops the upper half of the index here
	if !at.Valid() {
		c.Error(errIndexRange)
		return
	}
	at.Replace(s)
	l.Shrink()
	c.OK()
	c.signalModified(notifyList, "lset", key)
}

func cmdLinsert(c *Call) {
	after := is(c.Args[2], "after")
	if !after && !is(c.Args[2], "before") {
		c.Error(ErrSyntax)
		return
	}
	key, pivot, s := c.Args[1], c.Args[3], c.Args[4]
	o := c.lookupWrite(key)
	if o == nil {
		c.Int(0)
		return
	}
	if !c.ofKind(o, kindList) {
		return
	}
	l := o.list()
	l.Grow(s) // though the pivot may be missing: Redis converts before it looks
	v := listpack.Parse(pivot)
	for at := l.Seek(0); at.Valid(); at.Next() {
		if !at.Is(pivot, &v) {
			continue
		}
		if after {
			at.InsertAfter(s)
		} else {
			at.InsertBefore(s)
		}
		c.Count(l.Len())
		c.signalModified(notifyList, "linsert", key)
		return
	}
	c.Int(-1)
}

func cmdLrange(c *Call) {
	start, stop, ok := c.argSpan(2)
	if !ok {
		return
	}
	o := c.lookupRead(c.Args[1])
	if o == nil {
		c.Array(0)
		return
	}
	if !c.ofKind(o, kindList) {
		return
	}
	l := o.list()
	first, n := span(start, stop, l.Len())
	c.Array(n)
	for at := l.Seek(first); n > 0; at.Leave() {
		if p, pos := at.Pack(); p != nil {
			n -= c.Pack(p, pos, n, 0)
		} else {
			c.Element(at.Value())
			n--
		}
	}
}

// argSpan reads arguments i and i+1 as the first and last index of a span.
func (c *Call) argSpan(i int) (start, stop int64, ok bool) {
	if start, ok = c.ArgInt(i); ok {
		stop, ok = c.ArgInt(i + 1)
	}
	return start, stop, ok
}

// span resolves the indexes start and stop, both included and counted from the end if negative,
// among size elements: to the first and how many there are.
func span(start, stop int64, size int) (first, n int) {
	most := int64(size)
	if start < 0 {
		start = max(0, start+most)
	}
	if stop < 0 {
		stop += most
	}
	stop = min(stop, most-1)
	if start > stop {
		return 0, 0
	}
	return int(start), int(stop - start + 1)
}

func cmdLtrim(c *Call) {
	start, stop, ok := c.argSpan(2)
	if !ok {
		return
	}
	key := c.Args[1]
	o := c.lookupWrite(key)
	if o == nil {
		c.OK()
		return
	}
	if !c.ofKind(o, kindList) {
		return
	}
	l := o.list()
	first, n := span(start, stop, l.Len())
	gone := l.Len() - n
	l.Delete(first+n, l.Len())
	l.Delete(0, first)
	c.elementsGone(key, o, "ltrim", gone)
	c.OK()
}

func cmdLrem(c *Call) {
	num, ok := c.argSpread(2)
	if !ok {
		return
	}
	key, s := c.Args[1], c.Args[3]
	o := c.lookupWrite(key)
	if o == nil {
		c.Int(0)
		return
	}
	if !c.ofKind(o, kindList) {
		return
	}
	removed := removeEqual(o.list(), s, num)
	c.Int(removed)
	if removed > 0 {
		c.elementsGone(key, o, "lrem", int(removed))
	}
}

// removeEqual removes the first num elements that are s; the last -num if num is negative, and all
// if it is 0. It returns how many it removed.
func removeEqual(l *list.List, s []byte, num int64) int64 {
	back := num < 0
	at := l.Seek(0)
	if back {
		num = -num
		at = l.Seek(-1)
	}
	v := listpack.Parse(s)
	removed := int64(0)
	for at.Valid() && (num == 0 || removed < num) {
		switch {
		case at.Is(s, &v):
			at.Delete(back)
			removed++
		case back:
			at.Prev()
		default:
			at.Next()
		}
	}
	return removed
}

// lposOptions are what LPOS may be told: which match to begin with, from the end if negative, how
// many to give, 0 for all, and how many elements to compare, 0 for all.
type lposOptions struct {
	rank, num, most int64
	counted         bool
}

func (c *Call) lposOptions() (opt lposOptions, ok bool) {
	opt.rank = 1
	for i := 3; i < len(c.Args); i += 2 {
		word := c.Args[i]
		if i+1 == len(c.Args) {
			c.Error(ErrSyntax)
			return opt, false
		}
		switch {
		case is(word, "rank"):
			if opt.rank, ok = c.argSpread(i + 1); ok && opt.rank == 0 {
				c.Error("ERR RANK can't be zero: use 1 to start from the first match, 2 from the " +
					"second ... or use negative to start from the end of the list")
				return opt, false
			}
		case is(word, "count"):
			opt.counted = true
			opt.num, ok = c.argRange(i+1, 0, math.MaxInt64, "ERR COUNT can't be negative")
		case is(word, "maxlen"):
			opt.most, ok = c.argRange(i+1, 0, math.MaxInt64, "ERR MAXLEN can't be negative")
		default:
			c.Error(ErrSyntax)
			return opt, false
		}
		if !ok {
			return opt, false
		}
	}
	return opt, true
}

func cmdLpos(c *Call) {
	opt, ok := c.lposOptions()
	if !ok {
		return
	}
	o := c.lookupRead(c.Args[1])
	switch {
	case o == nil && opt.counted:
		c.Array(0)
	case o == nil:
		c.Null()
	case !c.ofKind(o, kindList):
	case opt.counted:
		at, n := c.ArrayLater(), 0
		positions(o.list(), c.Args[2], opt, func(i int64) bool {
			c.Int(i)
			n++
			return opt.num == 0 || int64(n) < opt.num
		})
		c.ArrayEnd(at, '*', n)
	default:
		found := int64(-1)
		positions(o.list(), c.Args[2], opt, func(i int64) bool {
			found = i
			return false
		})
		if found < 0 {
			c.Null()
		} else {
			c.Int(found)
		}
	}
}

// positions calls f with the index of each element that is s, as opt says, until f returns false.
func positions(l *list.List, s []byte, opt lposOptions, f func(int64) bool) {
	back := opt.rank < 0
	at, rank := l.Seek(0), opt.rank
	if back {
		at, rank = l.Seek(-1), -opt.rank
	}
	v := listpack.Parse(s)
	for i := int64(0); at.Valid() && (opt.most == 0 || i < opt.most); i++ {
		if at.Is(s, &v) {
			index := i
			if back {
				index = int64(l.Len()) - 1 - i
			}
			if rank--; rank <= 0 && !f(index) {
				return
			}
		}
		if back {
			at.Prev()
		} else {
			at.Next()
		}
	}
}
