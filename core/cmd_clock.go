package core

import "math"

// clockCommands turn the engine's clock. Redis has none of them; COMMAND does not list them, and
// enable-clock-command switches them off.
var clockCommands = []Command{
	{
		Name: "redlet.clock", Since: "1.0", Group: "server",
		Flags:   Admin | NoScript | Loading | Stale | Internal | ClockCommand,
		Summary: "A container for commands that turn the clock.",
		Sub: []Command{
			{
				Name: "advance", Since: "1.0", Group: "server",
				Flags:   Admin | NoScript | NoMulti | Loading | Stale | Internal | ClockCommand,
				Syntax:  "milliseconds:int",
				Summary: "Turns the clock forward; what falls due meanwhile happens in its order.",
				Run:     cmdClockAdvance,
			},
			{
				Name: "freeze", Since: "1.0", Group: "server",
				Flags:   Admin | NoScript | NoMulti | Loading | Stale | Internal | ClockCommand,
				Summary: "Stops the clock: only ADVANCE and SET turn it now.",
				Run:     cmdClockFreeze,
			},
			{
				Name: "get", Since: "1.0", Group: "server",
				Flags:   Admin | NoScript | Loading | Stale | Internal | ClockCommand,
				Summary: "Gives the clock's time in milliseconds since the Unix epoch.",
				Run:     cmdClockGet,
			},
			{
				Name: "help", Since: "1.0", Group: "server",
				Flags:   Loading | Stale | Internal | ClockCommand,
				Summary: "Lists the subcommands.",
				Run:     cmdHelp,
			},
			{
				Name: "run", Since: "1.0", Group: "server",
				Flags:   Admin | NoScript | NoMulti | Loading | Stale | Internal | ClockCommand,
				Summary: "Lets a frozen clock go on from where it stands.",
				Run:     cmdClockRun,
			},
			{
				Name: "set", Since: "1.0", Group: "server",
				Flags:   Admin | NoScript | NoMulti | Loading | Stale | Internal | ClockCommand,
				Syntax:  "unix-time-milliseconds:time",
				Summary: "Sets the clock, forward or back; it keeps running or standing still.",
				Run:     cmdClockSet,
			},
		},
	},
	{
		Name: "miniredis.fastforward", Since: "1.0", Group: "server",
		Flags:   Admin | NoScript | NoMulti | Loading | Stale | Internal | ClockCommand,
		Syntax:  "milliseconds:int",
		Summary: "REDLET.CLOCK ADVANCE by the name that miniredis servers know.",
		Run:     cmdFastforward,
	},
}

// clockMax is the latest time that the clock can be set to, in milliseconds: the year 9999.
const clockMax = 253402300799999

func cmdClockAdvance(c *Call) { c.advance(2) }
func cmdFastforward(c *Call)  { c.advance(1) }

func (c *Call) advance(i int) {
	ms, ok := c.argRange(i, 0, math.MaxInt64, "ERR milliseconds must be an integer from 0 up")
	if !ok {
		return
	}
	if ms > clockMax {
		c.Error("ERR " + errClockRange)
	} else if problem := c.e.forward(Time(ms) * 1000); problem != "" {
		c.Error("ERR " + problem)
	} else {
		c.turned()
	}
}

func cmdClockSet(c *Call) {
	ms, ok := c.argRange(2, 0, clockMax, "ERR the time must be in milliseconds since 1970 and "+
		"before the year 10000")
	if ok {
		c.e.setClock(Time(ms) * 1000)
		c.turned()
	}
}

// turned answers a command that turned the clock.
func (c *Call) turned() {
	c.conn.lastInput = c.e.now
	c.OK()
}

func cmdClockFreeze(c *Call) {
	c.e.clock.freeze()
	c.OK()
}

func cmdClockRun(c *Call) {
	c.e.clock.run()
	c.OK()
}

func cmdClockGet(c *Call) { c.Int(c.e.tellMs()) }
