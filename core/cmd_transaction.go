package core

import (
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/small"
)

var transactionCommands = []Command{
	{
		Name: "multi", Since: "1.2", Group: "transactions",
		Flags:      NoScript | Loading | Stale | Fast | AllowBusy | NotQueued | StartsMulti,
		Cats:       CatTransaction,
		Summary:    "Starts a transaction: the commands that follow are queued.",
		Complexity: "O(1)",
		Run:        cmdMulti,
	},
	{
		Name: "exec", Since: "1.2", Group: "transactions",
		Flags:      NoScript | Loading | Stale | SkipSlowlog | NotQueued | RunsQueue,
		Cats:       CatTransaction,
		Summary:    "Runs the queued commands as one.",
		Complexity: "that of the queued commands",
		Run:        cmdExec,
		Line:       &Line{Flags: execFlags},
	},
	{
		Name: "discard", Since: "2.0", Group: "transactions",
		Flags:      NoScript | Loading | Stale | Fast | AllowBusy | NotQueued,
		Cats:       CatTransaction,
		Summary:    "Drops the queued commands and leaves MULTI.",
		Complexity: "O(N) for N queued commands",
		Run:        cmdDiscard,
	},
	{
		Name: "watch", Since: "2.2", Group: "transactions",
		Flags:      NoScript | Loading | Stale | Fast | AllowBusy | NotQueued | Keeps,
		Cats:       CatTransaction,
		Syntax:     "key...",
		Keys:       "1:-1 RO",
		Summary:    "Makes the next EXEC depend on these keys staying as they are.",
		Complexity: "O(N) for N keys",
		Run:        cmdWatch,
	},
	{
		Name: "unwatch", Since: "2.2", Group: "transactions",
		Flags:      NoScript | Loading | Stale | Fast | AllowBusy,
		Cats:       CatTransaction,
		Summary:    "Stops watching all keys.",
		Complexity: "O(1)",
		Run:        cmdUnwatch,
	},
}

// queued is a command that MULTI has queued; its arguments are copies.
type queued struct {
	cmd  *Command
	args [][]byte
}

// watch is a key that a connection watches.
type watch struct {
	db  *db
	key string
}

// watcher is a connection that watches a key.
type watcher struct {
	conn    *conn
	expired bool // the key was past its time already when WATCH came, and not removed yet
}

// queueGrowth is what the queue takes in one piece at most if it has no place for one more command,
// of which it then makes up to as many as there are; or 0.
func (c *conn) queueGrowth() int64 {
	const sizeofQueued = 32
	if len(c.queue) < cap(c.queue) {
		return 0
	}
	return 2 * sizeofQueued * int64(len(c.queue))
}

// enqueue adds a command to the transaction.
func (e *Engine) enqueue(c *Call) {
	flags := c.commandFlags()
	c.conn.queueFlags |= flags
	c.conn.queueLacks |= ^flags
	c.conn.queue = append(c.conn.queue, queued{c.cmd, copyArgs(c.Args)})
	c.conn.queueBytes += argBytes(c.Args) + queuedBytes
	c.Queued()
}

func cmdMulti(c *Call) {
	if c.conn.has(connMulti) {
		c.Error("ERR MULTI calls can not be nested")
		return
	}
	c.conn.flags |= connMulti
	c.OK()
}

func cmdDiscard(c *Call) {
	if !c.conn.has(connMulti) {
		c.Error("ERR DISCARD without MULTI")
		return
	}
	c.e.discard(c.conn)
	c.OK()
}

// discard ends a connection's transaction and its watching.
//
//go:noinline
func (e *Engine) discard(cl *conn) {
	cl.flags &^= connMulti
	cl.dirtyExec, cl.queue, cl.queueFlags, cl.queueLacks = false, nil, 0, 0
	cl.queueBytes = 0
	e.unwatch(cl)
}

// execFlags adds to EXEC's flags what the queue is to do, and takes away what not all of it may.
func execFlags(c *Call) Flag {
	const does = Write | ReadOnly | DenyOOM | MayReplicate | NoAsyncLoading
	return (c.cmd.Flags | c.conn.queueFlags&does) &^ (c.conn.queueLacks & (Stale | Loading))
}

func cmdExec(c *Call) {
	cl, e := c.conn, c.e
	if !cl.has(connMulti) {
		c.Error("ERR EXEC without MULTI")
		return
	}
	stale := cl.dirtyCAS || e.watchedExpired(cl)
	switch {
	case cl.dirtyExec:
		e.discard(cl)
		c.Error(errExecAbort)
		return
	case stale:
		e.discard(cl)
		c.NullArray()
		return
	}
	queue := cl.queue
	e.discard(cl)
	x := transaction{queue: queue}
	if !slices.ContainsFunc(queue, func(q queued) bool {
		return q.cmd.Flags&(RunsScripts|Awaits|compiles) != 0
	}) {
		c.execute(&x)
		return
	}
	s := &e.scripts
	t := &task{call: *c, at: c.Len(), queue: &x}
	s.now = e.now
	e.setTask(t)
	if e.resumeTask() {
		t.suspended(c)
		return
	}
	c.counted = t.call.counted
	e.setTask(nil)
}

// transaction is a queue that is being run.
type transaction struct {
	queue   []queued
	next    int  // how many have been begun
	waits   bool // the last of them has been suspended
	killed  bool // one of those before it killed its own client
	started bool
	call    Call
	begun   begun
}

// execute runs the commands of a transaction, and reports whether all have run: else it is called
// again.
func (c *Call) execute(x *transaction) (done bool) {
	cl, e := c.conn, c.e
	if !x.started {
		x.started = true
		cl.flags |= connExec
		at := c.Len()
		c.Array(len(x.queue))
		cl.dropReply(at)
	}
	for {
		switch {
		case x.waits:
			if !cl.task.goOn(&x.call) {
				return false
			}
			x.waits = false
			e.invoked(&x.call, &x.begun)
		case x.next < len(x.queue):
			q := &x.queue[x.next]
			x.call = Call{Writer: c.Writer, e: e, conn: cl, db: cl.db, cmd: q.cmd, Args: q.args}
			x.begun.at = c.Len()
			x.next++
			if !cl.has(connRestricted) || !x.call.recheckACL() {
				e.invoke(&x.call)
			}
			if e.scripts.pending {
				e.scripts.pending, x.waits, x.begun = false, true, e.scripts.begun
				return false
			}
		default:
			cl.flags &^= connExec
			if cl.has(connReply) {
				cl.flags |= connReplyDropped
			}
			return true
		}
		if cl.has(connClosing) && x.killed {
			c.Cut(x.begun.at)
		}
		x.killed = cl.has(connClosing)
		cl.dropReply(x.begun.at)
	}
}

func cmdWatch(c *Call) {
	if c.conn.has(connMulti) {
		c.Error("ERR WATCH inside MULTI is not allowed")
		return
	}
	for _, key := range c.Args[1:] {
		c.e.watchKey(c, key)
	}
	c.OK()
}

func (e *Engine) watchKey(c *Call, key []byte) {
	w := watcher{conn: c.conn}
	if watcherAt(c.db.watchers[string(key)], w.conn) >= 0 {
		return
	}
	if p := c.db.keys.Find(key); p != nil {
		w.expired = (*p).gone(c.nowMs())
	}
	if c.db.watchers == nil {
		c.db.watchers = map[string][]watcher{}
	}
	name := string(key)
	w.conn.watched = append(w.conn.watched, watch{c.db, name})
	c.db.watchers[name] = append(c.db.watchers[name], w)
}

// watcherAt is the place of a connection among the watchers of a key, -1 if it is none.
func watcherAt(watchers []watcher, cl *conn) int {
	for i := range watchers {
		if watchers[i].conn == cl {
			return i
		}
	}
	return -1
}

func cmdUnwatch(c *Call) {
	c.e.unwatch(c.conn)
	c.OK()
}

// unwatch ends a connection's watching.
func (e *Engine) unwatch(cl *conn) {
	for _, w := range cl.watched {
		list := w.db.watchers[w.key]
		if len(list) == 1 {
			delete(w.db.watchers, w.key)
			continue
		}
		i := watcherAt(list, cl)
		w.db.watchers[w.key] = small.Delete(list, i, i+1)
	}
	clear(cl.watched)
	cl.watched, cl.dirtyCAS = cl.watched[:0], false
}

// watches is how many keys a client watches: none once one was changed, since nothing more can
// become of its transaction.
func (cl *conn) watches() int {
	if cl.dirtyCAS {
		return 0
	}
	return len(cl.watched)
}

// touchWatchers dooms the transactions that watch a key.
func (e *Engine) touchWatchers(d *db, key string) {
	watchers := d.watchers[key]
	for i := range watchers {
		w := &watchers[i]
		if w.expired && d.keys.Find([]byte(key)) == nil {
			w.expired = false // it was gone before, and now its removal is only being noticed
			continue
		}
		w.conn.dirtyCAS = true
	}
}

// touchAll dooms the transactions that watch a key which a database holds, or which other holds:
// the database is about to be emptied or exchanged for other, which may be nil. A key whose time
// has come and that is still there counts as none.
func (e *Engine) touchAll(d *db, other *store) {
	names := make([]string, 0, len(d.watchers))
	for key := range d.watchers { // order: sorted below
		names = append(names, key)
	}
	small.Sort(names, strings.Compare)
	for _, key := range names {
		was, will := d.keys.Find([]byte(key)), (**object)(nil)
		if other != nil {
			will = other.keys.Find([]byte(key))
		}
		if was == nil && will == nil {
			continue
		}
		stale := will != nil && (*will).gone(e.keyMs())
		watchers := d.watchers[key]
		for i := range watchers {
			switch w := &watchers[i]; {
			case w.expired && will == nil:
				w.expired = false
			case w.expired && stale:
			case !w.expired && was == nil && stale:
				w.expired = true
			default:
				w.conn.dirtyCAS = true
			}
		}
	}
}

// watchedExpired reports whether a key that a connection watches has since passed its time.
func (e *Engine) watchedExpired(cl *conn) bool {
	for _, w := range cl.watched {
		if p := w.db.keys.Find([]byte(w.key)); p != nil && (*p).gone(e.keyMs()) {
			watchers := w.db.watchers[w.key]
			if !watchers[watcherAt(watchers, cl)].expired {
				return true
			}
		}
	}
	return false
}
