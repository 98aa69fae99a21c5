package lua

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// concatenate is what `..` becomes: it joins its arguments from the right, as the operator does.
func (vm *VM) concatenate(l *lua.LState) int {
	n, size := l.GetTop(), 0
	for i := 1; i <= n; i++ {
		switch v := l.Get(i).(type) {
		case lua.LString:
			size += len(v)
		case lua.LNumber:
			size += 24
		default:
			l.Push(vm.concatValues(l, n))
			return 1
		}
	}
	if size > StringMax {
		fail(l, "not enough memory")
	}
	vm.meter.allocated(size)
	buf := make([]byte, 0, size)
	for i := 1; i <= n; i++ {
		switch v := l.Get(i).(type) {
		case lua.LString:
			buf = append(buf, v...)
		case lua.LNumber:
			buf = appendNumber(buf, float64(v))
		}
	}
	l.Push(lua.LString(buf))
	return 1
}

// concatValues joins operands some of which have the metamethod __concat, or raises an error.
func (vm *VM) concatValues(l *lua.LState, n int) lua.LValue {
	right := l.Get(n)
	for i := n - 1; i >= 1; i-- {
		left := l.Get(i)
		a, okA := text(left)
		b, okB := text(right)
		if okA && okB {
			if len(a)+len(b) > StringMax {
				fail(l, "not enough memory")
			}
			vm.meter.allocated(len(a) + len(b))
			right = lua.LString(a + b)
			continue
		}
		fn := l.GetMetaField(left, "__concat")
		if fn == lua.LNil {
			fn = l.GetMetaField(right, "__concat")
		}
		if fn == lua.LNil {
			bad, at := left, i
			if okA {
				bad, at = right, i+1
			}
			vm.concatError(l, bad, at)
		}
		vm.enter(l)
		l.Push(fn)
		l.Push(left)
		l.Push(right)
		l.Call(2, 1)
		vm.nested--
		right = l.Get(-1)
		l.Pop(1)
	}
	return right
}

func (vm *VM) concatError(l *lua.LState, bad lua.LValue, operand int) {
	name, line := place(l)
	h := vm.hints
	if strings.HasPrefix(name, "[") {
		h = nil
	}
	fail(l, "attempt to concatenate "+h.value(line, ".."+itoa(operand), typeName(bad)))
}

// openCoroutine makes the table coroutine. A coroutine must not derive its context from its
// creator's: it shares the meter.
func (vm *VM) openCoroutine() {
	vm.l.Push(vm.l.NewFunction(lua.OpenCoroutine))
	vm.l.Call(0, 1)
	t := vm.l.Get(-1).(*lua.LTable)
	vm.l.Pop(1)
	for _, name := range []string{"create", "wrap"} {
		make := t.RawGetString(name).(*lua.LFunction).GFunction
		t.RawSetString(name, vm.l.NewFunction(func(l *lua.LState) int {
			if fn, ok := l.Get(1).(*lua.LFunction); !ok || fn.IsG {
				argError(l, 1, "Lua function expected")
			}
			l.RemoveContext()
			n := make(l)
			l.SetContext(&vm.meter)
			made := l.Get(-1)
			if fn, ok := made.(*lua.LFunction); ok {
				made = fn.Upvalues[0].Value()
			}
			if th, ok := made.(*lua.LState); ok {
				th.SetContext(&vm.meter)
			}
			return n
		}))
	}
	yield := t.RawGetString("yield").(*lua.LFunction).GFunction
	t.RawSetString("yield", vm.l.NewFunction(func(l *lua.LState) int {
		if l == vm.l {
			vm.raise(l, lua.LString("attempt to yield across metamethod/C-call boundary"))
		}
		return yield(l)
	}))
	vm.globals.RawSetString("coroutine", vm.guard(t))
}
