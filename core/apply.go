package core

// applier applies commands that were run before: those of an append-only file, or those that a
// master sends. A transaction is kept until it is complete. Nothing expires meanwhile: whoever ran
// the commands says when a key goes.
type applier struct {
	e      *Engine
	conn   conn // on behalf of which commands run
	master bool // what is applied is propagated and counted
	multi  bool // between MULTI and EXEC
	queue  []queued
}

func newApplier(e *Engine) applier {
	return applier{e: e, conn: conn{user: e.access.normal, db: e.dbs[0],
		flags: connExec | connClosing,
		peer:  Conn{Own: true}}} // a master's commands are counted as they are read
}

// command applies a command, or keeps it until the transaction is complete, and returns what is
// wrong with it. An annotation has no arguments.
func (a *applier) command(args [][]byte) (problem string) {
	if len(args) == 0 {
		return ""
	}
	cmd := a.e.lookupCommand(args)
	c := Call{e: a.e, conn: &a.conn, cmd: cmd, Args: args}
	if v := c.check(atTrusted); v != allowed {
		return string(v)
	}
	switch {
	case cmd.Flags&StartsMulti != 0:
		a.multi = true
	case cmd.Flags&RunsQueue != 0:
		for _, q := range a.queue {
			if why := a.apply(q.cmd, q.args); problem == "" {
				problem = why
			}
		}
		a.multi, a.queue = false, nil
	case a.multi:
		a.queue = append(a.queue, queued{cmd, copyArgs(args)})
	default:
		problem = a.apply(cmd, args)
	}
	return problem
}

// slicesMax is for how many slices a script of a master may run.
const slicesMax = 10_000

// apply runs a command if it is of those that a server writes into its file. Of a master it returns
// the error that the command answers with.
func (a *applier) apply(cmd *Command, args [][]byte) (problem string) {
	sent := Write | MayReplicate | SelectsDB
	if a.master {
		sent |= toReplica
	}
	if cmd.Flags&sent == 0 || a.master && cmd.Flags&Awaits != 0 {
		return ""
	}
	e := a.e
	c := Call{Writer: &a.conn.w, e: e, conn: &a.conn, db: a.conn.db, cmd: cmd, Args: args}
	if a.master {
		e.invoke(&c)
	} else {
		cmd.Run(&c)
		e.countWeighed()
	}
	for n := 0; e.has(engineScript); n++ {
		if a.master && n == slicesMax {
			e.scripts.abandon(e)
			return "its script does not end"
		}
		e.scripts.step(e)
	}
	if a.master {
		problem = string(c.ErrorAt(0))
	}
	a.conn.w.Reset()
	return problem
}

// sinceMs is the time, in milliseconds, from which durations count.
func (c *Call) sinceMs() int64 {
	if at := c.e.aof.replayed; at != 0 {
		return int64(at) / 1000
	}
	return c.nowMs()
}

// toldSinceMs is the same for streams.
//
//go:noinline
func (c *Call) toldSinceMs() int64 {
	if at := c.e.aof.replayed; at != 0 {
		return int64(at) / 1000
	}
	return c.e.tellMs()
}

// replayed reports whether the command was run before, and is being applied.
func (c *Call) replayed() bool { return c.e.aof.replayed != 0 }
