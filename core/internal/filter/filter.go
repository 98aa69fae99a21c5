// Package filter is the language in which VSIM's FILTER says which elements are wanted: expressions
// over the attributes of an element, which are JSON.
//
//	.year >= 1980 and .genre in ["drama", 'noir'] and not (.rating < 3)
//
// An expression is read into a program for a machine with a stack (Compile), which is run for each
// element (Program.Match). The language, and what it takes for an error, are Redis's; so is how it
// looks for an attribute in a text that may be no JSON at all (json.go).
package filter

import (
	"bytes"
	"math"
	"strconv"
)

// kind is what a value or an instruction is.
type kind uint8

const (
	number kind = iota
	text
	tuple
	null
	selector
	operator
)

// value is a value, or an instruction of a program: a value to be put on the stack, an attribute to
// be put there (selector), or an operator.
type value struct {
	kind  kind
	op    op
	place int8 // of an operator, in operators
	num   float64
	str   []byte  // of a text; of a selector the attribute's name
	list  []value // of a tuple
}

// op is an operator.
type op uint8

const (
	opOpen op = iota
	opClose
	opNot
	opPower
	opTimes
	opOver
	opModulo
	opPlus
	opMinus
	opGreater
	opGreaterEqual
	opLess
	opLessEqual
	opEqual
	opUnequal
	opIn
	opAnd
	opOr
)

// operators are what the operators are written as, how tightly they bind and how many values they
// take.
var operators = [...]struct {
	name  string
	op    op
	binds int8
	takes int8
}{
	{"(", opOpen, 7, 0}, {")", opClose, 7, 0},
	{"!", opNot, 6, 1}, {"not", opNot, 6, 1},
	{"**", opPower, 5, 2},
	{"*", opTimes, 4, 2}, {"/", opOver, 4, 2}, {"%", opModulo, 4, 2},
	{"+", opPlus, 3, 2}, {"-", opMinus, 3, 2},
	{">", opGreater, 2, 2}, {">=", opGreaterEqual, 2, 2},
	{"<", opLess, 2, 2}, {"<=", opLessEqual, 2, 2},
	{"==", opEqual, 2, 2}, {"!=", opUnequal, 2, 2}, {"in", opIn, 2, 2},
	{"and", opAnd, 1, 2}, {"&&", opAnd, 1, 2},
	{"or", opOr, 0, 2}, {"||", opOr, 0, 2},
}

// Program is an expression that was compiled.
type Program struct {
	code  []value
	stack []value
}

// Compile reads an expression, which must stay as it is. Where it is none, near is the rest of it
// from where that was noticed, and ok false.
func Compile(expr []byte) (p *Program, near []byte, ok bool) {
	c := compiler{src: expr}
	if i := bytes.IndexByte(expr, 0); i >= 0 { // a NUL ends it
		c.src = expr[:i]
	}
	if !c.read() {
		if c.at == len(expr) {
			return nil, expr, false
		}
		return nil, c.src[c.at:], false
	}
	if !c.compile() {
		return nil, c.src, false
	}
	return &Program{code: c.code}, nil, true
}

// compiler brings the operators of an expression behind what they work on.
type compiler struct {
	src    []byte
	at     int
	tokens []value
	code   []value
	// pending are operators whose second value is still to come, by their place in operators.
	pending []int8
	depth   int // values on the stack when the code so far has run
}

// read finds the tokens.
func (c *compiler) read() bool {
	for c.spaces(); c.at < len(c.src); c.spaces() {
		if !c.token() {
			return false
		}
	}
	return true
}

// compile makes the code of the tokens.
func (c *compiler) compile() bool {
	for i := range c.tokens {
		t := &c.tokens[i]
		if t.kind == operator {
			if !c.arrange(t.place) {
				return false
			}
			continue
		}
		c.code = append(c.code, *t)
		c.depth++
	}
	for len(c.pending) > 0 {
		if !c.emit() {
			return false
		}
	}
	return c.depth == 1
}

//go:noinline
func (c *compiler) spaces() {
	for c.at < len(c.src) && isSpace(c.src[c.at]) {
		c.at++
	}
}

// peek is the byte that is d bytes on, 0 behind the end.
func (c *compiler) peek(d int) byte {
	if c.at+d < len(c.src) {
		return c.src[c.at+d]
	}
	return 0
}

// token reads the next token.
func (c *compiler) token() bool {
	b := c.peek(0)
	switch {
	case isDigit(b), b == '-' && isDigit(c.peek(1)) && !c.operand():
		return c.value(c.number())
	case b == '"' || b == '\'':
		return c.value(c.text())
	case b == '[':
		return c.value(c.tuple())
	case b == '.' && (isSelector(c.peek(1)) || c.peek(1) == 0):
		return c.value(c.selector())
	}
	return c.operator()
}

// value notes a value.
//
//go:noinline
func (c *compiler) value(v value, ok bool) bool {
	c.tokens = append(c.tokens, v)
	return ok
}

// operand tells whether the last token is something that a minus behind it is taken from.
func (c *compiler) operand() bool {
	if len(c.tokens) == 0 {
		return false
	}
	last := &c.tokens[len(c.tokens)-1]
	return last.kind != operator || last.op == opClose
}

// numberMax is how many bytes a number may be written in.
const numberMax = 255

func (c *compiler) number() (value, bool) {
	start := c.at
	c.at++ // a digit or a minus
	for b := c.peek(0); isDigit(b) || b == '.' || b|0x20 == 'e'; b = c.peek(0) {
		if c.at-start >= numberMax {
			return value{}, false
		}
		c.at++
	}
	f, ok := parse(c.src[start:c.at])
	return value{kind: number, num: f}, ok
}

// text reads a string. A backslash keeps the quote behind it from ending the string, and both are
// part of it.
//
//go:noinline
func (c *compiler) text() (value, bool) {
	quote := c.src[c.at]
	c.at++
	start := c.at
	for c.at < len(c.src) {
		switch c.src[c.at] {
		case '\\':
			if c.at+1 < len(c.src) {
				c.at++
			}
		case quote:
			c.at++
			return value{kind: text, str: c.src[start : c.at-1]}, true
		}
		c.at++
	}
	return value{}, false
}

// tuple reads numbers and strings between brackets.
func (c *compiler) tuple() (value, bool) {
	v := value{kind: tuple}
	c.at++
	for {
		c.spaces()
		if c.peek(0) == ']' {
			break
		}
		var item value
		var ok bool
		switch b := c.peek(0); {
		case isDigit(b), b == '-':
			item, ok = c.number()
		case b == '"' || b == '\'':
			item, ok = c.text()
		}
		if !ok {
			return v, false
		}
		v.list = append(v.list, item)
		c.spaces()
		if c.peek(0) == ',' {
			c.at++
		} else if c.peek(0) != ']' {
			return v, false
		}
	}
	c.at++
	return v, true
}

func (c *compiler) selector() (value, bool) {
	c.at++
	start := c.at
	for isSelector(c.peek(0)) {
		c.at++
	}
	return value{kind: selector, str: c.src[start:c.at]}, true
}

// operator reads an operator: the longest that what follows begins with.
func (c *compiler) operator() bool {
	start := c.at
	for isOperator(c.peek(0)) {
		c.at++
	}
	run := c.src[start:c.at]
	best := -1
	for i := range operators {
		name := operators[i].name
		if len(run) >= len(name) && string(run[:len(name)]) == name &&
			(best < 0 || len(name) > len(operators[best].name)) {
			best = i
		}
	}
	if best < 0 {
		return false
	}
	c.at = start + len(operators[best].name)
	o := value{kind: operator, op: operators[best].op, place: int8(best)}
	return c.value(o, true)
}

// arrange puts those pending operators into the code that come before one, which then is pending.
func (c *compiler) arrange(i int8) bool {
	o := &operators[i]
	for o.op != opOpen {
		if len(c.pending) == 0 {
			if o.op == opClose {
				return false
			}
			break
		}
		last := &operators[c.pending[len(c.pending)-1]]
		if last.op == opOpen {
			if o.op == opClose {
				c.pending = c.pending[:len(c.pending)-1]
				return true
			}
			break
		}
		if o.op != opClose && (last.binds < o.binds || last.binds == o.binds && o.op == opPower) {
			break
		}
		if !c.emit() {
			return false
		}
	}
	c.pending = append(c.pending, i)
	return true
}

// emit puts the last pending operator into the code.
//
//go:noinline
func (c *compiler) emit() bool {
	o := &operators[c.pending[len(c.pending)-1]]
	c.pending = c.pending[:len(c.pending)-1]
	if o.op == opOpen || c.depth < int(o.takes) {
		return false
	}
	c.depth += 1 - int(o.takes)
	c.code = append(c.code, value{kind: operator, op: o.op})
	return true
}

func isSpace(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }
func isDigit(b byte) bool { return b >= '0' && b <= '9' }
func isAlpha(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

func isSelector(b byte) bool { return isAlpha(b) || isDigit(b) || b == '_' || b == '-' }

func isOperator(b byte) bool {
	return isAlpha(b) || bytes.IndexByte([]byte("+-*%/!()<>=|&"), b) >= 0 && b != 0
}

// parse reads a number as C's strtod does, and only that.
func parse(s []byte) (float64, bool) {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	hex, exponent := false, false
	for _, b := range s {
		switch b {
		case '_':
			return 0, false
		case 'x', 'X':
			hex = true
		case 'p', 'P':
			exponent = true
		}
	}
	t := string(s)
	if hex && !exponent {
		t += "p0" // without which Go reads no hexadecimal, unlike C
	}
	f, err := strconv.ParseFloat(t, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// Match tells whether an element of an attribute is wanted. One without an attribute that the
// expression names is not, whatever the expression says.
func (p *Program) Match(attr []byte) bool {
	stack := p.stack[:0]
	for i := range p.code {
		v := &p.code[i]
		switch v.kind {
		case selector:
			found, ok := attribute(attr, v.str)
			if !ok {
				return false
			}
			stack = append(stack, found)
		case operator:
			n := len(stack) - 1
			if v.op == opNot {
				stack[n] = truth(!stack[n].holds())
				continue
			}
			stack[n-1] = v.op.apply(&stack[n-1], &stack[n])
			stack = stack[:n]
		default:
			stack = append(stack, *v)
		}
	}
	p.stack = stack
	return stack[0].holds()
}

//go:noinline
func truth(yes bool) value {
	if yes {
		return value{kind: number, num: 1}
	}
	return value{kind: number}
}

// holds is whether a value counts as true.
func (v *value) holds() bool {
	switch v.kind {
	case number:
		return v.num != 0
	case text:
		return len(v.str) > 0
	case null:
		return false
	}
	return true
}

// float is a value as a number: that which a text is, and otherwise 0.
func (v *value) float() float64 {
	switch v.kind {
	case number:
		return v.num
	case text:
		s := v.str
		if i := bytes.IndexByte(s, 0); i >= 0 {
			s = s[:i]
		}
		f, _ := parse(s)
		return f
	}
	return 0
}

// equals tells whether two values are the same: texts if they are the same bytes, null if both are,
// all else as numbers.
func (v *value) equals(w *value) bool {
	switch {
	case v.kind == text && w.kind == text:
		return bytes.Equal(v.str, w.str)
	case v.kind == null || w.kind == null:
		return v.kind == w.kind
	}
	return v.float() == w.float()
}

func (o op) apply(a, b *value) value {
	switch o {
	case opEqual:
		return truth(a.equals(b))
	case opUnequal:
		return truth(!a.equals(b))
	case opIn:
		if b.kind != tuple {
			return truth(false)
		}
		for i := range b.list {
			if a.equals(&b.list[i]) {
				return truth(true)
			}
		}
		return truth(false)
	case opAnd:
		return truth(a.holds() && b.holds())
	case opOr:
		return truth(a.holds() || b.holds())
	}
	x, y := a.float(), b.float()
	switch o {
	case opGreater:
		return truth(x > y)
	case opGreaterEqual:
		return truth(x >= y)
	case opLess:
		return truth(x < y)
	case opLessEqual:
		return truth(x <= y)
	case opPlus:
		x += y
	case opMinus:
		x -= y
	case opTimes:
		x *= y
	case opOver:
		x /= y
	case opModulo:
		x = math.Mod(x, y)
	case opPower:
		x = math.Pow(x, y)
	}
	return value{kind: number, num: x}
}
