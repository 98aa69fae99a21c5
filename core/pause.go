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
