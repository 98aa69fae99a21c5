package coretest

import (
	"errors"
	"time"

	"github.com/redlet/redlet/core"
)

// Engine is a Session with an engine in the same process, whose clock stands still unless it is
// turned.
type Engine struct {
	*core.Engine
	// Chunk, when not 0, is how many bytes the engine gets at a time.
	Chunk int
	now   core.Time
	ids   map[byte]core.ConnID
	out   map[core.ConnID][]byte
}

// Epoch is when every session of an Engine begins.
const Epoch core.Time = 1_700_000_000_000_000

// NewEngine starts an engine with a configuration.
func NewEngine(config map[string]string) (*Engine, error) {
	e, err := core.New(core.Options{Now: Epoch, Config: config})
	if err != nil {
		return nil, err
	}
	return &Engine{Engine: e, now: Epoch, ids: map[byte]core.ConnID{},
		out: map[core.ConnID][]byte{}}, nil
}

// ErrHungUp is what a client gets whose connection the engine has closed.
var ErrHungUp = errors.New("the server closed the connection")

// Send implements Session.
func (s *Engine) Send(client byte, request []byte) error {
	id, open := s.ids[client]
	if !open {
		id = core.ConnID(len(s.ids) + 1)
		s.ids[client] = id
		s.Open(id, core.Conn{Addr: "127.0.0.1:50000", Laddr: "127.0.0.1:6379", FD: 8})
		s.poll()
	}
	for len(request) > 0 {
		n := len(request)
		if s.Chunk > 0 {
			n = min(n, s.Chunk)
		}
		s.Feed(id, request[:n])
		request = request[n:]
		s.poll()
	}
	return nil
}

// poll does what the engine wants done, and goes on while a script runs.
func (s *Engine) poll() {
	for {
		for ev, ok := s.Poll(); ok; ev, ok = s.Poll() {
			switch ev.Kind {
			case core.EventData, core.EventHangup:
				s.out[ev.Conn] = s.AppendOutput(ev.Conn, s.out[ev.Conn])
			case core.EventSave:
				s.Saved(ev.Ticket, "")
			}
		}
		if s.Deadline() > s.now {
			return
		}
		s.Advance(s.now)
	}
}

// Receive implements Session.
func (s *Engine) Receive(client byte, _ bool) ([]byte, error) {
	id := s.ids[client]
	b := s.out[id]
	delete(s.out, id)
	return b, nil
}

// Turn implements Session.
func (s *Engine) Turn(by time.Duration) error {
	s.now += core.Time(by / time.Microsecond)
	s.Advance(s.now)
	s.poll()
	return nil
}

// Version implements Session.
func (s *Engine) Version() string { return s.Engine.Version() }

// Close implements Session.
func (s *Engine) Close() {}
