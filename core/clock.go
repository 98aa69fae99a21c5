package core

// clock turns the host's time into the engine's. It runs along with the host's at an offset, or
// it stands still; REDLET.CLOCK sets it.
type clock struct {
	host   Time // the host's latest time
	offset Time // engine time minus host time, while running
	frozen bool
	at     Time // the engine's time, while frozen
}

// read returns the engine's time.
func (k *clock) read() Time {
	if k.frozen {
		return k.at
	}
	return k.host + k.offset
}

// set makes the engine's time t and leaves it running or frozen.
func (k *clock) set(t Time) {
	k.at = t
	k.offset = t - k.host
}

// freeze stops the clock where it is.
func (k *clock) freeze() {
	k.at, k.frozen = k.read(), true
}

// run lets the clock go on from where it is.
func (k *clock) run() {
	k.offset, k.frozen = k.read()-k.host, false
}

// hostTime returns when the host's clock will bring the engine to t.
func (k *clock) hostTime(t Time) Time {
	switch {
	case t == Never:
		return Never
	case !k.frozen:
		return t - k.offset
	case t <= k.at:
		return k.host
	}
	return Never
}

// dueMax bounds how much one Advance does before it hands control back to the host.
const dueMax = 10_000

// Advance turns the host's clock. What falls due happens in the order of its time. It does a
// bounded amount at a time: Deadline tells when there is more.
func (e *Engine) Advance(host Time) {
	e.clock.host = max(e.clock.host, host)
	e.lap = 0
	if len(e.resting) > 0 {
		e.announceRest()
	}
	switch {
	case e.waitsForFiles(): // nothing expires before all is there
		e.setNow(max(e.now, e.clock.read()))
	case e.has(engineScript):
		e.setNow(max(e.now, e.clock.read()))
		if !e.migration.waits(e.clock.host) {
			e.scripts.step(e)
		}
	default:
		e.turn(e.clock.read())
	}
	e.beforeSleep()
}

// setNow sets the engine's time.
func (e *Engine) setNow(t Time) { e.now, e.second = t, uint32(t/1e6) }

// Deadline returns the host's time at which Advance would next change anything: Never when only
// input can, the past when Advance should be called again at once. A host asks when it has handed
// over all that it has, so that what ran is timed here.
func (e *Engine) Deadline() Time {
	e.timeRow()
	switch {
	case e.waitsForFiles():
		return Never
	case len(e.resting) > 0:
		return e.clock.host
	case e.has(engineScript):
		return e.migration.due(e.clock.host)
	}
	return e.clock.hostTime(e.due())
}

// waitsForFiles reports whether the engine does nothing before the host has answered: it is loading
// its data, or what was appended is being made durable.
func (e *Engine) waitsForFiles() bool { return e.aof.loading != nil || e.held }

// due returns the engine time at which something next happens by itself.
func (e *Engine) due() Time {
	d := min(e.expires.due(), e.blocked.due(), e.idle.due())
	d = min(d, e.pause.due(), e.persist.due(e), e.sleepsUntil())
	return min(d, e.replicas.pingAt, e.aof.at, e.idmp.due())
}

// turn brings the engine's time to t and does, in order of time, what falls due until then.
func (e *Engine) turn(t Time) {
	for range dueMax {
		d := e.due()
		if d > t {
			break
		}
		e.setNow(max(e.now, d))
		switch d {
		case e.expires.due():
			e.expireNext()
		case e.blocked.due():
			e.blockedTimeout()
		case e.pause.due():
			e.unpause()
		case e.sleepsUntil():
			e.wakeUp()
		case e.replicas.pingAt:
			e.pingReplicas()
		case e.aof.at:
			e.aof.turn(e)
		case e.idle.due():
			e.idleTimeout()
		case e.idmp.due():
			e.expireIdmp()
		default:
			e.persist.turn(e)
		}
		e.handleBlockedOnKeys()
	}
	e.setNow(t)
}
