package stream

// Trim is what XADD and XTRIM remove: entries from the first on, while there are more than MaxLen
// or, by id, while their ids come before MinID.
type Trim struct {
	ByID   bool
	MaxLen int64
	MinID  ID
	Whole  bool  // only whole nodes go; of KeepRef alone
	Limit  int64 // no node goes that would make it more entries than these; 0 is no limit
	How    Strategy
}

// Trim removes entries and returns how many.
func (s *Stream) Trim(t *Trim) int64 {
	deleted := int64(0)
	if t.How == KeepRef {
		deleted = s.trimPlain(t)
	} else {
		deleted = s.trimReferenced(t)
	}
	if deleted > 0 {
		s.First = ID{}
		if s.length > 0 {
			s.First = s.first()
		}
	}
	return deleted
}

// trimPlain is Trim where nobody is asked.
func (s *Stream) trimPlain(t *Trim) int64 {
	deleted := int64(0)
	for at := s.nodes.first(); at.valid() && (t.ByID || s.exceeds(t.MaxLen)); at = s.nodes.first() {
		n := at.val()
		live, _ := n.counts()
		if t.Limit > 0 && deleted+live > t.Limit {
			break
		}
		if !t.wholly(n, s.length-live) {
			if !t.Whole {
				deleted += s.trimNode(n, t)
			}
			break
		}
		s.dropNode(n)
		s.length -= live
		deleted += live
	}
	return deleted
}

// trimReferenced is Trim where groups are asked of each entry. What may not go is passed over, and
// those behind it go in its place. Where the limit ends it, MinID becomes what it has come to.
func (s *Stream) trimReferenced(t *Trim) int64 {
	deleted := int64(0)
	at := s.nodes.first()
	for at.valid() && (t.ByID || s.exceeds(t.MaxLen)) {
		n := at.val()
		live, _ := n.counts()
		if t.Limit > 0 && deleted+live > t.Limit {
			if t.ByID {
				t.MinID = n.id
			}
			break
		}
		whole := t.wholly(n, s.length-live)
		gone := s.trimNode(n, t)
		deleted += gone
		if gone == live {
			s.dropNode(n)
		} else if !whole {
			break
		}
		behind, ok := n.id.Next()
		if !ok {
			break
		}
		at = s.nodes.seek(behind)
	}
	return deleted
}

// wholly reports whether a node goes as a whole; left is how many entries there would be without
// it.
func (t *Trim) wholly(n *node, left int64) bool {
	if t.ByID {
		return n.lastID().Less(t.MinID)
	}
	return uint64(left) >= uint64(t.MaxLen)
}

// exceeds reports whether there are more than so many entries. The length of a stream that a file
// has told may fall below zero, and then counts as great: Redis has no sign there.
func (s *Stream) exceeds(most int64) bool { return uint64(s.length) > uint64(most) }

// trimNode removes entries from a node, as far as they are too many or too old and may go.
func (s *Stream) trimNode(n *node, t *Trim) int64 {
	_, master, pos := n.master()
	gone := int64(0)
	for e := (entry{}); pos >= 0; {
		e.read(n, pos, master)
		if t.ByID && !e.id.Less(t.MinID) || !t.ByID && !s.exceeds(t.MaxLen) {
			break
		}
		if !e.deleted() && s.mayGo(e.id, t.How) {
			n.pack = n.pack.ReplaceInt(pos, e.flags|flagDeleted) // of the same size
			gone++
			s.length--
		}
		pos = n.pack.Skip(e.body, e.elements()+1)
	}
	live, deleted := n.counts()
	n.setCounts(live-gone, deleted+gone)
	s.resize(n)
	return gone
}

// mayGo is Release for what is trimmed.
func (s *Stream) mayGo(id ID, how Strategy) bool {
	may, _ := s.Release(id, how)
	return may
}
