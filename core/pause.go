package core

// pause is what CLIENT PAUSE asked for.
type pause struct {
	until Time // 0 while nothing is paused
	all   bool // every command waits, not writes alone
}

func (p *pause) due() Time {
	if p.until == 0 {
		return Never
	}
	return p.until
}

// stops reports whether a command must wait for the end of the pause.
func (p *pause) stops(c *Call) bool {
	if p.until == 0 {
		return false
	}
	return p.all || changesData(c)
}

// changesData reports whether a command, or the transaction that it executes, may change data or
// publish.
func changesData(c *Call) bool {
	const changes = Write | MayReplicate
	if c.cmd.Flags&RunsQueue != 0 {
		for _, q := range c.conn.queue {
			if q.cmd.Flags&changes != 0 {
				return true
			}
		}
	}
	return c.cmd.Flags&changes != 0
}

// pauseUntil begins a pause, or changes the one under way, which becomes no shorter.
func (e *Engine) pauseUntil(until Time, all bool) {
	e.pause = pause{until: max(e.pause.until, until), all: all}
	e.expires.clientPaused = true
	e.flags |= enginePaused
}

// unpause ends the pause and lets the connections that it postponed go on.
func (e *Engine) unpause() {
	e.pause = pause{}
	e.expires.clientPaused = false
	e.flags &^= enginePaused
	e.resumePostponed()
}
