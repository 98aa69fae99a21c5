package stream

import "slices"

// Strategy says what becomes of an entry that groups refer to when it is to be removed. A group
// refers to what is pending in it, and to what it has not delivered yet.
type Strategy uint8

const (
	KeepRef Strategy = iota // it goes; where it is pending it stays so
	DelRef                  // it goes, and is no longer pending in any group
	Acked                   // it goes if no group refers to it
)

// refs knows which groups refer to an entry, so that nobody has to ask all of them. It is built
// when somebody wants to know for the first time, which few streams ever see, and kept from then
// on. The methods by which it is kept do nothing on nil.
type refs struct {
	// Values are pointers, so that all such trees are the same code.
	pending tree[*referrers] // by the id of an entry
	lasts   tree[*int]       // how many groups have come up to an id
}

// referrers are groups; Pending.ref is a group's place among them.
type referrers struct{ groups []*Group }

// references returns the stream's refs.
func (s *Stream) references() *refs {
	if s.shared.refs == nil {
		r := &refs{}
		for _, g := range s.Groups() {
			r.came(g.last)
			for at := g.pending.first(); at.valid(); at.next() {
				r.add(at.id(), g, at.val())
			}
		}
		s.shared.refs = r
	}
	return s.shared.refs
}

// add and remove note that an entry is pending in a group, and that it is no longer.
func (r *refs) add(id ID, g *Group, p *Pending) {
	if r == nil {
		return
	}
	of, found := r.pending.find(id)
	if !found {
		of = &referrers{}
		r.pending.put(id, of)
	}
	p.ref = uint32(len(of.groups))
	of.groups = append(of.groups, g)
}

func (r *refs) remove(id ID, p *Pending) {
	if r == nil {
		return
	}
	of, _ := r.pending.find(id)
	last := len(of.groups) - 1
	if last == 0 {
		r.pending.remove(id)
		return
	}
	if moved := of.groups[last]; int(p.ref) < last {
		of.groups[p.ref] = moved
		moved.Pending(id).ref = p.ref
	}
	of.groups[last] = nil
	of.groups = of.groups[:last]
}

// came and left note up to which id a group has come, and that it is there no longer.
func (r *refs) came(last ID) {
	if r == nil {
		return
	}
	n, found := r.lasts.find(last)
	if !found {
		n = new(int)
		r.lasts.put(last, n)
	}
	*n++
}

func (r *refs) left(last ID) {
	if r == nil {
		return
	}
	if n, found := r.lasts.find(last); found && *n > 1 {
		*n--
	} else {
		r.lasts.remove(last)
	}
}

// forget forgets a group with all that is pending in it.
func (r *refs) forget(g *Group) {
	if r == nil {
		return
	}
	r.left(g.last)
	for at := g.pending.first(); at.valid(); at.next() {
		r.remove(at.id(), at.val())
	}
}

// Referenced reports whether a group refers to the entry of an id, whether or not there is one.
func (s *Stream) Referenced(id ID) bool {
	if s.groups.table.Len() == 0 {
		return false
	}
	r := s.references()
	if first := r.lasts.first(); first.id().Less(id) {
		return true
	}
	_, pending := r.pending.find(id)
	return pending
}

// Dereference ends that an entry is pending in any group, and reports whether it was.
func (s *Stream) Dereference(id ID) bool {
	if s.shared.pending == 0 {
		return false
	}
	of, found := s.references().pending.find(id)
	if !found {
		return false
	}
	for _, g := range slices.Clone(of.groups) {
		g.Ack(id)
	}
	return true
}

// Release sees to the groups that refer to an entry which is to be removed. It reports whether the
// entry may go, and whether it has ended that it is pending.
func (s *Stream) Release(id ID, how Strategy) (may, ended bool) {
	switch how {
	case DelRef:
		return true, s.Dereference(id)
	case Acked:
		return !s.Referenced(id), false
	}
	return true, false
}
