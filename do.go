package redlet

import (
	"bufio"
	"errors"
	"net"
	"strings"
)

// line is a connection of Do.
type line struct {
	conn net.Conn
	r    *bufio.Reader
	out  []byte
}

// errOwnConn refuses commands after which a connection no longer answers command by command.
var errOwnConn = errors.New("redlet: Do cannot be used for subscriptions, MONITOR and " +
	"CLIENT REPLY: use Dial and a client")

// Do runs a command and returns its reply, typed as in RESP3. An argument is a string, a []byte or
// a number. Calls that follow one another share a connection, so that SELECT and MULTI work as one
// expects; calls at the same time have a connection each, so that a blocked one holds up no other.
// A command that blocks does so until it is answered or the server is closed.
func (s *Server) Do(args ...any) Reply {
	reply, err := s.do(args)
	if err != nil {
		return Reply{kind: Failure, err: err}
	}
	return reply
}

func (s *Server) do(args []any) (Reply, error) {
	if len(args) == 0 {
		return Reply{}, errors.New("redlet: Do without a command")
	}
	if name, ok := args[0].(string); ok && ownConn(name, args) {
		return Reply{}, errOwnConn
	}
	l, err := s.take()
	if err != nil {
		return Reply{}, err
	}
	if l.out, err = appendCommand(l.out[:0], args); err != nil {
		s.put(l)
		return Reply{}, err
	}
	reply, err := l.exchange()
	if err != nil {
		return Reply{}, errors.Join(err, l.conn.Close())
	}
	if name, ok := args[0].(string); ok && endsConn(name) {
		return reply, l.conn.Close()
	}
	s.put(l)
	return reply, nil
}

// endsConn tells whether a connection is of no more use after a command: it is closed, or back in
// RESP2.
func endsConn(name string) bool {
	return strings.EqualFold(name, "QUIT") || strings.EqualFold(name, "RESET")
}

func ownConn(name string, args []any) bool {
	switch name = strings.ToUpper(name); name {
	case "MONITOR", "SYNC", "PSYNC":
		return true
	case "CLIENT":
		sub, _ := args[min(1, len(args)-1)].(string)
		return strings.EqualFold(sub, "REPLY")
	}
	return strings.HasSuffix(name, "SUBSCRIBE")
}

// exchange sends what is in out and reads one reply.
func (l *line) exchange() (Reply, error) {
	if _, err := l.conn.Write(l.out); err != nil {
		return Reply{}, err
	}
	return readReply(l.r)
}

// take gives the connection that was used last, or a new one.
func (s *Server) take() (*line, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, ErrClosed
	}
	if n := len(s.idle) - 1; n >= 0 {
		l := s.idle[n]
		s.idle = s.idle[:n]
		s.mu.Unlock()
		return l, nil
	}
	s.mu.Unlock()
	conn, err := s.Dial()
	if err != nil {
		return nil, err
	}
	l := &line{conn: conn, r: bufio.NewReader(conn)}
	hello := []any{"HELLO", 3}
	if s.password != "" {
		hello = append(hello, "AUTH", "default", s.password)
	}
	l.out, _ = appendCommand(nil, hello)
	reply, err := l.exchange()
	if err = errors.Join(err, reply.Err()); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return l, nil
}

// put makes a connection free for the next call.
func (s *Server) put(l *line) {
	s.mu.Lock()
	if !s.closed {
		s.idle = append(s.idle, l)
		l = nil
	}
	s.mu.Unlock()
	if l != nil {
		l.conn.Close()
	}
}
