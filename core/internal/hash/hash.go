// Package hash is the value of a Redis hash, in the encodings of Redis 8: a listpack of fields and
// values while small, a listpack of fields, values and expiry times once a field of it was given
// one, a hash table when it has outgrown both. Which encoding it is in, and the order in which the
// listpacks hold their fields, clients see; both follow Redis exactly.
//
// Times are in milliseconds since the Unix epoch. A field whose time has come stays until Expire
// removes it: the methods that take now do not show it, the others do.
package hash

import (
	"math"

	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/dict"
	"github.com/redlet/redlet/core/internal/listpack"
	"github.com/redlet/redlet/core/internal/timer"
)

// Never is the expiry time of a field that stays.
const Never = math.MaxInt64

// Encoding is how a hash is stored.
type Encoding uint8

// The encodings, in the order in which a hash passes through them. None leads back.
const (
	Listpack   Encoding = iota // field, value, in the order they came
	ListpackEx                 // field, value, time; the soonest first, those without a time last
	Table
)

// String is the encoding as OBJECT ENCODING names it.
func (e Encoding) String() string {
	return [...]string{"listpack", "listpackex", "hashtable"}[e]
}

// Limits say when a hash becomes a Table.
type Limits struct {
	Entries int    // hash-max-listpack-entries
	Value   int    // hash-max-listpack-value
	Seed    uint64 // of the table, when it becomes one
}

// Hash is a hash value. The zero value is an empty Listpack, ready for use.
type Hash struct {
	enc   Encoding
	pack  listpack.Pack // of Listpack and ListpackEx; nil while there has been no field
	table *table
	noted int64 // of ListpackEx: see Noted
}

type table struct {
	dict.Dict[cell]
	due   timer.Heap[*deadline]
	bytes int // of all fields: see Memory
}

// cell's fields are exported for the names of the dictionary's functions, which spell them: beside
// each field that is not stands the package's path, 25 times in every binary.
type cell struct {
	Value []byte
	Due   *deadline // nil without an expiry time
}

type deadline struct {
	timer.Node
	at    int64
	field string
}

// Encoding is how the hash is stored now.
func (h *Hash) Encoding() Encoding { return h.enc }

// Len is the number of fields, those whose time has passed included.
func (h *Hash) Len() int {
	if h.enc == Table {
		return h.table.Len()
	}
	return elements(h.pack) / h.stride()
}

// Live is the number of fields that are visible at now.
func (h *Hash) Live(now int64) int {
	n := h.Len()
	if h.NextExpiry() > now {
		return n
	}
	h.eachDue(now, func() { n-- })
	return n
}

// Get is the value of a field that is visible at now. It is lent until the hash changes; where the
// listpack holds an integer, the value is written over scratch, which should have room for 20.
func (h *Hash) Get(field []byte, now int64, scratch []byte) ([]byte, bool) {
	if h.enc == Table {
		c := h.table.Find(field)
		if c == nil || c.Due != nil && c.Due.at <= now {
			return nil, false
		}
		return c.Value, true
	}
	pos := h.find(field)
	if pos < 0 {
		return nil, false
	}
	pos = h.pack.Next(pos)
	if h.enc == ListpackEx && h.expiryAt(pos) <= now {
		return nil, false
	}
	return bytesAt(h.pack, pos, scratch), true
}

// Expiry is the time of a field that is visible at now, Never where it has none.
func (h *Hash) Expiry(field []byte, now int64) (at int64, ok bool) {
	at = Never
	if h.enc == Table {
		c := h.table.Find(field)
		if c == nil {
			return 0, false
		}
		if c.Due != nil {
			at = c.Due.at
		}
		return at, at > now
	}
	pos := h.find(field)
	if pos < 0 {
		return 0, false
	}
	if h.enc == ListpackEx {
		at = h.expiryAt(h.pack.Next(pos))
	}
	return at, at > now
}

// Prepare makes the hash a Table before the fields and values of pairs are set, if they would be
// too many or too long for a listpack; a field named twice counts twice.
func (h *Hash) Prepare(pairs [][]byte, lim *Limits) {
	if h.enc == Table {
		return
	}
	if len(pairs)/2 > lim.Entries {
		h.toTable(lim, len(pairs)/2)
		return
	}
	for _, s := range pairs {
		if len(s) > lim.Value {
			h.toTable(lim, 0)
			return
		}
	}
}

// Set gives a field its value, and tells whether the field is new; a field whose time has passed
// is not. The time of an old one is dropped unless keep is set. Both slices are copied.
func (h *Hash) Set(field, value []byte, keep bool, lim *Limits) (fresh bool) {
	if h.enc != Table && (len(field) > lim.Value || len(value) > lim.Value) {
		h.toTable(lim, 0)
	}
	switch h.enc {
	case Listpack:
		fresh = h.setListpack(field, value)
	case ListpackEx:
		fresh = h.setListpackEx(field, value, keep)
	default:
		return h.table.set(field, value, keep)
	}
	if fresh && h.Len() > lim.Entries {
		h.toTable(lim, 0)
	}
	return fresh
}

// Add is Set of a field of a file, which ought to be new. It is false if it is not; but in a
// Listpack nobody looks, and it stands there twice then.
func (h *Hash) Add(field, value []byte, lim *Limits) bool {
	if h.enc != Listpack || max(len(field), len(value)) > lim.Value || h.Len() >= lim.Entries {
		return h.Set(field, value, false, lim)
	}
	h.room()
	h.pack = h.pack.Append(field).Append(value)
	return true
}

// Delete removes a field and tells whether it was there.
func (h *Hash) Delete(field []byte) bool {
	if h.enc == Table {
		return h.table.delete(field)
	}
	pos := h.find(field)
	if pos < 0 {
		return false
	}
	if h.pack, _ = h.pack.DeleteFrom(pos, h.stride()); h.noted != 0 && h.NextExpiry() == Never {
		h.noted = 0
	}
	return true
}

// Noted is the soonest time as Redis has noted it of a ListpackEx, 0 if it has none. A dump shows
// it. Redis has its clockwork come too soon rather than set it anew with every change, so that the
// time is that of a field which has lost it, or, by less than noteStep, not the soonest.
func (h *Hash) Noted() int64 { return h.noted }

// SetNoted sets what is noted, as a file tells it.
func (h *Hash) SetNoted(at int64) { h.noted = at }

// Note is to be called when fields of a hash were given a time, the soonest that they had before
// being was, or Never.
func (h *Hash) Note(was, at int64) {
	if h.enc != ListpackEx || h.noted != 0 && h.noted < was && h.noted <= at {
		return
	}
	next := h.NextExpiry()
	switch more := next - h.noted; {
	case next == Never:
		h.noted = 0
	case h.noted == 0 || more >= noteStep || more <= -noteStep:
		h.noted = next
	}
}

// noteStep is how far off the soonest time may be noted, in milliseconds.
const noteStep = 4000

// EnableExpiry makes a Listpack a ListpackEx: Redis does when a command comes to set the time of
// any field, whether or not it then does.
func (h *Hash) EnableExpiry() {
	if h.enc != Listpack {
		return
	}
	h.enc = ListpackEx
	from := h.pack
	if from == nil {
		return
	}
	h.pack = listpack.New(len(from) + 2*from.Len())
	var scratch [20]byte
	for pos := from.First(); pos >= 0; {
		h.pack = h.pack.Append(bytesAt(from, pos, scratch[:0]))
		pos = from.Next(pos)
		h.pack = h.pack.Append(bytesAt(from, pos, scratch[:0])).AppendInt(0)
		pos = from.Next(pos)
	}
}

// SetExpiry gives a field its time, or takes it away with Never, and tells whether the field is
// there. The hash must be past EnableExpiry, unless at is Never.
func (h *Hash) SetExpiry(field []byte, at int64) bool {
	switch h.enc {
	case Listpack:
		return h.find(field) >= 0
	case ListpackEx:
		return h.setExpiryListpackEx(field, at)
	}
	key, c := h.table.FindKey(field)
	switch {
	case c == nil:
		return false
	case at == Never:
		h.table.persist(c)
	case c.Due == nil:
		h.table.bytes += deadlineSize
		c.Due = &deadline{field: key, at: at}
		h.table.due.Set(c.Due, at)
	default:
		c.Due.at = at
		h.table.due.Set(c.Due, at)
	}
	return true
}

// NextExpiry is the soonest time of any field, Never if none has one.
func (h *Hash) NextExpiry() int64 {
	switch h.enc {
	case ListpackEx:
		if pos := h.first(); pos >= 0 {
			return h.expiryAt(h.pack.Next(pos))
		}
	case Table:
		if _, at, ok := h.table.due.Min(); ok {
			return at
		}
	}
	return Never
}

// Expire removes the fields whose time has come by now, the soonest first, at most limit of
// them, and calls gone with each, lent for the call. It returns how many it removed.
func (h *Hash) Expire(now int64, limit int, gone func(field []byte)) int {
	var scratch []byte
	n := 0
	for ; n < limit && h.NextExpiry() <= now; n++ {
		if h.enc == Table {
			d, _, _ := h.table.due.Min()
			scratch = append(scratch[:0], d.field...)
			h.table.delete(scratch)
		} else {
			pos := h.pack.First()
			scratch = h.pack.AppendAt(scratch[:0], pos)
			h.pack, _ = h.pack.DeleteFrom(pos, 3)
		}
		gone(scratch)
	}
	if h.noted != 0 {
		h.noted = 0
		h.Note(Never, Never)
	}
	return n
}

// Fit makes the hash a Table if it has more fields than a listpack may have, as after loading one
// that was saved under other limits.
func (h *Hash) Fit(lim *Limits) {
	if h.enc != Table && h.Len() > lim.Entries {
		h.toTable(lim, 0)
	}
}

// Clone is an independent copy.
func (h *Hash) Clone() *Hash {
	if h.enc != Table {
		h.room()
		return &Hash{enc: h.enc, pack: h.pack.Clone(), noted: h.noted}
	}
	c := &Hash{}
	c.toTable(&Limits{Seed: h.table.Seed()}, h.Len())
	for i := range h.table.Len() {
		key, from := h.table.At(i)
		field := []byte(key)
		c.table.set(field, from.Value, false)
		if from.Due != nil {
			c.SetExpiry(field, from.Due.at)
		}
	}
	return c
}

// Memory is the bytes that the hash takes in Redis: its listpack, or all that belongs to its table.
func (h *Hash) Memory() int {
	if h.enc == Table {
		return h.table.bytes
	}
	n := alloc.Size(max(len(h.pack), listpack.EmptySize))
	if h.enc == ListpackEx {
		n += databaseSize
	}
	return n
}

// Usage is what MEMORY USAGE reckons for the hash: a short name with a time takes 24 bytes more.
func (h *Hash) Usage() int {
	if h.enc != Table {
		return h.Memory()
	}
	const entry, time = 24, 24
	n, timed := h.Len(), h.table.due.Len()
	return alloc.Table(n) + h.table.bytes + n*(entry-entrySize) + timed*(time-deadlineSize)
}

// The bytes of an entry of a table with its share of the buckets, and of a time: what Redis took on
// average for 100,000 of them.
const (
	entrySize    = 32 + 11
	deadlineSize = 19
	databaseSize = 32 // what ties a listpack with times to its database
)

func (h *Hash) toTable(lim *Limits, size int) {
	from := *h
	*h = Hash{enc: Table, table: &table{}}
	h.table.SetSeed(lim.Seed)
	h.table.Reserve(max(size, from.Len()))
	for f := range from.All(0) {
		h.table.set(f.Name, f.Value, false)
		if f.Expiry != Never {
			h.SetExpiry(f.Name, f.Expiry)
		}
	}
}

func (t *table) set(field, value []byte, keep bool) bool {
	c, fresh := t.Put(field)
	if fresh {
		t.bytes += entrySize + alloc.String(len(field))
	} else {
		t.bytes -= alloc.String(len(c.Value))
	}
	t.bytes += alloc.String(len(value))
	if cap(c.Value) < len(value) || cap(c.Value) > 2*len(value)+32 {
		c.Value = make([]byte, 0, len(value))
	}
	c.Value = append(c.Value[:0], value...)
	if !keep {
		t.persist(c)
	}
	return fresh
}

func (t *table) delete(field []byte) bool {
	c, ok := t.Dict.Delete(field)
	if ok {
		t.persist(&c)
		t.bytes -= entrySize + alloc.String(len(field)) + alloc.String(len(c.Value))
	}
	return ok
}

func (t *table) persist(c *cell) {
	if c.Due != nil {
		t.bytes -= deadlineSize
		t.due.Remove(c.Due)
		c.Due = nil
	}
}
