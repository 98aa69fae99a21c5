package lua

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// openString makes the table string and the metatable of strings.
func (vm *VM) openString() {
	t := vm.library("string", []entry{
		{"byte", stringByte},
		{"char", stringChar},
		{"dump", func(l *lua.LState) int {
			checkFunction(l, 1)
			l.Push(lua.LString(dumpHead))
			return 1
		}},
		{"find", func(l *lua.LState) int { return vm.find(l, true) }},
		{"format", vm.format},
		{"gfind", vm.gmatch},
		{"gmatch", vm.gmatch},
		{"gsub", vm.gsub},
		{"len", func(l *lua.LState) int { l.Push(lua.LNumber(len(checkString(l, 1)))); return 1 }},
		{"lower", func(l *lua.LState) int { return vm.mapBytes(l, 'A', 'Z') }},
		{"match", func(l *lua.LState) int { return vm.find(l, false) }},
		{"rep", vm.rep},
		{"reverse", vm.reverse},
		{"sub", stringSub},
		{"upper", func(l *lua.LState) int { return vm.mapBytes(l, 'a', 'z') }},
	})
	vm.strings = vm.l.NewTable()
	vm.strings.RawSetString("__index", t)
	vm.l.SetMetatable(lua.LString(""), vm.strings)
}

// dumpHead begins what string.dump gives. Nothing follows it: no Redis loads such code.
const dumpHead = "\x1bLuaQ\x00\x01\x04\x08\x04\x08\x00"

// place makes a position that counts from 1, or from the end if negative, one from the beginning.
func position(at, size int) int {
	if at >= 0 {
		return at
	}
	return max(0, size+at+1)
}

// span reads a first and a last position and returns the offsets between which they lie.
func span(l *lua.LState, size, arg, first, last int) (from, to int) {
	from = max(1, position(optInt(l, arg, first), size))
	if l.Get(arg+1) != lua.LNil {
		last = checkInt(l, arg+1)
	} else if last == 0 {
		last = from
	}
	to = min(size, position(last, size))
	return from - 1, max(to, from-1)
}

func stringSub(l *lua.LState) int {
	s := checkString(l, 1)
	checkInt(l, 2)
	from, to := span(l, len(s), 2, 1, -1)
	if from >= to {
		l.Push(lua.LString(""))
	} else {
		l.Push(lua.LString(s[from:to]))
	}
	return 1
}

func stringByte(l *lua.LState) int {
	s := checkString(l, 1)
	from, to := span(l, len(s), 2, 1, 0)
	if to-from >= unpackMax {
		fail(l, "string slice too long")
	}
	for i := from; i < to; i++ {
		l.Push(lua.LNumber(s[i]))
	}
	return max(0, to-from)
}

func stringChar(l *lua.LState) int {
	out := make([]byte, l.GetTop())
	for i := range out {
		c := checkInt(l, i+1)
		if c < 0 || c > 255 {
			argError(l, i+1, "invalid value")
		}
		out[i] = byte(c)
	}
	l.Push(lua.LString(out))
	return 1
}

// mapBytes turns the letters from low to high into the other case.
func (vm *VM) mapBytes(l *lua.LState, low, high byte) int {
	s := checkString(l, 1)
	vm.meter.allocated(len(s))
	out := []byte(s)
	for i, c := range out {
		if low <= c && c <= high {
			out[i] = c ^ 32
		}
	}
	l.Push(lua.LString(out))
	return 1
}

func (vm *VM) rep(l *lua.LState) int {
	s, n := checkString(l, 1), max(0, checkInt(l, 2))
	if len(s) > 0 && n > StringMax/len(s) {
		fail(l, "not enough memory")
	}
	vm.meter.allocated(len(s) * n)
	if len(s) == 0 {
		n = 0
	}
	l.Push(lua.LString(strings.Repeat(s, n)))
	return 1
}

func (vm *VM) reverse(l *lua.LState) int {
	s := checkString(l, 1)
	vm.meter.allocated(len(s))
	out := make([]byte, len(s))
	for i := range len(s) {
		out[len(s)-1-i] = s[i]
	}
	l.Push(lua.LString(out))
	return 1
}

// find is string.find, and string.match, which returns the captures alone.
func (vm *VM) find(l *lua.LState, places bool) int {
	s, pattern := checkString(l, 1), checkString(l, 2)
	from := position(optInt(l, 3, 1), len(s)) - 1
	from = min(max(from, 0), len(s))
	if places && (lua.LVAsBool(l.Get(4)) || !strings.ContainsAny(pattern, "^$*+?.([%-")) {
		vm.meter.work(l, (len(s)-from)/16)
		at := strings.Index(s[from:], pattern)
		if at < 0 {
			l.Push(lua.LNil)
			return 1
		}
		l.Push(lua.LNumber(from + at + 1))
		l.Push(lua.LNumber(from + at + len(pattern)))
		return 2
	}
	m := matcher{vm: vm, l: l, src: s, pat: pattern}
	at, end := m.search(from)
	if at < 0 {
		l.Push(lua.LNil)
		return 1
	}
	if !places {
		return m.pushCaptures(at, end, true)
	}
	l.Push(lua.LNumber(at + 1))
	l.Push(lua.LNumber(end))
	return 2 + m.pushCaptures(at, end, false)
}

func (vm *VM) gmatch(l *lua.LState) int {
	s, pattern := checkString(l, 1), checkString(l, 2)
	from := 0
	l.Push(l.NewFunction(func(l *lua.LState) int {
		m := matcher{vm: vm, l: l, src: s, pat: pattern}
		for ; from <= len(s); from++ { // ^ has no meaning here
			m.level, m.depth = 0, 0
			end := m.match(from, 0)
			if end < 0 {
				continue
			}
			at := from
			if from = end; end == at {
				from++
			}
			return m.pushCaptures(at, end, true)
		}
		return 0
	}))
	return 1
}

func (vm *VM) gsub(l *lua.LState) int {
	s, pattern := checkString(l, 1), checkString(l, 2)
	by := l.Get(3)
	switch by.(type) {
	case lua.LString, lua.LNumber, *lua.LTable, *lua.LFunction:
	default:
		argError(l, 3, "string/function/table expected")
	}
	limit := optInt(l, 4, len(s)+1)
	m := matcher{vm: vm, l: l, src: s, pat: pattern}
	p := 0
	if pattern != "" && pattern[0] == '^' {
		p = 1
	}
	var out []byte
	at, n := 0, 0
	for n < limit {
		m.level, m.depth = 0, 0
		end := m.match(at, p)
		if end >= 0 {
			n++
			out = m.replace(out, by, at, end)
			if len(out) > StringMax {
				fail(l, "not enough memory")
			}
		}
		switch {
		case end > at:
			at = end
		case at < len(s):
			out = append(out, s[at])
			at++
		default:
			at = len(s) + 1
		}
		if at > len(s) || p == 1 {
			break
		}
	}
	if at < len(s) {
		out = append(out, s[at:]...)
	}
	vm.meter.allocated(len(out))
	l.Push(lua.LString(out))
	l.Push(lua.LNumber(n))
	return 2
}

// replace appends what stands for a match.
func (m *matcher) replace(out []byte, by lua.LValue, s, end int) []byte {
	l := m.l
	var v lua.LValue
	switch by := by.(type) {
	case *lua.LTable:
		v = l.GetTable(by, m.capture(0, s, end))
	case *lua.LFunction:
		m.vm.enter(l)
		top := l.GetTop()
		l.Push(by)
		l.Call(m.pushCaptures(s, end, true), 1)
		v = l.Get(-1)
		l.SetTop(top)
		m.vm.nested--
	default:
		template, _ := text(by)
		return m.expand(out, template, s, end)
	}
	if !lua.LVAsBool(v) {
		return append(out, m.src[s:end]...)
	}
	t, ok := text(v)
	if !ok {
		fail(l, "invalid replacement value (a "+typeName(v)+")")
	}
	return append(out, t...)
}

// expand appends a template in which %1 stands for a capture.
func (m *matcher) expand(out []byte, template string, s, end int) []byte {
	for i := 0; i < len(template); i++ {
		if template[i] != '%' {
			out = append(out, template[i])
			continue
		}
		if i++; i == len(template) {
			return append(out, 0) // what C finds there
		}
		switch c := template[i]; {
		case !isDigit(c):
			out = append(out, c)
		case c == '0':
			out = append(out, m.src[s:end]...)
		default:
			t, _ := text(m.capture(int(c-'1'), s, end))
			out = append(out, t...)
		}
	}
	return out
}
