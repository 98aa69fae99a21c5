package lua

import "strings"

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

	done    *proto // once all is parsed
	problem string // what is wrong with the source, once that is known
}

// newParser makes ready for compiling a source.
func (vm *VM) newParser(name, source string) *parser {
	if i := strings.IndexByte(name, 0); i >= 0 {
		name = name[:i] // where a string ends for C
	}
	from := &chunk{source: name, short: chunkName(name, nameSize)}
	long := chunkName(name, nameSizeMake)
	return &parser{lexer: lexer{name: long, in: source, line: 1}, chunk: from, vm: vm}
}

// step parses statements of the chunk until it is over, or the script's slice is, between two of
// them: within one the parser's state is Go's stack.
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
	if p.fn == nil {
		p.tok.line = 1
		p.open(0)
		p.fn.vararg = true
		p.advance()
		p.enter()
	}
	for !p.blockEnds() {
		if p.vm.spent(1) {
			return false
		}
		if p.nextStatement() {
			break
		}
	}
	if p.tok.kind != tokEnd {
		p.expected(tokEnd)
	}
	p.done = p.shut()
	return true
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

// nameMax is the length of the longest name of a library.
const nameMax = 24

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

// tokenCharge is what a token takes in instructions.
const tokenCharge = 8

func (p *parser) advance() {
	p.last = p.tok.line
	if p.vm.left -= tokenCharge; p.vm.left&(lookEvery-1) < tokenCharge {
		p.vm.host.Yield()
	}
	if p.peeked {
		p.tok, p.peeked = p.ahead, false
		return
	}
	p.tok = p.next()
}

// lookahead returns the token behind the present one.
func (p *parser) lookahead() token {
	if !p.peeked {
		p.ahead, p.peeked = p.next(), true
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

// localsMax bounds the local variables of a function, as Lua does.
const localsMax = 200

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

// nestingMax bounds how deep syntax may nest, as in Lua: the parser recurses.
const nestingMax = 200

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
	for !p.blockEnds() {
		if p.nextStatement() {
			break
		}
	}
	p.depth--
}

// nextStatement parses a statement and tells whether none may follow.
func (p *parser) nextStatement() (last bool) {
	last = p.tok.kind == tokReturn || p.tok.kind == tokBreak
	p.statement()
	p.accept(';')
	p.fn.free = len(p.fn.active)
	return last
}

func (p *parser) block() {
	p.fn.enterBlock(false)
	p.statements()
	p.fn.leaveBlock()
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
		p.closes(tokEndWord, tokDo, line)
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

// condition parses one and returns the jumps that are made where it is false.
func (p *parser) condition() int {
	e := p.expr(0)
	if e.kind == exprNil {
		e.kind = exprFalse
	}
	p.fn.goIfTrue(&e)
	return e.f
}

func (p *parser) whileStatement(line int) {
	c := p.fn
	p.advance()
	top := c.label()
	no := p.condition()
	c.enterBlock(true)
	p.expect(tokDo)
	p.block()
	c.patch(c.jump(), top)
	p.closes(tokEndWord, tokWhile, line)
	c.leaveBlock()
	c.patchHere(no)
}

// repeatStatement parses a loop whose condition sees the variables of its body.
func (p *parser) repeatStatement(line int) {
	c := p.fn
	top := c.label()
	c.enterBlock(true)
	c.enterBlock(false)
	p.advance()
	p.statements()
	p.closes(tokUntil, tokRepeat, line)
	no := p.condition()
	// Both ways out close variables that functions close over; and it is by a plain jump that a loop
	// goes back, since that counts.
	if b := c.blocks; b.upvalue {
		c.emit(opClose, b.known, 0, 0)
	}
	c.join(&c.blocks.outer.breaks, c.jump())
	c.patchHere(no)
	c.leaveBlock()
	c.patch(c.jump(), top)
	c.leaveBlock()
}

func (p *parser) ifStatement(line int) {
	c := p.fn
	done := noJump
	no := p.thenBlock()
	for p.tok.kind == tokElseif {
		c.join(&done, c.jump())
		c.patchHere(no)
		no = p.thenBlock()
	}
	if p.tok.kind == tokElse {
		c.join(&done, c.jump())
		c.patchHere(no)
		p.advance()
		p.block()
	} else {
		c.join(&done, no)
	}
	c.patchHere(done)
	p.closes(tokEndWord, tokIf, line)
}

func (p *parser) thenBlock() (no int) {
	p.advance()
	no = p.condition()
	p.expect(tokThen)
	p.block()
	return no
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
		p.genericFor(name)
	default:
		p.wrong("'=' or 'in' expected")
	}
	p.closes(tokEndWord, tokFor, line)
	c.leaveBlock()
}

func (p *parser) numericFor(name string, line int) {
	c := p.fn
	p.limit(len(c.active)+4, localsMax, "local variables")
	p.advance()
	base := c.free
	one := func() {
		e := p.expr(0)
		c.toNext(&e)
	}
	one()
	p.expect(',')
	one()
	if p.accept(',') {
		one()
	} else {
		e := newExpr(exprNumber, 0)
		e.num = 1
		c.toNext(&e)
	}
	c.declare("(for index)", "(for limit)", "(for step)")
	p.expect(tokDo)
	prep := c.emit(opForPrep, base, 0, noJump)
	p.forBody(name)
	c.patchHere(prep)
	c.emit(opForLoop, base, 0, prep+1)
	c.fixLine(line)
}

// forBody parses the body of a loop, whose variables are new in each round.
func (p *parser) forBody(names ...string) {
	c := p.fn
	c.enterBlock(false)
	c.reserve(len(names))
	c.declare(names...)
	p.statements()
	c.leaveBlock()
}

func (p *parser) genericFor(name string) {
	c := p.fn
	base := c.free
	p.limit(len(c.active)+4, localsMax, "local variables")
	names := []string{name}
	for p.accept(',') {
		names = append(names, p.variable(3+len(names)))
	}
	p.expect(tokIn)
	line := p.tok.line
	e, n := p.exprs()
	p.adjust(3, n, &e)
	c.check(3) // what the iterator is called with
	c.declare("(for generator)", "(for state)", "(for control)")
	p.expect(tokDo)
	prep := c.jump()
	p.forBody(names...)
	c.patchHere(prep)
	c.emit(opForCall, base, len(names), 0)
	c.fixLine(line)
	c.emit(opForTest, base, 0, prep+1)
	c.fixLine(line)
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
	f := p.function(line, method)
	c.store(&to, &f)
	c.fixLine(line)
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
	f := p.function(p.tok.line, false)
	c.releaseExpr(&f)
	c.toRegister(&f, r)
	c.locals[c.active[len(c.active)-1]].begin = c.pc()
}

func (p *parser) localStatement() {
	names := []string{p.variable(0)}
	for p.accept(',') {
		names = append(names, p.variable(len(names)))
	}
	e, n := newExpr(exprVoid, 0), 0
	if p.accept('=') {
		e, n = p.exprs()
	}
	p.adjust(len(names), n, &e)
	p.fn.declare(names...)
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
	first, n := len(c.active), 0
	if !p.blockEnds() && p.tok.kind != ';' {
		var e expr
		e, n = p.exprs()
		switch {
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
	}
	c.emit(opReturn, first, n+1, 0)
}

// exprStatement parses an assignment or a call.
func (p *parser) exprStatement() {
	e := p.primary()
	if e.kind == exprCall {
		p.fn.code[e.at] = p.fn.code[e.at].withC(1)
		return
	}
	p.assignment([]expr{e})
}

// assignment parses the rest of one: more variables, then the values.
func (p *parser) assignment(to []expr) {
	c := p.fn
	for {
		e := &to[len(to)-1]
		if e.kind < exprLocal || e.kind > exprIndexed {
			p.wrong("syntax error")
		}
		c.keyed(e)
		if !p.accept(',') {
			break
		}
		next := p.primary()
		if next.kind == exprLocal {
			p.shield(to, next.at)
		}
		to = append(to, next)
		p.limit(len(to)-1, nestingMax-p.depth, "variables in assignment")
	}
	p.expect('=')
	e, n := p.exprs()
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

// exprs parses expressions. All but the last are put into registers.
func (p *parser) exprs() (last expr, n int) {
	last, n = p.expr(0), 1
	for p.accept(',') {
		p.fn.toNext(&last)
		last = p.expr(0)
		n++
	}
	return last, n
}
