package redlet

import (
	"fmt"
	"strings"
	"time"

	"github.com/redlet/redlet/core"
)

// Clock is how the time of a server goes by: see [WithClock]. Make one by [WallClock],
// [FrozenClock], [MiniredisClock] or [ClockFunc]; the zero value is WallClock.
type Clock struct {
	orders []string // to the engine, once it is ready
	now    func() time.Time
}

// WithClock chooses how the server's time goes by. Without it that is [WallClock].
func WithClock(c Clock) Option {
	return func(o *settings) { o.clock = c }
}

// WithFrozenClock is WithClock(FrozenClock(t)).
func WithFrozenClock(t time.Time) Option { return WithClock(FrozenClock(t)) }

// WallClock goes by the machine's time, or in a testing/synctest bubble by the bubble's: a server
// that was started in a bubble lives by its time, and one that was started outside shows to each
// client of [Server.Dial] the time of the bubble that the client is in. Expiries are instants: what
// a bubble sees of a server outside, whose keys were given theirs by today's time, lies years
// ahead. Clients in a bubble that come by TCP see the time outside.
func WallClock() Clock { return Clock{} }

// FrozenClock stands still at t until [Server.FastForward] or [Server.SetTime] turn it. Commands
// that block wait for that too.
func FrozenClock(t time.Time) Clock {
	return Clock{orders: []string{"clock freeze", fmt.Sprintf("clock set %d", t.UnixMicro())}}
}

// MiniredisClock is the clock that miniredis has: keys and fields of hashes grow older only by
// [Server.FastForward], however long a test takes, while commands that block, TIME and streams go
// by [WallClock]. [Server.SetTime] sets, and stops, what TIME and streams tell and what instants
// such as EXPIREAT's are reckoned from; it makes nothing expire.
func MiniredisClock() Clock { return Clock{orders: []string{"clock apart"}} }

// ClockFunc goes by a clock of yours. It may go back: keys then live until the instant that they
// were given, and nobody waits longer for it. now may be called by any goroutine, and must not call
// the server. Nothing falls due by itself: when you have turned your clock, call FastForward(0),
// which does what fell due.
func ClockFunc(now func() time.Time) Clock { return Clock{now: now} }

// host is the clock as the Loop takes it; nil for the wall's.
func (c Clock) host() func() core.Time {
	if c.now == nil {
		return nil
	}
	return func() core.Time { return core.Time(c.now().UnixMicro()) }
}

// FastForward turns the server's clock ahead: keys expire, blocked commands time out, pauses end,
// as if d had passed. It returns when everything that fell due has happened, but for a script that
// is running, which goes on. It counts microseconds; d must not be less than 0.
//
// Nothing that keeps clients waiting, or out, keeps it waiting: a pause, a script, a password, a
// limit of clients. Nor does it show: it is no command. The same holds for SetTime, Now, Seed and
// Info.
func (s *Server) FastForward(d time.Duration) error { return s.loop.Forward(d) }

// SetTime sets the server's clock, in microseconds. A running clock goes on from there, a frozen
// one stands there. Time may be set back: what has expired stays so. It must lie between 1970 and
// 9999.
func (s *Server) SetTime(t time.Time) error { return s.loop.SetTime(t) }

// Now is the time that the server's clock shows, as TIME tells it.
func (s *Server) Now() (time.Time, error) { return s.loop.Now() }

// Seed begins the server's random choices anew, as if it had been started with [WithSeed].
func (s *Server) Seed(seed uint64) error {
	_, err := s.loop.Control(fmt.Sprint("seed ", seed))
	return err
}

// Info is what the command INFO tells, by the fields' names, such as "total_commands_processed" or
// "connected_clients"; of the sections that are named, or else of those that INFO shows by itself.
func (s *Server) Info(sections ...string) (map[string]string, error) {
	text, err := s.loop.Control("info " + strings.Join(sections, " "))
	if err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for line := range strings.SplitSeq(text, "\r\n") {
		if name, value, is := strings.Cut(line, ":"); is {
			fields[name] = value
		}
	}
	return fields, nil
}
