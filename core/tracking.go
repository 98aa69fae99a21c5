package core

import (
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/dict"
	"github.com/redlet/redlet/core/internal/reply"
	"github.com/redlet/redlet/core/internal/small"
)

// tracking is client-side caching: it tells connections when what they have read has changed.
//
// A key that a connection reads is remembered by its name alone, whatever the database, until it
// changes once. A connection in broadcast mode hears of every key with one of its prefixes
// instead, after each input of a client: of all of them in one message.
type tracking struct {
	users    int                 // connections that track, or once did: no other is in keys
	keys     dict.Dict[*readers] // who read a key
	items    int                 // the ids in keys
	prefixes []*prefix           // by name
	changed  bool                // some prefix has keys to tell of
}

// readers are the connections that have read a key, in ascending order.
type readers struct {
	ids   []ConnID
	first [1]ConnID // where the id of the only one lies
}

// prefix is what connections in broadcast mode hear of.
type prefix struct {
	name  string
	conns []*conn          // in the order in which they came
	keys  map[string]*conn // what changed, and who changed it last: nil if nobody did
}

// clientTracking is how a connection tracks what it reads.
type clientTracking struct {
	on       bool
	bcast    bool
	optIn    bool // only what is read after CLIENT CACHING YES
	optOut   bool // but for what is read after CLIENT CACHING NO
	noLoop   bool // not what the connection changes itself
	caching  bool // CLIENT CACHING came before this command
	broken   bool // the connection that gets the messages is gone
	redirect ConnID
	prefixes []string // of broadcast mode, in order
	own      []ownKey // what the command under way has changed that the connection had read
}

// ownKey is a key, or all of them.
type ownKey struct {
	name string
	all  bool
}

// forgetCaching ends what CLIENT CACHING decided, unless a transaction is being queued or the
// command is another of the connection's affairs.
func (cl *conn) forgetCaching(cmd *Command) {
	t := cl.tracking
	if t == nil || !t.caching || cl.has(connMulti) {
		return
	}
	t.caching = cmd != nil && cmd.Flags&KeepsCaching != 0
}

// pushOwn appends what was held back while a client's command ran.
func (e *Engine) pushOwn(cl *conn) {
	if t := cl.tracking; t != nil {
		own := t.own
		t.own = nil
		for _, k := range own {
			if k.all {
				e.tell(cl, nullPayload(cl))
			} else {
				e.tell(cl, keyPayload(k.name))
			}
		}
	}
	if at := cl.w.Len(); len(cl.pushed.Buf) > 0 {
		cl.w.Raw(cl.pushed.Buf)
		cl.pushed.Buf = nil
		cl.noteMessage(at)
	}
	e.flags &^= enginePushes
}

// remember notes the keys that a command has read on behalf of a connection that tracks them.
func (e *Engine) remember(c *Call) {
	cl := e.currentClient
	if cl == nil || !cl.tracksKeys() || c.cmd.Flags&ReadOnly == 0 || c.cmd.Flags&RunsScripts != 0 {
		return
	}
	t := cl.tracking
	if t.optIn && !t.caching || t.optOut && t.caching {
		return
	}
	keys, _ := e.keysOf(c.cmd, c.Args)
	for _, k := range keys {
		e.track(c.Args[k.Index], cl.id)
	}
}

// tracksKeys tells whether a connection hears of the keys that it has read.
func (cl *conn) tracksKeys() bool {
	return cl.tracking != nil && cl.tracking.on && !cl.tracking.bcast && !cl.has(connClosing)
}

// staleFrom is the number of readers of a key from which on those are looked for, as more come,
// that have closed their connections.
const staleFrom = 64

// track notes that a connection has read a key.
func (e *Engine) track(key []byte, id ConnID) {
	t := &e.tracking
	p, fresh := t.keys.Put(key)
	if fresh {
		*p = &readers{first: [1]ConnID{id}}
		(*p).ids = (*p).first[:]
		t.items++
		return
	}
	ids := (*p).ids
	if _, there := slices.BinarySearch(ids, id); there {
		return
	}
	if n := len(ids); n >= staleFrom && n == cap(ids) {
		ids = small.DeleteFunc(ids, func(id ConnID) bool { return e.conns[id] == nil })
		t.items -= n - len(ids)
	}
	at, _ := slices.BinarySearch(ids, id)
	(*p).ids = small.Insert(ids, at, id)
	t.items++
}

// limitTracked forgets keys that were read, any of them, while there are more than
// tracking-table-max-keys, or one in two where the host has no more memory. Their readers are told
// as if they had changed.
func (e *Engine) limitTracked() {
	t, most := &e.tracking, e.cfg.trackingKeysMax
	if e.mem.full {
		most = int64(t.keys.Len()) / 2
	} else if most == 0 {
		return
	}
	if int64(t.keys.Len()) <= most {
		return
	}
	was := e.runAs(nil)
	for int64(t.keys.Len()) > most {
		key, _ := t.keys.At(e.random.Below(t.keys.Len()))
		e.untrack(key)
	}
	e.runAs(was)
}

// invalidate tells who has read a key, or hears of all like it, that the key has changed; by is
// the client that changed it, nil if none did.
func (e *Engine) invalidate(key string, by *conn) {
	for _, p := range e.tracking.prefixes {
		if strings.HasPrefix(key, p.name) {
			if p.keys == nil {
				p.keys = map[string]*conn{}
			}
			p.keys[key] = by
			e.tracking.changed = true
		}
	}
	e.untrack(key)
}

// untrack forgets who has read a key and tells them.
func (e *Engine) untrack(key string) {
	r, found := e.tracking.keys.Delete([]byte(key))
	if !found {
		return
	}
	e.tracking.items -= len(r.ids)
	for _, id := range r.ids {
		cl := e.conns[id]
		if cl == nil || !cl.tracksKeys() || cl.tracking.noLoop && cl == e.currentClient {
			continue
		}
		if e.running(cl) {
			e.pushLater(cl, ownKey{name: key})
		} else {
			e.tell(cl, keyPayload(key))
		}
	}
}

// invalidateAll tells every connection that tracks anything that all has changed.
func (e *Engine) invalidateAll() {
	t := &e.tracking
	if t.users == 0 {
		return
	}
	for _, cl := range e.connsByID() {
		switch {
		case cl.has(connClosing) || cl.tracking == nil || !cl.tracking.on:
		case e.running(cl):
			e.pushLater(cl, ownKey{all: true})
		default:
			e.tell(cl, nullPayload(cl))
		}
	}
	t.keys.Clear()
	t.items = 0
}

// pushLater has a client told behind the reply to its command.
//
//go:noinline
func (e *Engine) pushLater(cl *conn, k ownKey) {
	cl.tracking.own = append(cl.tracking.own, k)
	e.flags |= enginePushes
}

// broadcast tells the connections in broadcast mode which keys have changed since the last time.
func (e *Engine) broadcast() {
	if !e.tracking.changed {
		return
	}
	e.tracking.changed = false
	was := e.runAs(nil)
	for _, p := range e.tracking.prefixes {
		if len(p.keys) == 0 {
			continue
		}
		keys := make([]string, 0, len(p.keys))
		for key := range p.keys { // order: sorted below
			keys = append(keys, key)
		}
		small.Sort(keys, strings.Compare)
		by := p.keys
		p.keys = nil
		all := keyPayload(keys...)
		for _, cl := range p.conns {
			if !cl.tracking.noLoop {
				e.tell(cl, all)
				continue
			}
			others := make([]string, 0, len(keys))
			for _, key := range keys {
				if by[key] != cl {
					others = append(others, key)
				}
			}
			if len(others) > 0 {
				e.tell(cl, keyPayload(others...))
			}
		}
	}
	e.runAs(was)
}

// keyPayload is what an invalidation says of keys.
func keyPayload(keys ...string) []byte {
	var w reply.Writer
	w.Array(len(keys))
	for _, key := range keys {
		w.BulkString(key)
	}
	return w.Buf
}

// nullPayload is what an invalidation says of all keys: in the protocol of the connection that
// has read them, even if another gets the message.
func nullPayload(cl *conn) []byte {
	w := reply.Writer{RESP3: cl.w.RESP3}
	w.Null()
	return w.Buf
}

// tell sends an invalidation to a connection or to the one that gets its messages. In RESP2 only
// the latter can be told, if it listens to anything.
func (e *Engine) tell(cl *conn, payload []byte) {
	to, channel := cl, false
	if id := cl.tracking.redirect; id != 0 {
		to = e.conns[id]
		if to == nil || to.has(connClosing) {
			e.tellBroken(cl)
			return
		}
		channel = to.has(connSubscribed)
	}
	if to.has(connClosing) || !to.w.RESP3 && !channel {
		return
	}
	w := e.pushes(to)
	at := w.Len()
	if to.w.RESP3 {
		w.Push(2)
		w.BulkString("invalidate")
	} else {
		w.Array(3)
		w.BulkString("message")
		w.BulkString("__redis__:invalidate")
	}
	w.Raw(payload)
	e.pushed(to, w, at)
}

// tellBroken notes, and tells a connection if its protocol can, that the one that was to get its
// messages is gone.
func (e *Engine) tellBroken(cl *conn) {
	cl.tracking.broken = true
	if !cl.w.RESP3 {
		return
	}
	w := e.pushes(cl)
	at := w.Len()
	w.Push(2)
	w.BulkString("tracking-redir-broken")
	w.Int(int64(cl.tracking.redirect))
	e.pushed(cl, w, at)
}

// enableTracking makes a connection track in the way that next says; its prefixes are added to
// those that it has.
func (e *Engine) enableTracking(cl *conn, next *clientTracking) {
	t := cl.tracking
	if t == nil {
		t = &clientTracking{}
		cl.tracking = t
		e.tracking.users++
		e.trackingChanged()
	}
	next.on, next.caching, next.own = true, t.caching, t.own
	added := next.prefixes
	next.prefixes = t.prefixes
	*t = *next
	if t.bcast && len(added) == 0 {
		added = []string{""}
	}
	for _, name := range added {
		e.addPrefix(cl, name)
	}
}

func (e *Engine) addPrefix(cl *conn, name string) {
	t := cl.tracking
	at, there := slices.BinarySearch(t.prefixes, name)
	if there {
		return
	}
	t.prefixes = small.Insert(t.prefixes, at, name)
	at, there = e.tracking.prefixAt(name)
	if !there {
		e.tracking.prefixes = small.Insert(e.tracking.prefixes, at, &prefix{name: name})
	}
	p := e.tracking.prefixes[at]
	p.conns = append(p.conns, cl)
}

// prefixAt finds the place of a prefix, and tells whether it is there.
func (t *tracking) prefixAt(name string) (int, bool) {
	return slices.BinarySearchFunc(t.prefixes, name, func(p *prefix, name string) int {
		return strings.Compare(p.name, name)
	})
}

// disableTracking ends a connection's tracking. The keys that it has read stay: should it track
// again, it will hear of them.
func (e *Engine) disableTracking(cl *conn) {
	t := cl.tracking
	if t == nil || !t.on {
		return
	}
	for _, name := range t.prefixes {
		at, _ := e.tracking.prefixAt(name)
		p := e.tracking.prefixes[at]
		if p.conns = cut(p.conns, cl); len(p.conns) == 0 {
			e.tracking.prefixes = small.Delete(e.tracking.prefixes, at, at+1)
		}
	}
	*t = clientTracking{redirect: t.redirect, own: t.own}
}

// dropTracking forgets a connection that is gone. After the last that tracked anything, nobody is
// left to hear of the keys that were read.
func (e *Engine) dropTracking(cl *conn) {
	if cl.tracking == nil {
		return
	}
	e.disableTracking(cl)
	cl.tracking = nil
	t := &e.tracking
	if t.users--; t.users == 0 {
		t.keys.Clear()
		t.items = 0
		e.trackingChanged()
	}
}

// trackingChanged has changes of keys told, or no longer, as there is somebody who tracks or not.
func (e *Engine) trackingChanged() {
	tracked := min(e.tracking.users, 1)
	e.flags.set(engineTracking, tracked > 0)
	for _, d := range e.dbs {
		d.tracked = tracked
	}
}
