package core

import (
	"github.com/redlet/redlet/core/internal/histogram"
)

var latencyCommands = []Command{
	{
		Name: "latency", Since: "2.8.13", Group: "server",
		Arity:      -2,
		Summary:    "Groups the commands about what takes long.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "doctor", Since: "2.8.13", Group: "server",
				Flags: Admin | NoScript | Loading | Stale,
				Tips: "nondeterministic_output request_policy:all_nodes " +
					"response_policy:special",
				Summary:    "Reports on what took long, with advice.",
				Complexity: "O(1)",
				Run:        cmdLatencyDoctor,
			},
			{
				Name: "graph", Since: "2.8.13", Group: "server",
				Flags:  Admin | NoScript | Loading | Stale,
				Syntax: "event:string",
				Tips: "nondeterministic_output request_policy:all_nodes " +
					"response_policy:special",
				Summary:    "Draws when an event took how long.",
				Complexity: "O(1)",
				Run:        cmdLatencyGraph,
			},
			{
				Name: "help", Since: "2.8.13", Group: "server",
				Flags:      Loading | Stale,
				Summary:    "Explains the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
			{
				Name: "histogram", Since: "7.0", Group: "server",
				Flags:  Admin | NoScript | Loading | Stale,
				Syntax: "[command:string...]",
				Tips: "nondeterministic_output request_policy:all_nodes " +
					"response_policy:special",
				Summary:    "Counts how many calls of commands took how long.",
				Complexity: "O(N) for N commands",
				Run:        cmdLatencyHistogram,
			},
			{
				Name: "history", Since: "2.8.13", Group: "server",
				Flags:  Admin | NoScript | Loading | Stale,
				Syntax: "event:string",
				Tips: "nondeterministic_output request_policy:all_nodes " +
					"response_policy:special",
				Summary:    "Lists when an event took how long.",
				Complexity: "O(1)",
				Run:        cmdLatencyHistory,
			},
			{
				Name: "latest", Since: "2.8.13", Group: "server",
				Flags: Admin | NoScript | Loading | Stale,
				Tips: "nondeterministic_output request_policy:all_nodes " +
					"response_policy:special",
				Summary:    "Lists the events that took long, and when each last did.",
				Complexity: "O(1)",
				Run:        cmdLatencyLatest,
			},
			{
				Name: "reset", Since: "2.8.13", Group: "server",
				Flags:      Admin | NoScript | Loading | Stale,
				Syntax:     "[event:string...]",
				Tips:       "request_policy:all_nodes response_policy:agg_sum",
				Summary:    "Forgets events, all of them if none is named.",
				Complexity: "O(1)",
				Run:        cmdLatencyReset,
			},
		},
	},
}

const (
	doctorDisabled = "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this " +
		"Redis instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in " +
		"order to enable it. If we weren't in a deep space mission I'd suggest to take a look at " +
		"https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/" +
		"latency-monitor.\n"
	doctorIdle = "Dave, no latency spike was observed during the lifetime of this Redis instance, " +
		"not in the slightest bit. I honestly think you ought to sit down calmly, take a stress " +
		"pill, and think things over.\n"
	doctorBegins = "Dave, I have observed latency spikes in this Redis instance. You don't mind " +
		"talking about it, do you Dave?\n\n"
	doctorSlowlogOff = "- There are latency issues with potentially slow commands you are using. " +
		"Try to enable the Slow Log Redis feature using the command 'CONFIG SET " +
		"slowlog-log-slower-than %'. If the Slow log is disabled Redis is not able to log slow " +
		"commands execution for you.\n"
	doctorSlowlogHigh = "- Your current Slow Log configuration only logs events that are slower " +
		"than your configured latency monitor threshold. Please use 'CONFIG SET " +
		"slowlog-log-slower-than %'.\n"
	doctorSlowlog = "- Check your Slow Log to understand what are the commands you are running " +
		"which are too slow to execute. Please check https://redis.io/commands/slowlog for more " +
		"information.\n"
	doctorScheduler = "- The system is slow to execute Redis code paths not containing system " +
		"calls. This usually means the system does not provide Redis CPU time to run for long " +
		"periods. You should try to:\n" +
		"  1) Lower the system load.\n" +
		"  2) Use a computer / VM just for Redis if you are running other software in the same " +
		"system.\n" +
		"  3) Check if you have a \"noisy neighbour\" problem.\n" +
		"  4) Check with 'redis-cli --intrinsic-latency 100' what is the intrinsic latency in " +
		"your system.\n" +
		"  5) Check if the problem is allocator-related by recompiling Redis with MALLOC=libc, " +
		"if you are using Jemalloc. However this may create fragmentation problems.\n"
	doctorHz = "- In order to make the Redis keys expiring process more incremental, try to set " +
		"the 'hz' configuration parameter to 100 using 'CONFIG SET hz 100'.\n"
	doctorLarge = "- Deleting, expiring or evicting (because of maxmemory policy) large objects is " +
		"a blocking operation. If you have very large objects that are often deleted, expired, or " +
		"evicted, try to fragment those objects into multiple smaller objects.\n"
	doctorEviction = "- Sudden changes to the 'maxmemory' setting via 'CONFIG SET', or allocation " +
		"of large objects via sets or sorted sets intersections, STORE option of SORT, Redis " +
		"Cluster large keys migrations (RESTORE command), may create sudden memory pressure " +
		"forcing the server to block trying to evict keys. \n"
)

func cmdLatencyDoctor(c *Call) {
	e := c.e
	switch {
	case e.cfg.latencyThresholdMs == 0:
		c.Verbatim("txt", doctorDisabled)
		return
	case len(e.latencies) == 0:
		c.Verbatim("txt", doctorIdle)
		return
	}
	out := []byte(doctorBegins)
	for i, ev := range e.latencies {
		out = append(appendInt(out, int64(i+1)), ". "...)
		out = ev.report(out, int64(e.told()/1e6))
	}
	out = append(out, "\nI have a few advices for you:\n\n"...)
	c.Verbatim("txt", string(append(out, e.latencyAdvice()...)))
}

// latencyAdvice is what may help against the events that took long.
func (e *Engine) latencyAdvice() string {
	command, expire := e.latencyOf("command") != nil, e.latencyOf("expire-cycle") != nil
	advice, slower, us := "", e.cfg.slowlogSlowerUs, e.cfg.latencyThresholdMs*1000
	if command {
		if slower < 0 {
			advice = replaceWord(doctorSlowlogOff, us)
		} else if slower > us {
			advice = replaceWord(doctorSlowlogHigh, us)
		}
		advice += doctorSlowlog
	}
	if e.latencyOf("fast-command") != nil {
		advice += doctorScheduler
	}
	if expire && e.cfg.hz < 100 {
		advice += doctorHz
	}
	if command || expire {
		advice += doctorLarge
	}
	if e.latencyOf("eviction-cycle") != nil {
		advice += doctorEviction
	}
	return advice
}

// replaceWord puts a number in the place of the % in a text.
func replaceWord(text string, n int64) string {
	for i := range len(text) {
		if text[i] == '%' {
			return text[:i] + itoa(n) + text[i+1:]
		}
	}
	return text
}

func cmdLatencyGraph(c *Call) {
	name := string(c.Args[2])
	ev := c.e.latencyOf(name)
	if ev == nil {
		c.Error("ERR No samples available for event '" + name + "'")
		return
	}
	c.Verbatim("txt", ev.graph(int64(c.e.told()/1e6)))
}

func cmdLatencyHistory(c *Call) {
	ev := c.e.latencyOf(string(c.Args[2]))
	if ev == nil {
		c.Array(0)
		return
	}
	c.Array(len(ev.samples))
	for _, s := range ev.samples {
		c.Array(2)
		c.Int(s.at)
		c.Int(s.ms)
	}
}

func cmdLatencyLatest(c *Call) {
	c.Array(len(c.e.latencies))
	for _, ev := range c.e.latencies {
		last := ev.samples[len(ev.samples)-1]
		c.Array(4)
		c.BulkString(ev.name)
		c.Int(last.at)
		c.Int(last.ms)
		c.Int(ev.max)
	}
}

func cmdLatencyReset(c *Call) {
	n := 0
	if len(c.Args) == 2 {
		n = c.e.forgetLatency("")
	}
	for _, name := range c.Args[2:] {
		if len(name) > 0 {
			n += c.e.forgetLatency(string(name))
		}
	}
	c.Count(n)
}

// cmdLatencyHistogram tells of the commands that were called: of all, or of those that are named
// and of the subcommands of these.
func cmdLatencyHistogram(c *Call) {
	at, n := c.ArrayLater(), 0
	show := func(cmd *Command) {
		if st := c.e.stats.seen(cmd); st != nil && st.calls > 0 {
			c.BulkString(cmd.full())
			c.calls(st)
			n++
		}
	}
	if len(c.Args) == 2 {
		for _, cmd := range c.e.table.all {
			show(cmd)
		}
	}
	for _, name := range c.Args[2:] {
		cmd := c.e.byFullName(name)
		if cmd == nil {
			continue
		}
		show(cmd)
		for i := range cmd.Sub {
			show(&cmd.Sub[i])
		}
	}
	if c.RESP3 {
		c.ArrayEnd(at, '%', n)
	} else {
		c.ArrayEnd(at, '*', 2*n)
	}
}

// calls writes how many calls of a command there were and how many took no longer than so many
// microseconds. Without a stopwatch none took any time.
func (c *Call) calls(st *commandStats) {
	spread := st.spread
	if spread == nil {
		spread = &histogram.Histogram{}
		spread.Add(0, int(st.calls))
	}
	c.Map(2)
	c.BulkString("calls")
	c.Int(spread.Total())
	c.BulkString("histogram_usec")
	at, n := c.ArrayLater(), 0
	spread.Powers(1024, func(ns, count int64) {
		c.Int(ns / 1000)
		c.Int(count)
		n++
	})
	if c.RESP3 {
		c.ArrayEnd(at, '%', n)
	} else {
		c.ArrayEnd(at, '*', 2*n)
	}
}
