package core

import (
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/core/internal/timer"
)

// blockedCall is a command that waits: for one of its keys to be touched, for its deadline, or for
// both. Its arguments are copies.
type blockedCall struct {
	timer.Node
	conn     *conn
	cmd      *Command
	args     [][]byte
	db       *db
	keys     []string
	kind     kind        // a touched key wakes it only when it holds this type,
	always   bool        // or always: even the loss of the key is news
	deadline Time        // when its time is up
	wake     Time        // when it runs again before that, though nobody has touched a key; Never
	timeout  func(*Call) // writes the reply when the time is up; nil: no CLIENT UNBLOCK either
	again    bool        // it ran again and blocked again
	loaded   bool        // it ran again since data were loaded: if in vain, it is as if it had not
	took     int64       // nanoseconds so far; not those in which it waited
	told     string      // how the host refused what a command that waits for it asked
	applied  bool        // the host has done what such a command asked
}

// blockedClients is everything that waits.
type blockedClients struct {
	heap      timer.Heap[*blockedCall]
	count     int
	ready     []readyKey            // touched keys that somebody waits for, each once
	many      map[readyKey]struct{} // the same, once there are more than readyFew; else nil
	unblocked []*conn               // set free, with input that may go on
	postponed []*conn               // with input that a pause or a script holds up
	serves    bool
}

type readyKey struct {
	db     *db
	key    string
	loaded bool // nobody touched the key: the data were loaded
}

func (b *blockedClients) due() Time {
	if _, at, ok := b.heap.Min(); ok {
		return Time(at)
	}
	return Never
}

// answerWhen begins something and has the client wait until done is told of its end, with why not
// if it failed: the client is answered OK, or what refuse says. One that cannot wait is answered OK
// at once.
func (c *Call) answerWhen(begin func(done func(failure string)), refuse func(*Call, string)) {
	if !c.mayBlock() {
		begin(func(string) {})
		c.OK()
		return
	}
	e, waiter := c.e, c.block(nil, kindCount, Never, nil)
	begin(func(failure string) {
		if waiter.over() {
			return
		}
		e.unblockWithReply(waiter, func(c *Call) {
			if failure == "" {
				c.OK()
				return
			}
			refuse(c, failure)
		})
	})
}

// block makes the client wait: until one of keys is touched and holds a value of kind k, or until
// the deadline, when timeout writes the reply. The command then runs again, with c.retry set; if
// it cannot proceed it blocks again, behind who came meanwhile. Check mayBlock first.
func (c *Call) block(keys [][]byte, k kind, deadline Time, timeout func(*Call)) *blockedCall {
	cl, e := c.conn, c.e
	if cl.blocked != nil { // run again in vain: it waits on
		cl.blocked.again = true
		if !cl.blocked.loaded {
			cl.blocked.requeue()
		}
		return cl.blocked
	}
	p := &blockedCall{conn: cl, cmd: c.cmd, args: copyArgs(c.Args), db: c.db, kind: k,
		deadline: deadline, wake: Never, timeout: timeout}
	if c.db.waiting == nil {
		c.db.waiting = map[string][]*blockedCall{}
	}
	for _, key := range keys {
		queue := c.db.waiting[string(key)]
		if n := len(queue); n > 0 && queue[n-1] == p {
			continue // the key was named before
		}
		name := string(key)
		p.keys = append(p.keys, name)
		c.db.waiting[name] = append(queue, p)
	}
	e.wakeAt(p, Never)
	cl.blocked = p
	cl.flags |= connBlocked
	e.blocked.count++
	return p
}

// wakeAt has a command that waits run again at an instant, if nothing has come of it before.
func (e *Engine) wakeAt(p *blockedCall, at Time) {
	p.wake = at
	if at = min(at, p.deadline); at != Never {
		e.blocked.heap.Set(p, int64(at))
	} else {
		e.blocked.heap.Remove(p)
	}
}

// await blocks until one of the keys holds a value of kind k; where nothing may wait it answers at
// once with refused, as if the time were up.
func (c *Call) await(keys [][]byte, k kind, deadline Time, refused func(*Call)) {
	if !c.mayBlock() {
		refused(c)
		return
	}
	c.block(keys, k, deadline, replyNullArray)
}

// afterLoad reports whether a command runs again since data were loaded, and not since somebody has
// touched one of its keys.
func (c *Call) afterLoad() bool { return c.retry && c.conn.blocked.loaded }

// requeue puts a command that ran in vain at the end of those that wait for its keys.
func (p *blockedCall) requeue() {
	for _, key := range p.keys {
		queue := p.db.waiting[key]
		if i := slices.Index(queue, p); i >= 0 && i < len(queue)-1 {
			copy(queue[i:], queue[i+1:])
			queue[len(queue)-1] = p
		}
	}
}

// unblock ends a connection's waiting; its input may go on.
func (e *Engine) unblock(cl *conn) {
	p := cl.blocked
	for _, key := range p.keys {
		queue := p.db.waiting[key]
		if i := slices.Index(queue, p); i >= 0 {
			queue = small.Delete(queue, i, i+1)
		}
		if len(queue) == 0 {
			delete(p.db.waiting, key)
		} else {
			p.db.waiting[key] = queue
		}
	}
	e.blocked.heap.Remove(p)
	e.blocked.count--
	cl.blocked = nil
	cl.flags &^= connBlocked
	if !cl.has(connClosing) {
		e.blocked.unblocked = append(e.blocked.unblocked, cl)
	}
}

// signalChanged notes that a key was changed, if that is news to who waits for it.
func (e *Engine) signalChanged(d *db, key string) {
	if o := d.keys.Find([]byte(key)); o == nil || !(*o).ops().signals {
		e.signalKeyAsReady(d, key)
	}
}

// signalReady has those look at a key who wait for it.
//
//go:noinline
func (c *Call) signalReady(key []byte) {
	if len(c.db.waiting) > 0 {
		c.e.signalKeyAsReady(c.db, string(key))
	}
}

// signalKeyAsReady notes that a key was touched, if anybody waits for it.
//
//go:noinline
func (e *Engine) signalKeyAsReady(d *db, key string) {
	if len(d.waiting[key]) == 0 {
		return
	}
	e.blocked.addReady(readyKey{db: d, key: key})
}

// readyFew is up to how many ready keys are searched one by one: nearly always there is one.
const readyFew = 16

// addReady notes a touched key, once. A script may touch a hundred thousand that a client names.
func (b *blockedClients) addReady(k readyKey) {
	if len(b.ready) < readyFew {
		if slices.Contains(b.ready, k) {
			return
		}
	} else {
		if b.many == nil {
			b.many = make(map[readyKey]struct{}, 2*readyFew)
			for _, k := range b.ready {
				b.many[k] = struct{}{}
			}
		}
		if _, there := b.many[k]; there {
			return
		}
		b.many[k] = struct{}{}
	}
	b.ready = append(b.ready, k)
}

// handleBlockedOnKeys runs the commands again whose keys were touched, first those that waited
// longest. It runs after each command, and after a whole transaction or script; in a server that
// DEBUG SLEEP holds up, when that is over.
func (e *Engine) handleBlockedOnKeys() {
	if e.has(engineScript | engineAsleep) {
		return
	}
	e.propagatePending()
	if len(e.blocked.ready) == 0 || e.blocked.serves {
		return
	}
	e.stir()
	e.timeRow() // what has run so far
	e.blocked.serves = true
	for len(e.blocked.ready) > 0 {
		batch := e.blocked.ready
		e.blocked.ready, e.blocked.many = nil, nil
		for _, k := range batch {
			for _, p := range slices.Clone(k.db.waiting[k.key]) {
				if p.conn.blocked == p && p.readyFor(k.key, e.keyMs()) {
					p.loaded = k.loaded
					e.retry(p)
					e.propagatePending()
					p.conn.replica.wrote = e.replicas.offset
				}
			}
		}
	}
	e.blocked.serves = false
}

// readyFor reports whether what a key holds now is what the command waits for.
func (p *blockedCall) readyFor(key string, nowMs int64) bool {
	if p.always {
		return true
	}
	o := p.db.keys.Find([]byte(key))
	return o != nil && (*o).kind == p.kind && !(*o).gone(nowMs)
}

// retry runs a blocked command again.
func (e *Engine) retry(p *blockedCall) {
	cl := p.conn
	c := &Call{Writer: &cl.w, e: e, conn: cl, db: p.db, cmd: p.cmd, Args: p.args, retry: true}
	at := cl.w.Len()
	p.again = false
	was := e.runAs(cl)
	if !cl.has(connRestricted) || !c.deniedNow() {
		e.invoke(c)
	}
	e.runAs(was)
	if !p.again {
		e.unblock(cl)
		e.endReply(cl, at)
		e.flush(cl)
	}
}

// blockedTimeout answers the command whose deadline comes first, or has those run again that wait
// for the keys of one that was to run again now.
func (e *Engine) blockedTimeout() {
	p, _, ok := e.blocked.heap.Min()
	switch {
	case !ok:
	case p.wake < p.deadline:
		e.wakeAt(p, Never)
		for _, key := range p.keys {
			e.signalKeyAsReady(p.db, key)
		}
	default:
		e.unblockWithReply(p, p.timeout)
	}
}

// unblockWithReply ends a command's waiting with a reply.
func (e *Engine) unblockWithReply(p *blockedCall, reply func(*Call)) {
	cl := p.conn
	at := cl.w.Len()
	c := &Call{Writer: &cl.w, e: e, conn: cl, db: p.db, cmd: p.cmd, Args: p.args}
	reply(c)
	e.account(c, at, p.took)
	e.unblock(cl)
	e.endReply(cl, at)
	e.flush(cl)
}

// replyNull and replyNullArray are what blocking commands answer when their time is up.
func replyNull(c *Call)      { c.Null() }
func replyNullArray(c *Call) { c.NullArray() }

// waitingKeys lists the keys of a database that somebody waits for.
func (d *db) waitingKeys() []string {
	keys := make([]string, 0, len(d.waiting))
	for key := range d.waiting { // order: sorted below
		keys = append(keys, key)
	}
	small.Sort(keys, strings.Compare)
	return keys
}

// signalAllAsReady looks again at every key that somebody waits for: the database was exchanged.
func (e *Engine) signalAllAsReady(d *db) {
	for _, key := range d.waitingKeys() {
		e.signalKeyAsReady(d, key)
	}
}

// signalLoaded is signalAllAsReady for data that were loaded.
func (e *Engine) signalLoaded(d *db) {
	for _, key := range d.waitingKeys() {
		e.blocked.ready = append(e.blocked.ready, readyKey{d, key, true})
	}
}

// signalEmptied tells those who also wait for the loss of their keys that a database is emptied.
func (e *Engine) signalEmptied(d *db) {
	for _, key := range d.waitingKeys() {
		if d.keys.Find([]byte(key)) != nil {
			e.signalKeyAsReady(d, key)
		}
	}
}

// postpone makes a connection wait with its next command until release.
//
//go:noinline
func (e *Engine) postpone(cl *conn) {
	cl.flags |= connPostponed
	e.blocked.postponed = append(e.blocked.postponed, cl)
}

// postponeOnce is postpone for a connection that may have been postponed already.
func (e *Engine) postponeOnce(cl *conn) {
	if !cl.has(connPostponed) {
		e.postpone(cl)
	}
}

// unblockAll ends the waiting, and the connections, of all that wait for what a master does: this
// server is none any longer.
func (e *Engine) unblockAll() {
	for _, cl := range e.connsByID() {
		if cl.blocked != nil {
			e.unblockWithReply(cl.blocked, func(c *Call) {
				c.Error("UNBLOCKED force unblock from blocking operation, instance state changed " +
					"(master -> replica?)")
			})
			e.hangup(cl)
		}
	}
}

// resumePostponed lets every postponed connection go on, in the order in which they were postponed.
//
//go:noinline
func (e *Engine) resumePostponed() {
	for _, cl := range e.blocked.postponed {
		cl.flags &^= connPostponed
		e.blocked.unblocked = append(e.blocked.unblocked, cl)
	}
	e.blocked.postponed = e.blocked.postponed[:0]
}
