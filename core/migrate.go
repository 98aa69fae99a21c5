package core

import (
	"bytes"
	"strings"
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
	request []byte // all that is sent
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
}

// run moves the keys and answers the command.
func (m *migration) run(c *Call) {
	m.dial()
	c.e.migration = m
	for !m.over {
		c.e.suspend()
	}
	c.e.migration = nil
	c.migrated(m.moved)
	switch {
	case m.failure != "":
		c.Error(m.failure)
	case m.problem != "":
		c.Error("ERR Target instance replied with error: " + m.problem)
	default:
		c.OK()
	}
}

func (m *migration) dial() {
	m.conn, m.line, m.replies, m.problem, m.refused = nil, nil, 0, "", false
	m.wait()
	m.e.dial(m.address, &link{opened: m.opened, failed: m.unreachable, arrived: m.arrived,
		ended: m.ended})
}

// wait gives the other server its time once more.
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
func (m *migration) fail(why string) {
	m.failure = why
	m.end()
}

func (m *migration) end() {
	m.over = true
	if m.conn != nil {
		m.e.hangup(m.conn)
	}
}

func (m *migration) opened(cl *conn) {
	if m.over {
		m.e.hangup(cl)
		return
	}
	m.conn = cl
	m.wait()
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
