package core

// idlers remembers when connections should next be looked at for `timeout` and for soft output
// limits.
type idlers struct{ at Time }

func (x *idlers) due() Time {
	if x.at == 0 {
		return Never
	}
	return x.at
}

// plan asks for a look at time t at the latest.
func (x *idlers) plan(t Time) {
	if x.at == 0 || t < x.at {
		x.at = t
	}
}

// watchIdle plans the look at a connection that `timeout` may end.
func (e *Engine) watchIdle(cl *conn) {
	if e.cfg.timeout > 0 {
		e.idle.plan(cl.lastInput + e.cfg.timeout)
	}
}

// idleTimeout hangs up the connections that were idle for too long and plans the next look.
func (e *Engine) idleTimeout() {
	e.idle.at = 0
	for _, cl := range e.connsByID() {
		if cl.softSince != 0 {
			e.limitOutput(cl)
		}
		if cl.softSince != 0 && !cl.has(connClosing) {
			e.idle.plan(cl.softDue(&e.cfg.outputLimits[cl.limitClass()]))
		}
		if e.cfg.timeout == 0 || cl.has(connClosing) || cl.blocked != nil || cl.has(connSubscribed) ||
			cl.has(connSlave) {
			continue
		}
		if e.now-cl.lastInput >= e.cfg.timeout {
			e.log(logVerbose, "Closing idle client")
			e.hangup(cl)
			continue
		}
		e.watchIdle(cl)
	}
}
