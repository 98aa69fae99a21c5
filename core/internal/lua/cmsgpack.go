package lua

import (
	"encoding/binary"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// openCmsgpack makes the table cmsgpack.
func (vm *VM) openCmsgpack() {
	t := vm.library("cmsgpack", []entry{
		{"pack", vm.msgpack},
		{"unpack", func(l *lua.LState) int { return vm.msgunpack(l, 0, 0, true) }},
		{"unpack_one", func(l *lua.LState) int {
			return vm.msgunpack(l, 1, optInt(l, 2, 0), false)
		}},
		{"unpack_limit", func(l *lua.LState) int {
			return vm.msgunpack(l, checkInt(l, 2), optInt(l, 3, 0), false)
		}},
	})
	for _, c := range [][2]string{
		{"_NAME", "cmsgpack"}, {"_VERSION", "lua-cmsgpack 0.4.0"},
		{"_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo"},
		{"_DESCRIPTION", "MessagePack C implementation for Lua"},
	} {
		t.RawSetString(c[0], lua.LString(c[1]))
	}
}

// Bounds on nesting: what is packed ends there as nil, what is unpacked is refused.
const (
	packDepthMax   = 16
	unpackDepthMax = 1000
)

func (vm *VM) msgpack(l *lua.LState) int {
	if l.GetTop() == 0 {
		argError(l, 0, "MessagePack pack needs input.")
	}
	var out []byte
	for i := 1; i <= l.GetTop(); i++ {
		out = vm.packValue(l, out, l.Get(i), 0)
	}
	vm.meter.allocated(len(out))
	l.Push(lua.LString(out))
	return 1
}

func (vm *VM) packValue(l *lua.LState, out []byte, v lua.LValue, depth int) []byte {
	vm.meter.charge(1)
	if len(out) > StringMax {
		fail(l, "not enough memory")
	}
	switch v := v.(type) {
	case lua.LString:
		out = packHead(out, len(v), 0xa0, 32, 0xd9, 0xda)
		return append(out, v...)
	case lua.LNumber:
		return packNumber(out, float64(v))
	case lua.LBool:
		if v {
			return append(out, 0xc3)
		}
		return append(out, 0xc2)
	case *lua.LTable:
		if depth < packDepthMax {
			return vm.packTable(l, out, vm.behind(v), depth+1)
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

func (vm *VM) packTable(l *lua.LState, out []byte, t *lua.LTable, depth int) []byte {
	count, most, array := 0, 0, true
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		count++
		n, ok := k.(lua.LNumber)
		if !ok || n < 1 || n != lua.LNumber(math.Floor(float64(n))) {
			array = false
			continue
		}
		most = max(most, int(min(n, math.MaxInt32)))
	}
	if array && most == count {
		out = packHead(out, count, 0x90, 16, 0, 0xdc)
		for i := 1; i <= count; i++ {
			out = vm.packValue(l, out, t.RawGetInt(i), depth)
		}
		return out
	}
	out = packHead(out, count, 0x80, 16, 0, 0xde)
	each(t, func(k, v lua.LValue) {
		out = vm.packValue(l, out, k, depth)
		out = vm.packValue(l, out, v, depth)
	})
	return out
}

// msgunpack unpacks up to limit values, 0 being no limit, from an offset on. Unless all is set,
// the offset of what follows comes first, -1 at the end.
func (vm *VM) msgunpack(l *lua.LState, limit, offset int, all bool) int {
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
	var values []lua.LValue
	for r.at < len(s) && (everything || len(values) < limit) {
		values = append(values, r.value(0))
		if len(values) >= unpackMax {
			fail(l, "too many results to unpack")
		}
	}
	n := len(values)
	if !everything && !all {
		n++
		if r.at < len(s) {
			l.Push(lua.LNumber(r.at))
		} else {
			l.Push(lua.LNumber(-1))
		}
	}
	for _, v := range values {
		l.Push(v)
	}
	return n
}

// msgReader makes Lua values of MessagePack.
type msgReader struct {
	vm *VM
	l  *lua.LState
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

func (r *msgReader) value(depth int) lua.LValue {
	r.vm.meter.charge(1)
	if depth > unpackDepthMax {
		fail(r.l, "stack overflow (in function mp_decode_to_lua_type)")
	}
	c := r.take(1)[0]
	switch {
	case c < 0x80:
		return lua.LNumber(c)
	case c < 0x90:
		return r.mapping(int(c&15), depth+1)
	case c < 0xa0:
		return r.array(int(c&15), depth+1)
	case c < 0xc0:
		return lua.LString(r.take(int(c & 31)))
	case c >= 0xe0:
		return lua.LNumber(int8(c))
	case c >= 0xcc && c <= 0xcf:
		return lua.LNumber(r.uint(1 << (c - 0xcc)))
	case c >= 0xd0 && c <= 0xd3:
		bits := 8 << (c - 0xd0)
		v := int64(r.uint(bits/8)) << (64 - bits) >> (64 - bits)
		return lua.LNumber(v)
	case c >= 0xd9 && c <= 0xdb:
		return lua.LString(r.take(r.size(1 << (c - 0xd9))))
	}
	switch c {
	case 0xc0:
		return lua.LNil
	case 0xc2, 0xc3:
		return lua.LBool(c == 0xc3)
	case 0xca:
		return lua.LNumber(math.Float32frombits(uint32(r.uint(4))))
	case 0xcb:
		return lua.LNumber(math.Float64frombits(r.uint(8)))
	case 0xdc, 0xdd:
		return r.array(r.size(2<<(c-0xdc)), depth+1)
	case 0xde, 0xdf:
		return r.mapping(r.size(2<<(c-0xde)), depth+1)
	}
	fail(r.l, "Bad data format in input.")
	return nil
}

func (r *msgReader) array(n, depth int) lua.LValue {
	t := r.l.CreateTable(min(n, len(r.in)-r.at), 0)
	for i := 1; i <= n; i++ {
		t.RawSetInt(i, r.value(depth))
	}
	return t
}

func (r *msgReader) mapping(n, depth int) lua.LValue {
	t := r.l.CreateTable(0, min(n, len(r.in)-r.at))
	for range n {
		k := r.value(depth)
		v := r.value(depth)
		if k == lua.LNil {
			fail(r.l, "table index is nil")
		}
		if f, ok := k.(lua.LNumber); ok && f != f {
			fail(r.l, "table index is NaN")
		}
		t.RawSet(k, v)
	}
	return t
}
