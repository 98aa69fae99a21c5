package redlet

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/internal/errs"
)

// Call is a command that is about to run: see [core.Call]. Args are its words, Matches compares
// them, Flags&core.Write tells whether it writes, Client and InScript whose it is, DB its database,
// and Do runs another command first. A reply that is made is the command's answer: by OK, Status,
// Error, Int, Double, Bool, BigNumber, Bulk, BulkString, Verbatim, Null, by Array, Map and Set,
// which announce elements, or by Raw as it goes to the client. A Call is good until the function
// that has it returns.
type Call struct {
	Args  [][]byte
	RESP3 bool // the reply is to be in RESP3: Raw must know
	call
}

// OnCommand has f called before each command, in place of the f that was there; nil ends that. What
// f returns becomes of the command:
//
//   - nil lets it run, unless f has made a reply: then that is the answer.
//   - [ErrDropped] ends the client's connection, [ErrReplyLost] does when the command has run, and
//     [After] has it wait.
//   - Any other error is the reply: [ErrReadOnly] and its like in Redis's words, a [ServerError] or
//     an error of yours as it reads, with "ERR" before it if it has no class of its own, and [Nil]
//     as a reply without a value.
//
// It is the first that happens to a command, before the server asks for a password or whether there
// is such a command. In MULTI f is called when a command is queued, and an error has EXEC refuse
// the transaction, as it is with every refusal; and again for EXEC itself, but not for what EXEC
// runs. f is called for a script and for each command that the script calls, which can be answered
// or refused, but neither delayed nor dropped. What a test does itself is left alone: f is not
// called for [Server.Do], [DB] and [Server.Conn].
//
// f runs within the server, one call at a time, on the goroutine of whichever client: it must not
// block, nor use the server but by its Call. OnCommand panics with [WithEngine], which takes no
// functions, and does nothing once the server is closed. Without f, and without Fail, nothing is
// slower.
func (s *Server) OnCommand(f func(*Call) error) {
	s.faults.change(s, func(x *faults) { x.each = f })
}

// Always is, for [Server.Fail], until it is stopped.
const Always = -1

// Fail has err befall the next n commands that match a pattern, or all if n is [Always]. A pattern
// are words that the command line must begin with, whatever the case, in which * ? and [ mean what
// they mean to KEYS: "get", "config set", "set user:*", "*". err is what a function of
// [Server.OnCommand] can return, which is asked about the commands that are left alone here:
//
//	s.Fail("get", 1, redlet.ErrLoading)                        // one error, then all is well
//	s.Fail("*", 2, redlet.ErrDropped)                          // the connection breaks
//	s.Fail("incr", 1, redlet.ErrReplyLost)                     // it breaks, and the command has run
//	s.Fail("*", redlet.Always, redlet.After(time.Second, nil)) // everything is slow
//
// Of several that match, the first counts. With an n of 0 nothing fails. stop ends it before its
// time; a second call does nothing.
func (s *Server) Fail(pattern string, n int, err error) (stop func()) {
	if n == 0 {
		return func() {}
	}
	one := &failure{pattern: strings.Fields(pattern), left: n, err: err}
	s.faults.change(s, func(x *faults) { x.failures = append(x.failures, one) })
	return func() {
		s.faults.change(s, func(x *faults) {
			x.failures = slices.DeleteFunc(x.failures, func(f *failure) bool { return f == one })
		})
	}
}

// What a function of [Server.OnCommand] can return beside errors of the server.
var (
	// ErrDropped ends the connection without a reply. The command does not run.
	ErrDropped = errors.New("redlet: the connection is dropped")
	// ErrReplyLost has the command run, and then ends the connection in place of the reply: the
	// client cannot know whether it ran.
	ErrReplyLost = errors.New("redlet: the reply is lost")
)

// After is err, or nil, once d of the server's time has passed: [Server.FastForward] turns it too.
// The client waits meanwhile, and what it sends behind. A d of [Forever] never ends.
func After(d time.Duration, err error) error { return &after{d, err} }

// Forever is how long a command takes that is never answered.
const Forever time.Duration = 1<<63 - 1

// after is an error that comes later.
type after struct {
	wait time.Duration
	err  error
}

func (a *after) Error() string {
	if a.err == nil {
		return fmt.Sprintf("redlet: after %v", a.wait)
	}
	return fmt.Sprintf("redlet: after %v: %v", a.wait, a.err)
}

func (a *after) Unwrap() error { return a.err }

// faults are what OnCommand and Fail have asked for.
type faults struct {
	changing sync.Mutex // held while the loop's filter is put in or out

	mu       sync.Mutex
	each     func(*Call) error
	failures []*failure
}

type failure struct {
	pattern []string
	left    int
	err     error
}

// change changes what is asked for, and has the engine ask while there is anything.
func (x *faults) change(s *Server, how func(*faults)) {
	x.changing.Lock()
	defer x.changing.Unlock()
	x.mu.Lock()
	how(x)
	filter := filterOf(x)
	if x.each == nil && len(x.failures) == 0 {
		filter = nil
	}
	x.mu.Unlock()
	if err := LoopOf(s).SetFilter(filter); err != nil && !errors.Is(err, ErrClosed) {
		panic(err)
	}
}

// filterOf is what the engine asks.
func filterOf(x *faults) func(*core.Call) core.Fault {
	return func(c *core.Call) core.Fault { return x.fault(&Call{c.Args, c.RESP3, c}) }
}

// fault is what befalls a command.
func (x *faults) fault(c *Call) core.Fault {
	x.mu.Lock()
	each, err, failed := x.each, error(nil), false
	for i, f := range x.failures {
		if failed = f.befalls(c); failed {
			err = f.err
			if f.left--; f.left == 0 {
				x.failures = slices.Delete(x.failures, i, i+1)
			}
			break
		}
	}
	x.mu.Unlock()
	if !failed && each != nil {
		err = each(c)
	}
	return faultOf(c, err)
}

// befalls reports whether a failure is that of a command. In a script it must be one that can be.
func (f *failure) befalls(c *Call) bool {
	if !c.Matches(f.pattern...) {
		return false
	}
	return !c.InScript() || !isConnFault(f.err)
}

func isConnFault(err error) bool {
	_, later := errs.As[*after](err)
	return later || errors.Is(err, ErrDropped) || errors.Is(err, ErrReplyLost)
}

// faultOf is what an error does to a command.
func faultOf(c *Call, err error) (f core.Fault) {
	if later, ok := errs.As[*after](err); ok {
		f = faultOf(c, later.err)
		switch {
		case later.wait == Forever:
			f.Delay = core.Never
		case later.wait > 0:
			f.Delay = core.Time(max(later.wait.Microseconds(), 1))
		}
		return f
	}
	switch {
	case err == nil:
	case errors.Is(err, ErrDropped):
		f.Drop = true
	case errors.Is(err, ErrReplyLost):
		f.Lose = true
	case errors.Is(err, Nil):
		c.Null()
	default:
		f.Error = wordsOf(err)
	}
	return f
}

// wordsOf is an error as the server words it.
func wordsOf(err error) string {
	if class, ok := errs.As[errorClass](err); ok {
		if text := classWords[class]; text != "" {
			return text
		}
		return string(class) + " " + class.Error()
	}
	text := err.Error()
	first, _, _ := strings.Cut(text, " ")
	if first == "" || strings.ContainsFunc(first, func(r rune) bool { return r < 'A' || r > 'Z' }) {
		text = "ERR " + text
	}
	return text
}
