package host

import (
	"bytes"
	"maps"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

// testConfig is what every transcript may rely on. FLUSHALL is not to write a file.
var testConfig = map[string]string{"enable-debug-command": "yes", "save": ""}

// configFor is what a transcript's engine is started with.
func configFor(tr *coretest.Transcript) map[string]string {
	config := maps.Clone(testConfig)
	maps.Copy(config, tr.Config)
	return config
}

// eachTranscript runs a test for every transcript of the corpus, and for every lesson.
func eachTranscript(t *testing.T, test func(t *testing.T, tr *coretest.Transcript)) {
	eachIn(t, "../core/testdata/*.txt", test)
	eachIn(t, "../core/testdata/lessons/*.txt", test)
}

func eachIn(t *testing.T, pattern string, test func(t *testing.T, tr *coretest.Transcript)) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, path := range paths {
		tr, err := coretest.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { test(t, tr) })
	}
}

// session plays transcripts on an Engine by steps. It spoils what it lent as soon as it has it
// back, and reads what it was lent only as long as it may.
type session struct {
	engine  Engine
	version string
	now     core.Time
	next    core.Time
	ids     map[byte]core.ConnID
	unread  map[core.ConnID][]byte
	out     []core.Event
	disk    coretest.Disk
}

func newSession(t *testing.T, m Maker, config map[string]string) *session {
	t.Helper()
	e, err := m(core.Options{Now: coretest.Epoch, Config: config})
	if err != nil {
		t.Fatal(err)
	}
	s := &session{engine: e, now: coretest.Epoch, ids: map[byte]core.ConnID{},
		unread: map[core.ConnID][]byte{}}
	info, err := s.ask("INFO", "server")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(info), "redis_version:")
	s.version, _, _ = strings.Cut(rest, "\r")
	if err := s.step([]core.Input{{Kind: core.InClose, Conn: s.ids[control]}}); err != nil {
		t.Fatal(err)
	}
	delete(s.ids, control)
	return s
}

// control is the client that asks for the version.
const control = '?'

func (s *session) ask(args ...string) ([]byte, error) {
	if err := s.Send(control, coretest.Request(args...)); err != nil {
		return nil, err
	}
	return s.Receive(control, true)
}

// Send implements coretest.Session.
func (s *session) Send(client byte, request []byte) error {
	var in []core.Input
	id, open := s.ids[client]
	if !open {
		id = core.ConnID(len(s.ids) + 1)
		s.ids[client] = id
		peer := core.Conn{Addr: "127.0.0.1:50000", Laddr: "127.0.0.1:6379", FD: 8}
		in = append(in, core.Input{Kind: core.InOpen, Conn: id, Data: peer.AppendTo(nil)})
	}
	return s.step(append(in, core.Input{Kind: core.InData, Conn: id, Data: bytes.Clone(request)}))
}

// step steps until nothing is due.
func (s *session) step(in []core.Input) error {
	for {
		var err error
		if s.out, s.next, err = s.engine.Step(s.now, in, s.out[:0]); err != nil {
			return err
		}
		for i := range in {
			spoil(in[i].Data)
		}
		in = nil
		for _, o := range s.out {
			switch o.Kind {
			case core.EventData, core.EventHangup:
				s.unread[o.Conn] = append(s.unread[o.Conn], o.Data...)
			default:
				if answer, is := s.disk.Do(&o); is {
					in = append(in, answer)
				}
			}
		}
		if len(in) == 0 && s.next > s.now {
			return nil
		}
	}
}

func spoil(b []byte) {
	for i := range b {
		b[i] = 0xa5
	}
}

// snapshot asks for the engine's data.
func (s *session) snapshot(t *testing.T) (image []byte) {
	t.Helper()
	out, _, err := s.engine.Step(s.now, []core.Input{{Kind: core.InSnapshot, Ticket: 7}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range out {
		if ev.Kind == core.EventSnapshot && ev.Ticket == 7 {
			image = bytes.Clone(ev.Data)
		}
	}
	return image
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
	s.now += core.Time(by / time.Microsecond)
	return s.step(nil)
}

// Version implements coretest.Session.
func (s *session) Version() string { return s.version }

// Close implements coretest.Session.
func (s *session) Close() { _ = s.engine.Close() }

// TestTranscripts plays the corpus by steps on every engine. In the end all hold the same data.
func TestTranscripts(t *testing.T) {
	needGuest(t, makers["wazero"])
	eachTranscript(t, func(t *testing.T, tr *coretest.Transcript) {
		images := map[string][]byte{}
		for name, m := range makers {
			s := newSession(t, m, configFor(tr))
			if _, err := coretest.Play(tr, s, false); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			images[name] = s.snapshot(t)
			s.Close()
		}
		if !bytes.Equal(images["native"], images["wazero"]) {
			t.Errorf("the native image and the guest's differ:\n%q\n%q",
				images["native"], images["wazero"])
		}
	})
}

// TestLessons solves the lessons of the playground by steps on every engine, and fails at them as
// their wrong tries do.
func TestLessons(t *testing.T) { each(t, testLessons) }

func testLessons(t *testing.T, m Maker) {
	eachIn(t, "../core/testdata/lessons/*.txt", func(t *testing.T, tr *coretest.Transcript) {
		tries, err := tr.Tries()
		if err != nil {
			t.Fatal(err)
		}
		for i := range tries {
			s := newSession(t, m, configFor(tr))
			if _, err := coretest.PlayTry(tr, &tries[i], s, false); err != nil {
				t.Error(err)
			}
			s.Close()
		}
	})
}

// TestTranscriptsDial plays the corpus over connections without a port, on every engine, by a clock
// that is turned by hand.
func TestTranscriptsDial(t *testing.T) { each(t, testTranscriptsDial) }

func testTranscriptsDial(t *testing.T, m Maker) {
	eachTranscript(t, func(t *testing.T, tr *coretest.Transcript) {
		var now atomic.Int64
		now.Store(int64(coretest.Epoch))
		l := newLoop(t, LoopOptions{Maker: m, Config: configFor(tr), Dir: t.TempDir(),
			Clock: func() core.Time { return core.Time(now.Load()) }})
		s, err := coretest.NewNetwork(l.Dial)
		if err != nil {
			t.Fatal(err)
		}
		s.Clock = func(by time.Duration) error {
			now.Add(by.Microseconds())
			l.Turn()
			return nil
		}
		coretest.Run(t, tr, s)
	})
}
