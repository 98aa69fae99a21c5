package lua

// event is a metamethod.
type event uint8

const (
	eventIndex event = iota
	eventNewIndex
	eventEq
	eventCall
	eventLen
	eventLt // from here on absence is not remembered
	eventLe
	eventAdd // in the order of the operations
	eventSub
	eventMul
	eventDiv
	eventMod
	eventPow
	eventUnm
	eventConcat
	eventTostring
	eventMetatable
)

// eventKeys are the keys of the metamethods in a metatable.
var eventKeys = func() (keys [eventMetatable + 1]object) {
	for i, s := range [...]string{"__index", "__newindex", "__eq", "__call", "__len", "__lt",
		"__le", "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm", "__concat",
		"__tostring", "__metatable"} {
		keys[i] = object{kind: kindString, all: true, s: s, hash: hashOf(s)}
	}
	return
}()

// metatable returns the metatable of a value, nil if it has none.
func (vm *VM) metatable(v value) *table {
	switch v.kind() {
	case kindTable:
		return v.o.t.meta
	case kindString:
		return vm.strings
	}
	return nil
}

// handler returns a metamethod of a table, nil if it has none.
func (mt *table) handler(e event) value {
	if mt == nil || e < eventLt && mt.absent&(1<<e) != 0 {
		return value{}
	}
	v := mt.getString(&eventKeys[e])
	if v.isNil() && e < eventLt {
		mt.absent |= 1 << e
	}
	return v
}

func (vm *VM) handler(v value, e event) value { return vm.metatable(v).handler(e) }

// chainMax bounds how many tables are asked one behind the other.
const chainMax = 100

// index gets an element of a value into a register. register is where the value is, if anywhere.
func (vm *VM) index(l *thread, v, key value, dest, register int) {
	vm.indexFor(l, v, key, endValue, dest, register)
}

// indexFor is index for what goes on in another way behind a metamethod.
func (vm *VM) indexFor(l *thread, v, key value, end ending, dest, register int) (stop bool) {
	for range chainMax {
		var h value
		if t := v.table(); t != nil {
			vm.chargeKey(key)
			if found := t.get(key); !found.isNil() {
				l.setRegister(dest, found)
				return false
			}
			if h = t.meta.handler(eventIndex); h.isNil() {
				l.setRegister(dest, value{})
				return false
			}
		} else if h = vm.handler(v, eventIndex); h.isNil() {
			vm.typeFailure(l, v, register, "index")
		}
		if h.function() != nil {
			return vm.callHandler(l, h, v, key, end, dest)
		}
		v, register = h, -1
		vm.charge(1)
	}
	vm.failHere("loop in gettable")
	return false
}

func (l *thread) setRegister(r int, v value) {
	l.stack[l.frames[len(l.frames)-1].base+r] = v
}

// setIndex gives an element of a value another value.
func (vm *VM) setIndex(l *thread, v, key, val value, register int) {
	for range chainMax {
		var h value
		if t := v.table(); t != nil {
			if t.fixed {
				vm.failHere(errReadOnly)
			}
			vm.checkKey(key)
			vm.chargeKey(key)
			if t.large() && t.grows(key) && !l.full() { // where there is no room for a call it grows at once
				vm.growHere(l, t, key)
				return
			}
			p := t.slot(vm, key)
			if !p.isNil() || t.meta == nil {
				*p = val
				return
			}
			if h = t.meta.handler(eventNewIndex); h.isNil() {
				*p = val
				return
			}
		} else if h = vm.handler(v, eventNewIndex); h.isNil() {
			vm.typeFailure(l, v, register, "index")
		}
		if h.function() != nil {
			at := l.scratch()
			l.enterC()
			l.stack[at], l.stack[at+1], l.stack[at+2], l.stack[at+3] = h, v, key, val
			l.top = at + 4
			l.begin(at, 3, 0, endDrop)
			return
		}
		v, register = h, -1
		vm.charge(1)
	}
	vm.failHere("loop in settable")
}

// isKey tells whether a value can be a key.
func isKey(v value) bool { return v.o != nil && (v.o != &numberTag || v.n == v.n) }

// checkKey raises an error for what cannot be a key.
func (vm *VM) checkKey(key value) {
	if key.isNil() {
		vm.failHere("table index is nil")
	}
	if key.o == &numberTag && key.n != key.n {
		vm.failHere("table index is NaN")
	}
}

// scratch returns the first place behind the registers of the call under way, with room for a call.
func (l *thread) scratch() int {
	fr := &l.frames[len(l.frames)-1]
	at := l.top
	if fr.fn.proto != nil {
		at = fr.base + fr.fn.proto.size
	}
	l.room(at, windowMax)
	return at
}

// callHandler calls a metamethod of two operands for the operation under way.
func (vm *VM) callHandler(l *thread, h, a, b value, end ending, dest int) (stop bool) {
	at := l.scratch()
	l.enterC()
	l.stack[at], l.stack[at+1], l.stack[at+2] = h, a, b
	l.top = at + 3
	l.dest = dest
	return l.begin(at, 2, 1, end)
}

// arithmetic is what is not the arithmetic of two numbers, or gives none. The left operand is in a
// register.
func (vm *VM) arithmetic(l *thread, o op, left int, b value, right int) {
	fr := &l.frames[len(l.frames)-1]
	a := l.stack[fr.base+left]
	dest := fr.fn.proto.code[fr.pc-1].a()
	x, okA := vm.toNumber(a)
	y, okB := vm.toNumber(b)
	if okA && okB {
		l.setRegister(dest, number(arith(o, x, y)))
		return
	}
	e := eventAdd + event(o-opAdd)
	h := vm.handler(a, e)
	if h.isNil() {
		h = vm.handler(b, e)
	}
	if !h.isNil() {
		vm.callHandler(l, h, a, b, endValue, dest)
		return
	}
	if !okA {
		vm.typeFailure(l, a, left, "perform arithmetic on")
	}
	vm.typeFailure(l, b, right, "perform arithmetic on")
}

func (vm *VM) negate(l *thread, dest, register int) {
	v := l.stack[l.frames[len(l.frames)-1].base+register]
	if n, ok := vm.toNumber(v); ok {
		l.setRegister(dest, number(-n))
		return
	}
	h := vm.handler(v, eventUnm)
	if h.isNil() {
		vm.typeFailure(l, v, register, "perform arithmetic on")
	}
	vm.callHandler(l, h, v, v, endValue, dest)
}

// length is the operator #.
func (vm *VM) length(l *thread, dest, register int) {
	v := l.stack[l.frames[len(l.frames)-1].base+register]
	switch v.kind() {
	case kindTable:
		l.setRegister(dest, integer(v.o.t.length()))
	case kindString:
		l.setRegister(dest, integer(len(v.o.s)))
	default:
		vm.typeFailure(l, v, register, "get length of")
	}
}

// compare makes a comparison and the jump.
func (vm *VM) compare(l *thread, i instr, a, b value) {
	o := i.op()
	if o >= opGtK { // the constant is on the left
		a, b = b, a
		o -= opGtK - opLt
	} else if o >= opLtK {
		o -= opLtK - opLt
	}
	end := endTest
	if (o-opEq)&1 != 0 {
		end = endNotTest
		o--
	}
	var result, called bool
	switch o {
	case opEq:
		result, called = vm.equalHandled(l, a, b, end)
	case opLt:
		result, called = vm.less(l, a, b, end)
	default:
		result, called = vm.lessOrEqual(l, a, b, end)
	}
	if !called && result == (end == endTest) {
		l.frames[len(l.frames)-1].jump()
	}
}

// jump makes the jump of the instruction under way.
func (fr *frame) jump() { fr.pc = fr.fn.proto.code[fr.pc-1].c() }

// equalHandled is == of any values; called says that a metamethod was called, which ends so.
func (vm *VM) equalHandled(l *thread, a, b value, end ending) (result, called bool) {
	if vm.compareLong(l, opEq, a, b, end) {
		return false, true
	}
	if equal(a, b) {
		return true, false
	}
	x, y := a.table(), b.table()
	if x == nil || y == nil {
		return false, false
	}
	h := x.meta.handler(eventEq)
	if h.isNil() || x.meta != y.meta && !equal(h, y.meta.handler(eventEq)) {
		return false, false
	}
	vm.callHandler(l, h, a, b, end, 0)
	return false, true
}

func (vm *VM) less(l *thread, a, b value, end ending) (result, called bool) {
	if k := a.kind(); k == b.kind() {
		switch k {
		case kindNumber:
			return a.n < b.n, false
		case kindString:
			if vm.compareLong(l, opLt, a, b, end) {
				return false, true
			}
			vm.charge(min(len(a.o.s), len(b.o.s)) / comparedAtOnce)
			return before(a.o.s, b.o.s), false
		}
		if h := vm.orderHandler(a, b, eventLt); !h.isNil() {
			vm.callHandler(l, h, a, b, end, 0)
			return false, true
		}
	}
	vm.orderFailure(a, b)
	return false, false
}

func (vm *VM) lessOrEqual(l *thread, a, b value, end ending) (result, called bool) {
	if k := a.kind(); k == b.kind() {
		switch k {
		case kindNumber:
			return a.n <= b.n, false
		case kindString:
			if vm.compareLong(l, opLe, a, b, end) {
				return false, true
			}
			vm.charge(min(len(a.o.s), len(b.o.s)) / comparedAtOnce)
			return !before(b.o.s, a.o.s), false
		}
		if h := vm.orderHandler(a, b, eventLe); !h.isNil() {
			vm.callHandler(l, h, a, b, end, 0)
			return false, true
		}
		if h := vm.orderHandler(b, a, eventLt); !h.isNil() {
			vm.callHandler(l, h, b, a, endTest+endNotTest-end, 0)
			return false, true
		}
	}
	vm.orderFailure(a, b)
	return false, false
}

// orderHandler returns the metamethod for an order, which both must have.
func (vm *VM) orderHandler(a, b value, e event) value {
	h := vm.handler(a, e)
	if h.isNil() || !equal(h, vm.handler(b, e)) {
		return value{}
	}
	return h
}

func (vm *VM) orderFailure(a, b value) {
	x, y := a.typeName(), b.typeName()
	if x[2] == y[2] { // so Lua 5.1 tells whether they are the same
		vm.failHere("attempt to compare two " + x + " values")
	}
	vm.failHere("attempt to compare " + x + " with " + y)
}

// concat joins the values of registers from the right. A metamethod is called between any two that
// are not both strings or numbers; then it goes on here.
func (vm *VM) concat(l *thread, first, last int) {
	fr := &l.frames[len(l.frames)-1]
	r := l.stack[fr.base:]
	vm.charge(elementCharge)
	for last > first {
		a, b := r[last-1], r[last]
		if !isText(a) || !isText(b) {
			h := vm.handler(a, eventConcat)
			if h.isNil() {
				h = vm.handler(b, eventConcat)
			}
			if h.isNil() {
				bad, at := a, last-1
				if isText(a) {
					bad, at = b, last
				}
				vm.typeFailure(l, bad, at, "concatenate")
			}
			vm.callHandler(l, h, a, b, endConcat, last-1)
			return
		}
		from := last - 1
		size := textSize(a) + textSize(b)
		for from > first && isText(r[from-1]) {
			from--
			size += textSize(r[from])
		}
		if size > pieceMax && !l.full() {
			vm.callHandler(l, vm.newJoining(r[from:last+1]), a, b, endConcat, from)
			return
		}
		r[from] = vm.join(r[from:last+1], size)
		last = from
	}
	r[fr.fn.proto.code[fr.pc-1].a()] = r[first]
}

// newJoining returns a function that joins long strings.
//
//go:noinline
func (vm *VM) newJoining(list []value) value {
	b := &building{}
	for _, v := range list {
		if v.o == &numberTag {
			b.out = appendNumber(b.out, v.n)
		} else {
			b.add(v.o.s)
		}
	}
	if b.size() > StringMax {
		vm.failHere("not enough memory")
	}
	return vm.function(func(l *thread) int { return l.pushBuilt(b, value{}) })
}

func isText(v value) bool {
	return v.o == &numberTag || v.o != nil && v.o.kind == kindString
}

// textSize bounds how long a string or number is as text.
func textSize(v value) int {
	if v.o == &numberTag {
		return 24
	}
	return len(v.o.s)
}

// join makes one string of strings and numbers.
func (vm *VM) join(list []value, size int) value {
	vm.allocated(size)
	if len(list) == 2 && list[0].isString() && list[1].isString() {
		return vm.str(list[0].o.s + list[1].o.s)
	}
	buf := vm.scratch[:0]
	if size > cap(buf) {
		buf = make([]byte, 0, size)
		vm.keepScratch(buf)
	}
	for _, v := range list {
		if v.o == &numberTag {
			buf = appendNumber(buf, v.n)
		} else {
			buf = append(buf, v.o.s...)
		}
	}
	return vm.bytes(buf)
}

// keepScratch keeps a buffer in which a string was made for the next.
//
//go:noinline
func (vm *VM) keepScratch(buf []byte) {
	if cap(buf) <= scratchMax {
		vm.scratch = buf
	}
}

// scratchMax is the largest buffer that is kept for joining.
const scratchMax = 64 << 10
