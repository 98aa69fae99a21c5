package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/dict"
	"github.com/redlet/redlet/core/internal/timer"
)

// store holds the keys of a database. SWAPDB exchanges two stores; what clients wait for and
// watch stays with the database.
type store struct {
	keys       dict.Dict[*object]
	expires    int // keys with an expiry
	subexpires int // hashes with a field that has an expiry
	db         *db
}

// db is a database as clients select it.
type db struct {
	*store
	id       int
	watchers map[string][]*conn
	waiting  map[string][]*blockedCall // in the order in which they came to wait
	tracked  int                       // 1 while connections track keys, of whatever database
}

func newDB(id int, seed uint64) *db {
	d := &db{id: id, watchers: map[string][]*conn{}, waiting: map[string][]*blockedCall{}}
	d.store = &store{db: d}
	d.keys.SetSeed(seed)
	return d
}

// observed tells whether anybody watches a key, waits for one, or has read one and tracks it.
func (d *db) observed() bool { return len(d.watchers)+len(d.waiting)+d.tracked > 0 }

// expiries orders every key with an expiry, and every hash with a field that has one, by its
// instant.
type expiries struct {
	heap         timer.Heap[*ttl]
	fields       timer.Heap[*hashDue]
	paused       bool // DEBUG SET-ACTIVE-EXPIRE 0: keys only go when somebody asks for them
	clientPaused bool // CLIENT PAUSE: keys whose time has come are hidden, but do not go
}

func (x *expiries) due() Time {
	if x.paused || x.clientPaused {
		return Never
	}
	if at := min(x.next()); at != math.MaxInt64 {
		return timeOf(at)
	}
	return Never
}

// next returns when the next key and the next field expire, in milliseconds.
func (x *expiries) next() (key, field int64) {
	key, field = math.MaxInt64, math.MaxInt64
	if _, at, ok := x.heap.Min(); ok {
		key = at
	}
	if _, at, ok := x.fields.Min(); ok {
		field = at
	}
	return key, field
}

// lookupRead returns the value of a key for a command that reads it, nil when there is none. It
// counts as a use.
func (c *Call) lookupRead(key []byte) *object {
	o := c.lookupWrite(key)
	if o == nil {
		c.miss(key)
		return nil
	}
	c.e.stats.hits++
	return o
}

// lookupWrite returns the value of a key for a command that changes it, nil when there is none. It
// counts as a use, but neither as hit nor as miss.
func (c *Call) lookupWrite(key []byte) *object {
	p := c.db.keys.Find(key)
	if p == nil {
		return nil
	}
	o := *p
	if o.ttl != nil || c.e.cfg.lfu || c.conn.noTouch {
		return c.lookupUnusual(o)
	}
	o.lru = c.e.second
	return o
}

// lookupUnusual ends lookupWrite where the value may have expired, or its use counts otherwise.
func (c *Call) lookupUnusual(o *object) *object {
	if o.gone(c.nowMs()) {
		c.e.expireNow(o.ttl)
		return nil
	}
	c.use(o)
	return o
}

// lookupNoTouch is find that does not count as a use: EXISTS and TTL leave a key as idle as it was.
func (c *Call) lookupNoTouch(key []byte) *object {
	o := c.peek(key)
	if o != nil {
		c.e.stats.hits++
		return o
	}
	c.miss(key)
	return nil
}

func (c *Call) miss(key []byte) {
	c.e.stats.misses++
	c.notify(notifyKeyMiss, "keymiss", key)
}

// peek returns the value of a key without counting as a use, nil when there is none. A key whose
// time has come is removed.
func (c *Call) peek(key []byte) *object { return c.peekIn(c.db, key) }

// peekIn is peek for a key of any database.
func (c *Call) peekIn(d *db, key []byte) *object {
	p := d.keys.Find(key)
	if p == nil {
		return nil
	}
	o := *p
	if o.ttl != nil && o.gone(c.nowMs()) {
		c.e.expireNow(o.ttl)
		return nil
	}
	return o
}

// ofKind reports whether a value, which may be nil, is of a kind; if not it replies the error.
func (c *Call) ofKind(o *object, k kind) bool {
	if o != nil && o.kind != k {
		c.Error(errWrongType)
		return false
	}
	return true
}

// add stores a value under a key that holds none.
func (c *Call) add(key []byte, o *object) {
	c.addTo(c.db, key, o)
}

func (c *Call) addTo(d *db, key []byte, o *object) {
	p, _ := d.keys.Put(key)
	*p = o
	c.addedTo(d, key, o)
}

// added makes known a value that was just stored under a new key.
func (c *Call) added(key []byte, o *object) { c.addedTo(c.db, key, o) }

func (c *Call) addedTo(d *db, key []byte, o *object) {
	o.lru = 0 // under another name it is a new value
	c.e.touchLRU(o)
	if c.e.cfg.notify&notifyNew != 0 {
		c.e.notify(notifyNew, "new", d, string(key))
	}
}

// put stores a value under a key, in place of whatever it holds, and ends its expiry.
func (c *Call) put(key []byte, o *object) {
	if p := c.db.keys.Find(key); p != nil {
		c.inherit(*p, o)
		c.e.forget(*p)
		*p = o
		return
	}
	c.add(key, o)
}

// remove deletes a key and reports whether it was there. It tells nobody: see modified.
func (c *Call) remove(key []byte) bool {
	return c.e.removeFrom(c.db, key)
}

func (e *Engine) removeFrom(d *db, key []byte) bool {
	o, ok := d.keys.Delete(key)
	if ok {
		e.forget(o)
	}
	return ok
}

// removeEmpty deletes the key of a collection that has lost its last element and tells everybody.
func (c *Call) removeEmpty(key []byte) {
	c.remove(key)
	c.notify(notifyGeneric, "del", key)
}

// setExpiry makes a key go at an instant, in milliseconds since the Unix epoch, or never (stays).
func (e *Engine) setExpiry(d *db, key []byte, o *object, at int64) {
	if at == stays {
		e.clearTTL(o)
		return
	}
	if o.ttl == nil {
		o.ttl = &ttl{key: string(key), store: d.store}
		d.expires++
	}
	o.ttl.at = at
	e.expires.heap.Set(o.ttl, at)
}

// clearTTL ends a value's expiry and reports whether it had one.
func (e *Engine) clearTTL(o *object) bool {
	if o.ttl == nil {
		return false
	}
	e.expires.heap.Remove(o.ttl)
	o.ttl.store.expires--
	o.ttl = nil
	return true
}

// forget makes the engine's clockwork forget a value that no longer stands under its key.
func (e *Engine) forget(o *object) {
	e.clearTTL(o)
	if dropped := o.ops().dropped; dropped != nil {
		dropped(e, o)
	}
}

// placed tells a value under which key it now stands, if its type cares.
func (e *Engine) placed(d *db, key []byte, o *object) {
	if placed := o.ops().placed; placed != nil {
		placed(e, d, key, o)
	}
}

// expireNext removes the key, or the fields of a hash, that are due first.
func (e *Engine) expireNext() {
	if key, field := e.expires.next(); field < key {
		e.expireFields()
		return
	}
	if t, _, ok := e.expires.heap.Min(); ok {
		e.expire(t)
	}
}

// expireNow removes a key whose time has come, now that a command came upon it.
func (e *Engine) expireNow(t *ttl) {
	if !e.expires.clientPaused {
		e.expire(t)
	}
}

// expire removes a key whose time has come and tells everybody.
func (e *Engine) expire(t *ttl) {
	d, key := t.store.db, t.key
	e.removeFrom(d, []byte(key))
	e.stats.expired++
	e.notify(notifyExpired, "expired", d, key)
	e.changed(d, key, nil)
	e.replicas.add(d.id, "DEL", [][]byte{[]byte(key)})
}

// empty drops every key of a database and returns how many there were.
func (e *Engine) empty(d *db) int {
	n := d.keys.Len()
	for i := range n {
		_, p := d.keys.At(i)
		e.forget(*p)
	}
	d.keys.Clear()
	return n
}
