package core

import (
	"math"
)

var memoryCommands = []Command{
	{
		Name: "memory", Since: "4.0", Group: "server",
		Arity:      -2,
		Summary:    "Groups the commands about memory.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "doctor", Since: "4.0", Group: "server",
				Tips: "nondeterministic_output request_policy:all_shards " +
					"response_policy:special",
				Summary:    "Reports on memory in plain words.",
				Complexity: "O(1)",
				Run:        cmdMemoryDoctor,
			},
			{
				Name: "help", Since: "4.0", Group: "server",
				Flags:      Loading | Stale,
				Summary:    "Explains the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
			{
				Name: "malloc-stats", Since: "4.0", Group: "server",
				Tips: "nondeterministic_output request_policy:all_shards " +
					"response_policy:special",
				Summary:    "Gives what the allocator counts.",
				Complexity: "that of the allocator, which can be slow",
				Run:        cmdMemoryMallocStats,
			},
			{
				Name: "purge", Since: "4.0", Group: "server",
				Tips:       "request_policy:all_shards response_policy:all_succeeded",
				Summary:    "Asks the allocator to give memory back.",
				Complexity: "that of the allocator, which can be slow",
				Run:        cmdMemoryPurge,
			},
			{
				Name: "stats", Since: "4.0", Group: "server",
				Tips: "nondeterministic_output request_policy:all_shards " +
					"response_policy:special",
				Summary:    "Tells what memory is used for.",
				Complexity: "O(1)",
				Run:        cmdMemoryStats,
			},
			{
				Name: "usage", Since: "4.0", Group: "server",
				Flags:      ReadOnly,
				Syntax:     "key [SAMPLES count:int]",
				Keys:       "2 RO",
				Summary:    "Estimates the bytes that a key takes.",
				Complexity: "O(N) for N samples",
				Run:        cmdMemoryUsage,
			},
		},
	},
}

// cmdMemoryDoctor has nothing to find: an engine's memory does not fragment in its own sight.
func cmdMemoryDoctor(c *Call) {
	r := c.e.memory()
	c.Verbatim("txt", "About "+humanBytes(r.total)+" are in use for "+
		itoa(r.keys)+" keys. Nothing is wrong with that.\n")
}

// cmdMemoryMallocStats tells what the engine counts itself: it does not see the allocator.
func cmdMemoryMallocStats(c *Call) {
	r := c.e.memory()
	c.Verbatim("txt", "Estimated by the engine, in the sizes that jemalloc gives, in bytes\ntotal: "+
		itoa(r.total)+"\ndataset: "+itoa(r.dataset)+
		"\noverhead: "+itoa(r.overhead)+"\n")
}

// cmdMemoryPurge drops what connections keep for their next request and reply.
func cmdMemoryPurge(c *Call) {
	for _, cl := range c.e.connsByID() {
		if len(cl.in) == 0 {
			cl.in = nil
		}
		if cl.w.Len() == 0 {
			cl.w.Buf = nil
		}
	}
	c.OK()
}

func cmdMemoryUsage(c *Call) {
	samples := 5
	for i := 3; i < len(c.Args); i += 2 {
		if !is(c.Args[i], "samples") || i+1 == len(c.Args) {
			c.Error(ErrSyntax)
			return
		}
		n, ok := c.ArgInt(i + 1)
		if !ok {
			return
		}
		if n < 0 {
			c.Error(ErrSyntax)
			return
		}
		if samples = clampInt(n); n == 0 {
			samples = math.MaxInt
		}
	}
	o := c.peek(c.Args[2])
	if o == nil {
		c.Null()
		return
	}
	c.Int(o.usage(c.Args[2], samples))
}

func cmdMemoryStats(c *Call) {
	r := c.e.memory()
	at, w := c.ArrayLater(), memoryStats{c: c}
	w.number("peak.allocated", c.e.stats.memoryPeak)
	w.number("total.allocated", r.total)
	w.number("startup.allocated", r.startup)
	w.zero("replication.backlog", "replica.fullsync.buffer")
	w.number("clients.slaves", c.e.mem.links)
	w.number("clients.normal", r.clients)
	w.zero("cluster.links", "aof.buffer")
	scripts := c.e.scriptUsage()
	w.number("lua.caches", scripts.evalCache)
	w.number("functions.caches", scripts.functionCache)
	w.number("script.VMs", scripts.evalVM+scripts.functionVM)
	for _, d := range r.perDB {
		c.BulkString("db." + itoa(d.id))
		c.Map(2)
		c.BulkString("overhead.hashtable.main")
		c.Int(d.main)
		c.BulkString("overhead.hashtable.expires")
		c.Int(d.expires)
		w.n++
	}
	w.zero("overhead.db.hashtable.lut", "overhead.db.hashtable.rehashing")
	w.number("overhead.total", r.overhead)
	w.zero("db.dict.rehashing.count")
	w.number("keys.count", r.keys)
	w.number("keys.bytes-per-key", (r.total-r.startup)/max(1, r.keys))
	w.number("dataset.bytes", r.dataset)
	w.ratio("dataset.percentage", percent(r.dataset, r.total-r.startup))
	w.ratio("peak.percentage", percent(r.total, c.e.stats.memoryPeak))
	for _, name := range []string{"allocated", "active", "resident"} {
		w.number("allocator."+name, r.total)
	}
	w.zero("allocator.muzzy")
	for _, name := range []string{"allocator-fragmentation", "allocator-rss", "rss-overhead"} {
		w.ratio(name+".ratio", 1)
		w.number(name+".bytes", 0)
	}
	w.ratio("fragmentation", 1)
	w.number("fragmentation.bytes", 0)
	c.mappingEnd(at, w.n)
}

// memoryStats replies fields and counts them.
type memoryStats struct {
	c *Call
	n int
}

//go:noinline
func (w *memoryStats) number(name string, v int64) {
	w.c.BulkString(name)
	w.c.Int(v)
	w.n++
}

func (w *memoryStats) ratio(name string, f float64) {
	w.c.BulkString(name)
	w.c.Double(f)
	w.n++
}

//go:noinline
func (w *memoryStats) zero(names ...string) {
	for _, name := range names {
		w.number(name, 0)
	}
}
