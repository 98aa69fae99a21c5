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
	for {
		k := p.tok.kind
		left, right := binding(k)
		if left <= limit {
			break
		}
		p.advance()
		p.fn.infix(k, &e)
		b := p.expr(right)
		p.fn.postfix(k, &e, &b)
	}
	p.depth--
	return e
}

func (p *parser) unary(o op) expr {
	p.advance()
	e := p.expr(unaryBinding)
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
	c := p.fn
	var e expr
	line := p.tok.line
	switch p.tok.kind {
	case tokName:
		e = p.named(p.name())
	case '(':
		p.advance()
		e = p.expr(0)
		p.closes(')', '(', line)
		c.discharge(&e)
	default:
		p.wrong("unexpected symbol")
	}
	for {
		switch p.tok.kind {
		case '.':
			p.field(&e)
		case '[':
			c.toAny(&e)
			key := p.index()
			c.indexed(&e, &key)
		case ':':
			p.advance()
			c.self(&e, c.stringConstant(p.name()))
			p.call(&e)
		case '(', tokString, '{':
			c.toNext(&e)
			p.call(&e)
		default:
			return e
		}
	}
}

// index parses [key].
func (p *parser) index() expr {
	p.advance()
	key := p.expr(0)
	p.fn.toValue(&key)
	p.expect(']')
	return key
}

// call parses arguments and makes e the call of the function in register e.at.
func (p *parser) call(e *expr) {
	c := p.fn
	t := p.tok
	line := t.line
	args := newExpr(exprVoid, 0)
	switch t.kind {
	case '(':
		if t.line != p.last {
			p.wrong("ambiguous syntax (function call x new statement)")
		}
		p.advance()
		if p.tok.kind != ')' {
			args, _ = p.exprs()
			if args.kind == exprCall || args.kind == exprVararg {
				c.setResults(&args, -1)
			}
		}
		p.closes(')', '(', t.line)
	case '{':
		args = p.tableConstructor()
	case tokString:
		args = newExpr(exprString, c.stringConstant(t.value))
		p.advance()
	default:
		p.wrong("function arguments expected")
	}
	f, n := e.at, -1
	if args.kind != exprCall && args.kind != exprVararg {
		if args.kind != exprVoid {
			c.toNext(&args)
		}
		n = c.free - f - 1
	}
	*e = newExpr(exprCall, c.emit(opCall, f, n+1, 2))
	c.fixLine(line)
	c.free = f + 1
}

// flushMax is how many elements of a table wait in registers.
const flushMax = 50

func (p *parser) tableConstructor() expr {
	c := p.fn
	line := p.tok.line
	pc := c.emit(opNewTable, 0, 0, 0)
	t := newExpr(exprPending, pc)
	c.toNext(&t)
	p.advance()
	array, hash, waiting := 0, 0, 0
	item := newExpr(exprVoid, 0)
	for p.tok.kind != '}' {
		if item.kind != exprVoid {
			c.toNext(&item)
			item.kind = exprVoid
			if waiting == flushMax {
				c.emit(opSetList, t.at, waiting, array-waiting)
				c.free = t.at + 1
				waiting = 0
			}
		}
		if p.tok.kind == '[' || p.tok.kind == tokName && p.lookahead().kind == '=' {
			hash++
			p.record(t)
		} else {
			item = p.expr(0)
			array++
			waiting++
		}
		if !p.accept(',') && !p.accept(';') {
			break
		}
	}
	p.closes('}', '{', line)
	switch {
	case waiting == 0:
	case item.kind == exprCall || item.kind == exprVararg:
		c.setResults(&item, -1)
		c.emit(opSetList, t.at, 0, array-waiting)
		array--
	default:
		if item.kind != exprVoid {
			c.toNext(&item)
		}
		c.emit(opSetList, t.at, waiting, array-waiting)
	}
	c.free = t.at + 1
	c.code[pc] = c.code[pc].withB(min(roundSize(hash), operandMax)).withC(roundSize(array))
	return t
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

// record parses [key] = value or name = value.
func (p *parser) record(t expr) {
	c := p.fn
	free := c.free
	var key expr
	if p.tok.kind == tokName {
		key = newExpr(exprString, c.stringConstant(p.name()))
	} else {
		key = p.index()
	}
	p.expect('=')
	to := t
	c.indexed(&to, &key)
	c.keyed(&to)
	e := p.expr(0)
	if k, ok := c.toConstant(&e); ok {
		e = newExpr(exprVoid, 0)
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
