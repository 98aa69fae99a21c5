package core

// dispatch checks and runs one request. It reports true when the request must wait: the
// connection is then postponed and sends it through here again.
func (e *Engine) dispatch(cl *conn, args [][]byte) (held bool) {
	if e.has(engineHeld) && e.holds() {
		e.postpone(cl)
		return true
	}
	c := &e.top
	*c = Call{Writer: &cl.w, e: e, conn: cl, db: cl.db, Args: args}
	at := len(cl.w.Buf)
	c.cmd = e.lookupCommand(args)
	cl.lastCmd = c.cmd
	switch problem := e.admit(c); {
	case c.cmd == nil && isHTTP(args[0]):
		e.repel(cl)
	case problem != "":
		e.refuse(c, problem)
	case e.pause.stops(c):
		e.postpone(cl)
		return true
	case cl.has(connMulti) && c.cmd.Flags&NotQueued == 0:
		if c.cmd.Flags&NoMulti != 0 {
			e.refuse(c, "ERR Command not allowed inside a transaction")
			break
		}
		e.enqueue(c)
	default:
		cl.commands++
		e.stats.processed++
		e.invoke(c)
		if cl.task != nil {
			return false
		}
		e.handleBlockedOnKeys()
	}
	if cl.has(connReply) {
		cl.endReply(at)
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
	cl.w.Buf = cl.w.Buf[:0]
	e.hangup(cl)
}

// admit makes the checks that come before a command may run or be queued, in Redis's order. It
// returns the error, "" if there is none.
func (e *Engine) admit(c *Call) string {
	cl, cmd := c.conn, c.cmd
	switch {
	case cmd == nil:
		return errUnknown(c.Args)
	case cmd.subs != nil && len(c.Args) > 1:
		return errSubcommand(cmd, c.Args[1])
	case !e.arityFits(cmd, len(c.Args)):
		return errArity(cmd)
	case cmd.Flags&Protected != 0 && !e.debugAllowed(cl):
		return errDebug
	case cl.has(connUnauthenticated) && cmd.Flags&NoAuth == 0:
		return errNoAuth
	case e.cfg.maxmemory > 0 && e.outOfMemory(c):
		return errOOM
	case e.has(engineDiskError) && cmd.Flags&(Write|DenyDiskError) != 0 && e.diskError() != "":
		return e.diskError()
	case e.cfg.minReplicas > 0 && cmd.Flags&Write != 0: // there never is a replica
		return errNoReplicas
	case !cl.w.RESP3 && cl.has(connSubscribed) && cmd.Flags&AllowSubscribed == 0:
		return "ERR Can't execute '" + cmd.full + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / " +
			"PING / QUIT / RESET are allowed in this context"
	case e.scripts.refuses(cl) && cmd.Flags&AllowBusy == 0:
		return e.scripts.busyError()
	case e.compat.arity != nil && e.tooNew(cmd, c.Args):
		return errSyntax
	}
	return ""
}
