package core

import (
	"github.com/redlet/redlet/core/internal/aofile"
	"github.com/redlet/redlet/core/internal/small"
)

// aof is the append-only file: a second taker of the stream of changes that replicas are fed with.
// Where its files lie and what is in them is the engine's business; the host carries out the verbs.
type aof struct {
	on       bool             // changes are appended
	loading  *load            // data are being loaded, or nil
	replayed Time             // while commands of a file are applied: the time that it is; else 0
	folder   string           // where the files lie
	name     string           // what all their names begin with
	parts    *aofile.Manifest // the files in use, once they are known
	incr     string           // the path of the last of them, which changes are appended to
	ticket   uint32           // of the EventAppends to it: its number in the manifest
	buf      []byte           // what no EventAppend has carried off yet
	mark     int              // where in Engine.events those for incr begin
	barrier  uint32           // ticket of the EventSync that must be answered before what follows it
	sleep    Time             // what Engine.asleep was before that

	at      Time     // when there is something to do: the least of the three that follow
	syncAt  Time     // when what was appended is to be made durable; Never if it need not be
	retryAt Time     // when the host is to try again to append; Never if it can
	wanted  *rewrite // it is to begin at once; or nil
	ready   func()   // a rewrite that waits for a script to end; or nil

	rewriting *rewrite // it is under way; or nil
	failure   string   // why appending fails, "" if it does not
	failing   string   // to which file
	stamp     int64    // the second that the last annotation names
	size      int64    // of the files, as INFO shows it
	base      int64    // the same after the last rewrite, or at the start
	since     int64    // what was appended since the last rewrite began
	durable   int64    // up to which offset of the stream of changes all is on disk

	rewrites, failures int64 // that succeeded; that failed since one last succeeded
	tried              Time  // when the last rewrite began
	took               Time  // how long the last rewrite took, -1 before the first
}

// path is where a file of the append-only file lies.
//
//go:noinline
func (a *aof) path(name string) string { return a.folder + "/" + name }

// manifest is where the manifest lies.
//
//go:noinline
func (a *aof) manifest() string { return a.path(a.name + ".manifest") }

// ticketPath is the file that the EventAppends of a ticket are for.
func (a *aof) ticketPath(ticket uint32) string {
	if ticket != a.ticket && a.parts != nil {
		for _, f := range a.parts.Incrs {
			if uint32(f.Seq) == ticket {
				return a.path(f.Name)
			}
		}
	}
	return a.incr
}

// The values of appendfsync.
const (
	fsyncEverysec = iota
	fsyncAlways
	fsyncNo
)

// appendRetry is how long after a failure to append the next attempt is made, and syncEvery how
// long after a change it is made durable, where appendfsync is everysec.
const (
	appendRetry Time = 1e6
	syncEvery   Time = 1e6
)

// logsChanges turns the file on or off.
//
//go:noinline
func (e *Engine) logsChanges(on bool) {
	a := &e.aof
	if a.on = on; on {
		e.replicas.db = -1
	} else {
		a.failure, a.retryAt, a.syncAt = "", Never, Never
		e.diskErrorChanged()
		e.retryAsked()
	}
	e.propagationChanged()
}

// appendTo has what follows appended to a file, which is made if it is not there.
//
//go:noinline
func (e *Engine) appendTo(f *aofile.File) {
	a := &e.aof
	a.incr, a.ticket = a.path(f.Name), uint32(f.Seq)
	e.makeFile(a.incr, a.ticket)
	a.mark = len(e.events)
}

// appendAOF takes the changes of a command: what stands between MULTI and EXEC if they are several.
// The event that carries them goes before all that was polled for, so that nobody hears of a change
// before it is in the file.
func (e *Engine) appendAOF(several bool, unit []byte) {
	a := &e.aof
	if len(a.buf) == 0 {
		at := max(e.polled, a.mark)
		e.events = small.Insert(e.events, at,
			Event{Kind: EventAppend, Path: a.incr, Ticket: a.ticket})
	}
	before := len(a.buf)
	if now := int64(e.now) / 1e6; e.cfg.aofTimestamps && now != a.stamp {
		a.stamp = now
		a.buf = e.annotate(a.buf)
	}
	if several {
		a.buf = append(a.buf, requestMulti...)
	}
	a.buf = append(a.buf, unit...)
	a.size += int64(len(a.buf) - before)
	a.since += int64(len(a.buf) - before)
	switch {
	case e.cfg.appendfsync == fsyncAlways:
		e.syncFirst()
	case e.cfg.appendfsync == fsyncEverysec && a.syncAt == Never:
		a.syncAt = e.now + syncEvery
	}
	if a.wanted == nil && a.outgrown(e) {
		a.wanted = &rewrite{}
	}
	a.plan(e)
}

// annotate appends what time it is, as aof-timestamp-enabled asks for: redis-check-aof can then cut
// the file at an instant.
//
//go:noinline
func (e *Engine) annotate(dst []byte) []byte {
	if !e.cfg.aofTimestamps {
		return dst
	}
	dst = appendInt(append(dst, "#TS:"...), int64(e.now)/1e6)
	return append(dst, "\r\n"...)
}

// outgrown reports whether the file has grown so much that it is to be rewritten.
func (a *aof) outgrown(e *Engine) bool {
	if e.cfg.aofGrowth == 0 || a.size <= e.cfg.aofSizeMin || a.rewriting != nil ||
		a.failures > 0 && e.now < a.tried+rewriteRetry {
		return false
	}
	base := max(a.base, 1)
	return a.size*100/base-100 >= e.cfg.aofGrowth
}

// plan notes when there is something to do next.
//
//go:noinline
func (a *aof) plan(e *Engine) {
	a.at = min(a.syncAt, a.retryAt)
	if a.mayBegin(e) || a.ready != nil {
		a.at = min(a.at, e.now)
	}
	if a.rewriting != nil && a.rewriting.write != nil {
		a.at = min(a.at, e.delayedTo(a.rewriting.due))
	}
}

// mayBegin tells whether a rewrite is to begin: one that clients wait for at once, others behind
// what is done in the background.
func (a *aof) mayBegin(e *Engine) bool {
	w := a.wanted
	return w != nil && a.rewriting == nil && (w.start || w.holds || !e.persist.inBackground())
}

// turn does what is due.
func (a *aof) turn(e *Engine) {
	if ready := a.ready; ready != nil {
		a.ready = nil
		ready()
	}
	if a.mayBegin(e) {
		e.beginRewrite(a.wanted)
	}
	if rw := a.rewriting; rw != nil && rw.write != nil && e.delayedTo(rw.due) <= e.now {
		write := rw.write
		rw.write = nil
		write()
	}
	if a.syncAt <= e.now {
		a.syncAt = Never
		e.syncAOF(a.incr)
	}
	if a.retryAt <= e.now {
		a.retryAt = e.now + appendRetry
		e.syncAOF(a.failing)
	}
	a.plan(e)
}

// syncAOF has what was appended made durable, without anybody waiting; but first what could not be
// appended is tried again.
func (e *Engine) syncAOF(path string) {
	offset, stream := e.replicas.offset, e.ids.replication
	e.verb(EventSync, path, nil, func(in *Input) {
		if len(in.Data) == 0 && stream == e.ids.replication {
			e.aof.durable = max(offset, e.aof.durable)
			e.retryAsked()
		}
		e.appended(path, string(in.Data))
	})
}

// durableOffset is up to which offset of the stream of changes all is on disk.
func (e *Engine) durableOffset() int64 {
	a := &e.aof
	if a.syncAt == Never && a.failure == "" && e.cfg.appendfsync != fsyncNo {
		return e.replicas.offset
	}
	return a.durable
}

// syncFirst has what was appended made durable before anything that is carried out after it.
//
//go:noinline
func (e *Engine) syncFirst() {
	a := &e.aof
	a.syncAt = Never
	if a.barrier != 0 {
		return // it stands behind the EventAppend already
	}
	e.verb(EventSync, a.incr, nil, e.synced)
	a.barrier = e.ticket
	at, last := max(e.polled, a.mark), len(e.events)-1
	if len(a.buf) > 0 {
		at++
	}
	ev := e.events[last]
	ev.Offset = 1
	copy(e.events[at+1:], e.events[at:last])
	e.events[at] = ev
}

// hold lets nothing more out, since a.barrier is not answered yet: what follows acknowledges what
// it makes durable. Nothing runs meanwhile, as nothing does in a server that waits for its disk.
func (e *Engine) hold() {
	e.held = true
	e.aof.sleep = e.asleep
	e.sleepUntil(Never)
}

// synced ends what hold began.
func (e *Engine) synced(in *Input) {
	a := &e.aof
	e.held, a.barrier = false, 0
	e.sleepUntil(a.sleep)
	if len(in.Data) > 0 {
		clear(e.events)
		e.events, e.polled, a.mark = e.events[:0], 0, 0
		e.note(logWarning, "Error writing to the AOF file: ", string(in.Data), "")
		e.hangupAll()
		e.shutdown("Can't recover from AOF write error when the AOF fsync policy is 'always'. " +
			"Exiting...")
		return
	}
	e.resumePostponed()
}

// hangupAll ends every connection, without the replies that wait.
func (e *Engine) hangupAll() {
	for _, cl := range e.connsByID() {
		cl.w.Reset()
		e.hangup(cl)
	}
}

// carry fills in an EventAppend that the host is about to get.
func (a *aof) carry(ev *Event) {
	if ev.Data != nil { // it tells itself what to append
		return
	}
	ev.Data = a.buf
	a.buf = a.buf[:0]
	if cap(a.buf) > outputKeepMax {
		a.buf = nil
	}
}

// appended tells that a file could not be appended to, and why; and, with "", that all has been
// appended to it.
//
//go:noinline
func (e *Engine) appended(path, failure string) {
	a := &e.aof
	switch {
	case !a.on:
		return
	case failure != "":
		if a.failure == "" {
			e.note(logWarning, "Error writing to the AOF file: ", failure, "")
		}
		a.failing, a.retryAt = path, e.now+appendRetry
	case a.failure == "" || a.failing != path:
		return
	default:
		e.log(logWarning, "AOF write error looks solved. The server can write again.")
		a.retryAt = Never
	}
	a.failure = failure
	e.diskErrorChanged()
	a.plan(e)
}
