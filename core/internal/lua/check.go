package lua

import (
	"math"

	"strings"

	lua "github.com/yuin/gopher-lua"
)

// argError raises the error of a bad argument in Lua's words.
func argError(l *lua.LState, n int, problem string) {
	name := "?"
	if d, ok := l.GetStack(0); ok {
		if _, err := l.GetInfo("n", d, lua.LNil); err == nil && d.Name != "" && d.Name[0] != '(' {
			name = d.Name[strings.LastIndexByte(d.Name, '.')+1:]
		}
	}
	if asMethod(l, name) { // self is not counted
		if n--; n == 0 {
			fail(l, "calling '"+name+"' on bad self ("+problem+")")
		}
	}
	fail(l, "bad argument #"+itoa(n)+" to '"+name+"' ("+problem+")")
}

// asMethod reports whether a library function was called as a method. The VM does not know; what
// its caller's source says is passed on in hints of the context.
func asMethod(l *lua.LState, name string) bool {
	m, ok := l.Context().(*meter)
	if !ok {
		return false
	}
	d, ok := l.GetStack(1)
	if !ok {
		return false
	}
	if _, err := l.GetInfo("Sl", d, lua.LNil); err != nil || d.Source == "" || d.Source[0] == '[' {
		return false
	}
	return m.vm.hints[hint{d.CurrentLine, "call"}] == "method '"+name+"'"
}

func typeError(l *lua.LState, n int, want string) {
	got := "no value"
	if n <= l.GetTop() {
		got = typeName(l.Get(n))
	}
	argError(l, n, want+" expected, got "+got)
}

func checkAny(l *lua.LState, n int) lua.LValue {
	if n > l.GetTop() {
		argError(l, n, "value expected")
	}
	return l.Get(n)
}

func checkString(l *lua.LState, n int) string {
	s, ok := text(l.Get(n))
	if !ok {
		typeError(l, n, "string")
	}
	return s
}

func optString(l *lua.LState, n int, otherwise string) string {
	if l.Get(n) == lua.LNil {
		return otherwise
	}
	return checkString(l, n)
}

func checkNumber(l *lua.LState, n int) float64 {
	v, ok := number(l.Get(n))
	if !ok {
		typeError(l, n, "number")
	}
	return v
}

// checkInt takes an argument for an int; where that has 32 bits its ends stand for what is beyond.
func checkInt(l *lua.LState, n int) int { return clampInt(checkLong(l, n)) }

func clampInt(n int64) int { return int(max(math.MinInt, min(n, math.MaxInt))) }

func checkLong(l *lua.LState, n int) int64 { return toInteger(checkNumber(l, n)) }

func optInt(l *lua.LState, n, otherwise int) int {
	if l.Get(n) == lua.LNil {
		return otherwise
	}
	return checkInt(l, n)
}

func checkTable(l *lua.LState, n int) *lua.LTable {
	t, ok := l.Get(n).(*lua.LTable)
	if !ok {
		typeError(l, n, "table")
	}
	return t
}

func checkFunction(l *lua.LState, n int) *lua.LFunction {
	f, ok := l.Get(n).(*lua.LFunction)
	if !ok {
		typeError(l, n, "function")
	}
	return f
}

// fail raises an error with the place of the Lua function that called the library function; when
// the caller is a library function too, as under pcall(f), there is no place to tell.
func fail(l *lua.LState, problem string) {
	l.Error(lua.LString(where(l, 1)+problem), 0)
}

// where tells the place of a level of the call stack, "user_script:3: ".
func where(l *lua.LState, level int) string {
	d, ok := l.GetStack(level)
	if !ok {
		return ""
	}
	if _, err := l.GetInfo("Sl", d, lua.LNil); err != nil || d.Source == "" {
		return ""
	}
	return d.Source + ":" + itoa(d.CurrentLine) + ": "
}
