package zset

import (
	"bytes"
	"math"
)

// ScoreRange is the scores from Min to Max, without an end that is open.
type ScoreRange struct {
	Min, Max         float64
	MinOpen, MaxOpen bool
}

// below tells whether a score is below the range, beyond whether it is above. NaN is either.
func (r *ScoreRange) below(score float64) bool {
	return !(score >= r.Min) || r.MinOpen && score == r.Min
}

func (r *ScoreRange) beyond(score float64) bool {
	return !(score <= r.Max) || r.MaxOpen && score == r.Max
}

// InScores returns the ranks of the members whose scores are in a range: from start up to, not
// including, end. Where scores of a Listpack are NaN, which a damaged payload can bring, there may
// be several such rows of members: the last if it is read backward, else the first.
func (z *Zset) InScores(r *ScoreRange, backward bool) (start, end int) {
	if z.table == nil {
		return z.packScores(r, backward)
	}
	start = z.table.belowScore(r.Min, r.MinOpen)
	return start, max(start, z.table.belowScore(r.Max, !r.MaxOpen))
}

// Scores finds the members of many ranges in a sorted set, which must not change meanwhile. The
// scores of a Listpack are read once.
type Scores struct {
	z    *Zset
	pack []float64
}

func (z *Zset) Scores() Scores {
	s := Scores{z: z}
	if z.table == nil && z.pack != nil {
		s.pack = make([]float64, 0, z.Len())
		for pos := z.pack.First(); pos >= 0; {
			pos = z.pack.Next(pos)
			s.pack = append(s.pack, scoreAt(z.pack, pos))
			pos = z.pack.Next(pos)
		}
	}
	return s
}

// In is InScores.
func (s *Scores) In(r *ScoreRange) (start, end int) {
	if len(s.pack) == 0 {
		return s.z.InScores(r, false)
	}
	if r.beyond(s.pack[0]) || r.below(s.pack[len(s.pack)-1]) {
		return 0, 0
	}
	for start < len(s.pack) && r.below(s.pack[start]) {
		start++
	}
	end = start
	for end < len(s.pack) && !r.beyond(s.pack[end]) {
		end++
	}
	return start, end
}

// belowScore counts the members whose score is below a score, or with orEqual not above it.
func (t *table) belowScore(score float64, orEqual bool) int {
	if orEqual {
		if math.IsInf(score, 1) {
			return t.scores.Len()
		}
		score = above(score)
	}
	return t.order.rank(score, "")
}

func (z *Zset) packScores(r *ScoreRange, backward bool) (start, end int) {
	p := z.pack
	if z.Len() == 0 || r.beyond(scoreAt(p, p.Next(p.First()))) || r.below(scoreAt(p, p.Last())) {
		return 0, 0
	}
	if backward {
		end = z.Len()
		pos := p.Last()
		for ; pos >= 0 && r.beyond(scoreAt(p, pos)); pos = p.Prev(p.Prev(pos)) {
			end--
		}
		for start = end; pos >= 0 && !r.below(scoreAt(p, pos)); pos = p.Prev(p.Prev(pos)) {
			start--
		}
		return start, end
	}
	pos := p.Next(p.First())
	for ; pos >= 0 && r.below(scoreAt(p, pos)); pos = p.Skip(pos, 2) {
		start++
	}
	for end = start; pos >= 0 && !r.beyond(scoreAt(p, pos)); pos = p.Skip(pos, 2) {
		end++
	}
	return start, end
}

// LexBound is one end of a range of members: Text, or, for an End other than 0, what is below (-1)
// or above (1) every member.
type LexBound struct {
	Text []byte
	Open bool // without Text itself
	End  int
}

// LexRange is the members from Min to Max by their bytes.
type LexRange struct{ Min, Max LexBound }

func (r *LexRange) below(m []byte) bool {
	if r.Min.End != 0 {
		return r.Min.End > 0
	}
	order := bytes.Compare(m, r.Min.Text)
	return order < 0 || r.Min.Open && order == 0
}

func (r *LexRange) beyond(m []byte) bool {
	if r.Max.End != 0 {
		return r.Max.End < 0
	}
	order := bytes.Compare(m, r.Max.Text)
	return order > 0 || r.Max.Open && order == 0
}

// Span is where the range begins and ends in a list of names in the order of their bytes.
func (r *LexRange) Span(names []string) (start, end int) {
	if r.none() {
		return 0, 0
	}
	first := func(is func(name []byte) bool) int { // of the names, which are sorted
		low, high := 0, len(names)
		for low < high {
			if i := (low + high) / 2; is([]byte(names[i])) {
				high = i
			} else {
				low = i + 1
			}
		}
		return low
	}
	start = first(func(name []byte) bool { return !r.below(name) })
	return start, max(start, first(r.beyond))
}

// none tells whether nothing can be in the range.
func (r *LexRange) none() bool {
	switch {
	case r.Min.End < 0 || r.Max.End > 0:
		return false
	case r.Min.End > 0 || r.Max.End < 0:
		return true
	}
	order := bytes.Compare(r.Min.Text, r.Max.Text)
	return order > 0 || order == 0 && (r.Min.Open || r.Max.Open)
}

// InLex returns the ranks of the members in a range: from start up to, not including, end. All
// members should have the same score. Where they have not, those of a Listpack are what Redis finds
// when it looks from the first member on, or backward from the last.
//
// Of a Listpack skip members of the range are left out, which Redis passes over without a look.
func (z *Zset) InLex(r *LexRange, backward bool, skip int) (start, end int) {
	n := z.Len()
	if n == 0 || r.none() {
		return 0, 0
	}
	if z.table != nil {
		return z.table.inLex(r)
	}
	first, last := z.At(0), z.At(n-1)
	if r.below(last.Member()) || r.beyond(first.Member()) {
		return 0, 0
	}
	if backward {
		for end = n; end > 0 && r.beyond(last.Member()); end-- {
			last.Prev()
		}
		if end <= skip || r.below(last.Member()) {
			return 0, 0
		}
		for range skip {
			last.Prev()
		}
		end -= skip
		for start = end; start > 0 && !r.below(last.Member()); start-- {
			last.Prev()
		}
		return start, end
	}
	for start < n && r.below(first.Member()) {
		first.Next()
		start++
	}
	if n-start <= skip || r.beyond(first.Member()) {
		return 0, 0
	}
	for range skip {
		first.Next()
	}
	start += skip
	for end = start; end < n && !r.beyond(first.Member()); end++ {
		first.Next()
	}
	return start, end
}

func (t *table) inLex(r *LexRange) (start, end int) {
	n := t.scores.Len()
	start, end = t.lexRank(&r.Min, n, r.Min.Open), t.lexRank(&r.Max, n, !r.Max.Open)
	return start, max(start, end)
}

// lexRank counts those of n members that are below a bound, or with orEqual not above it.
func (t *table) lexRank(b *LexBound, n int, orEqual bool) int {
	switch {
	case b.End < 0:
		return 0
	case b.End > 0:
		return n
	}
	return t.order.rankText(b.Text, orEqual)
}
