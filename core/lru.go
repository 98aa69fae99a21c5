package core

// touchLRU notes that a value was used.
func (e *Engine) touchLRU(o *object) {
	o.lru = uint32(e.now / 1e6)
}

// idleSeconds is how long ago a value was last used.
func (e *Engine) idleSeconds(o *object) int64 {
	return max(0, int64(uint32(e.now/1e6)-o.lru))
}
