package stream

// How many entries a group has read, of all that there ever were, and how many it still has before
// it, can be told only as long as no deleted entry may lie in between. What Redis finds out, and
// what it leaves open, is found out and left open here.

// holed reports whether entries may have been deleted from an id on.
func (s *Stream) holed(from ID) bool {
	return s.length > 0 && s.MaxDeleted != ID{} && !s.MaxDeleted.Less(from)
}

// ReadUpTo returns how many entries ever came up to an id, Unknown if that cannot be told.
func (s *Stream) ReadUpTo(id ID) int64 {
	switch {
	case s.Added == 0:
		return 0
	case s.length == 0 && !s.Last.Less(id):
		return s.Added
	case id != ID{} && id.Less(s.MaxDeleted):
		return Unknown
	case id == s.Last:
		return s.Added
	case s.Last.Less(id):
		return Unknown
	case s.MaxDeleted != ID{} && !s.MaxDeleted.Less(s.First):
		return Unknown
	case id.Less(s.First):
		return s.Added - s.length
	case id == s.First:
		return s.Added - s.length + 1
	}
	return Unknown
}

// Lag returns how many entries a group has before it; false if that cannot be told.
func (s *Stream) Lag(g *Group) (int64, bool) {
	switch {
	case s.Added == 0, s.length == 0:
		return 0, true
	case g.last.Less(s.First) && s.MaxDeleted.Less(s.First):
		return s.length, true
	case g.Read != Unknown && !s.holed(g.last):
		return s.Added - g.Read, true
	}
	if read := s.ReadUpTo(g.last); read != Unknown {
		return s.Added - read, true
	}
	return 0, false
}

// Deliver notes that the group's consumers have been given the entry of an id, unless they were
// given one beyond it, and reports whether that moves the group on.
func (s *Stream) Deliver(g *Group, id ID) bool {
	if !g.last.Less(id) {
		return false
	}
	if g.Read != Unknown && !g.last.Less(s.First) && !s.holed(g.last) {
		g.Read++
	} else if s.Added > 0 {
		g.Read = s.ReadUpTo(id)
	}
	g.SetLast(id)
	return true
}
