package lua

import (
	"math"

	lua "github.com/yuin/gopher-lua"
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
	vm.null = &lua.LUserData{Metatable: lua.LNil}
	vm.globals.RawSetString("cjson", vm.guard(vm.newCjson()))
}

func (vm *VM) newCjson() *lua.LTable {
	o := &jsonOptions{encodeDepth: 1000, decodeDepth: 1000, precision: 14, sparseRatio: 2,
		sparseSafe: 10, decodeInvalid: true, keepBuffer: true}
	t := vm.l.NewTable()
	for _, e := range []entry{
		{"encode", func(l *lua.LState) int { return vm.jsonEncode(l, o) }},
		{"decode", func(l *lua.LState) int { return vm.jsonDecode(l, o) }},
		{"encode_max_depth", intOption(&o.encodeDepth, math.MaxInt32)},
		{"decode_max_depth", intOption(&o.decodeDepth, math.MaxInt32)},
		{"encode_number_precision", intOption(&o.precision, 14)},
		{"encode_sparse_array", func(l *lua.LState) int { return sparseOption(l, o) }},
		{"encode_keep_buffer", boolOption(&o.keepBuffer)},
		{"decode_invalid_numbers", boolOption(&o.decodeInvalid)},
		{"encode_invalid_numbers", func(l *lua.LState) int { return invalidOption(l, o) }},
		{"new", func(l *lua.LState) int { l.Push(vm.newCjson()); return 1 }},
	} {
		t.RawSetString(e.name, vm.l.NewFunction(e.fn))
	}
	t.RawSetString("null", vm.null)
	t.RawSetString("_NAME", lua.LString("cjson"))
	t.RawSetString("_VERSION", lua.LString("2.1.0"))
	return t
}

func intOption(n *int, most int) lua.LGFunction {
	return func(l *lua.LState) int {
		if l.GetTop() > 1 {
			argError(l, 2, "found too many arguments")
		}
		setIntOption(l, 1, n, 1, most)
		l.Push(lua.LNumber(*n))
		return 1
	}
}

func setIntOption(l *lua.LState, arg int, n *int, least, most int) {
	if l.Get(arg) == lua.LNil {
		return
	}
	v := checkInt(l, arg)
	if v < least || v > most {
		argError(l, arg, "expected integer between "+itoa(least)+" and "+itoa(most))
	}
	*n = v
}

func boolOption(b *bool) lua.LGFunction {
	return func(l *lua.LState) int {
		if v := l.Get(1); v != lua.LNil {
			*b = lua.LVAsBool(v)
		}
		l.Push(lua.LBool(*b))
		return 1
	}
}

func sparseOption(l *lua.LState, o *jsonOptions) int {
	if v := l.Get(1); v != lua.LNil {
		o.sparseConvert = lua.LVAsBool(v)
	}
	setIntOption(l, 2, &o.sparseRatio, 0, math.MaxInt32)
	setIntOption(l, 3, &o.sparseSafe, 0, math.MaxInt32)
	l.Push(lua.LBool(o.sparseConvert))
	l.Push(lua.LNumber(o.sparseRatio))
	l.Push(lua.LNumber(o.sparseSafe))
	return 3
}

func invalidOption(l *lua.LState, o *jsonOptions) int {
	switch v := l.Get(1); {
	case v == lua.LNil:
	case v == lua.LString("null"):
		o.encodeInvalid = 2
	case lua.LVAsBool(v):
		o.encodeInvalid = 1
	default:
		o.encodeInvalid = 0
	}
	if o.encodeInvalid == 2 {
		l.Push(lua.LString("null"))
	} else {
		l.Push(lua.LBool(o.encodeInvalid == 1))
	}
	return 1
}

// jsonWriter writes a value as JSON.
type jsonWriter struct {
	vm  *VM
	l   *lua.LState
	o   *jsonOptions
	out []byte
}

func (vm *VM) jsonEncode(l *lua.LState, o *jsonOptions) int {
	if l.GetTop() != 1 {
		argError(l, 1, "expected 1 argument")
	}
	w := jsonWriter{vm: vm, l: l, o: o}
	w.value(l.Get(1), 0)
	vm.meter.allocated(len(w.out))
	l.Push(lua.LString(w.out))
	return 1
}

func (w *jsonWriter) refuse(what, why string) {
	fail(w.l, "Cannot serialise "+what+": "+why)
}

func (w *jsonWriter) value(v lua.LValue, depth int) {
	w.vm.meter.charge(1)
	switch v := v.(type) {
	case lua.LString:
		w.text(string(v))
	case lua.LNumber:
		w.number(float64(v))
	case lua.LBool:
		if v {
			w.out = append(w.out, "true"...)
		} else {
			w.out = append(w.out, "false"...)
		}
	case *lua.LNilType:
		w.out = append(w.out, "null"...)
	case *lua.LTable:
		w.table(w.vm.behind(v), depth+1)
	default:
		if v != lua.LValue(w.vm.null) {
			w.refuse(typeName(v), "type not supported")
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

func (w *jsonWriter) table(t *lua.LTable, depth int) {
	if depth > w.o.encodeDepth {
		fail(w.l, "Cannot serialise, excessive nesting ("+itoa(depth)+")")
	}
	if n := w.arrayLength(t); n > 0 {
		w.out = append(w.out, '[')
		for i := 1; i <= n; i++ {
			if i > 1 {
				w.out = append(w.out, ',')
			}
			w.value(t.RawGetInt(i), depth)
		}
		w.out = append(w.out, ']')
		return
	}
	w.out = append(w.out, '{')
	first := true
	each(t, func(k, v lua.LValue) {
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		switch k := k.(type) {
		case lua.LString:
			w.text(string(k))
		case lua.LNumber:
			w.out = append(w.out, '"')
			w.number(float64(k))
			w.out = append(w.out, '"')
		default:
			w.refuse(typeName(k), "table key must be a number or string")
		}
		w.out = append(w.out, ':')
		w.value(v, depth)
	})
	w.out = append(w.out, '}')
}

// arrayLength returns the greatest key when all keys are positive integers and not too far apart;
// 0 or less for what is written as an object.
func (w *jsonWriter) arrayLength(t *lua.LTable) int {
	most, count := 0, 0
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		n, ok := k.(lua.LNumber)
		if !ok || n < 1 || n != lua.LNumber(math.Floor(float64(n))) || n > math.MaxInt32 {
			return -1
		}
		most = max(most, int(n))
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
