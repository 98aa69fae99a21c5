package core

// backlog is the end of the stream of changes, kept for replicas that were away. It begins with the
// first replica, or when this server becomes one.
type backlog struct {
	on  bool
	buf []byte // repl-backlog-size bytes, as soon as there were so many, and up to as many again
}

// add appends a piece of the stream. Where the host has no more memory less is kept.
func (b *backlog) add(e *Engine, piece []byte) {
	size := int(min(e.cfg.replBacklogSize, maxInt32/2))
	if len(piece) > size {
		piece = piece[len(piece)-size:]
	}
	if len(b.buf)+len(piece) > 2*size {
		b.keep(max(0, size-len(piece)))
	}
	if n := len(b.buf) + len(piece); n > cap(b.buf) && !e.hasRoom(2*int64(n)) {
		b.keep(max(0, cap(b.buf)-len(piece)))
	}
	b.buf = append(b.buf, piece...)
}

// keep drops all but the last n bytes.
func (b *backlog) keep(n int) {
	b.buf = b.buf[:copy(b.buf, b.buf[max(0, len(b.buf)-n):])]
}

// backlogKept is what there is of the last repl-backlog-size bytes of the stream.
func (e *Engine) backlogKept() []byte {
	buf := e.replicas.backlog.buf
	return buf[max(0, int64(len(buf))-e.cfg.replBacklogSize):]
}

// begin has the stream kept from here on.
func (b *backlog) begin() { b.on, b.buf = true, b.buf[:0] }

// end forgets what was kept.
func (b *backlog) end() { *b = backlog{} }
