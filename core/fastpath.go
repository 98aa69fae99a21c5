package core

import "encoding/binary"

// A command of the fast path works on data alone: it neither waits nor changes anything that
// dispatch looks at. Where dispatch would find nothing to object to before the first of a row of
// them, it would find nothing before the others either, so that they run without it. In the guest,
// where each look at memory costs many instructions, this saves a quarter of a simple command.

// takesFastPath tells whether a command without subcommands takes the fast path.
func takesFastPath(cmd *Command) bool {
	switch cmd.Group {
	case "string", "bitmap", "list", "hash", "set", "generic":
		return cmd.Flags&(Blocking|Admin|Protected|Internal) == 0
	}
	return false
}

// mayTakeFastPath tells whether dispatch would let this client's commands of the fast path through,
// if only they have as many words as they need, and nobody but the client would hear of them.
func (e *Engine) mayTakeFastPath(cl *conn) bool {
	return cl.authenticated && !cl.multi && !cl.subscribed() && cl.replyMode == 0 &&
		!e.scripts.waiting() && e.pause.until == 0 && e.asleep <= e.now && !e.persist.closing &&
		!e.persist.ill && e.cfg.maxmemory == 0 && e.cfg.minReplicas == 0 &&
		e.compat.arity == nil && e.duties == 0
}

// runFastPath runs the commands of the fast path at the beginning of buf and returns how many bytes
// they took. If it came upon another small request, that is in cl.reader.Args and next is its
// length.
func (e *Engine) runFastPath(cl *conn, buf []byte) (done, next int) {
	if !e.mayTakeFastPath(cl) {
		return 0, 0
	}
	c := &e.top
	*c = Call{Writer: &cl.w, e: e, conn: cl, db: cl.db}
	calls := 0 // of c.cmd, not counted yet
	for {
		if next = cl.reader.Quick(buf[done:]); next == 0 {
			break
		}
		args := cl.reader.Args
		k, _, known := e.recentLookup(args[0])
		if !known || !k.cmd.fastPath || !fits(k.cmd.arity, len(args)) {
			break
		}
		if c.cmd != k.cmd {
			e.countCalls(c, calls)
			c.cmd, calls = k.cmd, 0
		}
		c.Args = args
		at := len(c.Buf)
		k.cmd.Run(c)
		calls++
		done, next = done+next, 0
		end := len(c.Buf)
		if at < end && c.Buf[at] == '-' {
			e.failed(c, at)
		}
		if end > outputFree || len(e.blocked.ready) > 0 || calls == yieldEvery {
			e.countCalls(c, calls)
			calls = 0
			e.handleBlockedOnKeys()
			if e.limitHard(cl); cl.leaving {
				break
			}
		}
	}
	e.countCalls(c, calls)
	return done, next
}

// countCalls counts calls of a command, and yields to Go's scheduler now and then.
func (e *Engine) countCalls(c *Call, calls int) {
	if calls == 0 {
		return
	}
	e.stats.commands[c.cmd.index].calls += int64(calls)
	e.stats.processed += int64(calls)
	c.conn.commands += int64(calls)
	c.conn.lastCmd = c.cmd
	e.commandsRan(calls)
}

// recentCommand is a command that was found, by its name as a client spelt it. Comparing it costs
// less than lower case and a look into the table, which took a fifth of a simple command in the
// guest.
type recentCommand struct {
	digest uint64 // of the name, which it determines together with size up to 8 bytes
	size   int
	long   string // a name of more than 8 bytes
	cmd    *Command
}

// recentSize is the number of commands that are kept. Clients use few.
const recentSize = 64

// recentLookup returns where the command of a name is kept, a number made of the name, which is its
// bytes if they are no more than 8, and whether that command was found before under this very name.
func (e *Engine) recentLookup(name []byte) (k *recentCommand, digest uint64, known bool) {
	n := len(name)
	switch {
	case n > 8:
		digest = binary.LittleEndian.Uint64(name) + 3*binary.LittleEndian.Uint64(name[n-8:])
	case n == 8:
		digest = binary.LittleEndian.Uint64(name)
	case n >= 4:
		digest = uint64(binary.LittleEndian.Uint32(name)) |
			uint64(binary.LittleEndian.Uint32(name[n-4:]))<<32
	case n > 0:
		digest = uint64(name[0]) | uint64(name[n>>1])<<8 | uint64(name[n-1])<<16
	}
	k = &e.recent[digest*0x9e3779b97f4a7c15>>58]
	return k, digest, n > 0 && k.digest == digest && k.size == n &&
		(n <= 8 || k.long == string(name))
}

// lookupName returns the command of a name in any case, nil if there is none in this version.
func (e *Engine) lookupName(name []byte) *Command {
	k, digest, known := e.recentLookup(name)
	if known {
		return k.cmd
	}
	cmd := e.table.find(name)
	if cmd == nil || !e.visible(cmd) || cmd.clock() && !e.cfg.clockCommand {
		return nil
	}
	if cmd.Flags&Internal == 0 {
		*k = recentCommand{digest: digest, size: len(name), cmd: cmd}
		if k.size > 8 {
			k.long = string(name)
		}
	}
	return cmd
}
