package lua

import (
	"strings"

	"github.com/redlet/redlet/internal/sds"
)

// Debugger is told where a script is that Traced has made ready, and decides where it stops.
type Debugger interface {
	// Line is called before a line begins to run, as Lua's line hook is. If stop is true the slice
	// ends there, and Continue goes on.
	Line(line int) (stop bool)
	// Breakpoint is redis.breakpoint.
	Breakpoint()
	// Debug is redis.debug: the values as text, and the line it stands in.
	Debug(line int, text string)
	// Failed tells of a redis.call that could not be made.
	Failed(problem string)
}

// Debug has a debugger told of the scripts that follow; nil ends that.
//
//go:noinline
func (vm *VM) Debug(d Debugger) {
	vm.debug = d
}

// Traced returns a function that does the same and tells the debugger of its lines.
func (vm *VM) Traced(f Function) Function {
	return Function{vm.newFunction(&function{proto: f.fn.proto.traced(), env: f.fn.env}).function()}
}

// traced returns a function with opLine before each instruction.
func (p *proto) traced() *proto {
	t := *p
	t.code, t.lines, t.protos = nil, nil, nil
	at := make([]int, len(p.code)+1)
	for pc, i := range p.code {
		at[pc] = len(t.code)
		t.code = append(t.code, makeInstr(opLine, 0, 0, 0), i)
		if i.op() == opLoadBool && i.c() != 0 { // what it passes over are two instructions now
			t.code = append(t.code[:len(t.code)-1], i.withC(0), makeInstr(opJump, 0, 0, pc+2))
		}
		for len(t.lines) < len(t.code) {
			t.lines = append(t.lines, p.lines[pc])
		}
	}
	at[len(p.code)] = len(t.code)
	for pc, i := range t.code {
		if i.jumps() && i.c() >= 0 {
			t.code[pc] = i.withC(at[i.c()])
		}
	}
	t.locals = append([]localName(nil), p.locals...)
	for i := range t.locals {
		v := &t.locals[i]
		v.begin, v.end = at[v.begin], at[v.end]
	}
	for _, inner := range p.protos { // no deeper than nestingMax
		t.protos = append(t.protos, inner.traced())
	}
	return &t
}

// newLine tells the debugger if a line begins at the opLine that runs: in a function's first
// instruction, behind a jump back, and where the line is another.
func (vm *VM) newLine(l *thread) (stop bool) {
	d := vm.debug
	if d == nil {
		return false
	}
	fr := &l.frames[len(l.frames)-1]
	depth, pc, lines := len(l.frames), fr.pc-1, fr.fn.proto.lines
	for len(l.lines) <= depth {
		l.lines = append(l.lines, 0)
	}
	before := l.lines[depth] // that of another call where pc is 0
	l.lines[depth] = pc
	if pc > before && lines[pc] == lines[before] {
		return false
	}
	stop = d.Line(int(lines[pc]))
	vm.detached = vm.detached || stop
	return stop
}

// Calls tells of the script's functions under way, the innermost first: their names, "" where there
// is none, and the lines at which they are.
func (vm *VM) Calls(yield func(name string, line int)) {
	l := vm.l
	for i := len(l.frames) - 1; i >= 0; i-- {
		fr := &l.frames[i]
		if fr.fn.proto != nil {
			_, name := l.calledName(i)
			yield(name, fr.line())
		}
	}
}

// Locals gives the local variables of the innermost call, as text.
func (vm *VM) Locals(yield func(name, text string)) {
	l := vm.l
	if n := len(l.frames) - 1; n >= 0 {
		l.locals(n, func(name string, v value) bool {
			yield(name, string(vm.appendValue(nil, v, 0)))
			return true
		})
	}
}

// locals gives the local variables of a call until it is told to stop.
func (l *thread) locals(at int, yield func(name string, v value) bool) {
	fr := &l.frames[at]
	if fr.fn.proto == nil {
		return
	}
	register := fr.base
	for _, v := range fr.fn.proto.locals {
		if pc := fr.pc - 1; v.begin > pc || pc >= v.end {
			continue
		}
		if !yield(v.name, l.stack[register]) {
			return
		}
		register++
	}
}

// Local finds a local variable, in the innermost call that has one of that name, or KEYS or ARGV.
func (vm *VM) Local(name string) (text string, ok bool) {
	l := vm.l
	for i := len(l.frames) - 1; i >= 0 && !ok; i-- {
		l.locals(i, func(known string, v value) bool {
			if known == name {
				text, ok = string(vm.appendValue(nil, v, 0)), true
			}
			return !ok
		})
	}
	if !ok && (name == "KEYS" || name == "ARGV") {
		return string(vm.appendValue(nil, vm.globals.field(name), 0)), true
	}
	return text, ok
}

// valuesMax bounds how deep tables are written, and aside how many slices code may take that a
// debugger runs.
const (
	valuesMax = 10
	asideMax  = 2000
)

// appendValue writes a value for a debugger.
func (vm *VM) appendValue(dst []byte, v value, depth int) []byte {
	if depth >= valuesMax {
		return append(dst, "<max recursion level reached! Nested table?>"...)
	}
	switch v.kind() {
	case kindString:
		return sds.AppendRepr(dst, v.o.s)
	case kindNumber:
		return appendGeneral(dst, v.n, 6)
	case kindNil, kindBoolean:
		return append(dst, vm.tostring(v)...)
	case kindTable:
		return vm.appendTable(dst, v.o.t, depth+1)
	}
	name := strings.Replace(vm.tostring(v), ": ", "@", 1)
	if v.kind() == kindUserdata {
		name = "light-userdata@(nil)"
	}
	return append(append(append(dst, '"'), name...), '"')
}

// appendTable writes a table: a list if its keys are those of one.
func (vm *VM) appendTable(dst []byte, t *table, depth int) []byte {
	last, _ := t.filled()
	list, n := true, 0
	t.each(func(_, _ value) { n++ })
	for k, _, at := t.after(0); at > 0 && list; k, _, at = t.after(at) {
		list = k.isNumber() && k.n >= 1 && k.n <= float64(n) && k.n == float64(int(k.n))
	}
	list = list && last <= n
	dst = append(dst, '{')
	first := true
	for k, v, at := t.after(0); at > 0; k, v, at = t.after(at) {
		if !first {
			dst = append(dst, "; "...)
		}
		if first = false; !list {
			dst = append(vm.appendValue(append(dst, '['), k, depth), "]="...)
		}
		dst = vm.appendValue(dst, v, depth)
	}
	return append(dst, '}')
}

// Eval runs code beside the script that is stopped: an expression, or else statements. It returns
// its value as text, or what went wrong.
func (vm *VM) Eval(code string) (text, problem string) {
	f, problem := vm.Compile("ldb_eval", []byte("return "+code))
	if problem != "" {
		if f, problem = vm.Compile("ldb_eval", []byte(code)); problem != "" {
			return "", problem
		}
	}
	return vm.aside(value{o: &f.fn.object})
}

// CallRedis makes a redis.call beside the script that is stopped.
func (vm *VM) CallRedis(args [][]byte) {
	list := make([]value, len(args))
	for i, arg := range args {
		list[i] = vm.bytes(arg)
	}
	vm.aside(vm.redis.field("call"), list...)
}

// aside runs a function in a thread of its own while the script is stopped.
func (vm *VM) aside(f value, args ...value) (text, problem string) {
	main, l, failure := vm.main, vm.l, vm.failure
	vm.main = vm.newThread()
	vm.l, vm.failure, vm.result = vm.main, nil, value{}
	vm.l.status = statusRunning
	vm.l.push(f)
	for _, arg := range args {
		vm.l.push(arg)
	}
	done := vm.goOn(len(args))
	for n := 0; !done; n++ {
		if n == asideMax {
			vm.Kill()
		}
		done = vm.Continue()
	}
	if vm.killed = false; vm.failure != nil {
		problem = vm.failure.String()
	} else {
		text = string(vm.appendValue(nil, vm.result, 0))
	}
	vm.main, vm.l, vm.failure, vm.result = main, l, failure, value{}
	return text, problem
}

// Abort ends the script that is stopped, by an error that nothing catches.
func (vm *VM) Abort(problem string) {
	e := &thrown{v: constant(problem), fatal: true}
	for e != nil {
		e = vm.attempt(-1, e)
	}
	vm.detached = false
}

// redisBreakpoint is redis.breakpoint.
func (vm *VM) redisBreakpoint(l *thread) int {
	l.pushBool(vm.debug != nil)
	if vm.debug != nil {
		vm.debug.Breakpoint()
	}
	return 1
}

// redisDebug is redis.debug.
func (vm *VM) redisDebug(l *thread) int {
	if vm.debug == nil {
		return 0
	}
	var text []byte
	for i := range l.count() {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = vm.appendValue(text, l.arg(i+1), 0)
	}
	line := 0
	if n := len(l.frames) - 2; n >= 0 && l.frames[n].fn.proto != nil {
		line = l.frames[n].line()
	}
	vm.debug.Debug(line, string(text))
	return 0
}
