package lua

// parser reads a source in the grammar of Lua 5.1, with its errors, and makes code of it as it
// goes: nothing in between is kept.
type parser struct {
	lexer
	tok    token
	ahead  token
	peeked bool
	last   int // the line of the token before tok
	depth  int
	fn     *coder
	chunk  *chunk
	vm     *VM
	names  map[string]value // the strings of the source

	// What is still to be parsed of all that had begun when the slice was over.
	rests     []rest // the innermost is the last
	left      []rest // what was left since, the innermost first
	suspended bool   // and all that is under way is to be left

	done    *proto // once all is parsed
	problem string // what is wrong with the source, once that is known
}

// newParser makes ready for compiling a source.
func (vm *VM) newParser(name, source string) *parser {
	name = cString(name)
	from := &chunk{source: name, short: chunkName(name, nameSize)}
	long := chunkName(name, nameSizeMake)
	p := &parser{lexer: lexer{name: long, in: source, line: 1}, chunk: from, vm: vm}
	p.rests = []rest{p.wholeChunk}
	return p
}

// rest is what is still to be parsed of something. It is given the expression that was awaited, and
// returns the one that it is itself; either may be void.
//
// The parser recurses, and yet can be suspended in front of any expression or statement: what finds
// that the slice is over leaves its rest and returns, and so does whatever called it, up to step,
// which later has the rests go on, one behind the other. So a function that parses an expression or
// a statement may return before that is over: suspended says so.
type rest func(e expr) expr

// later leaves the rest of what is being parsed.
//
//go:noinline
func (p *parser) later(r rest) expr {
	p.left = append(p.left, r)
	return newExpr(exprVoid, 0)
}

// then goes on with what follows something that was being parsed: at once, or later.
//
//go:noinline
func (p *parser) then(f func()) { p.with(newExpr(exprVoid, 0), func(expr) { f() }) }

// with is then for what needs the expression that was being parsed.
//
//go:noinline
func (p *parser) with(e expr, f func(e expr)) {
	if !p.suspended {
		f(e)
		return
	}
	p.later(func(e expr) expr {
		f(e)
		return newExpr(exprVoid, 0)
	})
}

// spent tells whether the slice is over, so that what is to be parsed is to be left.
//
//go:noinline
func (p *parser) spent() bool {
	p.suspended = p.vm.spent(1)
	return p.suspended
}

// step parses the chunk until it is over, or the script's slice is.
func (p *parser) step() (over bool) {
	if p.problem != "" {
		return true
	}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(syntaxError)
			if !ok {
				panic(r)
			}
			p.problem, over = string(e), true
		}
	}()
	e := newExpr(exprVoid, 0)
	for p.suspended = false; len(p.rests) > 0; {
		last := len(p.rests) - 1
		next := p.rests[last]
		p.rests[last] = nil
		p.rests = p.rests[:last]
		e = next(e)
		for n := len(p.left) - 1; n >= 0; n-- {
			p.rests = append(p.rests, p.left[n])
		}
		clear(p.left)
		p.left = p.left[:0]
		if p.suspended {
			return false
		}
	}
	return true
}

// wholeChunk parses all.
func (p *parser) wholeChunk(e expr) expr {
	p.tok.line = 1
	p.open(0)
	p.fn.vararg = true
	p.advance()
	p.statements()
	p.then(func() {
		if p.tok.kind != tokEnd {
			p.expected(tokEnd)
		}
		p.done = p.shut()
	})
	return e
}

// intern makes a constant of a string. One that names something of a library is that name, and all
// functions of a script have the same: what is the same string is found in a table by its pointer.
func (p *parser) intern(s string) value {
	if v, ok := p.names[s]; ok {
		return v
	}
	v, named := constant(s), false
	if len(s) <= nameMax {
		named = p.vm.name(&v)
	}
	if !named {
		p.vm.count(stringSize + len(s))
	}
	if p.names == nil {
		p.names = map[string]value{}
	}
	p.names[s] = v
	return v
}

// name makes a string that names something of a library that name.
func (vm *VM) name(v *value) bool {
	for _, k := range vm.keys {
		if k.o.s == v.o.s {
			*v = k
			return true
		}
	}
	for _, t := range vm.named {
		if n := t.find(*v); n != nil {
			*v = n.key
			return true
		}
	}
	return false
}

// open begins a function.
//
//go:noinline
func (p *parser) open(line int) {
	c := &coder{proto: &proto{chunk: p.chunk, line: line, size: 2}, p: p, outer: p.fn,
		known: map[constantKey]int{}}
	p.fn = c
}

// shut ends a function.
func (p *parser) shut() *proto {
	c := p.fn
	c.emit(opReturn, 0, 1, 0)
	c.leave(0)
	p.fn = c.outer
	p.vm.count(len(c.code)*12 + len(c.consts)*valueSize + 256)
	return c.proto
}

func (p *parser) advance() {
	p.last = p.tok.line
	if p.peeked { // Lua counts the lines up to where it has read
		p.last = p.ahead.line
	}
	p.vm.left -= tokenCharge
	if p.peeked {
		p.tok, p.peeked = p.ahead, false
		return
	}
	p.tok = p.scan()
}

// scan reads a token, and counts it.
//
//go:noinline
func (p *parser) scan() token {
	at := p.at
	t := p.next()
	p.vm.left -= (p.at - at) / scanCharge
	return t
}

// lookahead returns the token behind the present one.
func (p *parser) lookahead() token {
	if !p.peeked {
		p.ahead, p.peeked = p.scan(), true
	}
	return p.ahead
}

func (p *parser) wrong(problem string) { p.fail(problem, p.tok.text) }

func (p *parser) expected(k tokenKind) {
	p.wrong("'" + kindText(k) + "' expected")
}

// accept passes over a token of a kind if it is there.
//
//go:noinline
func (p *parser) accept(k tokenKind) bool {
	if p.tok.kind != k {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(k tokenKind) {
	if !p.accept(k) {
		p.expected(k)
	}
}

// closes expects what ends something that began on an earlier line.
func (p *parser) closes(what, opened tokenKind, line int) {
	if p.accept(what) {
		return
	}
	if line == p.line {
		p.expected(what)
	}
	p.wrong("'" + kindText(what) + "' expected (to close '" + kindText(opened) + "' at line " +
		itoa(line) + ")")
}

func (p *parser) name() string {
	if p.tok.kind != tokName {
		p.expected(tokName)
	}
	s := p.tok.value
	p.advance()
	return s
}

// limit makes sure that a function has no more of something than it may.
func (p *parser) limit(n, most int, what string) {
	if n <= most {
		return
	}
	who := "main function"
	if p.fn.line > 0 {
		who = "function at line " + itoa(p.fn.line)
	}
	p.fail(who+" has more than "+itoa(most)+" "+what, "")
}

// variable reads the name of a new local variable, the one behind so many that are new as well.
func (p *parser) variable(behind int) string {
	s := p.name()
	p.limit(len(p.fn.active)+behind+1, localsMax, "local variables")
	return s
}

// declare brings local variables, whose values are in their registers, into scope.
//
//go:noinline
func (c *coder) declare(names ...string) {
	for _, s := range names {
		c.active = append(c.active, len(c.locals))
		c.locals = append(c.locals, localName{name: s, begin: c.pc(), end: -1})
	}
}

// leave ends the scope of the variables from a number on.
func (c *coder) leave(known int) {
	for _, at := range c.active[known:] {
		c.locals[at].end = c.pc()
	}
	c.active = c.active[:known]
}

// enterBlock begins a block.
//
//go:noinline
func (c *coder) enterBlock(loop bool) {
	c.blocks = &block{outer: c.blocks, breaks: noJump, known: len(c.active), loop: loop}
}

// leaveBlock ends a block.
func (c *coder) leaveBlock() {
	b := c.blocks
	c.blocks = b.outer
	c.leave(b.known)
	if b.upvalue {
		c.emit(opClose, b.known, 0, 0)
	}
	c.free = b.known
	c.patchHere(b.breaks)
}

// enter goes down a level of nesting.
//
//go:noinline
func (p *parser) enter() {
	if p.depth++; p.depth > nestingMax {
		p.fail("chunk has too many syntax levels", "")
	}
}

// statements parses statements up to a word that ends them.
func (p *parser) statements() {
	p.enter()
	p.moreStatements(false)
}

// moreStatements parses the rest of them; last says that none may follow.
func (p *parser) moreStatements(last bool) {
	for !last && !p.blockEnds() {
		if p.spent() {
			p.then(func() { p.moreStatements(false) })
			return
		}
		last = p.tok.kind == tokReturn || p.tok.kind == tokBreak
		p.statement()
		if p.suspended {
			ends := last
			p.then(func() {
				p.endStatement()
				p.moreStatements(ends)
			})
			return
		}
		p.endStatement()
	}
	p.depth--
}

//go:noinline
func (p *parser) endStatement() {
	p.accept(';')
	p.fn.free = len(p.fn.active)
}

func (p *parser) block() {
	c := p.fn
	c.enterBlock(false)
	p.statements()
	p.then(c.leaveBlock)
}

func (p *parser) blockEnds() bool {
	switch p.tok.kind {
	case tokElse, tokElseif, tokEndWord, tokEnd, tokUntil:
		return true
	}
	return false
}

func (p *parser) statement() {
	line := p.tok.line
	switch p.tok.kind {
	case tokIf:
		p.ifStatement(line)
	case tokWhile:
		p.whileStatement(line)
	case tokDo:
		p.advance()
		p.block()
		p.then(func() { p.closes(tokEndWord, tokDo, line) })
	case tokFor:
		p.forStatement(line)
	case tokRepeat:
		p.repeatStatement(line)
	case tokFunction:
		p.functionStatement(line)
	case tokLocal:
		p.advance()
		if p.accept(tokFunction) {
			p.localFunction()
		} else {
			p.localStatement()
		}
	case tokReturn:
		p.returnStatement()
	case tokBreak:
		p.breakStatement()
	default:
		p.exprStatement()
	}
}

func (p *parser) breakStatement() {
	c := p.fn
	p.advance()
	b, upvalue := c.blocks, false
	for b != nil && !b.loop {
		upvalue = upvalue || b.upvalue
		b = b.outer
	}
	if b == nil {
		p.wrong("no loop to break")
	}
	if upvalue {
		c.emit(opClose, b.known, 0, 0)
	}
	c.join(&b.breaks, c.jump())
}

// condition parses one. Where it is false it is left by the jumps of f.
func (p *parser) condition() expr {
	e := p.expr(0)
	if p.suspended {
		return p.later(p.endCondition)
	}
	return p.endCondition(e)
}

//go:noinline
func (p *parser) endCondition(e expr) expr {
	if e.kind == exprNil {
		e.kind = exprFalse
	}
	p.fn.goIfTrue(&e)
	return e
}

func (p *parser) whileStatement(line int) {
	c := p.fn
	p.advance()
	top := c.label()
	p.with(p.condition(), func(condition expr) {
		c.enterBlock(true)
		p.expect(tokDo)
		p.block()
		p.then(func() {
			c.patch(c.jump(), top)
			p.closes(tokEndWord, tokWhile, line)
			c.leaveBlock()
			c.patchHere(condition.f)
		})
	})
}

// repeatStatement parses a loop whose condition sees the variables of its body.
func (p *parser) repeatStatement(line int) {
	c := p.fn
	top := c.label()
	c.enterBlock(true)
	c.enterBlock(false)
	p.advance()
	p.statements()
	p.then(func() {
		p.closes(tokUntil, tokRepeat, line)
		p.with(p.condition(), func(condition expr) { c.endRepeat(condition.f, top) })
	})
}

// endRepeat makes both ways out of such a loop.
func (c *coder) endRepeat(no, top int) {
	// Both close variables that functions close over; and it is by a plain jump that a loop goes
	// back, since that counts.
	if b := c.blocks; b.upvalue {
		c.emit(opClose, b.known, 0, 0)
	}
	c.join(&c.blocks.outer.breaks, c.jump())
	c.patchHere(no)
	c.leaveBlock()
	c.patch(c.jump(), top)
	c.leaveBlock()
}

func (p *parser) ifStatement(line int) { p.elseBlocks(line, noJump, p.thenBlock()) }

// elseBlocks parses the rest of an if, behind the block of a condition: done are the jumps to its
// end.
func (p *parser) elseBlocks(line, done int, condition expr) {
	c := p.fn
	for !p.suspended && p.tok.kind == tokElseif {
		c.join(&done, c.jump())
		c.patchHere(condition.f)
		condition = p.thenBlock()
	}
	ends := done
	if p.suspended {
		p.with(condition, func(condition expr) { p.elseBlocks(line, ends, condition) })
		return
	}
	if p.tok.kind == tokElse {
		c.join(&ends, c.jump())
		c.patchHere(condition.f)
		p.advance()
		p.block()
	} else {
		c.join(&ends, condition.f)
	}
	p.then(func() {
		c.patchHere(ends)
		p.closes(tokEndWord, tokIf, line)
	})
}

// thenBlock parses a condition and its block, and returns the condition.
func (p *parser) thenBlock() expr {
	p.advance()
	condition := p.condition()
	if p.suspended {
		return p.later(p.thenBody)
	}
	return p.thenBody(condition)
}

func (p *parser) thenBody(condition expr) expr {
	p.expect(tokThen)
	p.block()
	if p.suspended {
		return p.later(func(expr) expr { return condition })
	}
	return condition
}

func (p *parser) forStatement(line int) {
	c := p.fn
	p.advance()
	c.enterBlock(true)
	name := p.name()
	switch p.tok.kind {
	case '=':
		p.numericFor(name, line)
	case ',', tokIn:
		p.genericFor(name, line)
	default:
		p.wrong("'=' or 'in' expected")
	}
}

// endFor is what both kinds of for end with.
func (p *parser) endFor(line int) {
	p.closes(tokEndWord, tokFor, line)
	p.fn.leaveBlock()
}

func (p *parser) numericFor(name string, line int) {
	c := p.fn
	p.limit(len(c.active)+4, localsMax, "local variables")
	p.advance()
	base := c.free
	one := func(then func()) {
		p.with(p.expr(0), func(e expr) {
			c.toNext(&e)
			then()
		})
	}
	body := func() {
		c.declare("(for index)", "(for limit)", "(for step)")
		p.expect(tokDo)
		prep := c.emit(opForPrep, base, 0, noJump)
		p.forBody(name)
		p.then(func() {
			c.patchHere(prep)
			c.emit(opForLoop, base, 0, prep+1)
			c.fixLine(line)
			p.endFor(line)
		})
	}
	one(func() {
		p.expect(',')
		one(func() {
			if p.accept(',') {
				one(body)
				return
			}
			e := newExpr(exprNumber, 0)
			e.num = 1
			c.toNext(&e)
			body()
		})
	})
}

// forBody parses the body of a loop, whose variables are new in each round.
func (p *parser) forBody(names ...string) {
	c := p.fn
	c.enterBlock(false)
	c.reserve(len(names))
	c.declare(names...)
	p.statements()
	p.then(c.leaveBlock)
}

func (p *parser) genericFor(name string, from int) {
	c := p.fn
	base := c.free
	p.limit(len(c.active)+4, localsMax, "local variables")
	names := []string{name}
	for p.accept(',') {
		names = append(names, p.variable(3+len(names)))
	}
	p.expect(tokIn)
	line := p.tok.line
	p.with(p.exprs(), func(e expr) {
		p.adjust(3, e.count, &e)
		c.check(3) // what the iterator is called with
		c.declare("(for generator)", "(for state)", "(for control)")
		p.expect(tokDo)
		prep := c.jump()
		p.forBody(names...)
		p.then(func() {
			c.patchHere(prep)
			c.emit(opForCall, base, len(names), 0)
			c.fixLine(line)
			c.emit(opForTest, base, 0, prep+1)
			c.fixLine(line)
			p.endFor(from)
		})
	})
}

func (p *parser) functionStatement(line int) {
	c := p.fn
	p.advance()
	to := p.named(p.name())
	method := false
	for p.tok.kind == '.' {
		p.field(&to)
	}
	if p.tok.kind == ':' {
		p.field(&to)
		method = true
	}
	p.with(p.function(line, method), func(f expr) {
		c.store(&to, &f)
		c.fixLine(line)
	})
}

// field parses .name or :name.
func (p *parser) field(e *expr) {
	c := p.fn
	c.toAny(e)
	p.advance()
	key := newExpr(exprString, c.stringConstant(p.name()))
	c.indexed(e, &key)
}

// localFunction parses a local function, which sees its own name.
func (p *parser) localFunction() {
	c := p.fn
	name := p.variable(0)
	r := c.free
	c.reserve(1)
	c.declare(name)
	p.with(p.function(p.tok.line, false), func(f expr) {
		c.releaseExpr(&f)
		c.toRegister(&f, r)
		c.locals[c.active[len(c.active)-1]].begin = c.pc()
	})
}

func (p *parser) localStatement() {
	names := []string{p.variable(0)}
	for p.accept(',') {
		names = append(names, p.variable(len(names)))
	}
	e := newExpr(exprVoid, 0)
	if p.accept('=') {
		e = p.exprs()
	}
	p.with(e, func(e expr) {
		p.adjust(len(names), e.count, &e)
		p.fn.declare(names...)
	})
}

// adjust has n expressions, the last of which is still open, give as many values as wanted.
func (p *parser) adjust(wanted, n int, e *expr) {
	c := p.fn
	more := wanted - n
	if e.kind == exprCall || e.kind == exprVararg {
		more = max(0, more+1)
		c.setResults(e, more)
		if more > 1 {
			c.reserve(more - 1)
		}
		return
	}
	if e.kind != exprVoid {
		c.toNext(e)
	}
	if more > 0 {
		r := c.free
		c.reserve(more)
		c.nils(r, more)
	}
}

func (p *parser) returnStatement() {
	c := p.fn
	p.advance()
	e := newExpr(exprVoid, 0)
	if !p.blockEnds() && p.tok.kind != ';' {
		e = p.exprs()
	}
	p.with(e, c.giveBack)
}

// giveBack makes the return of expressions, the last of which is still open.
func (c *coder) giveBack(e expr) {
	first, n := len(c.active), e.count
	switch {
	case n == 0:
	case e.kind == exprCall && n == 1:
		c.setResults(&e, -1)
		c.code[e.at] = c.code[e.at].withOp(opTailCall)
		n = -1
	case e.kind == exprCall || e.kind == exprVararg:
		c.setResults(&e, -1)
		n = -1
	case n == 1:
		first = c.toAny(&e)
	default:
		c.toNext(&e)
	}
	c.emit(opReturn, first, n+1, 0)
}

// exprStatement parses an assignment or a call.
func (p *parser) exprStatement() {
	p.with(p.primary(), func(e expr) {
		if e.kind == exprCall {
			p.fn.code[e.at] = p.fn.code[e.at].withC(1)
			return
		}
		p.assignment([]expr{e})
	})
}

// assignment parses the rest of one: more variables, then the values.
func (p *parser) assignment(to []expr) {
	e := &to[len(to)-1]
	if e.kind < exprLocal || e.kind > exprIndexed {
		p.wrong("syntax error")
	}
	p.fn.keyed(e)
	if p.accept(',') {
		p.with(p.primary(), func(next expr) {
			if next.kind == exprLocal {
				p.shield(to, next.at)
			}
			to := append(to, next)
			p.limit(len(to)-1, nestingMax-p.depth, "variables in assignment")
			p.assignment(to)
		})
		return
	}
	p.expect('=')
	p.with(p.exprs(), func(e expr) { p.assign(to, e) })
}

// assign makes the code of an assignment to variables, of expressions the last of which is still
// open.
func (p *parser) assign(to []expr, e expr) {
	c, n := p.fn, e.count
	if n == len(to) {
		c.single(&e)
		c.store(&to[n-1], &e)
		to = to[:n-1]
	} else {
		p.adjust(len(to), n, &e)
		c.free -= max(0, n-len(to))
	}
	for i := len(to) - 1; i >= 0; i-- {
		e := newExpr(exprFixed, c.free-1)
		c.store(&to[i], &e)
	}
}

// shield copies a local variable that is about to be assigned to and that elements assigned to
// before it are found by.
func (p *parser) shield(to []expr, local int) {
	c := p.fn
	used := false
	for i := range to {
		e := &to[i]
		if e.kind != exprIndexed {
			continue
		}
		if e.at == local {
			e.at = c.free
			used = true
		}
		if e.by == keyRegister && e.key == local {
			e.key = c.free
			used = true
		}
	}
	if used {
		c.emit(opMove, c.free, local, 0)
		c.reserve(1)
	}
}

// function parses the parameters and the body of a function.
func (p *parser) function(line int, method bool) expr {
	p.open(line)
	c := p.fn
	p.expect('(')
	if method {
		c.reserve(1)
		c.declare("self")
		c.params = 1
	}
	p.parameters()
	p.expect(')')
	p.statements()
	if p.suspended {
		return p.later(func(expr) expr { return p.endFunction(line) })
	}
	return p.endFunction(line)
}

//go:noinline
func (p *parser) endFunction(line int) expr {
	p.closes(tokEndWord, tokFunction, line)
	f := p.shut()
	outer := p.fn
	outer.protos = append(outer.protos, f)
	return newExpr(exprPending, outer.emit(opClosure, 0, 0, len(outer.protos)-1))
}

func (p *parser) parameters() {
	c := p.fn
	var names []string
	for p.tok.kind != ')' {
		if p.accept(tokDots) {
			c.vararg, c.needsArg = true, true
			break
		}
		if p.tok.kind != tokName {
			p.wrong("<name> or '...' expected")
		}
		names = append(names, p.variable(len(names)))
		if !p.accept(',') {
			break
		}
		if p.tok.kind == ')' {
			p.wrong("<name> or '...' expected")
		}
	}
	c.params += len(names)
	if c.vararg {
		names = append(names, "arg")
	}
	c.reserve(len(names))
	c.declare(names...)
}

// exprs parses expressions and returns the last, whose count is how many they are. All others are
// put into registers.
func (p *parser) exprs() expr {
	e := p.expr(0)
	if p.suspended {
		return p.later(func(e expr) expr { return p.moreExprs(e, 1) })
	}
	return p.moreExprs(e, 1)
}

// moreExprs parses those behind the first n.
//
//go:noinline
func (p *parser) moreExprs(last expr, n int) expr {
	for p.accept(',') {
		p.fn.toNext(&last)
		last = p.expr(0)
		n++
		if p.suspended {
			parsed := n
			return p.later(func(e expr) expr { return p.moreExprs(e, parsed) })
		}
	}
	last.count = n
	return last
}
