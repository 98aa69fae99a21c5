package core

import (
	"bytes"

	"github.com/redlet/redlet/core/internal/array"
	"github.com/redlet/redlet/core/internal/numfmt"
)

var arrayCommands = []Command{
	{
		Name: "arset", Since: "8.8", Group: "array",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatArray,
		Syntax:     "key index:int value...",
		Keys:       "1 RW update",
		Summary:    "Puts values into an array, at an index and those that follow.",
		Complexity: "O(N) for N values",
		Run:        cmdArset,
	},
	{
		Name: "armset", Since: "8.8", Group: "array",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatArray,
		Syntax:     "key data:{index:int value}...",
		Keys:       "1 RW update",
		Summary:    "Puts values into an array, each at an index of its own.",
		Complexity: "O(N) for N values",
		Run:        cmdArmset,
	},
	{
		Name: "arget", Since: "8.8", Group: "array",
		Flags:      ReadOnly | Fast,
		Cats:       CatArray,
		Syntax:     "key index:int",
		Keys:       "1 RO access",
		Summary:    "Gives the value at an index of an array.",
		Complexity: "O(1)",
		Run:        cmdArget,
	},
	{
		Name: "armget", Since: "8.8", Group: "array",
		Flags:      ReadOnly | Fast,
		Cats:       CatArray,
		Syntax:     "key index:int...",
		Keys:       "1 RO access",
		Summary:    "Gives the values at several indexes of an array.",
		Complexity: "O(N) for N indexes",
		Run:        cmdArmget,
	},
	{
		Name: "argetrange", Since: "8.8", Group: "array",
		Flags:      ReadOnly,
		Cats:       CatArray,
		Syntax:     "key start:int end:int",
		Keys:       "1 RO access",
		Summary:    "Gives the values between two indexes of an array, holes included.",
		Complexity: "O(N) for N indexes",
		Run:        cmdArgetrange,
	},
	{
		Name: "arlen", Since: "8.8", Group: "array",
		Flags:      ReadOnly | Fast,
		Cats:       CatArray,
		Syntax:     "key",
		Keys:       "1 RO access",
		Summary:    "Tells the length of an array: one more than its last index.",
		Complexity: "O(1)",
		Run:        cmdArlen,
	},
	{
		Name: "arcount", Since: "8.8", Group: "array",
		Flags:      ReadOnly | Fast,
		Cats:       CatArray,
		Syntax:     "key",
		Keys:       "1 RO access",
		Summary:    "Counts the values of an array.",
		Complexity: "O(1)",
		Run:        cmdArcount,
	},
	{
		Name: "ardel", Since: "8.8", Group: "array",
		Flags:      Write | Fast,
		Cats:       CatArray,
		Syntax:     "key index:int...",
		Keys:       "1 RW delete",
		Summary:    "Deletes values of an array; with its last value the key goes too.",
		Complexity: "O(N) for N indexes",
		Run:        cmdArdel,
	},
	{
		Name: "ardelrange", Since: "8.8", Group: "array",
		Flags:      Write,
		Cats:       CatArray,
		Syntax:     "key range:{start:int end:int}...",
		Keys:       "1 RW delete",
		Summary:    "Deletes the values between indexes of an array.",
		Complexity: "O(N) for N values deleted and slices touched",
		Run:        cmdArdelrange,
	},
	{
		Name: "arinfo", Since: "8.8", Group: "array",
		Flags:      ReadOnly,
		Cats:       CatArray,
		Syntax:     "key [FULL]",
		Keys:       "1 RO access",
		Summary:    "Tells how an array is laid out.",
		Complexity: "O(1), with FULL O(N) for N slices",
		Run:        cmdArinfo,
	},
}

const (
	errArrayIndex    = "ERR invalid array index"
	errArrayOverflow = "ERR array index overflow"
	errArrayRange    = "ERR range exceeds maximum of 1000000 items"
)

// arrayItemsMax is the most items that a reply has of which most may be holes.
const arrayItemsMax = 1_000_000

// arrayOf returns the array at a key for reading: nil when there is none, and false when the key
// holds something else, once that is replied.
func (c *Call) arrayOf(key []byte) (*array.Array, bool) {
	return c.asArray(c.lookupRead(key))
}

// arrayToChange is arrayOf for a command that may change the array.
func (c *Call) arrayToChange(key []byte) (*array.Array, bool) {
	return c.asArray(c.lookupWrite(key))
}

func (c *Call) asArray(o *object) (*array.Array, bool) {
	if o == nil {
		return nil, true
	}
	if !c.ofKind(o, kindArray) {
		return nil, false
	}
	return o.array(), true
}

// arrayToFill is arrayToChange that makes an array where there is none; it must be filled at once.
func (c *Call) arrayToFill(key []byte) (*array.Array, bool) {
	a, ok := c.arrayToChange(key)
	if ok && a == nil {
		a = array.New(&c.e.cfg.arrays)
		c.add(key, &object{kind: kindArray, body: a})
	}
	return a, ok
}

// readIndex reads what C's string functions take for an unsigned integer.
func readIndex(arg []byte) (uint64, bool) {
	if i := bytes.IndexByte(arg, 0); i >= 0 {
		arg = arg[:i]
	}
	return numfmt.ParseUint(arg)
}

// argIndex reads argument i as an index of an array.
func (c *Call) argIndex(i int) (uint64, bool) {
	n, ok := readIndex(c.Args[i])
	if !ok || n == array.NoIndex {
		c.Error(errArrayIndex)
		return 0, false
	}
	return n, true
}

// argIndexPair reads two arguments from i on as indexes of an array.
func (c *Call) argIndexPair(i int) (start, end uint64, ok bool) {
	if start, ok = c.argIndex(i); ok {
		end, ok = c.argIndex(i + 1)
	}
	return start, end, ok
}

// argIndexes checks that the arguments from 2 on are indexes of an array, and every step-th alone.
func (c *Call) argIndexes(step int) bool {
	for i := 2; i < len(c.Args); i += step {
		if _, ok := c.argIndex(i); !ok {
			return false
		}
	}
	return true
}

// index is argument i, which is known to be an index.
func (c *Call) index(i int) uint64 {
	n, _ := readIndex(c.Args[i])
	return n
}

// arrayValue writes the value at an index, or that there is none.
func (c *Call) arrayValue(a *array.Array, index uint64) {
	if a != nil {
		var room [elementRoom]byte
		if v, ok := a.Get(index, room[:0]); ok {
			c.Bulk(v)
			return
		}
	}
	c.Null()
}

func cmdArset(c *Call) {
	first, ok := c.argIndex(2)
	if !ok {
		return
	}
	values := c.Args[3:]
	last := first + uint64(len(values)) - 1
	if last < first || last == array.NoIndex {
		c.Error(errArrayOverflow)
		return
	}
	a, ok := c.arrayToFill(c.Args[1])
	if !ok {
		return
	}
	was := a.Count()
	c.fillArray(a, first, values)
	c.signalDirty(len(values), notifyArray, "arset", c.Args[1])
	c.Uint(a.Count() - was)
}

// fillArray stores values from an index up.
func (c *Call) fillArray(a *array.Array, first uint64, values [][]byte) {
	lim := &c.e.cfg.arrays
	if len(values) > 1 {
		a.Prepare(first, first+uint64(len(values))-1, lim)
	}
	for i, v := range values {
		a.Set(first+uint64(i), v, lim)
	}
}

func cmdArmset(c *Call) {
	if len(c.Args)%2 != 0 {
		c.Error(errArity(c.cmd))
		return
	}
	if !c.argIndexes(2) {
		return
	}
	a, ok := c.arrayToFill(c.Args[1])
	if !ok {
		return
	}
	was := a.Count()
	for i := 2; i < len(c.Args); i += 2 {
		a.Set(c.index(i), c.Args[i+1], &c.e.cfg.arrays)
	}
	c.signalDirty(len(c.Args)/2-1, notifyArray, "armset", c.Args[1])
	c.Uint(a.Count() - was)
}

func cmdArget(c *Call) {
	a, ok := c.arrayOf(c.Args[1])
	if !ok {
		return
	}
	if index, ok := c.argIndex(2); ok {
		c.arrayValue(a, index)
	}
}

func cmdArmget(c *Call) {
	a, ok := c.arrayOf(c.Args[1])
	if !ok || !c.argIndexes(1) {
		return
	}
	c.Array(len(c.Args) - 2)
	for i := 2; i < len(c.Args); i++ {
		c.arrayValue(a, c.index(i))
	}
}

func cmdArgetrange(c *Call) {
	start, end, ok := c.argIndexPair(2)
	if !ok {
		return
	}
	a, ok := c.arrayOf(c.Args[1])
	if !ok {
		return
	}
	n := max(start, end) - min(start, end) + 1
	if n > arrayItemsMax {
		c.Error(errArrayRange)
		return
	}
	c.Array(int(n))
	step := uint64(1)
	if start > end {
		step = ^uint64(0) // down
	}
	for ; n > 0; n-- {
		c.arrayValue(a, start)
		start += step
	}
}

func cmdArlen(c *Call) {
	if a, ok := c.arrayOf(c.Args[1]); ok {
		n := uint64(0)
		if a != nil {
			n = a.Len()
		}
		c.Uint(n)
	}
}

func cmdArcount(c *Call) {
	if a, ok := c.arrayOf(c.Args[1]); ok {
		n := uint64(0)
		if a != nil {
			n = a.Count()
		}
		c.Uint(n)
	}
}

func cmdArdel(c *Call) {
	if !c.argIndexes(1) {
		return
	}
	a, ok := c.arrayToChange(c.Args[1])
	if !ok {
		return
	}
	n := uint64(0)
	for i := 2; a != nil && i < len(c.Args); i++ {
		if a.Delete(c.index(i), &c.e.cfg.arrays) {
			n++
		}
	}
	c.itemsGone(a, "ardel", n)
}

func cmdArdelrange(c *Call) {
	if len(c.Args)%2 != 0 {
		c.Error(errArity(c.cmd))
		return
	}
	if !c.argIndexes(1) {
		return
	}
	a, ok := c.arrayToChange(c.Args[1])
	if !ok {
		return
	}
	n := uint64(0)
	for i := 2; a != nil && i < len(c.Args); i += 2 {
		start, end := c.index(i), c.index(i+1)
		n += a.DeleteRange(min(start, end), max(start, end), &c.e.cfg.arrays)
	}
	c.itemsGone(a, "ardelrange", n)
}

// itemsGone tells everybody that n values have left the array at argument 1, removes the key of an
// array that has none left, and replies how many they were.
func (c *Call) itemsGone(a *array.Array, event string, n uint64) {
	if n > 0 {
		c.signalDirty(clampInt(int64(n)), notifyArray, event, c.Args[1])
		if a.Count() == 0 {
			c.removeEmpty(c.Args[1])
		}
	}
	c.Uint(n)
}

func cmdArinfo(c *Call) {
	full := len(c.Args) > 2
	if full && (len(c.Args) > 3 || !is(c.Args[2], "full")) {
		c.Error(ErrSyntax)
		return
	}
	a, ok := c.arrayOf(c.Args[1])
	switch {
	case !ok:
		return
	case a == nil:
		c.Error(ErrNoKey)
		return
	}
	next := a.Inserted + 1
	if next == array.NoIndex {
		next = 0
	}
	fields := 7
	if full {
		fields = 12
	}
	c.Map(fields)
	l := a.Layout()
	c.countField("count", a.Count())
	c.countField("len", a.Len())
	c.countField("next-insert-index", next)
	c.countField("slices", uint64(l.Slices))
	c.countField("directory-size", uint64(l.Directory))
	c.countField("super-dir-entries", uint64(l.Blocks))
	c.countField("slice-size", uint64(l.SliceSize))
	if !full {
		return
	}
	d := a.Details()
	c.countField("dense-slices", uint64(d.Dense))
	c.countField("sparse-slices", uint64(d.Sparse))
	c.average("avg-dense-size", d.DenseSize, d.Dense)
	c.average("avg-dense-fill", d.DenseCount, d.DenseSize)
	c.average("avg-sparse-size", d.SparseSize, d.Sparse)
}

// average writes a field that is a mean of n.
//
//go:noinline
func (c *Call) average(name string, sum, n int) {
	c.BulkString(name)
	c.Double(float64(sum) / float64(max(n, 1)))
}
