package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/stream"
)

var streamDeleteCommands = []Command{
	{
		Name: "xdelex", Since: "8.2", Group: "stream",
		Flags:  Write | Fast,
		Cats:   CatStream,
		Syntax: "key " + refSyntax + "IDS ids:{numids:int id...}",
		Keys:   "1 RW delete",
		Summary: "Removes entries from a stream, and says of each what has become of it where " +
			"groups refer to it.",
		Complexity: "O(N) for N ids",
		Run:        cmdXdelex,
	},
	{
		Name: "xackdel", Since: "8.2", Group: "stream",
		Flags:      Write | Fast,
		Cats:       CatStream,
		Syntax:     "key group " + refSyntax + "IDS ids:{numids:int id...}",
		Keys:       "1 RW update delete",
		Summary:    "Acknowledges entries in a group and removes them from the stream.",
		Complexity: "O(N) for N ids",
		Run:        cmdXackdel,
	},
}

// What XDELEX and XACKDEL say of an entry.
const (
	entryMissing  = -1
	entryDeleted  = 1
	entryReferred = 2 // it stays, since groups refer to it
)

// streamDelete is what XDELEX and XACKDEL are told, and what they have changed.
type streamDelete struct {
	s       *stream.Stream
	how     stream.Strategy
	ids     [][]byte
	deleted int
	changes int
}

// streamDeleteOptions reads the options from argument i on.
func (c *Call) streamDeleteOptions(i int) (d streamDelete, ok bool) {
	for told := false; i < len(c.Args); {
		switch left := len(c.Args) - i - 2; {
		case !told && c.isStrategy(c.Args[i], &d.how):
			told = true
			i++
		case is(c.Args[i], "ids") && left >= 0:
			n, ok := c.argRange(i+1, 1, math.MaxInt64, "ERR Number of IDs must be a positive integer")
			if !ok {
				return d, false
			}
			if n > int64(left) {
				c.Error("ERR The `numids` parameter must match the number of arguments")
				return d, false
			}
			i += 2
			d.ids = c.Args[i : i+int(n)]
			i += int(n)
		default:
			c.Error(ErrSyntax)
			return d, false
		}
	}
	if d.ids == nil {
		c.Error("ERR IDS option is required")
	}
	return d, d.ids != nil
}

// delete removes an entry, if it may go.
func (d *streamDelete) delete(id stream.ID) int64 {
	may, ended := d.s.Release(id, d.how)
	if !may {
		return entryReferred
	}
	if d.s.Remove(id) {
		d.deleted++
		d.changes++
		return entryDeleted
	}
	if ended {
		d.changes++
	}
	return entryMissing
}

// done makes known what has changed.
func (d *streamDelete) done(c *Call) {
	switch {
	case d.deleted > 0:
		c.signalDirty(d.changes, notifyStream, "xdel", c.Args[1])
	case d.changes > 0:
		c.signalAside(d.changes, 0, "", c.Args[1])
	}
}

// allMissing answers where there is no stream, or no group.
func (d *streamDelete) allMissing(c *Call) {
	c.Array(len(d.ids))
	for range d.ids {
		c.Int(entryMissing)
	}
}

func cmdXdelex(c *Call) {
	s, ok := c.asStream(c.lookupWrite(c.Args[1]))
	if !ok {
		return
	}
	d, ok := c.streamDeleteOptions(2)
	if !ok {
		return
	}
	if d.s = s; s == nil {
		d.allMissing(c)
		return
	}
	if !c.argStreamIDs(d.ids) {
		return
	}
	c.Array(len(d.ids))
	for _, arg := range d.ids {
		id, _ := stream.ParseID(arg, 0)
		c.Int(d.delete(id))
	}
	d.done(c)
}

func cmdXackdel(c *Call) {
	s, g, ok := c.groupAt()
	if !ok {
		return
	}
	d, ok := c.streamDeleteOptions(3)
	if !ok {
		return
	}
	if d.s = s; g == nil {
		d.allMissing(c)
		return
	}
	if !c.argStreamIDs(d.ids) {
		return
	}
	acked := 0
	c.Array(len(d.ids))
	for _, arg := range d.ids {
		id, _ := stream.ParseID(arg, 0)
		if !g.Ack(id) {
			c.Int(entryMissing)
			continue
		}
		acked++
		if d.delete(id) == entryReferred {
			c.Int(entryReferred)
		} else {
			c.Int(entryDeleted) // though it may have been gone before
		}
	}
	d.changes = acked
	d.done(c)
}
