package core

import (
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/internal/sds"
)

// The clients that MONITOR shows every command are in Engine.monitors, in the order in which they
// asked. While there is none, a command pays nothing for it: engineMonitor is not set.

// monitorsChanged has commands shown, or no longer.
//
//go:noinline
func (e *Engine) monitorsChanged() { e.flags.set(engineMonitor, len(e.monitors) > 0) }

// monitor has a client shown every command from now on.
func (e *Engine) monitor(cl *conn) {
	cl.flags |= connMonitor
	e.monitors = append(e.monitors, cl)
	e.monitorsChanged()
}

// unmonitor ends it.
func (e *Engine) unmonitor(cl *conn) {
	if i := slices.Index(e.monitors, cl); i >= 0 {
		cl.flags &^= connMonitor
		e.monitors = small.Delete(e.monitors, i, i+1)
		e.monitorsChanged()
	}
}

// monitorRan shows a command that has run, unless it is the administrator's or shown already.
func (e *Engine) monitorRan(c *Call) {
	if c.cmd.Flags&(Admin|SkipMonitor) == 0 {
		e.feedMonitors(c)
	}
}

// feedMonitors shows a command to those who asked for it. It is shown when it has run, so that
// SELECT stands there with the database that it chose and EXEC behind what it has run; but a script
// comes before its commands, and what waits is shown as it begins to.
func (e *Engine) feedMonitors(c *Call) {
	const most = 4 // bytes that one of an argument is shown as
	if !e.hasRoom(most * argBytes(c.Args)) {
		return
	}
	line := e.monitorLine(c)
	for _, cl := range slices.Clone(e.monitors) {
		if cl.has(connClosing | connSilent) {
			continue
		}
		w := e.pushes(cl)
		at := w.Len()
		w.Raw(line)
		e.pushed(cl, w, at)
	}
}

// monitorLine is how a command is shown: when, in which database, for whom, and its words.
func (e *Engine) monitorLine(c *Call) []byte {
	us := int64(e.told())
	line := append(appendInt([]byte{'+'}, us/1e6), '.')
	line = append(line, itoa(1e6 + us%1e6)[1:]...)
	line = append(appendInt(append(line, " ["...), int64(c.conn.db.id)), ' ')
	switch addr := c.conn.peer.Addr; {
	case c.conn.has(connScript):
		line = append(line, "lua"...)
	case c.conn.peer.Unix:
		line = append(append(line, "unix:"...), strings.TrimSuffix(addr, ":0")...)
	default:
		line = append(line, addr...)
	}
	line = append(line, ']')
	for _, arg := range c.cmd.shownArgs(c.Args) {
		line = sds.AppendRepr(append(line, ' '), string(arg))
	}
	return append(line, "\r\n"...)
}

// redacted stands in place of an argument that nobody is to be shown.
var redacted = []byte("(redacted)")

// shownArgs are a command's arguments as MONITOR and the slow log show them.
func (cmd *Command) shownArgs(args [][]byte) [][]byte {
	if cmd.Line == nil || cmd.Line.Secrets == nil {
		return args
	}
	hidden := cmd.Line.Secrets(args)
	if len(hidden) == 0 {
		return args
	}
	args = slices.Clone(args)
	for _, i := range hidden {
		args[i] = redacted
	}
	return args
}
