package lua

import (
	"math"
	"slices"
	"strconv"
)

// jsonOptions are the settings of one cjson table.
type jsonOptions struct {
	encodeDepth, decodeDepth  int
	precision                 int
	sparseConvert             bool
	sparseRatio, sparseSafe   int
	encodeInvalid             int // 0 refuses NaN and Inf, 1 writes them, 2 writes null
	decodeInvalid, keepBuffer bool
}

// openCjson makes the table cjson.
func (vm *VM) openCjson() {
	vm.null = newUserdata()
	vm.globals.setField(vm, "cjson", vm.newCjson(&vm.json[0]).value())
}

// jsonDefaults are the settings that a cjson begins with.
var jsonDefaults = jsonOptions{encodeDepth: 1000, decodeDepth: 1000, precision: 14, sparseRatio: 2,
	sparseSafe: 10, decodeInvalid: true, keepBuffer: true}

// Forget makes the settings that scripts, or libraries, have made what they were at first.
func (vm *VM) Forget(libraries bool) {
	if libraries {
		vm.json[1] = jsonDefaults
	} else {
		vm.json[0] = jsonDefaults
	}
}

// newCjson makes a cjson, which keeps its settings in o.
func (vm *VM) newCjson(o *jsonOptions) *table {
	*o = jsonDefaults
	t := vm.newTable(0, 0)
	for _, e := range []entry{
		{"encode", func(l *thread) int { return vm.jsonEncode(l, o) }},
		{"decode", func(l *thread) int { return vm.jsonDecode(l, o) }},
		{"encode_sparse_array", func(l *thread) int { return sparseOption(l, o) }},
		{"encode_max_depth", intOption(&o.encodeDepth, math.MaxInt32)},
		{"decode_max_depth", intOption(&o.decodeDepth, math.MaxInt32)},
		{"encode_number_precision", intOption(&o.precision, 14)},
		{"encode_keep_buffer", boolOption(&o.keepBuffer)},
		{"encode_invalid_numbers", func(l *thread) int { return invalidOption(l, o) }},
		{"decode_invalid_numbers", boolOption(&o.decodeInvalid)},
		{"new", func(l *thread) int { l.push(vm.newCjson(&jsonOptions{}).value()); return 1 }},
	} {
		t.setField(vm, e.name, vm.function(e.fn))
	}
	t.setField(vm, "null", vm.null)
	t.setField(vm, "_NAME", constant("cjson"))
	t.setField(vm, "_VERSION", constant("2.1.0"))
	return t
}

// atMost makes sure that an option is not given more arguments than it takes.
func atMost(l *thread, n int) {
	if l.count() > n {
		argError(l, n+1, "found too many arguments")
	}
}

//go:noinline
func intOption(n *int, most int) builtin {
	return func(l *thread) int {
		atMost(l, 1)
		setIntOption(l, 1, n, 1, most)
		l.pushInt(*n)
		return 1
	}
}

func setIntOption(l *thread, arg int, n *int, least, most int) {
	if l.arg(arg).isNil() {
		return
	}
	v := checkInt(l, arg)
	if v < least || v > most {
		argError(l, 1, "expected integer between "+itoa(least)+" and "+itoa(most))
	}
	*n = v
}

// setChoice sets an option by its name or, as the first two of them, by false and true.
func setChoice(l *thread, arg int, n *int, names ...string) {
	v := l.arg(arg)
	switch v.kind() {
	case kindNil:
		return
	case kindBoolean:
		*n = int(v.o.hash)
		return
	}
	s := checkString(l, arg)
	i := slices.Index(names, s)
	if i < 0 {
		badArgument(l, arg, "invalid option '", cString(s), "'")
	}
	*n = i
}

// pushChoice pushes an option as setChoice takes it.
func pushChoice(l *thread, n int, names ...string) {
	if n > 1 {
		l.pushString(names[n])
	} else {
		l.pushBool(n == 1)
	}
}

//go:noinline
func boolOption(b *bool) builtin {
	return func(l *thread) int {
		atMost(l, 1)
		setBoolOption(l, 1, b)
		l.pushBool(*b)
		return 1
	}
}

func setBoolOption(l *thread, arg int, b *bool) {
	n := 0
	if *b {
		n = 1
	}
	setChoice(l, arg, &n, "off", "on")
	*b = n == 1
}

func sparseOption(l *thread, o *jsonOptions) int {
	atMost(l, 3)
	setBoolOption(l, 1, &o.sparseConvert)
	setIntOption(l, 2, &o.sparseRatio, 0, math.MaxInt32)
	setIntOption(l, 3, &o.sparseSafe, 0, math.MaxInt32)
	l.pushBool(o.sparseConvert)
	l.pushInt(o.sparseRatio)
	l.pushInt(o.sparseSafe)
	return 3
}

func invalidOption(l *thread, o *jsonOptions) int {
	names := []string{"off", "on", "null"}
	atMost(l, 1)
	setChoice(l, 1, &o.encodeInvalid, names...)
	pushChoice(l, o.encodeInvalid, names...)
	return 1
}

// jsonWriter writes a value as JSON. The tables that it is in are a list of its own, so that it
// can be suspended.
type jsonWriter struct {
	vm   *VM
	l    *thread
	o    *jsonOptions
	open []jsonTable
	building
	long string // the rest of a string that is being written
	in   bool   // one is
}

// jsonTable is a table that is being written.
type jsonTable struct {
	_ [0]func() // not compared

	t  *table
	at int // how many elements, or places of the table, are behind
	n  int // the elements of an array; -1 is an object

	val  value // of the key of an object that is being written
	half bool  // there is one
}

func (vm *VM) jsonEncode(l *thread, o *jsonOptions) int {
	if l.count() != 1 {
		argError(l, 1, "expected 1 argument")
	}
	w := vm.jsonWriter
	if w == nil {
		w = &jsonWriter{vm: vm}
	}
	vm.jsonWriter = nil
	w.l, w.o, w.out, w.open, w.in = l, o, w.out[:0], w.open[:0], false
	w.pieces, w.before = nil, 0
	w.value(l.arg(1))
	return l.start(w)
}

func (w *jsonWriter) size() int { return w.building.size() + 64*len(w.open) }

func (w *jsonWriter) step(l *thread) int {
	for {
		if w.vm.spent(elementCharge) {
			return suspended
		}
		w.bound(l)
		if w.in {
			w.text(w.long)
			continue
		}
		n := len(w.open) - 1
		if n < 0 {
			return w.end(l)
		}
		if t := &w.open[n]; t.half {
			t.half = false
			w.fieldValue(t.val)
		} else if t.n < 0 {
			w.field(t)
		} else if t.at == t.n {
			w.out = append(w.out, ']')
			w.open = w.open[:n]
		} else {
			if t.at++; t.at > 1 {
				w.out = append(w.out, ',')
			}
			w.value(t.t.getInt(t.at))
		}
	}
}

// end pushes what was written.
func (w *jsonWriter) end(l *thread) int {
	n := l.pushBuilt(&w.building, value{})
	if cap(w.out) <= scratchMax {
		w.l, w.o = nil, nil
		clear(w.open[:cap(w.open)])
		w.vm.jsonWriter = w
	}
	return n
}

//go:noinline
func (w *jsonWriter) refuse(what, why string) {
	fail(w.l, "Cannot serialise "+what+": "+why)
}

// value writes a value, or the beginning of a table.
func (w *jsonWriter) value(v value) {
	switch v.kind() {
	case kindString:
		w.out = append(w.out, '"')
		w.text(v.o.s)
	case kindNumber:
		w.number(v.n)
	case kindBoolean:
		if v.isTrue() {
			w.out = append(w.out, "true"...)
		} else {
			w.out = append(w.out, "false"...)
		}
	case kindNil:
		w.out = append(w.out, "null"...)
	case kindTable:
		w.table(v.table())
	default:
		if v != w.vm.null {
			w.refuse(v.typeName(), "type not supported")
		}
		w.out = append(w.out, "null"...)
	}
}

func (w *jsonWriter) number(n float64) {
	if i := int64(n); float64(i) == n && i > -1e14 && i < 1e14 && i != 0 && w.o.precision == 14 {
		w.out = strconv.AppendInt(w.out, i, 10)
		return
	}
	if (math.IsNaN(n) || math.IsInf(n, 0)) && w.o.encodeInvalid != 1 {
		if w.o.encodeInvalid == 0 {
			w.refuse("number", "must not be NaN or Inf")
		}
		w.out = append(w.out, "null"...)
		return
	}
	if math.IsNaN(n) {
		n = math.NaN() // written without its sign
	}
	w.out = appendGeneral(w.out, n, w.o.precision)
}

// table begins a table.
func (w *jsonWriter) table(t *table) {
	if depth := len(w.open) + 1; depth > w.o.encodeDepth {
		fail(w.l, "Cannot serialise, excessive nesting ("+itoa(depth)+")")
	}
	if n := w.arrayLength(t); n > 0 {
		w.out = append(w.out, '[')
		w.open = append(w.open, jsonTable{t: t, n: n})
		return
	}
	w.out = append(w.out, '{')
	w.open = append(w.open, jsonTable{t: t, n: -1})
}

// field writes the next field of a table, or its end.
func (w *jsonWriter) field(t *jsonTable) {
	k, v, at := t.t.after(t.at)
	if at == 0 {
		w.out = append(w.out, '}')
		w.open = w.open[:len(w.open)-1]
		return
	}
	if t.at > 0 {
		w.out = append(w.out, ',')
	}
	t.at = at
	switch k.kind() {
	case kindString:
		w.out = append(w.out, '"')
		if w.text(k.o.s); w.in {
			t.val, t.half = v, true
			return
		}
	case kindNumber:
		w.out = append(w.out, '"')
		w.number(k.n)
		w.out = append(w.out, '"')
	default:
		w.refuse(k.typeName(), "table key must be a number or string")
	}
	w.fieldValue(v)
}

func (w *jsonWriter) fieldValue(v value) {
	w.out = append(w.out, ':')
	w.value(v)
}

// arrayLength returns the greatest key when all keys are positive integers and not too far apart;
// 0 or less for what is written as an object.
func (w *jsonWriter) arrayLength(t *table) int {
	most, count := 0, 0
	w.vm.charge((len(t.arr) + len(t.nodes)) / 16)
	if t.bare() {
		return w.sparse(t.filled())
	}
	for k, _, at := t.after(0); at > 0; k, _, at = t.after(at) {
		if !k.isNumber() || k.n < 1 || k.n != math.Floor(k.n) || k.n > math.MaxInt32 {
			return -1
		}
		most = max(most, int(k.n))
		count++
	}
	return w.sparse(most, count)
}

// sparse tells how long an array of so many elements is, the last of which is there.
func (w *jsonWriter) sparse(most, count int) int {
	o := w.o
	if o.sparseRatio > 0 && most > count*o.sparseRatio && most > o.sparseSafe {
		if !o.sparseConvert {
			w.refuse("table", "excessively sparse array")
		}
		return -1
	}
	return most
}

// jsonPlain tells which characters a string is written with as they are.
var jsonPlain = func() (plain [256]bool) {
	for c := range plain {
		plain[c] = c >= ' ' && c != 127 && c != '"' && c != '\\' && c != '/'
	}
	return
}()

// jsonStretch is how much of a string is written between two looks at the slice.
const jsonStretch = 16 << 10

// text writes the rest of a string, or a part of that if it is long.
func (w *jsonWriter) text(s string) {
	part := s[:min(len(s), jsonStretch)]
	w.long, w.in = s[len(part):], len(part) < len(s)
	w.vm.charge(len(part) / 64)
	out, from := w.out, 0
	for i := 0; i < len(part); i++ {
		if c := part[i]; !jsonPlain[c] {
			out = append(out, part[from:i]...)
			out = appendEscaped(out, c)
			from = i + 1
		}
	}
	out = append(out, part[from:]...)
	if !w.in {
		out = append(out, '"')
	}
	w.out = out
}

func appendEscaped(out []byte, c byte) []byte {
	const hexDigits = "0123456789abcdef"
	switch {
	case c == '"' || c == '\\' || c == '/':
		return append(out, '\\', c)
	case c >= 8 && c <= 13 && c != 11:
		return append(out, '\\', "btn?fr"[c-8])
	}
	return append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
