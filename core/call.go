package core

import (
	"strings"

	"github.com/redlet/redlet/core/internal/reply"
)

// Call is one command being run on behalf of a connection. It is good until the command's Run
// returns. What a command from outside has to work with:
//
//   - Args, the command line; ArgInt reads a number of it.
//   - Replies, in the client's protocol: OK, Status, Error, Int, Count, Double, Bool, BigNumber,
//     Bulk, BulkString, Verbatim, Null; Array, Map and Set announce so many elements, which follow.
//     A command makes one reply. The text of an error begins with its code: see the errors of this
//     package, such as [ErrSyntax].
//   - Keys and their changes: Value, SetValue, Changed and Delete for a [Type] from outside, and
//     Do, which runs any command of the engine.
//   - Propagate, where what replicas and the append-only file are to be told is not the command as
//     it stands.
//   - Now and Random, in place of a clock and of chance, so that a run can be repeated.
type Call struct {
	*reply.Writer
	e    *Engine
	conn *conn
	db   *db
	cmd  *Command
	// Args holds the command's name and arguments: slices of the input that are valid while the
	// command runs. Whatever is to be kept must be copied.
	Args [][]byte
	// retry is set when a blocked command runs again because one of its keys was touched.
	retry bool
	// propagated is set when Propagate has said what replicas are sent of the command.
	propagated bool
	// counted is set when an error reply is in the statistics already: a script passes it on.
	counted bool
}

// Now is the time at which the command runs; it stands still meanwhile.
func (c *Call) Now() Time { return c.e.now }

// nowMs is the same in milliseconds since the Unix epoch, as expiries count.
func (c *Call) nowMs() int64 { return c.e.keyMs() }

// mayBlock reports whether the command may wait: not within MULTI, not in a script.
func (c *Call) mayBlock() bool { return !c.conn.has(connDenyBlocking) }

// begun is what is known of a command before it runs.
type begun struct {
	at    int   // where its reply begins
	dirty int64 // how many changes there were
	watch int64 // what the stopwatch showed
}

// invoke runs a command that passed every check and counts it.
func (e *Engine) invoke(c *Call) {
	if e.has(engineMonitor) && c.cmd.Flags&RunsScripts != 0 {
		e.feedMonitors(c)
	}
	b := begun{c.Len(), e.persist.dirty, e.commandBegan()}
	c.cmd.Run(c)
	if e.scripts.pending { // who has called it calls invoked, too
		e.scripts.begun = b
		return
	}
	e.invoked(c, &b)
}

// invoked counts a command that has run.
func (e *Engine) invoked(c *Call, b *begun) {
	e.countWeighed()
	if e.has(engineAfter) {
		e.afterCommand(c, b.dirty)
	}
	if c.conn.task != nil && !e.scripts.inside {
		c.conn.task.began = b.watch
		return // suspended: it is accounted for when it ends
	}
	ns := e.commandEnded(b.watch)
	if p := c.conn.blocked; p != nil {
		if p.took += ns; !c.retry || p.again {
			return
		}
		ns = p.took
	}
	e.account(c, b.at, ns)
}

// account counts a command that has been answered and has kept the engine busy for so many
// nanoseconds; its reply begins at an offset of the output.
func (e *Engine) account(c *Call, at int, ns int64) {
	e.took(c.cmd, ns, 1)
	e.noteDuration(c, ns)
	if e.has(engineHotkeys) {
		e.noteKeys(c, at)
	}
	e.stats.of(c.cmd).calls++
	if !c.conn.peer.Own {
		e.stats.processed++
	}
	if text := c.ErrorAt(at); text != nil {
		e.failed(c, text)
	}
}

// failed counts a command that was answered with an error.
func (e *Engine) failed(c *Call, text []byte) {
	e.stats.of(c.cmd).failed++
	if !c.counted {
		e.countError(text)
	}
}

// rejected counts a command that is not run, if there is such a command.
func (e *Engine) rejected(c *Call) {
	if c.cmd != nil && !c.cmd.lacksSub(c.Args) {
		e.stats.of(c.cmd).rejected++
	}
}

// refuse answers a command that was not run.
func (e *Engine) refuse(c *Call, text string) {
	e.rejected(c)
	if c.conn.has(connMulti) {
		c.conn.dirtyExec = true
	}
	c.conn.forgetCaching(c.cmd)
	if c.cmd != nil && c.cmd.Flags&RunsQueue != 0 {
		e.discard(c.conn)
		why := strings.TrimPrefix(text, "ERR ")
		text = "EXECABORT Transaction discarded because of: " + why
	}
	e.countError([]byte(text))
	c.Error(text)
}

// copyArgs copies arguments that must outlive their input, into one piece of memory.
//
//go:noinline
func copyArgs(args [][]byte) [][]byte {
	size := 0
	for _, a := range args {
		size += len(a)
	}
	mem := make([]byte, 0, size)
	out := make([][]byte, len(args))
	for i, a := range args {
		at := len(mem)
		mem = append(mem, a...)
		out[i] = mem[at:len(mem):len(mem)]
	}
	return out
}

// afterCommand does after a command what engineAfter asks for. dirty is the count of changes before
// the command ran.
func (e *Engine) afterCommand(c *Call, dirty int64) {
	if e.has(enginePropagate) {
		e.replicas.takeDirty(c, dirty)
	}
	if e.has(engineMonitor) && !c.retry && (c.conn.task == nil || e.scripts.inside) {
		e.monitorRan(c)
	}
	e.remember(c)
	cl := c.conn
	if cl == e.currentClient && !cl.has(connExec) && (cl.task == nil || e.scripts.inside) {
		e.finishCommand(cl, c.cmd)
	}
}

// finishCommand ends the command of a client: CLIENT CACHING holds no longer, what the client is to
// be told follows the reply, and not too many keys are remembered.
func (e *Engine) finishCommand(cl *conn, cmd *Command) {
	cl.forgetCaching(cmd)
	e.pushOwn(cl)
	e.limitTracked()
}
