package core

// LFU keeps, in place of the time of the last use, the minute of the last look and a counter that
// grows with the logarithm of the uses and shrinks as minutes pass.
const lfuStart = 5 // the counter of a new value

// use notes that a client used a value, for OBJECT IDLETIME and FREQ. Under an LRM policy that is
// nothing: see touchModified.
func (c *Call) use(o *object) {
	if !c.conn.noTouch && !c.e.cfg.lrm {
		c.e.touchLRU(o)
	}
}

// inherit gives a value that takes the place of another the other's uses, of which this is one.
func (c *Call) inherit(old, o *object) {
	c.use(old)
	o.lru = old.lru
}

// touchLRU notes that a value was used.
func (e *Engine) touchLRU(o *object) {
	if !e.cfg.lfu {
		o.lru = e.second
		return
	}
	n := uint32(lfuStart)
	if o.lru == 0 { // a new value
		o.lru = uint32(e.now/60e6)<<8 | n
		return
	}
	if n = uint32(e.frequency(o)); n < 255 {
		odds := uint64(1)
		if n > lfuStart {
			odds += uint64(n-lfuStart) * uint64(e.cfg.lfuLogFactor)
		}
		if e.random.Next()%odds == 0 {
			n++
		}
	}
	o.lru = uint32(e.now/60e6)<<8 | n
}

// touchModified notes that the value at a key was changed: an LRM policy goes by that alone.
func (e *Engine) touchModified(d *db, key string) {
	if p := d.keys.Find([]byte(key)); p != nil {
		(*p).lru = e.second
	}
}

// frequency is a value's counter as of now.
//
//go:noinline
func (e *Engine) frequency(o *object) int64 {
	n := int64(o.lru & 255)
	if decay := e.cfg.lfuDecayMinutes; decay > 0 {
		minutes := int64((uint32(e.now/60e6) - o.lru>>8) & 0xffffff)
		n -= minutes / decay
	}
	return max(0, n)
}

// idleSeconds is how long ago a value was last used; 0 if the clock was set back since.
func (e *Engine) idleSeconds(o *object) int64 {
	return max(0, int64(int32(e.second-o.lru)))
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
