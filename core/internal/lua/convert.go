package lua

import (
	"math"
	"strconv"

	"github.com/redlet/redlet/core/internal/reply"
)

// value turns the RESP that begins at reply[at] into a Lua value and returns where it ends. The
// reply comes from the engine, so it is well-formed.
func (vm *VM) value(reply []byte, at int) (value, int) {
	kind := reply[at]
	end := at + 1
	for reply[end] != '\r' {
		end++
	}
	line := reply[at+1 : end]
	end += 2
	switch kind {
	case '+':
		return vm.field("ok", vm.bytes(line)), end
	case '-':
		return vm.errorTable(string(line), true).value(), end
	case ':':
		return number(float64(wholeNumber(line))), end
	case '$':
		n := int(wholeNumber(line))
		if n < 0 {
			return falseValue, end
		}
		return vm.bytes(reply[end : end+n]), end + n + 2
	}
	return vm.aggregate(kind, line, reply, end)
}

// wholeNumber reads the digits of a well-formed number.
func wholeNumber(line []byte) (n int64) {
	digits := line
	if line[0] == '-' {
		digits = line[1:]
	}
	for _, c := range digits {
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(line) {
		return -n
	}
	return n
}

// aggregate reads the kinds that have elements.
func (vm *VM) aggregate(kind byte, line, reply []byte, end int) (value, int) {
	switch kind {
	case '*', '>':
		n := int(wholeNumber(line))
		if n < 0 {
			return falseValue, end
		}
		return vm.array(reply, end, n)
	case '%':
		return vm.mapping(reply, end, int(wholeNumber(line)))
	case '~':
		return vm.set(reply, end, int(wholeNumber(line)))
	case '|': // attributes, of which scripts do not hear, and the reply that they are about
		_, end = vm.mapping(reply, end, int(wholeNumber(line)))
		return vm.value(reply, end)
	}
	return vm.scalar(kind, line, reply, end)
}

// scalar reads the kinds that RESP3 adds.
func (vm *VM) scalar(kind byte, line, reply []byte, end int) (value, int) {
	switch kind {
	case '#':
		return boolean(line[0] == 't'), end
	case ',':
		n, _ := parseNumber(string(line))
		return vm.field("double", number(n)), end
	case '(':
		return vm.field("big_number", vm.bytes(line)), end
	case '=':
		n, _ := strconv.Atoi(string(line))
		t := vm.newTable(0, 0)
		t.setField(vm, "string", vm.bytes(reply[end+4:end+n]))
		t.setField(vm, "format", vm.bytes(reply[end:end+3]))
		return vm.field("verbatim_string", t.value()), end + n + 2
	}
	return nilValue, end
}

// field makes a table of one field.
func (vm *VM) field(name string, v value) value {
	t := vm.newTable(0, 1)
	t.setField(vm, name, v)
	return t.value()
}

func (vm *VM) array(reply []byte, at, n int) (value, int) {
	t := vm.newTable(n, 0)
	for i := range n {
		t.arr[i], at = vm.value(reply, at)
	}
	return t.value(), at
}

func (vm *VM) mapping(reply []byte, at, n int) (value, int) {
	t := vm.newTable(0, 0)
	for range n {
		var k, v value
		k, at = vm.value(reply, at)
		v, at = vm.value(reply, at)
		if !k.isNil() {
			t.set(vm, k, v)
		}
	}
	return vm.field("map", t.value()), at
}

func (vm *VM) set(reply []byte, at, n int) (value, int) {
	t := vm.newTable(0, 0)
	for range n {
		var k value
		k, at = vm.value(reply, at)
		if !k.isNil() {
			t.set(vm, k, trueValue)
		}
	}
	return vm.field("set", t.value()), at
}

// errorTable makes the table that stands for an error reply. counted says that the statistics
// know of it.
func (vm *VM) errorTable(text string, counted bool) *table {
	t := vm.newTable(0, 0)
	t.setField(vm, "err", vm.str(text))
	if counted {
		t.setField(vm, "ignore_error_stats_update", trueValue)
	}
	return t
}

// replyDepthMax bounds the nesting of what a script returns.
const replyDepthMax = 1000

const errDepth = "ERR reached lua stack limit"

// Reply writes what the script returned, in the client's protocol.
func (vm *VM) Reply(w *reply.Writer) { vm.reply(w, vm.result, 0) }

func (vm *VM) reply(w *reply.Writer, v value, depth int) {
	switch v.kind() {
	case kindString:
		w.BulkString(v.o.s)
	case kindNumber:
		w.Int(toInteger(v.n))
	case kindBoolean:
		vm.boolean(w, v.isTrue())
	case kindTable:
		if depth >= replyDepthMax {
			w.Line('-', errDepth)
		} else {
			vm.table(w, v.table(), depth+1)
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

// Names of the fields that announce a kind of reply.
var (
	fieldErr      = sharedString("err")
	fieldOK       = sharedString("ok")
	fieldDouble   = sharedString("double")
	fieldMap      = sharedString("map")
	fieldSet      = sharedString("set")
	fieldBig      = sharedString("big_number")
	fieldVerbatim = sharedString("verbatim_string")
)

func sharedString(s string) *object {
	return &object{kind: kindString, all: true, s: s, hash: hashOf(s)}
}

// table writes a table: one of the kinds of reply that a field announces, or else an array.
func (vm *VM) table(w *reply.Writer, t *table, depth int) {
	if !t.bare() && vm.announced(w, t, depth) {
		return
	}
	n := 0
	for !t.getInt(n + 1).isNil() {
		n++
	}
	w.Array(n)
	for i := range n {
		if w.Overflowed() {
			return
		}
		vm.reply(w, t.getInt(i+1), depth)
	}
}

// announced writes a table that a field makes another kind of reply, if one does.
func (vm *VM) announced(w *reply.Writer, t *table, depth int) bool {
	if s, ok := t.getString(fieldErr).str(); ok {
		w.Line('-', s)
		return true
	}
	if s, ok := t.getString(fieldOK).str(); ok {
		w.Line('+', s)
		return true
	}
	if v := t.getString(fieldDouble); v.isNumber() {
		writeDouble(w, v.n)
		return true
	}
	if m := t.getString(fieldMap).table(); m != nil {
		vm.pairsReply(w, m, '%', depth)
		return true
	}
	if m := t.getString(fieldSet).table(); m != nil {
		vm.pairsReply(w, m, '~', depth)
		return true
	}
	if s, ok := t.getString(fieldBig).str(); ok {
		writeBigNumber(w, s)
		return true
	}
	if m := t.getString(fieldVerbatim).table(); m != nil {
		f, hasFormat := m.field("format").str()
		s, hasString := m.field("string").str()
		if hasFormat && hasString {
			w.Verbatim((f + "   ")[:3], s)
			return true
		}
	}
	return false
}

// pairsReply writes a map, or the keys of a table as a set. RESP2 has arrays for both.
func (vm *VM) pairsReply(w *reply.Writer, t *table, kind byte, depth int) {
	n := 0
	t.each(func(_, _ value) { n++ })
	if kind == '%' {
		w.Map(n)
	} else {
		w.Set(n)
	}
	t.each(func(k, v value) {
		vm.reply(w, k, depth)
		if kind == '%' {
			vm.reply(w, v, depth)
		}
	})
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
	if n != n {
		n = math.NaN() // written without its sign
	}
	text := string(appendShortest(mem[:0], n))
	if n == 0 && math.Signbit(n) {
		text = "-0"
	}
	if w.RESP3 {
		w.Line(',', text)
	} else {
		w.BulkString(text)
	}
}
