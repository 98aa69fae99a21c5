package core

// What goes by the host's clock, since it is about the network and nobody could turn a clock that
// stands still: links to replicas and to a master.

// networkDue is the instant of the host's clock at which there is something to do.
func (e *Engine) networkDue() Time {
	due := e.replicas.networkDue(e)
	due = min(due, e.failoverDue(), e.clusterDue(), e.endingDue())
	if m := e.master; m != nil {
		due = min(due, m.at)
	}
	return due
}

// networkTurn does what is due.
func (e *Engine) networkTurn() {
	host := e.clock.host
	if host >= e.replicas.networkDue(e) {
		e.replicas.networkTurn(e)
	}
	if host >= e.failoverDue() {
		e.failoverTurn()
	}
	if host >= e.endingDue() {
		e.endingTurn()
	}
	if m := e.master; m != nil && host >= m.at {
		m.turn()
	}
	if host >= e.clusterDue() {
		e.clusterTurn()
	}
}

// shiftNetwork has nobody wait longer or shorter since the host's clock was set ahead by d.
func (e *Engine) shiftNetwork(d Time) {
	r := &e.replicas
	shift := func(at *Time) {
		if *at != Never {
			*at += d
		}
	}
	shift(&r.syncAt)
	shift(&r.idleAt)
	if e.failover.state != failoverNone {
		shift(&e.failover.until)
	}
	if e.ending != nil {
		shift(&e.ending.until)
	}
	for _, cl := range r.conns {
		shift(&cl.replica.heard)
	}
	if m := e.master; m != nil {
		shift(&m.at)
		shift(&m.heard)
		shift(&m.down)
	}
	if e.cluster != nil {
		e.cluster.shift(d)
	}
}
