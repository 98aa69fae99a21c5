package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/array"
)

var arrayRingCommands = []Command{
	{
		Name: "arinsert", Since: "8.8", Group: "array",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatArray,
		Syntax:     "key value...",
		Keys:       "1 RW update",
		Summary:    "Puts values into an array, behind the one that was inserted last.",
		Complexity: "O(N) for N values",
		Run:        cmdArinsert,
	},
	{
		Name: "arring", Since: "8.8", Group: "array",
		Flags:      Write | DenyOOM,
		Cats:       CatArray,
		Syntax:     "key size:int value...",
		Keys:       "1 RW update",
		Summary:    "Puts values into an array that is a ring, over the oldest of them.",
		Complexity: "O(M) for M values, O(N+M) where the size of the ring changes to or from N",
		Run:        cmdArring,
	},
	{
		Name: "arnext", Since: "8.8", Group: "array",
		Flags:      ReadOnly | Fast,
		Cats:       CatArray,
		Syntax:     "key",
		Keys:       "1 RO access",
		Summary:    "Tells the index at which an array inserts next.",
		Complexity: "O(1)",
		Run:        cmdArnext,
	},
	{
		Name: "arseek", Since: "8.8", Group: "array",
		Flags:      Write | Fast,
		Cats:       CatArray,
		Syntax:     "key index:int",
		Keys:       "1 RW update",
		Summary:    "Sets the index at which an array inserts next.",
		Complexity: "O(1)",
		Run:        cmdArseek,
	},
	{
		Name: "arlastitems", Since: "8.8", Group: "array",
		Flags:      ReadOnly,
		Cats:       CatArray,
		Syntax:     "key count:int [REV]",
		Keys:       "1 RO access",
		Summary:    "Gives the values of an array that were inserted last.",
		Complexity: "O(N) for N values asked for",
		Run:        cmdArlastitems,
	},
}

const (
	errInsertOverflow = "ERR insert index overflow"
	errRingSize       = "ERR invalid size"
	errRingSizeMin    = "ERR size must be positive"
	errItemsCount     = "ERR invalid COUNT"
	errItemsCountMax  = "ERR count exceeds maximum of 1000000 items"
)

func cmdArinsert(c *Call) {
	values := c.Args[2:]
	a, ok := c.arrayToFill(c.Args[1])
	if !ok {
		return
	}
	first := a.Inserted + 1
	last := first + uint64(len(values)) - 1
	if first == array.NoIndex || last < first || last == array.NoIndex {
		c.Error(errInsertOverflow)
		return
	}
	c.fillArray(a, first, values)
	a.Inserted = last
	c.signalDirty(len(values), notifyArray, "arinsert", c.Args[1])
	c.Uint(last)
}

func cmdArring(c *Call) {
	n, ok := c.argIntOr(2, errRingSize)
	if !ok {
		return
	}
	if n <= 0 {
		c.Error(errRingSizeMin)
		return
	}
	size, values := uint64(n), c.Args[3:]
	a, ok := c.arrayToFill(c.Args[1])
	if !ok {
		return
	}
	lim := &c.e.cfg.arrays
	a.Resize(size, lim)
	for _, v := range values {
		a.Inserted = (a.Inserted + 1) % size
		a.Set(a.Inserted, v, lim)
	}
	c.signalDirty(len(values), notifyArray, "arring", c.Args[1])
	c.Uint(a.Inserted)
}

func cmdArnext(c *Call) {
	a, ok := c.arrayOf(c.Args[1])
	switch {
	case !ok:
	case a == nil:
		c.Int(0)
	case a.Inserted+1 == array.NoIndex:
		c.Null()
	default:
		c.Uint(a.Inserted + 1)
	}
}

func cmdArseek(c *Call) {
	index, ok := readIndex(c.Args[2])
	if !ok {
		c.Error(errArrayIndex)
		return
	}
	a, ok := c.arrayToChange(c.Args[1])
	if !ok {
		return
	}
	if a != nil {
		a.Inserted = index - 1 // before 0 that is none
		c.signalModified(notifyArray, "arseek", c.Args[1])
	}
	c.Flag(a != nil)
}

func cmdArlastitems(c *Call) {
	count, ok := c.argIntOr(2, errItemsCount)
	switch {
	case !ok:
		return
	case count <= 0:
		c.Array(0)
		return
	case len(c.Args) > 4:
		c.Error(errArity(c.cmd))
		return
	}
	rev := len(c.Args) == 4
	if rev && !is(c.Args[3], "rev") {
		c.Error(ErrSyntax)
		return
	}
	a, ok := c.arrayOf(c.Args[1])
	if !ok {
		return
	}
	if a == nil {
		c.Array(0)
		return
	}
	length := a.Len()
	n := min(uint64(count), length)
	if n > max(a.Count(), arrayItemsMax) {
		c.Error(errItemsCountMax)
		return
	}
	newest := a.Inserted
	if newest >= length {
		newest = length - 1
	}
	c.Array(int(min(n, math.MaxInt)))
	if rev {
		for at := newest; n > 0; n-- {
			c.arrayValue(a, at)
			if at--; at == array.NoIndex {
				at = length - 1
			}
		}
		return
	}
	at := newest - (n - 1)
	if n-1 > newest {
		at += length
	}
	for ; n > 0; n-- {
		c.arrayValue(a, at)
		if at++; at == length {
			at = 0
		}
	}
}
