package lua

import (
	"strings"
)

// openString makes the table string and the metatable of strings.
func (vm *VM) openString() {
	t := vm.library("string", []entry{
		{"byte", stringByte},
		{"char", stringChar},
		{"dump", func(l *thread) int {
			checkFunction(l, 1)
			l.pushString(dumpHead)
			return 1
		}},
		{"find", func(l *thread) int { return vm.find(l, true) }},
		{"format", vm.format},
		{"gfind", vm.gmatch},
		{"gmatch", vm.gmatch},
		{"gsub", vm.gsub},
		{"len", func(l *thread) int { l.pushInt(len(checkString(l, 1))); return 1 }},
		{"lower", func(l *thread) int { return vm.mapBytes(l, 'A', 'Z') }},
		{"match", func(l *thread) int { return vm.find(l, false) }},
		{"rep", vm.rep},
		{"reverse", vm.reverse},
		{"sub", stringSub},
		{"upper", func(l *thread) int { return vm.mapBytes(l, 'a', 'z') }},
	})
	vm.strings = vm.newTable(0, 0)
	vm.strings.setField(vm, "__index", t.value())
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
func span(l *thread, size, arg, first, last int) (from, to int) {
	from = max(1, position(optInt(l, arg, first), size))
	if !l.arg(arg + 1).isNil() {
		last = checkInt(l, arg+1)
	} else if last == 0 {
		last = from
	}
	to = min(size, position(last, size))
	return from - 1, max(to, from-1)
}

func stringSub(l *thread) int {
	s := checkString(l, 1)
	checkInt(l, 2)
	from, to := span(l, len(s), 2, 1, -1)
	if from >= to {
		l.push(emptyString)
	} else {
		l.push(l.vm.part(s, s[from:to]))
	}
	return 1
}

func stringByte(l *thread) int {
	s := checkString(l, 1)
	from, to := span(l, len(s), 2, 1, 0)
	if to-from > resultsMax-l.count() {
		fail(l, "string slice too long")
	}
	for i := from; i < to; i++ {
		l.pushNumber(float64(s[i]))
	}
	return max(0, to-from)
}

func stringChar(l *thread) int {
	out := make([]byte, l.count())
	for i := range out {
		c := checkInt(l, i+1)
		if c < 0 || c > 255 {
			argError(l, i+1, "invalid value")
		}
		out[i] = byte(c)
	}
	l.pushBytes(out)
	return 1
}

// mapBytes turns the letters from low to high into the other case.
func (vm *VM) mapBytes(l *thread, low, high byte) int {
	s := checkString(l, 1)
	vm.allocated(len(s))
	out := []byte(s)
	for i, c := range out {
		if low <= c && c <= high {
			out[i] = c ^ 32
		}
	}
	l.pushBytes(out)
	return 1
}

func (vm *VM) rep(l *thread) int {
	s, n := checkString(l, 1), max(0, checkInt(l, 2))
	if len(s) > 0 && n > StringMax/len(s) {
		fail(l, "not enough memory")
	}
	vm.allocated(len(s) * n)
	if len(s) == 0 {
		n = 0
	}
	l.pushString(strings.Repeat(s, n))
	return 1
}

func (vm *VM) reverse(l *thread) int {
	s := checkString(l, 1)
	vm.allocated(len(s))
	out := make([]byte, len(s))
	for i := range len(s) {
		out[len(s)-1-i] = s[i]
	}
	l.pushBytes(out)
	return 1
}

// find is string.find, and string.match, which returns the captures alone.
func (vm *VM) find(l *thread, places bool) int {
	s, pattern := checkString(l, 1), checkString(l, 2)
	from := position(optInt(l, 3, 1), len(s)) - 1
	from = min(max(from, 0), len(s))
	if places && (l.arg(4).isTrue() || !strings.ContainsAny(pattern, "^$*+?.([%-")) {
		vm.work((len(s) - from) / 16)
		at := strings.Index(s[from:], pattern)
		if at < 0 {
			l.push(nilValue)
			return 1
		}
		l.pushInt(from + at + 1)
		l.pushInt(from + at + len(pattern))
		return 2
	}
	m := matcher{vm: vm, l: l, src: s, pat: pattern}
	at, end := m.search(from)
	if at < 0 {
		l.push(nilValue)
		return 1
	}
	if !places {
		return m.pushCaptures(at, end, true)
	}
	l.pushInt(at + 1)
	l.pushInt(end)
	return 2 + m.pushCaptures(at, end, false)
}

// gmatchState is where an iterator of string.gmatch is.
type gmatchState struct {
	s, pattern string
	from       int
}

func (vm *VM) gmatch(l *thread) int {
	s, pattern := checkString(l, 1), checkString(l, 2)
	f := &function{native: gmatchNext, env: vm.globals, data: &bound{scan: gmatchState{s, pattern, 0}}}
	l.push(vm.newFunction(f))
	return 1
}

func gmatchNext(l *thread) int {
	g := &l.frames[len(l.frames)-1].fn.data.scan
	m := matcher{vm: l.vm, l: l, src: g.s, pat: g.pattern}
	for ; g.from <= len(g.s); g.from++ { // ^ has no meaning here
		m.level, m.depth = 0, 0
		end := m.match(g.from, 0)
		if end < 0 {
			continue
		}
		at := g.from
		if g.from = end; end == at {
			g.from++
		}
		return m.pushCaptures(at, end, true)
	}
	return 0
}

func (vm *VM) gsub(l *thread) int {
	s, pattern := checkString(l, 1), checkString(l, 2)
	by := l.arg(3)
	switch by.kind() {
	case kindString, kindNumber, kindTable, kindFunction:
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
	vm.allocated(len(out))
	l.pushBytes(out)
	l.pushInt(n)
	return 2
}

// replace appends what stands for a match.
func (m *matcher) replace(out []byte, by value, s, end int) []byte {
	l := m.l
	var v value
	switch by.kind() {
	case kindTable:
		v = l.element(by, m.capture(0, s, end))
	case kindFunction:
		top := l.top
		l.push(by)
		v = l.callPushed(top, m.pushCaptures(s, end, true))
	default:
		template, _ := text(by)
		return m.expand(out, template, s, end)
	}
	if !v.isTrue() {
		return append(out, m.src[s:end]...)
	}
	t, ok := text(v)
	if !ok {
		fail(l, "invalid replacement value (a "+v.typeName()+")")
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
