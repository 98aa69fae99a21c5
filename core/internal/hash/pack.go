package hash

import (
	"github.com/redlet/redlet/core/internal/dict"
	"github.com/redlet/redlet/core/internal/listpack"
)

// Pack is the listpack of an encoding that has one, for saving; it is lent until the hash changes.
// It is nil for a Table.
func (h *Hash) Pack() []byte {
	if h.enc == Table {
		return nil
	}
	h.room()
	return h.pack
}

// FromPack makes a hash of a listpack, which it takes over: of pairs, or with times of triples,
// where the time of a field that has none is 0. It is false for one that is no such thing: without
// a field, with half of one, with times out of order, or, where it is sanitized, with the same
// field twice; the first then counts.
func FromPack(pack listpack.Pack, times, sanitize bool) (*Hash, bool) {
	h := &Hash{pack: pack}
	if times {
		h.enc = ListpackEx
	}
	n := pack.Len()
	if n == 0 || n%h.stride() != 0 {
		return nil, false
	}
	if !sanitize && !times {
		return h, true
	}
	var names dict.Dict[struct{}]
	last := int64(0)
	for pos := pack.First(); pos >= 0; pos = pack.Next(pos) {
		if sanitize {
			if _, fresh := names.Put(pack.AppendAt(nil, pos)); !fresh {
				return nil, false
			}
		}
		pos = pack.Next(pos)
		if !times {
			continue
		}
		_, at, isInt := pack.At(pack.Next(pos))
		soon := h.expiryAt(pos)
		if !isInt || at < 0 || soon < last {
			return nil, false
		}
		last = soon
		pos = pack.Next(pos)
	}
	return h, true
}

// stride is the number of elements a field takes.
func (h *Hash) stride() int { return int(h.enc) + 2 }

// room makes the listpack that a zero Hash lacks.
func (h *Hash) room() {
	if h.pack == nil {
		h.pack = listpack.New(listpack.EmptySize)
	}
}

// first is the position of the first field, -1 where there is none.
func (h *Hash) first() int {
	if h.pack == nil {
		return -1
	}
	return h.pack.First()
}

func (h *Hash) find(field []byte) int {
	if h.pack == nil {
		return -1
	}
	return h.pack.Find(h.pack.First(), field, h.stride()-1)
}

// expiryAt is the time of the field in a ListpackEx whose value is at pos.
func (h *Hash) expiryAt(pos int) int64 {
	if _, at, _ := h.pack.At(h.pack.Next(pos)); at != 0 {
		return at
	}
	return Never
}

// bytesAt is the element at pos; an integer is written over scratch.
func bytesAt(p listpack.Pack, pos int, scratch []byte) []byte {
	s, _, isInt := p.At(pos)
	if isInt {
		return p.AppendAt(scratch[:0], pos)
	}
	return s
}

func (h *Hash) setListpack(field, value []byte) bool {
	h.room()
	if at := h.pack.FindValue(field, 1); at >= 0 {
		if !h.pack.Overwrite(at, value) {
			h.pack = h.pack.Replace(at, value)
		}
		return false
	}
	h.pack = h.pack.Append(field).Append(value)
	return true
}

func (h *Hash) setListpackEx(field, value []byte, keep bool) bool {
	pos := h.find(field)
	if pos >= 0 {
		at := h.pack.Next(pos)
		if keep || h.expiryAt(at) == Never {
			h.pack = h.pack.Replace(at, value)
			return false
		}
		h.pack, _ = h.pack.DeleteFrom(pos, 3)
	}
	h.room()
	h.pack = h.pack.Append(field).Append(value).AppendInt(0)
	return pos < 0
}

// setExpiryListpackEx moves a field to where its new time belongs: before all that expire then or
// later, or behind everything when it expires no more.
func (h *Hash) setExpiryListpackEx(field []byte, at int64) bool {
	pos := h.find(field)
	if pos < 0 {
		return false
	}
	value := h.pack.AppendAt(nil, h.pack.Next(pos))
	h.pack, _ = h.pack.DeleteFrom(pos, 3)
	if at == Never {
		h.pack = h.pack.Append(field).Append(value).AppendInt(0)
		return true
	}
	pos = h.pack.First()
	for pos >= 0 {
		time := h.pack.Next(pos)
		if h.expiryAt(time) >= at {
			break
		}
		pos = h.pack.Next(h.pack.Next(time))
	}
	if pos < 0 {
		h.pack = h.pack.Append(field).Append(value).AppendInt(at)
		return true
	}
	h.pack = h.pack.InsertBefore(pos, value).InsertBefore(pos, field)
	h.pack = h.pack.InsertAfter(h.pack.Next(pos), appendInt(nil, at))
	return true
}
