package core

import "github.com/redlet/redlet/core/internal/resp"

// inputKeepMax is the largest input buffer that a connection keeps once it is empty.
const inputKeepMax = 64 << 10

// inputTrust is how much memory a connection is given for an argument of which nothing has come but
// its length, and for what stands before one of 64 MB. When a ninth of a longer one is there, it is
// given the whole: so it is moved once.
const inputTrust = 64<<20 + 4<<10

// takeMin is the least size of an argument that becomes a value as it stands in the input.
const takeMin = 32 << 10

// feed takes bytes that a client sent and runs every command that they complete. The bytes are not
// kept.
func (e *Engine) feed(id ConnID, data []byte) {
	cl := e.conn(id)
	if cl == nil || cl.has(connClosing) {
		return
	}
	if cl.link != nil {
		e.stir()
		e.arrive(cl, data)
		return
	}
	cl.lastInput = e.now
	cl.netIn += int64(len(data))
	e.stats.netIn += int64(len(data))
	e.stats.reads++
	if len(cl.in) == 0 && !cl.has(connWaits) {
		n := e.run(cl, data)
		if n < len(data) && !cl.has(connClosing) {
			e.keep(cl, data[n:])
		}
	} else {
		e.stir()
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
		e.stats.inputLimited++
		cl.w.Reset()
		e.hangup(cl)
		return
	}
	e.came(len(data))
	if free := cap(cl.in) - len(cl.in); len(data) > free {
		more := max(min(cl.reader.Pending(len(cl.in)), max(inputTrust, 8*len(cl.in))), len(data))
		if cl.reader.Pending(len(cl.in)) == 0 {
			more = max(more, len(cl.in)) // how much is to come is not known
		}
		if !e.mayKeep(cl, more) {
			e.outOfRoom(cl, "query buffer")
			return
		}
		cl.in = append(make([]byte, 0, len(cl.in)+more), cl.in...)
	}
	cl.in = append(cl.in, data...)
	e.countClient(cl, cl.bytes())
}

// mayKeep tells whether a connection's input may grow by more bytes. Where memory is short every
// little is asked for: there may be many connections.
func (e *Engine) mayKeep(cl *conn, more int) bool {
	size := int64(len(cl.in) + more)
	if e.mem.full {
		return e.askRoom(size, size)
	}
	return e.hasRoom(size) && e.hasRoomInPieces(2*int64(cl.reader.Bytes()))
}

// resume runs what a connection's kept input completes.
func (e *Engine) resume(cl *conn) {
	if cl.has(connClosing|connWaits) || len(cl.in) == 0 {
		if d := e.scripts.debug; d.waits() && d.conn == cl {
			d.input()
		} else if f := e.forkOf(cl); f != nil {
			e.forkTurn(f)
		}
		return
	}
	if cl.link != nil {
		e.arrive(cl, nil)
		return
	}
	cl.ownInput = true
	n := e.run(cl, cl.in)
	taken := !cl.ownInput
	if cl.ownInput = false; cl.has(connClosing) {
		return
	}
	rest := cl.in[n:]
	switch {
	case taken:
		cl.in = append([]byte(nil), rest...)
	case n > 0:
		cl.in = cl.in[:copy(cl.in, rest)]
	}
	if taken || len(rest) == 0 && cap(cl.in) > inputKeepMax {
		if len(rest) == 0 {
			cl.in = nil
		}
		clear(cl.reader.Args) // which point into it
		e.top.Args = nil
	}
}

// mayTake tells whether an argument of a command may become a value as it stands: it is nearly all
// of the kept input of its connection.
func (c *Call) mayTake(val []byte) bool {
	cl := c.conn
	if len(val) < takeMin || !cl.ownInput || len(val) <= cap(cl.in)/8*7 {
		return false
	}
	for _, arg := range cl.reader.Args {
		if len(arg) == len(val) && &arg[0] == &val[0] {
			return true
		}
	}
	return false
}

// takeArg is mayTake for an argument that becomes a value now: the input is the connection's own no
// longer.
func (c *Call) takeArg(val []byte) bool {
	taken := c.mayTake(val)
	if taken {
		c.conn.ownInput = false
	}
	return taken
}

// yieldEvery is the number of commands between two calls of Options.Yield.
const yieldEvery = 64

// run runs the commands that buf completes and returns how many bytes they took.
func (e *Engine) run(cl *conn, buf []byte) int {
	e.runAs(cl)
	n := e.runAll(cl, buf)
	e.runAs(nil)
	return n
}

func (e *Engine) runAll(cl *conn, buf []byte) int {
	done := 0
	for !cl.has(connWaits | connClosing) {
		ran, n := e.runFastPath(cl, buf[done:])
		if done += ran; cl.has(connClosing) {
			return done
		}
		status := resp.Complete
		if n == 0 {
			if done == len(buf) {
				return done
			}
			lim := resp.Limits{BulkMax: e.cfg.protoMaxBulkLen, Guest: cl.has(connUnauthenticated)}
			n, status = cl.reader.Next(buf[done:], lim)
		}
		e.stir()
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
			e.came(n)
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
	e.countError([]byte(text))
	if !cl.has(connSilent) {
		cl.w.Error(text)
	}
	e.hangup(cl)
}
