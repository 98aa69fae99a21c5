package core

var aofCommands = []Command{
	{
		Name: "bgrewriteaof", Since: "1.0", Group: "server",
		Flags:      Admin | NoScript | NoAsyncLoading,
		Summary:    "Rewrites the append-only file: it then holds the data, not how they came to be.",
		Complexity: "O(1)",
		Run:        cmdBgrewriteaof,
	},
}

const (
	errRewriting = "ERR Background append only file rewriting already in progress"
	errLoadaof   = "ERR Error trying to load the AOF files, check server logs."
	errTurnOnAOF = "Unable to turn on AOF. Check server logs."
)

// cmdBgrewriteaof leaves the work to the engine's next turn, when no transaction is under way.
func cmdBgrewriteaof(c *Call) {
	e, a := c.e, &c.e.aof
	scheduled := c.conn.has(connExec) || e.persist.inBackground()
	if a.rewriting != nil || !scheduled && a.wanted != nil {
		c.Error(errRewriting)
		return
	}
	if a.wanted == nil {
		a.wanted = &rewrite{}
		a.plan(e)
	}
	if scheduled {
		c.Status("Background append only file rewriting scheduled")
	} else {
		c.Status("Background append only file rewriting started")
	}
}

// mayBeDurable tells whether what the client has written is on disk, or is made so when it is asked
// for: with appendfsync no, nobody does that.
func (c *Call) mayBeDurable() bool {
	a := &c.e.aof
	return a.on && (c.e.cfg.appendfsync != fsyncNo || a.durable >= c.conn.replica.awaits)
}

// durable replies how many servers, this one alone being asked, have on their disks what was
// written so far. The host makes it so before it sends the reply.
func (c *Call) durable() {
	if !c.mayBeDurable() {
		c.Int(0)
		return
	}
	if c.e.cfg.appendfsync != fsyncNo {
		c.e.syncFirst()
	}
	c.Int(1)
}

// debugLoadaof loads what was written, in place of all data.
func debugLoadaof(c *Call) {
	a := &c.e.aof
	if a.on != c.e.cfg.appendonly || a.rewriting != nil || !c.mayBlock() {
		c.Error(errLoadaof)
		return
	}
	a.loading = &load{waiter: c.block(nil, kindCount, Never, nil)}
	c.e.loadFiles()
}
