package core

var genericCommands = []Command{
	{Name: "del", Since: "1.0.0", Group: "generic", Flags: Write, Syntax: "key ...", Run: cmdDel},
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
