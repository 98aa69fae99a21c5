package lua

import (
	"strconv"

	lua "github.com/yuin/gopher-lua"
)

func (vm *VM) openBase() {
	for _, e := range []entry{
		{"assert", baseAssert},
		{"collectgarbage", vm.collectGarbage},
		{"error", vm.baseError},
		{"gcinfo", func(l *lua.LState) int { l.Push(lua.LNumber(memoryKB)); return 1 }},
		{"getmetatable", vm.getMetatable},
		{"load", vm.baseLoad},
		{"loadstring", vm.loadString},
		{"next", vm.next_},
		{"pcall", vm.pcall},
		{"rawequal", rawEqual},
		{"rawget", vm.rawGet},
		{"rawset", vm.rawSet},
		{"select", baseSelect},
		{"setmetatable", vm.setMetatable},
		{"tonumber", toNumber},
		{"tostring", vm.toString},
		{"type", baseType},
		{"unpack", vm.unpack},
		{"xpcall", vm.xpcall},
		{"ipairs", vm.ipairs},
		{"pairs", vm.pairs_},
	} {
		vm.globals.RawSetString(e.name, vm.l.NewFunction(e.fn))
	}
	vm.pairs = [2]*lua.LFunction{vm.l.NewFunction(ipairsNext), vm.l.NewFunction(vm.next_)}
}

// memoryKB is what collectgarbage("count") answers: the true figure would differ from run to run.
const memoryKB = 40

func (vm *VM) collectGarbage(l *lua.LState) int {
	switch optString(l, 1, "collect") {
	case "count":
		l.Push(lua.LNumber(memoryKB))
	case "collect", "stop", "restart", "step", "setpause", "setstepmul":
		l.Push(lua.LNumber(0))
	default:
		argError(l, 1, "invalid option '"+checkString(l, 1)+"'")
	}
	return 1
}

func baseAssert(l *lua.LState) int {
	if l.ToBool(1) {
		return l.GetTop()
	}
	checkAny(l, 1)
	if l.GetTop() < 2 || l.Get(2) == lua.LNil {
		l.Error(lua.LString("assertion failed!"), 0)
		return 0
	}
	message, ok := text(l.Get(2))
	if !ok {
		argError(l, 2, "string expected, got "+typeName(l.Get(2)))
	}
	l.Error(lua.LString(message), 0)
	return 0
}

func (vm *VM) baseError(l *lua.LState) int {
	v, level := l.Get(1), optInt(l, 2, 1)
	if s, ok := text(v); ok {
		v = lua.LString(s)
		if level > 0 {
			v = lua.LString(where(l, level) + s)
		}
	}
	vm.raise(l, v)
	return 0
}

// enter counts a call from a library function back into Lua: each takes room on Go's stack.
func (vm *VM) enter(l *lua.LState) {
	if vm.nested++; vm.nested > nestedMax {
		vm.nested--
		fail(l, "C stack overflow")
	}
}

func (vm *VM) pcall(l *lua.LState) int {
	checkAny(l, 1)
	if problem := vm.protected(l, l.GetTop()-1); problem != nil {
		l.SetTop(0)
		l.Push(lua.LFalse)
		l.Push(unwrapError(problem))
		return 2
	}
	l.Insert(lua.LTrue, 1)
	return l.GetTop()
}

// protected calls what lies on the stack and returns the error value; nil when all went well.
func (vm *VM) protected(l *lua.LState, nargs int) lua.LValue {
	saved := vm.nested
	vm.enter(l)
	err := l.PCall(nargs, lua.MultRet, nil)
	vm.nested = saved
	if vm.inHost && err != nil {
		panic(err)
	}
	if err == nil {
		return nil
	}
	return vm.errorValue(err)
}

// unwrapError gives the text of an error table: what pcall returned before errors were tables.
func unwrapError(v lua.LValue) lua.LValue {
	if t, ok := v.(*lua.LTable); ok {
		if s, ok := text(t.RawGetString("err")); ok {
			return lua.LString(s)
		}
	}
	return v
}

// xpcall calls the handler when the stack is unwound already: without the debug library nobody
// can tell.
func (vm *VM) xpcall(l *lua.LState) int {
	if l.GetTop() < 2 {
		argError(l, 2, "value expected")
	}
	handler := l.Get(2)
	l.SetTop(1)
	problem := vm.protected(l, 0)
	if problem == nil {
		l.Insert(lua.LTrue, 1)
		return l.GetTop()
	}
	l.SetTop(0)
	l.Push(handler)
	l.Push(problem)
	if failed := vm.protected(l, 1); failed != nil {
		l.SetTop(0)
		l.Push(failed)
	}
	l.SetTop(1)
	l.Insert(lua.LFalse, 1)
	return 2
}

func (vm *VM) getMetatable(l *lua.LState) int {
	v := checkAny(l, 1)
	if t, ok := v.(*lua.LTable); ok {
		v = vm.behind(t)
	}
	mt := vm.metatable(v)
	switch {
	case mt == nil:
		l.Push(lua.LNil)
	case mt.RawGetString("__metatable") != lua.LNil:
		l.Push(mt.RawGetString("__metatable"))
	case mt == vm.strings || mt == vm.globals.Metatable:
		l.Push(vm.guarded(mt))
	default:
		l.Push(mt)
	}
	return 1
}

// metatable returns the metatable of a value itself, nil if it has none.
func (vm *VM) metatable(v lua.LValue) *lua.LTable {
	switch v := v.(type) {
	case lua.LString:
		return vm.strings
	case *lua.LTable:
		mt, _ := v.Metatable.(*lua.LTable)
		return mt
	}
	return nil
}

// guarded returns the guard of a table, making it if there is none.
func (vm *VM) guarded(t *lua.LTable) *lua.LTable {
	for g, real := range vm.guards { // order: at most one fits
		if real == t {
			return g
		}
	}
	return vm.guard(t)
}

func (vm *VM) setMetatable(l *lua.LState) int {
	t := checkTable(l, 1)
	mt := l.Get(2)
	if mt.Type() != lua.LTTable && (mt != lua.LNil || l.GetTop() < 2) {
		argError(l, 2, "nil or table expected")
	}
	vm.writable(l, t)
	if old := vm.metatable(t); old != nil && old.RawGetString("__metatable") != lua.LNil {
		fail(l, "cannot change a protected metatable")
	}
	l.SetMetatable(t, mt)
	l.SetTop(1)
	return 1
}

func (vm *VM) baseLoad(l *lua.LState) int {
	fn := checkFunction(l, 1)
	name := optString(l, 2, "=(load)")
	var source []byte
	for {
		vm.enter(l)
		l.Push(fn)
		l.Call(0, 1)
		vm.nested--
		piece := l.Get(-1)
		l.Pop(1)
		s, ok := piece.(lua.LString)
		if piece != lua.LNil && !ok {
			l.Push(lua.LNil)
			l.Push(lua.LString("reader function must return a string"))
			return 2
		}
		if len(s) == 0 {
			return vm.loaded(l, name, source)
		}
		vm.meter.allocated(len(s))
		source = append(source, s...)
	}
}

func (vm *VM) loadString(l *lua.LState) int {
	source := checkString(l, 1)
	return vm.loaded(l, optString(l, 2, source), []byte(source))
}

func (vm *VM) loaded(l *lua.LState, name string, source []byte) int {
	fn, _, problem := vm.load(chunkName(name), source)
	if problem != "" {
		l.Push(lua.LNil)
		l.Push(lua.LString(problem))
		return 2
	}
	l.Push(fn)
	return 1
}

// chunkName shortens what a chunk is called in errors, as Lua does.
func chunkName(name string) string {
	if name != "" && (name[0] == '=' || name[0] == '@') {
		return name[1:]
	}
	line := name
	for i := range len(line) {
		if line[i] == '\n' {
			line = line[:i]
			break
		}
	}
	const room = 60 - len(`[string "..."]`) - 1
	if len(line) > room || len(line) < len(name) {
		line = line[:min(len(line), room)] + "..."
	}
	return `[string "` + line + `"]`
}

func (vm *VM) next_(l *lua.LState) int {
	t := vm.behind(checkTable(l, 1))
	k, v := t.Next(l.Get(2))
	l.Push(k)
	if k == lua.LNil {
		return 1
	}
	l.Push(v)
	return 2
}

func (vm *VM) pairs_(l *lua.LState) int {
	t := checkTable(l, 1)
	l.Push(vm.pairs[1])
	l.Push(t)
	l.Push(lua.LNil)
	return 3
}

func (vm *VM) ipairs(l *lua.LState) int {
	t := checkTable(l, 1)
	l.Push(vm.pairs[0])
	l.Push(t)
	l.Push(lua.LNumber(0))
	return 3
}

func ipairsNext(l *lua.LState) int {
	i := checkInt(l, 2) + 1
	v := checkTable(l, 1).RawGetInt(i)
	if v == lua.LNil {
		return 0
	}
	l.Push(lua.LNumber(i))
	l.Push(v)
	return 2
}

func rawEqual(l *lua.LState) int {
	l.Push(lua.LBool(checkAny(l, 1) == checkAny(l, 2)))
	return 1
}

func (vm *VM) rawGet(l *lua.LState) int {
	l.Push(vm.behind(checkTable(l, 1)).RawGet(checkAny(l, 2)))
	return 1
}

func (vm *VM) rawSet(l *lua.LState) int {
	t := vm.writable(l, checkTable(l, 1))
	l.RawSet(t, checkAny(l, 2), checkAny(l, 3))
	l.SetTop(1)
	return 1
}

func baseSelect(l *lua.LState) int {
	if s, ok := l.Get(1).(lua.LString); ok && s == "#" {
		l.Push(lua.LNumber(l.GetTop() - 1))
		return 1
	}
	i, n := checkInt(l, 1), l.GetTop()
	if i < 0 {
		i = n + i
	}
	if i < 1 {
		argError(l, 1, "index out of range")
	}
	return max(0, n-i)
}

func toNumber(l *lua.LState) int {
	base := optInt(l, 2, 10)
	if base == 10 {
		if n, ok := number(checkAny(l, 1)); ok {
			l.Push(lua.LNumber(n))
		} else {
			l.Push(lua.LNil)
		}
		return 1
	}
	if base < 2 || base > 36 {
		argError(l, 2, "base out of range")
	}
	s := trim(checkString(l, 1))
	neg := s != "" && s[0] == '-'
	if neg {
		s = s[1:]
	}
	if base == 16 && len(s) > 2 && s[0] == '0' && s[1]|32 == 'x' {
		s = s[2:]
	}
	n, err := strconv.ParseUint(s, base, 64)
	if err != nil && n == 0 || s == "" {
		l.Push(lua.LNil)
		return 1
	}
	v := float64(n)
	if neg {
		v = float64(-n)
	}
	l.Push(lua.LNumber(v))
	return 1
}

func (vm *VM) toString(l *lua.LState) int {
	v := checkAny(l, 1)
	if fn := l.GetMetaField(v, "__tostring"); fn != lua.LNil {
		vm.enter(l)
		l.Push(fn)
		l.Push(v)
		l.Call(1, 1)
		vm.nested--
		return 1
	}
	l.Push(lua.LString(vm.tostring(v)))
	return 1
}

// tostring writes a value. What has no other text is numbered in the order of asking: addresses
// would differ from run to run.
func (vm *VM) tostring(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return numberText(v)
	case lua.LBool:
		if v {
			return "true"
		}
		return "false"
	case *lua.LNilType:
		return "nil"
	}
	if v == lua.LValue(vm.null) {
		return "userdata: (nil)"
	}
	id, ok := vm.ids[v]
	if !ok {
		id = len(vm.ids) + 1
		if vm.ids == nil {
			vm.ids = map[lua.LValue]int{}
		}
		vm.ids[v] = id
	}
	return typeName(v) + ": 0x" + strconv.FormatInt(0x7f5d4c200000+int64(id)*64, 16)
}

func typeName(v lua.LValue) string { return v.Type().String() }

func baseType(l *lua.LState) int {
	l.Push(lua.LString(typeName(checkAny(l, 1))))
	return 1
}

func (vm *VM) unpack(l *lua.LState) int {
	t := vm.behind(checkTable(l, 1))
	from, to := optInt(l, 2, 1), 0
	if l.Get(3) == lua.LNil {
		to = t.Len()
	} else {
		to = checkInt(l, 3)
	}
	if from > to {
		return 0
	}
	n := to - from + 1
	if n <= 0 || n >= unpackMax {
		fail(l, "too many results to unpack")
	}
	vm.meter.charge(n / 8)
	for i := from; i <= to; i++ {
		l.Push(t.RawGetInt(i))
	}
	return n
}

// unpackMax bounds what unpack puts on the stack, as Lua's C stack does.
const unpackMax = 8000
