package host

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
	"github.com/redlet/redlet/wasm/abi"
)

// tapped makes engines that write down what comes out of them.
func tapped(m Maker, to *[]byte) Maker {
	return func(o core.Options) (Engine, error) {
		e, err := m(o)
		return &tap{e, to}, err
	}
}

type tap struct {
	Engine
	to *[]byte
}

func (t *tap) Step(now core.Time, in []core.Input, out []core.Event) (
	[]core.Event, core.Time, error,
) {
	before := len(out)
	out, next, err := t.Engine.Step(now, in, out)
	*t.to = appendEvents(*t.to, out[before:])
	return out, next, err
}

// appendEvents writes down what came out of a step. Bytes for one connection that come one behind
// the other are one event, as the guest has it.
func appendEvents(dst []byte, out []core.Event) []byte {
	last := -1
	for i := range out {
		ev := &out[i]
		data := ev.Kind == core.EventData
		if data && last >= 0 && out[i-1].Conn == ev.Conn {
			dst = append(dst, ev.Data...)
			abi.Extend(dst, last)
			continue
		}
		if last = -1; data {
			last = len(dst)
		}
		dst = abi.AppendEvent(dst, ev)
	}
	return dst
}

// TestRecording records the corpus on every engine, and has it come out of every engine again.
func TestRecording(t *testing.T) {
	needGuest(t, makers["wazero"])
	eachTranscript(t, func(t *testing.T, tr *coretest.Transcript) {
		for name, m := range makers {
			var recording bytes.Buffer
			var want []byte
			s := newSession(t, Record(tapped(m, &want), &recording), configFor(tr))
			if _, err := coretest.Play(tr, s, false); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			s.Close()
			for again, m := range makers {
				var got []byte
				steps := bytes.NewReader(recording.Bytes())
				err := Replay(m, steps, func(_ core.Time, _ []core.Input, out []core.Event) error {
					got = appendEvents(got, out)
					return nil
				})
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, then %s: %v, %d bytes come out; want %d", name, again, err,
						len(got), len(want))
				}
			}
		}
	})
}

// TestRecordingOfALoop shows that a recording goes on with the engine that follows a dead one, and
// what becomes of one that cannot be written, or read, to its end.
func TestRecordingOfALoop(t *testing.T) {
	var recording bytes.Buffer
	made := 0
	l := newLoop(t, LoopOptions{Maker: Record(func(o core.Options) (Engine, error) {
		if made++; made > 1 {
			return Native(o)
		}
		return poisoned(Native)(o)
	}, &recording)})
	c := dial(t, l)
	c.want("SET k v", "+OK")
	c.say("POISON")
	c.wantEnd()
	dial(t, l).want("GET k", "$-1")
	replay := func(b []byte) (got []byte, err error) {
		err = Replay(Native, bytes.NewReader(b),
			func(_ core.Time, _ []core.Input, out []core.Event) error {
				for _, ev := range out {
					got = append(got, ev.Data...)
				}
				return nil
			})
		return got, err
	}
	whole := recording.Bytes()
	got, err := replay(whole)
	if err != nil || !bytes.HasSuffix(got, []byte("$-1\r\n")) || !bytes.HasPrefix(got, []byte("+OK")) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := replay(whole[:len(whole)-3]); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a recording that breaks off: %v", err)
	}
	if _, err := replay(whole[bytes.Index(whole, []byte("\x02\x00\x00\x00\x01")):]); err == nil {
		t.Error("a recording without a beginning is read")
	}
	full := errors.New("full")
	e, err := Record(Native, failingWriter{full})(core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Step(1, nil, nil); err != nil {
		t.Errorf("the engine ends with its recording: %v", err)
	}
	if err := e.Close(); !errors.Is(err, full) {
		t.Errorf("Close: %v", err)
	}
}

type failingWriter struct{ err error }

func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }

// readOnly is a fault injected into a world that is well: no file can be saved. Neither the engine
// nor the Loop knows.
type readOnly struct {
	Engine
	failed []core.Input
}

func (r *readOnly) Step(now core.Time, in []core.Input, out []core.Event) (
	[]core.Event, core.Time, error,
) {
	in, r.failed = append(r.failed, in...), nil
	out, next, err := r.Engine.Step(now, in, out)
	for i := range out {
		if ev := &out[i]; ev.Kind == core.EventReplace {
			why := []byte("read-only file system")
			r.failed = append(r.failed, core.Input{Kind: core.InDone, Ticket: ev.Ticket, Data: why})
			*ev = core.Event{Kind: core.EventLog, Data: []byte("a save is kept from the disk")}
			next = now
		}
	}
	return out, next, err
}

// TestFault wraps engines in a fault.
func TestFault(t *testing.T) { each(t, testFault) }

func testFault(t *testing.T, m Maker) {
	var log logbook
	l := newLoop(t, LoopOptions{Log: log.log, Dir: t.TempDir(),
		Maker: func(o core.Options) (Engine, error) {
			e, err := m(o)
			return &readOnly{Engine: e}, err
		}})
	c := dial(t, l)
	c.want("SET k v", "+OK")
	c.want("SAVE", "-ERR")
	log.want(t, "kept from the disk", "Failed saving the DB: read-only file system")
}
