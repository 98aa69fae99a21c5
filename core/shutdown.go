package core

import (
	"slices"
	"strings"
)

// ending is a shutdown under way. Writes wait: first, for up to shutdown-timeout, until the
// replicas have all of the stream, and then until the data are saved. Its instant is the host's.
type ending struct {
	saving  bool
	force   bool           // it goes on whatever fails
	until   Time           // while it waits for replicas: when their time is up; else Never
	waiters []*blockedCall // of SHUTDOWN
}

// stop has the engine shut down since its host was told to, by a signal.
func (e *Engine) stop(signal string) {
	if e.cronOff {
		e.signal = signal
		return
	}
	how := ""
	if i := findParameter([]byte("shutdown-on-" + signal)); i >= 0 {
		how = e.cfg.shows(i)
	}
	opt := strings.Fields(how)
	save := len(e.cfg.save) > 0 && !slices.Contains(opt, "nosave") || slices.Contains(opt, "save")
	e.end(&ending{saving: save && e.aof.loading == nil, force: slices.Contains(opt, "force")},
		slices.Contains(opt, "now"))
}

// end begins to shut down. One that waits already is joined, and takes no options from this one.
func (e *Engine) end(how *ending, now bool) {
	if e.ending != nil {
		e.ending.waiters = append(e.ending.waiters, how.waiters...)
		return
	}
	e.log(logWarning, "User requested shutdown...")
	e.ending, how.until = how, Never
	e.pauseChanged()
	if in, all := e.inSync(); now || in == all || e.cfg.shutdownTimeout == 0 {
		e.endNow()
		return
	}
	how.until = later(e.clock.host, e.cfg.shutdownTimeout)
	e.log(logNotice, "Waiting for replicas before shutting down.")
	e.feedReplicas(getAck())
}

// inSync counts the replicas, and those of them that have all of the stream.
//
//go:noinline
func (e *Engine) inSync() (in, all int) {
	for _, cl := range e.replicas.conns {
		if cl.has(connClosing) {
			continue
		}
		if all++; cl.replica.acked == e.replicas.offset {
			in++
		}
	}
	return in, all
}

// endingDue is when replicas are waited for no longer.
func (e *Engine) endingDue() Time {
	if e.ending == nil {
		return Never
	}
	return e.ending.until
}

// endingTurn goes on if no replica is waited for any more.
func (e *Engine) endingTurn() {
	if e.endingDue() == Never {
		return
	}
	if in, all := e.inSync(); in == all || e.clock.host >= e.ending.until {
		e.endNow()
	}
}

// endNow goes on behind what was waited for.
func (e *Engine) endNow() {
	how := e.ending
	how.until = Never
	in, all := e.inSync()
	for _, cl := range e.replicas.conns {
		if behind := e.replicas.offset - cl.replica.acked; behind != 0 && !cl.has(connClosing) {
			e.log(logNotice, "Lagging replica "+cl.replicaName()+" reported offset "+
				string(decimal(behind))+" behind master, lag="+string(decimal(e.lag(cl)))+
				", state="+cl.replica.word()+".")
		}
	}
	if all > 0 {
		e.log(logNotice, string(decimal(int64(in)))+" of "+string(decimal(int64(all)))+
			" replicas are in sync when shutting down.")
	}
	if e.aof.begins() {
		if !how.force {
			e.log(logWarning, "Writing initial AOF, can't exit.")
			e.endFailed()
			return
		}
		e.log(logWarning, "Writing initial AOF. Exit anyway.")
	}
	if how.saving {
		e.log(logNotice, "Saving the final RDB snapshot before exiting.")
		e.beginSave(save{ending: how})
		return
	}
	e.shutdown(shutdownAsked)
}

// begins tells whether the first base of an append-only file is yet to be written.
func (a *aof) begins() bool {
	return a.rewriting != nil && a.rewriting.before != nil || a.wanted != nil && a.wanted.before != nil
}

// endFailed goes on as if nobody had wanted the shutdown, which cannot be.
func (e *Engine) endFailed() {
	e.log(logWarning, "Errors trying to shut down the server. Check the logs for more information.")
	e.endOff()
}

// abortShutdown calls a shutdown off.
func (e *Engine) abortShutdown() bool {
	if e.ending == nil && e.signal == "" {
		return false
	}
	e.log(logNotice, "Shutdown manually aborted.")
	if e.signal = ""; e.ending != nil {
		e.endOff()
	}
	return true
}

// endOff lets writes go on, and tells who waits for the shutdown that there is none.
func (e *Engine) endOff() {
	waiters := e.ending.waiters
	e.ending = nil
	e.pauseChanged()
	for _, p := range waiters {
		if !p.over() {
			e.unblockWithReply(p, func(c *Call) { c.Error(errShutdown) })
		}
	}
	e.resumePostponed()
}

// shutdownAsked is why the engine stops where a client or its host wanted it to.
const shutdownAsked = "SHUTDOWN"

// shutdown asks the host to stop. From now on no command runs.
func (e *Engine) shutdown(why string) {
	e.flags |= engineClosing
	if e.aof.on && !e.held {
		e.log(logNotice, "Calling fsync() on the AOF file.")
		e.verb(EventSync, e.aof.incr, nil, nil)
	}
	e.emit(Event{Kind: EventShutdown, Data: []byte(why)})
}
