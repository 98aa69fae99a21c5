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
	bySlot     *slotIndex  // nil outside a cluster
	fixed      fixedTables // nil while tables of expiries grow and shrink
}

// db is a database as clients select it.
type db struct {
	*store
	id       int
	watchers map[string][]watcher
	waiting  map[string][]*blockedCall // in the order in which they came to wait
	tracked  int                       // 1 while connections track keys, of whatever database
}

func newDB(id int, seed uint64) *db {
	// Most databases of most servers are never used: what they need is made when they are.
	d := &db{id: id}
	d.store = &store{db: d}
	d.keys.SetSeed(seed)
	return d
}

// observed tells whether anybody watches a key, waits for one, or has read one and tracks it.
func (d *db) observed() bool { return len(d.watchers)+len(d.waiting)+d.tracked > 0 }

// expiries orders every key with an expiry, and every hash with a field that has one, by its
// instant.
type expiries struct {
	heap         timer.Heap[*ttl] // on a replica those that its own clients have set
	fields       timer.Heap[*hashDue]
	paused       bool // DEBUG SET-ACTIVE-EXPIRE 0: keys only go when somebody asks for them
	clientPaused bool // CLIENT PAUSE: keys whose time has come are hidden, but do not go
	following    bool // a master says when they and fields go
	hidden       bool // what is over stays when it is asked for: it is one or the other
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
	if _, at, ok := x.fields.Min(); ok && !x.following {
		field = at
	}
	return key, field
}

// lookupRead returns the value of a key for a command that reads it, nil when there is none. It
// counts as a use.
func (c *Call) lookupRead(key []byte) *object {
	o := c.lookup(key)
	if o == nil {
		c.miss(key)
		return nil
	}
	c.e.stats.hits++
	return o
}

// lookupWrite returns the value of a key for a command that changes it, nil when there is none. It
// counts as a use, but neither as hit nor as miss. The value is weighed: whatever becomes of it,
// the memory in use is right after the command.
func (c *Call) lookupWrite(key []byte) *object {
	o := c.lookup(key)
	switch {
	case o == nil:
		c.deleteHidden(key)
	case o.body != nil && !o.weighed:
		c.e.weigh(o)
	}
	return o
}

// deleteHidden makes room on a replica for a write of its own where a key stands whose time is
// over: its master has yet to say that it goes.
func (c *Call) deleteHidden(key []byte) (was bool) {
	if c.e.master == nil {
		return false
	}
	p := c.db.keys.Find(key)
	if was = p != nil && (*p).gone(c.nowMs()); was {
		c.e.deleteExpired((*p).ttl)
	}
	return was
}

// lookup is lookupRead without the count.
func (c *Call) lookup(key []byte) *object {
	p := c.db.keys.Find(key)
	if p == nil {
		return nil
	}
	o := *p
	if o.ttl != nil || c.e.cfg.oddUse || c.conn.noTouch {
		return c.lookupUnusual(o)
	}
	o.lru = c.e.second
	return o
}

// lookupUnusual ends lookup where the value may have expired, or its use counts otherwise.
func (c *Call) lookupUnusual(o *object) *object {
	if c.e.expireIfNeeded(o) {
		return nil
	}
	c.use(o)
	return o
}

// lookupNoTouch is find that does not count as a use: EXISTS and TTL leave a key as idle as it was.
func (c *Call) lookupNoTouch(key []byte) *object {
	o := c.lookupNoNotify(key)
	if o == nil {
		c.notify(notifyKeyMiss, "keymiss", key)
	}
	return o
}

// lookupNoNotify is lookupNoTouch without an event if there is none.
func (c *Call) lookupNoNotify(key []byte) *object {
	o := c.peek(key)
	if o == nil {
		c.e.stats.misses++
	} else {
		c.e.stats.hits++
	}
	return o
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
	if o.ttl != nil && c.e.expireIfNeeded(o) {
		return nil
	}
	return o
}

// ofKind reports whether a value, which may be nil, is of a kind; if not it replies the error.
//
//go:noinline
func (c *Call) ofKind(o *object, k kind) bool {
	if o != nil && o.kind != k {
		c.Error(ErrWrongType)
		return false
	}
	return true
}
