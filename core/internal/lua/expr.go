package lua

import "math"

// Code of operators.

// condJump leaves an expression that is true, or false, for somewhere else.
func (c *coder) condJump(e *expr, when bool) int {
	o := opAndSet
	if when {
		o = opOrSet
	}
	if e.kind == exprPending {
		if i := c.code[e.at]; i.op() == opNot {
			c.code, c.lines = c.code[:e.at], c.lines[:e.at]
			return c.emit(opTestF+(1-(o-opAndSet)), i.b(), 0, noJump)
		}
	}
	c.dischargeAny(e)
	c.releaseExpr(e)
	return c.emit(o, 0xff, e.at, noJump)
}

// invert has a comparison jump in the other case.
func (c *coder) invert(e *expr) {
	i := c.code[e.at]
	c.code[e.at] = i.withOp((i.op() - opEq) ^ 1 + opEq)
}

// goIfTrue goes on where an expression is true; where it is false it is left.
func (c *coder) goIfTrue(e *expr) {
	c.discharge(e)
	left := noJump
	switch e.kind {
	case exprNumber, exprString, exprTrue:
	case exprJump:
		c.invert(e)
		left = e.at
	default:
		left = c.condJump(e, false)
	}
	c.join(&e.f, left)
	c.patchHere(e.t)
	e.t = noJump
}

// goIfFalse goes on where an expression is false.
func (c *coder) goIfFalse(e *expr) {
	c.discharge(e)
	left := noJump
	switch e.kind {
	case exprNil, exprFalse:
	case exprJump:
		left = e.at
	default:
		left = c.condJump(e, true)
	}
	c.join(&e.t, left)
	c.patchHere(e.f)
	e.f = noJump
}

func (c *coder) not(e *expr) {
	c.discharge(e)
	switch e.kind {
	case exprNil, exprFalse:
		e.kind = exprTrue
	case exprNumber, exprString, exprTrue:
		e.kind = exprFalse
	case exprJump:
		c.invert(e)
	default:
		c.dischargeAny(e)
		c.releaseExpr(e)
		e.at = c.emit(opNot, 0, e.at, 0)
		e.kind = exprPending
	}
	e.t, e.f = e.f, e.t
	c.dropValues(e.t)
	c.dropValues(e.f)
}

// dropValues has the jumps of a list carry no value.
func (c *coder) dropValues(list int) {
	for list != noJump {
		i := c.code[list]
		if o := i.op(); o == opAndSet || o == opOrSet {
			c.code[list] = makeInstr(opTestF+(o-opAndSet), i.b(), 0, i.c())
		}
		list = i.c()
	}
}

// prefix makes the code of a unary operator.
func (c *coder) prefix(o op, e *expr) {
	switch {
	case o == opNot:
		c.not(e)
	case o == opUnm && e.numeral():
		e.num = -e.num
	default:
		c.toAny(e)
		c.releaseExpr(e)
		e.at = c.emit(o, 0, e.at, 0)
		e.kind = exprPending
	}
}

// infix makes the code of a binary operator that comes before its right operand.
func (c *coder) infix(k tokenKind, e *expr) {
	switch k {
	case tokAnd:
		c.goIfTrue(e)
	case tokOr:
		c.goIfFalse(e)
	case tokConcat:
		c.toNext(e)
	case '+', '-', '*', '/', '%', '^':
		if !e.numeral() {
			c.toAny(e)
		}
	default:
		if e.numeral() {
			c.constant(number(e.num)) // now: the first zero gives all others its sign
		} else {
			c.toAny(e)
		}
	}
}

// postfix makes the code of a binary operator that comes behind its right operand.
func (c *coder) postfix(k tokenKind, a, b *expr) {
	switch k {
	case tokAnd:
		c.discharge(b)
		c.join(&b.f, a.f)
		*a = *b
	case tokOr:
		c.discharge(b)
		c.join(&b.t, a.t)
		*a = *b
	case tokConcat:
		c.concat(a, b)
	case '+', '-', '*', '/', '%', '^':
		c.arithmetic(k, a, b)
	default:
		c.comparison(k, a, b)
	}
}

// concat makes one instruction of a row of concatenations.
func (c *coder) concat(a, b *expr) {
	c.toValue(b)
	if b.kind == exprPending && c.code[b.at].op() == opConcat {
		c.releaseExpr(a)
		c.code[b.at] = c.code[b.at].withB(a.at)
	} else {
		c.toNext(b)
		c.release2(a, b)
		b.at = c.emit(opConcat, 0, a.at, b.at)
	}
	*a = newExpr(exprPending, b.at)
}

// arithmeticOp returns the operation of an operator.
func arithmeticOp(k tokenKind) op {
	switch k {
	case '+':
		return opAdd
	case '-':
		return opSub
	case '*':
		return opMul
	case '/':
		return opDiv
	case '%':
		return opMod
	}
	return opPow
}

func (c *coder) arithmetic(k tokenKind, a, b *expr) {
	o := arithmeticOp(k)
	if a.numeral() && b.numeral() && !(b.num == 0 && (o == opDiv || o == opMod)) {
		if n := arith(o, a.num, b.num); n == n {
			a.num = n
			return
		}
	}
	right := 0
	if b.numeral() {
		right = c.constant(number(b.num))
		o += opAddK - opAdd
	} else {
		right = c.toAny(b)
	}
	c.toAny(a)
	c.release2(a, b)
	*a = newExpr(exprPending, c.emit(o, 0, a.at, right))
}

// arith is arithmetic of numbers.
func arith(o op, a, b float64) float64 {
	var n float64
	switch o {
	case opAdd:
		n = a + b
	case opSub:
		n = a - b
	case opMul:
		n = a * b
	case opDiv:
		n = a / b
	case opMod:
		return modulo(a, b)
	case opPow:
		return power(a, b)
	}
	if n != n {
		n = invalid(a, b)
	}
	return n
}

// modulo is a - floor(a/b)*b, as Lua 5.1 computes it.
func modulo(a, b float64) float64 {
	if i, ok := asInt(a); ok {
		if j, ok := asInt(b); ok && j > 0 && i >= 0 && int64(i) < 1<<52 {
			return float64(i % j)
		}
	}
	q := math.Floor(a / b)
	p := q * b
	if q != q || p != p { // what is invalid has its sign set, and turns in the difference
		if a != a || b != b {
			return invalid(a, b)
		}
		return notANumber
	}
	n := a - p
	if n != n {
		return notANumber
	}
	return n
}

func power(a, b float64) float64 {
	if b == 2 {
		return a * a
	}
	n := math.Pow(a, b)
	switch {
	case n == n:
		return n
	case a != a && math.Abs(math.Mod(b, 2)) == 1: // C turns the sign of a square, which has one
		return math.Abs(a)
	}
	return invalid(a, b)
}

func (c *coder) comparison(k tokenKind, a, b *expr) {
	switch k {
	case tokEqual, tokUnequal:
		o := opEq
		if k == tokUnequal {
			o = opNe
		}
		if a.numeral() {
			*a, *b = *b, *a
		}
		long := b.kind == exprString && len(c.consts[b.at].o.s) > longKey // it counts
		if n, ok := c.toConstant(b); ok && !long {
			c.toAny(a)
			c.releaseExpr(a)
			*a = newExpr(exprJump, c.emit(o+(opEqK-opEq), a.at, n, noJump))
			return
		}
		c.toAny(b)
		c.toAny(a)
		c.release2(a, b)
		*a = newExpr(exprJump, c.emit(o, a.at, b.at, noJump))
		return
	case '>', tokMore:
		c.order(k == tokMore, b, a)
		*a = *b
	default:
		c.order(k == tokLess, a, b)
	}
}

// order compares a < b, or a <= b.
func (c *coder) order(orEqual bool, a, b *expr) {
	o := opLt
	if orEqual {
		o = opLe
	}
	var left, right int
	switch {
	case b.numeral():
		right = c.constant(number(b.num))
		left = c.toAny(a)
		c.releaseExpr(a)
		o += opLtK - opLt
	case a.numeral():
		right = c.constant(number(a.num))
		left = c.toAny(b)
		c.releaseExpr(b)
		o += opGtK - opLt
	default:
		right = c.toAny(b)
		left = c.toAny(a)
		c.release2(a, b)
	}
	*a = newExpr(exprJump, c.emit(o, left, right, noJump))
}
