package lua

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// openStruct makes the table struct.
func (vm *VM) openStruct() {
	vm.library("struct", []entry{
		{"pack", vm.structPack}, {"unpack", vm.structUnpack}, {"size", structSize},
	})
}

// layout reads a format of the struct library, option by option.
type layout struct {
	l     *lua.LState
	in    string
	at    int
	big   bool
	align int
}

// sizeMax bounds the size of an integer in bytes.
const sizeMax = 32

// option is a part of a format that stands for data.
type option struct {
	kind byte
	size int
	pad  int // bytes before it
}

// next returns the next option that stands for data, placed behind total bytes; false at the end.
func (f *layout) next(total int64) (o option, ok bool) {
	for f.at < len(f.in) {
		c := f.in[f.at]
		f.at++
		switch c {
		case ' ':
			continue
		case '<', '>':
			f.big = c == '>'
			continue
		case '!':
			f.align = f.number(8)
			if f.align&(f.align-1) != 0 || f.align == 0 {
				fail(f.l, "alignment "+itoa(f.align)+" is not a power of 2")
			}
			continue
		}
		o.kind, o.size = c, f.size(c)
		if size := min(o.size, f.align); size > 1 && c != 'c' {
			o.pad = (size - int(total)&(size-1)) & (size - 1)
		}
		return o, true
	}
	return option{}, false
}

// number reads the digits that follow an option.
func (f *layout) number(otherwise int) int {
	if f.at == len(f.in) || !isDigit(f.in[f.at]) {
		return otherwise
	}
	n := 0
	for f.at < len(f.in) && isDigit(f.in[f.at]) {
		d := int(f.in[f.at] - '0')
		if n > (math.MaxInt32-d)/10 {
			fail(f.l, "integral size overflow")
		}
		n = n*10 + d
		f.at++
	}
	return n
}

func (f *layout) size(c byte) int {
	switch c {
	case 'b', 'B', 'x':
		return 1
	case 'h', 'H':
		return 2
	case 'f':
		return 4
	case 'l', 'L', 'T', 'd':
		return 8
	case 's':
		return 0
	case 'c':
		return f.number(1)
	case 'i', 'I':
		n := f.number(4)
		if n > sizeMax {
			fail(f.l, "integral size "+itoa(n)+" is larger than limit of "+
				itoa(sizeMax))
		}
		return n
	}
	argError(f.l, 1, "invalid format option '"+string(rune(c))+"'")
	return 0
}

func newLayout(l *lua.LState) layout {
	return layout{l: l, in: checkString(l, 1), align: 1}
}

// packArgument checks an argument of pack; the first that is missing counts as nil.
func packArgument[T any](l *lua.LState, arg int, want string, get func(lua.LValue) (T, bool)) T {
	v, ok := get(l.Get(arg))
	if !ok {
		argError(l, arg, want+" expected, got "+typeName(l.Get(arg)))
	}
	return v
}

func (vm *VM) structPack(l *lua.LState) int {
	f := newLayout(l)
	var out []byte
	arg := 2
	for {
		o, ok := f.next(int64(len(out)))
		if !ok {
			break
		}
		for range o.pad {
			out = append(out, 0)
		}
		switch o.kind {
		case 'x':
			out = append(out, 0)
			continue
		case 's', 'c':
			s := packArgument(l, arg, "string", text)
			size := o.size
			if size == 0 {
				size = len(s)
			}
			if len(s) < size {
				argError(l, arg+1, "string too short")
			}
			vm.meter.allocated(size)
			out = append(out, s[:size]...)
			if o.kind == 's' {
				out = append(out, 0)
			}
		default:
			out = f.put(out, o, packArgument(l, arg, "number", number))
		}
		arg++
	}
	l.Push(lua.LString(out))
	return 1
}

// put appends a number.
func (f *layout) put(out []byte, o option, n float64) []byte {
	var bits uint64
	switch o.kind {
	case 'd':
		bits = math.Float64bits(n)
	case 'f':
		bits = uint64(math.Float32bits(float32(n)))
	default:
		if n < 0 {
			bits = uint64(toInteger(n))
		} else if n >= 1<<63 && n < 1<<64 {
			bits = uint64(n-1<<63) | 1<<63
		} else {
			bits = uint64(toInteger(n))
		}
	}
	at := len(out)
	for range o.size {
		out = append(out, 0)
	}
	for i := range o.size {
		place := at + i
		if f.big {
			place = at + o.size - 1 - i
		}
		out[place] = byte(bits)
		bits >>= 8
	}
	return out
}

func (vm *VM) structUnpack(l *lua.LState) int {
	f := newLayout(l)
	data := checkString(l, 2)
	at := optInt(l, 3, 1) - 1
	if at < 0 || at > len(data) {
		argError(l, 2, "data string too short")
	}
	var values []lua.LValue
	for {
		o, ok := f.next(int64(at))
		if !ok {
			break
		}
		at += o.pad
		size := o.size
		if o.kind == 'c' && size == 0 {
			n := len(values) - 1
			var isNumber bool
			if n >= 0 {
				_, isNumber = values[n].(lua.LNumber)
			}
			if !isNumber {
				fail(l, "format 'c0' needs a previous size")
			}
			size = clampInt(toInteger(float64(values[n].(lua.LNumber))))
			values = values[:n]
		}
		if size < 0 || size > len(data) || at > len(data)-size {
			argError(l, 2, "data string too short")
		}
		if o.kind == 's' {
			size = stringEnd(l, data[at:])
		}
		if v := f.get(o.kind, data[at:at+size]); v != nil {
			values = append(values, v)
		}
		if at += size; o.kind == 's' {
			at++
		}
		if len(values) >= unpackMax {
			fail(l, "too many results to unpack")
		}
	}
	for _, v := range values {
		l.Push(v)
	}
	l.Push(lua.LNumber(at + 1))
	return len(values) + 1
}

// stringEnd finds the zero byte that ends a string.
func stringEnd(l *lua.LState, s string) int {
	for i := range len(s) {
		if s[i] == 0 {
			return i
		}
	}
	fail(l, "unfinished string in data")
	return 0
}

// get makes a value of its bytes; nil is padding.
func (f *layout) get(kind byte, s string) lua.LValue {
	switch kind {
	case 'x':
		return nil
	case 's', 'c':
		return lua.LString(s)
	}
	var bits uint64
	for i := range len(s) {
		if f.big {
			bits = bits<<8 | uint64(s[i])
		} else {
			bits = bits<<8 | uint64(s[len(s)-1-i])
		}
	}
	switch kind {
	case 'd':
		return lua.LNumber(math.Float64frombits(bits))
	case 'f':
		return lua.LNumber(math.Float32frombits(uint32(bits)))
	case 'B', 'H', 'L', 'T', 'I':
		return lua.LNumber(bits)
	}
	if n := len(s); n > 0 && n < 8 {
		shift := 64 - 8*n
		return lua.LNumber(int64(bits<<shift) >> shift)
	}
	return lua.LNumber(int64(bits))
}

func structSize(l *lua.LState) int {
	f := newLayout(l)
	total := int64(0)
	for {
		o, ok := f.next(total)
		if !ok {
			break
		}
		switch {
		case o.kind == 's':
			argError(l, 1, "option 's' has no fixed size")
		case o.kind == 'c' && o.size == 0:
			argError(l, 1, "option 'c0' has no fixed size")
		}
		total += int64(o.pad) + int64(o.size)
	}
	l.Push(lua.LNumber(total))
	return 1
}
