package core

import (
	"math"
	"slices"

	"github.com/redlet/redlet/core/internal/list"
	"github.com/redlet/redlet/core/internal/small"
)

var listMovemCommands = []Command{
	{
		Name: "lmovem", Since: "8.10", Group: "list",
		Flags: Write | DenyOOM,
		Cats:  CatList,
		Syntax: "source:key destination:key wherefrom:(LEFT|RIGHT) whereto:(LEFT|RIGHT) " +
			"[how-many:{selector:(COUNT count:int|EXACTLY exactly:int) ordering:(OBO|BULK)}]",
		Keys:       "1 RW access delete; 2 RW insert",
		Summary:    "Moves several elements from one end of a list to an end of another.",
		Complexity: "O(N) for N elements moved",
		Run:        cmdLmovem,
	},
	{
		Name: "blmovem", Since: "8.10", Group: "list",
		Flags: Write | DenyOOM | Blocking,
		Cats:  CatList,
		Syntax: "source:key destination:key wherefrom:(LEFT|RIGHT) whereto:(LEFT|RIGHT) " +
			"timeout:double [how-many:{selector:(COUNT count:int|EXACTLY exactly:int) " +
			"ordering:(OBO|BULK)}]",
		Keys:       "1 RW access delete; 2 RW insert",
		Summary:    "Moves several elements from one list to another, waiting for them to come.",
		Complexity: "O(N) for N elements moved",
		Run:        cmdBlmovem,
	},
}

// movem is what LMOVEM and BLMOVEM are told.
type movem struct {
	from, to listEnd
	num      int64
	exactly  bool // all of num or nothing
	bulk     bool // the elements keep the order that they have in the source
}

// movem reads the ends from argument 3 on, and from argument i on how many elements to move.
func (c *Call) movem(i int) (m movem, ok bool) {
	if m.from, m.to, ok = c.listEnds(3); !ok {
		return m, false
	}
	m.num = 1
	if len(c.Args) == i {
		return m, true
	}
	m.exactly = is(c.Args[i], "exactly")
	if len(c.Args) != i+3 || !m.exactly && !is(c.Args[i], "count") {
		c.Error(ErrSyntax)
		return m, false
	}
	if m.num, ok = c.argRange(i+1, 1, math.MaxInt64, errCountZero); !ok {
		return m, false
	}
	m.bulk = is(c.Args[i+2], "bulk")
	if !m.bulk && !is(c.Args[i+2], "obo") {
		c.Error(ErrSyntax)
		return m, false
	}
	return m, true
}

func cmdLmovem(c *Call) {
	if m, ok := c.movem(5); ok && !c.moveMany(m) {
		c.NullArray()
	}
}

func cmdBlmovem(c *Call) {
	m, ok := c.movem(6)
	if !ok {
		return
	}
	deadline, ok := c.argTimeout(5)
	if ok && !c.moveMany(m) {
		c.await(c.Args[1:2], kindList, deadline, replyNullArray)
	}
}

// moveMany moves elements from the list at argument 1 to the one at argument 2, which may be the
// same, and replies them in the order in which they then stand there. It reports false, and
// replies nothing, if there are too few.
func (c *Call) moveMany(m movem) bool {
	src := c.lookupWrite(c.Args[1])
	if src == nil {
		return false
	}
	if !c.ofKind(src, kindList) {
		return true
	}
	n := int(min(m.num, int64(src.list().Len())))
	if m.exactly && int64(n) < m.num {
		return false
	}
	dst := c.lookupWrite(c.Args[2])
	if !c.ofKind(dst, kindList) {
		return true
	}
	moved := m.take(src.list(), n)
	c.Array(len(moved))
	for _, s := range moved {
		c.Bulk(s)
	}
	c.listReceive(dst, m.to, moved...)
	c.elementsGone(c.Args[1], src, m.from.popEvent(), n)
	if c.cmd.Flags&Blocking != 0 && c.propagates() {
		order := "OBO"
		if m.bulk {
			order = "BULK"
		}
		c.Propagate("LMOVEM", small.Concat(c.Args[1:5], [][]byte{[]byte("EXACTLY"),
			decimal(int64(n)), []byte(order)})...)
	}
	return true
}

// take removes n elements and returns copies in the order in which they are to stand at the
// destination. Even one by one they are all removed before the first is added: within one list
// that makes a difference.
func (m *movem) take(l *list.List, n int) [][]byte {
	taken := make([][]byte, n)
	for i := range taken {
		s, number, isInt := m.from.peek(l)
		if isInt {
			s = decimal(number)
		}
		taken[i] = small.Clone(s)
		m.from.pop(l)
	}
	if !m.bulk && m.to == atHead || m.bulk && m.from == atTail {
		slices.Reverse(taken)
	}
	return taken
}
