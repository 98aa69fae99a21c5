package lua

import (
	"encoding/binary"
	"math"
)

// openCmsgpack makes the table cmsgpack.
func (vm *VM) openCmsgpack() {
	t := vm.library("cmsgpack", []entry{
		{"pack", vm.msgpack},
		{"unpack", func(l *thread) int { return vm.msgunpack(l, 0, 0, true) }},
		{"unpack_one", func(l *thread) int {
			return vm.msgunpack(l, 1, optInt(l, 2, 0), false)
		}},
		{"unpack_limit", func(l *thread) int {
			return vm.msgunpack(l, checkInt(l, 2), optInt(l, 3, 0), false)
		}},
	})
	for _, c := range [][2]string{
		{"_NAME", "cmsgpack"}, {"_VERSION", "lua-cmsgpack 0.4.0"},
		{"_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo"},
		{"_DESCRIPTION", "MessagePack C implementation for Lua"},
	} {
		t.setField(vm, c[0], constant(c[1]))
	}
}

// Bounds on nesting: what is packed ends there as nil, what is unpacked is refused.
const (
	packDepthMax   = 16
	unpackDepthMax = 1000
)

func (vm *VM) msgpack(l *thread) int {
	if l.count() == 0 {
		argError(l, 0, "MessagePack pack needs input.")
	}
	var out []byte
	for i := 1; i <= l.count(); i++ {
		out = vm.packValue(l, out, l.arg(i), 0)
	}
	vm.allocated(len(out))
	l.pushBytes(out)
	return 1
}

func (vm *VM) packValue(l *thread, out []byte, v value, depth int) []byte {
	vm.work(1)
	if len(out) > StringMax {
		fail(l, "not enough memory")
	}
	switch v.kind() {
	case kindString:
		out = packHead(out, len(v.o.s), 0xa0, 32, 0xd9, 0xda)
		return append(out, v.o.s...)
	case kindNumber:
		return packNumber(out, v.n)
	case kindBoolean:
		if v.isTrue() {
			return append(out, 0xc3)
		}
		return append(out, 0xc2)
	case kindTable:
		if depth < packDepthMax {
			return vm.packTable(l, out, v.table(), depth+1)
		}
	}
	return append(out, 0xc0)
}

// packHead writes a length: in the byte fix itself below few, behind one8 (0: there is none) in 8
// bits, or behind one16 and its successor in 16 and 32.
func packHead(out []byte, n int, fix byte, few int, one8, one16 byte) []byte {
	switch {
	case n < few:
		return append(out, fix|byte(n))
	case n <= math.MaxUint8 && one8 != 0:
		return append(out, one8, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(out, one16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(out, one16+1), uint32(n))
}

func packNumber(out []byte, n float64) []byte {
	if n != math.Floor(n) || n < -(1<<63) || n >= 1<<63 {
		if float64(float32(n)) == n {
			return binary.BigEndian.AppendUint32(append(out, 0xca), math.Float32bits(float32(n)))
		}
		return binary.BigEndian.AppendUint64(append(out, 0xcb), math.Float64bits(n))
	}
	i := int64(n)
	switch {
	case i >= -32 && i <= 127:
		return append(out, byte(i))
	case i >= 0 && i <= math.MaxUint8:
		return append(out, 0xcc, byte(i))
	case i >= 0 && i <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(out, 0xcd), uint16(i))
	case i >= 0 && i <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(out, 0xce), uint32(i))
	case i >= 0:
		return binary.BigEndian.AppendUint64(append(out, 0xcf), uint64(i))
	case i >= math.MinInt8:
		return append(out, 0xd0, byte(i))
	case i >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(out, 0xd1), uint16(i))
	case i >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(out, 0xd2), uint32(i))
	}
	return binary.BigEndian.AppendUint64(append(out, 0xd3), uint64(i))
}

func (vm *VM) packTable(l *thread, out []byte, t *table, depth int) []byte {
	count, most, array := 0, 0, true
	t.each(func(k, _ value) {
		count++
		if !k.isNumber() || k.n < 1 || k.n != math.Floor(k.n) {
			array = false
			return
		}
		most = max(most, int(min(k.n, math.MaxInt32)))
	})
	if array && most == count {
		out = packHead(out, count, 0x90, 16, 0, 0xdc)
		for i := 1; i <= count; i++ {
			out = vm.packValue(l, out, t.getInt(i), depth)
		}
		return out
	}
	out = packHead(out, count, 0x80, 16, 0, 0xde)
	t.each(func(k, v value) {
		out = vm.packValue(l, out, k, depth)
		out = vm.packValue(l, out, v, depth)
	})
	return out
}

// msgunpack unpacks up to limit values, 0 being no limit, from an offset on. Unless all is set,
// the offset of what follows comes first, -1 at the end.
func (vm *VM) msgunpack(l *thread, limit, offset int, all bool) int {
	s := checkString(l, 1)
	switch {
	case offset < 0 || limit < 0:
		fail(l, "Invalid request to unpack with offset of "+itoa(offset)+
			" and limit of "+itoa(len(s))+".")
	case offset > len(s):
		fail(l, "Start offset "+itoa(offset)+" greater than input length "+
			itoa(len(s))+".")
	}
	everything := limit == 0
	r := msgReader{vm: vm, l: l, in: s, at: offset}
	var values []value
	for r.at < len(s) && (everything || len(values) < limit) {
		values = append(values, r.value(0))
		if len(values) >= resultsMax-l.count() {
			fail(l, "too many results to unpack")
		}
	}
	n := len(values)
	if !everything && !all {
		n++
		if r.at < len(s) {
			l.pushInt(r.at)
		} else {
			l.pushInt(-1)
		}
	}
	for _, v := range values {
		l.push(v)
	}
	return n
}

// msgReader makes Lua values of MessagePack.
type msgReader struct {
	vm *VM
	l  *thread
	in string
	at int
}

// take returns the next n bytes.
func (r *msgReader) take(n int) string {
	if n > len(r.in)-r.at {
		fail(r.l, "Missing bytes in input.")
	}
	r.at += n
	return r.in[r.at-n : r.at]
}

// uint reads a big-endian number of n bytes.
func (r *msgReader) uint(n int) (v uint64) {
	for _, c := range []byte(r.take(n)) {
		v = v<<8 | uint64(c)
	}
	return v
}

// size reads how many bytes or elements follow; more than an int can hold are never there.
func (r *msgReader) size(n int) int { return int(min(r.uint(n), math.MaxInt)) }

func (r *msgReader) value(depth int) value {
	r.vm.work(1)
	if depth > unpackDepthMax {
		fail(r.l, "stack overflow (in function mp_decode_to_lua_type)")
	}
	c := r.take(1)[0]
	switch {
	case c < 0x80:
		return number(float64(c))
	case c < 0x90:
		return r.mapping(int(c&15), depth+1)
	case c < 0xa0:
		return r.array(int(c&15), depth+1)
	case c < 0xc0:
		return r.vm.part(r.in, r.take(int(c&31)))
	case c >= 0xe0:
		return number(float64(int8(c)))
	case c >= 0xcc && c <= 0xcf:
		return number(float64(r.uint(1 << (c - 0xcc))))
	case c >= 0xd0 && c <= 0xd3:
		bits := 8 << (c - 0xd0)
		v := int64(r.uint(bits/8)) << (64 - bits) >> (64 - bits)
		return number(float64(v))
	case c >= 0xd9 && c <= 0xdb:
		return r.vm.part(r.in, r.take(r.size(1<<(c-0xd9))))
	}
	switch c {
	case 0xc0:
		return nilValue
	case 0xc2, 0xc3:
		return boolean(c == 0xc3)
	case 0xca:
		return number(float64(math.Float32frombits(uint32(r.uint(4)))))
	case 0xcb:
		return number(math.Float64frombits(r.uint(8)))
	case 0xdc, 0xdd:
		return r.array(r.size(2<<(c-0xdc)), depth+1)
	case 0xde, 0xdf:
		return r.mapping(r.size(2<<(c-0xde)), depth+1)
	}
	fail(r.l, "Bad data format in input.")
	return nilValue
}

func (r *msgReader) array(n, depth int) value {
	t := r.vm.newTable(min(n, len(r.in)-r.at), 0)
	for i := 1; i <= n; i++ {
		t.setInt(r.vm, i, r.value(depth))
	}
	return t.value()
}

func (r *msgReader) mapping(n, depth int) value {
	t := r.vm.newTable(0, min(n, len(r.in)-r.at))
	for range n {
		k := r.value(depth)
		v := r.value(depth)
		r.vm.checkKey(k)
		t.set(r.vm, k, v)
	}
	return t.value()
}
