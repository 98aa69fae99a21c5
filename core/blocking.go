package core

import (
	"slices"

	"github.com/redlet/redlet/core/internal/timer"
)

// parked is a command that waits: for one of its keys to be touched, for its deadline, or for
// both. Its arguments are copies.
type parked struct {
	timer.Node
	conn    *conn
	cmd     *Command
	args    [][]byte
	db      *db
	keys    []string
	kind    kind        // a touched key wakes it only when it holds this type,
	always  bool        // or always: even the loss of the key is news
	timeout func(*call) // writes the reply when the time is up; nil: no CLIENT UNBLOCK either
	again   bool        // it ran again and parked again
}

// blocked is everything that waits.
type blocked struct {
	heap   timer.Heap[*parked]
	count  int
	ready  []readyKey // touched keys that somebody waits for, each once
	freed  []*conn    // set free, with input that may go on
	held   []*conn    // with input that a pause or a script holds up
	serves bool
}

type readyKey struct {
	db  *db
	key string
}

func (b *blocked) due() Time {
	if _, at, ok := b.heap.Min(); ok {
		return Time(at)
	}
	return Never
}

// park makes the client wait: until one of keys is touched and holds a value of kind k, or until
// the deadline, when timeout writes the reply. The command then runs again, with c.retry set; if
// it cannot proceed it parks again, which keeps its turn. Check mayBlock first.
func (c *call) park(keys [][]byte, k kind, deadline Time, timeout func(*call)) *parked {
	cl, e := c.conn, c.e
	if cl.parked != nil { // run again in vain: it waits on
		cl.parked.again = true
		return cl.parked
	}
	p := &parked{conn: cl, cmd: c.cmd, args: copyArgs(c.args), db: c.db, kind: k, timeout: timeout}
	for _, key := range keys {
		if name := string(key); !slices.Contains(p.keys, name) {
			p.keys = append(p.keys, name)
			c.db.waiting[name] = append(c.db.waiting[name], p)
		}
	}
	if deadline != Never {
		e.blocked.heap.Set(p, int64(deadline))
	}
	cl.parked = p
	e.blocked.count++
	return p
}

// unpark ends a connection's waiting; its input may go on.
func (e *Engine) unpark(cl *conn) {
	p := cl.parked
	for _, key := range p.keys {
		queue := p.db.waiting[key]
		if i := slices.Index(queue, p); i >= 0 {
			queue = slices.Delete(queue, i, i+1)
		}
		if len(queue) == 0 {
			delete(p.db.waiting, key)
		} else {
			p.db.waiting[key] = queue
		}
	}
	e.blocked.heap.Remove(p)
	e.blocked.count--
	cl.parked = nil
	if !cl.leaving {
		e.blocked.freed = append(e.blocked.freed, cl)
	}
}

// wake notes that a key was touched, if anybody waits for it.
func (e *Engine) wake(d *db, key string) {
	if len(d.waiting[key]) == 0 {
		return
	}
	k := readyKey{d, key}
	if !slices.Contains(e.blocked.ready, k) {
		e.blocked.ready = append(e.blocked.ready, k)
	}
}

// serveReady runs the commands again whose keys were touched, first those that waited longest. It
// runs after each command, and after a whole transaction or script; in a server that DEBUG SLEEP
// holds up, when that is over.
func (e *Engine) serveReady() {
	if e.scripts.waiting() || e.asleep > e.now {
		return
	}
	e.sendReplicas()
	if len(e.blocked.ready) == 0 || e.blocked.serves {
		return
	}
	e.blocked.serves = true
	for len(e.blocked.ready) > 0 {
		batch := e.blocked.ready
		e.blocked.ready = nil
		for _, k := range batch {
			for _, p := range slices.Clone(k.db.waiting[k.key]) {
				if p.conn.parked == p && p.wakes(k.key, int64(e.now)/1000) {
					e.retry(p)
					e.sendReplicas()
				}
			}
		}
	}
	e.blocked.serves = false
}

// wakes reports whether what a key holds now is what the command waits for.
func (p *parked) wakes(key string, nowMs int64) bool {
	if p.always {
		return true
	}
	o := p.db.keys.Find([]byte(key))
	return o != nil && (*o).kind == p.kind && !(*o).gone(nowMs)
}

// retry runs a parked command again.
func (e *Engine) retry(p *parked) {
	cl := p.conn
	c := &call{Writer: &cl.w, e: e, conn: cl, db: p.db, cmd: p.cmd, args: p.args, retry: true}
	at := len(cl.w.Buf)
	p.again = false
	was := e.current
	e.current = cl
	e.invoke(c)
	e.current = was
	if !p.again {
		e.unpark(cl)
		cl.silence(at)
		e.flush(cl)
	}
}

// blockedTimeout answers the command whose deadline comes first.
func (e *Engine) blockedTimeout() {
	if p, _, ok := e.blocked.heap.Min(); ok {
		e.giveUp(p, p.timeout)
	}
}

// giveUp ends a command's waiting with a reply.
func (e *Engine) giveUp(p *parked, reply func(*call)) {
	cl := p.conn
	at := len(cl.w.Buf)
	c := &call{Writer: &cl.w, e: e, conn: cl, db: p.db, cmd: p.cmd, args: p.args}
	reply(c)
	e.account(c, at)
	e.unpark(cl)
	cl.silence(at)
	e.flush(cl)
}

// replyNull and replyNullArray are what blocking commands answer when their time is up.
func replyNull(c *call)      { c.Null() }
func replyNullArray(c *call) { c.NullArray() }

// waitingKeys lists the keys of a database that somebody waits for.
func (d *db) waitingKeys() []string {
	keys := make([]string, 0, len(d.waiting))
	for key := range d.waiting { // order: sorted below
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// wakeAll looks again at every key that somebody waits for: the database was exchanged.
func (e *Engine) wakeAll(d *db) {
	for _, key := range d.waitingKeys() {
		e.wake(d, key)
	}
}

// wakeAlways tells those who also wait for the loss of their keys that a database is emptied.
func (e *Engine) wakeAlways(d *db) {
	for _, key := range d.waitingKeys() {
		if d.keys.Find([]byte(key)) != nil {
			e.wake(d, key)
		}
	}
}
