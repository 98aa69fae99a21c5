package core

import "github.com/redlet/redlet/core/internal/slots"

// fixedTables are Redis's tables of expiries of a store since DEBUG DICT-RESIZING 0 fixed their
// sizes: one, or on a node of a cluster one for each slot. Active expiry there passes over a table
// in which hardly a place is taken; only one that must not shrink can be such. Expiry here needs no
// table, so they are counted for that alone.
type fixedTables []fixedTable

type fixedTable struct {
	size, keys int
	passed     bool // keys stay whose time is over
}

const tableSizeMin = 4

// tableSize is how many places Redis's table of n elements has.
func tableSize(n int) int {
	size := tableSizeMin
	for size < n {
		size *= 2
	}
	return size
}

// tableOf is the table in which an expiry stands.
func (f fixedTables) tableOf(t *ttl) *fixedTable {
	if len(f) == 1 {
		return &f[0]
	}
	return &f[slots.Of([]byte(t.key))]
}

// sparse tells whether active expiry passes over a table.
func (f *fixedTable) sparse() bool { return f.size > tableSizeMin && f.keys*100/f.size < 1 }

// fixTables notes which sizes the tables of a store have.
func (s *store) fixTables() {
	if s.fixed != nil {
		return
	}
	s.fixed = make(fixedTables, 1)
	if s.bySlot != nil {
		s.fixed = make(fixedTables, slots.Count)
	}
	for i := range s.keys.Len() {
		if _, p := s.keys.At(i); (*p).ttl != nil {
			table := s.fixed.tableOf((*p).ttl)
			table.keys++
			table.size = tableSize(table.keys)
		}
	}
}

// passes tells whether a key whose time has come stays, since its table is passed over.
func (t *ttl) passes() bool {
	if t.store.fixed == nil {
		return false
	}
	table := t.store.fixed.tableOf(t)
	table.passed = table.passed || table.sparse()
	return table.sparse()
}
