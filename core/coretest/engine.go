package coretest

import (
	"errors"
	"fmt"
	"time"

	"github.com/redlet/redlet/core"
)

// Engine is a Session with an engine in the same process, whose clock stands still unless it is
// turned.
type Engine struct {
	*core.Engine
	// Chunk, when not 0, is how many bytes the engine gets at a time.
	Chunk int
	// Disk holds its files.
	Disk *Disk
	now  core.Time
	ids  map[byte]core.ConnID
	out  map[core.ConnID][]byte

	refusal string // why it does not start
}

// Epoch is when every session of an Engine begins.
const Epoch core.Time = 1_700_000_000_000_000

// NewEngine starts an engine with a configuration.
func NewEngine(config map[string]string) (*Engine, error) {
	return LoadEngine(config, Epoch, &Disk{})
}

// LoadEngine starts an engine at a time, with the files of a disk. It fails if the engine refuses
// to start.
func LoadEngine(config map[string]string, now core.Time, disk *Disk) (*Engine, error) {
	e, err := core.New(core.Options{Now: now, Config: config})
	if err != nil {
		return nil, err
	}
	s := &Engine{Engine: e, Disk: disk, now: now, ids: map[byte]core.ConnID{},
		out: map[core.ConnID][]byte{}}
	if err := s.poll(); err != nil {
		return nil, err
	}
	if s.refusal != "" {
		return nil, errors.New(s.refusal)
	}
	return s, nil
}

// Now is the engine's time, as its host sees it.
func (s *Engine) Now() core.Time { return s.now }

// ErrHungUp is what a client gets whose connection the engine has closed.
var ErrHungUp = errors.New("the server closed the connection")

// Send implements Session.
func (s *Engine) Send(client byte, request []byte) error {
	id, open := s.ids[client]
	if !open {
		id = core.ConnID(len(s.ids) + 1)
		s.ids[client] = id
		peer := core.Conn{Addr: "127.0.0.1:50000", Laddr: "127.0.0.1:6379", FD: 8}
		s.Input(&core.Input{Kind: core.InOpen, Conn: id, Data: peer.AppendTo(nil)})
		if err := s.poll(); err != nil {
			return err
		}
	}
	for len(request) > 0 {
		n := len(request)
		if s.Chunk > 0 {
			n = min(n, s.Chunk)
		}
		s.Input(&core.Input{Kind: core.InData, Conn: id, Data: request[:n]})
		request = request[n:]
		if err := s.poll(); err != nil {
			return err
		}
	}
	return nil
}

// advancesMax is how often a script, or whatever else goes on, may be suspended.
const advancesMax = 1_000_000

// poll does what the engine wants done, and goes on while a script runs.
func (s *Engine) poll() error {
	var ev core.Event
	for range advancesMax {
		for s.Poll(&ev) {
			switch ev.Kind {
			case core.EventData, core.EventHangup:
				s.out[ev.Conn] = append(s.out[ev.Conn], ev.Data...)
			case core.EventConfigured:
				s.refusal = string(ev.Data)
			default:
				if answer, is := s.Disk.Do(&ev); is {
					s.Input(&answer)
				}
			}
		}
		if s.Deadline() > s.now {
			return nil
		}
		s.Advance(s.now)
	}
	return fmt.Errorf("the engine is not done after %d turns", advancesMax)
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
	return s.poll()
}

// Version implements Session.
func (s *Engine) Version() string { return s.Engine.Version() }

// Close implements Session.
func (s *Engine) Close() {}
