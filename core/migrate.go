package core

import (
	"bytes"
	"strings"

	"github.com/redlet/redlet/core/internal/small"
)

const (
	errMigrateConnect = "IOERR error or timeout connecting to the client"
	errMigrateWrite   = "IOERR error or timeout writing to target instance"
	errMigrateRead    = "IOERR error or timeout reading to target instance"
)

// migration is a MIGRATE under way. Its timeout goes by the host's clock: it is about the network,
// and nobody could turn a clock that stands still.
type migration struct {
	e       *Engine
	address string
	auth    []byte // the command AUTH, if one is sent
	db      int64
	request []byte // what is sent behind AUTH and SELECT
	greets  int    // how many replies come before those to keys
	keys    [][]byte
	copies  bool

	timeout  Time
	deadline Time  // of the host's clock
	conn     *conn // to the other server, once it stands
	retried  bool

	line    []byte // the beginning of a reply
	replies int
	refused bool     // the other server will not have us: no key moves
	moved   [][]byte // keys that are to go here
	problem string   // what it said first that is an error; "" if nothing is
	failure string   // why the migration failed
	over    bool

	instead func(c *Call) // answers a command that moves no keys, but waits as MIGRATE does
}

// begin begins to move keys for a command.
func (m *migration) begin(c *Call) {
	m.e.migration = m
	m.connect()
	m.await(c)
}

// await has the command, and everybody with it, wait until the migration is over.
func (m *migration) await(c *Call) {
	s := &m.e.scripts
	m.e.migration = m
	if s.task != nil {
		s.pending = true
		return
	}
	s.now = m.e.now
	c.suspend(c.Len(), "")
}

// answer removes the keys that have moved and answers the command.
func (m *migration) answer(c *Call) {
	c.migrated(m.moved)
	switch {
	case m.failure != "":
		c.Error(m.failure)
	case m.instead != nil:
		m.instead(c)
	case m.problem != "":
		c.Error("ERR Target instance replied with error: " + m.problem)
	default:
		c.OK()
	}
}

// connect takes the connection that an earlier migration has left open, or has one made. One that
// has ended since counts for the first try, as in Redis, which finds out now.
func (m *migration) connect() {
	s := m.e.takeSocket(m.address)
	if s != nil && s.conn != nil {
		s.conn.link = m.link()
		m.say(s.conn, s.selected)
		m.e.flush(s.conn)
		return
	}
	m.retried = s != nil
	m.dial()
}

func (m *migration) dial() {
	m.conn, m.line, m.replies, m.problem, m.refused = nil, nil, 0, "", false
	m.wait()
	m.e.dial(m.address, m.link())
}

//go:noinline
func (m *migration) link() *link {
	return &link{opened: m.opened, failed: m.unreachable, arrived: m.arrived, ended: m.ended}
}

// wait gives the other server its time once more.
//
//go:noinline
func (m *migration) wait() { m.deadline = m.e.clock.host + min(m.timeout, Never-m.e.clock.host) }

// waits tells whether there is nothing to do before an instant of the host's clock but to wait.
func (m *migration) waits(host Time) bool {
	if m != nil && !m.over && host >= m.deadline {
		if m.conn == nil {
			m.fail(errMigrateConnect)
		} else {
			m.fail(errMigrateRead)
		}
	}
	return m != nil && !m.over
}

// due is the instant of the host's clock at which there is something to do, at the latest.
func (m *migration) due(host Time) Time {
	if m == nil || m.over {
		return host
	}
	return m.deadline
}

// fail ends the migration for a reason.
//
//go:noinline
func (m *migration) fail(why string) {
	m.failure = why
	m.end()
}

func (m *migration) end() {
	m.over = true
	switch {
	case m.conn == nil:
	case m.failure != "":
		m.e.hangup(m.conn)
	case m.problem != "":
		m.e.leaveSocket(m.address, m.conn, -1)
	default:
		m.e.leaveSocket(m.address, m.conn, m.db)
	}
}

func (m *migration) opened(cl *conn) {
	if m.over {
		m.e.hangup(cl)
		return
	}
	m.say(cl, -1)
}

// say sends everything over a connection that is at a database.
func (m *migration) say(cl *conn, selected int64) {
	m.conn, m.greets = cl, 0
	m.wait()
	if m.auth != nil {
		m.greets++
		cl.w.Raw(m.auth)
	}
	if m.db != selected { // -1 is known as that, too, to Redis
		m.greets++
		cl.w.Raw(appendRequest(nil, "SELECT", [][]byte{decimal(m.db)}))
	}
	cl.w.Raw(m.request)
}

// unreachable says why there is no connection. Redis notes only when it writes that the far end has
// refused it, and has one word for all else, to which the host's reason is added: a page may have
// no sockets at all.
func (m *migration) unreachable(why string) {
	switch {
	case m.over:
	case strings.Contains(upper(why), "REFUSED"):
		m.fail(errMigrateWrite)
	default:
		m.fail(errMigrateConnect + ": " + why)
	}
}

// ended is told that the connection is no more. If nothing was moved yet it is tried once more.
func (m *migration) ended() {
	switch {
	case m.over:
	case m.retried || len(m.moved) > 0:
		m.conn = nil
		m.fail(errMigrateRead)
	default:
		m.retried = true
		m.dial()
	}
}

// replyMax is how long a line of the other server may be; what is longer counts for several.
const replyMax = 1023

// arrived takes what the other server sent: lines, one for each command. None but an error is
// looked into.
func (m *migration) arrived(_ *conn, data []byte) {
	for len(data) > 0 && !m.over {
		room := min(len(data), replyMax-len(m.line))
		n := bytes.IndexByte(data[:room], '\n') + 1
		if n == 0 {
			n = room
		}
		m.line = append(m.line, data[:n]...)
		data = data[n:]
		if len(m.line) == replyMax || m.line[len(m.line)-1] == '\n' {
			m.reply()
			m.line = m.line[:0]
		}
	}
}

// reply takes a line.
func (m *migration) reply() {
	m.wait()
	isError, i := m.line[0] == '-', m.replies-m.greets
	if isError && m.problem == "" {
		text := m.line[1:]
		if line, whole := bytes.CutSuffix(text, []byte("\n")); whole {
			text = bytes.TrimSuffix(line, []byte("\r"))
		}
		m.problem = clip(text, len(text))
	}
	switch {
	case isError && i < 0:
		m.refused = true
	case !isError && i >= 0 && !m.refused && !m.copies:
		m.moved = append(m.moved, m.keys[i])
	}
	if m.replies++; m.replies == m.greets+len(m.keys) {
		m.end()
	}
}

// migrateSocket is a connection that a migration has left open for the next to the same address.
type migrateSocket struct {
	address  string
	conn     *conn // nil since it has ended
	selected int64 // the database it is at, -1 if that is not known
	until    Time  // by the host's clock
}

const (
	socketsMax       = 64
	socketsTime Time = 10e6
)

// leaveSocket keeps a connection open, for a time.
func (e *Engine) leaveSocket(address string, cl *conn, selected int64) {
	if len(e.sockets) == socketsMax {
		e.dropSocket()
	}
	s := &migrateSocket{address, cl, selected, e.clock.host + min(socketsTime, Never-e.clock.host)}
	cl.link = &link{arrived: func(*conn, []byte) {}, ended: func() { s.conn = nil }}
	e.sockets = append(e.sockets, s)
}

// takeSocket gives away the connection that was left open to an address, or nil.
func (e *Engine) takeSocket(address string) *migrateSocket {
	for i, s := range e.sockets {
		if s.address == address {
			e.sockets = small.Delete(e.sockets, i, i+1)
			return s
		}
	}
	return nil
}

// dropSocket hangs up the connection that was left open first.
func (e *Engine) dropSocket() {
	s := e.sockets[0]
	e.sockets = small.Delete(e.sockets, 0, 1)
	if s.conn != nil {
		e.hangup(s.conn)
	}
}

// socketsDue is the instant of the host's clock at which the next connection is hung up.
func (e *Engine) socketsDue() Time {
	if len(e.sockets) == 0 {
		return Never
	}
	return e.sockets[0].until
}

// shiftHost has all wait as long as before that goes by the host's clock, which has been set ahead
// by d.
func (e *Engine) shiftHost(d Time) {
	e.shiftNetwork(d)
	if e.migration != nil {
		e.migration.deadline += d
	}
	for _, s := range e.sockets {
		s.until += d
	}
}
