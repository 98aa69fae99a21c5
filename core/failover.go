package core

import "strings"

// failover is a FAILOVER under way: this server is to change places with one of its replicas. First
// it takes no more writes and waits until a replica has all of the stream; then it follows that one
// and asks it, by PSYNC, to be a master from here on. Its instant is the host's.
type failover struct {
	_ [0]func() // not compared

	state failoverState
	host  string // of the replica, "" while any will do
	port  int64
	force bool // when the time is up the replica is taken as it is
	until Time // when the time is up, Never without a timeout
}

// failoverState is how far a FAILOVER is.
type failoverState uint8

const (
	failoverNone failoverState = iota
	failoverWaits
	failoverAsks
)

// word is what INFO says of it.
func (s failoverState) word() string {
	return wordAt("no-failover waiting-for-sync failover-in-progress", int(s))
}

// beginFailover stops writes for a failover.
func (e *Engine) beginFailover(f failover) {
	f.state = failoverWaits
	e.failover = f
	e.pauseChanged()
	e.failoverTurn()
}

// failoverDue is when the time of a failover is up.
func (e *Engine) failoverDue() Time {
	if e.failover.state != failoverWaits {
		return Never
	}
	return e.failover.until
}

// failoverTurn takes the replica that has all of the stream, if there is one.
func (e *Engine) failoverTurn() {
	f := &e.failover
	if f.state != failoverWaits {
		return
	}
	for _, cl := range e.replicas.conns {
		r := &cl.replica
		if f.host != "" && !cl.isReplica(f.host, f.port) || !r.online || cl.has(connClosing) ||
			r.acked != e.replicas.offset {
			continue
		}
		e.log(logNotice, "Failover target "+cl.replicaName()+" is synced, failing over.")
		e.failOver(cl.replicaIP(), r.port)
		return
	}
	switch {
	case e.clock.host < f.until:
	case f.force:
		e.log(logNotice, "Failover to "+f.host+":"+string(decimal(f.port))+
			" time out exceeded, failing over.")
		e.failOver(f.host, f.port)
	default:
		e.abortFailover("Replica never caught up before timeout")
	}
}

// isReplica tells whether a replica is the one at an address.
func (cl *conn) isReplica(host string, port int64) bool {
	return cl.replica.port == port && strings.EqualFold(cl.replicaIP(), host)
}

// failOver follows the replica that is to be the master.
func (e *Engine) failOver(host string, port int64) {
	f := &e.failover
	f.state, f.host, f.port = failoverAsks, host, port
	e.follow(host, port, true)
}

// abortFailover goes on as if there had been none.
func (e *Engine) abortFailover(why string) {
	f := &e.failover
	e.note(logNotice, "Aborting failover: ", why, "")
	asks := f.state == failoverAsks
	e.endFailover()
	if asks {
		e.lead()
	}
}

// endFailover lets writes go on.
func (e *Engine) endFailover() {
	if e.failover.state != failoverNone {
		e.failover = failover{}
		e.pauseChanged()
		e.resumePostponed()
	}
}

func cmdFailover(c *Call) {
	e := c.e
	if len(c.Args) == 2 && is(c.Args[1], "abort") {
		if e.failover.state == failoverNone {
			c.Error("ERR No failover in progress.")
			return
		}
		e.abortFailover("Failover manually aborted")
		c.OK()
		return
	}
	f, ok := c.failoverArgs()
	if !ok || !c.mayFailOver(&f) {
		return
	}
	c.OK()
	e.beginFailover(f)
}

// failoverArgs reads the options of FAILOVER.
func (c *Call) failoverArgs() (f failover, ok bool) {
	f.until = Never
	if c.e.cfg.clusterEnabled {
		c.Error("ERR FAILOVER not allowed in cluster mode.")
		return f, false
	}
	for i := 1; i < len(c.Args); i++ {
		more := len(c.Args) - i - 1
		switch arg := c.Args[i]; {
		case is(arg, "timeout") && more >= 1 && f.until == Never:
			i++
			ms, ok := c.ArgInt(i)
			if !ok {
				return f, false
			}
			if ms <= 0 {
				c.Error("ERR FAILOVER timeout must be greater than 0")
				return f, false
			}
			f.until = later(c.e.clock.host, Time(min(ms, int64(Never)/1000))*1000)
		case is(arg, "to") && more >= 2 && f.host == "":
			if f.port, ok = c.ArgInt(i + 2); !ok {
				return f, false
			}
			f.host = string(c.Args[i+1])
			i += 2
		case is(arg, "force") && !f.force:
			f.force = true
		default:
			c.Error(ErrSyntax)
			return f, false
		}
	}
	return f, true
}

// mayFailOver tells whether there is a replica to fail over to.
func (c *Call) mayFailOver(f *failover) bool {
	e, problem := c.e, ""
	there, online := f.host == "", f.host == ""
	for _, cl := range e.replicas.conns {
		if cl.isReplica(f.host, f.port) {
			there, online = true, cl.replica.online
		}
	}
	switch {
	case e.failover.state != failoverNone:
		problem = "ERR FAILOVER already in progress."
	case e.master != nil:
		problem = "ERR FAILOVER is not valid when server is a replica."
	case len(e.replicas.conns) == 0:
		problem = "ERR FAILOVER requires connected replicas."
	case f.force && (f.until == Never || f.host == ""):
		problem = "ERR FAILOVER with force option requires both a timeout and target HOST and IP."
	case !there:
		problem = "ERR FAILOVER target HOST and PORT is not a replica."
	case !online:
		problem = "ERR FAILOVER target replica is not online."
	default:
		e.log(logNotice, "FAILOVER requested.")
		return true
	}
	c.Error(problem)
	return false
}
