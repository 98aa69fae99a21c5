package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/small"
)

var listMoveCommands = []Command{
	{
		Name: "lmove", Since: "6.2", Group: "list",
		Flags:      Write | DenyOOM,
		Cats:       CatList,
		Syntax:     "source:key destination:key wherefrom:(LEFT|RIGHT) whereto:(LEFT|RIGHT)",
		Keys:       "1 RW access delete; 2 RW insert",
		Summary:    "Moves an element from one end of a list to an end of another.",
		Complexity: "O(1)",
		Run:        cmdLmove,
	},
	{
		Name: "rpoplpush", Since: "1.2", Group: "list",
		Flags:      Write | DenyOOM,
		Cats:       CatList,
		Syntax:     "source:key destination:key",
		Keys:       "1 RW access delete; 2 RW insert",
		Summary:    "Moves the last element of a list to the head of another.",
		Complexity: "O(1)",
		Deprecated: &Deprecation{"6.2", "`LMOVE` with the `RIGHT` and `LEFT` arguments"},
		Run:        cmdRpoplpush,
	},
	{
		Name: "lmpop", Since: "7.0", Group: "list",
		Flags:      Write,
		Cats:       CatList,
		Syntax:     "numkeys:int key... where:(LEFT|RIGHT) [COUNT count:int]",
		Keys:       "1# RW access delete",
		Summary:    "Takes elements from the first list that has any.",
		Complexity: "O(N+M) for N keys and M elements returned",
		Run:        cmdLmpop,
	},
	{
		Name: "blpop", Since: "2.0", Group: "list",
		Flags:      Write | Blocking,
		Cats:       CatList,
		Syntax:     "key... timeout:double",
		Keys:       "1:-2 RW access delete",
		Summary:    "Takes the first element of the first list that has one, waiting for it.",
		Complexity: "O(N) for N keys",
		History:    "6.0 fractions of a second",
		Run:        cmdBlpop,
	},
	{
		Name: "brpop", Since: "2.0", Group: "list",
		Flags:      Write | Blocking,
		Cats:       CatList,
		Syntax:     "key... timeout:double",
		Keys:       "1:-2 RW access delete",
		Summary:    "Takes the last element of the first list that has one, waiting for it.",
		Complexity: "O(N) for N keys",
		History:    "6.0 fractions of a second",
		Run:        cmdBrpop,
	},
	{
		Name: "blmove", Since: "6.2", Group: "list",
		Flags: Write | DenyOOM | Blocking,
		Cats:  CatList,
		Syntax: "source:key destination:key wherefrom:(LEFT|RIGHT) whereto:(LEFT|RIGHT) " +
			"timeout:double",
		Keys:       "1 RW access delete; 2 RW insert",
		Summary:    "Moves an element from one list to another, waiting for one to come.",
		Complexity: "O(1)",
		Run:        cmdBlmove,
	},
	{
		Name: "brpoplpush", Since: "2.2", Group: "list",
		Flags:  Write | DenyOOM | Blocking,
		Cats:   CatList,
		Syntax: "source:key destination:key timeout:double",
		Keys:   "1 RW access delete; 2 RW insert",
		Summary: "Moves the last element of a list to the head of another, waiting for one " +
			"to come.",
		Complexity: "O(1)",
		Deprecated: &Deprecation{"6.2", "`BLMOVE` with the `RIGHT` and `LEFT` arguments"},
		History:    "6.0 fractions of a second",
		Run:        cmdBrpoplpush,
	},
	{
		Name: "blmpop", Since: "7.0", Group: "list",
		Flags:      Write | Blocking,
		Cats:       CatList,
		Syntax:     "timeout:double numkeys:int key... where:(LEFT|RIGHT) [COUNT count:int]",
		Keys:       "2# RW access delete",
		Summary:    "Takes elements from the first list that has any, waiting for one to come.",
		Complexity: "O(N+M) for N keys and M elements returned",
		Run:        cmdBlmpop,
	},
}

func cmdLmove(c *Call) {
	if from, to, ok := c.listEnds(3); ok {
		c.listMove(from, to)
	}
}

func cmdRpoplpush(c *Call) { c.listMove(atTail, atHead) }

// listEnds reads the arguments i and i+1 as the ends from which and to which an element moves.
func (c *Call) listEnds(i int) (from, to listEnd, ok bool) {
	if from, ok = c.listEnd(i); ok {
		to, ok = c.listEnd(i + 1)
	}
	return from, to, ok
}

// listEnd reads argument i as LEFT or RIGHT.
func (c *Call) listEnd(i int) (listEnd, bool) {
	switch {
	case is(c.Args[i], "left"):
		return atHead, true
	case is(c.Args[i], "right"):
		return atTail, true
	}
	c.Error(ErrSyntax)
	return atHead, false
}

// listMove moves an element from the list at argument 1 to the one at argument 2, which may be the
// same, and reports whether it did.
func (c *Call) listMove(from, to listEnd) bool {
	src := c.lookupWrite(c.Args[1])
	if src == nil {
		c.Null()
		return false
	}
	if !c.ofKind(src, kindList) {
		return false
	}
	dst := c.lookupWrite(c.Args[2])
	if !c.ofKind(dst, kindList) {
		return false
	}
	at := c.Len()
	l := src.list()
	s, n, isInt := from.peek(l)
	c.Element(s, n, isInt)
	switch text := c.Tail(at); {
	case text != nil:
		s = bulkText(text)
	case isInt:
		s = decimal(n)
	default:
		s = small.Clone(s)
	}
	from.pop(l)
	c.listReceive(dst, to, s)
	c.elementsGone(c.Args[1], src, from.popEvent(), 1)
	return true
}

// listReceive puts elements, in the order in which they are to stand there, at an end of the list
// at argument 2: dst, or a new one if that is nil.
func (c *Call) listReceive(dst *object, to listEnd, elements ...[]byte) {
	if dst == nil {
		dst = c.e.newList()
		c.add(c.Args[2], dst)
	}
	l := dst.list()
	l.Grow(elements...)
	for i := range elements {
		if to == atHead {
			i = len(elements) - 1 - i
		}
		to.push(l, elements[i])
	}
	c.signalDirty(0, notifyList, to.pushEvent(), c.Args[2])
}

// bulkText returns the bytes of a bulk string that was just replied, which are a copy of an element
// as good as any.
func bulkText(reply []byte) []byte {
	i := 0
	for reply[i] != '\n' {
		i++
	}
	return reply[i+1 : len(reply)-2]
}

func cmdLmpop(c *Call) {
	keys, end, num, ok := c.listMany(1)
	if ok && !c.popMany(keys, end, num) {
		c.NullArray()
	}
}

// listMany reads what LMPOP and BLMPOP are told, numkeys being argument i.
func (c *Call) listMany(i int) (keys [][]byte, end listEnd, num int64, ok bool) {
	keys, ok = c.popKeys(i)
	if !ok {
		return nil, atHead, 0, false
	}
	i += 1 + len(keys)
	if end, ok = c.listEnd(i); !ok {
		return nil, atHead, 0, false
	}
	num, ok = c.popCount(i + 1)
	return keys, end, num, ok
}

// popKeys reads the keys of a command that pops from the first of them that it can, numkeys being
// argument i; something must follow them.
func (c *Call) popKeys(i int) ([][]byte, bool) {
	n, ok := c.argRange(i, 1, math.MaxInt64, "ERR numkeys should be greater than 0")
	if !ok {
		return nil, false
	}
	i++
	if n >= int64(len(c.Args)-i) {
		c.Error(ErrSyntax)
		return nil, false
	}
	return c.Args[i : i+int(n)], true
}

// popCount reads the option COUNT of such a command, which may be argument i; without it it is 1.
func (c *Call) popCount(i int) (num int64, ok bool) {
	num, ok = 1, true
	switch {
	case i == len(c.Args):
	case i == len(c.Args)-2 && is(c.Args[i], "count"):
		num, ok = c.argRange(i+1, 1, math.MaxInt64, errCountZero)
	case is(c.Args[i], "count") && i < len(c.Args)-2:
		if _, ok = c.argRange(i+1, 1, math.MaxInt64, errCountZero); ok {
			c.Error(ErrSyntax)
		}
		ok = false
	default:
		c.Error(ErrSyntax)
		ok = false
	}
	return num, ok
}

// popMany replies the name and up to num elements of the first of the lists that exists. It reports
// false, and replies nothing, if none does.
func (c *Call) popMany(keys [][]byte, end listEnd, num int64) bool {
	for _, key := range keys {
		o := c.lookupWrite(key)
		if o == nil {
			continue
		}
		if c.ofKind(o, kindList) {
			c.Array(2)
			c.Bulk(key)
			if c.propagates() {
				n := min(num, int64(o.list().Len()))
				c.Propagate(end.popName(), key, decimal(n))
			}
			c.takeElements(key, o, end, num)
		}
		return true
	}
	return false
}

func cmdBlpop(c *Call) { c.blockingPop(atHead) }
func cmdBrpop(c *Call) { c.blockingPop(atTail) }

func (c *Call) blockingPop(end listEnd) {
	last := len(c.Args) - 1
	deadline, ok := c.argTimeout(last)
	if !ok {
		return
	}
	keys := c.Args[1:last]
	for _, key := range keys {
		o := c.lookupWrite(key)
		if o == nil {
			continue
		}
		if c.ofKind(o, kindList) {
			c.Propagate(end.popName(), key)
			c.Array(2)
			c.Bulk(key)
			c.Element(end.peek(o.list()))
			end.pop(o.list())
			c.elementsGone(key, o, end.popEvent(), 1)
		}
		return
	}
	c.await(keys, kindList, deadline, replyNullArray)
}

func cmdBlmove(c *Call) {
	if from, to, ok := c.listEnds(3); ok {
		c.blockingMove("LMOVE", from, to, 5)
	}
}

func cmdBrpoplpush(c *Call) { c.blockingMove("RPOPLPUSH", atTail, atHead, 3) }

// blockingMove is listMove that waits for an element; argument i is the timeout, and name is the
// command that takes those before it and does not wait.
func (c *Call) blockingMove(name string, from, to listEnd, i int) {
	deadline, ok := c.argTimeout(i)
	if !ok {
		return
	}
	if c.peek(c.Args[1]) == nil {
		c.await(c.Args[1:2], kindList, deadline, replyNull)
		return
	}
	if c.listMove(from, to) {
		c.Propagate(name, c.Args[1:i]...)
	}
}

func cmdBlmpop(c *Call) {
	keys, end, num, ok := c.listMany(2)
	if !ok {
		return
	}
	deadline, ok := c.argTimeout(1)
	if ok && !c.popMany(keys, end, num) {
		c.await(keys, kindList, deadline, replyNullArray)
	}
}
