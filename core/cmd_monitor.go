package core

var monitorCommands = []Command{
	{
		Name: "monitor", Since: "1.0", Group: "server",
		Flags:   Admin | NoScript | Loading | Stale,
		Summary: "Shows this connection every command that the server runs.",
		Run:     cmdMonitor,
	},
}

func cmdMonitor(c *Call) {
	switch {
	case !c.mayBlock():
		c.Error("ERR MONITOR isn't allowed for DENY BLOCKING client")
	case c.conn.has(connSlave): // which is not answered
	default:
		c.e.monitor(c.conn)
		c.OK()
	}
}
