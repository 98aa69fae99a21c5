package redlet_test

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet"
	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
)

// wire is a client that a test writes and reads by lines.
type wire struct {
	t *testing.T
	c interface {
		Write([]byte) (int, error)
		Close() error
	}
	r *bufio.Reader
}

func wired(t *testing.T, s *redlet.Server) *wire {
	t.Helper()
	c, err := s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &wire{t, c, bufio.NewReader(c)}
}

func (w *wire) say(line string) {
	w.t.Helper()
	if _, err := w.c.Write([]byte(line + "\r\n")); err != nil {
		w.t.Error(err)
	}
}

// line is the next line that came; "gone" at the end of the connection.
func (w *wire) line() string {
	line, err := w.r.ReadString('\n')
	if err != nil {
		return "gone"
	}
	return strings.TrimSuffix(line, "\r\n")
}

func (w *wire) want(line string, want ...string) {
	w.t.Helper()
	w.say(line)
	for _, want := range want {
		if got := w.line(); got != want {
			w.t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestFail(t *testing.T) {
	s := redlet.RunT(t, redlet.WithFrozenClock(time.Unix(1e9, 0)))
	s.Fail("get user:*", 2, redlet.ErrLoading)
	s.Fail("*", 0, redlet.ErrDropped)
	c := wired(t, s)
	c.want("GET other", "$-1")
	c.want("GET user:1", "-LOADING Redis is loading the dataset in memory")
	c.want(`EVAL "return redis.pcall('get', 'user:1')" 0`,
		"-LOADING Redis is loading the dataset in memory")
	c.want("GET user:1", "$-1")

	s.Fail("incr", 1, redlet.ErrReplyLost)
	c.want("INCR n", "gone")
	c = wired(t, s)
	c.want("INCR n", ":2")

	s.Fail("*", 1, redlet.ErrDropped)
	c.want("INCR n", "gone")
	c = wired(t, s)
	c.want("INCR n", ":3")

	s.Fail("*", 1, redlet.After(time.Second, redlet.ServerError("TRYAGAIN later")))
	c.say("INCR n")
	if n := redlet.Must(s.Do(t.Context(), "INCR", "n")).Int(); n != 4 {
		t.Errorf("Do failed too: %d", n)
	}
	if err := s.FastForward(time.Second); err != nil {
		t.Fatal(err)
	}
	if got := c.line(); got != "-TRYAGAIN later" {
		t.Errorf("got %q", got)
	}
}

func TestFailInTurn(t *testing.T) {
	s := redlet.RunT(t)
	c := wired(t, s)
	stop := s.Fail("get", redlet.Always, redlet.ErrOOM)
	s.Fail("get", 1, redlet.ErrBusy)
	s.Fail("GETSET", 1, redlet.Nil)
	s.OnCommand(func(c *redlet.Call) error {
		if c.Flags()&core.Write != 0 {
			return redlet.ErrReadOnly
		}
		return nil
	})
	const full = "-OOM command not allowed when used memory > 'maxmemory'."
	c.want("GET k", full)
	c.want("GET k", full)
	stop()
	stop()
	c.want("GET k", "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or "+
		"SHUTDOWN NOSAVE.")
	c.want("GET k", "$-1")
	c.want("GETSET k v", "$-1")
	c.want("GETSET k v", "-READONLY You can't write against a read only replica.")
	s.OnCommand(nil)
	c.want("GETSET k v", "$-1")
	c.want("GET k", "$1", "v")
}

func TestOnCommandAnswers(t *testing.T) {
	s := redlet.RunT(t)
	c := wired(t, s)
	var err error
	s.OnCommand(func(c *redlet.Call) error {
		if c.Matches("get") {
			c.BulkString("mine")
		}
		if c.Matches("set") {
			return err
		}
		return nil
	})
	c.want("GET k", "$4", "mine")
	for _, test := range []struct {
		err  error
		want string
	}{
		{errors.New("boom"), "-ERR boom"},
		{fmt.Errorf("wrapped: %w", redlet.ErrBusyKey), "-BUSYKEY Target key name already exists."},
		{redlet.ServerError("MOVED 1 127.0.0.1:1"), "-MOVED 1 127.0.0.1:1"},
		{redlet.ErrNoGroup, "-NOGROUP redlet: the server answered NOGROUP"},
		{redlet.After(0, nil), "+OK"},
		{redlet.After(redlet.Forever, redlet.ErrDropped), ""},
	} {
		err = test.err
		c.say("SET k v")
		if test.want != "" {
			if got := c.line(); got != test.want {
				t.Errorf("%v: %q, want %q", test.err, got, test.want)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s.OnCommand(nil) // nobody is there
}

// TestWithCommandsUnderFail has commands of the test's own fail like Redis's.
func TestWithCommandsUnderFail(t *testing.T) {
	s := redlet.RunT(t, redlet.WithCommands(core.Command{
		Name: "double", Syntax: "key", Keys: "1 RW update", Flags: core.Write,
		Summary: "Doubles a number.",
		Run: func(c *core.Call) {
			c.Buf = append(c.Buf, c.Do("GET", c.Args[1])...)
		},
	}))
	c := wired(t, s)
	s.Fail("double", 1, redlet.ErrOOM)
	c.want("SET k 21", "+OK")
	c.want("DOUBLE k", "-OOM command not allowed when used memory > 'maxmemory'.")
	c.want("DOUBLE k", "$2", "21")
}

// TestFailTakesANativeEngine has an engine that takes no functions, as a guest.
func TestFailTakesANativeEngine(t *testing.T) {
	s := redlet.RunT(t, redlet.WithEngine(func(o core.Options) (host.Engine, error) {
		o.Filter = nil
		return host.Native(o)
	}))
	defer func() {
		if recover() == nil {
			t.Error("Fail has no effect, and does not say so")
		}
		wired(t, s).want("PING", "+PONG")
	}()
	s.Fail("*", 1, redlet.ErrDropped)
}
