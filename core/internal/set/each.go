package set

import "strconv"

// All visits the members in their order until visit returns false; to be ranged over. A member is
// lent until the next one. The set must not change meanwhile.
func (s *Set) All(visit func(m []byte) bool) {
	var digits [20]byte
	switch s.enc {
	case Table:
		var scratch []byte
		for i := range s.table.Len() {
			m, _ := s.table.At(i)
			scratch = append(scratch[:0], m...)
			if !visit(scratch) {
				return
			}
		}
	case Listpack:
		s.pack.Walk(func(m []byte, n int64, isInt bool) bool {
			if isInt {
				m = strconv.AppendInt(digits[:0], n, 10)
			}
			return visit(m)
		})
	default:
		for i := range s.Len() {
			if !visit(strconv.AppendInt(digits[:0], s.ints.At(i), 10)) {
				return
			}
		}
	}
}

// Ints returns members of an Intset from the i-th on, as many as there are and fit in ns.
func (s *Set) Ints(ns []int64, i int) []int64 { return s.ints.Read(ns, i) }

// Retain drops those of ns, which rise, that are no members of an Intset; they are looked for from
// a place on, which is returned for those that follow.
func (s *Set) Retain(ns []int64, from int) (kept []int64, next int) {
	if s.ints == nil {
		return nil, 0
	}
	return s.ints.Retain(ns, from)
}

// Scan visits some of the members and returns the cursor to go on with, 0 when it is done, with the
// guarantee of SCAN. All but a Table are visited whole. A member is lent until the next one.
func (s *Set) Scan(cursor uint64, visit func(m []byte)) uint64 {
	if s.enc != Table {
		for m := range s.All {
			visit(m)
		}
		return 0
	}
	var scratch []byte
	return s.table.Scan(cursor, func(m string, _ *struct{}) {
		scratch = append(scratch[:0], m...)
		visit(scratch)
	})
}

// AppendAt appends the i-th member, 0 <= i < Len, to dst: for fair random choice. In a Listpack it
// takes time with i.
func (s *Set) AppendAt(dst []byte, i int) []byte {
	switch s.enc {
	case Table:
		m, _ := s.table.At(i)
		return append(dst, m...)
	case Listpack:
		return s.pack.AppendAt(dst, s.pack.Index(i))
	}
	return strconv.AppendInt(dst, s.ints.At(i), 10)
}
