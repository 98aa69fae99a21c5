package core

// A command of the fast path works on data alone: it neither waits nor changes anything that
// dispatch looks at. Where dispatch would find nothing to object to before the first of a row of
// them, it would find nothing before the others either, so that they run without it. In the guest,
// where each look at memory costs many instructions, this saves a quarter of a simple command.

// takesFastPath tells whether a command without subcommands takes the fast path.
func takesFastPath(cmd *Command) bool {
	const aside = Admin | PubSub | NoScript | Blocking | Protected | Internal | SelectsDB | Awaits
	return cmd.Flags&(Write|ReadOnly|Fast) != 0 && cmd.Flags&aside == 0
}

// mayTakeLong tells whether a small request for a command can take a while: it looks at as many
// elements as there are. Others are timed with their row, since a look at the stopwatch takes as
// long as they do.
func mayTakeLong(cmd *Command) bool { return cmd.Flags&Fast == 0 && cmd.Complexity != "O(1)" }

// runFastPath runs the commands of the fast path at the beginning of buf and returns how many bytes
// they took. If it came upon another small request, that is in cl.reader.Args and next is its
// length. The row ends before a command for which there is more to do than to run it.
//
// The compiler would put it into runAll, and then leave out what the profile has it put in here.
//
//go:noinline
func (e *Engine) runFastPath(cl *conn, buf []byte) (done, next int) {
	if e.flags != 0 || cl.flags != 0 {
		return 0, 0
	}
	c := &e.top
	*c = Call{Writer: &cl.w, e: e, conn: cl, db: cl.db}
	calls := 0 // of c.cmd, not counted yet
	e.rowBegan()
	for e.flags == 0 {
		if next = cl.reader.Quick(buf[done:]); next == 0 {
			break
		}
		args := cl.reader.Args
		k, _, known := e.recentLookup(args[0])
		if !known || k.cmd.Flags&onFastPath == 0 || !fits(int(k.cmd.Arity), len(args)) {
			break
		}
		if c.cmd != k.cmd {
			e.countCalls(c, calls)
			if c.cmd, calls = k.cmd, 0; c.cmd.Flags&Write != 0 {
				e.calm = 0
			}
		}
		c.Args = args
		at := c.Len()
		if k.cmd.Flags&takesLong != 0 {
			e.timeRow()
		}
		k.cmd.Run(c)
		if e.mem.weighed != nil && e.cfg.maxmemory > 0 {
			e.countWeighed() // what follows may have to make room; else once a row is enough
		}
		calls++
		done, next = done+next, 0
		if text := c.ErrorAt(at); text != nil {
			e.failed(c, text)
		}
		if k.cmd.Flags&takesLong != 0 || c.Len()-at > outputFree {
			e.countCalls(c, calls)
			calls = 0
			e.timeLong(c)
		}
		if c.Len() > outputFree || c.Overflowed() || len(e.blocked.ready) > 0 || calls == yieldEvery {
			e.countCalls(c, calls)
			calls = 0
			e.handleBlockedOnKeys()
			if e.limitHard(cl); cl.has(connClosing) {
				break
			}
		}
	}
	e.countCalls(c, calls)
	if e.mem.weighed != nil {
		e.countWeighed()
	}
	return done, next
}

// countCalls counts a row of calls of a command, and yields to Go's scheduler now and then.
func (e *Engine) countCalls(c *Call, calls int) {
	if calls == 0 {
		return
	}
	e.stats.of(c.cmd).calls += int64(calls)
	if !c.conn.peer.Own {
		e.stats.processed += int64(calls)
	}
	c.conn.commands += int64(calls)
	c.conn.lastCmd = c.cmd
	if e.stopwatch != nil {
		e.noteRow(c.cmd, calls)
	}
	e.commandsRan(calls)
}
