package lua

import (
	"math"
	"strings"
)

// openStruct makes the table struct.
func (vm *VM) openStruct() {
	vm.library("struct", []entry{
		{"pack", vm.structPack}, {"unpack", vm.structUnpack}, {"size", structSize},
	})
}

// layout reads a format of the struct library, option by option.
type layout struct {
	_ [0]func() // not compared

	l     *thread
	in    string
	at    int
	big   bool
	align int
	sizes bool // struct.size asks: letters and digits that mean nothing have none
}

// sizeMax bounds the size of an integer in bytes.
const sizeMax = 32

// option is a part of a format that stands for data.
type option struct {
	kind byte
	size int
	pad  int // bytes before it
}

// next returns the next option, placed behind total bytes; false at the end. The kind of one that
// stands for no data is a blank.
func (f *layout) next(total int64) (o option, ok bool) {
	if f.at == len(f.in) {
		return option{}, false
	}
	c := f.in[f.at]
	f.at++
	switch c {
	case ' ':
		return option{kind: ' '}, true
	case '<', '>':
		f.big = c == '>'
		return option{kind: ' '}, true
	case '!':
		f.align = f.number(8)
		if f.align&(f.align-1) != 0 || f.align == 0 {
			fail(f.l, "alignment "+itoa(f.align)+" is not a power of 2")
		}
		return option{kind: ' '}, true
	}
	o.kind, o.size = c, f.size(c)
	if size := min(o.size, f.align); size > 1 && c != 'c' {
		o.pad = (size - int(total)&(size-1)) & (size - 1)
	}
	return o, true
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
	if f.sizes && isNameByte(c) && c != '_' {
		return 0
	}
	argError(f.l, 1, "invalid format option '"+f.in[f.at-1:f.at]+"'")
	return 0
}

func newLayout(l *thread) layout {
	return layout{l: l, in: cString(checkString(l, 1)), align: 1}
}

// packArgument checks an argument of pack; the first that is missing counts as nil.
func packArgument[T any](l *thread, arg int, want string, get func(value) (T, bool)) T {
	v, ok := get(l.arg(arg))
	if !ok {
		argError(l, arg, want+" expected, got "+l.arg(arg).typeName())
	}
	return v
}

func (vm *VM) structPack(l *thread) int {
	f := newLayout(l)
	var b building
	arg := 2
	return l.repeat(2, 0, func() int {
		o, ok := f.next(int64(b.size()))
		if !ok {
			return l.pushBuilt(&b, value{})
		}
		for range o.pad {
			b.out = append(b.out, 0)
		}
		switch o.kind {
		case ' ':
			return unfinished
		case 'x':
			b.out = append(b.out, 0)
			return unfinished
		case 's', 'c':
			s := packArgument(l, arg, "string", text)
			size := o.size
			if size == 0 {
				size = len(s)
			}
			if len(s) < size {
				argError(l, arg+1, "string too short")
			}
			if b.add(s[:size]); o.kind == 's' {
				b.out = append(b.out, 0)
			}
		default:
			b.out = f.put(b.out, o, packArgument(l, arg, "number", vm.toNumber))
		}
		arg++
		b.bound(l)
		return unfinished
	})
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
		bits = unsigned(n)
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

func (vm *VM) structUnpack(l *thread) int {
	f := newLayout(l)
	data := checkString(l, 2)
	from := int64(1)
	if !l.arg(3).isNil() {
		from = checkLong(l, 3)
	}
	switch {
	case from == 0:
		argError(l, 3, "offset must be 1 or greater")
	case f.in == "":
		l.pushNumber(float64(from))
		return 1
	case from < 0 || from > int64(len(data))+1:
		argError(l, 2, "data string too short")
	}
	at, base, count := int(from)-1, l.top, l.count()
	return l.repeat(2, 0, func() int {
		o, ok := f.next(int64(at))
		switch {
		case !ok:
			l.pushInt(at + 1)
			return l.top - base
		case l.top-base+count+2 > resultsMax:
			fail(l, "stack overflow (too many results)")
		case o.kind == ' ':
			return unfinished
		}
		at += o.pad
		size := o.size
		if o.kind == 'c' && size == 0 {
			if l.top == base || !l.stack[l.top-1].isNumber() {
				fail(l, "format 'c0' needs a previous size")
			}
			size = int(min(unsigned(l.pop().n), math.MaxInt32))
		}
		if size < 0 || size > len(data) || at > len(data)-size {
			argError(l, 2, "data string too short")
		}
		if o.kind == 's' {
			size = stringEnd(l, data[at:])
		}
		switch o.kind {
		case 'x':
		case 's', 'c':
			l.push(vm.part(data, data[at:at+size]))
		default:
			l.push(f.get(o.kind, data[at:at+size]))
		}
		if at += size; o.kind == 's' {
			at++
		}
		return unfinished
	})
}

// stringEnd finds the zero byte that ends a string.
func stringEnd(l *thread, s string) int {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return i
	}
	fail(l, "unfinished string in data")
	return 0
}

// get makes a number of its bytes.
func (f *layout) get(kind byte, s string) value {
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
		return number(math.Float64frombits(bits))
	case 'f':
		return number(float64(math.Float32frombits(uint32(bits))))
	case 'B', 'H', 'L', 'T', 'I':
		return number(float64(bits))
	}
	if n := len(s); n > 0 { // the sign of one that is longer is looked for as a processor shifts
		if mask := ^uint64(0) << ((8*n - 1) % 64); bits&mask != 0 {
			bits |= mask
		}
	}
	return number(float64(int64(bits)))
}

func structSize(l *thread) int {
	f := newLayout(l)
	f.sizes = true
	total := int64(0)
	return l.repeat(2, 0, func() int {
		o, ok := f.next(total)
		switch {
		case !ok:
			l.pushNumber(float64(total))
			return 1
		case o.kind == 's':
			argError(l, 1, "option 's' has no fixed size")
		case o.kind == 'c' && o.size == 0:
			argError(l, 1, "option 'c0' has no fixed size")
		}
		total += int64(o.pad) + int64(o.size)
		return unfinished
	})
}
