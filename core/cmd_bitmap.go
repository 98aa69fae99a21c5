package core

import (
	"github.com/redlet/redlet/core/internal/bitmap"
	"github.com/redlet/redlet/core/internal/resp"
	"github.com/redlet/redlet/core/internal/syntax"
)

var bitmapCommands = []Command{
	{
		Name: "setbit", Since: "2.2", Group: "bitmap",
		Flags:      Write | DenyOOM,
		Cats:       CatBitmap,
		Syntax:     "key offset:int value:int",
		Keys:       "1 RW access update",
		Summary:    "Sets or clears one bit of a string and gives what it was.",
		Complexity: "O(1)",
		Run:        cmdSetbit,
	},
	{
		Name: "getbit", Since: "2.2", Group: "bitmap",
		Flags:      ReadOnly | Fast,
		Cats:       CatBitmap,
		Syntax:     "key offset:int",
		Keys:       "1 RO access",
		Summary:    "Gives one bit of a string.",
		Complexity: "O(1)",
		Run:        cmdGetbit,
	},
	{
		Name: "bitcount", Since: "2.6", Group: "bitmap",
		Flags:      ReadOnly,
		Cats:       CatBitmap,
		Syntax:     "key [range:{start:int end:int [unit:(BYTE|BIT)^7.0]}]",
		Keys:       "1 RO access",
		Summary:    "Counts the set bits of a string or of a part of it.",
		Complexity: "O(N) for N bytes",
		History:    "7.0 BYTE and BIT",
		Run:        cmdBitcount,
	},
	{
		Name: "bitpos", Since: "2.8.7", Group: "bitmap",
		Flags:      ReadOnly,
		Cats:       CatBitmap,
		Syntax:     "key bit:int [range:{start:int [end-unit-block:{end:int [unit:(BYTE|BIT)^7.0]}]}]",
		Keys:       "1 RO access",
		Summary:    "Finds the first bit of a string that is set, or that is clear.",
		Complexity: "O(N) for N bytes",
		History:    "7.0 BYTE and BIT",
		Run:        cmdBitpos,
	},
	{
		Name: "bitop", Since: "2.6", Group: "bitmap",
		Flags: Write | DenyOOM,
		Cats:  CatBitmap,
		Syntax: "operation:(AND|OR|XOR|NOT|DIFF^8.2|DIFF1^8.2|ANDOR^8.2|ONE^8.2) destkey:key " +
			"key...",
		Keys:       "2 OW update; 3:-1 RO access",
		Summary:    "Combines strings bit by bit and stores the outcome.",
		Complexity: "O(N) for N bytes",
		History:    "8.2 DIFF, DIFF1, ANDOR and ONE",
		Run:        cmdBitop,
	},
	{
		Name: "bitfield", Since: "3.2", Group: "bitmap",
		Flags: Write | DenyOOM,
		Cats:  CatBitmap,
		Syntax: "key [operation:(GET get-block:{encoding offset:int}|write:{[OVERFLOW " +
			"overflow-block:(WRAP|SAT|FAIL)] write-operation:(SET set-block:{encoding " +
			"offset:int value:int}|INCRBY incrby-block:{encoding offset:int increment:int})})...]",
		Keys:       `1 RW access update variable_flags "reads and writes"`,
		Summary:    "Reads and writes integers of any width within a string.",
		Complexity: "O(1) for each operation",
		Run:        cmdBitfield,
		Line:       &Line{Keys: bitfieldKeys},
	},
	{
		Name: "bitfield_ro", Since: "6.0", Group: "bitmap",
		Flags:      ReadOnly | Fast,
		Cats:       CatBitmap,
		Syntax:     "key [GET get-block:{encoding offset:int}+...]",
		Keys:       "1 RO access",
		Summary:    "Reads integers of any width within a string.",
		Complexity: "O(1) for each operation",
		Run:        cmdBitfieldRO,
	},
}

const (
	errBitOffset   = "ERR bit offset is not an integer or out of range"
	errBit         = "ERR bit is not an integer or out of range"
	errBitArgument = "ERR The bit argument must be 1 or 0."
	errBitopNot    = "ERR BITOP NOT must be called with a single source key."
	errFieldType   = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not " +
		"supported but i64 is."
	errOverflowType = "ERR Invalid OVERFLOW type specified"
	errBitfieldRO   = "ERR BITFIELD_RO only supports the GET subcommand"
)

// argBitOffset reads argument i as the number of a bit; with #, as that of a field of so many bits.
func (c *Call) argBitOffset(i, width int) (int64, bool) {
	arg, unit := c.Args[i], int64(1)
	if width > 0 && len(arg) > 0 && arg[0] == '#' {
		arg, unit = arg[1:], int64(width)
	}
	n, ok := resp.Int(arg)
	n *= unit // may overflow, as with Redis
	if !ok || n < 0 || n>>3 >= c.e.cfg.protoMaxBulkLen {
		c.Error(errBitOffset)
		return 0, false
	}
	return n, true
}

// bits returns the bytes of the string at a key, nil if there is none, lent until it changes.
func (c *Call) bits(key []byte) ([]byte, bool) {
	o := c.lookupRead(key)
	if !c.ofKind(o, kindString) {
		return nil, false
	}
	if o == nil {
		return nil, true
	}
	return notNil(o.growable()), true
}

// bitsWrite returns the bytes of the string at a key, at least size of them, to be changed in
// place. It tells whether the string had to grow for that.
func (c *Call) bitsWrite(key []byte, size int64) (b []byte, grown, ok bool) {
	o := c.lookupWrite(key)
	if !c.ofKind(o, kindString) {
		return nil, false, false
	}
	if (o == nil || int64(o.textLen()) < size) && !c.roomFor(2*size) {
		return nil, false, false
	}
	if o == nil {
		o = &object{kind: kindString}
		c.add(key, o)
		b = make([]byte, size)
		c.e.setRaw(o, b)
		return b, size > 0, true
	}
	o.own()
	b = o.growable()
	more := size - int64(len(b))
	if more <= 0 {
		c.e.setRaw(o, b)
		return b, false, true
	}
	b = append(b, make([]byte, more)...)
	c.e.growRaw(o, b)
	return b, true, true
}

func cmdSetbit(c *Call) {
	at, ok := c.argBitOffset(2, 0)
	if !ok {
		return
	}
	bit, ok := c.argRange(3, 0, 1, errBit)
	if !ok {
		return
	}
	b, grown, ok := c.bitsWrite(c.Args[1], at>>3+1)
	if !ok {
		return
	}
	field := bitmap.Field{Bits: 1}
	old := field.Get(b, at)
	if grown || old != bit {
		field.Set(b, at, bit)
		c.signalModified(notifyString, "setbit", c.Args[1])
	}
	c.Int(old)
}

func cmdGetbit(c *Call) {
	at, ok := c.argBitOffset(2, 0)
	if !ok {
		return
	}
	if b, ok := c.bits(c.Args[1]); ok {
		c.Int(bitmap.Field{Bits: 1}.Get(b, at))
	}
}

// bitRange is the part of a string that BITCOUNT and BITPOS look at.
type bitRange struct {
	start, end int64
	inBits     bool
	ended      bool // the end was given
}

// argBitRange reads a range from argument i on: start, end and unit, each of which may be missing
// for as long as what follows is missing too. A wrong unit is told of before a wrong end if
// unitFirst is set.
func (c *Call) argBitRange(i int, unitFirst bool) (r bitRange, ok bool) {
	r.end = -1
	if i < len(c.Args) {
		if r.start, ok = c.ArgInt(i); !ok {
			return r, false
		}
	}
	if unitFirst && !c.argBitUnit(i+2, &r) {
		return r, false
	}
	if i+1 < len(c.Args) {
		r.ended = true
		if r.end, ok = c.ArgInt(i + 1); !ok {
			return r, false
		}
	}
	return r, c.argBitUnit(i+2, &r)
}

// argBitUnit reads argument i, if there is one, as the unit of a range.
func (c *Call) argBitUnit(i int, r *bitRange) bool {
	if i >= len(c.Args) {
		return true
	}
	r.inBits = is(c.Args[i], "bit")
	if !r.inBits && !is(c.Args[i], "byte") {
		c.Error(ErrSyntax)
		return false
	}
	return true
}

// within turns the range into the first and the last bit of a string of so many bytes; false if
// it holds none.
func (r *bitRange) within(size int64) (first, last int64, ok bool) {
	if r.inBits {
		size *= 8
	}
	first, last = r.start, r.end
	if first < 0 {
		first = max(first+size, 0)
	}
	if last < 0 {
		last = max(last+size, 0)
	}
	if last = min(last, size-1); first > last {
		return 0, 0, false
	}
	if r.inBits {
		return first, last, true
	}
	return first * 8, last*8 + 7, true
}

func cmdBitcount(c *Call) {
	if len(c.Args) == 3 || len(c.Args) > 5 {
		c.Error(ErrSyntax)
		return
	}
	r, ok := c.argBitRange(2, false)
	if !ok {
		return
	}
	b, ok := c.bits(c.Args[1])
	if !ok {
		return
	}
	first, last, ok := r.within(int64(len(b)))
	if backward := r.start < 0 && r.end < 0 && r.start > r.end; !ok || backward {
		c.Int(0) // BITPOS takes -8 -9 of a short string for its first byte
		return
	}
	c.Int(bitmap.CountRange(b, first, last))
}

func cmdBitpos(c *Call) {
	bit, ok := c.ArgInt(2)
	if !ok {
		return
	}
	if bit != 0 && bit != 1 {
		c.Error(errBitArgument)
		return
	}
	if len(c.Args) > 6 {
		c.Error(ErrSyntax)
		return
	}
	r, ok := c.argBitRange(3, true)
	if !ok {
		return
	}
	b, ok := c.bits(c.Args[1])
	if !ok {
		return
	}
	if b == nil { // a missing key is an endless row of zeros
		c.Int(-bit)
		return
	}
	first, last, ok := r.within(int64(len(b)))
	if !ok {
		c.Int(-1)
		return
	}
	at := bitmap.Find(b, bit == 1, first, last)
	if at < 0 && bit == 0 && !r.ended {
		at = int64(len(b)) * 8 // the first of the zeros that follow any string
	}
	c.Int(at)
}

func cmdBitop(c *Call) {
	op := bitmap.And
	switch word := c.Args[1]; {
	case is(word, "and"):
	case is(word, "or"):
		op = bitmap.Or
	case is(word, "xor"):
		op = bitmap.Xor
	case is(word, "not"):
		op = bitmap.Not
	case is(word, "diff"):
		op = bitmap.Diff
	case is(word, "diff1"):
		op = bitmap.Diff1
	case is(word, "andor"):
		op = bitmap.AndOr
	case is(word, "one"):
		op = bitmap.One
	default:
		c.Error(ErrSyntax)
		return
	}
	switch op {
	case bitmap.Not:
		if len(c.Args) != 4 {
			c.Error(errBitopNot)
			return
		}
	case bitmap.Diff, bitmap.Diff1, bitmap.AndOr:
		if len(c.Args) < 5 {
			c.Error("ERR BITOP " + upper(clip(c.Args[1], len(c.Args[1]))) +
				" must be called with at least two source keys.")
			return
		}
	}
	src, longest := make([][]byte, len(c.Args)-3), 0
	for i := range src {
		var ok bool
		if src[i], ok = c.bits(c.Args[3+i]); !ok {
			return
		}
		longest = max(longest, len(src[i]))
	}
	if !c.roomFor(int64(longest)) {
		return
	}
	out, dest := bitmap.Combine(op, src), c.Args[2]
	if len(out) > 0 {
		o := &object{kind: kindString}
		o.setRaw(out)
		c.set(dest, o)
		c.signalModified(notifyString, "set", dest)
	} else if c.peek(dest) != nil {
		c.delete(dest)
	}
	c.Count(len(out))
}

// bitOp is one operation of BITFIELD.
type bitOp struct {
	kind     bitOpKind
	field    bitmap.Field
	overflow bitmap.Overflow
	at       int64
	value    int64
}

type bitOpKind uint8

const (
	bitGet bitOpKind = iota
	bitSet
	bitIncrby
)

// bitOps reads BITFIELD's operations and how many bytes the writing ones need, 0 if none writes.
func (c *Call) bitOps() (ops []bitOp, size int64, ok bool) {
	overflow := bitmap.Wrap
	for i := 2; i < len(c.Args); {
		op := bitOp{overflow: overflow}
		rest := len(c.Args) - i - 1
		switch word := c.Args[i]; {
		case is(word, "get") && rest >= 2:
		case is(word, "set") && rest >= 3:
			op.kind = bitSet
		case is(word, "incrby") && rest >= 3:
			op.kind = bitIncrby
		case is(word, "overflow") && rest >= 1:
			if overflow, ok = c.argOverflow(i + 1); !ok {
				return nil, 0, false
			}
			i += 2
			continue
		default:
			c.Error(ErrSyntax)
			return nil, 0, false
		}
		if op.field, ok = bitmap.ParseField(c.Args[i+1]); !ok {
			c.Error(errFieldType)
			return nil, 0, false
		}
		if op.at, ok = c.argBitOffset(i+2, op.field.Bits); !ok {
			return nil, 0, false
		}
		i += 3
		if op.kind != bitGet {
			size = max(size, (op.at+int64(op.field.Bits)-1)>>3+1)
			if op.value, ok = c.ArgInt(i); !ok {
				return nil, 0, false
			}
			i++
		}
		ops = append(ops, op)
	}
	return ops, size, true
}

func (c *Call) argOverflow(i int) (bitmap.Overflow, bool) {
	switch word := c.Args[i]; {
	case is(word, "wrap"):
		return bitmap.Wrap, true
	case is(word, "sat"):
		return bitmap.Saturate, true
	case is(word, "fail"):
		return bitmap.Fail, true
	}
	c.Error(errOverflowType)
	return 0, false
}

// bitfieldKeys says that BITFIELD of GETs alone writes nothing; whatever is wrong may write.
func bitfieldKeys(args [][]byte, keys []KeyAt) []KeyAt {
	for i := 2; i < len(args); {
		switch rest := len(args) - i - 1; {
		case is(args[i], "get") && rest >= 2:
			i += 3
		case is(args[i], "overflow") && rest >= 1:
			i += 2
		default:
			return keys
		}
	}
	return withFlags(keys, syntax.RO|syntax.Access)
}

func cmdBitfield(c *Call) { c.bitfield(true) }

func cmdBitfieldRO(c *Call) { c.bitfield(false) }

func (c *Call) bitfield(mayWrite bool) {
	ops, size, ok := c.bitOps()
	if !ok {
		return
	}
	var b []byte
	grown := false
	switch {
	case size > 0 && !mayWrite:
		c.Error(errBitfieldRO)
		return
	case size > 0:
		b, grown, ok = c.bitsWrite(c.Args[1], size)
	default:
		b, ok = c.bits(c.Args[1])
	}
	if !ok {
		return
	}
	changes := 0
	c.Array(len(ops))
	for i := range ops {
		if wrote, changed := ops[i].run(c, b); changed || wrote && grown {
			changes++
		}
	}
	if changes > 0 {
		c.signalDirty(changes, notifyString, "setbit", c.Args[1])
	}
}

// run runs an operation on a string's bytes and replies. It tells whether the operation wrote its
// integer, and whether the integer changed thereby.
func (op *bitOp) run(c *Call, b []byte) (wrote, changed bool) {
	old := op.field.Get(b, op.at)
	var now int64
	switch op.kind {
	case bitGet:
		c.Int(old)
		return false, false
	case bitSet:
		now, wrote = op.field.Fit(op.value, op.overflow)
	case bitIncrby:
		now, wrote = op.field.Add(old, op.value, op.overflow)
	}
	if !wrote {
		c.Null()
		return false, false
	}
	op.field.Set(b, op.at, now)
	if op.kind == bitSet {
		c.Int(old)
	} else {
		c.Int(now)
	}
	return true, old != now
}
