package core

// changed tells those who watch a key, those who wait for it and those who track it; by is the
// client that changed it, nil if none did.
func (e *Engine) changed(d *db, key string, by *conn) {
	if len(d.watchers) > 0 {
		e.touchWatchers(d, key)
	}
	if len(d.waiting) > 0 {
		e.signalKeyAsReady(d, key)
	}
	if d.tracked > 0 {
		e.invalidate(key, by)
	}
}

// signalModified tells everybody that a command changed a key: who watches it, who waits for it,
// and who listens to keyspace events.
func (c *Call) signalModified(class notifyClass, event string, key []byte) {
	c.e.persist.dirty++
	if c.e.cfg.notify != 0 || c.db.observed() {
		c.announce(c.db, class, event, key)
	}
}

// signalModifiedIn is modified for a key of another database.
func (c *Call) signalModifiedIn(d *db, class notifyClass, event string, key []byte) {
	c.e.persist.dirty++
	c.announce(d, class, event, key)
}

func (c *Call) announce(d *db, class notifyClass, event string, key []byte) {
	c.e.changed(d, string(key), c.conn)
	if c.e.cfg.notify&class != 0 {
		c.e.notify(class, event, d, string(key))
	}
}

// notify sends a keyspace event about a key that this command changed.
func (c *Call) notify(class notifyClass, event string, key []byte) {
	if c.e.cfg.notify&class != 0 {
		c.e.notify(class, event, c.db, string(key))
	}
}
