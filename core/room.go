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
	// roomPiece is the longest piece of what consists of many.
	roomPiece = 32 << 10
	// roomCame is after how many bytes of input the host is asked again. Not all that a client makes
	// the engine keep counts as memory in use, but all of it has come: it may take twenty times as
	// much as the command did.
	roomCame = 128 << 10
	// roomArg is what an argument takes beside its bytes, at most, where it is kept by itself.
	roomArg = 128
)

// hasRoom tells whether memory for so many bytes more can be had, in one piece.
//
//go:noinline
func (e *Engine) hasRoom(size int64) bool {
	return e.room == nil || size < roomAsked || e.askRoom(size, size)
}

// hasRoomInPieces tells whether memory for so many bytes more can be had, in small pieces.
func (e *Engine) hasRoomInPieces(size int64) bool {
	return e.room == nil || size < roomAsked || e.askRoom(size, roomPiece)
}

// rdbRoom is what the reader of an image asks; nil if the host has lent nothing.
func (e *Engine) rdbRoom() func(size int64, whole bool) bool {
	if e.room == nil {
		return nil
	}
	return func(size int64, whole bool) bool {
		if whole {
			return e.askRoom(size, size)
		}
		return e.askRoom(size, roomPiece)
	}
}

// askRoom asks the host. The collector gets a turn before: who asks has allocated much.
func (e *Engine) askRoom(size, piece int64) bool {
	if e.yield != nil {
		e.yield()
	}
	return e.room(size, piece)
}

// askIfDue asks the host whether there is room for small things, when the bytes in use have
// changed, or so many have come, that it is worth it.
func (e *Engine) askIfDue() {
	m := &e.mem
	more := m.used - m.asked
	if e.room != nil && (more >= roomAsked || more <= -roomAsked || m.came >= roomCame) {
		m.asked, m.came = m.used, 0
		m.full = !e.askRoom(roomSpare, roomPiece)
	}
}

// came counts input, of which something may be kept that does not count as memory in use.
func (e *Engine) came(n int) {
	if e.mem.came += n; e.mem.came >= roomCame && e.room != nil {
		e.memoryChanged()
	}
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
