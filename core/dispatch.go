package core

// dispatch checks one request and runs or queues it. It reports true when the request must wait:
// the connection is then postponed and sends it through here again.
func (e *Engine) dispatch(cl *conn, args [][]byte) (held bool) {
	if e.has(engineHeld) && e.holds() {
		e.postpone(cl)
		return true
	}
	c := &e.top
	*c = Call{Writer: &cl.w, e: e, conn: cl, db: cl.db, Args: args}
	at := cl.w.Len()
	c.cmd = e.lookupCommand(args)
	cl.lastCmd = c.cmd
	switch v := c.check(atClient); {
	case v == postponed:
		if e.has(engineFiltered) {
			cl.flags |= connFiltered
		}
		e.postpone(cl)
		return true
	case v == answered:
	case c.cmd == nil && isHTTP(args[0]):
		e.repel(cl)
	case v != allowed:
		e.refuse(c, string(v))
	case cl.has(connMulti) && c.cmd.Flags&NotQueued == 0:
		e.enqueue(c)
	default:
		cl.commands++
		e.invoke(c)
		if cl.task != nil {
			return false
		}
		e.handleBlockedOnKeys()
		cl.replica.wrote = e.replicas.offset
	}
	if cl.has(connReply) {
		e.endReply(cl, at)
	}
	return false
}

// isHTTP tells whether a word that is no command is one with which a web page's request begins.
func isHTTP(word []byte) bool { return is(word, "post") || is(word, "host:") }

// repel ends a connection on which a browser, misled, sends HTTP.
func (e *Engine) repel(cl *conn) {
	e.log(logWarning, "Possible SECURITY ATTACK detected. It looks like somebody is sending POST "+
		"or Host: commands to Redis. This is likely due to an attacker attempting to use Cross "+
		"Protocol Scripting to compromise your Redis instance. Connection from "+cl.peer.Addr+
		" aborted.")
	cl.w.Reset()
	e.hangup(cl)
}
