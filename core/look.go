package core

import (
	"strconv"

	"github.com/redlet/redlet/core/internal/resp"
)

// orderLook runs commands that read, and returns their replies in RESP3: those that stand in
// requests, as a client would send them, in the database of a number. Whoever draws the data looks
// often, and what they draw is not to be about the looking: no key counts as used, hit or missed,
// no command as called, and the choices that chance will make stay what they were.
//
// A command that is no mere reading is answered with an error.
func (e *Engine) orderLook(words [][]byte, requests []byte) (answer, problem string) {
	if len(words) != 1 {
		return "", "look takes the number of a database"
	}
	n, err := strconv.ParseUint(string(words[0]), 10, 16)
	if err != nil || n >= uint64(len(e.dbs)) {
		return "", "there is no such database"
	}
	cl := &conn{flags: connScript, user: e.access.normal, db: e.dbs[n], noTouch: true}
	cl.w.RESP3 = true
	cl.w.Room = func(size int, _ bool) bool { return e.hasRoom(2 * int64(size)) }
	hits, misses, chance, notify := e.stats.hits, e.stats.misses, e.random, e.cfg.notify
	e.cfg.notify &^= notifyKeyMiss
	for len(requests) > 0 && problem == "" {
		size, status := cl.reader.Next(requests, resp.Limits{BulkMax: e.cfg.protoMaxBulkLen})
		if status != resp.Complete {
			problem = "look takes whole requests"
			break
		}
		if requests = requests[size:]; len(cl.reader.Args) > 0 {
			e.lookAt(cl)
		}
		if cl.w.Overflowed() {
			problem = "there is no memory for what is looked at"
		}
	}
	e.stats.hits, e.stats.misses, e.random, e.cfg.notify = hits, misses, chance, notify
	if !e.has(engineScript) {
		e.beforeSleep() // a key may have been found whose time is over
	}
	return string(cl.w.From(0)), problem
}

// lookAt runs the command that a connection has read, if it only reads.
func (e *Engine) lookAt(cl *conn) {
	const more = NoScript | MayReplicate | RunsScripts
	c := &Call{Writer: &cl.w, e: e, conn: cl, db: cl.db, Args: cl.reader.Args}
	c.cmd = e.lookupCommand(c.Args)
	if c.cmd != nil && (c.cmd.Flags&ReadOnly == 0 || c.cmd.Flags&more != 0) {
		c.Error("ERR this command does more than look")
	} else if problem := c.check(atCommand); problem != allowed {
		c.Error(string(problem))
	} else {
		c.cmd.Run(c)
	}
}
