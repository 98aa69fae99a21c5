package stream

import (
	"github.com/redlet/redlet/core/internal/listpack"
)

// node is a row of entries in one listpack, laid out as Redis does it. First come the number of
// entries that are there, the number of those that were deleted and are only marked so, the number
// of fields of the first entry, these fields, and a 0. Then come the entries, each as
//
//	flags, milliseconds and number beyond those of the node's id,
//	[the number of its fields, unless they are those of the first entry]
//	its fields and values, or its values alone,
//	how many of the listpack's elements these are, for who reads backwards.
type node struct {
	id   ID // of the first entry
	pack listpack.Pack
	size int // the bytes that it takes in Redis
}

const (
	flagDeleted    = 1
	flagSameFields = 2

	// entryFixed is how many elements an entry has beside its fields and values, and before those.
	entryFixed = 3
	// packMax bounds a node, and what one entry holds.
	packMax = 1 << 30
)

// headPos is where the number of entries stands in a node's listpack.
var headPos = listpack.New(0).AppendInt(0).First()

// int returns the number at a place of the node, which is known to hold one.
func (n *node) int(pos int) int64 {
	if b := n.pack[pos]; b < 0x80 {
		return int64(b)
	}
	_, v, _ := n.pack.At(pos)
	return v
}

// counts returns the number of entries that are there, and of those that were deleted.
func (n *node) counts() (live, deleted int64) {
	return n.int(headPos), n.int(n.pack.Next(headPos))
}

// setCounts writes them.
func (n *node) setCounts(live, deleted int64) {
	n.pack = n.pack.ReplaceInt(headPos, live)
	n.pack = n.pack.ReplaceInt(n.pack.Next(headPos), deleted)
}

// master returns where the fields of the first entry stand, how many they are, and where the
// entries begin.
func (n *node) master() (pos, fields, body int) {
	pos = n.pack.Next(n.pack.Next(headPos))
	fields = int(n.int(pos))
	pos = n.pack.Next(pos)
	body = pos
	for range fields {
		body = n.pack.Next(body)
	}
	return pos, fields, n.pack.Next(body)
}

// newNode returns a node without entries, whose first will have these fields.
func newNode(id ID, fields [][]byte) *node {
	n := &node{id: id, pack: listpack.New(listpack.EmptySize + entrySize(fields))}
	n.pack = n.pack.AppendInt(0).AppendInt(0).AppendInt(int64(len(fields) / 2))
	for i := 0; i < len(fields); i += 2 {
		n.pack = n.pack.Append(fields[i])
	}
	n.pack = n.pack.AppendInt(0)
	return n
}

// entrySize is how many bytes an entry takes at most.
func entrySize(fields [][]byte) int {
	const numbers, overhead = 50, 10
	size := numbers
	for _, s := range fields {
		size += len(s) + overhead
	}
	return size
}

// grow sees to room for an entry, which is won by doubling.
func (n *node) grow(need int) {
	if size := len(n.pack); cap(n.pack)-size < need {
		p := make(listpack.Pack, size, max(2*size, size+need))
		copy(p, n.pack)
		n.pack = p
	}
}

// trim gives back the room that is not used.
func (n *node) trim() {
	if cap(n.pack) > len(n.pack)+len(n.pack)/8 {
		n.pack = n.pack.Clone()
	}
}

// hasFields reports whether the fields of an entry are those of the node's first.
func (n *node) hasFields(fields [][]byte) bool {
	pos := n.pack.Next(n.pack.Next(headPos))
	if n.int(pos) != int64(len(fields)/2) {
		return false
	}
	for i := 0; i < len(fields); i += 2 {
		if pos = n.pack.Next(pos); !n.pack.Equal(pos, fields[i]) {
			return false
		}
	}
	return true
}

// add appends an entry: fields, each followed by its value.
func (n *node) add(id ID, fields [][]byte) {
	n.grow(entrySize(fields))
	n.pack = n.pack.ReplaceInt(headPos, n.int(headPos)+1)
	num := len(fields) / 2
	same := n.hasFields(fields)
	flags, size := int64(0), 2*num+1+entryFixed
	if same {
		flags, size = flagSameFields, num+entryFixed
	}
	p := n.pack.Open().PutInt(flags).PutInt(int64(id.Ms - n.id.Ms)).PutInt(int64(id.Seq - n.id.Seq))
	if !same {
		p = p.PutInt(int64(num))
	}
	for i, s := range fields {
		if !same || i%2 == 1 {
			p = p.Put(s)
		}
	}
	n.pack = p.PutInt(int64(size)).Close(size + 1)
}

// entry is where an entry stands in a node, and what it begins with.
type entry struct {
	flags  int64
	id     ID
	fields int
	pos    int // of its flags
	body   int // of its first field, or value
}

// same reports whether the entry has the fields of the node's first.
func (e *entry) same() bool { return e.flags&flagSameFields != 0 }

// deleted reports whether the entry is but marked, whatever its id.
func (e *entry) deleted() bool { return e.flags&flagDeleted != 0 }

// elements returns how many elements the body has.
func (e *entry) elements() int {
	if e.same() {
		return e.fields
	}
	return 2 * e.fields
}

// read reads the start of the entry at pos; master is the number of the first entry's fields.
func (e *entry) read(n *node, pos, master int) {
	e.pos, e.fields = pos, master
	if b := n.pack[pos:]; len(b) > 6 && b[0]|b[2]|b[4] < 0x80 && b[0]&flagSameFields != 0 {
		// Most entries begin with three numbers of a byte, each with a byte behind it. They are read
		// at once, since who seeks an entry reads all of the node before it.
		e.flags = int64(b[0])
		e.id = ID{n.id.Ms + uint64(b[2]), n.id.Seq + uint64(b[4])}
		e.body = pos + 6
		return
	}
	e.flags = n.int(pos)
	pos = n.pack.Next(pos)
	e.id.Ms = n.id.Ms + uint64(n.int(pos))
	pos = n.pack.Next(pos)
	e.id.Seq = n.id.Seq + uint64(n.int(pos))
	pos = n.pack.Next(pos)
	if !e.same() {
		e.fields = int(n.int(pos))
		pos = n.pack.Next(pos)
	}
	e.body = pos
}

// before returns where the entry begins that ends before pos, -1 if there is none.
func (n *node) before(pos int) int {
	for back := n.int(pos); back > 0; back-- {
		pos = n.pack.Prev(pos)
	}
	return pos
}

// lastID returns the id of the last entry, deleted or not.
func (n *node) lastID() ID {
	pos := n.pack.Last()
	if n.int(pos) == 0 {
		return n.id // no entries at all
	}
	return n.idAt(n.before(pos))
}

// idAt returns the id of the entry at pos.
func (n *node) idAt(pos int) ID {
	pos = n.pack.Next(pos)
	ms := n.id.Ms + uint64(n.int(pos))
	return ID{ms, n.id.Seq + uint64(n.int(n.pack.Next(pos)))}
}

// delete marks the entry at pos, which is there, as deleted.
func (n *node) delete(pos int) {
	n.pack = n.pack.ReplaceInt(pos, n.int(pos)|flagDeleted)
	live, deleted := n.counts()
	n.setCounts(live-1, deleted+1)
}
