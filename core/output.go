package core

import "math"

// limitOutput hangs up a connection whose output grew beyond client-output-buffer-limit.
func (e *Engine) limitOutput(cl *conn) {
	lim := &e.cfg.outputLimits[cl.limitClass()]
	_, _, size := outputBytes(int64(cl.w.Len() - cl.replica.image))
	over := lim.hard > 0 && size > lim.hard
	switch {
	case lim.soft == 0 || size <= lim.soft:
		cl.softSince = 0
	case cl.softSince == 0:
		cl.softSince = e.now
		e.idle.plan(cl.softDue(lim))
	case e.now >= cl.softDue(lim):
		over = true
	}
	if over {
		e.overflow(cl)
	}
}

// softDue is when the output of a connection has stood above its soft limit for too long. Redis
// counts in whole seconds of the clock, of which more than allowed must be over.
func (cl *conn) softDue(lim *outputLimit) Time {
	const second Time = 1e6
	return cl.softSince - cl.softSince%second + lim.within + second
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

// outputBytes is what of n bytes of output stands where, in Redis: in the buffer that each client
// has, and in a list of nodes, with the bytes that these take. How much a node holds is told as
// for many small replies, which fill one after the other; a large one has a node of its own.
func outputBytes(n int64) (static, nodes, listed int64) {
	const (
		nodeHolds = 20<<10 - 16 // what the allocator makes of 16 KiB and the node's head
		nodeBytes = 40          // beside that
	)
	static = min(n, outputFree)
	nodes = (n - static + nodeHolds - 1) / nodeHolds
	return static, nodes, nodes * (nodeHolds + nodeBytes)
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
	_, _, listed := outputBytes(int64(size - cl.replica.image))
	return hard > 0 && cl.link == nil && listed > hard
}

// mayRepeat tells whether a reply may have -count elements though the data are fewer: a hard limit
// ends one that grows too large, and without it there must be another bound.
//
//go:noinline
func (c *Call) mayRepeat(count int64) bool {
	const most = 1 << 24
	limited := c.e.cfg.outputLimits[c.conn.limitClass()].hard > 0 && !c.conn.has(connScript)
	return count >= -most || limited && count >= math.MinInt32/2
}

// outputRoom tells whether a connection's output may grow to a size, by what is lent or not. One
// whose output may not is hung up in the midst of its command, whose other effects stay.
func (e *Engine) outputRoom(cl *conn, size int, lent bool) bool {
	if e.aboveHard(cl, size) {
		e.overflow(cl)
		return false
	}
	if !e.roomToGrow(cl, size, lent) {
		e.outOfRoom(cl, "output")
		return false
	}
	return true
}

// roomToGrow tells whether there is memory for a connection's output to grow to a size. The host is
// not asked for every little.
func (e *Engine) roomToGrow(cl *conn, size int, lent bool) bool {
	was := cl.w.Len()
	if cl.asked = min(cl.asked, was); lent || size-cl.asked < roomAsked && !e.mem.full {
		return true
	}
	cl.asked = size
	return e.room == nil || e.askRoom(max(int64(size-was), roomAsked), roomPiece)
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
	cl.replica.image = max(0, cl.replica.image-n)
	cl.netOut += int64(n)
	e.stats.netOut += int64(n)
	e.stats.writes++
	if cl.task != nil {
		cl.task.shift(n)
	}
	if n > outputFree || cl.w.Len() > 0 || cl.has(connClosing) {
		e.countClient(cl, cl.bytes())
	} else {
		e.countTaken(cl, int64(n))
	}
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
		e.stir()
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
	n := cl.w.Len()
	if n == 0 || cl.has(connClosing) {
		return
	}
	cl.buffer.used(n)
	if cl.corked {
		e.stir()
		e.limitOutput(cl)
		return
	}
	if n > outputFree {
		if e.limitHard(cl); cl.has(connClosing) {
			return
		}
	}
	if !cl.announced {
		cl.announced = true
		e.events = append(e.events, Event{Kind: EventData, Conn: cl.id})
	}
}
