package zset

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core/internal/dict"
	"github.com/redlet/redlet/core/internal/listpack"
	"github.com/redlet/redlet/core/internal/numfmt"
)

// Pack is the listpack of a Listpack, for saving; it is lent until the sorted set changes. It is
// nil for a Skiplist.
func (z *Zset) Pack() []byte {
	if z.table == nil && z.pack == nil {
		z.pack = listpack.New(listpack.EmptySize)
	}
	return z.pack
}

// FromPack makes a sorted set of a listpack, which it takes over. It is false for one that is none:
// with half a pair, or, where it is sanitized, with a member twice. Members that are out of order
// stay so, as does NaN; then what a range holds is not defined.
func FromPack(pack listpack.Pack, sanitize bool) (Zset, bool) {
	if pack.Len()%2 != 0 {
		return Zset{}, false
	}
	if !sanitize {
		return Zset{pack: pack}, true
	}
	var members dict.Dict[struct{}]
	for pos := pack.First(); pos >= 0; pos = pack.Next(pos) {
		if _, fresh := members.Put(pack.AppendAt(nil, pos)); !fresh {
			return Zset{}, false
		}
		pos = pack.Next(pos)
	}
	return Zset{pack: pack}, true
}

// scoreAt is the score that stands at pos.
func scoreAt(p listpack.Pack, pos int) float64 {
	s, n, isInt := p.At(pos)
	if isInt {
		return float64(n)
	}
	if f, err := strconv.ParseFloat(string(s), 64); err == nil {
		return f
	}
	return looseScore(s)
}

// looseScore reads the number that a text begins with, 0 if it does with none, as a sorted set from
// a file may hold it.
func looseScore(s []byte) float64 {
	const longest = 127 // of which Redis reads no more
	if len(s) > 3 && s[0] == '-' && strings.EqualFold(string(s[1:4]), "nan") {
		return math.Copysign(math.NaN(), -1)
	}
	for n := min(len(s), longest); n > 0; n-- {
		f, err := strconv.ParseFloat(string(s[:n]), 64)
		if err == nil || f != 0 { // what is out of range is infinite
			return f
		}
	}
	return 0
}

// appendScore writes a score as a listpack holds it: there is no integer below zero and above -1.
func appendScore(dst []byte, score float64) []byte {
	if n, ok := numfmt.Integer(score); ok {
		return strconv.AppendInt(dst, n, 10)
	}
	return numfmt.AppendDouble(dst, score)
}

func appendPair(p listpack.Pack, m []byte, score float64) listpack.Pack {
	p = p.Append(m)
	if n, ok := numfmt.Integer(score); ok {
		return p.AppendInt(n)
	}
	var digits [32]byte
	return p.Append(numfmt.AppendDouble(digits[:0], score))
}

// compareAt compares the member at pos with m.
func compareAt(p listpack.Pack, pos int, m []byte) int {
	s, n, isInt := p.At(pos)
	if isInt {
		var digits [20]byte
		s = strconv.AppendInt(digits[:0], n, 10)
	}
	return bytes.Compare(s, m)
}

// packInsert puts a member that is not there where it belongs.
func (z *Zset) packInsert(m []byte, score float64) {
	for pos := z.pack.First(); pos >= 0; {
		next := z.pack.Next(pos)
		at := scoreAt(z.pack, next)
		if at > score || at == score && compareAt(z.pack, pos, m) > 0 {
			var digits [32]byte
			text := appendScore(digits[:0], score)
			z.pack = z.pack.InsertBefore(pos, text).InsertBefore(pos, m)
			return
		}
		pos = z.pack.Next(next)
	}
	z.pack = appendPair(z.pack, m, score)
}

// packMove gives the member m, which is at pos, another score, and tells whether it is another.
func (z *Zset) packMove(pos int, m []byte, score float64) bool {
	if scoreAt(z.pack, z.pack.Next(pos)) == score {
		return false
	}
	z.pack, _ = z.pack.DeleteFrom(pos, 2)
	z.packInsert(m, score)
	return true
}

func (z *Zset) packRemove(m []byte) bool {
	if z.pack == nil {
		return false
	}
	pos := z.pack.Find(z.pack.First(), m, 1)
	if pos >= 0 {
		z.pack, _ = z.pack.DeleteFrom(pos, 2)
	}
	return pos >= 0
}

func (z *Zset) packRank(m []byte) (rank int, score float64, ok bool) {
	if z.pack == nil {
		return 0, 0, false
	}
	v := listpack.Parse(m)
	for pos := z.pack.First(); pos >= 0; rank++ {
		next := z.pack.Next(pos)
		if z.pack.Is(pos, &v) {
			return rank, scoreAt(z.pack, next), true
		}
		pos = z.pack.Next(next)
	}
	return 0, 0, false
}
