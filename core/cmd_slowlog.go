package core

var slowlogCommands = []Command{
	{
		Name: "slowlog", Since: "2.2.12", Group: "server",
		Arity:      -2,
		Summary:    "Groups the commands about the log of slow commands.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "get", Since: "2.2.12", Group: "server",
				Flags:      Admin | Loading | Stale,
				Syntax:     "[count:int]",
				Tips:       "request_policy:all_nodes nondeterministic_output",
				Summary:    "Gives the latest entries, ten if nothing is said, -1 for all.",
				Complexity: "O(N) for N entries returned",
				History:    "4.0 the client's address and name",
				Run:        cmdSlowlogGet,
			},
			{
				Name: "help", Since: "6.2", Group: "server",
				Flags:      Loading | Stale,
				Summary:    "Explains the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
			{
				Name: "len", Since: "2.2.12", Group: "server",
				Flags: Admin | Loading | Stale,
				Tips: "request_policy:all_nodes response_policy:agg_sum " +
					"nondeterministic_output",
				Summary:    "Counts the entries.",
				Complexity: "O(1)",
				Run:        cmdSlowlogLen,
			},
			{
				Name: "reset", Since: "2.2.12", Group: "server",
				Flags:      Admin | Loading | Stale,
				Tips:       "request_policy:all_nodes response_policy:all_succeeded",
				Summary:    "Forgets all entries.",
				Complexity: "O(N) for N entries",
				Run:        cmdSlowlogReset,
			},
		},
	},
}

func cmdSlowlogGet(c *Call) {
	if len(c.Args) > 3 {
		c.Error(errSubcommandArity(c.Args))
		return
	}
	all := c.e.slowlog.entries
	count := int64(10)
	if len(c.Args) == 3 {
		var ok bool
		const problem = "ERR count should be greater than or equal to -1"
		if count, ok = c.argRange(2, -1, maxInt64, problem); !ok {
			return
		}
	}
	if count == -1 {
		count = int64(len(all))
	}
	count = min(count, int64(len(all)))
	c.Array(int(count))
	for i := range int(count) {
		s := &all[len(all)-1-i]
		c.Array(6)
		c.Int(s.id)
		c.Int(s.at)
		c.Int(s.us)
		c.Array(len(s.args))
		for _, arg := range s.args {
			c.Bulk(arg)
		}
		c.BulkString(s.addr)
		c.BulkString(string(s.name))
	}
}

func cmdSlowlogLen(c *Call) { c.Count(len(c.e.slowlog.entries)) }

func cmdSlowlogReset(c *Call) {
	c.e.slowlog.reset()
	c.OK()
}
