package core

// A host's memory has an end, and a guest that runs into it dies with all data. So the host may
// lend Options.Room, which is asked before much is taken at once, and again and again as many small
// things add up. What there is no room for is refused as if maxmemory were reached, or its client
// is hung up.

const (
	// roomAsked is the least size for which the host is asked.
	roomAsked = 1 << 20
	// roomSpare is what must be free for small things to go on.
	roomSpare = 4 << 20
)

// hasRoom tells whether memory for so many bytes more can be had.
func (e *Engine) hasRoom(size int64) bool {
	return e.room == nil || size < roomAsked || e.askRoom(size)
}

// askRoom asks the host. The collector gets a turn before: who asks has allocated much.
func (e *Engine) askRoom(size int64) bool {
	if e.yield != nil {
		e.yield()
	}
	return e.room(size)
}

// noRoom tells whether there is no room for small things, as far as it is known: the host is asked
// when the bytes in use have changed by as much as is worth it.
func (e *Engine) noRoom() bool {
	m := &e.mem
	if more := m.used - m.asked; e.room != nil && (more >= roomAsked || more <= -roomAsked) {
		m.asked, m.full = m.used, !e.askRoom(roomSpare)
	}
	return m.full
}

// outOfRoom hangs up a client for whose input or output there is no memory.
func (e *Engine) outOfRoom(cl *conn, what string) {
	if cl.has(connClosing) {
		return
	}
	e.log(logWarning, "Closing a client: there is no memory for its "+what+".")
	cl.w.Reset()
	e.hangup(cl)
}
