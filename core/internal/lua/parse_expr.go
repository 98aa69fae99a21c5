package lua

// binding tells how strongly an operator binds to its left and to its right; 0 is no operator.
func binding(k tokenKind) (left, right int) {
	switch k {
	case tokOr:
		return 1, 1
	case tokAnd:
		return 2, 2
	case '<', '>', tokLess, tokMore, tokEqual, tokUnequal:
		return 3, 3
	case tokConcat:
		return 5, 4
	case '+', '-':
		return 6, 6
	case '*', '/', '%':
		return 7, 7
	case '^':
		return 10, 9
	}
	return 0, 0
}

// unaryBinding is how strongly not, # and - bind.
const unaryBinding = 8

// noExprs is exprs where there are none.
func (p *parser) noExprs() { p.e, p.count = newExpr(exprVoid, 0), 0 }

// exprs parses expressions; p.e is then the last, and p.count how many they are. All others are put
// into registers.
func (p *parser) exprs() {
	p.later(rest{next: (*parser).moreExprs, n: 1})
	p.expr(0)
}

// moreExprs parses those behind the first n.
func (p *parser) moreExprs(r rest) {
	if !p.accept(',') {
		p.count = r.n
		return
	}
	p.fn.toNext(&p.e)
	r.n++
	p.later(r)
	p.expr(0)
}

// expr parses an expression of operators that bind more strongly than limit.
func (p *parser) expr(limit int) {
	p.enter()
	p.later(rest{next: (*parser).operators, n: limit})
	switch p.tok.kind {
	case tokNot:
		p.unary(opNot)
	case '-':
		p.unary(opUnm)
	case '#':
		p.unary(opLen)
	default:
		p.simple()
	}
}

// operators parses the operators behind an expression that bind more strongly than n, with what is
// on their right.
func (p *parser) operators(r rest) {
	k := p.tok.kind
	left, right := binding(k)
	if left <= r.n {
		p.depth--
		return
	}
	p.advance()
	p.fn.infix(k, &p.e)
	p.hold(&p.e)
	r.next, r.m = (*parser).operands, int(k)
	p.later(r)
	p.expr(right)
}

// operands makes the code of operator m, and parses the operators behind its right operand.
func (p *parser) operands(r rest) {
	a := &p.release(1)[0]
	p.fn.postfix(tokenKind(r.m), a, &p.e)
	p.e = *a
	r.next = (*parser).operators
	p.operators(r)
}

func (p *parser) unary(o op) {
	p.advance()
	p.later(rest{next: (*parser).prefix, n: int(o)})
	p.expr(unaryBinding)
}

func (p *parser) prefix(r rest) { p.fn.prefix(op(r.n), &p.e) }

func (p *parser) simple() {
	c, e := p.fn, &p.e
	switch p.tok.kind {
	case tokNumber:
		*e = newExpr(exprNumber, 0)
		e.num = p.tok.num
	case tokString:
		*e = newExpr(exprString, c.stringConstant(p.tok.value))
	case tokNil:
		*e = newExpr(exprNil, 0)
	case tokTrue:
		*e = newExpr(exprTrue, 0)
	case tokFalse:
		*e = newExpr(exprFalse, 0)
	case tokDots:
		if !c.vararg {
			p.wrong("cannot use '...' outside a vararg function")
		}
		c.needsArg = false
		*e = newExpr(exprVararg, c.emit(opVararg, 0, 1, 0))
	case '{':
		p.tableConstructor()
		return
	case tokFunction:
		line := p.tok.line
		p.advance()
		p.function(line, false)
		return
	default:
		p.primary()
		return
	}
	p.advance()
}

// named finds a variable: in the function, in those around it, or among the globals.
func (p *parser) named(name string) expr {
	if e, ok := p.fn.find(name, true); ok {
		return e
	}
	return newExpr(exprGlobal, p.fn.stringConstant(name))
}

// findCharge is how many characters that a name is compared with count as an instruction; each
// comparison counts 16 more.
const findCharge = 256

// find finds a local variable or an upvalue; here says that it is used by this function itself.
func (c *coder) find(name string, here bool) (e expr, ok bool) {
	if c == nil {
		return e, false
	}
	c.p.vm.left -= len(c.active) * (len(name) + 16) / findCharge
	for r := len(c.active) - 1; r >= 0; r-- {
		if c.locals[c.active[r]].name != name {
			continue
		}
		if !here {
			b := c.blocks
			for b != nil && b.known > r {
				b = b.outer
			}
			if b != nil {
				b.upvalue = true
			}
		}
		return newExpr(exprLocal, r), true
	}
	if e, ok = c.outer.find(name, false); !ok {
		return e, false
	}
	from := upvalueSource{e.kind == exprLocal, e.at}
	for i := range c.ups {
		if c.ups[i] == from {
			return newExpr(exprUpvalue, i), true
		}
	}
	fn := c.p.fn
	c.p.fn = c
	c.p.limit(len(c.ups)+1, upvaluesMax, "upvalues")
	c.p.fn = fn
	c.ups = append(c.ups, from)
	c.upNames = append(c.upNames, name)
	return newExpr(exprUpvalue, len(c.ups)-1), true
}

// primary parses a variable, a call, or what stands in parentheses.
func (p *parser) primary() {
	switch p.tok.kind {
	case tokName:
		p.e = p.named(p.name())
		p.suffixes(rest{})
	case '(':
		p.later(rest{next: (*parser).endParenthesis, line: p.tok.line})
		p.advance()
		p.expr(0)
	default:
		p.wrong("unexpected symbol")
	}
}

func (p *parser) endParenthesis(r rest) {
	p.closes(')', '(', r.line)
	p.fn.discharge(&p.e)
	p.suffixes(r)
}

// suffixes parses the fields and calls behind an expression.
func (p *parser) suffixes(rest) {
	c, e := p.fn, &p.e
	switch p.tok.kind {
	case '.':
		p.field(e)
		p.later(rest{next: (*parser).suffixes})
	case '[':
		c.toAny(e)
		p.hold(e)
		p.later(rest{next: (*parser).element})
		p.index()
	case ':':
		p.advance()
		c.self(e, c.stringConstant(p.name()))
		p.call()
	case '(', tokString, '{':
		c.toNext(e)
		p.call()
	}
}

// element makes the code of an element whose key was parsed.
func (p *parser) element(r rest) {
	e := &p.release(1)[0]
	p.fn.indexed(e, &p.e)
	p.e = *e
	p.suffixes(r)
}

// index parses [key].
func (p *parser) index() {
	p.advance()
	p.later(rest{next: (*parser).endIndex})
	p.expr(0)
}

func (p *parser) endIndex(rest) {
	p.fn.toValue(&p.e)
	p.expect(']')
}

// call parses the arguments of a call of the expression, which is in a register.
func (p *parser) call() {
	k, line := p.tok.kind, p.tok.line
	p.later(rest{next: (*parser).endCall, n: p.e.at, m: int(k), line: line})
	p.e = newExpr(exprVoid, 0)
	switch k {
	case '(':
		if line != p.last {
			p.wrong("ambiguous syntax (function call x new statement)")
		}
		p.advance()
		if p.tok.kind != ')' {
			p.exprs()
		}
	case '{':
		p.tableConstructor()
	case tokString:
		p.e = newExpr(exprString, p.fn.stringConstant(p.tok.value))
		p.advance()
	default:
		p.wrong("function arguments expected")
	}
}

// endCall makes the code of a call of the function in register n, whose arguments began with m.
func (p *parser) endCall(r rest) {
	c, args := p.fn, &p.e
	open := args.kind == exprCall || args.kind == exprVararg
	if r.m == '(' {
		if open {
			c.setResults(args, -1)
		}
		p.closes(')', '(', r.line)
	}
	n := -1
	if !open {
		if args.kind != exprVoid {
			c.toNext(args)
		}
		n = c.free - r.n - 1
	}
	p.e = newExpr(exprCall, c.emit(opCall, r.n, n+1, 2))
	c.fixLine(r.line)
	c.free = r.n + 1
	p.suffixes(r)
}

// flushMax is how many elements of a table wait in registers.
const flushMax = 50

// constructor is a table that is being parsed. The last element of its array is still open.
type constructor struct {
	pc, at, line         int
	array, hash, waiting int
}

func (p *parser) tableConstructor() {
	c := p.fn
	t := constructor{line: p.tok.line, pc: c.emit(opNewTable, 0, 0, 0)}
	p.e = newExpr(exprPending, t.pc)
	c.toNext(&p.e)
	t.at = p.e.at
	p.tables = append(p.tables, t)
	p.e = newExpr(exprVoid, 0)
	p.advance()
	p.elements(rest{})
}

// elements parses the elements of a table that follow.
func (p *parser) elements(r rest) {
	if p.tok.kind == '}' {
		p.endTable()
		return
	}
	c, t := p.fn, &p.tables[len(p.tables)-1]
	if p.e.kind != exprVoid {
		c.toNext(&p.e)
		if t.waiting == flushMax {
			c.emit(opSetList, t.at, t.waiting, t.array-t.waiting)
			c.free = t.at + 1
			t.waiting = 0
		}
	}
	r.next = (*parser).endElement
	p.later(r)
	if p.tok.kind == '[' || p.tok.kind == tokName && p.lookahead() == '=' {
		t.hash++
		p.record(t.at)
	} else {
		t.array++
		t.waiting++
		p.expr(0)
	}
}

func (p *parser) endElement(r rest) {
	if p.accept(',') || p.accept(';') {
		p.elements(r)
	} else {
		p.endTable()
	}
}

func (p *parser) endTable() {
	c, last := p.fn, len(p.tables)-1
	t := &p.tables[last]
	p.tables = p.tables[:last]
	p.closes('}', '{', t.line)
	switch {
	case t.waiting == 0:
	case p.e.kind == exprCall || p.e.kind == exprVararg:
		c.setResults(&p.e, -1)
		c.emit(opSetList, t.at, 0, t.array-t.waiting)
		t.array--
	default:
		if p.e.kind != exprVoid {
			c.toNext(&p.e)
		}
		c.emit(opSetList, t.at, t.waiting, t.array-t.waiting)
	}
	c.free = t.at + 1
	i := &c.code[t.pc]
	*i = i.withB(min(roundSize(t.hash), operandMax)).withC(roundSize(t.array))
	p.e = newExpr(exprFixed, t.at)
}

// roundSize is how large Lua 5.1 makes a part of a table for n elements: it keeps three bits of n.
func roundSize(n int) int {
	shift := 0
	for n >= 16 {
		n = (n + 1) >> 1
		shift++
	}
	return n << shift
}

// record parses [key] = value or name = value for the table in a register.
func (p *parser) record(at int) {
	c := p.fn
	r := rest{next: (*parser).value, n: at, m: c.free}
	if p.tok.kind == tokName {
		p.e = newExpr(exprString, c.stringConstant(p.name()))
		p.value(r)
		return
	}
	p.later(r)
	p.index()
}

// value parses = value of a record of the table in register n; m was the first free register.
func (p *parser) value(r rest) {
	c := p.fn
	p.expect('=')
	to := newExpr(exprFixed, r.n)
	c.indexed(&to, &p.e)
	c.keyed(&to)
	p.hold(&to)
	r.next = (*parser).endRecord
	p.later(r)
	p.expr(0)
}

func (p *parser) endRecord(r rest) {
	c, to := p.fn, &p.release(1)[0]
	if k, ok := c.toConstant(&p.e); ok {
		c.storeRecord(to, opSetTableK, k)
	} else {
		c.storeRecord(to, opSetTable, c.toAny(&p.e))
	}
	c.free = r.m
	p.e.kind = exprVoid
}

// storeRecord is store for a table that stays in its register.
//
//go:noinline
func (c *coder) storeRecord(to *expr, o op, from int) {
	if to.by == keyString {
		o += opSetField - opSetTable
	}
	c.emit(o, to.at, to.key, from)
}
