package stream

// Iterator walks through the entries whose ids lie between two, both included, skipping those that
// were deleted. The stream must not change meanwhile.
type Iterator struct {
	_ [0]func() // not compared

	at         cursor[*node]
	n          *node
	low, high  ID
	back       bool
	pos        int // where the next entry is sought; -1: in the next node
	masterPos  int
	masterLen  int
	entry      entry
	left       int // elements of the entry's body that were not read
	field, val int // where to read next
}

// Range walks from the first to the last.
func (s *Stream) Range(start, end ID) *Iterator {
	it := &Iterator{low: start, high: end, pos: -1}
	if it.at = s.nodes.seekBack(start); !it.at.valid() {
		it.at = s.nodes.first()
	}
	return it
}

// Reverse walks from the last to the first.
func (s *Stream) Reverse(start, end ID) *Iterator {
	it := &Iterator{low: start, high: end, back: true, pos: -1}
	it.at = s.nodes.seekBack(end)
	return it
}

// Find goes to the entry of an id and reports whether there is one. Of a node it reads no more than
// what lies behind the entry at hand, if that is where the id belongs: so many ids in their order
// cost no more than a walk.
func (it *Iterator) Find(s *Stream, id ID) bool {
	at := s.nodes.seekBack(id)
	if !at.valid() {
		return false
	}
	if it.n == nil || it.left < 0 || it.n != at.val() || !it.entry.id.Less(id) {
		*it = Iterator{at: at, pos: -1}
	}
	it.low, it.high = id, id
	return it.Next()
}

// ID returns the id of the entry at hand.
func (it *Iterator) ID() ID { return it.entry.id }

// Len returns how many fields it has.
func (it *Iterator) Len() int { return it.entry.fields }

// Next goes to the next entry and reports whether there is one.
func (it *Iterator) Next() bool {
	if it.back {
		return it.nextBack()
	}
	if it.left >= 0 && it.n != nil {
		it.pos = it.n.pack.Skip(it.val, it.left+1)
	}
	for {
		if it.pos < 0 {
			if !it.enter() {
				return false
			}
			continue
		}
		it.entry.read(it.n, it.pos, it.masterLen)
		switch id := it.entry.id; {
		case it.entry.deleted():
		case it.high.Less(id):
			it.end()
			return false
		case !id.Less(it.low):
			it.begin()
			return true
		}
		it.pos = it.n.pack.Skip(it.entry.body, it.entry.elements()+1)
	}
}

// nextBack is Next of a walk from the last to the first.
func (it *Iterator) nextBack() bool {
	for {
		if it.pos < 0 {
			if !it.enter() {
				return false
			}
			continue
		}
		if it.n.int(it.pos) == 0 { // what ends the node's fields
			it.pos = -1
			continue
		}
		it.entry.read(it.n, it.n.before(it.pos), it.masterLen)
		it.pos = it.n.pack.Prev(it.entry.pos)
		switch id := it.entry.id; {
		case it.entry.deleted():
		case id.Less(it.low):
			it.end()
			return false
		case !it.high.Less(id):
			it.begin()
			return true
		}
	}
}

// enter goes to the next node.
func (it *Iterator) enter() bool {
	if it.n != nil && it.at.valid() {
		if it.back {
			it.at.prev()
		} else {
			it.at.next()
		}
	}
	if !it.at.valid() {
		it.left = -1
		return false
	}
	it.n = it.at.val()
	it.left = -1
	var body int
	if it.masterPos, it.masterLen, body = it.n.master(); it.back {
		it.pos = it.n.pack.Last()
	} else {
		it.pos = body
	}
	return true
}

// begin readies the entry at hand for who reads its fields.
func (it *Iterator) begin() {
	it.val, it.field, it.left = it.entry.body, it.masterPos, it.entry.elements()
}

// end has nothing follow.
func (it *Iterator) end() {
	it.at = cursor[*node]{}
	it.pos, it.left = -1, -1
}

// Field returns the next field of the entry at hand, which is read Len times, each time followed by
// Value. It is lent until the stream changes.
func (it *Iterator) Field() (s []byte, n int64, isInt bool) {
	if !it.entry.same() {
		return it.Value()
	}
	pos := it.field
	it.field = it.n.pack.Next(pos)
	return it.n.pack.At(pos)
}

// Value returns the value of the field that was just read.
func (it *Iterator) Value() (s []byte, n int64, isInt bool) {
	pos := it.val
	it.val = it.n.pack.Next(pos)
	it.left--
	return it.n.pack.At(pos)
}
