package lua

import (
	"slices"
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
		{"lower", vm.swapper('A', 'Z')},
		{"match", func(l *thread) int { return vm.find(l, false) }},
		{"rep", vm.rep},
		{"reverse", vm.reverse},
		{"sub", stringSub},
		{"upper", vm.swapper('a', 'z')},
	})
	t.setField(vm, "gfind", t.field("gmatch")) // one function under two names
	vm.strings = vm.newTable(0, 0)
	vm.strings.setField(vm, "__index", t.value())
	vm.methods = t
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

// span reads a first and a last position, which is the first unless given, or -1, the end, if so
// told, and returns the offsets between which they lie.
func span(l *thread, size, arg, first int, toEnd bool) (from, to int) {
	from = position(optPosition(l, arg, first), size)
	last := from
	if toEnd {
		last = -1
	}
	to = min(size, position(optPosition(l, arg+1, last), size))
	from = max(1, from)
	return from - 1, max(to, from-1)
}

func stringSub(l *thread) int {
	s := checkString(l, 1)
	checkInt(l, 2)
	from, to := span(l, len(s), 2, 1, true)
	if from >= to {
		l.push(emptyString)
	} else {
		l.push(l.vm.part(s, s[from:to]))
	}
	return 1
}

func stringByte(l *thread) int {
	s := checkString(l, 1)
	from, to := span(l, len(s), 2, 1, false)
	if to-from > resultsMax-l.count() {
		fail(l, "stack overflow (string slice too long)")
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

// swapper makes the function that turns the letters from low to high into the other case.
func (vm *VM) swapper(low, high byte) builtin {
	return func(l *thread) int {
		s := checkString(l, 1)
		if len(s) > bytesAtOnce {
			return vm.fill(l, len(s), func(out []byte, from, to int) []byte {
				return swapCase(out, s[from:to], low, high)
			})
		}
		vm.charge(len(s) / copyCharge)
		vm.scratch = swapCase(vm.scratch[:0], s, low, high)
		l.push(vm.seenBytes(vm.scratch))
		return 1
	}
}

func swapCase(out []byte, s string, low, high byte) []byte {
	from := len(out)
	out = append(out, s...)
	for i, c := range out[from:] {
		if low <= c && c <= high {
			out[from+i] = c ^ 32
		}
	}
	return out
}

// derive makes a string of a size: of what next appends for the bytes from one place to another.
func (vm *VM) derive(l *thread, size int, next func(out []byte, from, to int) []byte) int {
	if size > bytesAtOnce {
		return vm.fill(l, size, next)
	}
	vm.charge(size / copyCharge)
	vm.scratch = next(vm.scratch[:0], 0, size)
	l.pushBytes(vm.scratch)
	return 1
}

func (vm *VM) rep(l *thread) int {
	s, n := checkString(l, 1), max(0, checkInt(l, 2))
	if len(s) > 0 && n > StringMax/len(s) {
		fail(l, "not enough memory")
	}
	size := len(s) * n
	if size > bytesAtOnce {
		if len(s) < bytesAtOnce { // few long copies take less time than many short ones
			s = strings.Repeat(s, bytesAtOnce/len(s))
		}
		return vm.fill(l, size, func(out []byte, from, to int) []byte {
			for at := from % len(s); len(out) < to-from; at = 0 {
				out = append(out, s[at:at+min(len(s)-at, to-from-len(out))]...)
			}
			return out
		})
	}
	if size == 0 {
		n = 0
	}
	vm.charge(size / copyCharge)
	l.pushString(strings.Repeat(s, n))
	return 1
}

func (vm *VM) reverse(l *thread) int {
	s := checkString(l, 1)
	turn := func(out []byte, from, to int) []byte {
		at := len(out)
		out = append(out, s[len(s)-to:len(s)-from]...)
		slices.Reverse(out[at:])
		return out
	}
	return vm.derive(l, len(s), turn)
}

// finding is string.find, string.match, and what string.gmatch returns.
type finding struct {
	matcher
	start  int
	first  int  // where in the pattern each try begins
	places bool // of find
	plain  bool // the pattern is text
	scan   *gmatchState
}

// find is string.find, and string.match, which returns the captures alone.
func (vm *VM) find(l *thread, places bool) int {
	s, pattern := checkString(l, 1), checkString(l, 2)
	from := position(optPosition(l, 3, 1), len(s)) - 1
	from = min(max(from, 0), len(s))
	toNUL := cString(pattern)
	short := len(pattern) <= textHead || len(toNUL) < len(pattern) // else it is matched in steps
	plain := places && (l.arg(4).isTrue() || short && !strings.ContainsAny(toNUL, "^$*+?.([%-"))
	if !plain {
		pattern = toNUL
	}
	f := vm.finder(l, s, pattern)
	f.start, f.places, f.plain, f.scan = from, places, plain, nil
	if f.first = 0; pattern != "" && pattern[0] == '^' {
		f.first = 1
	}
	return vm.search(l, f)
}

// finder returns a finding to be made ready; it is the machine's own unless that is suspended.
//
//go:noinline
func (vm *VM) finder(l *thread, s, pattern string) *finding {
	f := vm.finding
	if f == nil {
		f = &finding{}
	}
	vm.finding = nil
	f.vm, f.l, f.src, f.pat, f.lead = vm, l, s, pattern, 0
	return f
}

// search begins to search, and keeps the finding for the next if it comes to an end.
func (vm *VM) search(l *thread, f *finding) int {
	f.begin(f.start, f.first)
	n := l.start(f)
	if n >= 0 && cap(f.choices) <= choicesKept {
		f.l, f.src, f.pat, f.scan = nil, "", "", nil
		vm.finding = f
	}
	return n
}

// choicesKept is how many choices a matcher may have room for to be kept.
const choicesKept = 1024

func (f *finding) size() int { return len(f.choices) * 20 }

func (f *finding) step(l *thread) int {
	if f.plain {
		return f.text(l)
	}
	for {
		end := f.run()
		if end == suspended {
			return suspended
		}
		if end >= 0 {
			return f.found(l, end)
		}
		if f.start++; f.start > len(f.src) || f.first == 1 {
			break
		}
		f.start = f.skip(f.start)
		f.begin(f.start, 0)
	}
	if f.scan != nil {
		f.scan.from = f.start
		return 0
	}
	l.push(nilValue)
	return 1
}

// found pushes what there is to say of a match.
func (f *finding) found(l *thread, end int) int {
	if g := f.scan; g != nil {
		if g.from = end; end == f.start {
			g.from++
		}
	}
	if !f.places {
		return f.pushCaptures(f.start, end, true)
	}
	l.pushInt(f.start + 1)
	l.pushInt(end)
	return 2 + f.pushCaptures(f.start, end, false)
}

const (
	// textStretch is how many bytes are searched for text between two looks at the slice.
	textStretch = 1 << 20
	// textHead is how much of a long text is searched for; the rest is then compared.
	textHead = 64 << 10
)

// text searches for text.
func (f *finding) text(l *thread) int {
	for {
		head := f.pat[:min(len(f.pat), textHead)]
		most := min(len(f.src), f.start+textStretch+len(head))
		f.vm.charge((most - f.start) / 64)
		if at := strings.Index(f.src[f.start:most], head); at >= 0 {
			f.start += at
			if strings.HasPrefix(f.src[f.start:], f.pat) {
				l.pushInt(f.start + 1)
				l.pushInt(f.start + len(f.pat))
				return 2
			}
			f.start++
			f.vm.charge(len(f.pat) / 1024)
		} else if most == len(f.src) {
			l.push(nilValue)
			return 1
		} else {
			f.start += textStretch
		}
		if f.vm.spent(0) {
			return suspended
		}
	}
}

// gmatchState is where an iterator of string.gmatch is.
type gmatchState struct {
	s, pattern string
	from       int
}

func (vm *VM) gmatch(l *thread) int {
	s, pattern := checkString(l, 1), cString(checkString(l, 2))
	f := &function{native: gmatchNext, env: vm.globals, data: &bound{scan: gmatchState{s, pattern, 0}}}
	l.push(vm.newFunction(f))
	return 1
}

func gmatchNext(l *thread) int {
	g := &l.frames[len(l.frames)-1].fn.data.scan
	if g.from > len(g.s) {
		return 0
	}
	f := l.vm.finder(l, g.s, g.pattern)
	f.start, f.first, f.places, f.plain, f.scan = g.from, 0, false, false, g // ^ has no meaning here
	return l.vm.search(l, f)
}

// substitution is string.gsub.
type substitution struct {
	matcher
	by       value
	template string // by as text
	building
	at, n int
	limit int
	first int
	end   int    // of the match that a function is asked about
	asked bool   // what it says is on top of the stack
	rest  string // of the template, for a match
}

func (vm *VM) gsub(l *thread) int {
	s, pattern := checkString(l, 1), cString(checkString(l, 2))
	g := vm.substitution
	if g == nil {
		g = &substitution{}
	}
	vm.substitution = nil
	g.vm, g.l, g.src, g.pat, g.lead = vm, l, s, pattern, 0
	g.by = l.arg(3)
	switch g.by.kind() {
	case kindString, kindNumber:
		g.template, _ = text(g.by)
	case kindTable, kindFunction:
	default:
		argError(l, 3, "string/function/table expected")
	}
	g.limit = optInt(l, 4, len(s)+1)
	if g.first = 0; pattern != "" && pattern[0] == '^' {
		g.first = 1
	}
	g.at, g.n, g.out, g.asked, g.rest = 0, 0, g.out[:0], false, ""
	g.pieces, g.before = nil, 0
	g.begin(0, g.first)
	return l.start(g)
}

func (g *substitution) size() int { return len(g.choices)*20 + g.building.size() }

func (g *substitution) step(l *thread) int {
	if g.asked {
		g.asked = false
		g.put(l, l.pop())
		g.pass(g.end)
	}
	for g.rest != "" || g.n < g.limit && g.at <= len(g.src) {
		if g.rest == "" {
			end := g.run()
			if end == suspended {
				return suspended
			}
			if end < 0 {
				g.pass(end)
				continue
			}
			g.n++
			if g.end = end; !g.replace(l) {
				g.asked = true
				return calling
			}
		}
		if !g.expand(l) {
			return suspended
		}
		g.pass(g.end)
	}
	return g.finish(l)
}

// pass goes on behind a match that ends there, or behind a character where none begins.
func (g *substitution) pass(end int) {
	switch {
	case end > g.at:
		g.at = end
	case g.at < len(g.src):
		g.out = append(g.out, g.src[g.at])
		g.at++
	default:
		g.at = len(g.src) + 1
	}
	if g.first == 1 {
		g.limit = 0
	} else if g.n < g.limit && g.at < len(g.src) {
		next := g.skip(g.at)
		g.add(g.src[g.at:next])
		g.at = next
	}
	g.begin(g.at, g.first)
}

func (g *substitution) finish(l *thread) int {
	n := 2
	if g.n == 0 {
		l.push(l.arg(1))
		if !l.stack[l.top-1].isString() {
			l.stack[l.top-1] = g.vm.str(g.src)
		}
		l.pushInt(0)
		g.pieces, g.before = nil, 0
	} else {
		if g.at < len(g.src) {
			g.add(g.src[g.at:])
		}
		g.bound(l)
		n = l.pushBuilt(&g.building, integer(g.n))
	}
	if cap(g.choices) <= choicesKept && cap(g.out) <= scratchMax {
		g.l, g.src, g.pat, g.template, g.by = nil, "", "", "", value{}
		g.vm.substitution = g
	}
	return n
}

// replace appends what stands for a match. known is false when a function is to say it, whose call
// is ready.
func (g *substitution) replace(l *thread) (known bool) {
	switch g.by.o.kind {
	case kindTable:
		v, known := l.element(g.by, g.capture(0, g.at, g.end))
		if known {
			g.put(l, v)
		}
		return known
	case kindFunction:
		top := l.top
		l.push(g.by)
		g.pushCaptures(g.at, g.end, true)
		l.calls(top)
		return false
	}
	g.rest = g.template
	return true
}

// put appends what a table or function gives for a match.
func (g *substitution) put(l *thread, v value) {
	switch {
	case !v.isTrue():
		g.add(g.src[g.at:g.end])
	case v.o.kind == kindString:
		g.add(v.o.s)
	case v.o.kind == kindNumber:
		g.out = appendNumber(g.out, v.n)
	default:
		fail(l, "invalid replacement value (a "+v.typeName()+")")
	}
	if g.before > 0 || len(g.out) >= pieceMax {
		g.bound(l)
	}
}

// expand appends the rest of a template in which %1 stands for a capture. whole is false where the
// slice is over before.
func (g *substitution) expand(l *thread) (whole bool) {
	for g.rest != "" {
		i := strings.IndexByte(g.rest, '%')
		if i < 0 {
			i = len(g.rest)
		}
		if g.add(g.rest[:i]); i < len(g.rest) {
			i += g.escape(g.rest[i+1:]) + 1
		}
		g.bound(l)
		g.rest = g.rest[i:]
		g.vm.left -= 1 + i/1024 // a long part was searched through
		if g.rest != "" && g.vm.left <= 0 && g.vm.look() {
			return false
		}
	}
	return true
}

// escape appends what stands for the characters behind a %, and returns how many they are.
func (g *substitution) escape(s string) int {
	if s == "" {
		g.out = append(g.out, 0) // what C finds there
		return 0
	}
	switch c := s[0]; {
	case !isDigit(c):
		g.out = append(g.out, c)
	case c == '0':
		g.add(g.src[g.at:g.end])
	default:
		t, _ := text(g.capture(int(c-'1'), g.at, g.end))
		g.add(t)
	}
	return 1
}
