package lua

import "strings"

// throw raises an error without a place.
//
//go:noinline
func (vm *VM) throw(problem string) { vm.throwValue(vm.str(problem)) }

// throwValue raises any value.
//
//go:noinline
func (vm *VM) throwValue(v value) {
	if s, ok := v.str(); ok {
		vm.charge(len(s) / 1024)
	}
	panic(&thrown{v: v})
}

// failHandling raises the error of those who handle one, which nothing handles.
//
//go:noinline
func (vm *VM) failHandling() {
	panic(&thrown{v: constant("error in error handling"), last: true})
}

// failHere raises an error of the operation under way, with its place if it is a script's.
func (vm *VM) failHere(problem string) { vm.throw(where(vm.l, 0) + problem) }

// fail raises an error with the place of the function of a script that called the function of a
// library; when the caller is one of a library too, as under pcall(f), there is no place to tell.
func fail(l *thread, problem string) { l.vm.throw(where(l, 1) + problem) }

// call finds the call at a level of the stack, 0 being the one under way. A call that another has
// replaced is nil.
//
//go:noinline
func (l *thread) level(level int) (fr *frame, ok bool) {
	i := len(l.frames) - 1
	for ; level > 0 && i >= 0; i-- {
		level--
		if l.frames[i].fn.proto != nil {
			level -= l.frames[i].tails
		}
	}
	switch {
	case level == 0 && i >= 0:
		return &l.frames[i], true
	case level < 0:
		return nil, true
	}
	return nil, false
}

// line returns the line at which a call is.
func (fr *frame) line() int { return int(fr.fn.proto.lines[max(0, fr.pc-1)]) }

// where tells the place of a level of the call stack, "user_script:3: ".
func where(l *thread, level int) string {
	fr, ok := l.level(level)
	if !ok || fr == nil || fr.fn.proto == nil {
		return ""
	}
	return fr.fn.proto.chunk.short + ":" + itoa(fr.line()) + ": "
}

// typeFailure raises the error that an operation cannot be done with a value, which is in a
// register, or in none.
func (vm *VM) typeFailure(l *thread, v value, register int, operation string) {
	if fr := &l.frames[len(l.frames)-1]; register >= 0 && fr.fn.proto != nil {
		if kind, name := fr.fn.proto.registerName(fr.pc-1, register); kind != "" {
			vm.throw(where(l, 0) + "attempt to " + operation + " " + kind + " '" + name + "' (a " +
				v.typeName() + " value)")
		}
	}
	vm.failHere("attempt to " + operation + " a " + v.typeName() + " value")
}

// registerName tells what a register holds at an instruction, from the code that put it there.
func (p *proto) registerName(pc, register int) (kind, name string) {
	for {
		if name := p.localName(register, pc); name != "" {
			return "local", name
		}
		at := p.setter(pc, register)
		if at < 0 {
			return "", ""
		}
		i := p.code[at]
		switch i.op() {
		case opGetGlobal:
			return "global", p.nameAt(i.c())
		case opMove:
			if i.b() >= i.a() {
				return "", ""
			}
			register = i.b()
			continue
		case opGetTable, opGetIndex:
			return "field", "?"
		case opGetField:
			return "field", p.nameAt(i.c())
		case opGetUpval:
			return "upvalue", p.upNames[i.b()]
		case opSelf:
			return "method", p.nameAt(i.c())
		}
		return "", ""
	}
}

// nameAt is a constant as an error names it.
//
//go:noinline
func (p *proto) nameAt(constant int) string {
	return cString(p.consts[constant].o.s)
}

// localName returns the name of the local variable in a register, "" if there is none.
func (p *proto) localName(register, pc int) string {
	for _, v := range p.locals {
		if v.begin > pc {
			break
		}
		if pc < v.end {
			if register == 0 {
				return v.name
			}
			register--
		}
	}
	return ""
}

// setter finds the instruction that last gave a register its value before another is reached; -1 if
// none did. Jumps forward are followed.
func (p *proto) setter(until, register int) int {
	last := -1
	for pc := 0; pc < until; pc++ {
		i := p.code[pc]
		if i.sets(register) {
			last = pc
		}
		if i.jumps() {
			if to := i.c(); to > pc+1 && to <= until {
				pc = to - 1
			}
		}
	}
	return last
}

// sets tells whether an instruction changes a register. A test counts, as in Lua: what is left of
// an `and` or `or` has no name.
func (i instr) sets(register int) bool {
	a := i.a()
	switch o := i.op(); o {
	case opLoadNil:
		return a <= register && register <= i.b()
	case opCall, opTailCall:
		return register >= a
	case opForCall:
		return register >= a+2
	case opSelf:
		return register == a || register == a+1
	case opVararg:
		return register >= a && (i.b() == 0 || register < a+max(1, i.b()-1))
	case opSetUpval, opSetGlobal, opSetTable, opSetTableK, opSetField, opSetFieldK, opReturn,
		opSetList, opClose, opJump, opForTest, opLine:
		return false
	default:
		return register == a && (o < opEq || o > opNgeK)
	}
}

// calledName tells by what name a call was made.
func (l *thread) calledName(at int) (kind, name string) {
	if at < 1 || l.frames[at-1].fn.proto == nil {
		return "", ""
	}
	fr := &l.frames[at-1]
	p := fr.fn.proto
	switch i := p.code[fr.pc-1]; i.op() {
	case opCall, opTailCall, opForCall:
		return p.registerName(fr.pc-1, i.a())
	}
	return "", ""
}

// argError raises the error of a bad argument in Lua's words.
func argError(l *thread, n int, problem string) { badArgument(l, n, problem, "", "") }

// badArgument is argError of a problem in three parts, one of which may be long.
func badArgument(l *thread, n int, problem, quoted, end string) {
	kind, name := l.calledName(len(l.frames) - 1)
	if kind == "" {
		name = "?"
	} else if kind == "method" { // self is not counted
		n--
	}
	text := "bad argument #" + itoa(n) + " to '" + name + "' ("
	if kind == "method" && n == 0 {
		text = "calling '" + name + "' on bad self ("
	}
	l.vm.throw(where(l, 1) + text + problem + quoted + end + ")")
}

func typeError(l *thread, n int, want string) {
	got := "no value"
	if n <= l.count() {
		got = l.arg(n).typeName()
	}
	argError(l, n, want+" expected, got "+got)
}

// How long what a chunk is called may be, as in C with the zero at its end: in errors of a script
// that runs, and in those of the compiler.
const (
	nameSize     = 60
	nameSizeMake = 80
)

// chunkName shortens what a chunk is called, as Lua does.
func chunkName(name string, size int) string {
	if name != "" && name[0] == '=' {
		return name[1:min(len(name), size)]
	}
	if name != "" && name[0] == '@' {
		if most := size - len(" '...' ") - 1; len(name)-1 > most {
			return "..." + name[len(name)-most:]
		}
		return name[1:]
	}
	line := name[:min(len(name), size)]
	if i := strings.IndexAny(line, "\n\r"); i >= 0 {
		line = line[:i]
	}
	line = line[:min(len(line), size-len(` [string "..."] `)-1)]
	if len(line) < len(name) {
		line += "..."
	}
	return `[string "` + line + `"]`
}
