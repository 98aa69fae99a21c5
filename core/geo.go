package core

import (
	"bytes"
	"math"
	"strconv"

	"github.com/redlet/redlet/core/internal/geohash"
	"github.com/redlet/redlet/core/internal/pqsort"
	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/core/internal/zset"
)

// numberOf is the number that a score stands for. Scores that ZADD gave may be none: they turn into
// some number as they do where Redis runs.
func numberOf(score float64) uint64 {
	switch {
	case score != score:
		return 1 << 63
	case score >= 1<<64:
		return 0
	case score < math.MinInt64:
		return 1 << 63
	case score >= 1<<63:
		return uint64(int64(score-1<<63)) ^ 1<<63
	}
	return uint64(int64(score))
}

// appendFixed appends a number with so many digits behind the point.
func appendFixed(dst []byte, f float64, digits int) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	return strconv.AppendFloat(dst, f, 'f', digits, 64)
}

// distance replies a distance with four digits behind the point.
func (c *Call) distance(f float64) {
	var room [32]byte
	n := int64(math.RoundToEven(f * 10000))
	text := appendInt(room[:0], n/10000)
	text = appendInt(append(text, '.'), 10000+n%10000)
	dot := bytes.IndexByte(text, '.')
	c.Bulk(append(text[:dot+1], text[dot+2:]...))
}

// geoQuery is what is searched for, and what becomes of it.
type geoQuery struct {
	shape     geohash.Shape
	unit      float64 // metres
	count     int     // 0 for all
	any       bool    // the first that are found
	order     int     // by distance: 1, or -1 from the farthest, 0 as they are found
	dist      bool
	hash      bool
	coord     bool
	dest      []byte // where to store it, nil for a reply
	byDist    bool   // the distances are stored, not the numbers
	radiused  bool   // GEOSEARCH: its size is given
	centered  bool   // GEOSEARCH: where its centre is given
	fromPoint bool   // by FROMLONLAT
}

// geoHit is a member that was found.
type geoHit struct {
	member   []byte
	score    float64
	distance float64
	at       geohash.Point
}

// What a hit takes beside its member, and what it takes to store one.
const (
	geoHitBytes   = 56
	geoStoreBytes = 200
)

// geoHits finds the members of a sorted set in a shape, in the order in which Redis does; not more
// than most if that is above 0. It answers, and returns false, if there is no memory for them.
func (c *Call) geoHits(z *zset.Zset, shape *geohash.Shape, most int) (_ []geoHit, ok bool) {
	var (
		hits []geoHit
		room [9]geohash.Range
		text []byte
	)
	finder, ranks := shape.Finder(), z.Scores()
	for _, r := range shape.Ranges(room[:0]) {
		if most > 0 && len(hits) >= most {
			break
		}
		scores := zset.ScoreRange{Min: float64(r.Min), Max: float64(r.Max), MaxOpen: true}
		start, end := ranks.In(&scores)
		if start == end {
			continue
		}
		for cursor := z.At(start); start < end; start++ {
			score := cursor.Score()
			if p, distance, ok := finder.Find(numberOf(score)); ok {
				if len(hits) == cap(hits) && !c.roomFor(4*geoHitBytes*int64(len(hits))) {
					return nil, false
				}
				m := cursor.Member()
				if len(m) > cap(text)-len(text) { // members that were found stay where they are
					text = make([]byte, 0, max(len(m), min(2*cap(text), roomPiece), 256))
				}
				from := len(text)
				text = append(text, m...)
				hits = append(hits, geoHit{text[from:len(text):len(text)], score, distance, p})
				if most > 0 && len(hits) >= most {
					break
				}
			}
			cursor.Next()
		}
	}
	return hits, true
}

// geoOrderBytes is what it takes to sort a hit.
const geoOrderBytes = 8

// sortHits returns the n hits that come first by distance. Of equal distances Redis keeps the order
// only where it sorts all.
func sortHits(hits []geoHit, order, n int) []geoHit {
	list := small.Places(len(hits))
	compare := func(a, b uint32) int {
		switch a, b := hits[a].distance, hits[b].distance; {
		case a < b:
			return -order
		case a > b:
			return order
		}
		return 0
	}
	if n < len(hits) {
		pqsort.First(list, n, compare)
	} else {
		small.Order(list, compare)
	}
	first := make([]geoHit, n)
	for i, at := range list[:n] {
		first[i] = hits[at]
	}
	return first
}

// geoAnswer searches, and replies or stores what it finds.
func (c *Call) geoAnswer(z *zset.Zset, q *geoQuery, event string) {
	if z == nil {
		c.geoNothing(q)
		return
	}
	if q.count > 0 && q.order == 0 && !q.any {
		q.order = 1 // the nearest
	}
	most := 0
	if q.any {
		most = q.count
	}
	hits, ok := c.geoHits(z, &q.shape, most)
	if !ok {
		return
	}
	n := len(hits)
	if q.count > 0 {
		n = min(n, q.count)
	}
	take := int64(0)
	if q.order != 0 {
		take += geoOrderBytes*int64(len(hits)) + geoHitBytes*int64(n)
	}
	if q.dest != nil {
		take += geoStoreBytes * int64(n)
	}
	if !c.roomFor(take) {
		return
	}
	if q.order != 0 {
		hits = sortHits(hits, q.order, n)
	}
	hits = hits[:n]
	if q.dest != nil {
		c.geoStore(hits, q, event)
		return
	}
	c.Array(len(hits))
	for i := range hits {
		c.geoHit(&hits[i], q)
	}
}

// geoNothing answers where there is no sorted set.
func (c *Call) geoNothing(q *geoQuery) {
	if q.dest == nil {
		c.Array(0)
		return
	}
	if c.peek(q.dest) != nil {
		c.delete(q.dest)
	}
	c.Int(0)
}

// geoHit replies a member, and of it what is asked for.
func (c *Call) geoHit(h *geoHit, q *geoQuery) {
	more := 0
	for _, with := range [...]bool{q.dist, q.hash, q.coord} {
		if with {
			more++
		}
	}
	if more > 0 {
		c.Array(1 + more)
	}
	c.Bulk(h.member)
	if q.dist {
		c.distance(h.distance / q.unit)
	}
	if q.hash {
		c.Int(int64(h.score))
	}
	if q.coord {
		c.point(h.at)
	}
}

// geoStore stores what was found. A member can have been found twice.
func (c *Call) geoStore(hits []geoHit, q *geoQuery, event string) {
	if len(hits) == 0 {
		c.geoNothing(q)
		return
	}
	lim := c.e.zsetLimits()
	found := zset.NewGather(len(hits), len(hits), &lim)
	for i := range hits {
		score := hits[i].score
		if q.byDist {
			score = geohash.Precise(q.shape.Center, hits[i].at) / q.unit
		}
		p, _ := found.Put(hits[i].member)
		*p = score
	}
	c.set(q.dest, newZset(found.Zset(&lim)))
	c.signalDirty(len(hits), notifyZset, event, q.dest)
	c.Count(len(hits))
}
