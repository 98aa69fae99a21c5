package core

import (
	"maps"
	"strings"

	"github.com/redlet/redlet/internal/sds"
)

// Some parameters are the host's to put into force: sockets, certificates, what the system thinks
// of the process. CONFIG SET asks it by EventConfig, and answers when it has answered.

// hostChanges returns the lines of an EventConfig for what a CONFIG SET changes of the host's
// parameters, in the order of its arguments. Those that name a file are put into force also when
// they name the same: the file may be another.
func (c *Call) hostChanges(places []int, next *config) (lines string) {
	for k, i := range places {
		p := &parameters[i]
		if p.flags&(paramHost|paramTLS|paramOOM) == 0 {
			continue
		}
		value, given := next.shows(i), c.Args[3+2*k]
		switch {
		case p.flags&paramReread != 0 && len(given) > 0:
		case value == c.e.cfg.shows(i):
			continue
		}
		switch {
		case p.flags&paramTLS != 0 && !next.usesTLS():
			continue
		case p.flags&paramOOM != 0 && next.oomScoreAdj == oomNo && c.e.cfg.oomScoreAdj == oomNo:
			continue
		case p.flags&paramOOM != 0:
			value = next.oomWords(c.e.master != nil)
		}
		lines += p.name + " " + sds.Repr(value) + "\n"
	}
	return lines
}

// usesTLS tells whether certificates are read at all.
func (c *config) usesTLS() bool { return c.tlsPort != 0 || c.tlsReplication || c.tlsCluster }

// The words of oom-score-adj.
const (
	oomNo = iota
	oomYes
	oomRelative
	oomAbsolute
)

// oomWords says what the system is to think of the process: the kind of score, and the score that
// oom-score-adj-values has for the role.
func (c *config) oomWords(replica bool) string {
	kind := [...]string{"no", "relative", "relative", "absolute"}[c.oomScoreAdj]
	score := c.oomScores[0]
	if replica {
		score = c.oomScores[1]
	}
	return kind + " " + itoa(score)
}

// tellRole has the host give the process the score of its new role.
//
//go:noinline
func (e *Engine) tellRole() {
	if e.cfg.oomScoreAdj != oomNo {
		e.tellHost("oom-score-adj " + sds.Repr(e.cfg.oomWords(e.master != nil)) + "\n")
	}
}

// hostHears tells the host of parameters that it puts into force if it can, and of nothing else.
func (c *Call) hostHears(places []int, before *config) {
	lines := ""
	for _, i := range places {
		p := &parameters[i]
		told := p.flags&paramTold != 0 || p.flags&paramTLS != 0 && !c.e.cfg.usesTLS()
		if value := c.e.cfg.shows(i); told && value != before.shows(i) {
			lines += p.name + " " + sds.Repr(value) + "\n"
		}
	}
	if lines != "" {
		c.e.tellHost(lines)
	}
}

// tellHost is for what a host does if it can.
func (e *Engine) tellHost(lines string) { e.emit(Event{Kind: EventConfig, Data: []byte(lines)}) }

// askHost has the host put parameters into force. The command waits for its answer and then runs
// again; what was done is then in the configuration, and what was not is in the waiter's told.
func (c *Call) askHost(lines string, places []int, next *config) {
	e, waiter := c.e, c.block(nil, kindCount, Never, nil)
	values := make([]string, len(places))
	for k, i := range places {
		values[k] = next.shows(i)
	}
	e.ask(Event{Kind: EventConfig, Data: []byte(lines)}, func(in *Input) {
		if len(in.Data) > 0 {
			waiter.told = e.hostRefused(lines, string(in.Data))
		} else {
			now := e.cfg
			now.shown = maps.Clone(now.shown)
			for k, i := range places {
				if parameters[i].flags&(paramHost|paramTLS|paramOOM) != 0 {
					now.change(i, values[k])
				}
			}
			e.reconfigure(now)
			waiter.applied = true
		}
		if !waiter.over() {
			e.retry(waiter)
		}
	})
}

// hostRefused words that a host cannot put parameters into force. Its answer is the name of one and
// why; or why it never does.
func (e *Engine) hostRefused(lines, answer string) string {
	name, problem, _ := strings.Cut(answer, " ")
	if !strings.HasPrefix(lines, name+" ") && !strings.Contains(lines, "\n"+name+" ") {
		name, _, _ = strings.Cut(lines, " ")
		problem = hostRefuses(name)
	}
	e.log(logWarning, "Failed applying new configuration. Possibly related to new "+name+
		" setting. Restoring previous settings.")
	return errConfigSet(name, problem)
}

// hostRefuses says, as Redis does when its system refuses it, what is not the engine's.
func hostRefuses(name string) string {
	switch name {
	case "bind":
		return "Failed to bind to specified addresses."
	case "port":
		return "Unable to listen on this port. Check server logs."
	case "oom-score-adj", "oom-score-adj-values":
		return "Failed to set current oom_score_adj. Check server logs."
	}
	return "Unable to update TLS configuration. Check server logs."
}
