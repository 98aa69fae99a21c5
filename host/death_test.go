package host

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redlet/redlet/core"
)

// poisoned makes engines that die when they are fed the word POISON: the native one by a nil
// pointer within it, the guest by a memory full of ones.
func poisoned(m Maker) Maker {
	return func(o core.Options) (Engine, error) {
		e, err := m(o)
		return &poisonedEngine{e}, err
	}
}

type poisonedEngine struct{ Engine }

func (p *poisonedEngine) Step(now core.Time, in []core.Input, out []core.Event) (
	[]core.Event, core.Time, error,
) {
	for _, i := range in {
		if bytes.Contains(i.Data, []byte("POISON")) {
			p.poison()
		}
	}
	return p.Engine.Step(now, in, out)
}

func (p *poisonedEngine) poison() {
	switch e := p.Engine.(type) {
	case *native:
		e.core = nil
	case interface{ Memory() []byte }: // a guest
		memory := e.Memory()
		for i := range memory {
			memory[i] = 0xff
		}
	}
}

// logbook keeps what a Loop logs.
type logbook struct {
	mu    sync.Mutex
	lines []string
}

func (b *logbook) log(_ int, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, text)
}

// wants reports whether some line contains each text, in this order.
func (b *logbook) want(t *testing.T, texts ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	rest := b.lines
	for _, text := range texts {
		i := slices.IndexFunc(rest, func(line string) bool { return strings.Contains(line, text) })
		if i < 0 {
			t.Errorf("no line of the log says %q:\n%s", text, strings.Join(b.lines, "\n"))
			return
		}
		rest = rest[i+1:]
	}
}

func TestDeath(t *testing.T) { each(t, testDeath) }

func testDeath(t *testing.T, m Maker) {
	var log logbook
	l := newLoop(t, LoopOptions{Maker: poisoned(m), Keep: true, Log: log.log})
	a, b := dial(t, l), dial(t, l)
	a.want("SET k kept", "+OK")
	if _, err := l.Snapshot(); err != nil {
		t.Fatal(err)
	}
	a.want("SET k lost", "+OK")
	b.want("PING", "+PONG")
	a.say("GET k\r\nPOISON")
	a.wantEnd() // not even GET is answered
	b.wantEnd()
	log.want(t, "engine died", "2 clients were disconnected", "the data of the last snapshot")
	c := dial(t, l)
	c.want("GET k", "$4", "kept")
	c.say("POISON")
	c.wantEnd()
	dial(t, l).want("GET k", "$4", "kept")
}

// TestDeathTellsWhoseCommandItWas has a command panic: sent, queued, and called by a script.
func TestDeathTellsWhoseCommandItWas(t *testing.T) {
	for sent, command := range map[string]string{
		"BOOM secret":                            "boom",
		"MULTI\r\nBOOM secret\r\nEXEC":           "exec",
		"EVAL \"redis.call('boom','secret')\" 0": "eval",
	} {
		var log logbook
		var died error
		l := newLoop(t, LoopOptions{Log: log.log, Died: func(why error) { died = why },
			Commands: []core.Command{{Name: "boom", Arity: -1, Flags: core.Fast,
				Run: func(*core.Call) { panic("broken") }}}})
		c := dial(t, l)
		c.say(sent)
		c.wantEnd()
		log.want(t, "engine died: broken", "1 clients were disconnected")
		death := died.(*Death)
		if !strings.HasPrefix(death.Detail, "------ CURRENT CLIENT INFO ------\nid=") ||
			!strings.Contains(death.Detail, " cmd="+command+" ") ||
			strings.Contains(death.Detail+strings.Join(log.lines, ""), "secret") {
			t.Errorf("%q: %s", sent, death.Detail)
		}
	}
}

func TestDeathWithNothingKept(t *testing.T) { each(t, testDeathWithNothingKept) }

func testDeathWithNothingKept(t *testing.T, m Maker) {
	var log logbook
	l := newLoop(t, LoopOptions{Maker: poisoned(m), Log: log.log})
	c, err := l.Caller()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(nil, []byte("SET k v\r\nPOISON\r\n"), 2); !errors.Is(err, ErrClosed) {
		t.Errorf("Do: %v", err)
	}
	log.want(t, "engine died", "1 clients were disconnected", "starts empty: no snapshot")
	dial(t, l).want("GET k", "$-1")
}

func TestDeathReadsTheSavedFile(t *testing.T) { each(t, testDeathReadsTheSavedFile) }

func testDeathReadsTheSavedFile(t *testing.T, m Maker) {
	var log logbook
	dir := t.TempDir()
	l := newLoop(t, LoopOptions{Maker: poisoned(m), Dir: dir, Log: log.log})
	c := dial(t, l)
	c.want("SET k saved", "+OK")
	c.want("SAVE", "+OK")
	c.say("POISON")
	c.wantEnd()
	log.want(t, "engine died", "the data of "+filepath.Join(dir, "dump.rdb"))
	c = dial(t, l)
	c.want("GET k", "$5", "saved")
	if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), []byte("REDIS0011"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.say("POISON")
	c.wantEnd()
	log.want(t, "starts empty: "+filepath.Join(dir, "dump.rdb")+" is refused")
	dial(t, l).want("GET k", "$-1")
}

func TestNoNewEngine(t *testing.T) {
	var log logbook
	stopped := ""
	made := 0
	l := newLoop(t, LoopOptions{
		Maker: func(o core.Options) (Engine, error) {
			if made++; made > 1 {
				return nil, errors.New("out of engines")
			}
			return poisoned(Native)(o)
		},
		Log:      log.log,
		Shutdown: func(reason string) { stopped = reason },
	})
	c := dial(t, l)
	c.say("POISON")
	c.wantEnd()
	log.want(t, "engine died", "no new engine: out of engines")
	if !strings.Contains(stopped, "engine died") {
		t.Errorf("shut down for %q", stopped)
	}
	dial(t, l).wantEnd()
	if _, err := l.Snapshot(); !errors.Is(err, ErrClosed) {
		t.Errorf("Snapshot: %v", err)
	}
}

func TestDeadEngineStaysDead(t *testing.T) { each(t, testDeadEngineStaysDead) }

func testDeadEngineStaysDead(t *testing.T, m Maker) {
	e, err := m(core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	(&poisonedEngine{e}).poison()
	peer := core.Conn{}
	in := []core.Input{{Kind: core.InOpen, Conn: 1, Data: peer.AppendTo(nil)},
		{Kind: core.InData, Conn: 1, Data: []byte("PING\r\n")}}
	given := []core.Event{{Kind: core.EventLog}}
	for range 2 {
		var death *Death
		out, next, err := e.Step(1, in, given)
		if !errors.As(err, &death) || len(out) != 1 || next != core.Never {
			t.Errorf("Step: %v, %v, %v", out, next, err)
		}
	}
	if err := errors.Join(e.Close(), e.Close()); err != nil {
		t.Errorf("Close: %v", err)
	}
}
