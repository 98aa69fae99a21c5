package core

import (
	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/hash"
	"github.com/redlet/redlet/core/internal/small"
)

// Every change of a key goes through this file. The functions say who makes it: a command, the
// clock, eviction, a database that is emptied or exchanged, a file that is loaded. Each does, in
// Redis's order, what such a change takes: the dictionary, the clockwork of expiry, the count of
// changes, those who watch the key, wait for it or track it, its keyspace event, its propagation.

// runAs makes a client the one whose command runs, nil for nobody, and returns the one before,
// which is to be made so again.
//
//go:noinline
func (e *Engine) runAs(cl *conn) (was *conn) {
	was, e.currentClient = e.currentClient, cl
	return was
}

// addDirty counts changes since the data were last saved; those of a save that succeeded are taken
// away.
func (e *Engine) addDirty(n int64) { e.persist.dirty += n }

// memoryChanged notes whether more memory is in use than maxmemory allows, or the host has, or
// there are more keys than maxkeys allows. It is to be called when one of them has changed.
func (e *Engine) memoryChanged() {
	e.askIfDue()
	over := e.mem.full || e.cfg.maxmemory > 0 && e.mem.used-e.notCounted() > e.cfg.maxmemory
	if e.tooManyKeys() {
		over, e.mem.limited = true, true
	}
	if over != e.has(engineMemory) {
		e.flags.set(engineMemory, over)
	}
}

// By a command.

// add stores a value under a key that holds none.
func (c *Call) add(key []byte, o *object) { c.addTo(c.db, key, o, stays) }

// addTo is add to any database, with the expiry that the value is to have there.
func (c *Call) addTo(d *db, key []byte, o *object, expiry int64) {
	p, fresh := d.keys.Put(key)
	if !fresh { // one that is over and hidden: see deleteHidden
		c.e.countMemory(-keySize(len(key)))
		c.e.forget(*p)
	}
	*p = o
	c.e.countValue(o)
	c.added(d, key, o)
	c.e.setExpiry(d, key, o, expiry)
}

// added makes known a value that was just stored under a new key.
func (c *Call) added(d *db, key []byte, o *object) {
	c.e.countMemory(keySize(len(key)))
	if d.bySlot != nil {
		d.bySlot.add(key)
	}
	o.lru = 0 // under another name it is a new value
	c.e.touchLRU(o)
	c.e.placed(d, key, o)
	if len(d.waiting) > 0 {
		c.e.signalKeyAsReady(d, string(key))
	}
	if c.e.cfg.notify&notifyNew != 0 {
		c.e.notify(notifyNew, "new", d, string(key))
	}
}

// set stores a value under a key, in place of whatever it holds, and ends its expiry.
func (c *Call) set(key []byte, o *object) {
	if p := c.db.keys.Find(key); p != nil {
		c.overwrite(p, key, o)
		return
	}
	c.add(key, o)
}

// overwrite puts a value in the place p of another.
func (c *Call) overwrite(p **object, key []byte, o *object) {
	was := (*p).kind
	c.inherit(*p, o)
	c.e.forget(*p)
	*p = o
	c.e.countValue(o)
	c.e.placed(c.db, key, o)
	c.signalReady(key)
	c.overwritten(c.db, key, was, o.kind)
}

// overwritten makes known that a value under a key took the place of another.
func (c *Call) overwritten(d *db, key []byte, was, now kind) {
	if c.e.cfg.notify&(notifyOverwritten|notifyTypeChanged) == 0 {
		return
	}
	c.e.notify(notifyOverwritten, "overwritten", d, string(key))
	if was != now {
		c.e.notify(notifyTypeChanged, "type_changed", d, string(key))
	}
}

// setString makes a key the string val, whatever it held, without an expiry.
func (c *Call) setString(key, val []byte) {
	if c.mayTake(val) {
		c.storeString(key, val)
		c.signalModified(notifyString, "set", key)
		return
	}
	p, fresh := c.db.keys.Put(key)
	if o := *p; !fresh && o.kind == kindString && o.ttl == nil {
		enc, n, num := o.enc, len(o.str), o.num
		if o.setString(val); o.enc != enc || len(o.str) != n || enc == encRaw && num != o.num {
			c.e.resized(o, stringSize(enc, n, num))
		}
		c.use(o)
		c.signalRewritten(key)
		return
	}
	c.replaceByString(p, key, val)
	c.signalModified(notifyString, "set", key)
}

// signalRewritten is signalModified for a string that took the place of another.
func (c *Call) signalRewritten(key []byte) {
	c.e.persist.dirty++
	if c.e.cfg.announces || c.db.observed() {
		c.overwritten(c.db, key, kindString, kindString)
		c.announce(c.db, notifyString, "set", key)
	}
}

// storeString is setString that tells nobody yet: signalModified must follow.
func (c *Call) storeString(key, val []byte) {
	p, _ := c.db.keys.Put(key)
	if !c.takeArg(val) {
		c.replaceByString(p, key, val)
		return
	}
	c.replaceByString(p, key, nil)
	c.e.setRaw(*c.db.keys.Find(key), val)
}

// replaceByString is setString where there is more to it; p is the key's place.
func (c *Call) replaceByString(p **object, key, val []byte) {
	o := *p
	switch {
	case o == nil:
		*p = newString(val)
		c.e.countValue(*p)
		c.added(c.db, key, *p)
	case o.gone(c.nowMs()):
		c.e.deleteExpired(o.ttl)
		c.add(key, newString(val))
	case o.kind == kindString:
		c.e.removeExpiry(o)
		was := o.size()
		o.setString(val)
		c.e.resized(o, was)
		c.use(o)
		c.overwritten(c.db, key, kindString, kindString)
	default:
		c.overwrite(p, key, newString(val))
	}
}

// setRaw makes a string that a key may hold the string b, which it takes over, in encoding raw.
func (e *Engine) setRaw(o *object, b []byte) {
	was := o.size()
	o.setRaw(b)
	e.resized(o, was)
}

// growRaw is setRaw for a string that grows to b, as Redis's strings grow: with room for more.
func (e *Engine) growRaw(o *object, b []byte) {
	room := o.room()
	if room == 0 {
		room = alloc.Capacity(o.textLen())
	}
	if len(b) > room {
		room = alloc.Greedy(len(b))
	}
	e.setRoomy(o, b, room)
}

// setRoomy is setRaw for a string for which Redis has made so much room; 0 is none of its own.
func (e *Engine) setRoomy(o *object, b []byte, room int) {
	was := o.size()
	o.setRaw(b)
	o.setRoom(room)
	e.resized(o, was)
}

// setText makes a string that a key may hold the string b, copying it, and never an integer.
func (e *Engine) setText(o *object, b []byte) {
	was := o.size()
	o.setText(b)
	e.resized(o, was)
}

// setInt makes a string that a key may hold an integer.
func (e *Engine) setInt(o *object, n int64) {
	if o.enc == encInt { // all of these take the same
		o.num = n
		return
	}
	was := o.size()
	o.enc, o.num, o.str = encInt, n, nil
	e.resized(o, was)
}

// remove deletes a key and reports whether it was there. It tells nobody: see delete.
func (c *Call) remove(key []byte) bool { return c.e.removeFrom(c.db, key) }

func (e *Engine) removeFrom(d *db, key []byte) bool {
	o, ok := d.keys.Delete(key)
	if ok {
		e.countMemory(-keySize(len(key)))
		if d.bySlot != nil {
			d.bySlot.remove(key)
		}
		e.forget(o)
	}
	return ok
}

// delete deletes a key that is there and tells everybody.
func (c *Call) delete(key []byte) {
	c.remove(key)
	c.signalModified(notifyGeneric, "del", key)
}

// deleteOver deletes a key, if it is there, to which a command gives an expiry that is over, and
// counts it as one that has expired.
func (c *Call) deleteOver(key []byte, there bool) {
	c.e.stats.expired++
	if there {
		c.Propagate("DEL", key)
		c.delete(key)
	}
}

// signalOpened is what a command of a module does that has opened a key to change it, whether it
// changed anything or not: everybody is told. Changes counts what it changed.
//
//go:noinline
func (c *Call) signalOpened(changes int, key []byte) {
	c.signalDirty(changes, notifyNone, "", key)
}

// numberVectorSet gives a vector set that comes to be a number.
func (e *Engine) numberVectorSet() uint64 {
	e.vectors++
	return e.vectors - 1
}

// removeEmpty deletes the key of a collection that has lost its last element. Of the loss everybody
// was told; of this there is an event.
func (c *Call) removeEmpty(key []byte) {
	c.remove(key)
	c.notify(notifyGeneric, "del", key)
}

// signalModified tells everybody that a command changed a key: who watches it, who waits for it,
// who tracks it and who listens to keyspace events.
func (c *Call) signalModified(class notifyClass, event string, key []byte) {
	c.e.persist.dirty++
	if c.e.cfg.announces || c.db.observed() {
		c.announce(c.db, class, event, key)
	}
}

// signalFields is signalDirty for fields of a hash, which are named to those who are told of them.
func (c *Call) signalFields(changes int, event string, key []byte, fields [][]byte) {
	c.signalDirty(changes, notifyHash, event, key)
	if c.e.tellsFields() {
		c.e.notifyFields(event, c.db, string(key), fields)
	}
}

// signalDirty is signalModified for what counts as so many changes, which may be none.
//
//go:noinline
func (c *Call) signalDirty(changes int, class notifyClass, event string, key []byte) {
	c.signalModified(class, event, key)
	c.e.addDirty(int64(changes - 1))
}

// signalAside counts changes of what belongs to a value but is no part of it, of which there is an
// event alone: neither who watches the key is told, nor who waits for it or tracks it.
func (c *Call) signalAside(changes int, class notifyClass, event string, key []byte) {
	c.e.addDirty(int64(changes))
	c.notify(class, event, key)
	if c.e.cfg.lrm {
		c.e.touchModified(c.db, string(key))
	}
}

// signalModifiedIn is signalModified for a key of another database.
func (c *Call) signalModifiedIn(d *db, class notifyClass, event string, key []byte) {
	c.e.persist.dirty++
	c.announce(d, class, event, key)
}

func (c *Call) announce(d *db, class notifyClass, event string, key []byte) {
	c.e.signalModifiedKey(d, string(key), c.conn)
	if c.e.cfg.notify&class != 0 {
		c.e.notify(class, event, d, string(key))
	}
}

// notify sends a keyspace event about a key that this command changed.
//
//go:noinline
func (c *Call) notify(class notifyClass, event string, key []byte) {
	if c.e.cfg.notify&class != 0 {
		c.e.notify(class, event, c.db, string(key))
	}
}

// signalModifiedKey tells those who watch a key, those who wait for it and those who track it; by
// is the client that changed it, nil if none did.
func (e *Engine) signalModifiedKey(d *db, key string, by *conn) {
	if len(d.watchers) > 0 {
		e.touchWatchers(d, key)
	}
	if len(d.waiting) > 0 {
		e.signalChanged(d, key)
	}
	if d.tracked > 0 {
		e.invalidate(key, by)
	}
	if e.cfg.lrm {
		e.touchModified(d, key)
	}
}

// setExpiry makes a key go at an instant, in milliseconds since the Unix epoch, or never (stays).
func (e *Engine) setExpiry(d *db, key []byte, o *object, at int64) {
	if at == stays {
		e.removeExpiry(o)
		return
	}
	if o.ttl == nil {
		o.ttl = &ttl{key: string(key), store: d.store}
		d.expires++
		e.countMemory(expiryBytes)
		if d.fixed != nil {
			e.countFixed(o.ttl, 1)
		}
	}
	o.ttl.at = at
	if e.master != nil && e.aof.replayed != 0 {
		e.expires.heap.Remove(o.ttl) // its master says when it goes
		return
	}
	e.expires.heap.Set(o.ttl, at)
}

// removeExpiry ends a value's expiry and reports whether it had one.
func (e *Engine) removeExpiry(o *object) bool {
	if o.ttl == nil {
		return false
	}
	e.expires.heap.Remove(o.ttl)
	if o.ttl.store.fixed != nil {
		e.countFixed(o.ttl, -1)
	}
	o.ttl.store.expires--
	o.ttl = nil
	e.countMemory(-expiryBytes)
	return true
}

// countFixed counts an expiry that came to or went from a table of a fixed size. Keys that were
// passed over go when their table is not sparse any more.
//
//go:noinline
func (e *Engine) countFixed(t *ttl, by int) {
	table := t.store.fixed.tableOf(t)
	if table.keys += by; table.passed && !table.sparse() {
		table.passed = false
		e.awaitExpiries()
	}
}

// fixTables has tables of expiries keep the sizes that they have, or change them again.
func (e *Engine) fixTables(fix bool) {
	for _, d := range e.dbs {
		if fix {
			d.fixTables()
		} else {
			d.fixed = nil
		}
	}
	e.awaitExpiries()
}

// placed makes the clockwork of a value's type know the key under which it now stands.
func (e *Engine) placed(d *db, key []byte, o *object) {
	if placed := o.ops().placed; placed != nil {
		placed(e, d, key, o)
	}
}

// forget makes the engine's counts and its clockwork forget a value that no longer stands under its
// key.
func (e *Engine) forget(o *object) {
	e.discountValue(o)
	e.removeExpiry(o)
	if dropped := o.ops().dropped; dropped != nil {
		dropped(e, o)
	}
}

// lazyEffort is the number of pieces above which Redis leaves the freeing of a value to a thread.
const lazyEffort = 64

// countLazyFree counts a value that is about to be removed, where Redis would have a thread free
// it.
func (e *Engine) countLazyFree(o *object) {
	if effort := o.ops().freeEffort; effort != nil && effort(o) > lazyEffort {
		e.stats.lazyfreed++
	}
}

// By the clock.

// expireNext removes the key, or the fields of a hash, that are due first.
func (e *Engine) expireNext() {
	if key, field := e.expires.next(); field < key {
		e.expireFields()
		e.countWeighed()
		return
	}
	switch t, _, ok := e.expires.heap.Min(); {
	case !ok:
	case t.passes():
		e.expires.heap.Remove(t) // it stays until somebody asks for it
	default:
		e.deleteExpired(t)
	}
}

// expireIfNeeded reports whether a value's time has come. If so its key is removed, unless clients
// are paused or a master says when it goes.
func (e *Engine) expireIfNeeded(o *object) bool {
	if !o.gone(e.keyMs()) {
		return false
	}
	if !e.expires.hidden {
		e.deleteExpired(o.ttl)
	}
	return true
}

// deleteExpired removes a key whose time has come and tells everybody.
func (e *Engine) deleteExpired(t *ttl) {
	d, key := t.store.db, t.key
	e.removeFrom(d, []byte(key))
	e.stats.expired++
	e.notify(notifyExpired, "expired", d, key)
	e.signalModifiedKey(d, key, nil)
	e.replicas.add(d.id, removalName(e.cfg.lazyExpire), [][]byte{[]byte(key)})
}

// removalName is the command as which the removal of a key is told.
func removalName(lazy bool) string {
	if lazy {
		return "UNLINK"
	}
	return "DEL"
}

// placeHash makes the engine expire the fields of a hash that stands under a key, or no longer.
// It is to be called whenever a field's expiry, or the key, may have changed.
func (e *Engine) placeHash(d *db, key []byte, h *hashValue) {
	at := h.NextExpiry()
	if at == hash.Never {
		e.displaceHash(h)
		return
	}
	if h.due == nil {
		h.due = &hashDue{o: *d.keys.Find(key), store: d.store}
		d.subexpires++
	}
	if h.due.key != string(key) {
		h.due.key = string(key)
	}
	e.expires.fields.Set(h.due, at)
}

// displaceHash makes the engine forget a hash whose fields it was to expire.
func (e *Engine) displaceHash(h *hashValue) {
	if h.due != nil {
		e.expires.fields.Remove(h.due)
		h.due.store.subexpires--
		h.due = nil
	}
}

// fieldsPerTurn is how many fields of a hash expire in one go; a hash with more gives others a
// turn before the rest.
const fieldsPerTurn = 1000

// expireFields removes those fields whose time has come from the hash that is due first.
func (e *Engine) expireFields() {
	due, _, ok := e.expires.fields.Min()
	if !ok {
		return
	}
	e.expireFieldsOf(due.store.db, due.key, due.o.hash(), fieldsPerTurn)
	e.replicas.apart = true
}

// expireFieldsOf removes those fields of a hash whose time has come, at most so many.
func (e *Engine) expireFieldsOf(d *db, key string, h *hashValue, most int) {
	e.weigh(h.due.o)
	var told [][]byte
	e.stats.expiredFields += int64(h.Expire(e.keyMs(), most, func(field []byte) {
		e.replicas.add(d.id, "HDEL", [][]byte{[]byte(key), field})
		if e.tellsFields() {
			told = append(told, small.Clone(field))
		}
	}))
	e.fieldsExpired(d, key, h, told)
}

// fieldOver counts a field to which a command gives an expiry that is over as one that has expired.
func (e *Engine) fieldOver() { e.stats.expiredFields++ }

// deleteExpiredFields deletes those fields of a hash whose time has come, and returns them: none
// while what is over stays.
func (e *Engine) deleteExpiredFields(d *db, key []byte, h *hashValue, fields [][]byte) [][]byte {
	var gone [][]byte
	if e.expires.hidden {
		return nil
	}
	now := e.keyMs()
	if h.due != nil { // else the command that made it expire has weighed it
		e.weigh(h.due.o)
	}
	for _, field := range fields {
		if at, ok := h.Expiry(field, 0); ok && at <= now {
			h.Delete(field)
			e.stats.expiredFields++
			e.replicas.add(d.id, "HDEL", [][]byte{key, field})
			gone = append(gone, field)
		}
	}
	return gone
}

// fieldsExpired tells everybody that fields of a hash have expired, and removes its key when none
// is left. Which they are must be said where anybody listens to that.
func (e *Engine) fieldsExpired(d *db, key string, h *hashValue, fields [][]byte) {
	e.notify(notifyHash, "hexpired", d, key)
	e.notifyFields("hexpired", d, key, fields)
	if h.Len() == 0 {
		e.removeFrom(d, []byte(key))
		e.notify(notifyGeneric, "del", d, key)
	} else {
		e.placeHash(d, []byte(key), h)
	}
	e.signalModifiedKey(d, key, nil)
}

// placeStream makes the engine forget what a stream remembers of idempotent producers when it is
// time. It is to be called whenever that, or the key, may have changed.
func (e *Engine) placeStream(o *object) {
	at, ok := o.stream().Idmp.Due()
	if !ok {
		e.displaceStream(o)
		return
	}
	due := e.idmp.of[o]
	if due == nil {
		due = &idmpDue{o: o}
		if e.idmp.of == nil {
			e.idmp.of = map[*object]*idmpDue{}
		}
		e.idmp.of[o] = due
	}
	e.idmp.heap.Set(due, at)
}

// displaceStream makes the engine leave a stream alone.
func (e *Engine) displaceStream(o *object) {
	if due := e.idmp.of[o]; due != nil {
		e.idmp.heap.Remove(due)
		delete(e.idmp.of, o)
	}
}

// expireIdmp has the stream that is due first forget messages of idempotent producers. That is no
// change of its key, and replicas do so by themselves.
func (e *Engine) expireIdmp() {
	if due, _, ok := e.idmp.heap.Min(); ok {
		e.weigh(due.o)
		due.o.stream().Idmp.Expire(e.tellMs())
		e.placeStream(due.o)
		e.countWeighed()
	}
}

// By eviction.

// deleteEvicted removes a key for the sake of memory and tells everybody.
func (e *Engine) deleteEvicted(d *db, key string) {
	e.removeFrom(d, []byte(key))
	e.stats.evicted++
	e.signalModifiedKey(d, key, nil)
	e.replicas.add(d.id, removalName(e.cfg.lazyEviction), [][]byte{[]byte(key)})
	e.notify(notifyEvicted, "evicted", d, key)
}

// By a cluster that has moved.

// deleteStray removes a key of a slot that another node serves now, and tells everybody.
func (e *Engine) deleteStray(d *db, key string) {
	e.removeFrom(d, []byte(key))
	e.replicas.add(d.id, "DEL", [][]byte{[]byte(key)})
	e.signalModifiedKey(d, key, nil)
	e.notify(notifyGeneric, "del", d, key)
	e.addDirty(1)
}

// By databases that are emptied or exchanged.

// flushDB empties a database for everybody to notice; those who track keys are told by the caller,
// once for all databases.
func (e *Engine) flushDB(d *db) {
	e.touchAll(d, nil)
	e.signalEmptied(d)
	e.addDirty(int64(d.keys.Len()))
	e.empty(d)
}

// empty drops every key of a database.
func (e *Engine) empty(d *db) {
	for i := range d.keys.Len() {
		key, p := d.keys.At(i)
		e.countMemory(-keySize(len(key)))
		e.forget(*p)
	}
	d.keys.Clear()
	if d.bySlot != nil {
		d.bySlot = &slotIndex{}
	}
	e.countMemory(0)
}

// swapDBs exchanges the keys of two databases.
func (e *Engine) swapDBs(a, b *db) {
	e.addDirty(1)
	if a == b {
		return
	}
	e.touchAll(a, b.store)
	e.touchAll(b, a.store)
	a.store, b.store = b.store, a.store
	a.store.db, b.store.db = a, b
	e.signalAllAsReady(a)
	e.signalAllAsReady(b)
}

// By a file that is loaded.

// load stores a value under a key of a store that no database has yet, with its expiry. If the key
// is there already, it replaces that one or reports false.
func (s *store) load(key []byte, o *object, expiry int64, replace bool) bool {
	p, fresh := s.keys.Put(key)
	switch {
	case fresh:
	case !replace:
		return false
	case (*p).ttl != nil:
		s.expires--
	}
	*p = o
	if expiry != stays {
		o.ttl = &ttl{at: expiry, key: string(key), store: s}
		s.expires++
	}
	return true
}

// replaceAll puts stores that were loaded in the place of those of all databases and tells
// everybody.
func (e *Engine) replaceAll(stores []*store) {
	e.expires.heap.Clear()
	e.expires.fields.Clear()
	e.invalidateAll()
	for i, d := range e.dbs {
		e.touchAll(d, stores[i])
		e.empty(d)
		d.store = stores[i]
		e.wind(d)
		e.signalLoaded(d)
	}
}

// awaitExpiry has a key that is there go when its time has come, unless a master says when.
func (e *Engine) awaitExpiry(t *ttl) {
	if e.master == nil {
		e.expires.heap.Set(t, t.at)
	}
}

// awaitExpiries is awaitExpiry for all keys, since this server follows a master, or no longer does.
func (e *Engine) awaitExpiries() {
	e.expires.heap.Clear()
	for _, d := range e.dbs {
		for i := range d.keys.Len() {
			if _, p := d.keys.At(i); (*p).ttl != nil {
				e.awaitExpiry((*p).ttl)
			}
		}
	}
}

// wind makes the engine's counts and its clockwork know the keys of a database that was loaded.
func (e *Engine) wind(d *db) {
	if e.cluster != nil {
		d.bySlot = &slotIndex{}
	}
	for i := range d.keys.Len() {
		key, p := d.keys.At(i)
		o := *p
		if d.bySlot != nil {
			d.bySlot.add([]byte(key))
		}
		e.countMemory(keySize(len(key)))
		e.countValue(o)
		if o.ttl != nil {
			e.countMemory(expiryBytes)
			e.awaitExpiry(o.ttl)
		}
		e.placed(d, []byte(key), o)
		e.countWeighed()
	}
}
