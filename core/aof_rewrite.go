package core

import "github.com/redlet/redlet/core/internal/aofile"

// rewrite is a new base for the append-only file. At any moment what the manifest names can be
// loaded and has all that was acknowledged: first a new file for what follows joins the old ones;
// then all data, as they are when it does, are written to the new base; then the manifest names
// these two, and the old files are history; then those are removed.
type rewrite struct {
	start  bool         // there was no file when the engine started
	before *config      // CONFIG SET appendonly yes asked for it: what to go back to if it fails
	waiter *blockedCall // that command, or nil
	holds  bool         // no client is served before it is over
	offset int64        // of the stream of changes, at which the data are
	off    bool         // CONFIG SET appendonly no: it is to end before it writes the new base
	write  func()       // what rdb-key-save-delay puts off, or nil
	due    Time         // until when
}

// rewriteFirst has the file rewritten before any client is served: all data were replaced, and what
// is appended to the files as they are would be changes of other data.
func (e *Engine) rewriteFirst() {
	a := &e.aof
	if a.wanted == nil {
		a.wanted = &rewrite{}
	}
	a.wanted.holds = true
	e.sleepUntil(Never)
	a.plan(e)
}

// rewriteRetry is how long after a rewrite that failed the next one may begin by itself.
const rewriteRetry Time = 60e6

// beginRewrite begins a rewrite.
//
//go:noinline
func (e *Engine) beginRewrite(rw *rewrite) {
	a := &e.aof
	a.wanted, a.rewriting, a.tried = nil, rw, e.now
	if !rw.start {
		e.stats.forks++
		e.log(logNotice, "Background append only file rewriting started")
	}
	switch {
	case rw.start:
		e.rewriteBase(rw, e.nextIncr())
	case !a.on:
		e.readManifest(func(failure string) {
			if failure != "" {
				e.rewritten(rw, failure)
				return
			}
			e.rewriteBase(rw, e.nextIncr())
		})
	default:
		next := e.nextIncr()
		e.createIncr(next)
		e.replaceFile(a.manifest(), next.Append(nil), func(failure string) {
			if failure != "" {
				e.rewritten(rw, failure)
				return
			}
			a.parts = next
			e.rewriteBase(rw, next)
		})
	}
}

// nextIncr is the manifest with one file more, for what follows.
//
//go:noinline
func (e *Engine) nextIncr() *aofile.Manifest {
	next := e.aof.parts.Clone()
	next.AddIncr(e.aof.name, e.replicas.offset)
	return next
}

// createIncr makes the last file of a manifest, empty.
//
//go:noinline
func (e *Engine) createIncr(m *aofile.Manifest) {
	a, f := &e.aof, m.LastIncr()
	e.removeFile(a.path(f.Name)) // one that an attempt left that failed
	e.makeFile(a.path(f.Name), uint32(f.Seq))
}

// rewriteBase has all data written to a new base. What follows is appended to the last file of
// parts.
//
//go:noinline
func (e *Engine) rewriteBase(rw *rewrite, parts *aofile.Manifest) {
	a := &e.aof
	if rw.off {
		e.killRewrite()
		return
	}
	if e.has(engineScript) { // the image must not tear in two what it does
		a.ready = func() { e.rewriteBase(rw, parts) }
		a.plan(e)
		return
	}
	if !e.hasRoomForImage() {
		e.rewritten(rw, noMemory)
		return
	}
	e.propagatePending()
	e.seal()
	if !a.on {
		e.createIncr(parts)
	}
	e.appendTo(parts.LastIncr())
	a.since, rw.offset = 0, e.replicas.offset
	var image []byte
	if e.cfg.aofPreamble {
		image = e.image(nil, imageBase)
	} else {
		image = e.appendCommands(e.annotate(nil))
	}
	if !rw.start {
		a.base = int64(len(image))
	}
	e.logsChanges(e.cfg.appendonly)
	next := parts.Clone()
	next.Rebase(a.name, e.cfg.aofPreamble)
	rw.write = func() { e.writeBase(rw, next, image) }
	if rw.due = e.now + e.saveDelay(); rw.start || rw.holds || rw.due == e.now {
		rw.write = nil
		e.writeBase(rw, next, image)
	}
	a.plan(e)
}

// writeBase has the host put the new base, and then the manifest that names it, in their places.
func (e *Engine) writeBase(rw *rewrite, next *aofile.Manifest, image []byte) {
	a := &e.aof
	e.replaceFile(a.path(next.Base.Name), image, func(failure string) {
		if failure != "" {
			e.rewritten(rw, failure)
			return
		}
		e.replaceFile(a.manifest(), next.Append(nil), func(failure string) {
			if failure != "" {
				e.removeFile(a.path(next.Base.Name))
			} else {
				a.parts = next
			}
			e.rewritten(rw, failure)
		})
	})
}

// seal gives what was appended so far to the events that wait already: what follows is for another
// file.
//
//go:noinline
func (e *Engine) seal() {
	a := &e.aof
	for i := e.polled; i < len(e.events); i++ {
		if ev := &e.events[i]; ev.Kind == EventAppend && ev.Data == nil {
			ev.Data = append([]byte{}, a.buf...)
			a.buf = a.buf[:0]
		}
	}
}

// rewritten ends a rewrite: failure says why it did not succeed.
//
//go:noinline
func (e *Engine) rewritten(rw *rewrite, failure string) {
	a := &e.aof
	a.rewriting = nil
	if !rw.start {
		a.took = e.now - a.tried
	}
	if failure == "" {
		a.durable = max(a.durable, rw.offset)
		a.size = a.base + a.since
		a.failure, a.failures, a.retryAt = "", 0, Never // what was not appended is in the base
		e.diskErrorChanged()
		if e.forgetHistory() {
			e.replaceFile(a.manifest(), a.parts.Append(nil), func(string) {})
		}
	} else {
		e.note(logWarning, "Rewriting the AOF failed: ", failure, "")
		a.failures++
		if rw.before != nil {
			e.reconfigure(*rw.before)
			e.configChanged()
			e.logsChanges(false)
		}
	}
	switch {
	case rw.start:
		e.began(failure)
	case failure == "":
		e.log(logNotice, "Background AOF rewrite finished successfully")
		a.rewrites++
	}
	if rw.holds {
		e.wakeUp()
	}
	rw.answer(e, failure == "")
	a.plan(e)
}

// began ends the start of an engine that had no append-only file yet.
//
//go:noinline
func (e *Engine) began(failure string) {
	a := &e.aof
	if failure != "" {
		e.started("Can't create the append-only file: " + failure)
		return
	}
	e.note(logNotice, "Creating AOF base file ", a.parts.Base.Name, " on server start")
	e.note(logNotice, "Creating AOF incr file ", a.parts.LastIncr().Name, " on server start")
	if old := a.loading.old; old != "" {
		e.removeFile(old)
	}
	e.started("")
}

// answer goes on with the CONFIG SET that waits for a rewrite.
//
//go:noinline
func (rw *rewrite) answer(e *Engine, done bool) {
	switch {
	case rw.waiter == nil || rw.waiter.over():
	case done:
		e.unblockWithReply(rw.waiter, (*Call).replyOK)
	default:
		e.unblockWithReply(rw.waiter, func(c *Call) {
			c.Error(errConfigSet("appendonly", errTurnOnAOF))
		})
	}
}

// switchAOF turns the file on or off since CONFIG SET did. The command waits for the first base.
func (c *Call) switchAOF(before *config) (waits bool) {
	e, a := c.e, &c.e.aof
	if e.cfg.appendonly {
		switch a.wanted = (&rewrite{before: before}); {
		case e.persist.inBackground():
			a.wanted.before = nil
			e.log(logNotice, "AOF was enabled but there is already another background operation. An AOF "+
				"background was scheduled to start when possible.")
		case c.conn.has(connExec):
			e.log(logNotice, "AOF was enabled during a transaction. An AOF background was scheduled to "+
				"start when possible.")
		case c.mayBlock() && e.saveDelay() == 0:
			a.wanted.waiter = c.block(nil, kindCount, Never, nil)
		}
		a.plan(e)
		return a.wanted.waiter != nil
	}
	if a.on {
		e.propagatePending()
		e.seal()
		e.verb(EventSync, a.incr, nil, nil)
	}
	for _, rw := range []*rewrite{a.wanted, a.rewriting} {
		if rw != nil && rw.before != nil {
			rw.before = nil
			rw.answer(e, true)
		}
	}
	a.wanted = nil
	if rw := a.rewriting; rw != nil && rw.write != nil {
		e.killRewrite()
	} else if rw != nil {
		rw.off = !rw.holds
	}
	e.logsChanges(false)
	a.plan(e)
	return false
}

// killRewrite ends a rewrite that has written nothing yet.
func (e *Engine) killRewrite() {
	e.log(logNotice, "Killing running AOF rewrite child")
	e.aof.rewriting = nil
	e.aof.plan(e)
}
