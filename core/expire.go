package core

import "math"

// expireUnit is how an option or command gives an expiry.
type expireUnit uint8

const (
	unitSeconds expireUnit = iota
	unitMilliseconds
	unitSecondsAt
	unitMillisecondsAt
)

// unitOf reads one of the option words EX, PX, EXAT and PXAT.
func unitOf(word []byte) (expireUnit, bool) {
	switch {
	case is(word, "ex"):
		return unitSeconds, true
	case is(word, "px"):
		return unitMilliseconds, true
	case is(word, "exat"):
		return unitSecondsAt, true
	case is(word, "pxat"):
		return unitMillisecondsAt, true
	}
	return 0, false
}

// instant turns an expiry as given into milliseconds since the Unix epoch; false if out of range.
func (u expireUnit) instant(n, nowMs int64) (int64, bool) {
	if u == unitSeconds || u == unitSecondsAt {
		if n > math.MaxInt64/1000 || n < math.MinInt64/1000 {
			return 0, false
		}
		n *= 1000
	}
	if u == unitSeconds || u == unitMilliseconds {
		if n > 0 && n > math.MaxInt64-nowMs {
			return 0, false
		}
		n += nowMs
	}
	return n, true
}

// argExpiry reads argument i as the expiry that goes with an option; it must be positive.
func (c *call) argExpiry(i int, u expireUnit) (int64, bool) {
	n, ok := c.argInt(i)
	if !ok {
		return 0, false
	}
	if n > 0 {
		if at, ok := u.instant(n, c.nowMs()); ok {
			return at, true
		}
	}
	c.err(errExpireTime(c.cmd))
	return 0, false
}
