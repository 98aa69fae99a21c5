package lua

// coder makes the code of one function while the parser reads it.
type coder struct {
	*proto
	p      *parser
	outer  *coder
	blocks *block
	target int   // the last place that something jumps to: code before and behind it stays apart
	free   int   // the first free register
	active []int // the local variables in scope: their places in proto.locals

	known map[value]int // the numbers of the constants; equal strings are one, as are 0 and -0
}

// block is a block of statements.
type block struct {
	outer   *block
	breaks  int  // the jumps of its breaks
	known   int  // how many variables there were before it
	loop    bool // break leaves it
	upvalue bool // a function closes over one of its variables
}

// exprKind says where the value of an expression is.
type exprKind uint8

const (
	exprVoid exprKind = iota // nowhere: there is none
	exprNil                  // a constant
	exprTrue
	exprFalse
	exprNumber  // num
	exprString  // constant number at
	exprLocal   // register at
	exprUpvalue // upvalue number at
	exprGlobal  // the global whose name is constant number at
	exprIndexed // in the table in register at, under the key
	exprJump    // the comparison at instruction at: true is where it jumps
	exprPending // instruction at makes it, whose target is not known yet
	exprFixed   // register at
	exprCall    // the call at instruction at
	exprVararg  // the instruction at
)

// expr is an expression whose code is not complete.
type expr struct {
	kind exprKind
	by   keyKind // exprIndexed: whether key is a register or which kind of constant
	at   int
	num  float64
	key  int
	t, f int // lists of jumps that leave it being true, and false
}

type keyKind uint8

const (
	keyRegister keyKind = iota
	keyString
	keyNumber
)

// noJump ends a list of jumps.
const noJump = -1

func newExpr(k exprKind, at int) expr { return expr{kind: k, at: at, t: noJump, f: noJump} }

func (e *expr) hasJumps() bool { return e.t != e.f }

func (e *expr) numeral() bool {
	return e.kind == exprNumber && e.t == noJump && e.f == noJump
}

// Bounds of a function, as in Lua.
const (
	registersMax = 250
	upvaluesMax  = 60
	operandMax   = 1<<16 - 1
	constantsMax = 1 << 26
)

// localsMax bounds the local variables of a function, as Lua does.
const localsMax = 200

// nestingMax bounds how deep syntax may nest, as in Lua.
const nestingMax = 200

// nameMax is the length of the longest name of a library.
const nameMax = 24

func (c *coder) pc() int { return len(c.code) }

// emit appends an instruction and returns its place.
//
//go:noinline
func (c *coder) emit(o op, a, b, x int) int {
	c.code = append(c.code, makeInstr(o, a, b, x))
	c.lines = append(c.lines, int32(c.p.last))
	return len(c.code) - 1
}

func (c *coder) fixLine(line int) { c.lines[len(c.lines)-1] = int32(line) }

// reserve takes registers.
//
//go:noinline
func (c *coder) reserve(n int) {
	c.check(n)
	c.free += n
}

// check makes sure that there are as many registers more.
func (c *coder) check(n int) {
	if size := c.free + n; size > c.size {
		if size >= registersMax {
			c.p.wrong("function or expression too complex")
		}
		c.size = size
	}
}

// release gives a register back, if it is not a variable's.
func (c *coder) release(r int) {
	if r >= len(c.active) {
		c.free--
	}
}

//go:noinline
func (c *coder) releaseExpr(e *expr) {
	if e.kind == exprFixed {
		c.release(e.at)
	}
}

// release2 gives back two registers, the higher one first.
//
//go:noinline
func (c *coder) release2(a, b *expr) {
	if a.kind == exprFixed && b.kind == exprFixed && b.at < a.at {
		a, b = b, a
	}
	c.releaseExpr(b)
	c.releaseExpr(a)
}

// constant returns the number of a constant.
func (c *coder) constant(v value) int {
	if i, ok := c.known[v]; ok {
		return i
	}
	if len(c.consts) >= constantsMax {
		c.p.fail("constant table overflow", nil)
	}
	c.known[v] = len(c.consts)
	c.consts = append(c.consts, v)
	return len(c.consts) - 1
}

func (c *coder) stringConstant(s string) int { return c.constant(c.p.intern(s)) }

// nils has registers set to nil, together with those of the instruction before where possible.
func (c *coder) nils(from, n int) {
	if last := c.pc() - 1; last >= c.target && last >= 0 {
		if i := c.code[last]; i.op() == opLoadNil && i.a() <= from && from <= i.b()+1 {
			if from+n-1 > i.b() {
				c.code[last] = i.withB(from + n - 1)
			}
			return
		}
	}
	c.emit(opLoadNil, from, from+n-1, 0)
}

// Jumps.

//go:noinline
func (c *coder) jump() int { return c.emit(opJump, 0, 0, noJump) }

// label marks the place of the next instruction as one that is jumped to.
func (c *coder) label() int {
	c.target = c.pc()
	return c.target
}

// join appends list b to list a.
//
//go:noinline
func (c *coder) join(a *int, b int) {
	if b == noJump {
		return
	}
	if *a == noJump {
		*a = b
		return
	}
	at, passed := *a, 0
	for c.code[at].c() != noJump {
		at = c.code[at].c()
		passed++
	}
	c.p.vm.charge(passed / 2) // a row of "and" is passed over from its begin for each of them
	c.code[at] = c.code[at].withC(b)
}

// patch has a list of jumps go to a place.
func (c *coder) patch(list, to int) { c.patchValues(list, to, -1, to) }

func (c *coder) patchHere(list int) {
	if list != noJump {
		c.patch(list, c.label())
	}
}

// patchValues has those jumps of a list that carry a value put it into a register and go to one
// place, and the others go to another. Without a register none carries its value.
func (c *coder) patchValues(list, to, register, other int) {
	for list != noJump {
		i := c.code[list]
		next := i.c()
		if o := i.op(); o != opAndSet && o != opOrSet {
			c.code[list] = i.withC(other)
		} else if register >= 0 && register != i.b() {
			c.code[list] = i.withA(register).withC(to)
		} else { // nothing to move
			c.code[list] = makeInstr(opTestF+(o-opAndSet), i.b(), 0, to)
		}
		list = next
	}
}

// needsValue says whether a jump of a list does not carry its value.
func (c *coder) needsValue(list int) bool {
	for ; list != noJump; list = c.code[list].c() {
		if o := c.code[list].op(); o != opAndSet && o != opOrSet {
			return true
		}
	}
	return false
}

// Values of expressions.

// setResults has an open call or ... give n values, -1 all.
func (c *coder) setResults(e *expr, n int) {
	switch e.kind {
	case exprCall:
		c.code[e.at] = c.code[e.at].withC(n + 1)
	case exprVararg:
		c.code[e.at] = c.code[e.at].withB(n + 1).withA(c.free)
		c.reserve(1)
	}
}

// single has an open call or ... give one value.
func (c *coder) single(e *expr) {
	switch e.kind {
	case exprCall:
		e.kind, e.at = exprFixed, c.code[e.at].a()
	case exprVararg:
		c.code[e.at] = c.code[e.at].withB(2)
		e.kind = exprPending
	}
}

// discharge makes a variable a value.
func (c *coder) discharge(e *expr) {
	switch e.kind {
	case exprLocal:
		e.kind = exprFixed
	case exprUpvalue:
		e.at = c.emit(opGetUpval, 0, e.at, 0)
		e.kind = exprPending
	case exprGlobal:
		e.at = c.emit(opGetGlobal, 0, 0, e.at)
		e.kind = exprPending
	case exprIndexed:
		if e.by == keyRegister {
			c.release(max(e.key, e.at))
			c.release(min(e.key, e.at))
		} else {
			c.release(e.at)
		}
		e.at = c.emit(opGetTable+op(e.by), 0, e.at, e.key)
		e.kind = exprPending
	case exprCall, exprVararg:
		c.single(e)
	}
}

// dischargeTo puts a value into a register, but for where it jumps from.
func (c *coder) dischargeTo(e *expr, r int) {
	c.discharge(e)
	switch e.kind {
	case exprNil:
		c.nils(r, 1)
	case exprTrue:
		c.emit(opLoadBool, r, 1, 0)
	case exprFalse:
		c.emit(opLoadBool, r, 0, 0)
	case exprNumber:
		c.emit(opLoadK, r, 0, c.constant(number(e.num)))
	case exprString:
		c.emit(opLoadK, r, 0, e.at)
	case exprPending:
		c.code[e.at] = c.code[e.at].withA(r)
	case exprFixed:
		if e.at != r {
			c.emit(opMove, r, e.at, 0)
		}
	default:
		return // nothing, or a jump
	}
	e.kind, e.at = exprFixed, r
}

func (c *coder) dischargeAny(e *expr) {
	if e.kind != exprFixed {
		c.reserve(1)
		c.dischargeTo(e, c.free-1)
	}
}

// toRegister puts a value into a register, from wherever it comes.
func (c *coder) toRegister(e *expr, r int) {
	c.dischargeTo(e, r)
	if e.kind == exprJump {
		c.join(&e.t, e.at)
	}
	if e.hasJumps() {
		no, yes := noJump, noJump
		if c.needsValue(e.t) || c.needsValue(e.f) {
			pass := noJump
			if e.kind != exprJump {
				pass = c.jump()
			}
			c.label()
			no = c.emit(opLoadBool, r, 0, 1)
			c.label()
			yes = c.emit(opLoadBool, r, 1, 0)
			c.patchHere(pass)
		}
		end := c.label()
		c.patchValues(e.f, end, r, no)
		c.patchValues(e.t, end, r, yes)
	}
	*e = newExpr(exprFixed, r)
}

func (c *coder) toNext(e *expr) {
	c.discharge(e)
	c.releaseExpr(e)
	c.reserve(1)
	c.toRegister(e, c.free-1)
}

// toAny puts a value into some register and returns which.
func (c *coder) toAny(e *expr) int {
	c.discharge(e)
	if e.kind == exprFixed {
		if !e.hasJumps() {
			return e.at
		}
		if e.at >= len(c.active) {
			c.toRegister(e, e.at)
			return e.at
		}
	}
	c.toNext(e)
	return e.at
}

// toValue makes a value of whatever does not have to be in a register yet.
func (c *coder) toValue(e *expr) {
	if e.hasJumps() {
		c.toAny(e)
	} else {
		c.discharge(e)
	}
}

// toConstant returns the number of the constant that an expression is, if it is one that fits.
func (c *coder) toConstant(e *expr) (k int, ok bool) {
	if e.hasJumps() {
		return 0, false
	}
	switch e.kind {
	case exprNil:
		k = c.constant(nilValue)
	case exprTrue:
		k = c.constant(trueValue)
	case exprFalse:
		k = c.constant(falseValue)
	case exprNumber:
		k = c.constant(number(e.num))
	case exprString:
		k = e.at
	default:
		return 0, false
	}
	return k, k <= operandMax
}

// store assigns a value to a variable.
func (c *coder) store(to *expr, e *expr) {
	switch to.kind {
	case exprLocal:
		c.releaseExpr(e)
		c.toRegister(e, to.at)
		return
	case exprUpvalue:
		c.emit(opSetUpval, c.toAny(e), to.at, 0)
	case exprGlobal:
		c.emit(opSetGlobal, c.toAny(e), 0, to.at)
	case exprIndexed:
		o, key := opSetTable, to.key
		if to.by == keyString {
			o = opSetField
		}
		if k, ok := c.toConstant(e); ok {
			c.emit(o+1, to.at, key, k)
		} else {
			c.emit(o, to.at, key, c.toAny(e))
		}
	}
	c.releaseExpr(e)
}

// indexed makes e the element of a table, which is in a register, under a key.
func (c *coder) indexed(e, key *expr) {
	e.by = keyRegister
	switch {
	case key.kind == exprString && !key.hasJumps() && key.at <= operandMax:
		e.key, e.by = key.at, keyString
	case key.numeral():
		e.key, e.by = c.constant(number(key.num)), keyNumber
	default:
		e.key = c.toAny(key)
	}
	e.kind = exprIndexed
}

// keyed puts a key that is a constant number into a register, for a store.
func (c *coder) keyed(e *expr) {
	if e.kind == exprIndexed && e.by == keyNumber {
		k := newExpr(exprNumber, 0)
		k.num = c.consts[e.key].n
		c.toNext(&k)
		e.key, e.by = k.at, keyRegister
	}
}

// self makes e a method and the object that it is called for.
func (c *coder) self(e *expr, name int) {
	c.toAny(e)
	c.releaseExpr(e)
	f := c.free
	c.reserve(2)
	c.emit(opSelf, f, e.at, name)
	*e = newExpr(exprFixed, f)
}
