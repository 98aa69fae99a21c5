package lua

import (
	"math"
	"math/bits"
)

// table is a Lua table. It has the layout of Lua 5.1's, since that shows: in the order of pairs,
// and in the length of a table with holes.
type table struct {
	object
	arr    []value // the values of the keys from 1 on
	nodes  []node  // all else, a power of two
	meta   *table
	free   int32 // all places from here on are taken
	absent uint8 // metamethods that the table is known not to have: bits of events
	fixed  bool  // scripts may not write to it
}

// node is a place for a key. The nodes whose keys belong to one place are a list.
type node struct {
	key, val value
	next     int32 // -1 ends the list
}

// noNodes stands for the nodes of all tables that have none. It is never written to.
var noNodes = []node{{next: -1}}

func (vm *VM) newTable(array, hash int) *table {
	t := &table{nodes: noNodes}
	vm.ids++
	t.object = object{kind: kindTable, hash: vm.ids, t: t}
	vm.count(tableSize)
	if array > 0 || hash > 0 {
		t.resize(vm, array, hash)
	}
	return t
}

func (t *table) value() value { return value{o: &t.object} }

func (t *table) bare() bool { return &t.nodes[0] == &noNodes[0] }

// place returns the number of the node at which the list of a key begins.
func (t *table) place(k value) int32 {
	size := uint32(len(t.nodes))
	switch k.o.kind {
	case kindString:
		return int32(k.o.stringHash() & (size - 1))
	case kindNumber:
		return t.numberPlace(k.n)
	case kindBoolean:
		return int32(k.o.hash & (size - 1))
	}
	return int32(k.o.hash % ((size - 1) | 1))
}

func (t *table) numberPlace(n float64) int32 {
	if n == 0 {
		return 0
	}
	b := math.Float64bits(n)
	return int32((uint32(b) + uint32(b>>32)) % ((uint32(len(t.nodes)) - 1) | 1))
}

// getInt returns the value of a whole number.
func (t *table) getInt(i int) value {
	if uint(i-1) < uint(len(t.arr)) {
		return t.arr[i-1]
	}
	return t.getNumber(float64(i))
}

// getNumber looks a number up among the nodes.
func (t *table) getNumber(n float64) value {
	if t.bare() {
		return value{}
	}
	for p := &t.nodes[t.numberPlace(n)]; ; p = &t.nodes[p.next] {
		if p.key.o == &numberTag && p.key.n == n {
			return p.val
		}
		if p.next < 0 {
			return value{}
		}
	}
}

// getString looks a string up.
func (t *table) getString(k *object) value {
	for p := &t.nodes[k.stringHash()&uint32(len(t.nodes)-1)]; ; p = &t.nodes[p.next] {
		if p.key.o == k || p.key.o != nil && p.key.o.kind == kindString && p.key.o.s == k.s {
			return p.val
		}
		if p.next < 0 {
			return value{}
		}
	}
}

// field looks a string up.
//
//go:noinline
func (t *table) field(name string) value {
	k := object{kind: kindString, s: name}
	return t.getString(&k)
}

// get returns the value of a key.
func (t *table) get(k value) value {
	switch k.kind() {
	case kindNil:
		return value{}
	case kindString:
		return t.getString(k.o)
	case kindNumber:
		if i, ok := asInt(k.n); ok {
			return t.getInt(i)
		}
		return t.getNumber(k.n)
	}
	if p := t.find(k); p != nil {
		return p.val
	}
	return value{}
}

// find returns the node that has a key, nil if none does.
func (t *table) find(k value) *node {
	for p := &t.nodes[t.place(k)]; ; p = &t.nodes[p.next] {
		if equal(p.key, k) {
			return p
		}
		if p.next < 0 {
			return nil
		}
	}
}

// set gives a key a value. The key is neither nil nor NaN.
func (t *table) set(vm *VM, k, v value) {
	if k.o == &numberTag {
		if i, ok := asInt(k.n); ok && uint(i-1) < uint(len(t.arr)) {
			t.arr[i-1] = v
			return
		}
	}
	*t.slot(vm, k) = v
}

// slot returns where the value of a key is kept. A key that is not there is put in, with nil.
func (t *table) slot(vm *VM, k value) *value {
	t.absent = 0
	if k.o == &numberTag {
		if i, ok := asInt(k.n); ok && uint(i-1) < uint(len(t.arr)) {
			return &t.arr[i-1]
		}
	}
	if p := t.find(k); p != nil {
		return &p.val
	}
	return t.insert(vm, k)
}

func (t *table) setInt(vm *VM, i int, v value) {
	if uint(i-1) < uint(len(t.arr)) {
		t.arr[i-1] = v
		return
	}
	t.set(vm, integer(i), v)
}

// setField is for tables that the machine makes.
func (t *table) setField(vm *VM, name string, v value) { t.set(vm, constant(name), v) }

// insert puts in a key that is not there. If the key at its place belongs elsewhere, that moves.
func (t *table) insert(vm *VM, k value) *value {
	at := t.place(k)
	if p := &t.nodes[at]; !p.val.isNil() || t.bare() {
		free := t.freePlace()
		if free < 0 {
			t.rehash(vm, k)
			return t.slot(vm, k)
		}
		n := &t.nodes[free]
		if other := t.place(p.key); other != at {
			for t.nodes[other].next != at {
				other = t.nodes[other].next
			}
			t.nodes[other].next = free
			*n = *p
			*p = node{next: -1}
		} else {
			n.next = p.next
			p.next = free
			at = free
		}
	}
	vm.charge(elementCharge)
	p := &t.nodes[at]
	p.key = k
	return &p.val
}

func (t *table) freePlace() int32 {
	if t.bare() {
		return -1
	}
	for t.free > 0 {
		t.free--
		if t.nodes[t.free].key.isNil() {
			return t.free
		}
	}
	return -1
}

// arrayBits bounds the size of each part of a table: 2^26, as in Lua.
const arrayBits = 26

// rehash makes room for another key.
func (t *table) rehash(vm *VM, extra value) {
	array, hash := t.sizes(extra)
	t.resize(vm, array, hash)
}

// sizes returns how large both parts are to be with another key. The array has as many places, a
// power of two, as are more than half used.
func (t *table) sizes(extra value) (array, hash int) {
	var c keyCount
	c.whole = t.countArray(&c.slots)
	c.total = c.whole
	c.nodes(t.nodes)
	return c.sizes(extra)
}

// keyCount is what the sizes of a table's parts follow from.
type keyCount struct {
	slots        [arrayBits + 1]int // how many keys are in (2^(i-1), 2^i]
	whole, total int                // keys that could be in the array, and all
}

// nodes counts the keys of nodes.
func (c *keyCount) nodes(nodes []node) {
	for i := range nodes {
		if n := &nodes[i]; !n.val.isNil() {
			c.whole += countKey(n.key, &c.slots)
			c.total++
		}
	}
}

// array counts the keys of a part of the array, which begins at a place.
func (c *keyCount) array(part []value, from int) {
	for i := range part {
		if part[i].o != nil {
			c.slots[bits.Len(uint(from+i))]++
			c.whole++
			c.total++
		}
	}
}

// sizes returns the sizes with another key.
func (c *keyCount) sizes(extra value) (array, hash int) {
	slots := &c.slots
	whole, total := c.whole+countKey(extra, slots), c.total+1
	size, used := 0, 0
	for i, below, power := 0, 0, 1; i <= arrayBits && power/2 < whole; i, power = i+1, power*2 {
		if slots[i] == 0 {
			continue
		}
		if below += slots[i]; below > power/2 {
			size, used = power, below
		}
		if below == whole {
			break
		}
	}
	return size, total - used
}

// countKey notes a key that could be in the array.
func countKey(k value, slots *[arrayBits + 1]int) int {
	if k.o != &numberTag {
		return 0
	}
	i, ok := asInt(k.n)
	if !ok || i < 1 || i > 1<<arrayBits {
		return 0
	}
	slots[bits.Len(uint(i-1))]++
	return 1
}

func (t *table) countArray(slots *[arrayBits + 1]int) int {
	total, i := 0, 1
	for log, power := 0, 1; log <= arrayBits && i <= len(t.arr); log, power = log+1, power*2 {
		n := 0
		for ; i <= min(power, len(t.arr)); i++ {
			if t.arr[i-1].o != nil {
				n++
			}
		}
		slots[log] += n
		total += n
	}
	return total
}

// resize gives both parts a new size.
func (t *table) resize(vm *VM, array, hash int) {
	nodes := t.remake(vm, array, hash)
	vm.charge(len(nodes) * moveCharge)
	t.take(vm, nodes)
}

// moveCharge is what it takes in instructions to put a pair into a table that has grown.
const moveCharge = 2

// take puts in what is in nodes of before.
func (t *table) take(vm *VM, nodes []node) {
	for i := len(nodes) - 1; i >= 0; i-- {
		if n := &nodes[i]; !n.val.isNil() {
			t.set(vm, n.key, n.val)
		}
	}
}

// checkSizes raises an error where a part of a table would be too large.
//
//go:noinline
func (vm *VM) checkSizes(array, nodes int) {
	if array > 1<<arrayBits || nodes > 1<<arrayBits {
		vm.failHere("table overflow")
	}
}

// remake gives both parts a new size, and returns the nodes of before, which are to be put in.
func (t *table) remake(vm *VM, array, hash int) (nodes []node) {
	arr := t.arr
	if !t.bare() {
		nodes = t.nodes
	}
	t.makeParts(vm, t, array, hash)
	vm.charge(len(arr) / 8)
	if !t.bare() {
		for i := range t.nodes {
			t.nodes[i].next = -1
		}
	}
	if array != len(arr) {
		for i := copy(t.arr, arr); i < len(arr); i++ {
			if !arr[i].isNil() {
				t.setInt(vm, i+1, arr[i])
			}
		}
		vm.spares.keep(arr)
	}
	return nodes
}

// makeParts makes the parts of what a table becomes, in itself or in another that is like it. An
// array that keeps its size is left.
func (t *table) makeParts(vm *VM, of *table, array, hash int) {
	size := 0
	if hash > 0 {
		size = 1 << bits.Len(uint(hash-1))
	}
	vm.checkSizes(array, size)
	before := len(t.arr) * valueSize
	if !t.bare() {
		before += len(t.nodes) * nodeSize
	}
	vm.reserve(array*valueSize + size*nodeSize)
	vm.uncount(before)
	if array != len(t.arr) {
		t.arr = vm.spares.array(of, array)
	}
	t.nodes, t.free = noNodes, 0
	if size > 0 {
		t.nodes, t.free = make([]node, size), int32(size)
	}
}

// length is #: a border, the one that Lua finds.
func (t *table) length() int {
	j := len(t.arr)
	if j > 0 && t.arr[j-1].isNil() {
		i := 0
		for j-i > 1 {
			if m := int(uint(i+j) / 2); t.arr[m-1].isNil() {
				j = m
			} else {
				i = m
			}
		}
		return i
	}
	if t.bare() {
		return j
	}
	i := j
	for j++; !t.getInt(j).isNil(); j *= 2 {
		if i = j; j > math.MaxInt32/2 {
			for i = 1; !t.getInt(i).isNil(); i++ {
			}
			return i - 1
		}
	}
	for j-i > 1 {
		if m := int(uint(i+j) / 2); t.getInt(m).isNil() {
			j = m
		} else {
			i = m
		}
	}
	return i
}

// filled returns the last place of the array that has a value, and how many have one.
func (t *table) filled() (last, count int) {
	for i := range t.arr {
		if t.arr[i].o != nil {
			last = i + 1
			count++
		}
	}
	return last, count
}

// index returns how many places the traversal has passed when it is at a key; ok is false for a
// key that is not there.
func (t *table) index(k value) (i int, ok bool) {
	if k.isNil() {
		return 0, true
	}
	if k.o == &numberTag {
		if i, ok := asInt(k.n); ok && uint(i-1) < uint(len(t.arr)) {
			return i, true
		}
	}
	for at := t.place(k); at >= 0; at = t.nodes[at].next {
		if equal(t.nodes[at].key, k) {
			return len(t.arr) + int(at) + 1, true
		}
	}
	return 0, false
}

// after returns the first pair behind as many places, and its own place; at is 0 at the end.
func (t *table) after(i int) (k, v value, at int) { return t.within(i, t.places()) }

// places is how many pairs there could be.
func (t *table) places() int { return len(t.arr) + len(t.nodes) }

// within is after for a pair no further than as many places.
func (t *table) within(i, to int) (k, v value, at int) {
	for ; i < min(to, len(t.arr)); i++ {
		if t.arr[i].o != nil {
			return integer(i + 1), t.arr[i], i + 1
		}
	}
	for i -= len(t.arr); i < to-len(t.arr); i++ {
		if n := &t.nodes[i]; n.val.o != nil {
			return n.key, n.val, i + len(t.arr) + 1
		}
	}
	return value{}, value{}, 0
}

// passCharge is how many places of a table are passed in the time of an instruction.
const passCharge = 16

// near is after among the next passedAtOnce places, and counts those that it passes. If there is no
// pair but places are left, i is how many it has passed; else it is negative.
func (t *table) near(vm *VM, from int) (k, v value, i int) {
	to := min(from+passedAtOnce, t.places())
	k, v, at := t.within(from, to)
	if at > 0 {
		vm.left -= (at - from) / passCharge
		return k, v, -1
	}
	vm.left -= (to - from) / passCharge
	if to == t.places() {
		to = -1
	}
	return k, v, to
}

// each calls f for the pairs of a table, in the order of next.
func (t *table) each(f func(k, v value)) {
	for k, v, at := t.after(0); at > 0; k, v, at = t.after(at) {
		f(k, v)
	}
}
