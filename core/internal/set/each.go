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

// Int is the i-th member of an Intset.
func (s *Set) Int(i int) int64 { return s.ints.At(i) }

// HasInt is Has for an Intset.
func (s *Set) HasInt(n int64) bool { return s.ints != nil && s.ints.Has(n) }

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
