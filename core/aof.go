package core

import (
	"slices"
	"strconv"
)

// aof is the engine's part of the append-only file: a second taker of the stream of changes that
// replicas are fed with. The engine keeps no files. It asks the host to load what there is
// (EventLoad), to append (EventLogAppend), and to begin anew with all data as it is (EventRewrite).
type aof struct {
	on       bool     // changes are appended
	loading  *load    // the host was asked to load, or nil
	replayed Time     // while a file is replayed: the time that it is; else 0
	buf      []byte   // what no EventLogAppend has carried off yet
	mark     int      // where in Engine.events those of the files in use begin
	sync     syncMode // what the next EventLogAppend asks for

	at      Time     // when there is something to do: the least of the three that follow
	syncAt  Time     // when what was appended is to be made durable; Never if it need not be
	retryAt Time     // when the host is to try again to append; Never if it can
	wanted  *rewrite // it is to begin at once; or nil

	rewriting *rewrite // it is under way; or nil
	failure   string   // why appending fails, "" if it does not
	stamp     int64    // the second that the last annotation names
	size      int64    // of the files, as INFO shows it
	base      int64    // the same after the last rewrite, or at the start
	since     int64    // what was appended since the last rewrite began

	rewrites, failures int64 // that succeeded; that failed since one last succeeded
	tried              Time  // when the last rewrite began
	took               Time  // how long the last rewrite took, -1 before the first
	ticket             uint32
}

// load is an EventLoad that is not answered yet.
type load struct {
	waiter *blockedCall // DEBUG LOADAOF, or nil: it is the engine's start
	files  int          // that were replayed
}

// rewrite is a new base for the append-only file.
type rewrite struct {
	start  bool         // there was no file when the engine started
	before *config      // CONFIG SET appendonly yes asked for it: what to go back to if it fails
	waiter *blockedCall // that command, or nil
}

// syncMode is what an EventLogAppend asks for beyond appending, in Event.Ticket.
type syncMode uint32

const (
	syncNot   syncMode = iota // nothing: the system writes in its own time
	syncSoon                  // make it durable, without anybody waiting
	syncFirst                 // make it durable before anything that follows is carried out
)

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

// rewriteRetry is how long after a rewrite that failed the next one may begin by itself.
const rewriteRetry Time = 60e6

// start asks for the files, if there are to be any. Nobody is served before they are loaded.
func (a *aof) start(e *Engine) {
	a.at, a.syncAt, a.retryAt, a.took = Never, Never, Never, -1
	if e.cfg.appendonly {
		e.loadAOF(nil)
	}
}

func (e *Engine) loadAOF(waiter *blockedCall) {
	e.aof.loading = &load{waiter: waiter}
	e.sleepUntil(Never)
	e.emit(Event{Kind: EventLoad, Path: e.cfg.aofPath()})
}

// loaded tells that the host has replayed the files that EventLoad named, of which there may have
// been none; or why it could not.
func (e *Engine) loaded(failure string) {
	a, l := &e.aof, e.aof.loading
	if l == nil {
		return
	}
	a.loading = nil
	e.used()
	e.wakeUp()
	switch {
	case failure != "" && l.waiter == nil:
		e.shutdown(failure)
	case failure != "":
		e.log(logWarning, failure)
		e.unblockWithReply(l.waiter, func(c *Call) { c.Error(errLoadaof) })
	case l.waiter != nil:
		e.addDirty(-e.persist.dirty)
		e.log(logNotice, "Append Only File loaded by DEBUG LOADAOF")
		e.unblockWithReply(l.waiter, (*Call).replyOK)
	case l.files == 0:
		e.rewriteAOF(&rewrite{start: true})
	default:
		e.addDirty(-e.persist.dirty)
		a.base = a.size
		e.logsChanges(true)
	}
	e.beforeSleep()
}

// logsChanges turns the file on or off.
func (e *Engine) logsChanges(on bool) {
	e.aof.on = on
	if on {
		e.replicas.db = -1
	}
	e.propagationChanged()
}

// appendAOF takes the changes of a command: what stands between MULTI and EXEC if they are several.
// The event that carries them goes before all that was polled for, so that nobody hears of a change
// before it is in the file.
func (e *Engine) appendAOF(several bool, unit []byte) {
	a := &e.aof
	if len(a.buf) == 0 {
		at := max(e.polled, a.mark)
		e.events = slices.Insert(e.events, at, Event{Kind: EventLogAppend})
	}
	before := len(a.buf)
	if now := int64(e.now) / 1e6; e.cfg.aofTimestamps && now != a.stamp {
		a.stamp = now
		a.buf = append(append(a.buf, "#TS:"...), strconv.FormatInt(now, 10)...)
		a.buf = append(a.buf, '\r', '\n')
	}
	if several {
		a.buf = append(a.buf, requestMulti...)
	}
	a.buf = append(a.buf, unit...)
	a.size += int64(len(a.buf) - before)
	a.since += int64(len(a.buf) - before)
	switch {
	case e.cfg.appendfsync == fsyncAlways:
		a.sync = syncFirst
	case e.cfg.appendfsync == fsyncEverysec && a.syncAt == Never:
		a.syncAt = e.now + syncEvery
	}
	if a.wanted == nil && a.outgrown(e) {
		a.wanted = &rewrite{}
	}
	a.plan(e)
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
func (a *aof) plan(e *Engine) {
	a.at = min(a.syncAt, a.retryAt)
	if a.wanted != nil && a.rewriting == nil {
		a.at = min(a.at, e.now)
	}
}

// turn does what is due.
func (a *aof) turn(e *Engine) {
	if a.wanted != nil && a.rewriting == nil {
		e.rewriteAOF(a.wanted)
	}
	if a.syncAt <= e.now {
		e.syncAOF(syncSoon)
	}
	if a.retryAt <= e.now {
		a.retryAt = e.now + appendRetry
		e.syncAOF(syncSoon)
	}
	a.plan(e)
}

// syncAOF has what was appended made durable.
func (e *Engine) syncAOF(mode syncMode) {
	a := &e.aof
	a.sync, a.syncAt = max(a.sync, mode), Never
	if len(a.buf) == 0 {
		e.emit(Event{Kind: EventLogAppend})
	}
}

// carry fills in an EventLogAppend that the host is about to get.
func (a *aof) carry(ev *Event) {
	if ev.Data != nil { // seal has done it
		return
	}
	ev.Data, ev.Ticket = a.buf, uint32(a.sync)
	a.buf, a.sync = a.buf[:0], syncNot
	if cap(a.buf) > outputKeepMax {
		a.buf = nil
	}
}

// logged tells that an EventLogAppend failed, and why; and, with "", that after such a failure all
// has been appended.
func (e *Engine) logged(failure string) {
	a := &e.aof
	if !a.on {
		return
	}
	if failure == "" {
		if a.failure != "" {
			e.log(logWarning, "AOF write error looks solved. The server can write again.")
		}
		a.retryAt = Never
	} else {
		if a.failure == "" {
			e.log(logWarning, "Error writing to the AOF file: "+failure)
		}
		a.retryAt = e.now + appendRetry
	}
	a.failure = failure
	e.diskErrorChanged()
	a.plan(e)
}

// rewriteAOF gives the host all data, with which the file begins anew.
func (e *Engine) rewriteAOF(rw *rewrite) {
	a := &e.aof
	e.propagatePending()
	e.seal()
	a.wanted, a.rewriting, a.tried = nil, rw, e.now
	a.ticket++
	a.since = 0
	var image []byte
	if e.cfg.aofPreamble {
		image = e.image(nil, imageBase)
	} else {
		image = e.appendCommands(nil)
	}
	e.emit(Event{Kind: EventRewrite, Ticket: a.ticket, Path: e.cfg.aofPath(), Data: image})
	a.mark = len(e.events)
	if !rw.start {
		a.base = int64(len(image))
	}
	e.logsChanges(e.cfg.appendonly)
	a.plan(e)
}

// seal gives what was appended so far to the events that wait already: what follows is for another
// file.
func (e *Engine) seal() {
	a := &e.aof
	for i := e.polled; i < len(e.events); i++ {
		if ev := &e.events[i]; ev.Kind == EventLogAppend && ev.Data == nil {
			ev.Data, ev.Ticket = append([]byte{}, a.buf...), uint32(a.sync)
			a.buf, a.sync = a.buf[:0], syncNot
		}
	}
}

// rewritten tells the outcome of an EventRewrite: "" is success, anything else says what went
// wrong.
func (e *Engine) rewritten(ticket uint32, failure string) {
	a, rw := &e.aof, e.aof.rewriting
	if rw == nil || ticket != a.ticket {
		return
	}
	a.rewriting = nil
	if !rw.start {
		a.took = e.now - a.tried
	}
	if failure == "" {
		if rw.start {
			e.log(logNotice, "An append-only file was created on server start")
		} else {
			e.log(logNotice, "Background AOF rewrite finished successfully")
			a.rewrites++
		}
		a.failures = 0
		a.size = a.base + a.since
		a.failure, a.retryAt = "", Never // what could not be appended is in the new file
		e.diskErrorChanged()
	} else {
		e.log(logWarning, "Rewriting the AOF failed: "+failure)
		a.failures++
		if rw.before != nil {
			e.reconfigure(*rw.before)
			e.logsChanges(false)
		}
		if rw.start {
			e.shutdown(failure)
		}
	}
	rw.answer(e, failure == "")
	a.plan(e)
	e.beforeSleep()
}

// answer goes on with the CONFIG SET that waits for a rewrite.
func (rw *rewrite) answer(e *Engine, done bool) {
	switch {
	case rw.waiter == nil || rw.waiter.over():
	case done:
		e.unblockWithReply(rw.waiter, (*Call).replyOK)
	default:
		e.unblockWithReply(rw.waiter, func(c *Call) {
			c.Error(errConfigSet([]byte("appendonly"), errTurnOnAOF))
		})
	}
}

// switchAOF turns the file on or off since CONFIG SET did. The command waits for the first base.
func (c *Call) switchAOF(before *config) (waits bool) {
	e, a := c.e, &c.e.aof
	if e.cfg.appendonly {
		a.wanted = &rewrite{before: before}
		a.plan(e)
		if c.mayBlock() {
			a.wanted.waiter = c.block(nil, kindCount, Never, nil)
		}
		return c.mayBlock()
	}
	e.syncAOF(syncSoon)
	for _, rw := range []*rewrite{a.wanted, a.rewriting} {
		if rw != nil && rw.before != nil {
			rw.before = nil
			rw.answer(e, true)
		}
	}
	a.wanted, a.failure, a.retryAt = nil, "", Never
	e.diskErrorChanged()
	e.logsChanges(false)
	a.plan(e)
	return false
}

// aofPath is where the append-only file stands: the folder, and how the names of its files begin.
func (cfg *config) aofPath() string {
	return cfg.under(cfg.appenddirname) + "/" + cfg.appendfilename
}
