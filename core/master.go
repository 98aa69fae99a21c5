package core

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core/internal/resp"
)

// master is the server that this one follows as its replica: the link to it, by which all data came
// or are coming, and then the stream of its changes. What it says is not trusted: what is no stream
// ends the link, which is made anew.
//
// Where in the stream this server stands is what its own replicas are told: Engine.ids and
// replicas.offset. They grow by whole commands and transactions, so that a link that ends at any
// byte goes on behind the last of them. All instants are the host's: they are about the network.
type master struct {
	host   string
	port   int64
	state  linkState
	conn   *conn // to it, or nil
	tries  int   // connections that were asked for
	at     Time  // when there is something to do
	heard  Time  // when something last came
	down   Time  // since when the link is down, Never if it has not stood yet
	cached bool  // the stream so far may go on: its master is asked for the rest
	old    bool  // it knows SYNC alone: neither offsets nor a stream that goes on

	loading bool     // clients are told that data are being loaded
	line    []byte   // the beginning of a line
	awaited []string // what the master is yet to answer, before PSYNC
	image   masterImage
	applier
	raw []byte // the transaction under way, as it came
}

// masterImage is a copy of all data on its way.
type masterImage struct {
	id     string // of the stream
	offset int64  // of the stream behind it
	size   int64  // in bytes, or, with mark, as many as come before that
	mark   []byte
	buf    []byte
}

// linkState is how far a link to a master is.
type linkState uint8

const (
	linkConnect    linkState = iota // there is none: at says when it is tried
	linkConnecting                  // the host was asked for a connection
	linkPing                        // the master is yet to answer PING
	linkHandshake                   // it is yet to answer what this server says of itself
	linkPsync                       // it is yet to answer PSYNC
	linkHeader                      // it is to send all data, and is yet to say how much they are
	linkTransfer                    // it sends them
	linkUp                          // it sends its changes
)

// retryLink is how long after a failure the next link is tried, and how often a master hears how
// far this server is.
const retryLink Time = 1e6

// words are what ROLE says of a link.
func (s linkState) word() string {
	switch s {
	case linkConnect:
		return "connect"
	case linkConnecting:
		return "connecting"
	case linkHeader, linkTransfer:
		return "sync"
	case linkUp:
		return "connected"
	}
	return "handshake"
}

// follow makes this server the replica of another. goesOn says that the data stand in a stream that
// this one may go on with.
func (e *Engine) follow(host string, port int64, goesOn bool) {
	was := e.master
	m := &master{host: host, port: port, down: Never, applier: newApplier(e)}
	m.applier.master = true
	if was != nil {
		was.drop(true)
		m.cached, m.down = was.cached, was.down
		m.applier.conn.db = was.applier.conn.db
	} else {
		if m.cached = goesOn; goesOn {
			e.log(logNotice, "Before turning into a replica, using my own master parameters to "+
				"synthesize a cached master: I may be able to synchronize with the new master with "+
				"just a partial transfer.")
		}
		m.applier.conn.db = e.dbs[max(e.replicas.db, 0)]
		e.unblockAll()
	}
	e.master = m
	e.roleChanged()
	if was == nil {
		e.awaitExpiries()
	}
	m.dial("Connecting")
}

// lead makes this server a master, which goes on with the stream of the one that it followed, by
// another name.
func (e *Engine) lead() {
	m := e.master
	m.drop(true)
	e.master = nil
	e.shiftHistory()
	e.hangupReplicas()
	e.replicas.db, e.replicas.idleAt = -1, e.clock.host
	e.roleChanged()
	e.awaitExpiries()
}

// roleChanged notes whether this server is a replica.
func (e *Engine) roleChanged() {
	host := ""
	if m := e.master; m != nil {
		host = m.host + " " + string(decimal(m.port))
	}
	_ = e.cfg.change(findParameter([]byte("replicaof")), host)
	e.tellRole()
	e.flags.set(engineReplica, e.master != nil)
	e.propagationChanged()
	e.expiryChanged()
	e.memoryChanged()
}

// dial asks the host for a connection to the master. The log tells what it does.
func (m *master) dial(does string) {
	e := m.e
	m.tries++
	try, mine := m.tries, (*conn)(nil)
	m.state, m.heard = linkConnecting, e.clock.host
	m.plan(later(m.heard, e.cfg.replTimeout))
	e.log(logNotice, does+" to MASTER "+m.host+":"+string(decimal(m.port)))
	e.log(logNotice, "MASTER <-> REPLICA sync started")
	e.dial(m.address(), &link{
		opened: func(cl *conn) {
			if e.master != m || m.tries != try {
				e.hangup(cl)
				return
			}
			mine = cl
			m.opened(cl)
		},
		failed: func(why string) {
			if e.master == m && m.tries == try {
				m.failed("Error condition on socket for SYNC: " + why)
			}
		},
		arrived: func(cl *conn, data []byte) {
			if e.master == m && m.conn == cl {
				m.arrived(data)
			}
		},
		ended: func() {
			if e.master == m && m.conn != nil && m.conn == mine {
				m.lost()
			}
		},
	})
}

// address is where the master is.
func (m *master) address() string {
	return migrateAddress([]byte(m.host), decimal(m.port))
}

func (m *master) plan(at Time) { m.at = at }

// opened greets the master.
func (m *master) opened(cl *conn) {
	m.conn, m.state = cl, linkPing
	cl.peer = Conn{Addr: m.address(), Laddr: noAddr, FD: -1}
	m.say("PING")
	m.e.log(logNotice, "Non blocking connect for SYNC fired the event.")
	m.wait()
}

// say sends the master a command.
func (m *master) say(words ...string) {
	args := make([][]byte, 0, len(words))
	for _, word := range words[1:] {
		args = append(args, []byte(word))
	}
	m.conn.w.Raw(appendRequest(nil, words[0], args))
}

// wait gives the master its time once more.
//
//go:noinline
func (m *master) wait() {
	m.heard = m.e.clock.host
	if m.state != linkUp {
		m.plan(later(m.heard, m.e.cfg.replTimeout))
	}
}

// turn does what is due.
func (m *master) turn() {
	e := m.e
	switch late := e.clock.host >= later(m.heard, e.cfg.replTimeout); {
	case m.state == linkConnect:
		m.dial("Connecting")
	case m.state == linkUp && late:
		e.log(logWarning, "MASTER timeout: no data nor PING received...")
		m.drop(true)
		m.dial("Reconnecting")
	case m.state == linkUp:
		m.acknowledge()
		m.plan(e.clock.host + retryLink)
		e.flush(m.conn)
	case late && m.state < linkHeader:
		m.failed("Timeout connecting to the MASTER...")
	case late:
		m.failed("Timeout receiving bulk data from MASTER... If the problem persists try to set the " +
			"'repl-timeout' parameter in redis.conf to a larger value.")
	}
}

// acknowledge tells the master how far this server is, if it knows offsets.
func (m *master) acknowledge() {
	if m.old {
		return
	}
	offset := string(decimal(m.e.replicas.offset))
	if a := &m.e.aof; a.on {
		m.say("REPLCONF", "ACK", offset, "FACK", string(decimal(m.e.durableOffset())))
		return
	}
	m.say("REPLCONF", "ACK", offset)
}

// failed gives a link up for now.
func (m *master) failed(why string) {
	m.e.log(logWarning, why)
	m.drop(m.state == linkUp)
}

// lost goes on when the connection has ended.
func (m *master) lost() {
	up := m.state == linkUp
	if !up {
		m.e.log(logWarning, "I/O error reading from MASTER: connection lost")
	}
	m.drop(true)
	if up {
		m.dial("Reconnecting")
	}
}

// drop ends the link. What has not been applied of the stream is forgotten, to be sent again.
// keep says that the stream so far may go on.
func (m *master) drop(keep bool) {
	e, cl := m.e, m.conn
	if m.state == linkUp {
		e.log(logNotice, "Connection with master lost.")
		if m.cached = keep && !m.old; keep {
			e.log(logNotice, "Caching the disconnected master state.")
		}
		m.down = e.clock.host
	}
	m.endLoading()
	m.conn, m.state = nil, linkConnect
	m.tries++
	m.line, m.raw, m.awaited, m.image = nil, nil, nil, masterImage{}
	m.multi, m.queue, m.old = false, nil, false
	m.plan(e.clock.host + retryLink)
	if cl != nil {
		e.hangup(cl)
	}
}

// arrived takes what the master sent.
func (m *master) arrived(data []byte) {
	e, cl := m.e, m.conn
	e.stats.replIn += int64(len(data))
	e.stats.netIn += int64(len(data))
	cl.lastInput = e.now
	m.wait()
	if m.held() {
		m.keep(data)
		e.postponeOnce(cl)
		return
	}
	if len(cl.in) > 0 && m.state != linkUp {
		data, cl.in = append(cl.in, data...), nil
	}
	for m.conn == cl && (len(data) > 0 || m.state == linkUp && len(cl.in) > 0) {
		switch m.state {
		case linkUp:
			m.stream(data)
			return
		case linkTransfer:
			data = m.transfer(data)
		default:
			data = m.lines(data)
		}
	}
}

// held tells whether nothing is applied for now: while a script runs, and while CLIENT PAUSE holds
// up what clients write.
func (m *master) held() bool { return m.e.has(engineHeld) || m.e.pause.until != 0 }

// keep keeps what cannot be applied yet.
func (m *master) keep(data []byte) {
	if len(data) > 0 {
		m.e.keep(m.conn, data)
	}
}

// lines takes a line, and returns what is behind it.
func (m *master) lines(data []byte) []byte {
	n := bytes.IndexByte(data, '\n') + 1
	if n == 0 {
		n = len(data)
	}
	m.line = append(m.line, data[:n]...)
	switch whole := m.line[len(m.line)-1] == '\n'; {
	case len(m.line) > replyMax:
		m.failed("Bad protocol from MASTER: a line is too long")
	case whole:
		line := strings.TrimSpace(string(m.line))
		m.line = m.line[:0]
		if line != "" { // else it says that it is there
			m.answer(line)
		}
	}
	return data[n:]
}

// answer goes on with the handshake.
func (m *master) answer(line string) {
	e := m.e
	switch m.state {
	case linkPing:
		m.greeted(line)
	case linkHandshake:
		what := m.awaited[0]
		m.awaited = m.awaited[1:]
		switch {
		case line[0] != '-':
		case what == "AUTH":
			m.failed("Unable to AUTH to MASTER: " + line)
			return
		default:
			e.log(logNotice, "(Non critical) Master does not understand REPLCONF "+what+": "+line)
		}
		if len(m.awaited) == 0 {
			m.askForStream()
		}
	case linkPsync:
		m.answeredPsync(line)
	default:
		m.header(line)
	}
}

// greeted tells the master what it is to know of this server.
func (m *master) greeted(line string) {
	e, cfg := m.e, &m.e.cfg
	if line[0] != '+' && !strings.HasPrefix(line, "-NOAUTH") && !strings.HasPrefix(line, "-NOPERM") &&
		!strings.HasPrefix(line, "-ERR operation not permitted") {
		m.failed("Error reply to PING from master: '" + line + "'")
		return
	}
	e.log(logNotice, "Master replied to PING, replication can continue...")
	m.state = linkHandshake
	switch {
	case cfg.masterauth != "" && cfg.masteruser != "":
		m.await("AUTH", "AUTH", cfg.masteruser, cfg.masterauth)
	case cfg.masterauth != "":
		m.await("AUTH", "AUTH", cfg.masterauth)
	}
	port := cfg.port
	switch {
	case cfg.announcePort != 0:
		port = cfg.announcePort
	case cfg.tlsReplication:
		port = cfg.tlsPort
	}
	m.await("listening-port", "REPLCONF", "listening-port", string(decimal(port)))
	if cfg.announceIP != "" {
		m.await("ip-address", "REPLCONF", "ip-address", cfg.announceIP)
	}
	m.await("capa", "REPLCONF", "capa", "eof", "capa", "psync2")
}

// await sends the master a command by a name, under which its answer is awaited.
//
//go:noinline
func (m *master) await(name string, words ...string) {
	m.awaited = append(m.awaited, name)
	m.say(words...)
}

// askForStream asks for the rest of the stream so far, or for all.
func (m *master) askForStream() {
	m.state = linkPsync
	id, from := "?", "-1"
	if m.cached {
		id, from = m.e.ids.replication, string(decimal(m.e.replicas.offset+1))
		m.e.log(logNotice, "Trying a partial resynchronization (request "+id+":"+from+").")
	} else {
		m.e.log(logNotice, "Partial resynchronization not possible (no cached master)")
	}
	if m.e.failover.state == failoverAsks {
		m.say("PSYNC", id, from, "FAILOVER")
		return
	}
	m.say("PSYNC", id, from)
}

// answeredPsync begins what the master says that it sends.
func (m *master) answeredPsync(line string) {
	e := m.e
	word := strings.Fields(line)
	switch {
	case line[0] == '-' && e.failover.state == failoverAsks:
		e.abortFailover("Failover target rejected psync request")
	case word[0] == "+FULLRESYNC" && len(word) == 3 && len(word[1]) == len(noReplicationID):
		offset, err := strconv.ParseInt(word[2], 10, 64)
		if err != nil || offset < 0 {
			m.failed("Master replied with wrong +FULLRESYNC syntax.")
			return
		}
		e.log(logNotice, "Full resync from master: "+word[1]+":"+word[2])
		m.image.id, m.image.offset = word[1], offset
		m.state = linkHeader
		e.endFailover()
	case word[0] == "+CONTINUE" && m.cached:
		m.resumed(word[1:])
	case strings.HasPrefix(line, "-NOMASTERLINK"), strings.HasPrefix(line, "-LOADING"):
		m.failed("Master is currently unable to PSYNC but should be in the future: " + line)
	default:
		m.askForAll(line)
	}
}

// askForAll asks a master for all data that did not understand PSYNC.
func (m *master) askForAll(line string) {
	e := m.e
	if line[0] == '-' {
		e.log(logNotice, "Master does not support PSYNC or is in error state (reply: "+line+")")
	} else {
		e.log(logWarning, "Unexpected reply to PSYNC from master: "+line)
	}
	e.log(logNotice, "Retrying with SYNC...")
	m.cached, m.old, m.state = false, true, linkHeader
	m.conn.w.Raw([]byte("SYNC\r\n"))
}

// resumed goes on with the stream so far, which may have a new name.
func (m *master) resumed(name []string) {
	e := m.e
	e.log(logNotice, "Successful partial resynchronization with master.")
	if len(name) > 0 && len(name[0]) == len(noReplicationID) && name[0] != e.ids.replication {
		e.ids.second, e.ids.secondOffset = e.ids.replication, e.replicas.offset+1
		e.ids.replication = name[0]
		e.log(logNotice, "Master replication ID changed to "+name[0])
		e.hangupReplicas()
	}
	e.log(logNotice, "MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.")
	e.endFailover()
	m.up()
}

// up goes over to the stream of changes.
func (m *master) up() {
	e := m.e
	if !e.replicas.backlog.on {
		e.replicas.backlog.begin()
	}
	m.state, m.down, m.cached = linkUp, Never, true
	e.propagationChanged()
	m.plan(e.clock.host + retryLink)
	m.wait()
}

// header reads how much data are to come.
func (m *master) header(line string) {
	e, image := m.e, &m.image
	mark, streamed := strings.CutPrefix(line, "$EOF:")
	size, err := strconv.ParseInt(strings.TrimPrefix(line, "$"), 10, 64)
	switch {
	case line[0] == '-':
		m.failed("MASTER aborted replication with an error: " + line[1:])
		return
	case streamed && len(mark) == len(noReplicationID):
		image.mark = []byte(mark)
		e.log(logNotice, "MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to parser")
	case line[0] == '$' && err == nil && size >= 0:
		image.size = size
		e.log(logNotice, "MASTER <-> REPLICA sync: receiving "+string(decimal(size))+
			" bytes from master to parser")
	default:
		m.failed("Bad protocol from MASTER, the first byte is not '$' (we received '" + line +
			"'), are you sure the host and port are right?")
		return
	}
	m.state = linkTransfer
	m.beginLoading()
	if image.mark == nil && size == 0 {
		m.load()
	}
}

// disklessLoad is what repl-diskless-load says: whether a replica loads while it receives.
type disklessLoad int64

const (
	disklessNever    disklessLoad = iota // clients are served what there was meanwhile
	disklessOnEmpty                      // if there are no data
	disklessWithSwap                     // and the data stay, in case that the link breaks
)

// beginLoading has clients told that the data that begin to come are being loaded, where Redis
// would do so. The data of before are served only where they belong to the same stream.
func (m *master) beginLoading() {
	e := m.e
	switch e.cfg.disklessLoad {
	case disklessNever:
		return
	case disklessOnEmpty:
		if e.countKeys() > 0 {
			return
		}
	}
	swaps := e.cfg.disklessLoad == disklessWithSwap
	m.loading = true
	e.beginLoading(&loading{due: Never, total: m.image.size,
		async: swaps && !m.old && m.image.id == e.ids.replication})
}

// endLoading serves clients again.
func (m *master) endLoading() {
	if m.loading {
		m.loading = false
		m.e.endLoading()
	}
}

// transfer takes a piece of the data, and returns what is behind them.
func (m *master) transfer(data []byte) (rest []byte) {
	image := &m.image
	if image.mark == nil {
		n := min(int64(len(data)), image.size-int64(len(image.buf)))
		data, rest = data[:n], data[n:]
	}
	if !m.room(len(data)) {
		m.failed("MASTER <-> REPLICA sync: there is no memory for the data")
		return nil
	}
	from := max(0, len(image.buf)-len(image.mark))
	image.buf = append(image.buf, data...)
	if m.loading {
		m.e.loading.got = int64(len(image.buf))
	}
	if image.mark != nil {
		at := bytes.Index(image.buf[from:], image.mark)
		if at < 0 {
			return nil
		}
		at += from
		rest = data[len(data)-(len(image.buf)-at-len(image.mark)):]
		image.buf = image.buf[:at]
	} else if int64(len(image.buf)) < image.size {
		return nil
	}
	m.load()
	return rest
}

// room makes room for a piece of the data. When a ninth of data whose size is known is there, they
// get all of it.
func (m *master) room(n int) bool {
	image := &m.image
	have := len(image.buf)
	if have+n <= cap(image.buf) {
		return true
	}
	more := max(have, n)
	if left := image.size - int64(have); left > 0 {
		more = int(min(left, int64(max(inputTrust, 8*have, n))))
	}
	if !m.e.hasRoom(int64(have + more)) {
		return false
	}
	image.buf = append(make([]byte, 0, have+more), image.buf...)
	return true
}

// load puts the master's data in the place of all data.
func (m *master) load() {
	e, image := m.e, m.image
	m.image = masterImage{}
	m.endLoading()
	e.log(logNotice, "MASTER <-> REPLICA sync: Loading DB in memory")
	l := loader{e: e, clock: e.clock, random: e.random, keepExpired: true, foreign: true}
	if err := l.load(image.buf); err != nil {
		e.logBadImage(err)
		m.cached = false
		m.failed("Failed trying to load the MASTER synchronization DB, check server logs.")
		return
	}
	l.report()
	e.hangupReplicas()
	e.log(logNotice, "MASTER <-> REPLICA sync: Flushing old data")
	if e.cfg.replicaLazyFlush {
		for _, d := range e.dbs {
			e.stats.lazyfreed += int64(d.keys.Len())
		}
	}
	l.commit()
	e.replicas.backlog.begin()
	if m.old {
		e.newHistory()
	} else {
		e.ids.replication, e.replicas.offset = image.id, image.offset
		e.ids.second, e.ids.secondOffset = noReplicationID, -1
	}
	m.applier.conn.db = e.dbs[l.at.db]
	m.up()
	if e.aof.durable = 0; e.aof.on {
		e.rewriteFirst()
	}
	e.log(logNotice, "MASTER <-> REPLICA sync: Finished with success")
	m.acknowledge()
	e.handleBlockedOnKeys()
}

// stream takes a piece of the stream of changes.
func (m *master) stream(data []byte) {
	e, cl := m.e, m.conn
	kept := len(cl.in) > 0
	if kept {
		if m.keep(data); cl.has(connClosing) {
			return
		}
		data = cl.in
	}
	n := m.run(data)
	switch {
	case m.conn != cl || cl.has(connClosing):
	case !kept:
		m.keep(data[n:])
	case n == len(data) && cap(cl.in) > inputKeepMax:
		cl.in = nil
	default:
		cl.in = cl.in[:copy(cl.in, data[n:])]
	}
	e.countClient(cl, cl.bytes())
	e.manualTurn()
}

// run applies the commands that are complete, and returns how many bytes they took.
func (m *master) run(buf []byte) (done int) {
	e, cl := m.e, m.conn
	lim := resp.Limits{BulkMax: e.cfg.protoMaxBulkLen}
	for n := 0; m.conn == cl && !cl.has(connClosing); n++ {
		if m.held() {
			e.postponeOnce(cl)
			return done
		}
		if done < len(buf) && bytes.IndexByte([]byte("*\r\n"), buf[done]) < 0 {
			e.log(logWarning, "WARNING: Receiving inline protocol from master, master stream corruption? "+
				"Closing the master connection and discarding the cached master.")
			m.drop(false)
			return len(buf)
		}
		size, status := cl.reader.Next(buf[done:], lim)
		switch status {
		case resp.Partial:
			return done
		case resp.Malformed:
			e.log(logWarning, "Protocol error from master: "+cl.reader.Problem)
			m.drop(false)
			return len(buf)
		default:
			if e.came(size); e.mem.full || !e.hasRoom(2*int64(size)) {
				e.log(logWarning, "There is no memory for what MASTER sends.")
				m.drop(true)
				return len(buf)
			}
			m.request(cl.reader.Args, buf[done:done+size])
			cl.reader.Release()
		}
		done += size
		e.yieldIn(n)
	}
	return done
}

// request applies a command, and passes on what is whole: a command or a transaction.
func (m *master) request(args [][]byte, raw []byte) {
	e := m.e
	e.stats.processed++
	m.change(args)
	switch {
	case m.multi:
		m.raw = append(m.raw, raw...)
	case len(m.raw) > 0:
		e.feedReplicas(append(m.raw, raw...))
		m.raw = nil
	default:
		e.feedReplicas(raw)
	}
}

// change applies a command at a time at which nothing expires.
func (m *master) change(args [][]byte) {
	e := m.e
	e.aof.replayed = e.now
	e.setNow(e.now)
	was := e.runAs(&m.applier.conn)
	if problem := m.command(args); problem != "" {
		e.log(logWarning, "== CRITICAL == This replica is sending an error to its master: '"+
			strings.TrimRight(problem, "\r\n")+"' after processing the command '"+
			clip(args[0], 128)+"'")
	}
	e.runAs(was)
	e.propagatePending()
	e.aof.replayed = 0
	e.setNow(e.now)
	if !m.multi {
		e.handleBlockedOnKeys()
	}
}
