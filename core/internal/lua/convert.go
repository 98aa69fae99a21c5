package lua

import (
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"github.com/redlet/redlet/core/internal/reply"
)

// value turns the RESP that begins at reply[at] into a Lua value and returns where it ends. The
// reply comes from the engine, so it is well-formed.
func (vm *VM) value(reply []byte, at int) (lua.LValue, int) {
	kind := reply[at]
	end := at + 1
	for reply[end] != '\r' {
		end++
	}
	line := reply[at+1 : end]
	end += 2
	switch kind {
	case '+':
		return vm.field("ok", lua.LString(line)), end
	case '-':
		return vm.errorTable(string(line), true), end
	case ':':
		n, _ := strconv.ParseInt(string(line), 10, 64)
		return lua.LNumber(n), end
	case '$':
		n, _ := strconv.Atoi(string(line))
		if n < 0 {
			return lua.LFalse, end
		}
		return lua.LString(reply[end : end+n]), end + n + 2
	case '*', '>':
		n, _ := strconv.Atoi(string(line))
		if n < 0 {
			return lua.LFalse, end
		}
		return vm.array(reply, end, n)
	case '%':
		n, _ := strconv.Atoi(string(line))
		return vm.mapping(reply, end, n)
	case '~':
		n, _ := strconv.Atoi(string(line))
		return vm.set(reply, end, n)
	case '|': // attributes, of which scripts do not hear, and the reply that they are about
		n, _ := strconv.Atoi(string(line))
		_, end = vm.mapping(reply, end, n)
		return vm.value(reply, end)
	}
	return vm.scalar(kind, line, reply, end)
}

// scalar reads the kinds that RESP3 adds.
func (vm *VM) scalar(kind byte, line, reply []byte, end int) (lua.LValue, int) {
	switch kind {
	case '#':
		return lua.LBool(line[0] == 't'), end
	case ',':
		n, _ := parseNumber(string(line))
		return vm.field("double", lua.LNumber(n)), end
	case '(':
		return vm.field("big_number", lua.LString(line)), end
	case '=':
		n, _ := strconv.Atoi(string(line))
		t := vm.l.CreateTable(0, 2)
		t.RawSetString("string", lua.LString(reply[end+4:end+n]))
		t.RawSetString("format", lua.LString(reply[end:end+3]))
		return vm.field("verbatim_string", t), end + n + 2
	}
	return lua.LNil, end
}

// field makes a table of one field.
func (vm *VM) field(name string, v lua.LValue) *lua.LTable {
	t := vm.l.CreateTable(0, 1)
	t.RawSetString(name, v)
	return t
}

func (vm *VM) array(reply []byte, at, n int) (lua.LValue, int) {
	t := vm.l.CreateTable(n, 0)
	for i := range n {
		var v lua.LValue
		v, at = vm.value(reply, at)
		t.RawSetInt(i+1, v)
	}
	return t, at
}

func (vm *VM) mapping(reply []byte, at, n int) (lua.LValue, int) {
	t := vm.l.CreateTable(0, n)
	for range n {
		var k, v lua.LValue
		k, at = vm.value(reply, at)
		v, at = vm.value(reply, at)
		if k != lua.LNil {
			t.RawSet(k, v)
		}
	}
	return vm.field("map", t), at
}

func (vm *VM) set(reply []byte, at, n int) (lua.LValue, int) {
	t := vm.l.CreateTable(0, n)
	for range n {
		var k lua.LValue
		k, at = vm.value(reply, at)
		if k != lua.LNil {
			t.RawSet(k, lua.LTrue)
		}
	}
	return vm.field("set", t), at
}

// errorTable makes the table that stands for an error reply. counted says that the statistics
// know of it.
func (vm *VM) errorTable(text string, counted bool) *lua.LTable {
	t := vm.l.CreateTable(0, 2)
	t.RawSetString("err", lua.LString(text))
	if counted {
		t.RawSetString("ignore_error_stats_update", lua.LTrue)
	}
	return t
}

// replyDepthMax bounds the nesting of what a script returns.
const replyDepthMax = 1000

const errDepth = "ERR reached lua stack limit"

// Reply writes what the script returned, in the client's protocol.
func (vm *VM) Reply(w *reply.Writer) { vm.reply(w, vm.result, 0) }

func (vm *VM) reply(w *reply.Writer, v lua.LValue, depth int) {
	switch v := v.(type) {
	case lua.LString:
		w.BulkString(string(v))
	case lua.LNumber:
		w.Int(toInteger(float64(v)))
	case lua.LBool:
		vm.boolean(w, bool(v))
	case *lua.LTable:
		if depth >= replyDepthMax {
			w.Line('-', errDepth)
		} else {
			vm.table(w, v, depth+1)
		}
	default:
		w.Null()
	}
}

func (vm *VM) boolean(w *reply.Writer, b bool) {
	switch {
	case vm.version == 2 && b:
		w.Int(1)
	case vm.version == 2:
		w.Null()
	default:
		w.Bool(b)
	}
}

// table writes a table: one of the kinds of reply that a field announces, or else an array.
func (vm *VM) table(w *reply.Writer, t *lua.LTable, depth int) {
	if s, ok := t.RawGetString("err").(lua.LString); ok {
		w.Line('-', string(s))
		return
	}
	if s, ok := t.RawGetString("ok").(lua.LString); ok {
		w.Line('+', string(s))
		return
	}
	if n, ok := t.RawGetString("double").(lua.LNumber); ok {
		writeDouble(w, float64(n))
		return
	}
	if m, ok := t.RawGetString("map").(*lua.LTable); ok {
		vm.pairsReply(w, m, '%', depth)
		return
	}
	if m, ok := t.RawGetString("set").(*lua.LTable); ok {
		vm.pairsReply(w, m, '~', depth)
		return
	}
	if s, ok := t.RawGetString("big_number").(lua.LString); ok {
		writeBigNumber(w, string(s))
		return
	}
	if m, ok := t.RawGetString("verbatim_string").(*lua.LTable); ok {
		f, hasFormat := m.RawGetString("format").(lua.LString)
		s, hasString := m.RawGetString("string").(lua.LString)
		if hasFormat && hasString {
			w.Verbatim((string(f) + "   ")[:3], string(s))
			return
		}
	}
	n := 0
	for t.RawGetInt(n+1) != lua.LNil {
		n++
	}
	w.Array(n)
	for i := range n {
		if w.Overflowed() {
			return
		}
		vm.reply(w, t.RawGetInt(i+1), depth)
	}
}

// pairsReply writes a map, or the keys of a table as a set. RESP2 has arrays for both.
func (vm *VM) pairsReply(w *reply.Writer, t *lua.LTable, kind byte, depth int) {
	n := 0
	each(t, func(_, _ lua.LValue) { n++ })
	if kind == '%' {
		w.Map(n)
	} else {
		w.Set(n)
	}
	each(t, func(k, v lua.LValue) {
		vm.reply(w, k, depth)
		if kind == '%' {
			vm.reply(w, v, depth)
		}
	})
}

// each calls f for the pairs of a table in the order of next. LTable.ForEach would take Go's order
// of maps.
func each(t *lua.LTable, f func(k, v lua.LValue)) {
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		f(k, v)
	}
}

// writeBigNumber writes a number of any size, whose line ends become blanks.
func writeBigNumber(w *reply.Writer, digits string) {
	if w.RESP3 {
		w.Line('(', digits)
		return
	}
	blank := []byte(digits)
	for i, b := range blank {
		if b == '\r' || b == '\n' {
			blank[i] = ' '
		}
	}
	w.Bulk(blank)
}

func writeDouble(w *reply.Writer, n float64) {
	var mem [40]byte
	text := string(appendShortest(mem[:0], n))
	if w.RESP3 {
		w.Line(',', text)
	} else {
		w.BulkString(text)
	}
}
