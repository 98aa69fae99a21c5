package core

import (
	"slices"

	"github.com/redlet/redlet/core/internal/reply"
	"github.com/redlet/redlet/core/internal/resp"
)

// conn is what the engine knows of a connection.
type conn struct {
	id      ConnID
	peer    Conn
	db      *db
	created Time

	in      []byte // input that no complete request has consumed yet
	reader  resp.Reader
	w       reply.Writer
	request int // the length of the request that is running

	authenticated bool
	announced     bool // an EventData is on its way
	corked        bool // the host can send nothing for now
	leaving       bool // a hangup is on its way: no further command runs
	postponed     bool // stands in blockedClients.postponed: its next command must wait
	script        bool // not a client: it runs a script's commands
	noEvict       bool
	noTouch       bool

	name, libName, libVer []byte
	lastInput             Time
	lastCmd               *Command
	replyMode             replyMode
	messages              messages // noted while replyMode is silent
	softSince             Time     // since when the output stands above the soft limit, or 0

	multi     bool     // between MULTI and EXEC
	aborted   bool     // a command was refused at queueing: EXEC will not run
	executing bool     // EXEC is running the queue
	queue     []queued // what MULTI has queued
	watched   []watch
	touched   bool // a watched key was changed

	blocked  *blockedCall // the command that waits
	replica  replica
	task     *task // the command that runs a script and is suspended
	subs     [subKinds]subscriptions
	tracking *clientTracking // since the first CLIENT TRACKING ON
	pushed   reply.Writer    // messages that wait until the reply to the command under way is complete

	netIn, netOut, commands int64
}

// inputKeepMax is the largest input buffer that a connection keeps once it is empty.
const inputKeepMax = 64 << 10

// Feed hands over bytes that a client sent and runs every command that they complete. The bytes
// are not kept.
func (e *Engine) Feed(id ConnID, data []byte) {
	cl := e.conn(id)
	if cl == nil || cl.leaving {
		return
	}
	cl.lastInput = e.now
	cl.netIn += int64(len(data))
	e.stats.netIn += int64(len(data))
	e.stats.reads++
	if len(cl.in) == 0 && !cl.waits() {
		n := e.run(cl, data)
		if n < len(data) && !cl.leaving {
			e.keep(cl, data[n:])
		}
	} else {
		e.keep(cl, data)
		e.resume(cl)
	}
	e.flush(cl)
	e.beforeSleep()
}

// keep stores input for later, within client-query-buffer-limit.
func (e *Engine) keep(cl *conn, data []byte) {
	if int64(len(cl.in)+len(data)) > e.cfg.queryBufferLimit {
		e.log(logWarning, "Closing client that reached max query buffer length")
		cl.w.Buf = nil
		e.hangup(cl)
		return
	}
	if more := cl.reader.Pending(len(cl.in)); more > cap(cl.in)-len(cl.in) && more < 64<<20 {
		cl.in = slices.Grow(cl.in, more)
	}
	cl.in = append(cl.in, data...)
}

// waits reports whether a connection's next command must stay unread for now.
func (cl *conn) waits() bool { return cl.blocked != nil || cl.task != nil || cl.postponed }

// resume runs what a connection's kept input completes.
func (e *Engine) resume(cl *conn) {
	if cl.leaving || cl.waits() || len(cl.in) == 0 {
		return
	}
	n := e.run(cl, cl.in)
	if cl.leaving {
		return
	}
	rest := copy(cl.in, cl.in[n:])
	cl.in = cl.in[:rest]
	if rest == 0 && cap(cl.in) > inputKeepMax {
		cl.in = nil
	}
}

// yieldEvery is the number of commands between two calls of Options.Yield.
const yieldEvery = 64

// run runs the commands that buf completes and returns how many bytes they took.
func (e *Engine) run(cl *conn, buf []byte) int {
	e.currentClient = cl
	n := e.runAll(cl, buf)
	e.currentClient = nil
	return n
}

func (e *Engine) runAll(cl *conn, buf []byte) int {
	done := 0
	for !cl.waits() && !cl.leaving {
		ran, n := e.runFastPath(cl, buf[done:])
		if done += ran; cl.leaving {
			return done
		}
		status := resp.Complete
		if n == 0 {
			if done == len(buf) {
				return done
			}
			lim := resp.Limits{BulkMax: e.cfg.protoMaxBulkLen, Guest: !cl.authenticated}
			n, status = cl.reader.Next(buf[done:], lim)
		}
		switch status {
		case resp.Partial:
			return done
		case resp.Malformed:
			e.malformed(cl)
			return len(buf)
		case resp.Complete:
			cl.request = n
			if e.dispatch(cl, cl.reader.Args) {
				return done
			}
			cl.reader.Release()
			e.limitHard(cl)
			e.commandsRan(1)
		}
		done += n
	}
	return done
}

// commandsRan yields after so many more commands, if it is time.
func (e *Engine) commandsRan(commands int) {
	if e.busied += commands; e.busied >= yieldEvery && e.yield != nil {
		e.busied = 0
		e.yield()
	}
}

// malformed answers bytes that are no request and ends the connection.
func (e *Engine) malformed(cl *conn) {
	text := "ERR Protocol error: " + cl.reader.Problem
	e.stats.failure([]byte(text))
	if !cl.replyMode.silent() {
		cl.w.Error(text)
	}
	e.hangup(cl)
}

// drop forgets a connection and whatever it waited for, watched or listened to.
func (e *Engine) drop(cl *conn) {
	cl.leaving = true
	if cl.blocked != nil {
		e.unblock(cl)
	}
	e.unwatch(cl)
	e.unsubscribeAll(cl)
	e.dropTracking(cl)
	e.detach(cl)
	delete(e.conns, cl.id)
	if known := &e.recentConns[cl.id%recentConnsSize]; *known == cl {
		*known = nil
	}
}

// beforeSleep lets everybody go on whom the last input or the clock has set free.
func (e *Engine) beforeSleep() {
	for range dueMax {
		if len(e.blocked.unblocked) == 0 {
			break
		}
		cl := e.blocked.unblocked[0]
		e.blocked.unblocked = slices.Delete(e.blocked.unblocked, 0, 1)
		e.resume(cl)
		e.flush(cl)
	}
	if e.tracking.changed {
		e.broadcast()
	}
}

// postpone makes a connection wait with its next command until release.
func (e *Engine) postpone(cl *conn) {
	cl.postponed = true
	e.blocked.postponed = append(e.blocked.postponed, cl)
}

// resumePostponed lets every postponed connection go on, in the order in which they were postponed.
func (e *Engine) resumePostponed() {
	for _, cl := range e.blocked.postponed {
		cl.postponed = false
		e.blocked.unblocked = append(e.blocked.unblocked, cl)
	}
	e.blocked.postponed = e.blocked.postponed[:0]
}

// limitClass is the class of client-output-buffer-limit that a connection is of.
func (cl *conn) limitClass() int {
	switch {
	case cl.replica.attached:
		return limitReplica
	case cl.subscribed():
		return limitPubSub
	}
	return limitNormal
}

// limitOutput hangs up a connection whose output grew beyond client-output-buffer-limit.
func (e *Engine) limitOutput(cl *conn) {
	class := cl.limitClass()
	lim, size := &e.cfg.outputLimits[class], int64(len(cl.w.Buf))
	over := lim.hard > 0 && size > lim.hard
	if lim.soft > 0 && size > lim.soft {
		if cl.softSince == 0 {
			cl.softSince = e.now
			e.idle.plan(e.now + lim.within)
		} else if e.now-cl.softSince > lim.within {
			over = true
		}
	} else {
		cl.softSince = 0
	}
	if over {
		e.overflow(cl)
	}
}

// outputFree is how much output never counts against a hard limit: the size of the buffer that
// each client of Redis has from the start.
const outputFree = 16 << 10

// limitHard hangs up a connection whose output grew beyond the hard limit, even if its host would
// take it: what a client asks for at once is bounded too.
func (e *Engine) limitHard(cl *conn) {
	size := int64(len(cl.w.Buf)) - outputFree
	if size <= 0 {
		return
	}
	if hard := e.cfg.outputLimits[cl.limitClass()].hard; hard > 0 && size > hard {
		e.overflow(cl)
	}
}

// overflow hangs up a connection for the size of its output, which is dropped.
func (e *Engine) overflow(cl *conn) {
	if cl.leaving {
		return
	}
	e.log(logWarning, "Client closed for overcoming of output buffer limits.")
	e.stats.outputLimited++
	cl.w.Buf = nil
	e.hangup(cl)
}

// The classes of client-output-buffer-limit.
const (
	limitNormal = iota
	limitReplica
	limitPubSub
)

// outputLimit is one class of client-output-buffer-limit; 0 is no limit.
type outputLimit struct {
	hard, soft int64
	within     Time
}

// idlers remembers when connections should next be looked at for `timeout` and for soft output
// limits.
type idlers struct{ at Time }

func (x *idlers) due() Time {
	if x.at == 0 {
		return Never
	}
	return x.at
}

// plan asks for a look at time t at the latest.
func (x *idlers) plan(t Time) {
	if x.at == 0 || t < x.at {
		x.at = t
	}
}

// watchIdle plans the look at a connection that `timeout` may end.
func (e *Engine) watchIdle(cl *conn) {
	if e.cfg.timeout > 0 {
		e.idle.plan(cl.lastInput + e.cfg.timeout)
	}
}

// idleTimeout hangs up the connections that were idle for too long and plans the next look.
func (e *Engine) idleTimeout() {
	e.idle.at = 0
	for _, cl := range e.connsByID() {
		if cl.softSince != 0 {
			e.limitOutput(cl)
			within := e.cfg.outputLimits[cl.limitClass()].within
			e.idle.plan(max(cl.softSince+within, e.now) + 1000)
		}
		if e.cfg.timeout == 0 || cl.leaving || cl.blocked != nil || cl.subscribed() ||
			cl.replica.attached {
			continue
		}
		if e.now-cl.lastInput >= e.cfg.timeout {
			e.log(logVerbose, "Closing idle client")
			e.hangup(cl)
			continue
		}
		e.watchIdle(cl)
	}
}

// connsByID lists the connections by their ids.
func (e *Engine) connsByID() []*conn {
	all := make([]*conn, 0, len(e.conns))
	for _, cl := range e.conns { // order: sorted below
		all = append(all, cl)
	}
	slices.SortFunc(all, func(a, b *conn) int { return int(int64(a.id) - int64(b.id)) })
	return all
}
