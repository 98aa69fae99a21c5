package core

import (
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/lua"
	"github.com/redlet/redlet/core/internal/small"
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
	conns []*conn
	on    bool // somebody takes the changes
	backlog
	db     int            // in which the stream stands; -1: the next command selects its own
	unit   []byte         // the changes of the command, transaction or script under way
	count  int            // how many commands these are
	spared int            // who is not told, of lua.ReplAOF and lua.ReplReplica: redis.set_repl
	file   *changes       // what the append-only file is told instead; nil for the same
	apart  bool           // they have nothing to do with one another
	offset int64          // the bytes of the stream so far
	pingAt Time           // when the replicas must next hear a PING; Never without any
	asked  []*blockedCall // what waits for replicas to say how far they are
	syncAt Time           // when those that wait for all data get them, by the host's clock; Never
	// delayed says that the data are on their way to those that wait for them: see save.
	delayed bool
	held    *heldData // what some of them are to be sent then; nil for all data of that time
	idleAt  Time      // since when there has been none, by the host's clock; Never
}

// heldData are all data of an instant, and the stream behind it: what replicas wait for that have
// been told already that data come. As in Redis they are not, while the data are made for others.
type heldData struct {
	image, since []byte
}

// changes are commands that somebody is told of.
type changes struct {
	unit  []byte
	count int
}

// Propagate sends the replicas a command in place of the one under way. It may be called several
// times.
//
//go:noinline
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
	if c.e.leads() {
		c.propagateAsIs()
	}
}

// propagateAsIs sends the replicas the command under way though it changes nothing.
//
//go:noinline
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

// propagateExpiry sends the replicas the instant at which a key now expires, and conditions that
// have held.
func (c *Call) propagateExpiry(key []byte, at int64, conditions ...[]byte) {
	if c.propagates() {
		c.Propagate("PEXPIREAT", append([][]byte{key, decimal(at)}, conditions...)...)
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
	if r.spared != 0 && r.file == nil {
		r.file = &changes{slices.Clone(r.unit), r.count}
	}
	if db != r.db {
		r.db = db
		r.put(lua.ReplAll, "SELECT", [][]byte{appendInt(nil, int64(db))})
	}
	told := lua.ReplAll &^ r.spared
	r.put(told, name, args)
	if told&lua.ReplReplica != 0 {
		r.count++
	}
	if r.file != nil && told&lua.ReplAOF != 0 {
		r.file.count++
	}
}

// put adds a command to what some are told.
func (r *replicas) put(told int, name string, args [][]byte) {
	if told&lua.ReplReplica != 0 {
		r.unit = appendRequest(r.unit, name, args)
	}
	if r.file != nil && told&lua.ReplAOF != 0 {
		r.file.unit = appendRequest(r.file.unit, name, args)
	}
}

// growth is how much memory it takes that what was added grows by more bytes: it is moved, and
// waits twice more, to be appended or sent and in what the host takes.
func (r *replicas) growth(more int) int64 {
	if n := len(r.unit) + more; n > cap(r.unit) {
		return 4 * int64(n)
	}
	return 0
}

// propagatePending sends what was added.
func (e *Engine) propagatePending() {
	r := &e.replicas
	apart := r.apart
	r.apart = false
	if len(r.unit) == 0 && r.file == nil {
		return
	}
	several := r.count > 1 && !apart
	if several {
		r.unit = append(r.unit, requestExec...)
	}
	switch {
	case e.leads() && len(r.unit) > 0:
		if several {
			e.feedReplicas([]byte(requestMulti))
		}
		e.feedReplicas(r.unit)
	case e.master == nil: // as in Redis, which counts commands where there is no backlog
		if r.offset += int64(r.count); several {
			r.offset += 2
		}
	}
	unit := r.unit
	if r.file != nil {
		if unit, several = r.file.unit, r.file.count > 1 && !apart; several {
			unit = append(unit, requestExec...)
		}
		r.file = nil
	}
	if e.aof.on && len(unit) > 0 {
		e.appendAOF(several, unit)
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

// leads tells whether changes are sent to replicas. Those of a replica get its master's stream.
func (e *Engine) leads() bool { return e.replicas.backlog.on && e.master == nil }

// feedReplicas sends all replicas a piece of the stream. Without a backlog Redis counts one byte.
func (e *Engine) feedReplicas(b []byte) {
	r := &e.replicas
	if !r.backlog.on {
		r.offset++
		return
	}
	r.offset += int64(len(b))
	r.backlog.add(e, b)
	e.holdBack(b)
	for _, cl := range r.conns {
		if cl.replica.online && !cl.has(connClosing) {
			e.stats.replOut += int64(len(b))
			cl.w.Raw(b)
			e.flush(cl)
		}
	}
}

// pingReplicas lets the replicas know that the link stands: those of a replica hear its master, and
// those that wait for data get a line feed.
func (e *Engine) pingReplicas() {
	r := &e.replicas
	for _, cl := range r.conns {
		if !cl.replica.online && !cl.replica.held && !cl.has(connClosing) {
			cl.w.Raw([]byte("\n"))
			e.flush(cl)
		}
	}
	if e.master == nil && e.failover.state == failoverNone {
		e.feedReplicas(appendRequest(nil, "PING", nil))
	}
	r.pingAt = e.now + e.cfg.replPing
}

// goodReplicas counts the replicas that have been heard of within min-replicas-max-lag.
func (e *Engine) goodReplicas() int64 {
	n := int64(0)
	for _, cl := range e.replicas.conns {
		if cl.replica.online && e.lag(cl) <= e.cfg.minReplicasMaxLag {
			n++
		}
	}
	return n
}

// lag is how many seconds ago a replica was last heard of. As in Redis both are whole seconds.
//
//go:noinline
func (e *Engine) lag(cl *conn) int64 { return int64(e.now/1e6) - int64(cl.replica.ackedAt/1e6) }

// have returns how many replicas have the stream up to an offset.
func (r *replicas) have(offset int64) int {
	n := 0
	for _, cl := range r.conns {
		if cl.replica.online && cl.replica.acked >= offset {
			n++
		}
	}
	return n
}

// durable returns how many replicas have the stream up to an offset on their disks.
func (r *replicas) durable(offset int64) int {
	n := 0
	for _, cl := range r.conns {
		if cl.replica.online && cl.replica.fsynced >= offset {
			n++
		}
	}
	return n
}

// askReplicas has the replicas say how far they are; a command that waits for it then runs again.
func (e *Engine) askReplicas(p *blockedCall) {
	r := &e.replicas
	r.asked = small.DeleteFunc(r.asked, (*blockedCall).over)
	r.asked = append(r.asked, p)
	e.feedReplicas(getAck())
}

// getAck asks replicas how far they are.
func getAck() []byte {
	return appendRequest(nil, "REPLCONF", [][]byte{[]byte("GETACK"), []byte("*")})
}

// acked notes how far a replica is.
func (e *Engine) acked(cl *conn, offset int64) {
	cl.replica.acked, cl.replica.ackedAt = max(offset, cl.replica.acked), e.now
	cl.replica.heard = e.clock.host
	e.failoverTurn()
	e.endingTurn()
	e.retryAsked()
}

// retryAsked runs commands again that wait for replicas, or for the disk.
func (e *Engine) retryAsked() {
	for _, p := range slices.Clone(e.replicas.asked) {
		if !p.over() {
			e.retry(p)
		}
	}
	e.replicas.asked = small.DeleteFunc(e.replicas.asked, (*blockedCall).over)
}

// over reports whether a command waits no longer.
func (p *blockedCall) over() bool { return p.conn.blocked != p }

// attach makes a connection a replica that is to be sent all data: at once or, where its master
// waits for more replicas to come, with those.
func (r *replicas) attach(c *Call, psync bool) {
	e, cl := c.e, c.conn
	e.stats.syncFull++
	cl.replica.psync, cl.replica.online = psync, false
	if cl.replica.imageOnly {
		if !e.hasRoomForImage() {
			e.outOfRoom(cl, "image")
			return
		}
		e.sendImage(cl)
		e.hangup(cl)
		return
	}
	e.addReplica(cl)
	e.note(logNotice, "Full resync requested by replica ", cl.replicaName(), "")
	if !r.backlog.on {
		e.newHistory()
		r.backlog.begin()
		e.propagationChanged()
		e.log(logNotice, "Replication backlog created, my new replication IDs are '"+
			e.ids.replication+"' and '"+noReplicationID+"'")
	}
	if delay := e.cfg.syncDelay; !cl.replica.eof || !e.cfg.diskless || delay == 0 ||
		r.waiting() == e.cfg.syncReplicas {
		e.syncReplicas()
	} else {
		r.syncAt = min(r.syncAt, e.clock.host+delay)
		e.log(logNotice, "Delay next BGSAVE for diskless SYNC")
	}
}

// addReplica counts a connection among the replicas.
func (e *Engine) addReplica(cl *conn) {
	r := &e.replicas
	if len(r.conns) == 0 {
		r.pingAt = e.now + e.cfg.replPing
	}
	r.conns = append(r.conns, cl)
	r.idleAt = Never
	e.countClient(cl, 0)
	cl.flags |= connReplica
	e.countClient(cl, cl.bytes())
	cl.replica.ackedAt, cl.replica.heard = e.now, e.clock.host
	e.propagationChanged()
}

// waiting counts the replicas that are yet to be sent all data.
func (r *replicas) waiting() int64 {
	n := int64(0)
	for _, cl := range r.conns {
		if !cl.replica.online {
			n++
		}
	}
	return n
}

// syncReplicas sends all data to the replicas that wait for them, when rdb-key-save-delay is over.
func (e *Engine) syncReplicas() {
	r, p := &e.replicas, &e.persist
	r.syncAt = Never
	if r.delayed || r.waiting() == 0 {
		return // those who come later are sent the data with the others
	}
	e.stats.forks++
	if due := e.now + e.saveDelay(); due > e.now {
		r.delayed, p.tried = true, e.now
		e.announceData()
		p.pending = append(p.pending, &save{background: true, replicas: true, delayed: true, due: due,
			begun: e.now})
		return
	}
	e.sendImages()
}

// announceData tells those replicas that data come which need not know how much they are, and keeps
// the data of this instant: a replica that loads what it receives (repl-diskless-load) begins.
func (e *Engine) announceData() {
	r := &e.replicas
	if !e.cfg.diskless || !e.hasRoomForImage() {
		return
	}
	mark := hex40(&e.ids.names)
	for _, cl := range r.conns {
		if cl.replica.online || !cl.replica.eof || !cl.replica.psync || cl.has(connClosing) {
			continue
		}
		if r.held == nil {
			if e.master == nil {
				r.db = -1
			}
			r.held = &heldData{image: append(e.image(nil, cl.replica.wants), mark...)}
		}
		e.saysFullResync(cl)
		cl.w.Raw([]byte("$EOF:" + mark + "\r\n"))
		cl.replica.held = true
		e.flush(cl)
	}
}

// holdBack keeps a piece of the stream for replicas whose data are held up, within the limit that
// there is for the output of each.
func (e *Engine) holdBack(b []byte) {
	h := e.replicas.held
	if h == nil {
		return
	}
	h.since = append(h.since, b...)
	hard := e.cfg.outputLimits[limitReplica].hard
	if hard > 0 && int64(len(h.since)) > hard || e.mem.full || !e.hasRoom(int64(len(h.since))) {
		e.log(logWarning, "Replicas wait for data while more changes than the limit of their output.")
		e.dropHeld()
	}
}

// dropHeld ends the links of the replicas that wait for data of an instant, and forgets these.
func (e *Engine) dropHeld() {
	r := &e.replicas
	if r.held == nil {
		return
	}
	r.held = nil
	for _, cl := range slices.Clone(r.conns) {
		if cl.replica.held {
			e.hangup(cl)
		}
	}
}

// sendHeld sends a replica that was told that data come the data, and what has changed since.
func (e *Engine) sendHeld(cl *conn) {
	h := e.replicas.held
	cl.replica.held, cl.replica.image = false, len(h.image)
	cl.w.Raw(h.image)
	cl.w.Raw(h.since)
}

// sendImages sends all data to the replicas that wait for them, now.
func (e *Engine) sendImages() {
	r := &e.replicas
	r.delayed = false
	if e.master == nil {
		r.db = -1
	}
	for _, cl := range slices.Clone(r.conns) {
		if cl.replica.online || cl.has(connClosing) {
			continue
		}
		switch {
		case cl.replica.held:
			e.sendHeld(cl)
		case !e.hasRoomForImage():
			e.outOfRoom(cl, "copy of the data")
			continue
		default:
			e.sendImage(cl)
		}
		cl.replica.online = true
		e.flush(cl)
		e.note(logNotice, "Synchronization with replica ", cl.replicaName(), " succeeded")
	}
	r.held = nil
	if e.cluster != nil { // or a replica with nothing of a stream yet counts as one that still loads
		e.pingReplicas()
	}
}

// saysFullResync tells a replica where in the stream the data stand that it gets.
func (e *Engine) saysFullResync(cl *conn) {
	cl.w.Status("FULLRESYNC " + e.ids.replication + " " + string(decimal(e.replicas.offset)))
}

// sendImage sends all data, and first where in the stream they stand if the replica knows offsets.
func (e *Engine) sendImage(cl *conn) {
	if cl.replica.psync {
		e.saysFullResync(cl)
	}
	image := e.image(nil, cl.replica.wants)
	cl.w.Head('$', int64(len(image)))
	cl.replica.image = len(image)
	cl.w.Raw(image)
}

// resumes sends a replica that was away what it has missed, if it is there. The replica names the
// stream and the offset of the first byte that it lacks.
func (e *Engine) resumes(cl *conn, id string, from int64) bool {
	r := &e.replicas
	kept := e.backlogKept()
	missed := r.offset + 1 - from
	switch {
	case id != e.ids.replication && (id != e.ids.second || from > e.ids.secondOffset):
		if id != "?" {
			e.log(logNotice, "Partial resynchronization not accepted: Replication ID mismatch (Replica "+
				"asked for '"+clip([]byte(id), 128)+"', my replication IDs are '"+e.ids.replication+
				"' and '"+e.ids.second+"')")
		}
		return false
	case !r.backlog.on, missed < 0, missed > int64(len(kept)):
		e.log(logNotice, "Unable to partial resync with replica "+cl.replicaName()+
			" for lack of backlog (Replica request was: "+string(decimal(from))+").")
		return false
	}
	e.addReplica(cl)
	cl.replica.online = true
	if cl.replica.psync2 {
		cl.w.Status("CONTINUE " + e.ids.replication)
	} else {
		cl.w.Status("CONTINUE")
	}
	cl.w.Raw(kept[int64(len(kept))-missed:])
	e.log(logNotice, "Partial resynchronization request from "+cl.replicaName()+" accepted. Sending "+
		string(decimal(missed))+" bytes of backlog starting from offset "+string(decimal(from))+".")
	return true
}

// streamPlace is a place in a stream of changes, at which the data of an RDB file stand.
type streamPlace struct {
	id     string // "" if the file does not tell
	offset int64
	db     int // which the stream has selected
}

// streamDB is the database that the stream has selected.
func (e *Engine) streamDB() int {
	if e.master != nil {
		return e.master.applier.conn.db.id
	}
	return max(0, e.replicas.db)
}

// goesOn has this server, which has loaded data, go on with the stream in which they stand: as one
// that has had that name until here, or as a replica that may ask for the rest. A master's replicas
// are yet to hear of the keys that have gone meanwhile.
func (e *Engine) goesOn(at *streamPlace, gone []goneKey) {
	if at.id == "" {
		return
	}
	e.aof.loading.placed = true
	e.replicas.offset = at.offset
	e.replicas.db = at.db
	if e.startsAsReplica() {
		e.ids.replication = at.id
		return
	}
	e.ids.second, e.ids.secondOffset = at.id, at.offset+1
	e.replicas.db = -1
	e.replicas.backlog.begin()
	e.replicas.idleAt = e.clock.host
	e.propagationChanged()
	for _, k := range gone {
		e.replicas.add(k.db, removalName(e.cfg.lazyExpire), [][]byte{k.key})
		e.propagatePending()
	}
}

// startsAsReplica tells whether the server follows another once its data are loaded.
func (e *Engine) startsAsReplica() bool {
	return e.cfg.masterHost != "" || e.cluster != nil && e.cluster.me().masterID != ""
}

// newHistory gives the stream a name of its own.
//
//go:noinline
func (e *Engine) newHistory() {
	e.ids.replication = hex40(&e.ids.names)
	e.ids.second, e.ids.secondOffset = noReplicationID, -1
}

// shiftHistory gives the stream a new name that goes on from here, and remembers the old one.
func (e *Engine) shiftHistory() {
	id := e.ids.replication
	e.newHistory()
	e.ids.second, e.ids.secondOffset = id, e.replicas.offset+1
	e.log(logNotice, "Setting secondary replication ID to "+id+", valid up to offset: "+
		string(decimal(e.ids.secondOffset))+". New replication ID is "+e.ids.replication)
}

// detach forgets a connection.
func (e *Engine) detach(cl *conn) {
	r := &e.replicas
	if i := slices.Index(r.conns, cl); i >= 0 {
		r.conns = small.Delete(r.conns, i, i+1)
		e.note(logNotice, "Connection with replica ", cl.replicaName(), " lost.")
		if len(r.conns) == 0 {
			r.idleAt = e.clock.host
		}
		e.propagationChanged()
		if r.delayed && r.waiting() == 0 && len(e.cfg.save) == 0 { // nobody has any use for them
			r.delayed, r.held = false, nil
			p := &e.persist
			p.pending = small.DeleteFunc(p.pending, func(s *save) bool { return s.replicas })
			e.aof.plan(e)
		}
		e.endingTurn()
	}
}

// hangupReplicas ends the links of all replicas: what follows is another stream.
func (e *Engine) hangupReplicas() {
	for _, cl := range slices.Clone(e.replicas.conns) {
		e.hangup(cl)
	}
}

// networkDue is when replicas next want something by the host's clock: the data that they wait for,
// an end since they are not heard of, or the end of a backlog that nobody has asked for.
func (r *replicas) networkDue(e *Engine) Time {
	due := r.syncAt
	for _, cl := range r.conns {
		if !cl.has(connClosing) && cl.replica.online {
			due = min(due, later(cl.replica.heard, e.cfg.replTimeout))
		}
	}
	if r.backlog.on && e.master == nil && e.cfg.backlogTTL > 0 && r.idleAt != Never {
		due = min(due, later(r.idleAt, e.cfg.backlogTTL))
	}
	return due
}

// later is an instant that lies so much behind another one, Never at the most.
func later(t, d Time) Time { return t + min(d, Never-t) }

// networkTurn does what is due.
func (r *replicas) networkTurn(e *Engine) {
	host := e.clock.host
	if host >= r.syncAt {
		e.syncReplicas()
	}
	for _, cl := range slices.Clone(r.conns) {
		late := host >= later(cl.replica.heard, e.cfg.replTimeout)
		if late && cl.replica.online && !cl.has(connClosing) {
			e.note(logWarning, "Disconnecting timedout replica (streaming sync): ", cl.replicaName(), "")
			e.hangup(cl)
		}
	}
	if r.idleAt != Never && e.master == nil && e.cfg.backlogTTL > 0 &&
		host >= later(r.idleAt, e.cfg.backlogTTL) {
		r.idleAt = Never
		if r.backlog.on {
			e.newHistory()
			r.backlog.end()
			e.propagationChanged()
			e.log(logNotice, "Replication backlog freed after "+
				string(decimal(int64(e.cfg.backlogTTL/1e6)))+" seconds without connected replicas.")
		}
	}
}

// propagationChanged notes whether anybody takes the changes, after that may have changed.
//
//go:noinline
func (e *Engine) propagationChanged() {
	r := &e.replicas
	if len(r.conns) == 0 {
		r.pingAt = Never
	}
	r.on = e.aof.on || e.leads()
	e.flags.set(enginePropagate, r.on)
}

// replica is what a connection says of itself before and after it is made a replica.
type replica struct {
	_ [0]func() // not compared

	imageOnly bool     // REPLCONF rdb-only: the image is sent, and nothing behind it
	wants     imageUse // what image, after REPLCONF rdb-filter-only
	ip        string   // that it announces, "" if none
	port      int64
	eof       bool  // it takes an image of unknown length: what Redis waits for others with
	psync2    bool  // it follows a stream whose name changes
	psync     bool  // it knows offsets
	held      bool  // it was told that data come, which replicas.held has
	online    bool  // all data were sent to it, and it is sent the stream
	image     int   // how much of the data is still among the output
	acked     int64 // how much of the stream it says it has
	fsynced   int64 // how much of it is on its disk
	ackedAt   Time  // when it last said so, or was made a replica
	heard     Time  // the same by the host's clock
	wrote     int64 // where the stream stood behind the client's last command
	awaits    int64 // how much of it the client's WAIT wants replicas to have
}

// word is what INFO says of how far it is.
func (r *replica) word() string {
	if r.online {
		return "online"
	}
	return "wait_bgsave"
}

// replicaIP is the address of a replica.
//
//go:noinline
func (cl *conn) replicaIP() string {
	if cl.replica.ip != "" {
		return cl.replica.ip
	}
	return cl.peerIP()
}

// replicaName is a replica's address as the log tells it.
func (cl *conn) replicaName() string {
	return cl.replicaIP() + ":" + string(decimal(cl.replica.port))
}

// peerIP is a connection's peer without its port.
//
//go:noinline
func (cl *conn) peerIP() string {
	addr := cl.peer.Addr
	return addr[:max(0, strings.LastIndexByte(addr, ':'))]
}

// appendRequest appends a command as clients send it.
func appendRequest(dst []byte, name string, args [][]byte) []byte {
	dst = append(dst, '*')
	dst = appendInt(dst, int64(len(args)+1))
	dst = append(dst, "\r\n$"...)
	dst = appendInt(dst, int64(len(name)))
	dst = append(append(append(dst, "\r\n"...), name...), "\r\n"...)
	for _, arg := range args {
		dst = append(dst, '$')
		dst = appendInt(dst, int64(len(arg)))
		dst = append(append(append(dst, "\r\n"...), arg...), "\r\n"...)
	}
	return dst
}

// decimal writes a number as an argument of a command.
//
//go:noinline
func decimal(n int64) []byte { return appendInt(nil, n) }
