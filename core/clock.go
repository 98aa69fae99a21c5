package core

// clock turns the host's time into the engine's. It runs along with the host's at an offset, or
// it stands still; REDLET.CLOCK and the owner's orders set it.
type clock struct {
	host   Time // the host's latest time
	offset Time // engine time minus host time, while running
	frozen bool
	at     Time // the engine's time, while frozen
	apart  bool // keys have a time of their own
	keys   Time // that time, if apart
	told   Time // what TIME, streams and idle times tell, if apart and not 0; else the engine's time
}

// read returns the engine's time.
func (k *clock) read() Time {
	if k.frozen {
		return k.at
	}
	return k.host + k.offset
}

// keyTime returns the time of keys.
func (k *clock) keyTime() Time {
	if k.apart {
		return k.keys
	}
	return k.read()
}

// tells returns the time that clients are told.
func (k *clock) tells() Time {
	if k.apart && k.told != 0 {
		return k.told
	}
	return k.read()
}

// set makes the engine's time t and leaves it running or frozen.
func (k *clock) set(t Time) {
	k.at = t
	k.offset = t - k.host
}

// together ends that keys have a time of their own.
func (k *clock) together() {
	if k.told != 0 {
		k.set(k.told)
	}
	k.apart, k.told = false, 0
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

// Advance turns the host's clock, forward or back. What falls due happens in the order of its
// time. It does a bounded amount at a time: Deadline tells when there is more.
func (e *Engine) Advance(host Time) {
	switch {
	case host < e.clock.host:
		e.shiftHost(host - e.clock.host)
	case host < e.calm:
		e.clock.host = host
		e.cycleOver()
		e.setNow(e.clock.read())
		e.beforeSleep()
		return
	}
	e.stir()
	e.clock.host = host
	e.cycleOver()
	for host >= e.socketsDue() {
		e.dropSocket()
	}
	if len(e.resting) > 0 {
		e.announceRest()
	}
	if !e.waitsForFiles() {
		e.networkTurn()
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
	if len(e.forks) > 0 {
		e.forksTurn()
	}
	e.beforeSleep()
}

// setNow sets the engine's time. While what was run before is applied nothing expires.
//
//go:noinline
func (e *Engine) setNow(t Time) {
	switch e.now, e.keyTime = t, t; {
	case e.aof.replayed != 0:
		e.keyTime = 0
	case e.clock.apart:
		e.keyTime = e.clock.keys
	}
	e.second = uint32(e.told() / 1e6)
}

// keyMs is the time in milliseconds since the Unix epoch, as expiries count.
//
//go:noinline
func (e *Engine) keyMs() int64 { return int64(e.keyTime) / 1000 }

// told is the time that clients are told.
func (e *Engine) told() Time {
	if e.clock.apart && e.clock.told != 0 {
		return e.clock.told
	}
	return e.now
}

// tellMs is told in milliseconds, as streams count.
//
//go:noinline
func (e *Engine) tellMs() int64 { return int64(e.told()) / 1000 }

// behindMs is how far the time of keys is behind the one that clients are told.
func (e *Engine) behindMs() int64 {
	if !e.clock.apart || e.aof.replayed != 0 {
		return 0
	}
	return e.tellMs() - e.keyMs()
}

// Deadline returns the host's time at which Advance would next change anything: Never when only
// input can, the past when Advance should be called again at once. A host asks when it has handed
// over all that it has, so that what ran is timed here.
func (e *Engine) Deadline() Time {
	e.timeRow()
	if e.calm != 0 {
		return e.calm
	}
	rest := e.calmBut
	if rest == 0 {
		switch {
		case e.waitsForFiles():
			return Never
		case len(e.resting) > 0:
			return e.clock.host
		case e.scripts.debug.waits():
			return Never
		case e.has(engineScript):
			return e.migration.due(e.clock.host)
		}
		rest = min(e.clock.hostTime(e.restDue()), e.socketsDue(), e.networkDue(), e.forksDue())
	}
	due := min(rest, e.clock.hostTime(e.dataDue()))
	if len(e.forks) == 0 {
		e.calm, e.calmBut = due, rest
	}
	return due
}

// stir has the next Deadline look at everything.
func (e *Engine) stir() { e.calm, e.calmBut = 0, 0 }

// waitsForFiles reports whether the engine does nothing before the host has answered: it is loading
// its data, or what was appended is being made durable.
func (e *Engine) waitsForFiles() bool { return e.aof.loading != nil || e.held }

// due returns the engine time at which something next happens by itself.
func (e *Engine) due() Time { return min(e.dataDue(), e.restDue()) }

// dataDue is due for what commands of the fast path bring about.
func (e *Engine) dataDue() Time { return min(e.expiresDue(), e.persist.due(e), e.idmpDue()) }

// restDue is due for everything else.
func (e *Engine) restDue() Time {
	d := min(e.blocked.due(), e.idle.due(), e.filter.due(), e.pause.due())
	return min(d, e.sleepsUntil(), e.loadingDue(), e.replicas.pingAt, e.aof.at)
}

// expiresDue is when the next key or field expires: at once or never, where their time is apart.
func (e *Engine) expiresDue() Time {
	switch at := e.expires.due(); {
	case !e.clock.apart:
		return at
	case at <= e.clock.keys:
		return min(e.now, at)
	}
	return Never
}

// idmpDue is when a stream next forgets an idempotent message: never, where the time of streams
// stands still.
func (e *Engine) idmpDue() Time {
	if e.clock.apart && e.clock.told != 0 {
		return Never
	}
	return e.idmp.due()
}

// turn brings the engine's time to t and does, in order of time, what falls due until then.
func (e *Engine) turn(t Time) {
	if t < e.now {
		e.turnBack(e.now - t)
	}
	expiring := int64(0)
	for range dueMax {
		d := e.due()
		if d > t {
			break
		}
		e.setNow(max(e.now, d))
		switch d {
		case e.expiresDue():
			began := e.timeIf()
			e.expireNext()
			expiring += e.timeIf() - began
		case e.blocked.due():
			e.blockedTimeout()
		case e.pause.due():
			e.unpause()
		case e.filter.due():
			e.delayOver()
		case e.sleepsUntil():
			e.wakeUp()
		case e.loadingDue():
			e.endLoading()
		case e.replicas.pingAt:
			e.pingReplicas()
		case e.aof.at:
			e.aof.turn(e)
		case e.idle.due():
			e.idleTimeout()
		case e.idmpDue():
			e.expireIdmp()
		default:
			e.persist.turn(e)
		}
		e.handleBlockedOnKeys()
	}
	e.setNow(t)
	e.noteLatency("expire-cycle", expiring/1e6)
}

// turnBack has nobody wait longer than was said because the clock goes back by d; or, where d is
// less than 0, no shorter. What is an instant, such as when a key expires, stays.
func (e *Engine) turnBack(d Time) {
	for _, cl := range e.connsByID() {
		cl.lastInput -= d
		if cl.softSince != 0 {
			cl.softSince -= d
		}
		if p := cl.blocked; p != nil && p.deadline != Never {
			p.deadline -= d
			e.wakeAt(p, p.wake)
		}
		if f := cl.filtered; f != nil && f.until != Never {
			f.until -= d
		}
	}
	for _, at := range []*Time{&e.pause.until, &e.asleep, &e.idle.at, &e.filter.at} {
		if *at != 0 {
			*at -= d
		}
	}
	if e.loading != nil && e.loading.due != Never {
		e.loading.due -= d
	}
	for _, at := range []*Time{&e.aof.at, &e.aof.syncAt, &e.aof.retryAt, &e.replicas.pingAt} {
		if *at != Never {
			*at -= d
		}
	}
}
