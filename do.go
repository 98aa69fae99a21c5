package redlet

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redlet/redlet/internal/errs"
)

// Do runs a command in database 0 and returns its reply, typed as in RESP3. An error reply is an
// error (see [ServerError]), and so is [Nil], where there is no value: then the Reply says what it
// is too. Other errors are [ErrClosed], that of the context, and arguments that cannot be sent.
//
// An argument is what go-redis takes: a string, bytes, a number, a bool (1 or 0), a time.Duration
// (in nanoseconds), a time.Time, nil (""), an encoding.BinaryMarshaler, a value of a named type of
// such a kind, or a pointer to one.
//
// Do keeps nothing from call to call: SELECT, MULTI or WATCH have no effect on others, and take
// [Server.Conn]. Calls at the same time do not wait for each other. A command that blocks
// does so until it is answered, the context ends or the server is closed; a command whose context
// ends may still run. No password is asked.
func (s *Server) Do(ctx context.Context, args ...any) (Reply, error) {
	return s.DB(0).Do(ctx, args...)
}

// Must is r, or a panic for any error but [Nil]: for tests and examples.
//
//	n := redlet.Must(s.Do(ctx, "LLEN", "queue")).Int()
func Must(r Reply, err error) Reply {
	if err != nil && !errors.Is(err, Nil) {
		panic(err)
	}
	return r
}

// DB is one database of a server, for any goroutine.
type DB struct {
	server *Server
	index  int
}

// DB returns the database of an index, from 0 to 15 if the parameter "databases" was not set.
func (s *Server) DB(index int) *DB { return &DB{s, index} }

// Index is the number that SELECT takes.
func (d *DB) Index() int { return d.index }

// Do is [Server.Do] in this database.
func (d *DB) Do(ctx context.Context, args ...any) (Reply, error) {
	if err := ctx.Err(); err != nil {
		return Reply{}, err
	}
	request, err := appendCommand(nil, args)
	if err != nil {
		return Reply{}, err
	}
	name := nameOf(args[0])
	if ownConn(name, args) || strings.HasSuffix(name, "SUBSCRIBE") {
		return Reply{}, errOwnConn
	}
	l, err := d.server.take(d.index)
	if err != nil {
		return Reply{}, err
	}
	reply, err := l.exchange(ctx, request)
	if err != nil || changesConn[name] {
		l.caller.Close()
	} else {
		d.server.put(d.index, l)
	}
	if err != nil {
		return Reply{}, err
	}
	return reply, reply.failure()
}

// line is a connection of Do.
type line struct {
	caller caller
	in     []byte
	bytes  bytes.Reader
	r      *bufio.Reader
}

// errOwnConn refuses commands that Do has no way of answering.
var errOwnConn = errors.New("redlet: Do has no way of answering subscriptions, MONITOR, SYNC and " +
	"CLIENT REPLY: use Conn, or a client on Dial")

// changesConn are the commands after which a connection is not what it was.
var changesConn = map[string]bool{
	"ASKING": true, "AUTH": true, "CLIENT": true, "HELLO": true, "MULTI": true, "QUIT": true,
	"READONLY": true, "READWRITE": true, "REPLCONF": true, "RESET": true, "SELECT": true,
	"WATCH": true,
}

// ownConn reports whether a connection that sends a command no longer answers command by command.
func ownConn(name string, args []any) bool {
	switch name {
	case "MONITOR", "SYNC", "PSYNC":
		return true
	case "CLIENT":
		return len(args) > 1 && nameOf(args[1]) == "REPLY"
	}
	return false
}

// nameOf is an argument as a word of a command.
func nameOf(arg any) string {
	text, _ := appendArg(nil, arg)
	return strings.ToUpper(string(text))
}

// exchange sends a request and reads its reply. After an error the line is of no more use.
func (l *line) exchange(ctx context.Context, request []byte) (Reply, error) {
	stop := func() bool { return true }
	if ctx.Done() != nil {
		stop = context.AfterFunc(ctx, func() { l.caller.Close() })
	}
	var err error
	l.in, err = l.caller.Do(l.in[:0], request, 1)
	if !stop() && err != nil {
		err = ctx.Err()
	}
	if err != nil {
		return Reply{}, err
	}
	l.bytes.Reset(l.in)
	l.r.Reset(&l.bytes)
	reply, err := readReply(l.r)
	if cap(l.in) > lineKeep {
		l.in = nil
	}
	return reply, err
}

const (
	// lineKeep is how large a buffer a line keeps.
	lineKeep = 1 << 20
	// lineBuffer is through how much a reply is parsed, which lies in memory as it is.
	lineBuffer = 512
)

// take gives the line to a database that was used last, or a new one.
func (s *Server) take(db int) (*line, error) {
	for {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return nil, ErrClosed
		}
		idle := s.idle[db]
		if len(idle) == 0 {
			s.mu.Unlock()
			return s.newLine(db)
		}
		l := idle[len(idle)-1]
		if !l.caller.Home() { // what a bubble must not use
			s.mu.Unlock()
			return s.newLine(db)
		}
		s.idle[db] = idle[:len(idle)-1]
		s.mu.Unlock()
		if !l.caller.Over() {
			return l, nil
		}
		l.caller.Close()
	}
}

func (s *Server) newLine(db int) (*line, error) {
	caller, err := LoopOf(s).Caller()
	if err != nil {
		return nil, err
	}
	l := &line{caller: caller, r: bufio.NewReaderSize(nil, lineBuffer)}
	if db == 0 {
		return l, nil
	}
	request, _ := appendCommand(nil, []any{"SELECT", db})
	reply, err := l.exchange(context.Background(), request)
	if err == nil {
		err = reply.Err()
	}
	if err != nil {
		return nil, errs.Join(fmt.Errorf("redlet: no connection: %w", err), caller.Close())
	}
	return l, nil
}

// put makes a line free for the next call; those of a bubble serve only once.
func (s *Server) put(db int, l *line) {
	s.mu.Lock()
	if !s.closed && !l.caller.Elsewhere() {
		if s.idle == nil {
			s.idle = map[int][]*line{}
		}
		s.idle[db] = append(s.idle[db], l)
		l = nil
	}
	s.mu.Unlock()
	if l != nil {
		l.caller.Close()
	}
}
