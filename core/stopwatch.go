package core

import "github.com/redlet/redlet/core/internal/histogram"

// The engine's clock stands still while a command runs, so that no duration can come from it. A
// host may lend a stopwatch; what it shows reaches INFO's statistics and no other reply, since it
// is not the same in a replay.

// stopwatchNow is what the stopwatch shows, in nanoseconds; 0 without one.
func (e *Engine) stopwatchNow() int64 {
	if e.stopwatch == nil {
		return 0
	}
	return e.stopwatch()
}

// timed notes how long calls of a command took together, since the stopwatch showed began, and
// returns what it shows now.
func (e *Engine) timed(cmd *Command, began int64, calls int) (now int64) {
	now = e.stopwatch()
	st := &e.stats.commands[cmd.index]
	st.took += now - began
	if e.cfg.latencyTracking {
		if st.spread == nil {
			st.spread = &histogram.Histogram{}
		}
		st.spread.Add((now-began)/int64(calls), calls)
	}
	return now
}
