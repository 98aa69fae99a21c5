package core

import (
	"slices"
	"strconv"
	"strings"
)

// replicas feeds the replicas: connections that asked with SYNC or PSYNC for all data, and that
// since then are sent every change as a command. What a command changes goes out as one, between
// MULTI and EXEC if it is several commands.
//
// The append-only file takes the same changes.
//
// A command is sent as its client wrote it, unless its handler calls Propagate: what depends on
// the time, on chance or on who waits is sent as what came of it.
type replicas struct {
	conns  []*conn
	on     bool           // somebody takes the changes
	db     int            // in which the stream stands; -1: the next command selects its own
	unit   []byte         // the changes of the command, transaction or script under way
	count  int            // how many commands these are
	apart  bool           // they have nothing to do with one another
	offset int64          // the bytes of the stream so far
	pingAt Time           // when the replicas must next hear a PING; Never without any
	asked  []*blockedCall // what waits for replicas to say how far they are
}

// Propagate sends the replicas a command in place of the one under way. It may be called several
// times.
func (c *Call) Propagate(name string, args ...[]byte) {
	r := &c.e.replicas
	if r.on {
		c.propagated = true
		r.add(c.db.id, name, args)
	}
}

// propagateNothing keeps the command under way from replicas, which get what Propagate gives them.
func (c *Call) propagateNothing() { c.propagated = true }

// propagateMessage sends the replicas the command under way, a message that changes nothing.
// Without replicas nobody needs it: the append-only file does not.
func (c *Call) propagateMessage() {
	if len(c.e.replicas.conns) > 0 {
		c.propagateAsIs()
	}
}

// propagateAsIs sends the replicas the command under way though it changes nothing.
func (c *Call) propagateAsIs() {
	if c.propagates() {
		c.Propagate(string(c.Args[0]), c.Args[1:]...)
	}
}

// propagates reports whether anybody is sent what changes: only then need it be put together.
func (c *Call) propagates() bool { return c.e.replicas.on }

// propagateSet sends the replicas a string that expires at an instant.
func (c *Call) propagateSet(key, value []byte, at int64) {
	if c.propagates() {
		c.Propagate("SET", key, value, []byte("PXAT"), decimal(at))
	}
}

// propagateExpiry sends the replicas the instant at which a key now expires.
func (c *Call) propagateExpiry(key []byte, at int64) {
	if c.propagates() {
		c.Propagate("PEXPIREAT", key, decimal(at))
	}
}

// takeDirty adds what a command has changed, unless that is done: dirty is the count of changes
// before it ran.
func (r *replicas) takeDirty(c *Call, dirty int64) {
	r.apart = c.cmd.Flags&TouchesArbitraryKeys != 0 && !c.conn.has(connExec|connScript)
	if c.propagated || c.e.persist.dirty == dirty {
		return
	}
	if c.cmd.Flags&(RunsQueue|RunsScripts) == 0 {
		r.add(c.db.id, string(c.Args[0]), c.Args[1:])
	}
}

// add adds a command to the changes under way.
func (r *replicas) add(db int, name string, args [][]byte) {
	if !r.on {
		return
	}
	if db != r.db {
		r.db = db
		r.unit = appendRequest(r.unit, "SELECT", [][]byte{strconv.AppendInt(nil, int64(db), 10)})
	}
	r.unit = appendRequest(r.unit, name, args)
	r.count++
}

// propagatePending sends what was added.
func (e *Engine) propagatePending() {
	r := &e.replicas
	several := r.count > 1 && !r.apart
	r.apart = false
	if r.count == 0 {
		return
	}
	if several {
		r.unit = append(r.unit, requestExec...)
	}
	if len(r.conns) > 0 {
		if several {
			e.feedReplicas([]byte(requestMulti))
		}
		e.feedReplicas(r.unit)
	}
	if e.aof.on {
		e.appendAOF(several, r.unit)
	}
	r.unit, r.count = r.unit[:0], 0
	if cap(r.unit) > outputKeepMax {
		r.unit = nil
	}
}

const (
	requestMulti = "*1\r\n$5\r\nMULTI\r\n"
	requestExec  = "*1\r\n$4\r\nEXEC\r\n"
)

// feedReplicas sends all replicas the same. Where there is none Redis counts one byte.
func (e *Engine) feedReplicas(b []byte) {
	if len(e.replicas.conns) == 0 {
		e.replicas.offset++
		return
	}
	e.replicas.offset += int64(len(b))
	for _, cl := range e.replicas.conns {
		if !cl.has(connClosing) {
			cl.w.Raw(b)
			e.flush(cl)
		}
	}
}

func (e *Engine) pingReplicas() {
	e.feedReplicas(appendRequest(nil, "PING", nil))
	e.replicas.pingAt = e.now + e.cfg.replPing
}

// goodReplicas counts the replicas that have been heard of within min-replicas-max-lag.
func (e *Engine) goodReplicas() int64 {
	n := int64(0)
	for _, cl := range e.replicas.conns {
		if e.lag(cl) <= e.cfg.minReplicasMaxLag {
			n++
		}
	}
	return n
}

// lag is how many seconds ago a replica was last heard of. As in Redis both are whole seconds.
func (e *Engine) lag(cl *conn) int64 { return int64(e.now/1e6) - int64(cl.replica.ackedAt/1e6) }

// have returns how many replicas have the stream up to an offset.
func (r *replicas) have(offset int64) int {
	n := 0
	for _, cl := range r.conns {
		if cl.replica.acked >= offset {
			n++
		}
	}
	return n
}

// askReplicas has the replicas say how far they are; a command that waits for it then runs again.
func (e *Engine) askReplicas(p *blockedCall) {
	r := &e.replicas
	r.asked = slices.DeleteFunc(r.asked, (*blockedCall).over)
	r.asked = append(r.asked, p)
	e.feedReplicas(appendRequest(nil, "REPLCONF", [][]byte{[]byte("GETACK"), []byte("*")}))
}

// acked notes how far a replica is.
func (e *Engine) acked(cl *conn, offset int64) {
	cl.replica.acked, cl.replica.ackedAt = offset, e.now
	for _, p := range slices.Clone(e.replicas.asked) {
		if !p.over() {
			e.retry(p)
		}
	}
	e.replicas.asked = slices.DeleteFunc(e.replicas.asked, (*blockedCall).over)
}

// over reports whether a command waits no longer.
func (p *blockedCall) over() bool { return p.conn.blocked != p }

// attach makes a connection a replica and sends it all data.
func (r *replicas) attach(c *Call) {
	image := c.e.image(nil, c.conn.replica.wants)
	c.Head('$', int64(len(image)))
	c.Raw(image)
	if c.conn.replica.imageOnly {
		c.e.hangup(c.conn)
		return
	}
	if len(r.conns) == 0 {
		r.pingAt = c.Now() + c.e.cfg.replPing
	}
	r.db = -1
	r.conns = append(r.conns, c.conn)
	c.e.propagationChanged()
	c.conn.flags |= connReplica
	c.conn.replica.ackedAt = c.Now()
}

// detach forgets a connection.
func (e *Engine) detach(cl *conn) {
	r := &e.replicas
	if i := slices.Index(r.conns, cl); i >= 0 {
		r.conns = slices.Delete(r.conns, i, i+1)
		e.propagationChanged()
	}
}

// propagationChanged notes whether anybody takes the changes, after that may have changed.
func (e *Engine) propagationChanged() {
	r := &e.replicas
	if len(r.conns) == 0 {
		r.pingAt = Never
	}
	r.on = e.aof.on || len(r.conns) > 0
	e.flags.set(enginePropagate, r.on)
}

// replica is what a connection says of itself before and after it is made a replica.
type replica struct {
	imageOnly bool     // REPLCONF rdb-only: the image is sent, and nothing behind it
	wants     imageUse // what image, after REPLCONF rdb-filter-only
	port      int64
	acked     int64 // how much of the stream it says it has
	ackedAt   Time  // when it last said so, or was made a replica
	awaits    int64 // how much of the stream the client's WAIT wants replicas to have
}

// peerIP is a connection's peer without its port.
func (cl *conn) peerIP() string {
	addr := cl.peer.Addr
	return addr[:max(0, strings.LastIndexByte(addr, ':'))]
}

// appendRequest appends a command as clients send it.
func appendRequest(dst []byte, name string, args [][]byte) []byte {
	dst = append(dst, '*')
	dst = strconv.AppendInt(dst, int64(len(args)+1), 10)
	dst = append(dst, "\r\n$"...)
	dst = strconv.AppendInt(dst, int64(len(name)), 10)
	dst = append(append(append(dst, "\r\n"...), name...), "\r\n"...)
	for _, arg := range args {
		dst = append(dst, '$')
		dst = strconv.AppendInt(dst, int64(len(arg)), 10)
		dst = append(append(append(dst, "\r\n"...), arg...), "\r\n"...)
	}
	return dst
}

// decimal writes a number as an argument of a command.
func decimal(n int64) []byte { return strconv.AppendInt(nil, n, 10) }
