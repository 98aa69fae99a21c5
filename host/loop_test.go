//go:build go1.25

package host

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

// makers are the engines that every test of behaviour runs on: a file outside of the package, which
// may import the guest's, adds "wazero".
var makers = map[string]Maker{"native": Native}

// each runs a test on every engine.
func each(t *testing.T, test func(t *testing.T, m Maker)) {
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			needGuest(t, m)
			test(t, m)
		})
	}
}

// needGuest skips a test when m cannot make an engine since the guest is not built. The module is
// compiled here, outside of any synctest bubble.
func needGuest(t testing.TB, m Maker) {
	t.Helper()
	e, err := m(core.Options{})
	if errors.Is(err, errNoGuest) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// newLoop returns a Loop that the test closes.
func newLoop(t testing.TB, o LoopOptions) *Loop {
	t.Helper()
	l, err := NewLoop(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// dial returns a connection that the test closes.
func dial(t testing.TB, l *Loop) *client {
	t.Helper()
	c, err := l.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetReadDeadline(time.Now().Add(coretest.Patience)); err != nil {
		t.Fatal(err)
	}
	return &client{Conn: c, t: t, r: bufio.NewReader(c)}
}

// client talks in inline commands and one-line replies.
type client struct {
	net.Conn
	t    testing.TB
	r    *bufio.Reader
	said string // the last line
}

func (c *client) say(line string) {
	c.t.Helper()
	c.said = line
	if _, err := io.WriteString(c.Conn, line+"\r\n"); err != nil {
		c.t.Fatalf("%s: %v", line, err)
	}
}

func (c *client) line() string {
	c.t.Helper()
	line, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatalf("no reply to %.80q: %v", c.said, err)
	}
	return strings.TrimSuffix(line, "\r\n")
}

// want says a line and compares the lines of the answer.
func (c *client) want(line string, answer ...string) {
	c.t.Helper()
	c.say(line)
	for _, want := range answer {
		if got := c.line(); got != want {
			c.t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}

// wantEnd reads on and wants the end of the connection.
func (c *client) wantEnd() {
	c.t.Helper()
	if line, err := c.r.ReadString('\n'); !errors.Is(err, io.EOF) {
		c.t.Errorf("got %q, %v, want the end of the connection", line, err)
	}
}

func TestDial(t *testing.T) { each(t, testDial) }

func testDial(t *testing.T, m Maker) {
	l := newLoop(t, LoopOptions{Maker: m})
	a, b := dial(t, l), dial(t, l)
	a.want("SET k v", "+OK")
	b.want("GET k", "$1", "v")
	a.say("GET k\r\nQUIT")
	for _, want := range []string{"$1", "v", "+OK"} {
		if got := a.line(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	a.wantEnd()
	if _, err := a.Write([]byte("PING\r\n")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("write after QUIT: %v", err)
	}
	b.want("PING", "+PONG")
}

func TestDialDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(t, LoopOptions{})
		c := dial(t, l)
		begin := time.Now()
		if err := c.SetReadDeadline(begin.Add(3 * time.Second)); err != nil {
			t.Fatal(err)
		}
		_, err := c.Read(make([]byte, 1))
		var timeout net.Error
		if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("got %v, want a time-out", err)
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
		if _, err = c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("again: got %v, want a time-out", err)
		}
		if err := c.SetDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		c.want("PING", "+PONG")
		if err := c.SetWriteDeadline(time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err = c.Write([]byte("PING\r\n")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("late write: got %v, want a time-out", err)
		}
	})
}

func TestDeadlineSetWhileReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, newLoop(t, LoopOptions{}))
		failed := make(chan error)
		go func() {
			_, err := c.Read(make([]byte, 1))
			failed <- err
		}()
		synctest.Wait()
		if err := c.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestCloseEndsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(t, LoopOptions{})
		c := dial(t, l)
		failed := make(chan error)
		read := func() {
			_, err := c.Read(make([]byte, 1))
			failed <- err
		}
		go read()
		go read()
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := <-failed; !errors.Is(err, net.ErrClosed) {
				t.Errorf("got %v", err)
			}
		}
		if err := c.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed twice: got %v", err)
		}
		if len(l.sinks) != 0 {
			t.Errorf("%d sinks left", len(l.sinks))
		}
	})
}

func TestExpiryByFakeTime(t *testing.T) { each(t, testExpiryByFakeTime) }

func testExpiryByFakeTime(t *testing.T, m Maker) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(t, LoopOptions{Maker: m,
			Config: map[string]string{"notify-keyspace-events": "Ex"}})
		c, s := dial(t, l), dial(t, l)
		s.want("SUBSCRIBE __keyevent@0__:expired", "*3", "$9", "subscribe",
			"$22", "__keyevent@0__:expired", ":1")
		c.want("SET k v PX 1500", "+OK")
		begin := time.Now()
		for _, want := range []string{"*3", "$7", "message", "$22", "__keyevent@0__:expired", "$1", "k"} {
			if got := s.line(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		if took := time.Since(begin); took != 1500*time.Millisecond {
			t.Errorf("expired after %v", took)
		}
	})
}

func TestTurnedByHand(t *testing.T) { each(t, testTurnedByHand) }

func testTurnedByHand(t *testing.T, m Maker) {
	now := core.Time(1_750_000_000_000_000)
	l := newLoop(t, LoopOptions{Maker: m, Clock: func() core.Time { return now }})
	c := dial(t, l)
	c.want("SET k v EX 10", "+OK")
	now += 9_000_000
	l.Turn()
	c.want("GET k", "$1", "v")
	now += 1_000_000
	l.Turn()
	c.want("GET k", "$-1")
}

func TestCloseHangsUp(t *testing.T) { each(t, testCloseHangsUp) }

func testCloseHangsUp(t *testing.T, m Maker) {
	l, err := NewLoop(LoopOptions{Maker: m})
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, l)
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	c.wantEnd()
	if _, err := l.Dial(); !errors.Is(err, ErrClosed) {
		t.Errorf("Dial: %v", err)
	}
	if _, err := l.Caller(); !errors.Is(err, ErrClosed) {
		t.Errorf("Caller: %v", err)
	}
	if _, err := l.Snapshot(); !errors.Is(err, ErrClosed) {
		t.Errorf("Snapshot: %v", err)
	}
	l.Turn()
}

// TestScriptThatDoesNotEnd shows a script running in slices on the timer: nobody who sends is held
// up by it, others are told BUSY once it has taken long, and SCRIPT KILL ends it.
func TestScriptThatDoesNotEnd(t *testing.T) { each(t, testScriptThatDoesNotEnd) }

func testScriptThatDoesNotEnd(t *testing.T, m Maker) {
	var now atomic.Int64
	now.Store(1_750_000_000_000_000)
	l := newLoop(t, LoopOptions{Maker: m,
		Clock: func() core.Time { return core.Time(now.Load()) }})
	a, b := dial(t, l), dial(t, l)
	a.say("EVAL 'while true do end' 0")
	now.Add(6_000_000)
	const busy = "-BUSY Redis is busy running a script. " +
		"You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
	b.want("GET k", busy)
	b.want("SCRIPT KILL", "+OK")
	if got := a.line(); !strings.Contains(got, "Script killed by user with SCRIPT KILL") {
		t.Errorf("the script's client got %q", got)
	}
	b.want("GET k", "$-1")
	a.want("PING", "+PONG")
	a.say("EVAL 'while true do end' 0") // Close must not wait for it
}

// TestScriptByFakeTime: time passes under testing/synctest although a script never ends.
func TestScriptByFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(t, LoopOptions{Maker: Native,
			Config: map[string]string{"busy-reply-threshold": "100"}})
		a, b := dial(t, l), dial(t, l)
		a.say("EVAL 'while true do end' 0")
		time.Sleep(150 * time.Millisecond)
		b.want("GET k", "-BUSY Redis is busy running a script. "+
			"You can only call SCRIPT KILL or SHUTDOWN NOSAVE.")
		b.want("SCRIPT KILL", "+OK")
		a.line()
		a.want("PING", "+PONG")
	})
}

// TestStopwatch shows that commands take time where a stopwatch is lent, and none else.
func TestStopwatch(t *testing.T) { each(t, testStopwatch) }

func testStopwatch(t *testing.T, m Maker) {
	for _, lent := range []bool{false, true} {
		o := LoopOptions{Maker: m}
		if lent {
			began := time.Now()
			o.Stopwatch = func() int64 { return int64(time.Since(began)) }
		}
		c := dial(t, newLoop(t, o))
		c.want(`EVAL "for i = 1, 100000 do end" 0`, "$-1")
		c.say("INFO commandstats\r\nPING")
		none, line := false, ""
		for line = c.line(); line != "+PONG"; line = c.line() {
			none = none || strings.HasPrefix(line, "cmdstat_eval:calls=1,usec=0,")
		}
		if none == lent {
			t.Errorf("lent %v, EVAL takes no time %v", lent, none)
		}
	}
}

// TestWakeYields has the timer fire while somebody waits for the engine: a long script, for which
// it fires without end, must not keep Close or Snapshot waiting.
func TestWakeYields(t *testing.T) {
	now := core.Time(1e15)
	l := newLoop(t, LoopOptions{Clock: func() core.Time { return now }})
	c := dial(t, l)
	c.want("SET k v PX 10", "+OK")
	now += 10_000
	l.mu.Lock()
	l.waiting++
	l.mu.Unlock()
	l.wake(l.base)
	l.mu.Lock()
	l.waiting--
	due := l.deadline
	l.mu.Unlock()
	if due != now {
		t.Errorf("the engine was stepped: it is due at %d, not at %d", due, now)
	}
	l.wake(l.base)
	c.want("EXISTS k", ":0")
}
