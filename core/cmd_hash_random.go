package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/hash"
)

// cmdHrandfield gives different fields for a count from 0 up: the whole hash when it has no more,
// in the order of the hash otherwise, or in any order when the hash is large and the count small.
// With a negative count it draws that often, and fields may repeat.
func cmdHrandfield(c *Call) {
	if len(c.Args) == 2 {
		c.randomField()
		return
	}
	count, ok := c.argSpread(2)
	if !ok {
		return
	}
	values := false
	if len(c.Args) > 3 {
		if len(c.Args) > 4 || !is(c.Args[3], "withvalues") {
			c.Error(ErrSyntax)
			return
		}
		values = true
		if count < -math.MaxInt64/2 || count > math.MaxInt64/2 {
			c.Error(ErrOutOfRange)
			return
		}
	}
	h, ok := c.hashOf()
	switch {
	case !ok:
		return
	case h == nil, count == 0:
		c.Array(0)
		return
	}
	h = c.liveFields(h)
	n := h.Len()
	switch {
	case n == 0:
		c.Array(0)
	case !c.mayRepeat(count):
		c.Error(ErrOutOfRange)
	case count < 0:
		c.drawFields(h, int(-count), values)
	case count >= int64(n):
		c.randomHead(n, values)
		for f := range h.All(0) {
			c.randomElement(f, values)
		}
	default:
		c.chooseFields(h, int(count), values)
	}
}

// liveFields removes all fields whose time has come, or gives a copy of the hash that has none
// where they stay.
func (c *Call) liveFields(h *hashValue) *hashValue {
	switch {
	case h.NextExpiry() > c.nowMs():
	case c.e.expires.hidden:
		live := &hashValue{Hash: *h.Clone()}
		live.Expire(c.nowMs(), math.MaxInt, func([]byte) {})
		return live
	default:
		c.e.expireFieldsOf(c.db, string(c.Args[1]), h, math.MaxInt)
	}
	return h
}

func (c *Call) randomField() {
	h, ok := c.hashOf()
	if !ok {
		return
	}
	if h != nil {
		h = c.liveFields(h)
	}
	if h == nil || h.Len() == 0 {
		c.Null()
		return
	}
	c.Bulk(h.At(c.e.random.Below(h.Len())).Name)
}

// randomHead announces n fields of HRANDFIELD.
func (c *Call) randomHead(n int, values bool) {
	if values && !c.RESP3 {
		n *= 2
	}
	c.Array(n)
}

// randomElement writes a field of HRANDFIELD: with its value it is a pair, or in RESP2 two
// elements.
func (c *Call) randomElement(f *hash.Field, values bool) {
	if values && c.RESP3 {
		c.Array(2)
	}
	c.Bulk(f.Name)
	if values {
		c.Bulk(f.Value)
	}
}

// drawFields writes count fields, each drawn from all.
func (c *Call) drawFields(h *hashValue, count int, values bool) {
	c.randomHead(count, values)
	for range count {
		if c.Overflowed() {
			break
		}
		f := h.At(c.e.random.Below(h.Len()))
		c.randomElement(&f, values)
	}
}

// chooseFields writes count different fields of a hash that has more.
func (c *Call) chooseFields(h *hashValue, count int, values bool) {
	c.randomHead(count, values)
	n := h.Len()
	if h.Encoding() != hash.Table || count > n/3 {
		i := 0
		for f := range h.All(0) {
			// Each of the n-i fields left is as likely as any other to be among those wanted.
			if c.e.random.Below(n-i) < count {
				c.randomElement(f, values)
				count--
			}
			i++
		}
		return
	}
	chosen := make(map[int]struct{}, count)
	for len(chosen) < count {
		i := c.e.random.Below(n)
		if _, again := chosen[i]; !again {
			chosen[i] = struct{}{}
			f := h.At(i)
			c.randomElement(&f, values)
		}
	}
}
