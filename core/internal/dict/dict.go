// Package dict is a hash table from byte strings to V with Redis's SCAN guarantee.
//
// The entries stand side by side in the order they came, in chunks, so that growth copies nothing
// large and a fair random choice is an index; the buckets hold only entry numbers. Growing and
// shrinking move a few buckets with each change, so that no single operation stalls.
// The order of everything follows from the seed and the calls made, and from nothing else.
package dict

import (
	"math/bits"

	"github.com/redlet/redlet/core/internal/same"
	"github.com/redlet/redlet/core/internal/small"
)

const (
	chunkBits = 10
	chunkSize = 1 << chunkBits
	chunkMask = chunkSize - 1
	// bucketsMin is the smallest bucket array; growth doubles it.
	bucketsMin = 4
	// sparse is how many times more buckets than entries a table may have before it shrinks.
	sparse = 8
	// stride is how many buckets a change moves while the table is being resized: at least one, for
	// growing to be done before the next growth; shrinking finds nearly all of them empty, and with
	// sixteen ends before the entries have halved again.
	stride = 16
)

// Dict maps byte strings to V. The zero value is empty and ready.
type Dict[V any] struct {
	heads  []uint32     // first entry of each bucket, plus one; 0 is none. A power of two long.
	chunks [][]entry[V] // all full but the last; only the first is ever shorter than chunkSize
	n      int
	seed   uint64
	next   []uint32 // the buckets being moved into; nil when the table is at rest
	moved  uint32   // while next is set: the buckets of heads below it are in next
}

type entry[V any] struct {
	_ [0]func() // not compared: or the compiler writes what does

	key  string
	hash uint32
	next uint32 // the next entry of the bucket, plus one; 0 ends it
	val  V
}

// SetSeed chooses the order in which Scan visits and guards against keys made to collide. It is
// to be called before the first use.
func (d *Dict[V]) SetSeed(seed uint64) { d.seed = seed }

// Seed is the seed that SetSeed chose.
func (d *Dict[V]) Seed() uint64 { return d.seed }

// Len is the number of entries.
func (d *Dict[V]) Len() int { return d.n }

// Find is the value at key, nil when there is none. The pointer is valid until the next Put,
// Delete or Clear.
func (d *Dict[V]) Find(key []byte) *V {
	if e := d.find(key, Hash(d.seed, key)); e != nil {
		return &e.val
	}
	return nil
}

// FindKey is Find which also tells the stored key.
func (d *Dict[V]) FindKey(key []byte) (string, *V) {
	if e := d.find(key, Hash(d.seed, key)); e != nil {
		return e.key, &e.val
	}
	return "", nil
}

// Put is the value at key, which is added with the zero V where it was missing: fresh tells. The
// key is copied only then. The pointer is valid until the next Put, Delete or Clear.
func (d *Dict[V]) Put(key []byte) (v *V, fresh bool) {
	hash := Hash(d.seed, key)
	if e := d.find(key, hash); e != nil {
		return &e.val, false
	}
	return d.add(string(key), hash), true
}

// PutIn is Put of a key that is copied to a pile.
//
//go:noinline
func (d *Dict[V]) PutIn(key []byte, pile *small.Texts) (v *V, fresh bool) {
	hash := Hash(d.seed, key)
	if e := d.find(key, hash); e != nil {
		return &e.val, false
	}
	return d.add(pile.Clone(key), hash), true
}

// PutText is Put of a key that is kept, as text, instead of copied.
func (d *Dict[V]) PutText(key []byte, text string) (v *V, fresh bool) {
	hash := Hash(d.seed, key)
	if e := d.find(key, hash); e != nil {
		return &e.val, false
	}
	return d.add(text, hash), true
}

// PutKey is Put which also tells the stored key.
func (d *Dict[V]) PutKey(key []byte) (stored string, v *V, fresh bool) {
	hash := Hash(d.seed, key)
	if e := d.find(key, hash); e != nil {
		return e.key, &e.val, false
	}
	stored = string(key)
	return stored, d.add(stored, hash), true
}

// Delete removes key and returns the value it had; false when it was missing. The last entry in
// dense order takes the place of the removed one.
func (d *Dict[V]) Delete(key []byte) (old V, ok bool) {
	hash := Hash(d.seed, key)
	if d.n == 0 {
		return old, false
	}
	link := d.head(hash)
	for *link != 0 {
		i := *link - 1
		e := d.entry(i)
		if e.hash == hash && same.Text(e.key, key) {
			old = e.val
			*link = e.next
			d.fill(i)
			d.afterDelete()
			return old, true
		}
		link = &e.next
	}
	return old, false
}

// At is the i-th entry in dense order, for 0 <= i < Len: new entries come last, and Delete moves
// the last into the hole. The pointer is valid until the next Put, Delete or Clear.
func (d *Dict[V]) At(i int) (string, *V) {
	e := &d.chunks[uint(i)>>chunkBits][i&chunkMask]
	return e.key, &e.val
}

// Backward visits all entries in reverse dense order until visit returns false; to be ranged
// over. The visited key may be deleted during the visit, no other one; nothing may be put.
//
//go:noinline
func (d *Dict[V]) Backward(visit func(key string, v *V) bool) {
	for i := d.n - 1; i >= 0; i-- {
		if key, v := d.At(i); !visit(key, v) {
			return
		}
	}
}

// Clear removes everything and gives the memory back.
func (d *Dict[V]) Clear() { *d = Dict[V]{seed: d.seed} }

// Reserve makes room for n entries at once, where many are about to come.
func (d *Dict[V]) Reserve(n int) {
	if len(d.chunks) == 0 && n > 0 {
		d.chunks = append(d.chunks, make([]entry[V], 0, min(max(n, bucketsMin), chunkSize)))
	}
	if size := bucketsFor(n); size > len(d.heads) && d.next == nil {
		d.resize(size)
		for d.next != nil {
			d.move()
		}
	}
}

// Scan visits one bucket, chosen by cursor, and returns the cursor of the next: 0 when it was the
// last, and 0 is where to start. An entry that stays from the first call to the last is visited at
// least once, however the table is resized in between; one may be visited twice. Visit must not
// change the table.
//
// The cursor counts with its bits reversed, so that the high bits of the bucket number change
// first: what a doubled or halved table adds or loses is a suffix of the cursors already seen.
func (d *Dict[V]) Scan(cursor uint64, visit func(key string, v *V)) uint64 {
	if d.n == 0 {
		return 0
	}
	small, large := d.heads, d.next
	if large == nil {
		mask := uint64(len(small) - 1)
		d.visit(small, cursor&mask, visit)
		return advance(cursor, mask)
	}
	if len(small) > len(large) {
		small, large = large, small
	}
	smallMask, largeMask := uint64(len(small)-1), uint64(len(large)-1)
	d.visit(small, cursor&smallMask, visit)
	for {
		d.visit(large, cursor&largeMask, visit)
		cursor = advance(cursor, largeMask)
		if cursor&(smallMask^largeMask) == 0 {
			return cursor
		}
	}
}

//go:noinline
func (d *Dict[V]) visit(heads []uint32, bucket uint64, visit func(key string, v *V)) {
	for i := heads[bucket]; i != 0; {
		e := d.entry(i - 1)
		i = e.next
		visit(e.key, &e.val)
	}
}

// advance adds one to the bits of cursor under mask, read from the highest to the lowest.
func advance(cursor, mask uint64) uint64 {
	return bits.Reverse64(bits.Reverse64(cursor|^mask) + 1)
}

func (d *Dict[V]) entry(i uint32) *entry[V] {
	return &d.chunks[i>>chunkBits][i&chunkMask]
}

// head is the bucket of hash: an entry is in exactly one of the two arrays.
func (d *Dict[V]) head(hash uint32) *uint32 {
	i := hash & uint32(len(d.heads)-1)
	if i < d.moved {
		return &d.next[hash&uint32(len(d.next)-1)]
	}
	return &d.heads[i]
}

func (d *Dict[V]) find(key []byte, hash uint32) *entry[V] {
	if d.n == 0 {
		return nil
	}
	for i := *d.head(hash); i != 0; {
		e := d.entry(i - 1)
		if e.hash == hash && same.Text(e.key, key) {
			return e
		}
		i = e.next
	}
	return nil
}

// add appends a new entry and makes it the first of its bucket.
func (d *Dict[V]) add(key string, hash uint32) *V {
	if d.next != nil {
		d.move()
	} else if d.n >= len(d.heads) {
		d.resize(max(2*len(d.heads), bucketsMin))
	}
	d.room()
	i := uint32(d.n)
	last := &d.chunks[i>>chunkBits]
	link := d.head(hash)
	*last = append(*last, entry[V]{key: key, hash: hash, next: *link})
	*link = i + 1
	d.n++
	return &(*last)[i&chunkMask].val
}

// room makes sure that the last chunk has a place for one more. The first chunk grows by doubling,
// since most tables are small; the others come whole.
func (d *Dict[V]) room() {
	i := d.n >> chunkBits
	switch {
	case i == len(d.chunks):
		size := chunkSize
		if i == 0 {
			size = bucketsMin
		}
		d.chunks = append(d.chunks, make([]entry[V], 0, size))
	case i == 0 && d.n == cap(d.chunks[0]):
		grown := make([]entry[V], d.n, min(2*d.n, chunkSize))
		copy(grown, d.chunks[0])
		d.chunks[0] = grown
	}
}

// fill moves the last entry into place i, whose entry is already out of its bucket.
func (d *Dict[V]) fill(i uint32) {
	d.n--
	last := uint32(d.n)
	from := d.entry(last)
	if i != last {
		link := d.head(from.hash)
		for *link != last+1 {
			link = &d.entry(*link - 1).next
		}
		*link = i + 1
		*d.entry(i) = *from
	}
	*from = entry[V]{}
	c := last >> chunkBits
	d.chunks[c] = d.chunks[c][:last&chunkMask]
	// One empty chunk is kept, lest a table that hovers at a boundary allocates without end.
	if int(c)+2 < len(d.chunks) {
		d.chunks[len(d.chunks)-1] = nil
		d.chunks = d.chunks[:len(d.chunks)-1]
	}
}

// afterDelete goes on with a resize, or begins one where the table has become sparse.
func (d *Dict[V]) afterDelete() {
	switch {
	case d.n == 0:
		d.Clear()
	case d.next != nil:
		d.move()
	case len(d.heads) > bucketsMin && d.n*sparse < len(d.heads):
		d.resize(bucketsFor(2 * d.n))
		if c := d.chunks; len(c) <= 2 && 4*d.n <= cap(c[0]) {
			d.chunks = [][]entry[V]{append(make([]entry[V], 0, 2*d.n), c[0]...)}
		}
	}
}

// bucketsFor is the least power of two that gives n entries a bucket each.
func bucketsFor(n int) int {
	return max(bucketsMin, 1<<bits.Len(uint(max(n, 1)-1)))
}

// resize begins to move the entries into size buckets.
func (d *Dict[V]) resize(size int) {
	if d.n == 0 || d.heads == nil {
		d.heads = make([]uint32, size)
		return
	}
	d.next = make([]uint32, size)
	d.moved = 0
	d.move()
}

// move carries a few buckets over, and ends the resize after the last.
func (d *Dict[V]) move() {
	mask := uint32(len(d.next) - 1)
	end := min(d.moved+stride, uint32(len(d.heads)))
	for ; d.moved < end; d.moved++ {
		i := d.heads[d.moved]
		d.heads[d.moved] = 0
		for i != 0 {
			e := d.entry(i - 1)
			to := &d.next[e.hash&mask]
			i, e.next, *to = e.next, *to, i
		}
	}
	if d.moved == uint32(len(d.heads)) {
		d.heads, d.next, d.moved = d.next, nil, 0
	}
}
