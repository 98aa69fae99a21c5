package core

var serverCommands = []Command{
	{
		Name: "dbsize", Since: "1.0", Group: "server",
		Flags:      ReadOnly | Fast,
		Cats:       CatKeyspace,
		Tips:       "request_policy:all_shards response_policy:agg_sum",
		Summary:    "Counts the keys of the database.",
		Complexity: "O(1)",
		Run:        cmdDbsize,
	},
	{
		Name: "flushdb", Since: "1.0", Group: "server",
		Flags:      Write,
		Cats:       CatKeyspace | CatDangerous,
		Syntax:     "[flush-type:(ASYNC^4.0|SYNC^6.2)]",
		Tips:       "request_policy:all_shards response_policy:all_succeeded",
		Summary:    "Removes every key of the database.",
		Complexity: "O(N) for N keys",
		History:    "4.0 ASYNC; 6.2 SYNC",
		Run:        cmdFlushdb,
	},
	{
		Name: "flushall", Since: "1.0", Group: "server",
		Flags:      Write,
		Cats:       CatKeyspace | CatDangerous,
		Syntax:     "[flush-type:(ASYNC^4.0|SYNC^6.2)]",
		Tips:       "request_policy:all_shards response_policy:all_succeeded",
		Summary:    "Removes every key of every database.",
		Complexity: "O(N) for N keys",
		History:    "4.0 ASYNC; 6.2 SYNC",
		Run:        cmdFlushall,
	},
	{
		Name: "swapdb", Since: "4.0", Group: "server",
		Flags:      Write | Fast,
		Cats:       CatKeyspace | CatDangerous,
		Syntax:     "index1:int index2:int",
		Summary:    "Exchanges two databases.",
		Complexity: "O(N) for N clients that watch or wait for keys of either",
		Run:        cmdSwapdb,
	},
	{
		Name: "time", Since: "2.6", Group: "server",
		Flags:      Loading | Stale | Fast,
		Tips:       "nondeterministic_output",
		Summary:    "Gives the server's time.",
		Complexity: "O(1)",
		Run:        cmdTime,
	},
}

func cmdDbsize(c *Call) { c.Count(c.db.keys.Len()) }

// flushOption reads FLUSHALL's and FLUSHDB's option; in one process both ways are the same.
func (c *Call) flushOption() bool {
	if len(c.Args) > 2 || len(c.Args) == 2 && !is(c.Args[1], "async") && !is(c.Args[1], "sync") {
		c.Error(ErrSyntax)
		return false
	}
	return true
}

func cmdFlushdb(c *Call) {
	if c.flushOption() {
		c.countLazy(c.db)
		c.e.flushDB(c.db)
		c.flushed()
		c.propagateAsIs()
		c.OK()
	}
}

func cmdFlushall(c *Call) {
	if !c.flushOption() {
		return
	}
	for _, d := range c.e.dbs {
		c.countLazy(d)
		c.e.flushDB(d)
	}
	c.flushed()
	c.propagateAsIs()
	c.saveFlushed()
	c.OK()
}

// saveFlushed has the RDB file follow where there are save points: what was flushed is not to come
// back with it.
func (c *Call) saveFlushed() {
	c.e.endDelayed()
	if len(c.e.cfg.save) > 0 && !c.replayed() {
		c.e.beginSave(save{flushed: true})
	}
}

// flushed tells those who track keys that a database was emptied. Redis has the client wait for
// that, as if it took long, and answers after it has told it and has broadcast what changed before.
func (c *Call) flushed() {
	c.e.invalidateAll()
	if c.mayBlock() && !c.flushesAsync() {
		c.e.pushOwn(c.conn)
		c.e.broadcast()
	}
}

func (c *Call) flushesAsync() bool { return len(c.Args) == 2 && is(c.Args[1], "async") }

// countLazy counts the keys of a database that is about to be emptied, where Redis has a thread
// free them: unless it must be done before a transaction or script goes on.
func (c *Call) countLazy(d *db) {
	if c.mayBlock() || c.flushesAsync() {
		c.e.stats.lazyfreed += int64(d.keys.Len())
	}
}

func cmdSwapdb(c *Call) {
	if c.refusedInCluster() {
		return
	}
	first, ok := c.argInt32(1, "ERR invalid first DB index")
	if !ok {
		return
	}
	second, ok := c.argInt32(2, "ERR invalid second DB index")
	if !ok {
		return
	}
	a, ok := c.dbAt(first)
	if !ok {
		return
	}
	b, ok := c.dbAt(second)
	if !ok {
		return
	}
	c.e.swapDBs(a, b)
	c.OK()
}

func cmdTime(c *Call) {
	t := int64(c.e.scripts.time(c.e))
	c.Array(2)
	c.BulkInt(t / 1e6)
	c.BulkInt(t % 1e6)
}
