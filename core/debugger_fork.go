package core

import (
	"slices"

	"github.com/redlet/redlet/core/internal/small"
)

// A session after SCRIPT DEBUG YES runs in a copy of the engine, made of a snapshot: others are
// served meanwhile, and what the script changes is gone with the copy. In Redis it is a process.

// debugFork is such a copy and the connection whose session it runs.
type debugFork struct {
	conn *conn
	copy *Engine
}

// forkConn is the session's connection in the copy.
const forkConn ConnID = 1

// notForked are the parameters that a copy does without.
const notForked = "save appendonly replicaof cluster-enabled dir aclfile unixsocket"

// forkDebugger has a copy of the engine run EVAL in the debugger.
func (c *Call) forkDebugger() {
	e, cl := c.e, c.conn
	child := e.fork()
	if child == nil {
		c.Error("ERR Fork() failed: can't run EVAL in debugging mode: " + noMemory)
		return
	}
	child.open(forkConn, cl.peer)
	twin := child.conn(forkConn)
	twin.user, twin.db = cl.user, child.dbs[c.db.id]
	twin.flags = cl.flags&(connRestricted|connReply) | connDebug
	twin.w.RESP3 = cl.w.RESP3
	cl.flags |= connSuspended
	f := &debugFork{cl, child}
	e.forks = append(e.forks, f)
	child.feed(forkConn, appendRequest(nil, string(c.Args[0]), c.Args[1:]))
	e.forkSays(f) // what has come behind EVAL is the copy's when EVAL is over
}

// fork returns a copy of the engine without its connections, which keeps nothing and which nobody
// follows; nil if there is no memory for it. It calls New by Engine.twin: New names the commands,
// and one of them comes here.
func (e *Engine) fork() *Engine {
	if !e.hasRoomForImage() {
		return nil
	}
	config := map[string]string{"save": ""}
	for i := range parameters {
		p := &parameters[i]
		if value := e.cfg.shows(i); value != p.value && wordIndex(notForked, p.name) < 0 {
			config[p.name] = value
		}
	}
	child, err := e.twin(Options{Now: e.clock.host, Config: config, Types: e.types,
		Yield: e.yield, Room: e.room, Stopwatch: e.stopwatch})
	if err != nil {
		return nil
	}
	child.table = e.table
	if child.Restore(e.Snapshot(nil)) != nil {
		return nil
	}
	return child
}

// forkOf returns the copy that runs a connection's session, nil if none does.
func (e *Engine) forkOf(cl *conn) *debugFork {
	for _, f := range e.forks {
		if f.conn == cl {
			return f
		}
	}
	return nil
}

// dropFork ends a session in a copy.
func (e *Engine) dropFork(f *debugFork) {
	f.copy.Close()
	e.forks = small.DeleteFunc(e.forks, func(other *debugFork) bool { return other == f })
}

// forksTurn has each copy do what is due.
func (e *Engine) forksTurn() {
	for _, f := range slices.Clone(e.forks) {
		e.forkTurn(f)
	}
}

// forkTurn hands a copy its connection's input and takes what it says.
func (e *Engine) forkTurn(f *debugFork) {
	cl := f.conn
	if len(cl.in) > 0 {
		in := small.Clone(cl.in)
		cl.in = cl.in[:0]
		f.copy.feed(forkConn, in)
	}
	e.forkSays(f)
}

// forkSays has a copy do what is due and takes what it says.
func (e *Engine) forkSays(f *debugFork) {
	cl := f.conn
	f.copy.Advance(max(f.copy.clock.host, e.clock.host))
	over := false
	for ev := (Event{}); f.copy.Poll(&ev); {
		switch ev.Kind {
		case EventData:
			cl.w.Raw(ev.Data)
		case EventLog:
			e.log(int(ev.Ticket), string(ev.Data))
		case EventHangup:
			cl.w.Raw(ev.Data) // the last of it
			over = true
		}
	}
	e.flush(cl)
	if over {
		e.dropFork(f)
		e.hangup(cl)
	}
}

// forksDue is when a copy next wants to do something, by the host's clock.
func (e *Engine) forksDue() Time {
	due := Never
	for _, f := range e.forks {
		if f.copy.has(engineScript) {
			due = min(due, f.copy.Deadline())
		}
	}
	return due
}
