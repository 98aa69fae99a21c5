package core

// LFU keeps, in place of the time of the last use, the minute of the last look and a counter that
// grows with the logarithm of the uses and shrinks as minutes pass.
const (
	lfuStart     = 5  // the counter of a new value
	lfuLogFactor = 10 // lfu-log-factor's default
	lfuDecay     = 1  // lfu-decay-time's default, in minutes
)

// use notes that a client used a value, for OBJECT IDLETIME and FREQ.
func (c *call) use(o *object) {
	if c.e.cfg.lfu || c.conn.noTouch {
		c.useOtherwise(o)
		return
	}
	o.lru = c.e.second
}

func (c *call) useOtherwise(o *object) {
	if !c.conn.noTouch {
		c.e.touchLRU(o)
	}
}

// touchLRU notes that a value was used.
func (e *Engine) touchLRU(o *object) {
	if !e.cfg.lfu {
		o.lru = e.second
		return
	}
	n := uint32(e.frequency(o))
	if o.lru == 0 {
		n = lfuStart
	}
	if n < 255 {
		odds := uint64(1)
		if n > lfuStart {
			odds += uint64(n-lfuStart) * lfuLogFactor
		}
		if e.random.next()%odds == 0 {
			n++
		}
	}
	o.lru = uint32(e.now/60e6)<<8 | n
}

// frequency is a value's counter as of now.
func (e *Engine) frequency(o *object) int64 {
	minutes := int64((uint32(e.now/60e6) - o.lru>>8) & 0xffffff)
	return max(0, int64(o.lru&255)-minutes/lfuDecay)
}

// idleSeconds is how long ago a value was last used.
func (e *Engine) idleSeconds(o *object) int64 {
	return max(0, int64(e.second-o.lru))
}

// setUse notes of a loaded value how it was used, as far as an RDB file tells: the seconds since it
// was last used, or -1; under an LFU policy its counter, or -1.
func (e *Engine) setUse(o *object, now Time, idle int64, freq int) {
	switch {
	case !e.cfg.lfu:
		o.lru = uint32(now / 1e6)
		o.lru -= uint32(min(max(idle, 0), int64(o.lru)))
	case freq >= 0:
		o.lru = uint32(now/60e6)<<8 | uint32(freq)
	default:
		o.lru = uint32(now/60e6)<<8 | lfuStart
	}
}
