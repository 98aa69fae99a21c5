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

// expr parses an expression of operators that bind more strongly than limit.
func (p *parser) expr(limit int) expr {
	if p.spent() {
		return p.later(func(expr) expr { return p.expr(limit) })
	}
	p.enter()
	var e expr
	switch p.tok.kind {
	case tokNot:
		e = p.unary(opNot)
	case '-':
		e = p.unary(opUnm)
	case '#':
		e = p.unary(opLen)
	default:
		e = p.simple()
	}
	if p.suspended {
		return p.later(func(e expr) expr { return p.operators(e, limit) })
	}
	return p.operators(e, limit)
}

// operators parses the operators behind an expression, with what is on their right.
//
//go:noinline
func (p *parser) operators(a expr, limit int) expr {
	for {
		k := p.tok.kind
		left, right := binding(k)
		if left <= limit {
			break
		}
		p.advance()
		p.fn.infix(k, &a)
		b := p.expr(right)
		if p.suspended {
			return p.laterOperator(a, k, limit)
		}
		p.fn.postfix(k, &a, &b)
	}
	p.depth--
	return a
}

// laterOperator leaves an operator whose right is not parsed yet.
//
//go:noinline
func (p *parser) laterOperator(a expr, k tokenKind, limit int) expr {
	return p.later(func(b expr) expr {
		p.fn.postfix(k, &a, &b)
		return p.operators(a, limit)
	})
}

func (p *parser) unary(o op) expr {
	p.advance()
	e := p.expr(unaryBinding)
	if p.suspended {
		return p.later(func(e expr) expr {
			p.fn.prefix(o, &e)
			return e
		})
	}
	p.fn.prefix(o, &e)
	return e
}

func (p *parser) simple() expr {
	c := p.fn
	t := p.tok
	var e expr
	switch t.kind {
	case tokNumber:
		e = newExpr(exprNumber, 0)
		e.num = t.num
	case tokString:
		e = newExpr(exprString, c.stringConstant(t.value))
	case tokNil:
		e = newExpr(exprNil, 0)
	case tokTrue:
		e = newExpr(exprTrue, 0)
	case tokFalse:
		e = newExpr(exprFalse, 0)
	case tokDots:
		if !c.vararg {
			p.wrong("cannot use '...' outside a vararg function")
		}
		c.needsArg = false
		e = newExpr(exprVararg, c.emit(opVararg, 0, 1, 0))
	case '{':
		return p.tableConstructor()
	case tokFunction:
		p.advance()
		return p.function(t.line, false)
	default:
		return p.primary()
	}
	p.advance()
	return e
}

// named finds a variable: in the function, in those around it, or among the globals.
func (p *parser) named(name string) expr {
	if e, ok := p.fn.find(name, true); ok {
		return e
	}
	return newExpr(exprGlobal, p.fn.stringConstant(name))
}

// find finds a local variable or an upvalue; here says that it is used by this function itself.
func (c *coder) find(name string, here bool) (e expr, ok bool) {
	if c == nil {
		return e, false
	}
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
func (p *parser) primary() expr {
	line := p.tok.line
	switch p.tok.kind {
	case tokName:
		return p.suffixes(p.named(p.name()))
	case '(':
		p.advance()
		e := p.expr(0)
		if p.suspended {
			return p.later(func(e expr) expr { return p.endParenthesis(e, line) })
		}
		return p.endParenthesis(e, line)
	}
	p.wrong("unexpected symbol")
	return expr{}
}

//go:noinline
func (p *parser) endParenthesis(e expr, line int) expr {
	p.closes(')', '(', line)
	p.fn.discharge(&e)
	return p.suffixes(e)
}

// suffixes parses the fields and calls behind an expression.
func (p *parser) suffixes(e expr) expr {
	c := p.fn
	for {
		if p.spent() {
			return p.laterSuffixes(e)
		}
		switch p.tok.kind {
		case '.':
			p.field(&e)
		case '[':
			c.toAny(&e)
			key := p.index()
			if p.suspended {
				return p.laterIndex(e)
			}
			c.indexed(&e, &key)
		case ':':
			p.advance()
			c.self(&e, c.stringConstant(p.name()))
			if e = p.call(e.at); p.suspended {
				return p.later(p.suffixes)
			}
		case '(', tokString, '{':
			c.toNext(&e)
			if e = p.call(e.at); p.suspended {
				return p.later(p.suffixes)
			}
		default:
			return e
		}
	}
}

//go:noinline
func (p *parser) laterSuffixes(e expr) expr {
	return p.later(func(expr) expr { return p.suffixes(e) })
}

// laterIndex leaves the element of e whose key is not parsed yet.
//
//go:noinline
func (p *parser) laterIndex(e expr) expr {
	return p.later(func(key expr) expr {
		p.fn.indexed(&e, &key)
		return p.suffixes(e)
	})
}

// index parses [key].
func (p *parser) index() expr {
	p.advance()
	key := p.expr(0)
	if p.suspended {
		return p.later(p.endIndex)
	}
	return p.endIndex(key)
}

//go:noinline
func (p *parser) endIndex(key expr) expr {
	p.fn.toValue(&key)
	p.expect(']')
	return key
}

// call parses the arguments of a call of the function in a register.
func (p *parser) call(f int) expr {
	c := p.fn
	t := p.tok
	args := newExpr(exprVoid, 0)
	switch t.kind {
	case '(':
		if t.line != p.last {
			p.wrong("ambiguous syntax (function call x new statement)")
		}
		p.advance()
		if p.tok.kind != ')' {
			args = p.exprs()
		}
	case '{':
		args = p.tableConstructor()
	case tokString:
		args = newExpr(exprString, c.stringConstant(t.value))
		p.advance()
	default:
		p.wrong("function arguments expected")
	}
	listed, line := t.kind == '(', t.line
	if p.suspended {
		return p.later(func(args expr) expr { return p.endCall(f, args, listed, line) })
	}
	return p.endCall(f, args, listed, line)
}

// endCall makes the code of a call; listed says that its arguments are in parentheses.
//
//go:noinline
func (p *parser) endCall(f int, args expr, listed bool, line int) expr {
	c := p.fn
	if listed {
		if args.kind == exprCall || args.kind == exprVararg {
			c.setResults(&args, -1)
		}
		p.closes(')', '(', line)
	}
	n := -1
	if args.kind != exprCall && args.kind != exprVararg {
		if args.kind != exprVoid {
			c.toNext(&args)
		}
		n = c.free - f - 1
	}
	e := newExpr(exprCall, c.emit(opCall, f, n+1, 2))
	c.fixLine(line)
	c.free = f + 1
	return e
}

// flushMax is how many elements of a table wait in registers.
const flushMax = 50

// constructor is a table that is being parsed.
type constructor struct {
	pc, at, line         int
	array, hash, waiting int
	item                 expr // the last of the array, which is still open
}

func (p *parser) tableConstructor() expr {
	c := p.fn
	t := constructor{line: p.tok.line, pc: c.emit(opNewTable, 0, 0, 0)}
	e := newExpr(exprPending, t.pc)
	c.toNext(&e)
	t.at, t.item = e.at, newExpr(exprVoid, 0)
	p.advance()
	return p.elements(t)
}

// elements parses the rest of a table.
//
//go:noinline
func (p *parser) elements(t constructor) expr {
	c := p.fn
	for p.tok.kind != '}' {
		if t.item.kind != exprVoid {
			c.toNext(&t.item)
			t.item.kind = exprVoid
			if t.waiting == flushMax {
				c.emit(opSetList, t.at, t.waiting, t.array-t.waiting)
				c.free = t.at + 1
				t.waiting = 0
			}
		}
		if p.tok.kind == '[' || p.tok.kind == tokName && p.lookahead().kind == '=' {
			t.hash++
			p.record(t.at)
		} else {
			t.array++
			t.waiting++
			t.item = p.expr(0)
		}
		if p.suspended {
			return p.laterElements(t)
		}
		if !p.accept(',') && !p.accept(';') {
			break
		}
	}
	return p.endTable(t)
}

// laterElements leaves a table amid one of its elements.
//
//go:noinline
func (p *parser) laterElements(t constructor) expr {
	return p.later(func(item expr) expr {
		t.item = item
		if !p.accept(',') && !p.accept(';') {
			return p.endTable(t)
		}
		return p.elements(t)
	})
}

//go:noinline
func (p *parser) endTable(t constructor) expr {
	c := p.fn
	p.closes('}', '{', t.line)
	switch {
	case t.waiting == 0:
	case t.item.kind == exprCall || t.item.kind == exprVararg:
		c.setResults(&t.item, -1)
		c.emit(opSetList, t.at, 0, t.array-t.waiting)
		t.array--
	default:
		if t.item.kind != exprVoid {
			c.toNext(&t.item)
		}
		c.emit(opSetList, t.at, t.waiting, t.array-t.waiting)
	}
	c.free = t.at + 1
	i := &c.code[t.pc]
	*i = i.withB(min(roundSize(t.hash), operandMax)).withC(roundSize(t.array))
	return newExpr(exprFixed, t.at)
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
	free := c.free
	if p.tok.kind == tokName {
		p.value(at, free, newExpr(exprString, c.stringConstant(p.name())))
		return
	}
	p.with(p.index(), func(key expr) { p.value(at, free, key) })
}

// value parses = value of a record; free is the first register that was free before it.
func (p *parser) value(at, free int, key expr) {
	c := p.fn
	p.expect('=')
	to := newExpr(exprFixed, at)
	c.indexed(&to, &key)
	c.keyed(&to)
	e := p.expr(0)
	if p.suspended {
		record := to
		p.with(e, func(e expr) { c.endRecord(record, e, free) })
		return
	}
	c.endRecord(to, e, free)
}

//go:noinline
func (c *coder) endRecord(to, e expr, free int) {
	if k, ok := c.toConstant(&e); ok {
		c.storeRecord(&to, opSetTableK, k)
	} else {
		c.storeRecord(&to, opSetTable, c.toAny(&e))
	}
	c.free = free
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
