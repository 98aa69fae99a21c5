package listpack

import "slices"

// Append adds s as the last element. It is stored as an integer if it is one in decimal.
func (p Pack) Append(s []byte) Pack {
	if pos := len(p) - 1; short(s) {
		n := p.count()
		p = p.open(pos, len(s)+2)
		putShort(p[pos:], s)
		p.addCount(n, 1)
		return p
	}
	v := Parse(s)
	return p.insert(len(p)-1, &v)
}

// AppendInt adds n as the last element.
func (p Pack) AppendInt(n int64) Pack {
	if uint64(n) < 0x80 {
		pos, count := len(p)-1, p.count()
		p = p.open(pos, 2)
		p[pos], p[pos+1] = byte(n), 1
		p.addCount(count, 1)
		return p
	}
	return p.insert(len(p)-1, &Value{n: n, isInt: true})
}

// Open returns p without what ends it, so that a row of elements can be added by Put and PutInt,
// which keep neither that nor the header: Close does so once. Until then it is no pack.
func (p Pack) Open() Pack { return p[:len(p)-1] }

// Close makes a pack of one that was opened, and to which so many elements were added.
func (p Pack) Close(added int) Pack {
	p = append(p, endByte)
	p.addCount(p.count(), added)
	return p
}

// Put is Append to what is open.
func (p Pack) Put(s []byte) Pack {
	if short(s) {
		p = append(p, 0x80|byte(len(s)))
		p = append(p, s...)
		return append(p, byte(len(s)+1))
	}
	v := Parse(s)
	return p.putValue(&v)
}

// PutInt is AppendInt to what is open.
func (p Pack) PutInt(n int64) Pack {
	switch {
	case uint64(n) < 0x80:
		return append(p, byte(n), 1)
	case uint64(n) < 0x1000:
		return append(p, 0xC0|byte(n>>8), byte(n), 2)
	}
	return p.putValue(&Value{n: n, isInt: true})
}

func (p Pack) putValue(v *Value) Pack {
	at, size := len(p), v.size()
	p = slices.Grow(p, size)[:at+size]
	v.put(p[at:])
	return p
}

// Prepend adds s as the first element.
func (p Pack) Prepend(s []byte) Pack {
	v := Parse(s)
	return p.insert(headerSize, &v)
}

// InsertBefore puts s before the element at pos; s then is the element at pos.
func (p Pack) InsertBefore(pos int, s []byte) Pack {
	v := Parse(s)
	return p.insert(pos, &v)
}

// InsertAfter puts s behind the element at pos, which stays at pos.
func (p Pack) InsertAfter(pos int, s []byte) Pack {
	v := Parse(s)
	return p.insert(pos+p.entrySize(pos), &v)
}

// Replace puts s in the place of the element at pos, and stands at pos after that.
func (p Pack) Replace(pos int, s []byte) Pack {
	if p.Overwrite(pos, s) {
		return p
	}
	v := Parse(s)
	return p.replace(pos, &v)
}

// Overwrite puts s in the place of the element at pos, if that can be done without moving any
// other and is easily told. The backward length, though it is the same, is written anew: it may
// have been read out of the element.
func (p Pack) Overwrite(pos int, s []byte) bool {
	if !short(s) || p[pos] != 0x80|byte(len(s)) {
		return false
	}
	putShort(p[pos:], s)
	return true
}

// ReplaceInt puts n in the place of the element at pos, and stands at pos after that.
func (p Pack) ReplaceInt(pos int, n int64) Pack {
	if p[pos] < 0x80 && uint64(n) < 0x80 {
		p[pos], p[pos+1] = byte(n), 1 // as in Overwrite
		return p
	}
	return p.replace(pos, &Value{n: n, isInt: true})
}

// Delete removes the element at pos. The one that followed it is at pos after that; next is pos, or
// -1 if it was the last.
func (p Pack) Delete(pos int) (q Pack, next int) {
	n := p.count()
	q = p.cut(pos, pos+p.entrySize(pos))
	q.addCount(n, -1)
	if q[pos] == endByte {
		return q, -1
	}
	return q, pos
}

// DropLast removes the last element of a pack that is not empty. It keeps the memory.
func (p Pack) DropLast() Pack {
	pos := p.Last()
	n := p.count()
	p = p[:pos+1]
	p[pos] = endByte
	p.addCount(n, -1)
	return p
}

// DeleteFrom removes up to num elements from the one at pos on. The one that followed them is at
// pos after that; next is pos, or -1 if none did.
func (p Pack) DeleteFrom(pos, num int) (q Pack, next int) {
	end, deleted := pos, 0
	for ; deleted < num && p[end] != endByte; deleted++ {
		end += p.entrySize(end)
	}
	n := p.count()
	q = p.cut(pos, end)
	q.addCount(n, -deleted)
	if q[pos] == endByte {
		return q, -1
	}
	return q, pos
}

// DeleteRange removes up to num elements from element i on, i as in Index.
func (p Pack) DeleteRange(i, num int) Pack {
	pos := p.Index(i)
	if pos < 0 || num <= 0 {
		return p
	}
	q, _ := p.DeleteFrom(pos, num)
	return q
}

// Merge adds the elements of q behind those of p. q stays as it is and must not lie in p's array.
func (p Pack) Merge(q Pack) Pack {
	n := p.Len() + q.Len()
	at := len(p) - 1
	p = p.open(at, len(q)-EmptySize)
	copy(p[at:], q[headerSize:])
	p.setHeader(n)
	return p
}

// Clear removes all elements and keeps the room.
func (p Pack) Clear() Pack {
	p = p[:EmptySize]
	p.setHeader(0)
	p[headerSize] = endByte
	return p
}

func (p Pack) insert(pos int, v *Value) Pack {
	n := p.count()
	p = p.open(pos, v.size())
	v.put(p[pos:])
	p.addCount(n, 1)
	return p
}

func (p Pack) replace(pos int, v *Value) Pack {
	n := p.count()
	was, is := p.entrySize(pos), v.size()
	if is > was {
		p = p.open(pos+was, is-was)
	} else if is < was {
		p = p.cut(pos+is, pos+was)
	}
	v.put(p[pos:])
	p.addCount(n, 0)
	return p
}

// open makes a gap of n bytes before pos.
func (p Pack) open(pos, n int) Pack {
	size := len(p) + n
	if size > cap(p) {
		return p.openElsewhere(pos, n)
	}
	q := p[:size]
	copy(q[pos+n:], p[pos:])
	return q
}

// openElsewhere is open where p has no room for it.
//
//go:noinline
func (p Pack) openElsewhere(pos, n int) Pack {
	size := len(p) + n
	q := append(Pack(nil), make([]byte, room(size))...)[:size]
	copy(q, p[:pos])
	copy(q[pos+n:], p[pos:])
	return q
}

// room returns how much to allocate for a pack that has grown to size: an eighth more, since most
// packs stay small and there are many of them; Go rounds up to its size class besides.
func room(size int) int { return size + size/8 }

// cut removes the bytes from pos to end. It gives the memory back when little of it is left in use.
func (p Pack) cut(pos, end int) Pack {
	size := len(p) - (end - pos)
	if cap(p) > 256 && size < cap(p)/4 {
		return p.cutElsewhere(pos, end)
	}
	copy(p[pos:], p[end:])
	return p[:size]
}

// cutElsewhere is cut where p takes too much for what is left.
//
//go:noinline
func (p Pack) cutElsewhere(pos, end int) Pack {
	size := len(p) - (end - pos)
	q := make(Pack, size, size+size/4)
	copy(q, p[:pos])
	copy(q[pos:], p[end:])
	return q
}
