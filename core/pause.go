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

// pauseUntil begins a pause, or changes the one under way, which becomes no shorter.
func (e *Engine) pauseUntil(until Time, all bool) {
	e.pause = pause{until: max(e.pause.until, until), all: all}
	e.pauseChanged()
}

// pauseChanged notes whether clients are paused: by CLIENT PAUSE, or writes for a failover, a
// cluster's as well, or before the end.
func (e *Engine) pauseChanged() {
	paused := e.pause.until != 0 || e.failover.state != failoverNone ||
		e.ending != nil || e.cluster != nil && e.cluster.heldUntil != 0
	e.flags.set(enginePaused, paused)
	e.expiryChanged()
}

// unpause ends the pause and lets the connections that it postponed go on.
func (e *Engine) unpause() {
	e.pause = pause{}
	e.pauseChanged()
	e.resumePostponed()
}

// expiryChanged notes whether keys go when their time has come.
func (e *Engine) expiryChanged() {
	x := &e.expires
	x.clientPaused, x.following = e.has(enginePaused), e.master != nil
	x.hidden = x.clientPaused || x.following
}
