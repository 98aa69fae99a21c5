package core

import "github.com/redlet/redlet/core/internal/histogram"

// The engine's clock stands still while a command runs, so that no duration can come from it. A
// host may lend a stopwatch; what it shows reaches INFO's and HOTKEYS' statistics and no other
// reply, since it is not the same in a replay.

// look is what the stopwatch shows, of which there is one. DEBUG SLEEP goes by the engine's clock;
// to the statistics it is a command that takes long, even where there is no stopwatch.
func (e *Engine) look() int64 {
	if e.stopwatch == nil {
		return e.slept
	}
	return e.stopwatch() + e.slept
}

// commandBegan is what the stopwatch shows as a command begins, in nanoseconds. It was looked at
// when the command before ended, unless the host has been away since: a look costs a guest as much
// as a simple command.
func (e *Engine) commandBegan() int64 {
	e.timeRow() // what has run so far
	e.rowBegan()
	return e.lap
}

// rowBegan is commandBegan for a row of the fast path, which is timed with the rows before it.
func (e *Engine) rowBegan() {
	if e.lap == 0 {
		e.lap = e.look()
		e.cycleBegan = e.lap
	}
}

// commandEnded is how long a command took since the stopwatch showed began.
func (e *Engine) commandEnded(began int64) int64 {
	e.lap = e.look()
	return e.lap - began
}

// rowPart is some calls of a command in rows of the fast path.
type rowPart struct {
	cmd   *Command
	calls int
}

// rowMax is how many parts are timed together.
const rowMax = 16

// noteRow notes calls of a command that timeRow times.
func (e *Engine) noteRow(cmd *Command, calls int) {
	if n := len(e.row); n > 0 && e.row[n-1].cmd == cmd {
		e.row[n-1].calls += calls
		return
	}
	if e.row = append(e.row, rowPart{cmd, calls}); len(e.row) == rowMax {
		e.timeRow()
	}
}

// timeRow notes how long the rows of commands took that ran since the last look, if any did: what
// other clients sent in the same step among them. Each call has the same share: to look between two
// of them would take as long as they do.
func (e *Engine) timeRow() {
	if len(e.row) == 0 {
		return
	}
	began, calls := e.lap, int64(0)
	for i := range e.row {
		calls += int64(e.row[i].calls)
	}
	e.lap = e.look()
	for i := range e.row {
		e.took(e.row[i].cmd, (e.lap-began)/calls, e.row[i].calls)
	}
	e.row = e.row[:0]
}

// timeLong notes how long the last command of the fast path took, which may be long: after a
// takesLong what began with the last look, after another at most as long as what ran since then.
func (e *Engine) timeLong(c *Call) {
	began := e.lap
	e.timeRow()
	e.noteDuration(c, e.lap-began)
}

// took counts calls of a command that took so many nanoseconds each.
func (e *Engine) took(cmd *Command, ns int64, calls int) {
	e.lastTook = ns
	if e.stopwatch == nil && ns == 0 {
		return
	}
	st := e.stats.of(cmd)
	st.took += ns * int64(calls)
	if e.cfg.latencyTracking {
		if st.spread == nil {
			st.spread = &histogram.Histogram{}
		}
		st.spread.Add(ns, calls)
	}
}
