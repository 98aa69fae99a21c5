// Package set is the value of a Redis set, in the encodings of Redis 8: an intset while all members
// are integers and few, a listpack while they are few and short, a hash table otherwise. Which
// encoding it is in, and the order in which the first two hold their members, clients see; both
// follow Redis exactly.
package set

import (
	"strconv"

	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/dict"
	"github.com/redlet/redlet/core/internal/intset"
	"github.com/redlet/redlet/core/internal/listpack"
)

// Encoding is how a set is stored.
type Encoding uint8

// The encodings.
const (
	Intset   Encoding = iota // in rising order
	Listpack                 // in the order they came
	Table
)

// String is the encoding as OBJECT ENCODING names it.
func (e Encoding) String() string { return [...]string{"intset", "listpack", "hashtable"}[e] }

// Limits say which encoding a set may be in.
type Limits struct {
	Ints    int    // set-max-intset-entries
	Entries int    // set-max-listpack-entries
	Value   int    // set-max-listpack-value
	Seed    uint64 // of the table, when it becomes one
}

// Set is a set value. The zero value is an empty Intset, ready for use.
type Set struct {
	enc   Encoding
	ints  intset.Set    // of Intset; nil while there has been no member
	pack  listpack.Pack // of Listpack
	table *dict.Dict[struct{}]
	bytes int // of all members of the table: see Memory
}

// Make returns an empty set in the encoding that Redis chooses for one to which n members are about
// to be added, of which first is the first.
func Make(first []byte, n int, lim Limits) Set {
	var s Set
	switch _, isInt := listpack.ParseInt(first); {
	case isInt && n <= lim.Ints:
	case n <= lim.Entries:
		s.toListpack(0)
	default:
		s.ToTable(n, lim)
	}
	return s
}

// Encoding is how the set is stored now.
func (s *Set) Encoding() Encoding { return s.enc }

// Len is the number of members.
func (s *Set) Len() int {
	switch {
	case s.enc == Table:
		return s.table.Len()
	case s.enc == Listpack:
		return s.pack.Len()
	case s.ints == nil:
		return 0
	}
	return s.ints.Len()
}

// Has reports whether m is a member.
func (s *Set) Has(m []byte) bool {
	switch s.enc {
	case Table:
		return s.table.Find(m) != nil
	case Listpack:
		return s.find(m) >= 0
	}
	n, isInt := listpack.ParseInt(m)
	return isInt && s.ints != nil && s.ints.Has(n)
}

// Prepare makes the set a Table if n members that are about to be added would be too many for its
// encoding by themselves; one that comes twice counts twice.
func (s *Set) Prepare(n int, lim Limits) {
	if s.enc == Listpack && n > lim.Entries || s.enc == Intset && n > lim.Ints {
		s.ToTable(n, lim)
	}
}

// Add makes m a member, and tells whether it was none before. It is copied.
func (s *Set) Add(m []byte, lim Limits) (fresh bool) {
	if s.enc == Intset {
		n, isInt := listpack.ParseInt(m)
		if isInt {
			return s.addInt(n, lim)
		}
		s.leaveIntset(m, lim)
	}
	if s.enc == Listpack {
		if s.find(m) >= 0 {
			return false
		}
		if s.pack.Len() < lim.Entries && len(m) <= lim.Value && s.pack.Fits(len(m)) {
			s.pack = s.pack.Append(m)
			return true
		}
		s.ToTable(s.pack.Len()+1, lim)
	}
	return s.put(m)
}

// put adds a member to the table.
func (s *Set) put(m []byte) (fresh bool) {
	if _, fresh = s.table.Put(m); fresh {
		s.bytes += entrySize + alloc.String(len(m))
	}
	return fresh
}

func (s *Set) addInt(n int64, lim Limits) (fresh bool) {
	if s.ints == nil {
		s.ints = intset.New()
	}
	s.ints, fresh = s.ints.Add(n)
	if fresh && s.ints.Len() > lim.Ints {
		s.ToTable(s.ints.Len(), lim)
	}
	return fresh
}

// leaveIntset gives an Intset the encoding that it needs to hold m, which is no integer.
func (s *Set) leaveIntset(m []byte, lim Limits) {
	n, widest := s.Len(), 0
	if n > 0 {
		var digits [20]byte
		widest = max(len(strconv.AppendInt(digits[:0], s.ints.At(0), 10)),
			len(strconv.AppendInt(digits[:0], s.ints.At(n-1), 10)))
	}
	if n < lim.Entries && len(m) <= lim.Value && widest <= lim.Value {
		s.toListpack(len(m))
	} else {
		s.ToTable(n+1, lim)
	}
}

// Remove takes m out, and tells whether it was a member. The encoding stays as it is.
func (s *Set) Remove(m []byte) (ok bool) {
	switch s.enc {
	case Table:
		if _, ok = s.table.Delete(m); ok {
			s.bytes -= entrySize + alloc.String(len(m))
		}
		return ok
	case Listpack:
		pos := s.find(m)
		if pos >= 0 {
			s.pack, _ = s.pack.Delete(pos)
		}
		return pos >= 0
	}
	n, isInt := listpack.ParseInt(m)
	if isInt && s.ints != nil {
		s.ints, ok = s.ints.Remove(n)
	}
	return ok
}

// ToInts makes the set an Intset if all its members are integers and not too many.
func (s *Set) ToInts(lim Limits) {
	if s.enc == Intset || s.Len() > lim.Ints {
		return
	}
	ints := intset.New()
	for m := range s.All {
		n, isInt := listpack.ParseInt(m)
		if !isInt {
			return
		}
		ints, _ = ints.Add(n)
	}
	*s = Set{ints: ints}
}

// ToTable makes the set a Table with room for n members.
func (s *Set) ToTable(n int, lim Limits) {
	if s.enc == Table {
		return
	}
	from := *s
	*s = Set{enc: Table, table: &dict.Dict[struct{}]{}}
	s.table.SetSeed(lim.Seed)
	s.table.Reserve(max(n, from.Len()))
	for m := range from.All {
		s.put(m)
	}
}

// toListpack makes a Listpack of an Intset, with room for more bytes.
func (s *Set) toListpack(more int) {
	n := s.Len()
	pack := listpack.New(listpack.EmptySize + more + 4*n)
	for i := range n {
		pack = pack.AppendInt(s.ints.At(i))
	}
	*s = Set{enc: Listpack, pack: pack}
}

// Clone is an independent copy.
func (s *Set) Clone() *Set {
	if s.enc != Table {
		return &Set{enc: s.enc, ints: s.ints.Clone(), pack: s.pack.Clone()}
	}
	c := &Set{enc: Table, table: &dict.Dict[struct{}]{}}
	c.table.SetSeed(s.table.Seed())
	c.table.Reserve(s.table.Len())
	for m := range s.All {
		c.put(m)
	}
	return c
}

// Memory is the bytes that the set takes in Redis: its intset or listpack, or all that belongs to
// its table.
func (s *Set) Memory() int {
	if s.enc == Table {
		return s.bytes
	}
	return alloc.Size(len(s.Pack()))
}

// Usage is what MEMORY USAGE reckons for the set: it takes every member to have an entry.
func (s *Set) Usage() int {
	if s.enc != Table {
		return s.Memory()
	}
	const entry = 24
	return alloc.Table(s.Len()) + s.bytes + s.Len()*(entry-entrySize)
}

// entrySize is the bytes of an entry of a table with its share of the buckets: what Redis took on
// average for 100,000 of them, of which it keeps those alone in their buckets without an entry.
const entrySize = 10 + 11

func (s *Set) find(m []byte) int { return s.pack.Find(s.pack.First(), m, 0) }
