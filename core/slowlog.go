package core

import "github.com/redlet/redlet/core/internal/small"

// slowlog keeps the commands that took long, the latest last.
type slowlog struct {
	entries []slowEntry
	next    int64 // the id of the next entry; SLOWLOG RESET lets it go on
}

// slowEntry is one of them, as far as SLOWLOG shows it.
type slowEntry struct {
	id   int64
	at   int64 // when it ended, in seconds
	us   int64
	args [][]byte
	addr string
	name []byte
}

// What SLOWLOG shows of a command.
const (
	slowArgsMax   = 32
	slowStringMax = 128
)

// exactUs is the duration from which on it is enough to time commands of the fast path together
// that work on few elements: none takes so long. Below it each is timed by itself.
const exactUs = 1000

// noteDuration puts a command that has ended, and took so many nanoseconds, into the slow log and
// among the events of LATENCY, if it took long enough.
func (e *Engine) noteDuration(c *Call, ns int64) {
	us := ns / 1000
	if most := e.cfg.slowlogSlowerUs; most >= 0 && us >= most {
		e.noteSlow(c, us)
	}
	if e.cfg.latencyThresholdMs > 0 {
		event := "command"
		if c.cmd.Flags&Fast != 0 {
			event = "fast-command"
		}
		e.noteLatency(event, us/1000)
	}
}

// noteSlow adds an entry to the slow log.
func (e *Engine) noteSlow(c *Call, us int64) {
	if c.cmd.Flags&SkipSlowlog != 0 || e.cfg.slowlogMax == 0 {
		return
	}
	s := &e.slowlog
	s.entries = append(s.entries, slowEntry{id: s.next, at: int64(e.told() / 1e6), us: us,
		args: slowArgs(c.cmd.shownArgs(c.Args)), addr: c.conn.peer.Addr,
		name: small.Clone(c.conn.name)})
	s.next++
	if over := len(s.entries) - int(min(e.cfg.slowlogMax, maxInt32)); over > 0 {
		clear(s.entries[:over])
		s.entries = s.entries[over:]
	}
}

// slowArgs copies of a command's arguments what is shown of them.
func slowArgs(args [][]byte) [][]byte {
	more := 0
	if len(args) > slowArgsMax {
		more = len(args) - slowArgsMax + 1
		args = args[:slowArgsMax-1]
	}
	out := make([][]byte, 0, len(args)+1)
	for _, arg := range args {
		kept := small.Clone(arg[:min(len(arg), slowStringMax)])
		if left := len(arg) - len(kept); left > 0 {
			kept = append(kept, "... ("+string(decimal(int64(left)))+" more bytes)"...)
		}
		out = append(out, kept)
	}
	if more > 0 {
		out = append(out, []byte("... ("+string(decimal(int64(more)))+" more arguments)"))
	}
	return out
}

// reset forgets all entries.
func (s *slowlog) reset() { s.entries = nil }
