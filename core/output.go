package core

// limitOutput hangs up a connection whose output grew beyond client-output-buffer-limit.
func (e *Engine) limitOutput(cl *conn) {
	class := cl.limitClass()
	lim, size := &e.cfg.outputLimits[class], int64(cl.w.Len())
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

// outputBytes is what of a connection's output stands where, in Redis: in the buffer that each
// client has, and in a list of nodes, with the bytes that these take.
func (cl *conn) outputBytes() (static, nodes, listed int64) {
	const nodeBytes = 40 // beside what it holds
	n := int64(cl.w.Len())
	static = min(n, outputFree)
	nodes = (n - static + outputFree - 1) / outputFree
	return static, nodes, n - static + nodes*nodeBytes
}

// outputKeepMax is the largest buffer that is kept, once it is empty, for what comes next.
const outputKeepMax = 64 << 10

// limitHard hangs up a connection whose output grew beyond the hard limit, even if its host would
// take it: what a client asks for at once is bounded too.
func (e *Engine) limitHard(cl *conn) {
	if cl.w.Len() > outputFree && e.aboveHard(cl, cl.w.Len()) {
		e.overflow(cl)
	}
}

// aboveHard tells whether output of a size is beyond the hard limit of a connection. What the
// engine itself has to say to another server has none.
func (e *Engine) aboveHard(cl *conn, size int) bool {
	hard := e.cfg.outputLimits[cl.limitClass()].hard
	return hard > 0 && cl.link == nil && int64(size)-outputFree > hard
}

// outputRoom tells whether a connection's output may grow to a size. One whose output may not is
// hung up in the midst of its command, whose other effects stay.
func (e *Engine) outputRoom(cl *conn, size int) bool {
	if e.aboveHard(cl, size) {
		e.overflow(cl)
		return false
	}
	was := cl.w.Len()
	if more := int64(size - was); size/roomAsked > was/roomAsked && !e.hasRoom(max(more, roomAsked)) {
		e.outOfRoom(cl, "output")
		return false
	}
	return true
}

// overflow hangs up a connection for the size of its output, which is dropped.
func (e *Engine) overflow(cl *conn) {
	if cl.has(connClosing) {
		return
	}
	c := Call{e: e, conn: e.currentClient}
	if c.conn == cl {
		c.Args = e.top.Args
	}
	e.log(logWarning, "Client "+string(c.describe(nil, cl))+
		" scheduled to be closed ASAP for overcoming of output buffer limits.")
	e.stats.outputLimited++
	cl.w.Reset()
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

// takeOutput lends the output that waits for a connection, or the first piece of it, until the
// engine is called next.
func (e *Engine) takeOutput(cl *conn) []byte {
	out := cl.w.Take()
	n := len(out)
	cl.netOut += int64(n)
	e.stats.netOut += int64(n)
	e.stats.writes++
	if cl.task != nil {
		cl.task.at = max(0, cl.task.at-n)
	}
	e.countClient(cl, cl.bytes())
	return out
}

// outputTurn is how much output a host gets for a connection before it has taken all else of a
// step. The rest stays here, where it is in pieces and counts against client-output-buffer-limit:
// host and guest need not hold a large reply once more, and a peer that reads slowly is corked
// before they do.
const outputTurn = 512 << 10

// outputGiven ends an event by which the host got output of a connection, unless it may get more at
// once. What is left then is announced when the host comes next.
func (e *Engine) outputGiven(cl *conn, n int) {
	left := cl.w.Len() > 0
	if cl.given += n; left && cl.given < outputTurn {
		return
	}
	cl.given = 0
	e.polledOne()
	if left && !cl.rests {
		cl.rests = true
		e.resting = append(e.resting, cl)
	}
	cl.announced = left
}

// announceRest announces the output that was left when the host got its share.
func (e *Engine) announceRest() {
	resting := e.resting
	e.resting = nil
	for _, cl := range resting {
		if cl.rests = false; e.conn(cl.id) != cl {
			continue
		}
		if cl.announced = false; cl.has(connClosing) {
			e.emit(Event{Kind: EventHangup, Conn: cl.id})
		} else {
			e.flush(cl)
		}
	}
}

// flush announces a connection's output to the host, once until it is polled.
func (e *Engine) flush(cl *conn) {
	e.countClient(cl, cl.bytes())
	if cl.w.Len() == 0 || cl.has(connClosing) {
		return
	}
	cl.buffer.used(cl.w.Len())
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
