package set

import (
	"github.com/redlet/redlet/core/internal/dict"
	"github.com/redlet/redlet/core/internal/intset"
	"github.com/redlet/redlet/core/internal/listpack"
)

// Pack is the run of bytes that an Intset or a Listpack is, for saving; it is lent until the set
// changes. It is nil for a Table.
func (s *Set) Pack() []byte {
	switch {
	case s.enc == Table:
		return nil
	case s.enc == Listpack:
		return s.pack
	case s.ints == nil:
		s.ints = intset.New()
	}
	return s.ints
}

// FromInts makes a set of an intset, which it takes over.
func FromInts(ints intset.Set) Set { return Set{ints: ints} }

// FromPack makes a set of a listpack, which it takes over. It is false for one that is sanitized
// and holds a member twice.
func FromPack(pack listpack.Pack, sanitize bool) (Set, bool) {
	if !sanitize {
		return Set{enc: Listpack, pack: pack}, true
	}
	var members dict.Dict[struct{}]
	for pos := pack.First(); pos >= 0; pos = pack.Next(pos) {
		if _, fresh := members.Put(pack.AppendAt(nil, pos)); !fresh {
			return Set{}, false
		}
	}
	return Set{enc: Listpack, pack: pack}, true
}

// Fit makes the set a Table if it has more members than its encoding may have, as after loading one
// that was saved under other limits.
func (s *Set) Fit(lim Limits) {
	if s.enc == Intset && s.Len() > lim.Ints || s.enc == Listpack && s.Len() > lim.Entries {
		s.ToTable(0, lim)
	}
}
