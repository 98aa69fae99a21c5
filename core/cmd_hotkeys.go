package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/topk"
)

var hotkeysCommands = []Command{
	{
		Name: "hotkeys", Since: "8.6", Group: "server",
		Arity:      -2,
		Summary:    "Groups the commands that find the keys which are used most.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "get", Since: "8.6", Group: "server",
				Flags: Admin | NoScript,
				Tips: "nondeterministic_output request_policy:special " +
					"response_policy:special",
				Summary:    "Tells what was collected, and the hottest keys.",
				Complexity: "O(K*log(K)) for K keys returned",
				Run:        cmdHotkeysGet,
			},
			{
				Name: "help", Since: "8.6.1", Group: "server",
				Flags:      Loading | Stale,
				Summary:    "Explains the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
			{
				Name: "reset", Since: "8.6", Group: "server",
				Flags:      Admin | NoScript,
				Tips:       "request_policy:special",
				Summary:    "Forgets what was collected.",
				Complexity: "O(1)",
				Run:        cmdHotkeysReset,
			},
			{
				Name: "start", Since: "8.6", Group: "server",
				Flags: Admin | NoScript,
				Arity: -2,
				Syntax: "METRICS {count:int [CPU] [NET]} [COUNT k:int] [DURATION seconds:int] " +
					"[SAMPLE ratio:int] [SLOTS {count:int slot:int...}]",
				Tips:       "request_policy:special",
				Summary:    "Begins to collect which keys commands are about.",
				Complexity: "O(1)",
				Run:        cmdHotkeysStart,
			},
			{
				Name: "stop", Since: "8.6", Group: "server",
				Flags:      Admin | NoScript,
				Tips:       "request_policy:special",
				Summary:    "Ends the collection; what was collected stays.",
				Complexity: "O(1)",
				Run:        cmdHotkeysStop,
			},
		},
	},
}

func cmdHotkeysStart(c *Call) {
	if h := c.e.collected(); h != nil && h.active {
		c.Error("ERR hotkey tracking session already in progress")
		return
	}
	h := &hotkeys{active: true, count: 10, ratio: 1, began: c.Now(), ends: Never}
	cpu, net, i := c.hotkeyMetrics()
	if i == 0 || !c.hotkeyOptions(h, i) {
		return
	}
	if cpu {
		h.byCPU = topk.New(hotkeysPrecision * h.count)
	}
	if net {
		h.byNet = topk.New(hotkeysPrecision * h.count)
	}
	c.e.startHotkeys(h)
	c.OK()
}

// hotkeyMetrics reads which metrics are asked for; what it does not know counts among them. It
// returns the argument behind them, 0 once it has replied what is wrong.
func (c *Call) hotkeyMetrics() (cpu, net bool, i int) {
	if len(c.Args) < 4 || !is(c.Args[2], "metrics") {
		c.Error("ERR METRICS parameter is required")
		return false, false, 0
	}
	n, ok := c.argRange(3, 1, 2, "ERR METRICS count must be > 0 and <= 2")
	if !ok {
		return false, false, 0
	}
	end := 4 + int(n)
	for i = 4; i < min(end, len(c.Args)); i++ {
		switch word := c.Args[i]; {
		case cpu && is(word, "cpu"):
			c.Error("ERR METRICS CPU defined more than once!")
			return false, false, 0
		case net && is(word, "net"):
			c.Error("ERR METRICS NET defined more than once!")
			return false, false, 0
		case is(word, "cpu"):
			cpu = true
		case is(word, "net"):
			net = true
		}
	}
	switch {
	case i < end:
		c.Error("ERR METRICS count does not match number of metric types provided")
	case !cpu && !net:
		c.Error("ERR METRICS no valid metrics passed. Supported: CPU|NET")
	default:
		return cpu, net, end
	}
	return false, false, 0
}

// hotkeyOptions reads the options from argument i on.
func (c *Call) hotkeyOptions(h *hotkeys, i int) bool {
	for ; i < len(c.Args); i += 2 {
		word, more := c.Args[i], i+1 < len(c.Args)
		n, ok := int64(0), false
		switch {
		case more && is(word, "count"):
			n, ok = c.argRange(i+1, 1, 64, "ERR COUNT must be between 1 and 64")
			h.count = int(n)
		case more && is(word, "duration"):
			n, ok = c.argRange(i+1, 1, 1e6, "ERR DURATION must be between 1 and 1000000")
			h.ends = c.Now() + Time(n)*1e6
		case more && is(word, "sample"):
			n, ok = c.argRange(i+1, 1, math.MaxInt32, "ERR SAMPLE ratio must be positive")
			h.ratio = int(n)
		case more && is(word, "slots"):
			c.Error("ERR SLOTS parameter cannot be used in non-cluster mode")
		default:
			c.Error(ErrSyntax)
		}
		if !ok {
			return false
		}
	}
	return true
}

func cmdHotkeysStop(c *Call) {
	if h := c.e.collected(); h == nil || !h.active {
		c.Null()
		return
	}
	c.e.stopHotkeys(c.Now())
	c.OK()
}

func cmdHotkeysReset(c *Call) {
	if h := c.e.collected(); h != nil && h.active {
		c.Error("ERR hotkey tracking session in progress, stop tracking first")
		return
	}
	c.e.resetHotkeys()
	c.OK()
}

func cmdHotkeysGet(c *Call) {
	h := c.e.collected()
	if h == nil {
		c.Null()
		return
	}
	ended, fields := h.ended, 7
	if h.active {
		ended = c.Now()
	}
	if h.byCPU != nil {
		fields += 3
	}
	if h.byNet != nil {
		fields += 2
	}
	c.Array(1) // of a node each: there is this one
	c.Map(fields)
	active := uint64(0)
	if h.active {
		active = 1
	}
	c.countField("tracking-active", active)
	c.countField("sample-ratio", uint64(h.ratio))
	c.BulkString("selected-slots")
	c.Array(1)
	c.Array(2)
	c.Int(0)
	c.Int(16383)
	c.countField("all-commands-all-slots-us", uint64(h.us))
	c.countField("net-bytes-all-commands-all-slots", uint64(h.net))
	c.countField("collection-start-time-unix-ms", uint64(h.began/1000))
	c.countField("collection-duration-ms", uint64((ended-h.began)/1000))
	if h.byCPU != nil {
		c.countField("total-cpu-time-user-ms", uint64(h.us/1000))
		c.countField("total-cpu-time-sys-ms", 0)
	}
	if h.byNet != nil {
		c.countField("total-net-bytes", uint64(h.byNet.Total()))
	}
	c.hottest("by-cpu-time-us", h.byCPU, h.count)
	c.hottest("by-net-bytes", h.byNet, h.count)
}

// countField writes a field that is a count.
//
//go:noinline
func (c *Call) countField(name string, n uint64) {
	c.BulkString(name)
	c.Uint(n)
}

// hottest writes the field of a metric, if it was asked for.
func (c *Call) hottest(name string, by *topk.List, most int) {
	if by == nil {
		return
	}
	c.BulkString(name)
	top := by.Top(most)
	c.Array(2 * len(top))
	for _, e := range top {
		c.BulkString(e.Item)
		c.Int(e.Count)
	}
}
