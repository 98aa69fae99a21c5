package core

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

// limitClass is the class of client-output-buffer-limit that a connection is of.
func (cl *conn) limitClass() int {
	switch {
	case cl.has(connReplica):
		return limitReplica
	case cl.has(connSubscribed):
		return limitPubSub
	}
	return limitNormal
}

// outputFree is how much output never counts against a hard limit: the size of the buffer that
// each client of Redis has from the start.
const outputFree = 16 << 10

// limitHard hangs up a connection whose output grew beyond the hard limit, even if its host would
// take it: what a client asks for at once is bounded too. What the engine itself has to say to
// another server is not.
func (e *Engine) limitHard(cl *conn) {
	size := int64(len(cl.w.Buf)) - outputFree
	if size <= 0 || cl.link != nil {
		return
	}
	if hard := e.cfg.outputLimits[cl.limitClass()].hard; hard > 0 && size > hard {
		e.overflow(cl)
	}
}

// overflow hangs up a connection for the size of its output, which is dropped.
func (e *Engine) overflow(cl *conn) {
	if cl.has(connClosing) {
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

// takeOutput lends the output that waits for a connection, until the engine is called next.
func (e *Engine) takeOutput(cl *conn) []byte {
	out := cl.w.Buf
	cl.netOut += int64(len(out))
	e.stats.netOut += int64(len(out))
	e.stats.writes++
	if cl.task != nil {
		cl.task.at = 0
	}
	if cl.w.Buf = out[:0]; cap(out) > outputKeepMax {
		cl.w.Buf = nil
	}
	e.countClient(cl, cl.bytes())
	return out
}

// outputKeepMax is the largest output buffer that a connection keeps for its next reply.
const outputKeepMax = 64 << 10

// flush announces a connection's output to the host, once until it is polled.
func (e *Engine) flush(cl *conn) {
	e.countClient(cl, cl.bytes())
	if len(cl.w.Buf) == 0 || cl.has(connClosing) {
		return
	}
	cl.buffer.used(len(cl.w.Buf))
	if cl.corked {
		e.limitOutput(cl)
		return
	}
	if e.limitHard(cl); cl.has(connClosing) {
		return
	}
	if !cl.announced {
		cl.announced = true
		e.events = append(e.events, Event{Kind: EventData, Conn: cl.id})
	}
}
