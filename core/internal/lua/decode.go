package lua

import (
	"math/bits"
	"strings"
)

// decoded is what decoders keep from one table to the next. Texts are full of objects alike: a key
// that was seen lately is the same string again, and a table with the keys of another has its nodes
// at once. It lasts for a script, so that the memory of one does not depend on those before.
type decoded struct {
	dirty   bool
	strings [decodedStrings]*object
	shapes  [decodedShapes]shape
}

// shape is the nodes of tables that got the same keys in the same order.
type shape struct {
	sum   uint32    // of the keys that were here last; the second time their nodes are noted
	keys  []*object // empty: they were not
	at    []uint8   // the node of each
	nodes []node    // without values
	free  int32
}

const (
	decodedStrings = 256
	decodedShapes  = 16
	decodedMax     = 32 // bytes of a string that is looked for
	decodingSize   = 40 // bytes of a decoding
	batchMax       = 64 // values that wait on the stack until they are put into their table
)

// forget makes ready for another script.
func (d *decoded) forget() {
	if d.dirty {
		*d = decoded{}
	}
}

// decodedString makes a string of a part of another, or finds it.
func (vm *VM) decodedString(whole, s string) value {
	if len(s) <= 1 || len(s) > decodedMax {
		return vm.part(whole, s)
	}
	h := hashOf(s)
	seen := &vm.decoded.strings[h%decodedStrings]
	if o := *seen; o != nil && o.hash == h && o.s == s {
		return value{o: o}
	}
	vm.count(stringSize + len(s))
	o := &object{kind: kindString, s: strings.Clone(s), hash: h}
	*seen, vm.decoded.dirty = o, true
	return value{o: o}
}

// seenBytes is decodedString for bytes that are used again.
func (vm *VM) seenBytes(b []byte) value {
	if len(b) <= 1 || len(b) > decodedMax {
		return vm.bytes(b)
	}
	h := uint32(len(b))
	for i := len(b) - 1; i >= 0; i-- {
		h = hashStep(h, b[i])
	}
	seen := &vm.decoded.strings[h%decodedStrings]
	if o := *seen; o != nil && o.hash == h && o.s == string(b) {
		return value{o: o}
	}
	v := vm.bytes(b)
	v.o.hash = h
	*seen, vm.decoded.dirty = v.o, true
	return v
}

// decoding is a table that is being read. Its values, and its keys before them, wait on the stack
// from a place on, a batch at a time.
type decoding struct {
	_ [0]func() // not compared

	t     *table
	at    int
	n     int // elements in t
	put   int // how much of what waits is in t already
	isMap bool
	bad   bool // its key is none: an error once it was read
	over  bool // all of it was read
	left  int  // how many elements or pairs are to come, if that is known
}

// full tells whether enough waits on the stack to be put into its table.
func (d *decoding) full(l *thread) bool { return l.top-d.at >= batchMax }

// putBatch puts what waits on the stack into its table, or tells what is to be done first.
func (d *decoding) putBatch(l *thread) int {
	batch := l.stack[d.at:l.top]
	switch {
	case len(batch) == 0:
	case d.isMap && d.t.bare() && l.vm.putShape(d.t, batch):
	case d.isMap:
		for d.put+1 < len(batch) {
			k := batch[d.put]
			if d.t.large() && d.t.grows(k) {
				return l.growFirst(d.t, k)
			}
			l.vm.chargeKey(k)
			d.t.set(l.vm, k, batch[d.put+1])
			if d.put += 2; k.isString() && len(k.o.s) > longKey && l.vm.spent(0) {
				return suspended
			}
		}
	case d.n == 0 && noneNil(batch): // as many places as one behind the other would make
		d.t.resize(l.vm, 1<<bits.Len(uint(len(batch)-1)), 0)
		d.n = copy(d.t.arr, batch)
	default:
		for ; d.put < len(batch); d.put++ {
			k := integer(d.n + 1)
			if d.t.large() && d.t.grows(k) {
				return l.growFirst(d.t, k)
			}
			d.n++
			d.t.set(l.vm, k, batch[d.put])
		}
	}
	l.top, d.put = d.at, 0
	return 0
}

func noneNil(list []value) bool {
	for i := range list {
		if list[i].o == nil {
			return false
		}
	}
	return true
}

// putShape puts pairs into a table that has no nodes. It reports false if they are not worth to be
// remembered.
func (vm *VM) putShape(t *table, pairs []value) bool {
	sum := uint32(len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		k := pairs[i].o
		if k.kind != kindString || len(k.s) > decodedMax || pairs[i+1].o == nil {
			return false
		}
		sum = sum*31 + k.hash
	}
	s := &vm.decoded.shapes[(sum^sum>>8)%decodedShapes]
	if s.sum == sum && s.has(pairs) {
		vm.reserve(len(s.nodes) * nodeSize)
		t.nodes, t.free = append([]node(nil), s.nodes...), s.free
		for i, at := range s.at {
			t.nodes[at].val = pairs[2*i+1]
		}
		return true
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		t.set(vm, pairs[i], pairs[i+1])
	}
	if vm.decoded.dirty = true; s.sum == sum {
		s.note(t, pairs)
	} else {
		*s = shape{sum: sum}
	}
	return true
}

// has tells whether the keys of pairs are those of a shape.
func (s *shape) has(pairs []value) bool {
	if 2*len(s.keys) != len(pairs) {
		return false
	}
	for i, k := range s.keys {
		if pairs[2*i].o != k {
			return false
		}
	}
	return true
}

// note remembers the nodes of a table that has got pairs.
func (s *shape) note(t *table, pairs []value) {
	s.keys, s.at, s.free = s.keys[:0], s.at[:0], t.free
	s.nodes = append(s.nodes[:0], t.nodes...)
	for i := range s.nodes {
		s.nodes[i].val = value{}
	}
	for i := 0; i < len(pairs); i += 2 {
		at, _ := t.index(pairs[i])
		s.keys, s.at = append(s.keys, pairs[i].o), append(s.at, uint8(at-1-len(t.arr)))
	}
}
