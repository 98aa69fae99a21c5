package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
	"github.com/redlet/redlet/wasm/abi"
)

// session plays transcripts on a guest through its frames.
type session struct {
	*bench
	ids    map[byte]core.ConnID
	unread map[core.ConnID][]byte
	disk   coretest.Disk
}

func newSession(t *testing.T, config map[string]string) *session {
	s := &session{bench: newBench(t), ids: map[byte]core.ConnID{},
		unread: map[core.ConnID][]byte{}}
	s.now = float64(coretest.Epoch)
	lines := "enable-debug-command yes\n"
	for name, value := range config {
		lines += name + " " + value + "\n"
	}
	s.send(core.InConfigure, 0, 0, strings.Repeat("\x00", abi.SeedSize)+lines)
	s.want(out(core.EventConfigured, 0, 0, ""))
	return s
}

// Send implements coretest.Session.
func (s *session) Send(client byte, request []byte) error {
	id, open := s.ids[client]
	if !open {
		id = core.ConnID(len(s.ids) + 1)
		s.ids[client] = id
		s.send(core.InOpen, id, 0, peer)
	}
	s.send(core.InData, id, 0, string(request))
	return s.steps()
}

// steps steps until nothing is due.
func (s *session) steps() error {
	for {
		status, events := s.run()
		if status != abi.StatusOK {
			s.t.Fatalf("status %d: %s", status, s.output)
		}
		for _, ev := range events {
			switch ev.Kind {
			case core.EventData, core.EventHangup:
				s.unread[ev.Conn] = append(s.unread[ev.Conn], ev.Data...)
			default:
				if answer, is := s.disk.Do(&ev); is {
					s.send(answer.Kind, 0, answer.Ticket, string(answer.Data))
				}
			}
		}
		if len(s.next) == 0 && abi.ParseControl(s.control[:]).Deadline > s.now {
			return nil
		}
	}
}

// Receive implements coretest.Session.
func (s *session) Receive(client byte, _ bool) ([]byte, error) {
	id := s.ids[client]
	b := s.unread[id]
	delete(s.unread, id)
	return b, nil
}

// Turn implements coretest.Session.
func (s *session) Turn(by time.Duration) error {
	s.now += float64(by.Microseconds())
	return s.steps()
}

// Version implements coretest.Session.
func (s *session) Version() string { return s.engine.Version() }

// Close implements coretest.Session.
func (s *session) Close() {}

// TestTranscripts plays the corpus through frames.
func TestTranscripts(t *testing.T) {
	paths, err := filepath.Glob("../core/testdata/*.txt")
	lessons, _ := filepath.Glob("../core/testdata/lessons/*.txt")
	if err != nil || len(paths) == 0 || len(lessons) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, path := range append(paths, lessons...) {
		tr, err := coretest.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			coretest.Run(t, tr, newSession(t, tr.Config))
		})
	}
}
