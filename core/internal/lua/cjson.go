package lua

import (
	"math"
	"slices"
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
	vm.globals.setField(vm, "cjson", vm.newCjson().value())
}

func (vm *VM) newCjson() *table {
	o := &jsonOptions{encodeDepth: 1000, decodeDepth: 1000, precision: 14, sparseRatio: 2,
		sparseSafe: 10, decodeInvalid: true, keepBuffer: true}
	t := vm.newTable(0, 0)
	for _, e := range []entry{
		{"encode", func(l *thread) int { return vm.jsonEncode(l, o) }},
		{"decode", func(l *thread) int { return vm.jsonDecode(l, o) }},
		{"encode_max_depth", intOption(&o.encodeDepth, math.MaxInt32)},
		{"decode_max_depth", intOption(&o.decodeDepth, math.MaxInt32)},
		{"encode_number_precision", intOption(&o.precision, 14)},
		{"encode_sparse_array", func(l *thread) int { return sparseOption(l, o) }},
		{"encode_keep_buffer", boolOption(&o.keepBuffer)},
		{"decode_invalid_numbers", boolOption(&o.decodeInvalid)},
		{"encode_invalid_numbers", func(l *thread) int { return invalidOption(l, o) }},
		{"new", func(l *thread) int { l.push(vm.newCjson().value()); return 1 }},
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
		argError(l, arg, "expected integer between "+itoa(least)+" and "+itoa(most))
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
		argError(l, arg, "invalid option '"+s+"'")
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

// jsonWriter writes a value as JSON.
type jsonWriter struct {
	vm  *VM
	l   *thread
	o   *jsonOptions
	out []byte
}

func (vm *VM) jsonEncode(l *thread, o *jsonOptions) int {
	if l.count() != 1 {
		argError(l, 1, "expected 1 argument")
	}
	w := jsonWriter{vm: vm, l: l, o: o}
	w.value(l.arg(1), 0)
	vm.allocated(len(w.out))
	l.pushBytes(w.out)
	return 1
}

func (w *jsonWriter) refuse(what, why string) {
	fail(w.l, "Cannot serialise "+what+": "+why)
}

func (w *jsonWriter) value(v value, depth int) {
	w.vm.work(1)
	switch v.kind() {
	case kindString:
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
		w.table(v.table(), depth+1)
	default:
		if v != w.vm.null {
			w.refuse(v.typeName(), "type not supported")
		}
		w.out = append(w.out, "null"...)
	}
	if len(w.out) > StringMax {
		fail(w.l, "not enough memory")
	}
}

func (w *jsonWriter) number(n float64) {
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

func (w *jsonWriter) table(t *table, depth int) {
	if depth > w.o.encodeDepth {
		fail(w.l, "Cannot serialise, excessive nesting ("+itoa(depth)+")")
	}
	if n := w.arrayLength(t); n > 0 {
		w.out = append(w.out, '[')
		for i := 1; i <= n; i++ {
			if i > 1 {
				w.out = append(w.out, ',')
			}
			w.value(t.getInt(i), depth)
		}
		w.out = append(w.out, ']')
		return
	}
	w.out = append(w.out, '{')
	first := true
	t.each(func(k, v value) {
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		switch k.kind() {
		case kindString:
			w.text(k.o.s)
		case kindNumber:
			w.out = append(w.out, '"')
			w.number(k.n)
			w.out = append(w.out, '"')
		default:
			w.refuse(k.typeName(), "table key must be a number or string")
		}
		w.out = append(w.out, ':')
		w.value(v, depth)
	})
	w.out = append(w.out, '}')
}

// arrayLength returns the greatest key when all keys are positive integers and not too far apart;
// 0 or less for what is written as an object.
func (w *jsonWriter) arrayLength(t *table) int {
	most, count := 0, 0
	for k, _, at := t.after(0); at > 0; k, _, at = t.after(at) {
		if !k.isNumber() || k.n < 1 || k.n != math.Floor(k.n) || k.n > math.MaxInt32 {
			return -1
		}
		most = max(most, int(k.n))
		count++
	}
	o := w.o
	if o.sparseRatio > 0 && most > count*o.sparseRatio && most > o.sparseSafe {
		if !o.sparseConvert {
			w.refuse("table", "excessively sparse array")
		}
		return -1
	}
	return most
}

func (w *jsonWriter) text(s string) {
	const hexDigits = "0123456789abcdef"
	w.out = append(w.out, '"')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '"' || c == '\\' || c == '/':
			w.out = append(w.out, '\\', c)
		case c >= ' ' && c != 127:
			w.out = append(w.out, c)
		case c >= 8 && c <= 13 && c != 11:
			w.out = append(w.out, '\\', "btn?fr"[c-8])
		default:
			w.out = append(w.out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	w.out = append(w.out, '"')
}
