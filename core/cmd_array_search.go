package core

import (
	"bytes"
	"math"

	"github.com/redlet/redlet/core/internal/array"
	"github.com/redlet/redlet/core/internal/ere"
	"github.com/redlet/redlet/core/internal/glob"
	"github.com/redlet/redlet/core/internal/numfmt"
	"github.com/redlet/redlet/core/internal/resp"
)

var arraySearchCommands = []Command{
	{
		Name: "arscan", Since: "8.8", Group: "array",
		Flags:      ReadOnly,
		Cats:       CatArray,
		Syntax:     "key start:int end:int [LIMIT limit:int]",
		Keys:       "1 RO access",
		Summary:    "Gives the values between two indexes of an array, each with its index.",
		Complexity: "O(N) for N values between the indexes",
		Run:        cmdArscan,
	},
	{
		Name: "argrep", Since: "8.8", Group: "array",
		Flags: ReadOnly,
		Cats:  CatArray,
		Syntax: "key start end predicate:(exact:{exact:EXACT string}|match:{match:MATCH string}|" +
			"glob:{glob:GLOB pattern}|re:{re:RE pattern})... " +
			"[options:(AND|OR|LIMIT limit:int|WITHVALUES|NOCASE)...]",
		Keys:       "1 RO access",
		Summary:    "Finds values of an array by their text.",
		Complexity: "O(N*C) for N values between the indexes that each take C to look at",
		Run:        cmdArgrep,
	},
	{
		Name: "arop", Since: "8.8", Group: "array",
		Flags: ReadOnly,
		Cats:  CatArray,
		Syntax: "key start:int end:int " +
			"operation:(SUM|MIN|MAX|AND|OR|XOR|match:{match:MATCH value}|USED)",
		Keys:       "1 RO access",
		Summary:    "Computes one number of the values between two indexes of an array.",
		Complexity: "O(N) for N values between the indexes",
		Run:        cmdArop,
	},
}

const (
	errArrayLimit    = "ERR LIMIT must be positive"
	errOperation     = "ERR unknown operation"
	errOperationArg  = "ERR MATCH requires a value argument"
	errPredicates    = "ERR too many predicates, maximum is 250"
	errExpression    = "ERR invalid regular expression: "
	errExpressionMin = "ERR regular expression is empty"
	errExpressionMax = "ERR regular expression is too long, maximum is 2048 bytes"
)

// argArrayLimit reads argument i as how many values are wanted.
func (c *Call) argArrayLimit(i int) (uint64, bool) {
	n, ok := c.ArgInt(i)
	if ok && n <= 0 {
		c.Error(errArrayLimit)
		return 0, false
	}
	return uint64(n), ok
}

func cmdArscan(c *Call) {
	start, end, ok := c.argIndexPair(2)
	if !ok {
		return
	}
	limit := uint64(math.MaxUint64)
	switch len(c.Args) {
	case 4:
	case 6:
		if !is(c.Args[4], "limit") {
			c.Error(ErrSyntax)
			return
		}
		if limit, ok = c.argArrayLimit(5); !ok {
			return
		}
	default:
		c.Error(errArity(c.cmd))
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
	var room [elementRoom]byte
	at, n := c.ArrayLater(), 0
	for it := a.Range(start, end); uint64(n) < limit && it.Next(); n++ {
		c.Array(2)
		c.Uint(it.Index())
		c.Bulk(it.Value(room[:0]))
	}
	c.ArrayEnd(at, '*', n)
}

// grepKind is what a predicate of ARGREP asks of a value.
type grepKind uint8

const (
	grepExact grepKind = iota // to be a text
	grepMatch                 // to contain one
	grepGlob
	grepExpression
)

// grepWords are the words for each.
var grepWords = [...]string{"exact", "match", "glob", "re"}

// predicate is one of ARGREP's.
type predicate struct {
	kind grepKind
	text []byte
	re   *ere.Regexp
}

// grep is what ARGREP is told.
type grep struct {
	predicates []predicate
	all        bool // a value must fulfil all of them, not any
	values     bool // they are wanted too
	nocase     bool
	limit      uint64
	folded     []byte // the value at hand in lower case
}

const (
	grepPredicatesMax = 250
	grepExpressionMax = 2048
	// grepStatesMax bounds the states that the automata of one command have together: 32 bytes each.
	grepStatesMax = 1 << 16
)

// argGrepBound reads argument i as an index, or as - or +, the first and the last: last tells that
// it is +, for which the array must be known.
func (c *Call) argGrepBound(i int) (index uint64, last, ok bool) {
	switch string(c.Args[i]) {
	case "-":
		return 0, false, true
	case "+":
		return 0, true, true
	}
	index, ok = c.argIndex(i)
	return index, false, ok
}

// grep reads ARGREP's predicates and options, which come in any order; of an option that comes
// again the last counts.
func (c *Call) grep() (g *grep, ok bool) {
	g = &grep{limit: math.MaxUint64}
	for i := 4; i < len(c.Args); i++ {
		word := c.Args[i]
		kind := grepKind(0)
		for int(kind) < len(grepWords) && !is(word, grepWords[kind]) {
			kind++
		}
		switch {
		case int(kind) < len(grepWords):
			if i++; !c.predicate(g, kind, i) {
				return nil, false
			}
		case is(word, "limit") && i+1 < len(c.Args):
			i++
			if g.limit, ok = c.argArrayLimit(i); !ok {
				return nil, false
			}
		case is(word, "withvalues"):
			g.values = true
		case is(word, "nocase"):
			g.nocase = true
		case is(word, "and"):
			g.all = true
		case is(word, "or"):
			g.all = false
		default:
			c.Error(ErrSyntax)
			return nil, false
		}
	}
	if len(g.predicates) == 0 {
		c.Error(ErrSyntax)
		return nil, false
	}
	return g, c.compile(g)
}

// predicate reads argument i as the text of a predicate.
func (c *Call) predicate(g *grep, kind grepKind, i int) bool {
	switch {
	case i == len(c.Args):
		c.Error(ErrSyntax)
	case len(g.predicates) == grepPredicatesMax:
		c.Error(errPredicates)
	case kind == grepExpression && len(c.Args[i]) > grepExpressionMax:
		c.Error(errExpressionMax)
	default:
		g.predicates = append(g.predicates, predicate{kind: kind, text: c.Args[i]})
		return true
	}
	return false
}

// compile makes the predicates ready, once it is known whether case matters.
func (c *Call) compile(g *grep) bool {
	states := grepStatesMax
	for i := range g.predicates {
		p := &g.predicates[i]
		switch {
		case p.kind == grepExpression && len(p.text) == 0:
			c.Error(errExpressionMin)
			return false
		case p.kind == grepExpression:
			var err error
			if p.re, err = ere.Compile(p.text, g.nocase, &states); err == ere.ErrBackReference {
				c.Error("ERR " + err.Error())
				return false
			}
			if err != nil {
				c.Error(errExpression + err.Error())
				return false
			}
		case g.nocase && p.kind != grepGlob:
			p.text = appendLower(nil, p.text)
		}
	}
	return true
}

// appendLower appends a text with its ASCII letters in lower case.
func appendLower(dst, text []byte) []byte {
	for _, c := range text {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// takes tells whether a value fulfils the predicates.
func (g *grep) takes(v []byte) bool {
	plain := v
	if g.nocase {
		g.folded = appendLower(g.folded[:0], v)
		plain = g.folded
	}
	for i := range g.predicates {
		p := &g.predicates[i]
		var yes bool
		switch p.kind {
		case grepExact:
			yes = bytes.Equal(plain, p.text)
		case grepMatch:
			yes = bytes.Contains(plain, p.text)
		case grepGlob:
			yes = glob.Match(p.text, v, g.nocase)
		case grepExpression:
			yes = p.re.Match(v)
		}
		if yes != g.all {
			return yes
		}
	}
	return g.all
}

func cmdArgrep(c *Call) {
	start, startLast, ok := c.argGrepBound(2)
	if !ok {
		return
	}
	end, endLast, ok := c.argGrepBound(3)
	if !ok {
		return
	}
	g, ok := c.grep()
	if !ok {
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
	if startLast {
		start = a.Len() - 1
	}
	if endLast {
		end = a.Len() - 1
	}
	var room [elementRoom]byte
	at, n := c.ArrayLater(), 0
	for it := a.Range(start, end); uint64(n) < g.limit && it.Next(); {
		v := it.Value(room[:0])
		if !g.takes(v) {
			continue
		}
		n++
		if g.values {
			c.Array(2)
		}
		c.Uint(it.Index())
		if g.values {
			c.Bulk(v)
		}
	}
	c.ArrayEnd(at, '*', n)
}

// arrayOp is what AROP computes.
type arrayOp uint8

const (
	opSum arrayOp = iota
	opMin
	opMax
	opAnd
	opOr
	opXor
	opMatch
	opUsed
)

// arrayOpWords are the words for each.
var arrayOpWords = [...]string{"sum", "min", "max", "and", "or", "xor", "match", "used"}

// arrayFold is what AROP has computed so far.
type arrayFold struct {
	op    arrayOp
	text  []byte // what opMatch counts
	any   bool   // a number was among the values
	sum   numfmt.LongDouble
	bits  int64
	count int64
}

func cmdArop(c *Call) {
	start, end, ok := c.argIndexPair(2)
	if !ok {
		return
	}
	f := &arrayFold{}
	for int(f.op) < len(arrayOpWords) && !is(c.Args[4], arrayOpWords[f.op]) {
		f.op++
	}
	switch {
	case int(f.op) == len(arrayOpWords):
		c.Error(errOperation)
		return
	case f.op == opMatch && len(c.Args) != 6:
		c.Error(errOperationArg)
		return
	case f.op == opMatch:
		f.text = c.Args[5]
	case len(c.Args) != 5:
		c.Error(errArity(c.cmd))
		return
	}
	a, ok := c.arrayOf(c.Args[1])
	if !ok {
		return
	}
	if a != nil {
		for it := a.Range(start, end); it.Next(); {
			f.take(&it)
		}
	}
	switch {
	case f.op >= opMatch:
		c.Int(f.count)
	case !f.any:
		c.Null()
	case f.op >= opAnd:
		c.Int(f.bits)
	default:
		c.Bulk(f.sum.AppendGeneral(nil))
	}
}

// take adds the element at hand.
func (f *arrayFold) take(it *array.Iter) {
	var room [elementRoom]byte
	switch {
	case f.op == opUsed:
		f.count++
	case f.op == opMatch:
		if bytes.Equal(it.Value(room[:0]), f.text) {
			f.count++
		}
	default:
		n, x, isInt, ok := arrayNumber(it)
		switch {
		case !ok:
		case f.op < opAnd:
			if isInt {
				x = numfmt.FromInt(n)
			}
			f.number(x)
		case isInt:
			f.integer(n)
		default:
			if n, ok = x.Int(); ok {
				f.integer(n)
			}
		}
	}
}

// arrayNumber is the number that the element at hand is: the integer n, or x; false if it is none.
func arrayNumber(it *array.Iter) (n int64, x numfmt.LongDouble, isInt, ok bool) {
	switch it.Kind() {
	case array.KindInt:
		return it.Int(), x, true, true
	case array.KindFloat:
		return 0, numfmt.FromFloat(it.Float()), false, true
	}
	var room [elementRoom]byte
	v := it.Value(room[:0])
	if n, ok = resp.Int(v); ok {
		return n, x, true, true
	}
	x, ok = numfmt.Parse(v)
	return 0, x, false, ok
}

func (f *arrayFold) number(x numfmt.LongDouble) {
	switch {
	case !f.any:
		f.sum, f.any = x, true
	case f.op == opSum:
		f.sum = f.sum.Add(x)
	case f.op == opMin && x.Less(f.sum), f.op == opMax && f.sum.Less(x):
		f.sum = x
	}
}

func (f *arrayFold) integer(n int64) {
	switch {
	case !f.any:
		f.bits, f.any = n, true
	case f.op == opAnd:
		f.bits &= n
	case f.op == opOr:
		f.bits |= n
	default:
		f.bits ^= n
	}
}
