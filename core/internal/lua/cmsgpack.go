package lua

import (
	"encoding/binary"
	"math"
)

// openCmsgpack makes the table cmsgpack.
func (vm *VM) openCmsgpack() {
	t := vm.library("cmsgpack", []entry{
		{"pack", vm.msgpack},
		{"unpack", func(l *thread) int { return vm.msgunpack(l, 0, 0) }},
		{"unpack_one", func(l *thread) int {
			return vm.msgunpack(l, 1, optLong(l, 2))
		}},
		{"unpack_limit", func(l *thread) int {
			return vm.msgunpack(l, checkLong(l, 2), optLong(l, 3))
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

// packDepthMax bounds nesting: what is packed ends there as nil.
const packDepthMax = 16

// packer is cmsgpack.pack.
type packer struct {
	vm   *VM
	arg  int // the next argument
	open []packTable
	building
}

// packTable is a table that is being packed.
type packTable struct {
	_ [0]func() // not compared

	t  *table
	at int // how many elements, or places of the table, are behind
	n  int // the elements of an array; -1 is a map

	val  value // of the key of a map that has just been packed
	half bool  // there is one
}

func (vm *VM) msgpack(l *thread) int {
	if l.count() == 0 {
		argError(l, 0, "MessagePack pack needs input.")
	}
	if l.count() > resultsMax/2 {
		argError(l, 0, "Too many arguments for MessagePack pack.")
	}
	return l.start(&packer{vm: vm})
}

func (p *packer) size() int { return p.building.size() + 32*len(p.open) }

func (p *packer) step(l *thread) int {
	for {
		if p.vm.spent(elementCharge) {
			return suspended
		}
		p.bound(l)
		n := len(p.open) - 1
		if n < 0 {
			if p.arg++; p.arg > l.count() {
				break
			}
			p.value(l.arg(p.arg))
			continue
		}
		switch t := &p.open[n]; {
		case t.half:
			t.half = false
			p.value(t.val)
		case t.n >= 0 && t.at == t.n:
			p.open = p.open[:n]
		case t.n >= 0:
			t.at++
			p.value(t.t.getInt(t.at))
		default:
			k, v, at := t.t.after(t.at)
			if at == 0 {
				p.open = p.open[:n]
				continue
			}
			t.at, t.val, t.half = at, v, true
			p.value(k)
		}
	}
	return l.pushBuilt(&p.building, value{})
}

func (p *packer) value(v value) {
	switch v.kind() {
	case kindString:
		p.out = packHead(p.out, len(v.o.s), 0xa0, 32, 0xd9, 0xda)
		p.add(v.o.s)
		return
	case kindNumber:
		p.out = packNumber(p.out, v.n)
		return
	case kindBoolean:
		p.out = append(p.out, 0xc2+byte(v.o.hash))
		return
	case kindTable:
		if len(p.open) < packDepthMax {
			p.table(v.table())
			return
		}
	}
	p.out = append(p.out, 0xc0)
}

// packHead writes a length: in the byte fix itself below few, behind one8 (0: there is none) in 8
// bits, or behind one16 and its successor in 16 and 32.
//
//go:noinline
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

// table begins to pack a table.
func (p *packer) table(t *table) {
	count, most, array := 0, 0, true
	p.vm.charge((len(t.arr) + len(t.nodes)) / 16)
	for k, _, at := t.after(0); at > 0; k, _, at = t.after(at) {
		count++
		if !k.isNumber() || k.n < 1 || k.n != math.Floor(k.n) {
			array = false
		} else {
			most = max(most, int(min(k.n, math.MaxInt32)))
		}
	}
	if array && most == count {
		p.out = packHead(p.out, count, 0x90, 16, 0, 0xdc)
		p.open = append(p.open, packTable{t: t, n: count})
		return
	}
	p.out = packHead(p.out, count, 0x80, 16, 0, 0xde)
	p.open = append(p.open, packTable{t: t, n: -1})
}

// msgReader makes Lua values of MessagePack. The tables that it is in are a list of its own, so
// that it can be suspended; all that they are to have waits on the stack.
type msgReader struct {
	vm    *VM
	l     *thread
	in    string
	at    int
	most  int // how many values are read
	n     int // how many were
	base  int // where on the stack they begin
	tells bool
	args  int // how many there are
	open  []decoding
}

// msgunpack unpacks up to limit values from an offset on, and the offset of what follows comes
// first, -1 at the end. A limit and an offset of 0 ask for all values alone.
func (vm *VM) msgunpack(l *thread, limit, offset int64) int {
	s := checkString(l, 1)
	switch {
	case offset < 0 || limit < 0:
		fail(l, "Invalid request to unpack with offset of "+itoa(int(int32(offset)))+
			" and limit of "+itoa(len(s))+".")
	case offset > int64(len(s)):
		fail(l, "Start offset "+itoa(int(int32(offset)))+" greater than input length "+
			itoa(len(s))+".")
	}
	r := &msgReader{vm: vm, l: l, in: s, at: int(offset), most: clampInt(limit), base: l.top}
	if r.tells, r.args = limit != 0 || offset != 0, 1; r.tells {
		l.push(nilValue) // where the offset goes
	} else {
		r.most, r.args = math.MaxInt, l.count()
	}
	return l.start(r)
}

func (r *msgReader) size() int { return decodingSize * len(r.open) }

func (r *msgReader) step(l *thread) int {
	for {
		if r.vm.spent(elementCharge) {
			return suspended
		}
		if len(r.open) == 0 {
			if r.at >= len(r.in) || r.n >= r.most {
				break
			}
			r.n++
			r.value()
			continue
		}
		t := &r.open[len(r.open)-1]
		if t.left == 0 || t.full(l) {
			if n := t.putBatch(l); n != 0 {
				return n
			}
		}
		if t.left > 0 {
			r.value()
			continue
		}
		if r.open = r.open[:len(r.open)-1]; t.bad {
			r.vm.checkKey(l.stack[l.top-2])
		}
		r.have()
	}
	if r.tells {
		r.room(2, "in function mp_unpack_full")
	}
	if r.tells && r.at < len(r.in) {
		l.stack[r.base] = integer(r.at)
	} else if r.tells {
		l.stack[r.base] = integer(-1)
	}
	return l.top - r.base
}

// put puts a value where it belongs.
func (r *msgReader) put(v value) {
	if n := len(r.open); n > 0 {
		if t := &r.open[n-1]; t.isMap && (r.l.top-t.at)&1 != 0 {
			r.vm.checkKey(r.l.stack[r.l.top-1])
		}
	}
	r.l.push(v)
	r.have()
}

// have counts the value that has just been read.
func (r *msgReader) have() {
	n := len(r.open)
	if n == 0 {
		return
	}
	t := &r.open[n-1]
	if t.isMap && (r.l.top-t.at)&1 != 0 { // a key
		return
	}
	t.left--
}

// deeper begins a table of so many elements or, if it is a map, pairs.
func (r *msgReader) deeper(size int, isMap bool) {
	if !isMap {
		r.room(2, "in function mp_decode_to_lua_array")
	}
	d := decoding{t: r.vm.newTable(0, 0), left: size, isMap: isMap}
	if n := len(r.open); n > 0 {
		t := &r.open[n-1]
		d.bad = t.isMap && (r.l.top-t.at)&1 != 0 && !isKey(r.l.stack[r.l.top-1])
	}
	r.l.push(d.t.value())
	d.at = r.l.top
	r.open = append(r.open, d)
}

// room makes sure that there is room for n values more on the stack as it is in the reference,
// where each table that is open has two places, and one while a key is awaited.
func (r *msgReader) room(n int, where string) {
	n += r.args + r.n - 1 + 2*len(r.open)
	if n <= resultsMax {
		return
	}
	if i := len(r.open) - 1; i >= 0 && r.open[i].isMap && (r.l.top-r.open[i].at)&1 == 0 {
		n--
	}
	if n > resultsMax {
		fail(r.l, "stack overflow ("+where+")")
	}
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
//
//go:noinline
func (r *msgReader) uint(n int) (v uint64) {
	for _, c := range []byte(r.take(n)) {
		v = v<<8 | uint64(c)
	}
	return v
}

// length reads how many bytes or elements follow; more than an int can hold are never there.
func (r *msgReader) length(n int) int { return int(min(r.uint(n), math.MaxInt)) }

func (r *msgReader) value() {
	r.room(1, "too many return values at once; use unpack_one or unpack_limit instead.")
	c := r.take(1)[0]
	switch {
	case c < 0x80:
		r.put(number(float64(c)))
	case c < 0x90:
		r.deeper(int(c&15), true)
	case c < 0xa0:
		r.deeper(int(c&15), false)
	case c < 0xc0:
		r.text(int(c & 31))
	case c >= 0xe0:
		r.put(number(float64(int8(c))))
	case c >= 0xcc && c <= 0xcf:
		r.put(number(float64(int64(r.uint(1 << (c - 0xcc))))))
	case c >= 0xd0 && c <= 0xd3:
		bits := 8 << (c - 0xd0)
		v := int64(r.uint(bits/8)) << (64 - bits) >> (64 - bits)
		r.put(number(float64(v)))
	case c >= 0xd9 && c <= 0xdb:
		r.text(r.length(1 << (c - 0xd9)))
	default:
		r.other(c)
	}
}

func (r *msgReader) text(n int) { r.put(r.vm.decodedString(r.in, r.take(n))) }

func (r *msgReader) other(c byte) {
	switch c {
	case 0xc0:
		r.put(nilValue)
	case 0xc2, 0xc3:
		r.put(boolean(c == 0xc3))
	case 0xca:
		r.put(number(float64(math.Float32frombits(uint32(r.uint(4))))))
	case 0xcb:
		r.put(number(math.Float64frombits(r.uint(8))))
	case 0xdc, 0xdd:
		r.deeper(r.length(2<<(c-0xdc)), false)
	case 0xde, 0xdf:
		r.deeper(r.length(2<<(c-0xde)), true)
	default:
		fail(r.l, "Bad data format in input.")
	}
}
