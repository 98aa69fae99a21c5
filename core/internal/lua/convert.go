package lua

import (
	"math"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core/internal/reply"
)

// value turns the RESP that begins at reply[at] into a Lua value and returns where it ends. The
// reply comes from the engine, so it is well-formed. It has no tables but RESP2's: see receiving.
func (vm *VM) value(reply []byte, at int) (value, int) {
	kind := reply[at]
	line, end := lineOf(reply, at)
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
	case '*':
		n := int(wholeNumber(line))
		if n < 0 {
			return falseValue, end
		}
		return vm.array(reply, end, n)
	}
	return vm.scalar(kind, line, reply, end)
}

// lineOf returns what stands on a line behind its kind, and where the next line begins: beyond the
// reply if the end of the line is not in it.
func lineOf(reply []byte, at int) (line []byte, next int) {
	end := at + 1
	for end < len(reply) && reply[end] != '\r' {
		end++
	}
	return reply[at+1 : end], end + 2
}

// wholeNumber reads the digits of a well-formed number.
//
//go:noinline
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

// replyStackMax is how many places what surrounds a value may take on the stack of Redis's Lua. An
// array takes one, a map three and one more for a key, a set three.
const replyStackMax = 7994

const errDepth = "ERR reached lua stack limit"

// replying writes the reply of a script. The tables that it is in are a list of its own: a client
// chooses how deep they nest.
type replying struct {
	vm          *VM
	w           *reply.Writer
	open        []replyTable
	rest        string // of a long text that is being written
	tail, after string // what follows it on its line
	line        bool   // it is a line of its own: breaks become spaces
	left        int    // how many elements more are written in this slice
}

// replyTable is a table that is being written.
type replyTable struct {
	t    *table
	kind byte // '*', '%' or '~'
	at   int  // how many elements, or places of the table, are behind
	n    int  // the elements of an array, or the pairs
	used int  // how many places the table and what is around it take on the stack of Redis's Lua
	val  value
	half bool // val is the value of the key just written

	counted bool // n is known, and written
}

const (
	// repliedAtOnce is how many elements of a reply are written in a slice.
	repliedAtOnce = 20_000
	// replyPart is how many bytes of a string are written at once, and replyTakes how many in the time
	// of an element.
	replyPart  = 64 << 10
	replyTakes = 128
)

// Reply writes what the script returned, in the client's protocol, or how it failed, for a slice,
// and reports whether that was all: else it is called again. One that is killed meanwhile has
// failed by that.
func (vm *VM) Reply(w *reply.Writer) (done bool) {
	r := replying{vm: vm, w: w}
	if k := vm.replying; k == nil && vm.failure != nil {
		r.failed(vm.failure)
	} else if k == nil {
		r.value(vm.result, 0)
	} else {
		r, vm.replying = *k, nil
		r.w = w
		if vm.killed {
			vm.failure = &Failure{Killed: true}
			return true
		}
	}
	r.left = repliedAtOnce
	for !w.Overflowed() {
		switch {
		case r.left <= 0:
			kept := r
			vm.replying = &kept
			return false
		case r.rest != "":
			r.part()
		case len(r.open) > 0:
			r.next(&r.open[len(r.open)-1])
		default:
			return true
		}
		r.left--
	}
	return true
}

// Replying tells whether a part of the reply is written.
func (vm *VM) Replying() bool { return vm.replying != nil }

// part writes the next part of a long string.
//
//go:noinline
func (r *replying) part() {
	n := min(len(r.rest), replyPart)
	part := []byte(r.rest[:n])
	if r.line {
		blank(part)
	}
	for r.rest = r.rest[n:]; r.rest == "" && (r.tail != "" || r.after != ""); {
		r.rest, r.tail, r.after = r.tail, r.after, ""
	}
	if r.rest == "" {
		part = append(part, "\r\n"...)
		r.line = false
	}
	r.w.Raw(part)
	r.left -= n / replyTakes
}

// count counts the elements of a table, or the pairs, and begins it when it has counted all.
//
//go:noinline
func (r *replying) count(t *replyTable) {
	if t.kind == '*' {
		to := t.n + passedAtOnce
		for t.n < to && !t.t.getInt(t.n+1).isNil() {
			t.n++
		}
		if t.counted = t.n < to; t.counted {
			r.w.Array(t.n)
		}
		r.left -= (passedAtOnce - to + t.n) / passCharge
		return
	}
	to := min(t.at+passedAtOnce, t.t.places())
	r.left -= (to - t.at) / passCharge
	for {
		_, _, at := t.t.within(t.at, to)
		if at == 0 {
			break
		}
		t.at = at
		t.n++
	}
	if t.at = to; to < t.t.places() {
		return
	}
	if t.at, t.counted = 0, true; t.kind == '%' {
		r.w.Map(t.n)
	} else {
		r.w.Set(t.n)
	}
}

// next writes the next part of a table, or ends it.
func (r *replying) next(t *replyTable) {
	switch {
	case !t.counted:
		r.count(t)
	case t.half:
		t.half = false
		r.value(t.val, t.used+3)
	case t.kind == '*' && t.at < t.n:
		t.at++
		r.value(t.t.getInt(t.at), t.used+1)
	case t.kind != '*':
		var k value
		if k, t.val, t.at = t.t.after(t.at); t.at == 0 {
			r.open = r.open[:len(r.open)-1]
		} else if t.kind == '%' {
			t.half = true
			r.value(k, t.used+4)
		} else {
			r.value(k, t.used+3)
		}
	default:
		r.open = r.open[:len(r.open)-1]
	}
}

// value writes a value, or the beginning of a table.
func (r *replying) value(v value, used int) {
	w := r.w
	if used > replyStackMax {
		w.Line('-', errDepth)
		return
	}
	switch v.kind() {
	case kindString:
		r.bulk(v.o.s)
	case kindNumber:
		w.Int(toInteger(v.n))
	case kindBoolean:
		r.vm.boolean(w, v.isTrue())
	case kindTable:
		r.table(v.table(), used)
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

// announcing are the fields that announce a kind of reply, in the order in which they are looked
// for.
var announcing = [...]*object{
	inErr:      sharedString("err"),
	inOK:       sharedString("ok"),
	inDouble:   sharedString("double"),
	inMap:      sharedString("map"),
	inSet:      sharedString("set"),
	inBig:      sharedString("big_number"),
	inVerbatim: sharedString("verbatim_string"),
}

const (
	inErr = iota
	inOK
	inDouble
	inMap
	inSet
	inBig
	inVerbatim
)

//go:noinline
func sharedString(s string) *object {
	return &object{kind: kindString, all: true, s: s, hash: hashOf(s)}
}

// table writes a table: one of the kinds of reply that a field announces, or else an array.
func (r *replying) table(t *table, used int) {
	if !t.bare() && r.announced(t, used) {
		return
	}
	r.open = append(r.open, replyTable{t: t, kind: '*', used: used})
}

// announced writes a table that a field makes another kind of reply, if one does.
func (r *replying) announced(t *table, used int) bool {
	for i, name := range announcing {
		v := t.getString(name)
		s, isText := v.str()
		m := v.table()
		switch {
		case i == inErr && isText:
			s = cString(s)
			if r.inLine('-', s); len(r.open) > 0 {
				r.vm.host.Nested(s, t.counted())
			}
		case i == inOK && isText:
			r.inLine('+', cString(s))
		case i == inDouble && v.isNumber():
			writeDouble(r.w, v.n)
		case (i == inMap || i == inSet) && m != nil:
			r.open = append(r.open, replyTable{t: m, kind: "%~"[i-inMap], used: used})
		case i == inBig && isText:
			r.bigNumber(s)
		case i == inVerbatim && m != nil && r.verbatim(m):
		default:
			continue
		}
		return true
	}
	return false
}

// verbatim writes a text with its format, if a table has both.
func (r *replying) verbatim(t *table) bool {
	f, hasFormat := t.field("format").str()
	s, hasString := t.field("string").str()
	if !hasFormat || !hasString {
		return false
	}
	if !r.w.RESP3 {
		r.bulk(s)
	} else {
		r.w.Head('=', int64(len(s)+4))
		r.rest, r.tail = (f + "   ")[:3]+":", s
	}
	return true
}

// counted tells whether the statistics know of the error that a table is.
func (t *table) counted() bool { return t.field("ignore_error_stats_update").isTrue() }

// bigNumber writes a number of any size, whose line ends become blanks.
func (r *replying) bigNumber(digits string) {
	if r.w.RESP3 {
		r.inLine('(', digits)
		return
	}
	if digits == "" {
		r.bulk("")
		return
	}
	r.w.Head('$', int64(len(digits)))
	r.rest, r.line = digits, true
}

// bulk writes a string.
func (r *replying) bulk(s string) {
	if len(s) <= replyPart {
		r.left -= len(s) / replyTakes
		r.w.BulkString(s)
		return
	}
	r.w.Head('$', int64(len(s)))
	r.rest = s
}

// inLine writes a reply of one line.
func (r *replying) inLine(kind byte, text string) {
	if len(text) <= replyPart {
		r.left -= len(text) / replyTakes
		r.w.Line(kind, text)
		return
	}
	r.w.Raw([]byte{kind})
	r.rest, r.line = text, true
}

// failed writes the error that a script ended with.
func (r *replying) failed(f *Failure) {
	r.rest, r.tail, r.line = "-"+f.Code, f.Text, true
	if r.after = f.Behind; r.after == "" {
		r.tail = strings.TrimRight(f.Text, "\r\n")
	}
}

// blank makes spaces of line breaks.
func blank(line []byte) {
	for i, b := range line {
		if b == '\r' || b == '\n' {
			line[i] = ' '
		}
	}
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
