// Package stream is Redis's stream value: entries by ascending ids, in listpacks laid out as there,
// and groups of consumers that share them out. Where a node ends follows Redis exactly, since
// DUMP, XINFO STREAM and approximate trimming show it.
package stream

import "github.com/redlet/redlet/core/internal/alloc"

// Limits say when a node is full.
type Limits struct {
	Bytes   int64 // stream-node-max-bytes; 0 is no limit of its own
	Entries int64 // stream-node-max-entries; 0 is none
}

// Stream is a stream. It must not be copied; Clone copies it.
type Stream struct {
	Last       ID    // the greatest id that was ever added, or what XSETID has made of it
	First      ID    // the first entry's; zero without one
	MaxDeleted ID    // the greatest id that XDEL has removed
	Added      int64 // entries that were ever added
	Idmp       Idmp

	nodes  tree[*node]
	tail   *node // the last of them, nil without one
	length int64
	radix  int // how many nodes beyond its root Redis's radix tree has
	bytes  int // of the nodes
	groups names[*Group]
	shared shared
}

// New returns an empty stream. The seed guards against names that are made to collide.
func New(seed uint64) *Stream {
	s := &Stream{Idmp: Idmp{Duration: IdmpDuration, MaxSize: IdmpMaxSize}}
	s.groups.table.SetSeed(seed)
	s.Idmp.pids.table.SetSeed(seed)
	return s
}

// Len returns the number of entries.
func (s *Stream) Len() int64 { return s.length }

// Nodes returns the number of nodes, and how many nodes the radix tree has that Redis keeps them
// in.
func (s *Stream) Nodes() (keys, radix int) { return s.nodes.n, s.radix + 1 }

// putNode and dropNode keep the counts of the stream right.
func (s *Stream) putNode(n *node) {
	s.radix += radixShare(&s.nodes, n.id)
	s.nodes.put(n.id, n)
	if s.tail == nil || s.tail.id.Less(n.id) {
		s.tail = n
	}
	s.resize(n)
}

func (s *Stream) dropNode(n *node) {
	s.nodes.remove(n.id)
	s.radix -= radixShare(&s.nodes, n.id)
	s.bytes -= n.size
	if s.tail == n {
		if s.tail = nil; s.nodes.n > 0 {
			last := s.nodes.last()
			s.tail = last.val()
		}
	}
}

// resize counts what a node takes now.
//
//go:noinline
func (s *Stream) resize(n *node) {
	s.bytes -= n.size
	n.size = alloc.Size(len(n.pack))
	s.bytes += n.size
}

// NextID returns the id of an entry that comes at an instant, false if there is none left.
func (s *Stream) NextID(nowMs uint64) (ID, bool) {
	if nowMs > s.Last.Ms {
		return ID{Ms: nowMs}, true
	}
	return s.Last.Next()
}

// NextSeq returns the id of an entry of the given milliseconds, false if there can be none.
func (s *Stream) NextSeq(ms uint64) (ID, bool) {
	id := ID{Ms: ms}
	if ms == s.Last.Ms {
		id = ID{ms, s.Last.Seq + 1}
	}
	return id, s.Last.Less(id)
}

// Fits reports whether an entry is not too large.
func Fits(fields [][]byte) bool { return dataSize(fields) <= packMax }

func dataSize(fields [][]byte) int64 {
	size := int64(0)
	for _, s := range fields {
		size += int64(len(s))
	}
	return size
}

// Add appends an entry: fields, each followed by its value. Its id is greater than Last.
func (s *Stream) Add(id ID, fields [][]byte, lim Limits) {
	if n := s.tail; n != nil && !n.full(dataSize(fields), lim) {
		n.add(id, fields)
		s.resize(n)
	} else {
		if n != nil {
			n.trim()
		}
		n = newNode(id, fields)
		n.add(id, fields)
		s.putNode(n)
	}
	s.Last = id
	s.Added++
	if s.length++; s.length == 1 {
		s.First = id
	}
}

// full reports whether an entry of so many bytes does not go into the node.
func (n *node) full(size int64, lim Limits) bool {
	most := lim.Bytes
	if most == 0 || most > packMax {
		most = packMax
	}
	if int64(len(n.pack))+size >= most {
		return true
	}
	live, deleted := n.counts()
	return lim.Entries > 0 && live+deleted >= lim.Entries
}

// locate finds an entry.
func (s *Stream) locate(id ID) (n *node, pos int, ok bool) {
	it := s.Range(id, id)
	if !it.Next() {
		return nil, 0, false
	}
	return it.n, it.entry.pos, true
}

// Has reports whether an entry is there.
func (s *Stream) Has(id ID) bool {
	_, _, ok := s.locate(id)
	return ok
}

// Remove deletes an entry and reports whether it was there.
func (s *Stream) Remove(id ID) bool {
	n, pos, ok := s.locate(id)
	if !ok {
		return false
	}
	if live, _ := n.counts(); live == 1 {
		s.dropNode(n)
	} else {
		n.delete(pos)
		s.resize(n)
	}
	s.length--
	if s.MaxDeleted.Less(id) {
		s.MaxDeleted = id
	}
	if s.length == 0 {
		s.First = ID{}
	} else if id == s.First {
		s.First = s.first()
	}
	return true
}

// first returns the id of the first entry, MaxID without one.
func (s *Stream) first() ID {
	it := s.Range(ID{}, MaxID)
	if !it.Next() {
		return MaxID
	}
	return it.ID()
}

// FirstEver returns the id of the first entry, deleted or not, that is kept; MaxID without one.
func (s *Stream) FirstEver() ID {
	c := s.nodes.first()
	if !c.valid() {
		return MaxID
	}
	n := c.val()
	_, _, body := n.master()
	if body < 0 {
		return n.id
	}
	return n.idAt(body)
}

// LastEntry returns the id of the last entry, zero without one.
func (s *Stream) LastEntry() ID {
	it := s.Reverse(ID{}, MaxID)
	if !it.Next() {
		return ID{}
	}
	return it.ID()
}

// Clone returns a copy that shares nothing. It remembers no idempotent producers.
func (s *Stream) Clone() *Stream {
	c := New(s.groups.table.Seed())
	c.Last, c.First, c.MaxDeleted, c.Added = s.Last, s.First, s.MaxDeleted, s.Added
	c.length = s.length
	for at := s.nodes.first(); at.valid(); at.next() {
		n := at.val()
		c.putNode(&node{id: n.id, pack: n.pack.Clone()})
	}
	c.Idmp.Duration, c.Idmp.MaxSize = s.Idmp.Duration, s.Idmp.MaxSize
	for _, g := range s.Groups() {
		g.cloneTo(c)
	}
	if s.shared.refs != nil {
		c.references() // which count as memory
	}
	return c
}
