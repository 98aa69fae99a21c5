//go:build go1.25

package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redlet/redlet/core"
)

// TestManyCallers has callers, connections and snapshots meet on one Loop: every caller gets its
// own answers, in order, and no increment is lost.
func TestManyCallers(t *testing.T) { each(t, testManyCallers) }

func testManyCallers(t *testing.T, m Maker) {
	const workers, rounds = 8, 50
	l := newLoop(t, LoopOptions{Maker: m})
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			if w%2 == 0 {
				callRounds(t, l, w, rounds)
			} else {
				dialRounds(t, l, w, rounds)
			}
		})
	}
	all.Go(func() {
		for range rounds {
			if _, err := l.Snapshot(); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	dial(t, l).want("GET n", "$3", fmt.Sprint(workers*rounds))
}

func callRounds(t *testing.T, l *Loop, w, rounds int) {
	c, err := l.Caller()
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	for i := range rounds {
		request := fmt.Sprintf("ECHO %d-%d\r\nINCR n\r\n", w, i)
		got, err := c.Do(nil, []byte(request), 2)
		mine := fmt.Sprintf("\r\n%d-%d\r\n:", w, i)
		if err != nil || !strings.Contains(string(got), mine) {
			t.Errorf("%q, %v: want %q", got, err, mine)
		}
	}
}

func dialRounds(t *testing.T, l *Loop, w, rounds int) {
	c := dial(t, l)
	for i := range rounds {
		c.say(fmt.Sprintf("ECHO %d-%d\r\nINCR n", w, i))
		c.line()
		if got, want := c.line(), fmt.Sprintf("%d-%d", w, i); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		c.line()
	}
}

// TestNothingIsLeft opens and closes everything in a bubble, which fails if a goroutine stays.
func TestNothingIsLeft(t *testing.T) { each(t, testNothingIsLeft) }

func testNothingIsLeft(t *testing.T, m Maker) {
	synctest.Test(t, func(t *testing.T) {
		l, err := NewLoop(LoopOptions{Maker: m})
		if err != nil {
			t.Fatal(err)
		}
		c, err := l.Dial()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "SET k v PX 100\r\nBLPOP l 10\r\n"); err != nil {
			t.Fatal(err)
		}
		if err := c.SetDeadline(time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		waits, err := l.Caller()
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() {
			_, err := waits.Do(nil, []byte("BLPOP l 0\r\n"), 1)
			ended <- err
		}()
		synctest.Wait()
		if err := errors.Join(l.Close(), c.Close()); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Errorf("Do: %v", err)
		}
		if n := runtime.NumGoroutine(); n > 20 {
			t.Errorf("%d goroutines", n)
		}
	})
}

func TestCallerCloseEndsDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := newLoop(t, LoopOptions{}).Caller()
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() {
			_, err := c.Do(nil, []byte("BLPOP l 0\r\n"), 1)
			ended <- err
		}()
		synctest.Wait()
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Errorf("Do: %v", err)
		}
	})
}

func TestBlockedCallerIsServed(t *testing.T) { each(t, testBlockedCallerIsServed) }

func testBlockedCallerIsServed(t *testing.T, m Maker) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(t, LoopOptions{Maker: m})
		c, err := l.Caller()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		got := make(chan string)
		go func() {
			for range 2 {
				reply, err := c.Do(nil, []byte("BLPOP l 5\r\n"), 1)
				got <- fmt.Sprint(string(reply), err)
			}
		}()
		synctest.Wait()
		dial(t, l).want("RPUSH l x", ":1")
		if reply := <-got; reply != "*2\r\n$1\r\nl\r\n$1\r\nx\r\n<nil>" {
			t.Errorf("got %q", reply)
		}
		begin := time.Now()
		if reply := <-got; reply != "_\r\n<nil>" || time.Since(begin) != 5*time.Second {
			t.Errorf("got %q after %v", reply, time.Since(begin))
		}
	})
}

// TestUnreadOutputStaysInTheEngine has a subscriber that does not read: what it is sent is held
// back, and then the engine's limit hangs it up.
func TestUnreadOutputStaysInTheEngine(t *testing.T) { each(t, testUnreadOutput) }

func testUnreadOutput(t *testing.T, m Maker) {
	l := newLoop(t, LoopOptions{Maker: m, Config: map[string]string{
		"client-output-buffer-limit": "pubsub 1mb 0 0"}})
	s, p := dial(t, l), dial(t, l)
	s.want("SUBSCRIBE c", "*3", "$9", "subscribe", "$1", "c", ":1")
	message := "PUBLISH c " + strings.Repeat("x", 10_000)
	served := 0
	for served = 0; served < 500; served++ {
		p.say(message)
		if p.line() == ":0" {
			break
		}
	}
	if served < 100 || served == 500 {
		t.Errorf("hung up after %d messages of 10 kB", served)
	}
	got, err := io.ReadAll(s.r)
	if n := bytes.Count(got, []byte("message")); err != nil || n < 20 || n > served {
		t.Errorf("read %d messages, %v", n, err)
	}
}

func TestReadsEverythingInOrder(t *testing.T) { each(t, testReadsEverything) }

func testReadsEverything(t *testing.T, m Maker) {
	c := dial(t, newLoop(t, LoopOptions{Maker: m}))
	value := strings.Repeat("0123456789", 10_000)
	var request, want strings.Builder
	for i := range 100 {
		// Not inline: of those 64 KB must come with their end, in whatever pieces they come.
		fmt.Fprintf(&request, "*2\r\n$4\r\nECHO\r\n$100001\r\n%d%s\r\n", i%10, value)
		fmt.Fprintf(&want, "$100001\r\n%d%s\r\n", i%10, value)
	}
	go c.say(request.String() + "QUIT")
	got, err := io.ReadAll(c.r)
	if err != nil || string(got) != want.String()+"+OK\r\n" {
		t.Errorf("%d bytes, %v, want %d", len(got), err, want.Len()+5)
	}
}

// slowEngine lets a test see what a Loop does while a step lasts.
type slowEngine struct {
	Engine
	entered, leave chan struct{}
	steps          [][]core.Input
}

func (s *slowEngine) Step(now core.Time, in []core.Input, out []core.Event) (
	[]core.Event, core.Time, error,
) {
	s.steps = append(s.steps, append([]core.Input(nil), in...))
	if len(in) > 0 && in[0].Kind == core.InData {
		s.entered <- struct{}{}
		<-s.leave
	}
	return s.Engine.Step(now, in, out)
}

// TestCallersShareAStep shows the combining: what comes during a step goes in the next, together.
func TestCallersShareAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowEngine{entered: make(chan struct{}), leave: make(chan struct{})}
		l := newLoop(t, LoopOptions{Maker: func(o core.Options) (e Engine, err error) {
			slow.Engine, err = Native(o)
			return slow, err
		}})
		var callers [5]*Caller
		for i := range callers {
			var err error
			if callers[i], err = l.Caller(); err != nil {
				t.Fatal(err)
			}
		}
		slow.steps = nil
		var all sync.WaitGroup
		call := func(c *Caller) {
			all.Go(func() {
				if got, err := c.Do(nil, []byte("PING\r\n"), 1); string(got) != "+PONG\r\n" {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		call(callers[0])
		<-slow.entered
		for _, c := range callers[1:] {
			call(c)
		}
		synctest.Wait()
		slow.leave <- struct{}{}
		<-slow.entered
		slow.leave <- struct{}{}
		all.Wait()
		if len(slow.steps) != 2 || len(slow.steps[1]) != 4 {
			t.Errorf("steps %v: want one caller's and then four", slow.steps)
		}
	})
}

func TestReplySize(t *testing.T) {
	for _, reply := range []string{
		"+OK\r\n", "-ERR no\r\n", ":-12\r\n", "$-1\r\n", "$0\r\n\r\n", "$3\r\na\r\n\r\n", "*-1\r\n",
		"*0\r\n", "*2\r\n$1\r\na\r\n*1\r\n:1\r\n", "%1\r\n+a\r\n*2\r\n:1\r\n:2\r\n", "_\r\n", "#t\r\n",
		",1.5\r\n", "~1\r\n:1\r\n", "=7\r\ntxt:abc\r\n", ">2\r\n+a\r\n+b\r\n",
		"(12345678901234567890\r\n",
		"|1\r\n+a\r\n:1\r\n+OK\r\n", "!5\r\nERR x\r\n",
	} {
		var growing replyScan
		for n := range len(reply) {
			var scan replyScan
			if got := scan.size([]byte(reply[:n])); got != 0 {
				t.Errorf("%q: size %d of a part", reply[:n], got)
			}
			if got := growing.size([]byte(reply[:n])); got != 0 {
				t.Errorf("%q: size %d of a part", reply[:n], got)
			}
		}
		for range 2 { // it begins anew
			if got := growing.size([]byte(reply + "+more\r\n")); got != len(reply) {
				t.Errorf("%q: size %d", reply, got)
			}
		}
	}
}
