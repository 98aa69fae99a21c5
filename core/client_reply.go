package core

// What CLIENT REPLY asks for are flags of the connection. Replies are dropped as they are written,
// so that a transaction may begin with a reply and go on without; messages to subscribers are no
// replies.

// endReply ends a command whose reply begins at an offset of the output: the reply is dropped
// where CLIENT REPLY asked for none. A command that waits is not at its end.
func (e *Engine) endReply(cl *conn, at int) {
	if !cl.has(connReply) || cl.has(connBlocked) {
		return
	}
	if cl.has(connReplyLost) && !cl.has(connClosing) {
		cl.w.Cut(min(at, cl.w.Len()))
		e.hangup(cl)
		return
	}
	if !cl.has(connReplyDropped) {
		cl.dropReply(at)
	}
	next := cl.has(connReplySkipNext)
	cl.flags &^= connReplySkip | connReplySkipNext | connReplyDropped
	if next {
		cl.flags |= connReplySkip
	}
}

// dropReply drops the output from an offset on, if replies are dropped now. Messages stay.
func (cl *conn) dropReply(at int) {
	if !cl.has(connSilent) || at >= cl.w.Len() {
		return
	}
	all := cl.w.From(at)
	cl.w.Cut(at)
	for _, m := range cl.messages.stretches {
		if cl.messages.before == cl.netOut && m.to > at {
			cl.w.Raw(all[max(m.from-at, 0) : m.to-at])
		}
	}
	cl.messages.stretches = cl.messages.stretches[:0]
}

// messages are the pieces of a connection's output that are no replies. They are forgotten when
// the host has taken the output, which netOut shows.
type messages struct {
	stretches []stretch
	before    int64 // conn.netOut of the output that the stretches are of
}

// stretch is a piece of the output.
type stretch struct{ from, to int }

// noteMessage notes that the output from an offset on is a message and no reply, for clients who
// get no replies. Messages one behind the other are one stretch.
func (cl *conn) noteMessage(from int) {
	if !cl.has(connSilent) {
		return
	}
	m := &cl.messages
	if m.before != cl.netOut {
		m.before, m.stretches = cl.netOut, m.stretches[:0]
	}
	to, n := cl.w.Len(), len(m.stretches)
	if n > 0 && m.stretches[n-1].to == from {
		m.stretches[n-1].to = to
		return
	}
	m.stretches = append(m.stretches, stretch{from, to})
}
