package lua

import (
	"strconv"

	lua "github.com/yuin/gopher-lua"
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

// AppendReply appends what the script returned to dst, in the client's protocol.
func (vm *VM) AppendReply(dst []byte, resp3 bool) []byte {
	return vm.reply(dst, vm.result, resp3, 0)
}

func (vm *VM) reply(dst []byte, v lua.LValue, resp3 bool, depth int) []byte {
	switch v := v.(type) {
	case lua.LString:
		return appendBulk(dst, '$', "", string(v))
	case lua.LNumber:
		return appendHead(dst, ':', toInteger(float64(v)))
	case lua.LBool:
		return vm.boolean(dst, bool(v), resp3)
	case *lua.LTable:
		if depth >= replyDepthMax {
			return appendLine(dst, '-', errDepth)
		}
		return vm.table(dst, v, resp3, depth+1)
	}
	return appendNull(dst, resp3)
}

func (vm *VM) boolean(dst []byte, b, resp3 bool) []byte {
	switch {
	case vm.version == 2 && b:
		return append(dst, ":1\r\n"...)
	case vm.version == 2:
		return appendNull(dst, resp3)
	case resp3 && b:
		return append(dst, "#t\r\n"...)
	case resp3:
		return append(dst, "#f\r\n"...)
	case b:
		return append(dst, ":1\r\n"...)
	}
	return append(dst, ":0\r\n"...)
}

// table writes a table: one of the kinds of reply that a field announces, or else an array.
func (vm *VM) table(dst []byte, t *lua.LTable, resp3 bool, depth int) []byte {
	if s, ok := t.RawGetString("err").(lua.LString); ok {
		return appendLine(dst, '-', string(s))
	}
	if s, ok := t.RawGetString("ok").(lua.LString); ok {
		return appendLine(dst, '+', string(s))
	}
	if n, ok := t.RawGetString("double").(lua.LNumber); ok {
		return appendDouble(dst, float64(n), resp3)
	}
	if m, ok := t.RawGetString("map").(*lua.LTable); ok {
		return vm.pairsReply(dst, m, '%', resp3, depth)
	}
	if m, ok := t.RawGetString("set").(*lua.LTable); ok {
		return vm.pairsReply(dst, m, '~', resp3, depth)
	}
	if s, ok := t.RawGetString("big_number").(lua.LString); ok {
		if !resp3 {
			dst = appendHead(dst, '$', int64(len(s)))
			return append(appendText(dst, string(s)), '\r', '\n')
		}
		return appendLine(dst, '(', string(s))
	}
	if m, ok := t.RawGetString("verbatim_string").(*lua.LTable); ok {
		f, hasFormat := m.RawGetString("format").(lua.LString)
		s, hasString := m.RawGetString("string").(lua.LString)
		if hasFormat && hasString {
			return appendVerbatim(dst, string(f), string(s), resp3)
		}
	}
	n := 0
	for t.RawGetInt(n+1) != lua.LNil {
		n++
	}
	dst = appendHead(dst, '*', int64(n))
	for i := range n {
		dst = vm.reply(dst, t.RawGetInt(i+1), resp3, depth)
	}
	return dst
}

// pairsReply writes a map, or the keys of a table as a set. RESP2 has arrays for both.
func (vm *VM) pairsReply(dst []byte, t *lua.LTable, kind byte, resp3 bool, depth int) []byte {
	n := int64(0)
	each(t, func(_, _ lua.LValue) { n++ })
	switch {
	case resp3:
		dst = appendHead(dst, kind, n)
	case kind == '%':
		dst = appendHead(dst, '*', 2*n)
	default:
		dst = appendHead(dst, '*', n)
	}
	each(t, func(k, v lua.LValue) {
		dst = vm.reply(dst, k, resp3, depth)
		if kind == '%' {
			dst = vm.reply(dst, v, resp3, depth)
		}
	})
	return dst
}

// each calls f for the pairs of a table in the order of next. LTable.ForEach would take Go's order
// of maps.
func each(t *lua.LTable, f func(k, v lua.LValue)) {
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		f(k, v)
	}
}

func appendHead(dst []byte, kind byte, n int64) []byte {
	dst = append(dst, kind)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, '\r', '\n')
}

// appendLine writes a reply of one line; line breaks in it become spaces.
func appendLine(dst []byte, kind byte, text string) []byte {
	return append(appendText(append(dst, kind), text), '\r', '\n')
}

// appendText appends a text with blanks in the place of line ends.
func appendText(dst []byte, text string) []byte {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c == '\r' || c == '\n' {
			dst = append(dst, ' ')
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

func appendBulk(dst []byte, kind byte, prefix, text string) []byte {
	dst = appendHead(dst, kind, int64(len(prefix)+len(text)))
	dst = append(dst, prefix...)
	dst = append(dst, text...)
	return append(dst, '\r', '\n')
}

func appendVerbatim(dst []byte, format, text string, resp3 bool) []byte {
	if !resp3 {
		return appendBulk(dst, '$', "", text)
	}
	for len(format) < 3 {
		format += " "
	}
	return appendBulk(dst, '=', format[:3]+":", text)
}

func appendDouble(dst []byte, n float64, resp3 bool) []byte {
	var mem [40]byte
	s := appendShortest(mem[:0], n)
	if !resp3 {
		return appendBulk(dst, '$', "", string(s))
	}
	dst = append(dst, ',')
	dst = append(dst, s...)
	return append(dst, '\r', '\n')
}

func appendNull(dst []byte, resp3 bool) []byte {
	if resp3 {
		return append(dst, "_\r\n"...)
	}
	return append(dst, "$-1\r\n"...)
}
