package core

// How a replica of a cluster takes its master's place: since it was told to, by CLUSTER FAILOVER,
// or since the master is gone. All instants are the host's: they are about nodes that end.

// manualFailover is a CLUSTER FAILOVER under way at the replica. The master holds up writes and
// says how far its stream is; when the replica has all of it, it takes over.
type manualFailover struct {
	until  Time  // when it is given up; 0 if there is none
	told   bool  // the master has said how far it is
	offset int64 // that
}

const (
	manualFailoverTime Time = 5e6  // how long a replica waits for its master
	heldForFailover    Time = 10e6 // how long the master holds up writes
	electionDelay      Time = 5e5  // how long the first replica of a failed master waits
	electionRank       Time = 1e6  // how much longer each further one does
	offsetInterval     Time = 1e6  // how often others are told how far a stream is
)

// replicate makes the engine a replica of a master.
func (e *Engine) replicate(n *clusterNode) {
	k, me := e.cluster, e.cluster.me()
	if me.masterID == "" {
		clear(k.to[:])
		clear(k.from[:])
		k.disown(me)
	}
	me.masterID, me.shard = n.id, n.shard
	k.manual, k.electAt = manualFailover{}, Never
	e.endHold()
	if m := e.master; m == nil || m.host != n.ip || m.port != n.port {
		e.follow(n.ip, n.port, true)
	}
}

// unfollow makes a replica a master without slots.
func (e *Engine) unfollow() {
	k := e.cluster
	k.me().masterID = ""
	k.manual, k.electAt = manualFailover{}, Never
	if e.master != nil {
		e.lead()
	}
}

// takeOver makes a replica the master in its master's place.
func (e *Engine) takeOver() {
	k, me := e.cluster, e.cluster.me()
	was := k.master(me)
	e.unfollow()
	for slot, owner := range &k.slots {
		if owner == was {
			k.assign(slot, me)
		}
	}
	k.epoch++
	me.epoch = k.epoch
	e.log(logNotice, "Failover election won: I'm the new master.")
	e.clusterChanged()
}

// elect takes over if most of the masters are there to vote for it.
func (e *Engine) elect() {
	k := e.cluster
	masters, _, reachable := k.serving()
	if reachable > masters/2 {
		e.takeOver()
		return
	}
	e.log(logWarning, "Failover auth denied: most of the masters are not there.")
}

// holdForFailover holds up writes since a replica is to take over, and tells it how far the stream
// is.
func (e *Engine) holdForFailover(n *clusterNode) {
	k := e.cluster
	if n.masterID != k.me().id {
		return
	}
	k.heldUntil = later(e.clock.host, heldForFailover)
	e.pauseChanged()
	e.log(logWarning, "Manual failover requested by replica "+n.id+".")
	e.sendBus("mfoffset", n.id, "", nil)
}

// endHold lets writes go on.
func (e *Engine) endHold() {
	if k := e.cluster; k.heldUntil != 0 {
		k.heldUntil = 0
		e.pauseChanged()
		e.resumePostponed()
	}
}

// mayTakeOver notes how far the master is, which holds up writes.
//
//go:noinline
func (e *Engine) mayTakeOver(n *clusterNode, offset int64) {
	k := e.cluster
	if k.manual.until != 0 && n == k.master(k.me()) {
		k.manual.told, k.manual.offset = true, offset
		e.manualTurn()
	}
}

// manualTurn takes over if that was asked for and nothing is missing.
func (e *Engine) manualTurn() {
	if k := e.cluster; k != nil && k.manual.told && e.replicas.offset >= k.manual.offset {
		k.manual = manualFailover{}
		e.elect()
	}
}

// shift has nobody wait longer or shorter since the host's clock was set ahead by d.
func (k *cluster) shift(d Time) {
	k.saidAt += d
	if k.electAt != Never {
		k.electAt += d
	}
	if k.manual.until != 0 {
		k.manual.until += d
	}
	if k.heldUntil != 0 {
		k.heldUntil += d
	}
	for i := range k.banned {
		k.banned[i].until += d
	}
	for _, n := range k.nodes {
		if n.gone != Never {
			n.gone += d
		}
	}
}

// nodeGone notes that a node has ended.
func (e *Engine) nodeGone(n *clusterNode) {
	if n != nil && n.gone == Never {
		n.gone, n.linked = e.clock.host, 0
		e.clusterChanged()
	}
}

// clusterDue is when a node that is gone counts as failed, a failover begins or is given up, or
// others are to hear how far the stream is.
func (e *Engine) clusterDue() Time {
	k := e.cluster
	if k == nil {
		return Never
	}
	due := k.electAt
	for _, at := range [...]Time{k.manual.until, k.heldUntil} {
		if at != 0 {
			due = min(due, at)
		}
	}
	for _, n := range k.nodes[1:] {
		if n.gone != Never && !n.failed {
			due = min(due, later(n.gone, e.cfg.clusterTimeout))
		}
	}
	if len(k.nodes) > 1 && k.saidOffset != e.replicas.offset {
		due = min(due, k.saidAt+offsetInterval)
	}
	return due
}

// clusterTurn does what is due.
func (e *Engine) clusterTurn() {
	k, now := e.cluster, e.clock.host
	if k.manual.until != 0 && now >= k.manual.until {
		e.log(logWarning, "Manual failover timed out.")
		k.manual = manualFailover{}
	}
	if k.heldUntil != 0 && now >= k.heldUntil {
		e.endHold()
	}
	failed := false
	for _, n := range k.nodes[1:] {
		if n.gone != Never && !n.failed && now >= later(n.gone, e.cfg.clusterTimeout) {
			n.failed, failed = true, true
			e.log(logNotice, "Marking node "+n.id+" as failing.")
		}
	}
	if failed {
		e.planElection()
		e.clusterChanged()
	}
	if now >= k.electAt {
		k.electAt = Never
		if n := k.master(k.me()); n != nil && n.failed && n.slots > 0 {
			e.elect()
		}
	}
	if len(k.nodes) > 1 && k.saidOffset != e.replicas.offset && now >= k.saidAt+offsetInterval {
		e.ping()
	}
}

// planElection says when the engine takes its failed master's place: a replica that has more of the
// stream than another comes first.
func (e *Engine) planElection() {
	k, me := e.cluster, e.cluster.me()
	master := k.master(me)
	if master == nil || !master.failed || master.slots == 0 || e.cfg.clusterNoFailover {
		return
	}
	rank := Time(0)
	for _, n := range k.nodes[1:] {
		if n.masterID == master.id && n.gone == Never && !n.noFailover &&
			(n.offset > e.replicas.offset || n.offset == e.replicas.offset && n.id < me.id) {
			rank++
		}
	}
	k.electAt = e.clock.host + electionDelay + rank*electionRank
}

func cmdClusterFailover(c *Call) {
	e, k := c.e, c.e.cluster
	force := len(c.Args) == 3 && is(c.Args[2], "force")
	takeover := len(c.Args) == 3 && is(c.Args[2], "takeover")
	master := k.master(k.me())
	switch {
	case len(c.Args) == 3 && !force && !takeover:
		c.Error(ErrSyntax)
		return
	case k.me().masterID == "":
		c.Error("ERR You should send CLUSTER FAILOVER to a replica")
		return
	case master == nil:
		c.Error("ERR I'm a replica but my master is unknown to me")
		return
	case master.gone != Never && !force && !takeover:
		c.Error("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE")
		return
	}
	c.OK()
	switch {
	case takeover:
		e.log(logNotice, "Taking over the master (user request).")
		e.takeOver()
	case force:
		e.log(logNotice, "Forced failover user request accepted.")
		e.elect()
	default:
		e.log(logNotice, "Manual failover user request accepted.")
		k.manual = manualFailover{until: later(e.clock.host, manualFailoverTime)}
		e.sendBus("mfstart", master.id, "", nil)
	}
}
