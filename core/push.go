package core

import "github.com/redlet/redlet/core/internal/reply"

// running tells whether a client's command is under way: what is pushed to the client must wait
// until the reply is complete.
func (e *Engine) running(cl *conn) bool { return cl == e.currentClient && !e.evicting }

// pushes is where a message for a connection is to be written that answers no command.
//
//go:noinline
func (e *Engine) pushes(cl *conn) *reply.Writer {
	if !e.running(cl) {
		return &cl.w
	}
	e.flags |= enginePushes
	cl.pushed.RESP3 = cl.w.RESP3
	return &cl.pushed
}

// pushed ends a message that was written where pushes said, from an offset on.
func (e *Engine) pushed(cl *conn, w *reply.Writer, at int) {
	if w == &cl.w {
		cl.noteMessage(at)
		e.flush(cl)
	}
}
