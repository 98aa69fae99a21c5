package hash

import (
	"strconv"

	"github.com/redlet/redlet/core/internal/listpack"
)

// Field is a field as an iteration shows it; the slices are lent until the next one.
type Field struct {
	Name, Value []byte
	Expiry      int64 // Never without a time
}

// All visits the fields that are visible at now until visit returns false; to be ranged over. A
// listpack is visited in its order. The hash must not change meanwhile.
func (h *Hash) All(now int64) func(visit func(f *Field) bool) {
	return func(visit func(f *Field) bool) {
		w := &walk{h: h, now: now}
		if h.enc != Table {
			w.pack(visit)
			return
		}
		for i := range h.table.Len() {
			if w.cell(h.table.At(i)) && !visit(&w.field) {
				return
			}
		}
	}
}

// Scan visits some of the fields that are visible at now and returns the cursor to go on with, 0
// when it is done, with the guarantee of SCAN. The listpacks are visited whole.
func (h *Hash) Scan(cursor uint64, now int64, visit func(f *Field)) uint64 {
	w := &walk{h: h, now: now}
	if h.enc != Table {
		w.pack(func(f *Field) bool { visit(f); return true })
		return 0
	}
	return h.table.Scan(cursor, func(key string, c *cell) {
		if w.cell(key, c) {
			visit(&w.field)
		}
	})
}

// At is the i-th field, 0 <= i < Len, whether or not its time has passed: for fair random choice.
// Its slices are lent until the hash changes. In a listpack it takes time with i.
func (h *Hash) At(i int) Field {
	w := &walk{h: h}
	if h.enc == Table {
		w.cell(h.table.At(i))
	} else {
		w.at(h.pack.Index(i * h.stride()))
	}
	return w.field
}

// walk fills one Field after another.
type walk struct {
	h       *Hash
	now     int64
	field   Field
	scratch [2][20]byte // decimal digits of integers
	name    []byte      // a table's key
}

// cell loads an entry of a table and tells whether it is visible.
//
//go:noinline
func (w *walk) cell(key string, c *cell) bool {
	w.field.Expiry = Never
	if c.Due != nil {
		if w.field.Expiry = c.Due.at; c.Due.at <= w.now {
			return false
		}
	}
	w.name = append(w.name[:0], key...)
	w.field.Name, w.field.Value = w.name, c.Value
	return true
}

// at loads the field at pos of a listpack and returns the position of the next.
func (w *walk) at(pos int) int {
	p := w.h.pack
	w.field.Name = bytesAt(p, pos, w.scratch[0][:])
	pos = p.Next(pos)
	w.field.Value = bytesAt(p, pos, w.scratch[1][:])
	w.field.Expiry = Never
	if w.h.enc == ListpackEx {
		w.field.Expiry = w.h.expiryAt(pos)
		pos = p.Next(pos)
	}
	return p.Next(pos)
}

func (w *walk) pack(visit func(f *Field) bool) {
	for pos := w.h.first(); pos >= 0; {
		pos = w.at(pos)
		if w.field.Expiry > w.now && !visit(&w.field) {
			return
		}
	}
}

// eachDue calls visit for each field whose time has come by now.
func (h *Hash) eachDue(now int64, visit func()) {
	for f := range h.All(0) {
		if f.Expiry <= now {
			visit()
		}
	}
}

func appendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

// elements is the number of elements of a listpack that may be missing.
func elements(p listpack.Pack) int {
	if p == nil {
		return 0
	}
	return p.Len()
}
