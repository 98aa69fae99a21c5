// Package zset is the value of a Redis sorted set, in the encodings of Redis 8: a listpack of
// members and scores while they are few and short; then what OBJECT ENCODING calls a skip list, a
// dictionary of scores beside the members in their order. Which encoding it is in clients see, and
// that follows Redis exactly.
//
// Members are in the order of their scores, and those of equal score in that of their bytes. A
// member's rank is how many come before it. No score is NaN.
package zset

import (
	"math"

	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/dict"
	"github.com/redlet/redlet/core/internal/listpack"
)

// Encoding is how a sorted set is stored.
type Encoding uint8

// The encodings.
const (
	Listpack Encoding = iota // member, score, in their order
	Skiplist
)

// String is the encoding as OBJECT ENCODING names it.
func (e Encoding) String() string { return [...]string{"listpack", "skiplist"}[e] }

// Limits say when a sorted set becomes a Skiplist.
type Limits struct {
	Entries int    // zset-max-listpack-entries
	Value   int    // zset-max-listpack-value
	Seed    uint64 // of the dictionary, when there is one
}

// Zset is a sorted set. The zero value is an empty Listpack, ready for use.
type Zset struct {
	pack  listpack.Pack // nil while there has been no member
	table *table        // of a Skiplist; nil for a Listpack
}

// table is a Skiplist: the scores by the members, and the members by the scores.
type table struct {
	scores dict.Dict[float64]
	order  tree
	bytes  int // of all members: see Memory
}

// Make returns an empty sorted set in the encoding that Redis chooses for one to which n members
// are about to be added, the first of which has so many bytes.
func Make(n, first int, lim *Limits) Zset {
	var z Zset
	if n > lim.Entries || first > lim.Value {
		z.toSkiplist(n, lim)
	}
	return z
}

// Encoding is how the sorted set is stored now.
func (z *Zset) Encoding() Encoding {
	if z.table != nil {
		return Skiplist
	}
	return Listpack
}

// Len is the number of members.
func (z *Zset) Len() int {
	switch {
	case z.table != nil:
		return z.table.scores.Len()
	case z.pack == nil:
		return 0
	}
	return z.pack.Len() / 2
}

// Score is the score of a member.
func (z *Zset) Score(m []byte) (score float64, ok bool) {
	switch {
	case z.table != nil:
		p := z.table.scores.Find(m)
		if p == nil {
			return 0, false
		}
		return *p, true
	case z.pack == nil:
		return 0, false
	}
	pos := z.pack.FindValue(m, 1)
	if pos < 0 {
		return 0, false
	}
	return scoreAt(z.pack, pos), true
}

// Rank is the rank of a member, and its score.
func (z *Zset) Rank(m []byte) (rank int, score float64, ok bool) {
	if z.table == nil {
		return z.packRank(m)
	}
	member, p := z.table.scores.FindKey(m)
	if p == nil {
		return 0, 0, false
	}
	return z.table.order.rank(*p, member), *p, true
}

// Prepare makes the sorted set a Skiplist if n members that are about to be added would be too many
// for a Listpack by themselves; one that comes twice counts twice, and one that is there counts.
func (z *Zset) Prepare(n int, lim *Limits) {
	if z.table == nil && n > lim.Entries {
		z.toSkiplist(n, lim)
	}
}

// Add gives a member its score, and tells whether the member is new, or else has another score than
// it had. It is copied.
func (z *Zset) Add(m []byte, score float64, lim *Limits) (fresh, changed bool) {
	if z.table != nil {
		return z.table.put(m, score)
	}
	if z.pack == nil {
		z.pack = listpack.New(listpack.EmptySize)
	}
	if pos := z.pack.Find(z.pack.First(), m, 1); pos >= 0 {
		return false, z.packMove(pos, m, score)
	}
	if z.Len() >= lim.Entries || len(m) > lim.Value || !z.pack.Fits(len(m)) {
		z.toSkiplist(z.Len()+1, lim)
		return z.table.put(m, score)
	}
	z.packInsert(m, score)
	return true, false
}

func (t *table) put(m []byte, score float64) (fresh, changed bool) {
	member, p, fresh := t.scores.PutKey(m)
	was := *p
	switch {
	case fresh:
		*p = score
		t.order.insert(item{score, member})
		t.bytes += entrySize + alloc.String(len(m))
	case was != score:
		*p = score
		t.order.move(was, score, member)
		changed = true
	}
	return fresh, changed
}

// Remove takes a member out, and tells whether it was there. The encoding stays as it is.
func (z *Zset) Remove(m []byte) bool {
	if z.table == nil {
		return z.packRemove(m)
	}
	member, p := z.table.scores.FindKey(m)
	if p == nil {
		return false
	}
	z.table.order.remove(*p, member)
	z.table.forget(member)
	return true
}

// forget removes a member from the dictionary.
func (t *table) forget(member string) {
	var scratch [64]byte
	t.scores.Delete(append(scratch[:0], member...))
	t.bytes -= entrySize + alloc.String(len(member))
}

// RemoveRange takes out up to n members, from that of a rank on.
func (z *Zset) RemoveRange(rank, n int) {
	if z.table == nil {
		z.pack = z.pack.DeleteRange(2*rank, 2*n)
		return
	}
	for n = min(n, z.Len()-rank); n > 0; {
		leaf, i := z.table.order.at(rank)
		for j := i; j < len(leaf.items) && j < i+n; j++ {
			z.table.forget(leaf.items[j].member)
		}
		n -= z.table.order.cut(rank, n)
	}
}

// ToSkiplist makes the sorted set a Skiplist with room for n members.
func (z *Zset) ToSkiplist(n int, lim *Limits) {
	if z.table == nil {
		z.toSkiplist(n, lim)
	}
}

func (z *Zset) toSkiplist(n int, lim *Limits) {
	from := *z
	*z = Zset{table: &table{bytes: tableSize}}
	z.table.scores.SetSeed(lim.Seed)
	z.table.scores.Reserve(max(n, from.Len()))
	z.addAll(&from)
}

// addAll adds the members of a sorted set to a Skiplist without any. What a listpack from a file
// may hold and a tree may not ends Redis: here a member that stands there twice has the last of its
// scores, and NaN is 0.
func (z *Zset) addAll(from *Zset) {
	n := from.Len()
	if n == 0 {
		return
	}
	at := from.At(0)
	for range n {
		score := at.Score()
		if score != score {
			score = 0
		}
		z.table.put(at.Member(), score)
		at.Next()
	}
}

// Fit makes the sorted set a Skiplist if it has more members than a Listpack may have, as after
// loading one that was saved under other limits.
func (z *Zset) Fit(lim *Limits) {
	if z.table == nil && z.Len() > lim.Entries {
		z.toSkiplist(0, lim)
	}
}

// Clone is an independent copy.
func (z *Zset) Clone() *Zset {
	if z.table == nil {
		return &Zset{pack: z.pack.Clone()}
	}
	c := &Zset{}
	c.toSkiplist(z.Len(), &Limits{Seed: z.table.scores.Seed()})
	c.addAll(z)
	return c
}

// Memory is the bytes that the sorted set takes in Redis: its listpack, or all that belongs to its
// dictionary and its skip list.
func (z *Zset) Memory() int {
	switch {
	case z.table != nil:
		return z.table.bytes
	case z.pack == nil:
		return alloc.Size(listpack.EmptySize)
	}
	return alloc.Size(len(z.pack))
}

// Usage is what MEMORY USAGE reckons for the sorted set: its nodes are as high as they are on
// average.
func (z *Zset) Usage() int {
	if z.table == nil {
		return z.Memory()
	}
	const heads, head, entry, node = 16 + 32, 640, 24, 53.33
	n := z.Len()
	strings := z.table.bytes - tableSize - n*entrySize
	return heads + head + alloc.Table(n) + strings + n*entry + int(node*float64(n))
}

// The bytes of a Skiplist without members, most of which is the head of the skip list; and of a
// member in both structures with its share of the buckets: what Redis took on average for 100,000
// of them.
const (
	tableSize = 752
	entrySize = 32 + 11 + 53
)

// above is the least number above a score that is not infinite.
func above(score float64) float64 { return math.Nextafter(score, math.Inf(1)) }
