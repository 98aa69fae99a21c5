package core

var genericCommands = []Command{
	{
		Name: "del", Since: "1.0", Group: "generic",
		Flags:      Write,
		Cats:       CatKeyspace,
		Syntax:     "key...",
		Keys:       "1:-1 RM delete",
		Tips:       "request_policy:multi_shard response_policy:agg_sum",
		Summary:    "Removes keys.",
		Complexity: "O(N) for N keys, and O(M) for each collection of M items among them",
		Run:        cmdDel,
	},
}

func cmdDel(c *call) {
	n := 0
	for _, key := range c.args[1:] {
		if c.peek(key) != nil {
			c.remove(key)
			c.modified(notifyGeneric, "del", key)
			n++
		}
	}
	c.count(n)
}
