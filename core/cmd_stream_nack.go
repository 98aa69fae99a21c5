package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/stream"
)

var streamNackCommands = []Command{
	{
		Name: "xnack", Since: "8.8", Group: "stream",
		Flags: Write | Fast,
		Cats:  CatStream,
		Syntax: "key group mode:(SILENT|FAIL|FATAL) IDS ids:{numids:int id...} " +
			"[RETRYCOUNT count:int] [FORCE]",
		Keys: "1 RW update",
		Summary: "Releases entries that are pending in a group: they are pending with nobody then, " +
			"and are the next to be claimed.",
		Complexity: "O(N) for N ids",
		Run:        cmdXnack,
	},
}

// nack is what XNACK is told.
type nack struct {
	ids           [][]byte
	silent, fatal bool
	retries       int64 // the count of deliveries; -1: as it is, but for silent and fatal
	force         bool  // what is not pending becomes so
}

func cmdXnack(c *Call) {
	s, ok := c.asStream(c.lookupWrite(c.Args[1]))
	if !ok {
		return
	}
	var g *stream.Group
	if s != nil {
		g = s.Group(c.Args[2])
	}
	if g == nil {
		c.Error(errNoGroup(c.Args[1], c.Args[2]))
		return
	}
	o := nack{retries: -1}
	if !c.nackOptions(&o) || !c.argStreamIDs(o.ids) {
		return
	}
	n := 0
	for _, arg := range o.ids {
		if id, _ := stream.ParseID(arg, 0); g.Pending(id) != nil || o.force && s.Has(id) {
			o.count(g, g.Release(id))
			n++
		}
	}
	if n > 0 {
		c.signalAside(n, 0, "", c.Args[1])
		c.signalReady(c.Args[1]) // who waits may claim it at once
	}
	c.Count(n)
}

func (c *Call) nackOptions(o *nack) (ok bool) {
	switch mode := c.Args[3]; {
	case is(mode, "silent"):
		o.silent = true
	case is(mode, "fail"):
	case is(mode, "fatal"):
		o.fatal = true
	default:
		c.Error("ERR mode must be SILENT, FAIL, or FATAL")
		return false
	}
	for i := 4; i < len(c.Args); i++ {
		switch arg, more := c.Args[i], i+1 < len(c.Args); {
		case more && is(arg, "ids"):
			n, ok := c.argRange(i+1, 1, math.MaxInt32, "ERR numids must be a positive integer")
			if !ok {
				return false
			}
			i += 2
			if n > int64(len(c.Args)-i) {
				c.Error("ERR number of IDs doesn't match numids")
				return false
			}
			o.ids = c.Args[i : i+int(n)]
			i += int(n) - 1
		case is(arg, "force"):
			o.force = true
		case more && is(arg, "retrycount"):
			i++
			if o.retries, ok = c.ArgInt(i); ok && o.retries < 0 {
				c.Error("ERR Invalid RETRYCOUNT value, must be >= 0")
				ok = false
			}
			if !ok {
				return false
			}
		default:
			c.Error("ERR Unrecognized XNACK option '" + clip(arg, len(arg)) + "'")
			return false
		}
	}
	if o.ids == nil {
		c.Error("ERR syntax error, expected IDS keyword")
	}
	return o.ids != nil
}

// count sets the count of deliveries of an entry that was released.
func (o *nack) count(g *stream.Group, p *stream.Pending) {
	switch {
	case o.retries >= 0:
		p.Count = o.retries
	case o.fatal:
		p.Count = math.MaxInt64
		g.Fatal = true
	case o.silent:
		p.Count = max(p.Count-1, 0)
	}
}
