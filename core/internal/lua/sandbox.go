package lua

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// entry is a function of a library.
type entry struct {
	name string
	fn   lua.LGFunction
}

const (
	errReadOnly = "Attempt to modify a readonly table"
	errMissing  = "Script attempted to access nonexistent global variable '"
)

// open gives the state its globals: those of the reference's sandbox, all behind guards.
func (vm *VM) open() {
	l := vm.l
	vm.globals = l.NewTable()
	vm.openBase()
	vm.globals.RawSetString("_VERSION", lua.LString("Lua 5.1"))
	vm.openString()
	vm.openTable()
	vm.openMath()
	vm.library("os", []entry{{"clock", vm.osClock}})
	vm.openCoroutine()
	vm.openBit()
	vm.openCjson()
	vm.openCmsgpack()
	vm.openStruct()
	vm.openRedis()
	vm.concat = l.NewFunction(vm.concatenate)
	mt := l.NewTable()
	mt.RawSetString("__index", l.NewFunction(vm.missingGlobal))
	vm.globals.Metatable = mt
	vm.env = vm.guard(vm.globals)
	vm.globals.RawSetString("_G", vm.env)
}

// library makes a guarded table of functions and names it as a global.
func (vm *VM) library(name string, entries []entry) *lua.LTable {
	t := vm.l.CreateTable(0, len(entries))
	for _, e := range entries {
		t.RawSetString(e.name, vm.l.NewFunction(e.fn))
	}
	vm.globals.RawSetString(name, vm.guard(t))
	return t
}

// guard returns an empty table through which another can be read and not written. gopher-lua has
// no tables that are read-only by themselves.
func (vm *VM) guard(t *lua.LTable) *lua.LTable {
	mt := vm.l.CreateTable(0, 2)
	mt.RawSetString("__index", t)
	mt.RawSetString("__newindex", vm.l.NewFunction(func(l *lua.LState) int {
		fail(l, errReadOnly)
		return 0
	}))
	g := vm.l.CreateTable(0, 0)
	g.Metatable = mt
	vm.guards[g] = t
	return g
}

// behind returns the table that a guard guards, or the table itself.
func (vm *VM) behind(t *lua.LTable) *lua.LTable {
	if real, ok := vm.guards[t]; ok {
		return real
	}
	return t
}

// writable raises an error when a table is guarded.
func (vm *VM) writable(l *lua.LState, t *lua.LTable) *lua.LTable {
	if _, ok := vm.guards[t]; ok {
		vm.throw(l, errReadOnly)
	}
	return t
}

func (vm *VM) missingGlobal(l *lua.LState) int {
	name, _ := text(l.Get(2))
	fail(l, errMissing+name+"'")
	return 0
}

func (vm *VM) osClock(l *lua.LState) int {
	l.Push(lua.LNumber(vm.host.Seconds()))
	return 1
}

// raised remembers where an error came from that does not say so itself.
type raised struct {
	value lua.LValue
	line  int
	name  string
}

// raise raises an error value, remembering the line.
func (vm *VM) raise(l *lua.LState, v lua.LValue) {
	vm.raised = raised{value: v}
	vm.raised.name, vm.raised.line = place(l)
	l.Panic = quiet
	l.Error(v, 0)
}

// quiet panics as gopher-lua does, with a trace that it then need not compute: of a deep stack
// that takes time quadratic in the depth.
func quiet(l *lua.LState) {
	panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: l.Get(-1), StackTrace: "-"})
}

// throw raises an error that names no place itself, as a table with the field err.
func (vm *VM) throw(l *lua.LState, problem string) {
	vm.raise(l, vm.errorTable("ERR "+problem, false))
}

// place tells which line of which script is running.
func place(l *lua.LState) (name string, line int) {
	for level := 0; ; level++ {
		d, ok := l.GetStack(level)
		if !ok {
			return "", 0
		}
		if _, err := l.GetInfo("Sl", d, lua.LNil); err == nil && d.Source != "" {
			return d.Source, d.CurrentLine
		}
	}
}

// describe turns the error that ended a script into what the client is told.
func (vm *VM) describe(err error) *Failure {
	f := &Failure{Killed: vm.meter.killed && !vm.meter.starve}
	v := vm.errorValue(err)
	switch v := v.(type) {
	case *lua.LTable:
		if s, ok := text(v.RawGetString("err")); ok {
			f.Text = s
		} else {
			f.Text = "ERR (error object is a table value)"
		}
		f.Counted = lua.LVAsBool(v.RawGetString("ignore_error_stats_update"))
	case lua.LString:
		f.Text = "ERR " + string(v)
		f.Source, f.Line = prefixPlace(string(v))
	default:
		f.Text = "ERR " + vm.tostring(v)
	}
	if vm.raised.value != nil && vm.raised.value == v {
		f.Source, f.Line = vm.raised.name, vm.raised.line
	}
	if f.Source != "" {
		f.Source = "@" + f.Source
	}
	return f
}

// errorValue gives the Lua value of an error that PCall caught. The VM's own errors are put into
// the words of Lua 5.1; when its stack is full it panics with a bare string.
func (vm *VM) errorValue(err error) lua.LValue {
	e, ok := err.(*lua.ApiError)
	if !ok || e.Object == nil {
		return lua.LString(err.Error())
	}
	s, ok := e.Object.(lua.LString)
	if !ok {
		return e.Object
	}
	switch {
	case e.Type != lua.ApiErrorPanic:
		return lua.LString(vm.wording(string(s)))
	case s == "lua callstack overflow" || s == "registry overflow":
		return lua.LString(tracePlace(e.StackTrace) + "stack overflow")
	}
	return lua.LString(tracePlace(e.StackTrace) + string(s))
}

// tracePlace takes "user_script:3: " off the first line of a stack trace that has it.
func tracePlace(trace string) string {
	for line := range strings.SplitSeq(trace, "\n") {
		place, _, ok := strings.Cut(line, " in ")
		if ok && !strings.HasPrefix(place, "\t[G]") {
			return strings.TrimPrefix(place, "\t") + " "
		}
	}
	return ""
}

// prefixPlace reads the place off an error's text, "user_script:3: ...".
func prefixPlace(s string) (name string, line int) {
	colon := -1
	for i := 0; i < len(s) && s[i] != ' '; i++ {
		if s[i] != ':' {
			continue
		}
		if colon < 0 {
			colon = i
			continue
		}
		for _, c := range s[colon+1 : i] {
			line = line*10 + int(c-'0')
		}
		return s[:colon], line
	}
	return "", 0
}
