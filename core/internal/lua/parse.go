package lua

import "strings"

// parser reads a source in the grammar of Lua 5.1, with its errors, and makes code of it as it
// goes: nothing in between is kept.
type parser struct {
	lexer
	tok    token
	second token // the one behind tok, if peeked
	peeked bool
	last   int // the line of the token before tok
	depth  int
	fn     *coder
	chunk  *chunk
	vm     *VM
	names  map[string]value // the strings of the source

	rests  []rest        // what is still to be parsed of all that has begun: the innermost is the last
	e      expr          // the expression that was parsed last
	count  int           // how many expressions there were, of which it is the last
	held   []expr        // what rests still need: left operands, what is assigned to
	naming []string      // names of variables that are not in scope yet
	tables []constructor // those that are being parsed

	done *proto // once all is parsed
}

// newParser makes ready for compiling a source.
func (vm *VM) newParser(name, source string) *parser {
	name = cString(name)
	from := &chunk{source: name, short: chunkName(name, nameSize)}
	long := chunkName(name, nameSizeMake)
	p := &parser{lexer: lexer{name: long, in: source, line: 1, stop: len(source)}, chunk: from, vm: vm}
	p.later(rest{next: (*parser).wholeChunk})
	if len(source) > aheadFrom {
		p.reader = &reader{known: &known{}, before: 1}
		p.later(rest{next: (*parser).readAhead})
	}
	return p
}

// rest is what is still to be parsed of something: what goes on with it, and what that is to know.
//
// What parses something leaves the rest of that and then turns to its first part, as the last thing
// that it does. So the parser can be suspended wherever one rest is done and the next is to begin,
// and nothing but what nests before its first word is on Go's stack.
type rest struct {
	next func(p *parser, r rest)
	n, m int // numbers, which next gives their meaning
	line int
}

// later leaves the rest of what is being parsed.
//
//go:noinline
func (p *parser) later(r rest) { p.rests = append(p.rests, r) }

// hold keeps an expression until its release.
//
//go:noinline
func (p *parser) hold(e *expr) { p.held = append(p.held, *e) }

// release gives back the expressions held last, which stay as they are until the next hold.
func (p *parser) release(n int) []expr {
	from := len(p.held) - n
	es := p.held[from:]
	p.held = p.held[:from]
	return es
}

// step parses the chunk until it is over, or the script's slice is.
func (p *parser) step() (over bool) {
	if p.problem != nil {
		return true
	}
	defer func() {
		if r := recover(); r != nil {
			if over = r == any(syntaxError{}); !over {
				panic(r)
			}
		}
	}()
	for last := len(p.rests) - 1; last >= 0; last = len(p.rests) - 1 {
		if p.vm.spent(1) {
			return false
		}
		r := p.rests[last]
		p.rests = p.rests[:last]
		r.next(p, r)
	}
	return true
}

// whatIsWrong is what is wrong with a source that was parsed, "" if nothing is.
//
//go:noinline
func (p *parser) whatIsWrong() string { return strings.Join(p.problem, "") }

// wholeChunk parses all.
func (p *parser) wholeChunk(r rest) {
	p.tok.line = 1
	p.open(0)
	p.fn.vararg = true
	p.advance()
	r.next = (*parser).endChunk
	p.later(r)
	p.statements()
}

func (p *parser) endChunk(rest) {
	if p.tok.kind != tokEnd {
		p.expected(tokEnd)
	}
	p.done = p.shut()
}

// intern makes a constant of a string. One that names something of a library is that name, and all
// functions of a script have the same: what is the same string is found in a table by its pointer.
// To look for a long one would take longer than to read it.
func (p *parser) intern(s string) value {
	if len(s) > comparedMost {
		p.vm.count(stringSize + len(s))
		return constant(s)
	}
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
		known: map[value]int{}}
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
		p.last = p.second.line
	}
	p.vm.left -= tokenCharge
	if p.peeked {
		p.tok, p.peeked = p.second, false
		return
	}
	p.scan(&p.tok)
}

// scan reads a token, and counts it.
//
//go:noinline
func (p *parser) scan(t *token) {
	p.vm.left -= p.next(t)
}

// lookahead returns the kind of the token behind the present one.
func (p *parser) lookahead() tokenKind {
	if !p.peeked {
		p.scan(&p.second)
		p.peeked = true
	}
	return p.second.kind
}

//go:noinline
func (p *parser) wrong(problem string) { p.fail(problem, &p.tok) }

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
	s := p.tok.text
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
	p.fail(who+" has more than "+itoa(most)+" "+what, nil)
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
		p.fail("chunk has too many syntax levels", nil)
	}
}

// statements parses statements up to a word that ends them.
func (p *parser) statements() {
	p.enter()
	p.moreStatements(rest{})
}

// moreStatements parses the rest of them; none may follow if n is not 0.
func (p *parser) moreStatements(r rest) {
	if r.n != 0 || p.blockEnds() {
		p.depth--
		return
	}
	if k := p.tok.kind; k == tokReturn || k == tokBreak {
		r.n = 1
	}
	r.next = (*parser).endStatement
	p.later(r)
	p.statement()
}

func (p *parser) endStatement(r rest) {
	p.accept(';')
	p.fn.free = len(p.fn.active)
	p.moreStatements(r)
}

func (p *parser) block() {
	p.fn.enterBlock(false)
	p.later(rest{next: (*parser).leaveBlock})
	p.statements()
}

func (p *parser) leaveBlock(rest) { p.fn.leaveBlock() }

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
		p.thenBlock(rest{n: noJump, line: line})
	case tokWhile:
		p.whileStatement(line)
	case tokDo:
		p.advance()
		p.later(rest{next: (*parser).endDo, line: line})
		p.block()
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
		p.later(rest{next: (*parser).callOrAssignment})
		p.primary()
	}
}

func (p *parser) endDo(r rest) { p.closes(tokEndWord, tokDo, r.line) }

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
func (p *parser) condition() {
	p.later(rest{next: (*parser).endCondition})
	p.expr(0)
}

func (p *parser) endCondition(rest) {
	if p.e.kind == exprNil {
		p.e.kind = exprFalse
	}
	p.fn.goIfTrue(&p.e)
}

func (p *parser) whileStatement(line int) {
	p.advance()
	p.later(rest{next: (*parser).whileBody, n: p.fn.label(), line: line})
	p.condition()
}

// whileBody parses the body of a loop that begins at n.
func (p *parser) whileBody(r rest) {
	p.fn.enterBlock(true)
	p.expect(tokDo)
	r.next, r.m = (*parser).endWhile, p.e.f
	p.later(r)
	p.block()
}

// endWhile ends the loop; m are the jumps out of it.
func (p *parser) endWhile(r rest) {
	c := p.fn
	c.patch(c.jump(), r.n)
	p.closes(tokEndWord, tokWhile, r.line)
	c.leaveBlock()
	c.patchHere(r.m)
}

// repeatStatement parses a loop whose condition sees the variables of its body.
func (p *parser) repeatStatement(line int) {
	c := p.fn
	p.later(rest{next: (*parser).until, n: c.label(), line: line})
	c.enterBlock(true)
	c.enterBlock(false)
	p.advance()
	p.statements()
}

func (p *parser) until(r rest) {
	p.closes(tokUntil, tokRepeat, r.line)
	r.next = (*parser).endRepeat
	p.later(r)
	p.condition()
}

// endRepeat makes both ways out of a loop that begins at n.
func (p *parser) endRepeat(r rest) {
	// Both close variables that functions close over; and it is by a plain jump that a loop goes
	// back, since that counts.
	c := p.fn
	if b := c.blocks; b.upvalue {
		c.emit(opClose, b.known, 0, 0)
	}
	c.join(&c.blocks.outer.breaks, c.jump())
	c.patchHere(p.e.f)
	c.leaveBlock()
	c.patch(c.jump(), r.n)
	c.leaveBlock()
}

// thenBlock parses a condition of an if and its block; n are the jumps to the end.
func (p *parser) thenBlock(r rest) {
	p.advance()
	r.next = (*parser).thenBody
	p.later(r)
	p.condition()
}

func (p *parser) thenBody(r rest) {
	p.expect(tokThen)
	r.next, r.m = (*parser).elseBlocks, p.e.f
	p.later(r)
	p.block()
}

// elseBlocks parses what follows the block of a condition; m are the jumps over that.
func (p *parser) elseBlocks(r rest) {
	c := p.fn
	k := p.tok.kind
	if k != tokElseif && k != tokElse {
		c.join(&r.n, r.m)
		p.endIf(r)
		return
	}
	c.join(&r.n, c.jump())
	c.patchHere(r.m)
	if k == tokElseif {
		p.thenBlock(r)
		return
	}
	p.advance()
	r.next = (*parser).endIf
	p.later(r)
	p.block()
}

func (p *parser) endIf(r rest) {
	p.fn.patchHere(r.n)
	p.closes(tokEndWord, tokIf, r.line)
}

func (p *parser) forStatement(line int) {
	p.advance()
	p.fn.enterBlock(true)
	p.later(rest{next: (*parser).endFor, line: line})
	p.naming = append(p.naming, p.name())
	switch p.tok.kind {
	case '=':
		p.numericFor(line)
	case ',', tokIn:
		p.genericFor()
	default:
		p.wrong("'=' or 'in' expected")
	}
}

// endFor is what both kinds of for end with.
func (p *parser) endFor(r rest) {
	p.closes(tokEndWord, tokFor, r.line)
	p.fn.leaveBlock()
}

func (p *parser) numericFor(line int) {
	p.limit(len(p.fn.active)+4, localsMax, "local variables")
	p.advance()
	p.later(rest{next: (*parser).forValue, line: line})
	p.expr(0)
}

// forValue takes one of the numbers of a loop, before which there were n, and parses what follows.
func (p *parser) forValue(r rest) {
	c := p.fn
	c.toNext(&p.e)
	if r.n == 0 {
		p.expect(',')
	} else if r.n == 2 || !p.accept(',') {
		if r.n == 1 {
			p.e = newExpr(exprNumber, 0)
			p.e.num = 1
			c.toNext(&p.e)
		}
		c.declare("(for index)", "(for limit)", "(for step)")
		p.expect(tokDo)
		r.next, r.n = (*parser).endNumericFor, c.emit(opForPrep, c.free-3, 0, noJump)
		p.later(r)
		p.forBody(1)
		return
	}
	r.n++
	p.later(r)
	p.expr(0)
}

// endNumericFor ends the body of a loop that is prepared at n.
func (p *parser) endNumericFor(r rest) {
	c := p.fn
	c.patchHere(r.n)
	c.emit(opForLoop, c.free-3, 0, r.n+1)
	c.fixLine(r.line)
}

// forBody parses the body of a loop, whose n variables are new in each round.
func (p *parser) forBody(n int) {
	c := p.fn
	c.enterBlock(false)
	c.reserve(n)
	p.declare(n)
	p.later(rest{next: (*parser).leaveBlock})
	p.statements()
}

// declare brings the last n variables that were named into scope.
//
//go:noinline
func (p *parser) declare(n int) {
	from := len(p.naming) - n
	p.fn.declare(p.naming[from:]...)
	p.naming = p.naming[:from]
}

// variables reads the names of new local variables up to the last that follows a comma, of which
// one is known, and returns how many they are; behind so many others.
func (p *parser) variables(behind int) int {
	n := 1
	for p.accept(',') {
		p.naming = append(p.naming, p.variable(behind+n))
		n++
	}
	return n
}

func (p *parser) genericFor() {
	p.limit(len(p.fn.active)+4, localsMax, "local variables")
	n := p.variables(3)
	p.expect(tokIn)
	p.later(rest{next: (*parser).genericBody, n: n, line: p.tok.line})
	p.exprs()
}

// genericBody parses the body of a loop of n variables.
func (p *parser) genericBody(r rest) {
	c := p.fn
	p.adjust(3)
	c.check(3) // what the iterator is called with
	c.declare("(for generator)", "(for state)", "(for control)")
	p.expect(tokDo)
	r.next, r.m = (*parser).endGenericFor, c.jump()
	p.later(r)
	p.forBody(r.n)
}

// endGenericFor ends the body of a loop of n variables, in front of which m jumps.
func (p *parser) endGenericFor(r rest) {
	c := p.fn
	base := c.free - 3
	c.patchHere(r.m)
	c.emit(opForCall, base, r.n, 0)
	c.fixLine(r.line)
	c.emit(opForTest, base, 0, r.m+1)
	c.fixLine(r.line)
}

func (p *parser) functionStatement(line int) {
	p.advance()
	p.e = p.named(p.name())
	p.functionName(rest{next: (*parser).functionName, line: line})
}

// functionName parses what follows a part of a function's name.
func (p *parser) functionName(r rest) {
	if p.tok.kind == '.' {
		p.field(&p.e)
		p.later(r)
		return
	}
	method := p.tok.kind == ':'
	if method {
		p.field(&p.e)
	}
	p.hold(&p.e)
	r.next = (*parser).storeFunction
	p.later(r)
	p.function(r.line, method)
}

func (p *parser) storeFunction(r rest) {
	p.fn.store(&p.release(1)[0], &p.e)
	p.fn.fixLine(r.line)
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
	p.later(rest{next: (*parser).endLocalFunction, n: c.free})
	c.reserve(1)
	c.declare(name)
	p.function(p.tok.line, false)
}

// endLocalFunction puts it into register n.
func (p *parser) endLocalFunction(r rest) {
	c := p.fn
	c.releaseExpr(&p.e)
	c.toRegister(&p.e, r.n)
	c.locals[c.active[len(c.active)-1]].begin = c.pc()
}

func (p *parser) localStatement() {
	p.naming = append(p.naming, p.variable(0))
	p.later(rest{next: (*parser).endLocal, n: p.variables(0)})
	if p.accept('=') {
		p.exprs()
	} else {
		p.noExprs()
	}
}

// endLocal declares n variables.
func (p *parser) endLocal(r rest) {
	p.adjust(r.n)
	p.declare(r.n)
}

// adjust has expressions, the last of which is still open, give as many values as wanted.
func (p *parser) adjust(wanted int) {
	c, e := p.fn, &p.e
	more := wanted - p.count
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
	p.advance()
	p.later(rest{next: (*parser).endReturn})
	if p.blockEnds() || p.tok.kind == ';' {
		p.noExprs()
	} else {
		p.exprs()
	}
}

// endReturn makes the return of expressions, the last of which is still open.
func (p *parser) endReturn(rest) {
	c, e := p.fn, &p.e
	first, n := len(c.active), p.count
	switch {
	case n == 0:
	case e.kind == exprCall && n == 1:
		c.setResults(e, -1)
		c.code[e.at] = c.code[e.at].withOp(opTailCall)
		n = -1
	case e.kind == exprCall || e.kind == exprVararg:
		c.setResults(e, -1)
		n = -1
	case n == 1:
		first = c.toAny(e)
	default:
		c.toNext(e)
	}
	c.emit(opReturn, first, n+1, 0)
}

// callOrAssignment goes on behind the first expression of a statement that begins with one.
func (p *parser) callOrAssignment(r rest) {
	if p.e.kind == exprCall {
		p.fn.code[p.e.at] = p.fn.code[p.e.at].withC(1)
		return
	}
	p.assignment(r)
}

// assignment parses what follows a variable that is assigned to, before which there are n.
func (p *parser) assignment(r rest) {
	if p.e.kind == exprLocal {
		p.shield(p.held[len(p.held)-r.n:], p.e.at)
	}
	p.limit(r.n, nestingMax-p.depth, "variables in assignment")
	if p.e.kind < exprLocal || p.e.kind > exprIndexed {
		p.wrong("syntax error")
	}
	p.fn.keyed(&p.e)
	p.hold(&p.e)
	r.n++
	if p.accept(',') {
		r.next = (*parser).assignment
		p.later(r)
		p.primary()
		return
	}
	p.expect('=')
	r.next = (*parser).assign
	p.later(r)
	p.exprs()
}

// assign makes the code of an assignment to n variables, of expressions the last of which is still
// open.
func (p *parser) assign(r rest) {
	c, to, n := p.fn, p.release(r.n), p.count
	if n == len(to) {
		c.single(&p.e)
		c.store(&to[n-1], &p.e)
		to = to[:n-1]
	} else {
		p.adjust(len(to))
		c.free -= max(0, n-len(to))
	}
	for i := len(to) - 1; i >= 0; i-- {
		p.e = newExpr(exprFixed, c.free-1)
		c.store(&to[i], &p.e)
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
func (p *parser) function(line int, method bool) {
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
	p.later(rest{next: (*parser).endFunction, line: line})
	p.statements()
}

func (p *parser) endFunction(r rest) {
	p.closes(tokEndWord, tokFunction, r.line)
	f := p.shut()
	outer := p.fn
	outer.protos = append(outer.protos, f)
	p.e = newExpr(exprPending, outer.emit(opClosure, 0, 0, len(outer.protos)-1))
}

func (p *parser) parameters() {
	c := p.fn
	n := 0
	for p.tok.kind != ')' {
		if p.accept(tokDots) {
			c.vararg, c.needsArg = true, true
			break
		}
		if p.tok.kind != tokName {
			p.wrong("<name> or '...' expected")
		}
		p.naming = append(p.naming, p.variable(n))
		n++
		if !p.accept(',') {
			break
		}
		if p.tok.kind == ')' {
			p.wrong("<name> or '...' expected")
		}
	}
	c.params += n
	if c.vararg {
		p.naming = append(p.naming, "arg")
		n++
	}
	c.reserve(n)
	p.declare(n)
}
