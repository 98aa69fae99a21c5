package core

import (
	"strconv"

	"github.com/redlet/redlet/core/internal/glob"
	"github.com/redlet/redlet/core/internal/small"
)

// Fault is what a filter says of a command. The zero value is nothing: the command goes its way. A
// Delay may be with one of the others, which then holds when it is over.
type Fault struct {
	// Delay is how long the client waits before its command is looked at, by the engine's time;
	// Never is until the client goes, or the owner's order "filter resume".
	Delay Time
	// Error, if not "", refuses the command: the text of an error, code and all.
	Error string
	// Drop ends the connection; the command does not run.
	Drop bool
	// Lose has the command run, and ends the connection in place of the reply.
	Lose bool
}

// commandFilter is what Options.Filter is to the engine.
type commandFilter struct {
	ask func(*Call) Fault // nil: there is none
	at  Time              // when the first of the delayed may go on, or before; 0 if nobody is delayed
}

func (f *commandFilter) due() Time {
	if f.at == 0 {
		return Never
	}
	return f.at
}

// filtered is a command of which the filter has been asked, and which waits.
type filtered struct {
	fault Fault
	until Time
	reply []byte // the answer that came meanwhile; nil if none did
}

// orderFilter puts the filter in or out.
func (e *Engine) orderFilter(word []byte) (answer, problem string) {
	on := string(word) == "on"
	switch {
	case e.filter.ask == nil:
		return "", "the engine has no filter"
	case !on && string(word) != "off":
		return "", "no such order"
	}
	e.flags.set(engineFiltered, on)
	return "", ""
}

// askFilter asks the filter about a command, or goes on with what it said of it before.
func (e *Engine) askFilter(c *Call, at place) verdict {
	cl := c.conn
	if at == atClient && cl.has(connFiltered) {
		return e.filteredBefore(c)
	}
	if e.currentClient == nil || e.currentClient.peer.Own {
		return allowed
	}
	asked, begins := *c, c.Len() // what it does by Do is not the command's
	fault := e.filter.ask(&asked)
	if at == atClient {
		e.handleBlockedOnKeys() // for what the filter changed
	}
	c.takeError(begins, &fault)
	switch {
	case c.Len() > begins:
		return answered
	case at != atClient:
		return verdict(fault.Error)
	case fault.Delay > 0:
		until := Never
		if fault.Delay < Never-e.now {
			until = e.now + fault.Delay
		}
		cl.filtered = &filtered{fault: fault, until: until}
		return e.filteredBefore(c)
	}
	return e.fail(cl, fault)
}

// takeError makes a fault of a reply that is an error, so that it counts as a refusal.
func (c *Call) takeError(begins int, f *Fault) {
	if text := c.ErrorAt(begins); text != nil {
		*f = Fault{Error: string(text)}
		c.Cut(begins)
	}
}

// filteredBefore has a delayed command wait on, or go on when its time has come.
func (e *Engine) filteredBefore(c *Call) verdict {
	cl := c.conn
	f := cl.filtered
	switch {
	case f == nil:
		cl.flags &^= connFiltered
		return allowed
	case f.until > e.now:
		if f.until != Never && (e.filter.at == 0 || f.until < e.filter.at) {
			e.filter.at = f.until
		}
		cl.flags |= connFiltered
		return postponed
	}
	cl.flags &^= connFiltered
	cl.filtered = nil
	begins := c.Len()
	if c.Buf = append(c.Buf, f.reply...); !f.fault.Drop {
		c.takeError(begins, &f.fault)
	}
	if v := e.fail(cl, f.fault); v != allowed || f.reply == nil {
		return v
	}
	return answered
}

// resumeFiltered lets a client go on whose command waits, as the owner orders, or answers it.
func (e *Engine) resumeFiltered(words [][]byte, reply []byte) (problem string) {
	id, err := strconv.ParseUint(string(words[0]), 10, 32)
	cl := e.conns[ConnID(id)]
	drop := len(words) == 2 && string(words[1]) == "drop"
	switch {
	case err != nil || len(words) > 1 && !drop:
		return "no such order"
	case cl == nil || cl.filtered == nil:
		return "no such client waits"
	}
	cl.filtered.until, cl.filtered.reply = 0, small.Clone(reply)
	cl.filtered.fault.Drop = drop
	e.delayOver()
	e.beforeSleep()
	return ""
}

// fail does what a fault says, but for its delay.
func (e *Engine) fail(cl *conn, f Fault) verdict {
	switch {
	case f.Drop:
		e.hangup(cl)
		return answered
	case f.Lose:
		cl.flags |= connReplyLost
	}
	return verdict(f.Error)
}

// delayOver lets those go on whose delay is over.
//
//go:noinline
func (e *Engine) delayOver() {
	e.filter.at = 0
	e.resumePostponed() // the others wait on
}

// What follows is for filters.

// Flags are the flags of the command: those of its literal, or, of EXEC and of what runs a script,
// those of what it runs. They are 0 where there is no such command.
func (c *Call) Flags() Flag {
	switch {
	case c.cmd == nil:
		return 0
	case !c.e.arityFits(c.cmd, len(c.Args)):
		return c.cmd.Flags
	}
	return c.commandFlags()
}

// Matches reports whether the command line begins with words that match those of a pattern, each by
// itself, as KEYS matches and whatever the case: of "set user:*" each SET of such a key.
func (c *Call) Matches(pattern ...string) bool {
	if len(pattern) > len(c.Args) {
		return false
	}
	for i, word := range pattern {
		if !glob.Match([]byte(word), c.Args[i], true) {
			return false
		}
	}
	return true
}

// Client is the connection whose command it is; of what a script calls, whose script.
func (c *Call) Client() ConnID {
	if c.e.currentClient == nil {
		return 0
	}
	return c.e.currentClient.id
}

// InScript reports whether a script calls the command.
func (c *Call) InScript() bool { return c.conn.has(connScript) }
