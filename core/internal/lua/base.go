package lua

import (
	"math"
	"strconv"
)

func (vm *VM) openBase() {
	for _, e := range []entry{
		{"assert", baseAssert},
		{"collectgarbage", vm.collectGarbage},
		{"error", baseError},
		{"gcinfo", func(l *thread) int { l.pushNumber(memoryKB); return 1 }},
		{"getmetatable", vm.getMetatable},
		{"ipairs", vm.ipairs},
		{"load", vm.baseLoad},
		{"loadstring", vm.loadString},
		{"next", baseNext},
		{"pairs", vm.allPairs},
		{"rawequal", rawEqual},
		{"rawget", rawGet},
		{"rawset", rawSet},
		{"select", baseSelect},
		{"setmetatable", setMetatable},
		{"tonumber", baseToNumber},
		{"type", vm.baseType},
		{"unpack", unpack},
		{"__redis__err__handler", vm.errorHandler},
	} {
		vm.globals.setField(vm, e.name, vm.function(e.fn))
	}
	for _, e := range []struct {
		name string
		deep deep
	}{{"pcall", deepPcall}, {"xpcall", deepXpcall}, {"tostring", deepTostring}} {
		f := vm.newFunction(&function{deep: e.deep, env: vm.globals})
		vm.globals.setField(vm, e.name, f)
	}
	vm.pairs = [2]value{vm.function(ipairsNext), vm.function(baseNext)}
	for i, name := range kindNames {
		vm.kindNames[i] = constant(name)
	}
}

// memoryKB is what collectgarbage("count") answers: the true figure would differ from run to run.
const memoryKB = 40

func (vm *VM) collectGarbage(l *thread) int {
	s := optString(l, 1, "collect")
	optInt(l, 2, 0)
	switch s {
	case "count":
		l.pushNumber(memoryKB)
	case "step":
		l.pushBool(false)
	case "setpause", "setstepmul": // what it was before
		l.pushNumber(200)
	case "collect", "stop", "restart":
		l.pushNumber(0)
	default:
		badArgument(l, 1, "invalid option '", cString(s), "'")
	}
	return 1
}

func baseAssert(l *thread) int {
	checkAny(l, 1)
	if l.arg(1).isTrue() {
		return l.count()
	}
	fail(l, optString(l, 2, "assertion failed!"))
	return 0
}

func baseError(l *thread) int {
	v, level := l.arg(1), optInt(l, 2, 1)
	if s, ok := text(v); ok && level > 0 {
		v = l.vm.str(where(l, level) + s)
	}
	l.vm.throwValue(v)
	return 0
}

// errorHandler is what Redis has scripts call for their errors; they can see it.
func (vm *VM) errorHandler(l *thread) int {
	t := l.arg(1).table()
	if t == nil {
		s := vm.tostring(l.arg(1))
		vm.charge(len(s) / 1024)
		t = vm.newTable(0, 1)
		t.setField(vm, "err", vm.str("ERR "+s))
	}
	if fr, ok := l.level(1); ok && fr != nil && fr.fn.proto != nil {
		t.setField(vm, "source", constant(fr.fn.proto.chunk.source))
		t.setField(vm, "line", integer(fr.line()))
	}
	l.push(t.value())
	return 1
}

func (vm *VM) getMetatable(l *thread) int {
	mt := vm.metatable(checkAny(l, 1))
	switch {
	case mt == nil:
		l.push(nilValue)
	case !mt.handler(eventMetatable).isNil():
		l.push(mt.handler(eventMetatable))
	default:
		l.push(mt.value())
	}
	return 1
}

func setMetatable(l *thread) int {
	t := checkTable(l, 1)
	mt := l.arg(2).table()
	if mt == nil && (!l.arg(2).isNil() || l.count() < 2) {
		argError(l, 2, "nil or table expected")
	}
	if !t.meta.handler(eventMetatable).isNil() {
		fail(l, "cannot change a protected metatable")
	}
	writable(l, t).meta = mt
	l.push(l.arg(1))
	return 1
}

// loading is load, which asks a function for the source, and loadstring.
type loading struct {
	vm     *VM
	name   string
	fn     value // of load
	source building
	asked  bool // what the function gave is on top of the stack
	begun  bool // it has been asked before
	whole  bool // the source is there
	parser *parser
	told   bool // what is wrong with it is on top of the stack
}

func (vm *VM) baseLoad(l *thread) int {
	name := optString(l, 2, "=(load)")
	j := &loading{vm: vm, name: name, fn: checkFunction(l, 1)}
	fr := &l.frames[len(l.frames)-1]
	fr.guard, fr.pc = true, l.levels // an error of the function is load's result
	return l.start(j)
}

func (vm *VM) loadString(l *thread) int {
	source := checkString(l, 1)
	name := optString(l, 2, source)
	j := &loading{vm: vm, parser: vm.newParser(name, source)}
	j.parser.depth = l.levels
	return l.start(j)
}

func (j *loading) size() int { return j.source.size() }

func (j *loading) step(l *thread) int {
	if j.parser == nil {
		if !j.asked {
			j.asked = true
			return l.callsWith(j.fn)
		}
		if !j.whole {
			if n := j.take(l, l.pop()); n != 1 {
				return n
			}
		}
		source, _ := l.pop().str()
		j.parser = j.vm.newParser(j.name, source)
		j.parser.depth = l.levels
	}
	if !j.parser.step() {
		return suspended
	}
	if p := j.parser; p.done == nil {
		if !j.told {
			j.told = true
			var b building
			for _, s := range p.problem {
				b.add(s)
			}
			if n := l.joined(&b); n != 1 {
				return n
			}
		}
		problem := l.pop()
		l.push(nilValue)
		l.push(problem)
		return 2
	}
	f := &function{proto: j.parser.done, env: l.caller()}
	l.push(j.vm.newFunction(f))
	return 1
}

// take takes a piece of the source; 1 says that it was the last, and that the source is on top of
// the stack.
func (j *loading) take(l *thread, piece value) int {
	s, ok := text(piece)
	if !piece.isNil() && !ok {
		fail(l, "reader function must return a string")
	}
	if s == "" && !j.begun { // Lua looks at how the source begins, and asks once more
		j.begun = true
		return l.callsWith(j.fn)
	}
	j.begun = true
	if s == "" {
		l.frames[len(l.frames)-1].guard = false
		j.whole = true
		return l.joined(&j.source)
	}
	j.vm.count(len(s))
	j.source.add(s)
	j.source.bound(l)
	if j.vm.spent(1 + len(s)/1024) {
		j.asked = false
		return suspended
	}
	return l.callsWith(j.fn)
}

// caller returns the environment that a function of a library makes others in.
func (l *thread) caller() *table {
	for i := len(l.frames) - 1; i >= 0; i-- {
		if fn := l.frames[i].fn; fn.proto != nil {
			return fn.env
		}
	}
	return l.vm.globals
}

func baseNext(l *thread) int {
	t := checkTable(l, 1)
	i, ok := t.index(l.arg(2))
	if !ok {
		l.vm.throw("invalid key to 'next'")
	}
	k, v, i := t.near(l.vm, i)
	if i < 0 {
		return l.pushPair(k, v)
	}
	return l.repeat(0, 0, func() int {
		if k, v, i = t.near(l.vm, i); i < 0 {
			return l.pushPair(k, v)
		}
		return unfinished
	})
}

// pushPair pushes what next returns.
func (l *thread) pushPair(k, v value) int {
	if l.push(k); k.isNil() {
		return 1
	}
	l.push(v)
	return 2
}

func (vm *VM) allPairs(l *thread) int {
	t := checkTable(l, 1)
	l.push(vm.pairs[1])
	l.push(t.value())
	l.push(nilValue)
	return 3
}

func (vm *VM) ipairs(l *thread) int {
	t := checkTable(l, 1)
	l.push(vm.pairs[0])
	l.push(t.value())
	l.pushInt(0)
	return 3
}

func ipairsNext(l *thread) int {
	i := checkInt(l, 2) + 1
	v := checkTable(l, 1).getInt(i)
	if v.isNil() {
		return 0
	}
	l.pushInt(i)
	l.push(v)
	return 2
}

func rawEqual(l *thread) int {
	a, b := checkAny(l, 1), checkAny(l, 2)
	if a.isString() && b.isString() && len(a.o.s) == len(b.o.s) {
		return l.start(&comparing{l.vm, opEq, a.o.s, b.o.s})
	}
	l.pushBool(equal(a, b))
	return 1
}

func rawGet(l *thread) int {
	t, k := checkTable(l, 1), checkAny(l, 2)
	l.vm.chargeKey(k)
	l.push(t.get(k))
	return 1
}

func rawSet(l *thread) int {
	t := checkTable(l, 1)
	k, v := checkAny(l, 2), checkAny(l, 3)
	writable(l, t)
	l.vm.checkKey(k)
	l.vm.chargeKey(k)
	if t.large() && t.grows(k) {
		return l.growBefore(rawSet, t, k)
	}
	t.set(l.vm, k, v)
	l.push(l.arg(1))
	return 1
}

func baseSelect(l *thread) int {
	if s, ok := l.arg(1).str(); ok && s != "" && s[0] == '#' {
		l.pushInt(l.count() - 1)
		return 1
	}
	i, n := checkInt(l, 1), l.count()
	if i < 0 {
		i = n + i
	} else if i > n {
		i = n
	}
	if i < 1 {
		argError(l, 1, "index out of range")
	}
	return n - i
}

func baseToNumber(l *thread) int {
	base := optInt(l, 2, 10)
	if base == 10 {
		v := checkAny(l, 1)
		if n, ok := l.vm.toNumber(v); ok {
			l.pushNumber(n)
		} else {
			l.push(nilValue)
		}
		return 1
	}
	s := checkString(l, 1)
	if base < 2 || base > 36 {
		argError(l, 2, "base out of range")
	}
	s = trim(cString(s))
	neg := s != "" && s[0] == '-'
	if neg || s != "" && s[0] == '+' {
		s = s[1:]
	}
	if base == 16 && len(s) > 2 && s[0] == '0' && s[1]|32 == 'x' {
		s = s[2:]
	}
	if s == "" {
		l.push(nilValue)
		return 1
	}
	return wholeIn(l, s, uint64(base), neg)
}

// wholeIn pushes the whole number of digits in a base as C's strtoul reads it, where one too large
// is the largest, whatever its sign.
func wholeIn(l *thread, s string, base uint64, neg bool) int {
	n, over, at := uint64(0), false, 0
	return l.repeat(bytesAtOnce/copyCharge, 0, func() int {
		for to := min(len(s), at+bytesAtOnce); at < to; at++ {
			d := digitOf(s[at])
			if d >= base {
				l.push(nilValue)
				return 1
			}
			over = over || n > (math.MaxUint64-d)/base
			n = n*base + d
		}
		if at < len(s) {
			return unfinished
		}
		switch {
		case over:
			n = math.MaxUint64
		case neg:
			n = -n
		}
		l.pushNumber(float64(n))
		return 1
	})
}

// digitOf is what a character counts as a digit; one that is none counts more than any base.
func digitOf(c byte) uint64 {
	switch {
	case isDigit(c):
		return uint64(c - '0')
	case 'a' <= c|32 && c|32 <= 'z':
		return uint64(c|32-'a') + 10
	}
	return 36
}

// text is tostring as a value.
func (vm *VM) text(v value) value {
	switch v.kind() {
	case kindString:
		return v
	case kindNumber:
		var buf [32]byte
		return vm.bytes(appendNumber(buf[:0], v.n))
	}
	return vm.str(vm.tostring(v))
}

// tostring writes a value. What has no other text is numbered in the order of asking: addresses
// would differ from run to run.
func (vm *VM) tostring(v value) string {
	switch v.kind() {
	case kindString, kindNumber:
		s, _ := text(v)
		return s
	case kindBoolean:
		if v.isTrue() {
			return "true"
		}
		return "false"
	case kindNil:
		return "nil"
	case kindUserdata:
		return "userdata: (nil)"
	}
	id, ok := vm.numbers[v.o]
	if !ok {
		id = len(vm.numbers) + 1
		if vm.numbers == nil {
			vm.numbers = map[*object]int{}
		}
		vm.count(nodeSize)
		vm.numbers[v.o] = id
	}
	return v.typeName() + ": 0x" + strconv.FormatInt(0x7f5d4c200000+int64(id)*64, 16)
}

func (vm *VM) baseType(l *thread) int {
	l.push(vm.kindNames[checkAny(l, 1).kind()])
	return 1
}

func unpack(l *thread) int {
	t := checkTable(l, 1)
	from, to := optInt(l, 2, 1), 0
	if l.arg(3).isNil() {
		to = t.length()
	} else {
		to = checkInt(l, 3)
	}
	if from > to {
		return 0
	}
	n := to - from + 1
	if n <= 0 || n > resultsMax-l.count() {
		fail(l, "too many results to unpack")
	}
	l.vm.charge(n)
	l.room(l.top, n)
	for i := from; i <= to; i++ {
		l.push(t.getInt(i))
	}
	return n
}

// resultsMax bounds what a function of a library puts on the stack, with its arguments.
const resultsMax = 8000
