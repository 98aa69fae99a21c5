package core

// tooManyKeys tells whether there are more keys than maxkeys, which is our own, allows.
func (e *Engine) tooManyKeys() bool {
	if e.cfg.maxkeys == 0 {
		return false
	}
	n := int64(0)
	for _, d := range e.dbs {
		n += int64(d.keys.Len())
	}
	return n > e.cfg.maxkeys
}

// outOfMemory reports whether there is more than maxmemory or maxkeys allows, after it has evicted
// such keys as the policy names. While clients are paused nothing is evicted, and nothing refused
// for it. A replica leaves that to its master.
func (e *Engine) outOfMemory() bool {
	if !e.has(engineMemory) || e.has(engineScript|enginePaused) {
		return false
	}
	if e.master != nil && e.cfg.ignoreMaxmemory {
		return e.mem.full
	}
	if e.mem.full { // much may have become free that does not count
		e.mem.asked = -roomAsked
		e.memoryChanged()
	}
	e.evicting, e.mem.clientsBefore = true, e.mem.clients
	began := e.timeIf()
	for range dueMax {
		if !e.has(engineMemory) || !e.evict() {
			break
		}
	}
	e.evicting = false
	e.memoryChanged()
	e.noteLatency("eviction-cycle", (e.timeIf()-began)/1e6)
	return e.has(engineMemory)
}

// notCounted is what does not count against maxmemory: what replicas are owed beyond the backlog,
// for which keys would be removed, and so more be owed; and, while keys are being evicted, what
// clients are told of it.
func (e *Engine) notCounted() int64 {
	n := max(0, e.mem.links-e.cfg.replBacklogSize)
	if e.evicting {
		n += max(0, e.mem.clients-e.mem.clientsBefore)
	}
	return n
}

// evict removes the key that the policy likes least among a few taken by chance. It reports false
// when the policy finds none.
func (e *Engine) evict() bool {
	policy := e.cfg.maxmemoryPolicy
	if policy == evictNone {
		return false
	}
	var worst *object
	var from *db
	var name string
	for _, d := range e.dbs {
		if policy.volatile() && d.expires == 0 {
			continue
		}
		for tries := 0; tries < e.cfg.maxmemorySamples && d.keys.Len() > 0; tries++ {
			key, o := e.evictable(d, policy)
			if o != nil && (worst == nil || e.evictBefore(o, worst, policy)) {
				worst, from, name = o, d, key
			}
		}
	}
	if worst == nil {
		return false
	}
	e.deleteEvicted(from, name)
	e.propagatePending()
	return true
}

// evictable takes a key by chance that the policy may evict; nil if it finds none.
func (e *Engine) evictable(d *db, policy evictionPolicy) (string, *object) {
	n := d.keys.Len()
	at := e.random.Below(n)
	for range n {
		key, o := d.keys.At(at)
		if !policy.volatile() || (*o).ttl != nil {
			return key, *o
		}
		at = (at + 1) % n
	}
	return "", nil
}

// evictBefore tells which of two values the policy evicts first.
func (e *Engine) evictBefore(a, b *object, policy evictionPolicy) bool {
	switch policy {
	case evictVolatileTTL:
		return a.expiry() < b.expiry()
	case evictVolatileLFU, evictAllLFU:
		return e.frequency(a) < e.frequency(b)
	case evictVolatileLRU, evictAllLRU, evictVolatileLRM, evictAllLRM:
		return e.idleSeconds(a) > e.idleSeconds(b)
	}
	return false
}
