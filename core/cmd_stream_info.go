package core

import "github.com/redlet/redlet/core/internal/stream"

var streamInfoCommands = []Command{
	{
		Name: "xinfo", Since: "5.0", Group: "stream",
		Summary:    "Groups the commands that tell of a stream.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "stream", Since: "5.0", Group: "stream",
				Flags:      ReadOnly,
				Cats:       CatStream,
				Syntax:     "key [full-block:{FULL [COUNT count:int]}]",
				Keys:       "2 RO access",
				Summary:    "Tells what a stream counts, or of its entries, groups and consumers.",
				Complexity: "O(1)",
				History: "6.0 FULL; 7.0 what was deleted, added and read; 7.2 when a consumer " +
					"was active; 8.6 idempotent producers; 8.8 how much was released",
				Run: cmdXinfoStream,
			},
			{
				Name: "groups", Since: "5.0", Group: "stream",
				Flags:      ReadOnly,
				Cats:       CatStream,
				Syntax:     "key",
				Keys:       "2 RO access",
				Summary:    "Tells of the groups of a stream.",
				Complexity: "O(1)",
				History:    "7.0 how many entries were read and how many are left",
				Run:        cmdXinfoGroups,
			},
			{
				Name: "consumers", Since: "5.0", Group: "stream",
				Flags:      ReadOnly,
				Cats:       CatStream,
				Syntax:     "key group",
				Keys:       "2 RO access",
				Tips:       "nondeterministic_output",
				Summary:    "Tells of the consumers of a group.",
				Complexity: "O(1)",
				History:    "7.2 inactive",
				Run:        cmdXinfoConsumers,
			},
			{
				Name: "help", Since: "5.0", Group: "stream",
				Flags:      Loading | Stale,
				Cats:       CatStream,
				Summary:    "Explains the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
		},
	},
}

// xinfoStream returns the stream that XINFO is asked about.
func (c *Call) xinfoStream() (*stream.Stream, bool) {
	s, ok := c.asStream(c.lookupRead(c.Args[2]))
	if ok && s == nil {
		c.Error(ErrNoKey)
	}
	return s, s != nil
}

func cmdXinfoStream(c *Call) {
	s, ok := c.xinfoStream()
	if !ok {
		return
	}
	full, count, ok := c.xinfoOptions()
	if !ok {
		return
	}
	fields, idmp := 10, c.e.since("8.6")
	if full {
		fields = 9
	}
	if idmp {
		fields += 6
	}
	c.Map(fields)
	keys, nodes := s.Nodes()
	c.fieldInt("length", s.Len())
	c.fieldInt("radix-tree-keys", int64(keys))
	c.fieldInt("radix-tree-nodes", int64(nodes))
	c.fieldID("last-generated-id", s.Last)
	c.fieldID("max-deleted-entry-id", s.MaxDeleted)
	c.fieldInt("entries-added", s.Added)
	c.fieldID("recorded-first-entry-id", s.First)
	if idmp {
		c.fieldInt("idmp-duration", s.Idmp.Duration)
		c.fieldInt("idmp-maxsize", s.Idmp.MaxSize)
		c.fieldInt("pids-tracked", int64(s.Idmp.Pids()))
		c.fieldInt("iids-tracked", int64(s.Idmp.Iids()))
		c.fieldInt("iids-added", s.Idmp.Added)
		c.fieldInt("iids-duplicates", s.Idmp.Duplicates)
	}
	if !full {
		c.fieldInt("groups", int64(len(s.Groups())))
		c.edge("first-entry", s.Range(stream.ID{}, stream.MaxID))
		c.edge("last-entry", s.Reverse(stream.ID{}, stream.MaxID))
		return
	}
	c.BulkString("entries")
	c.streamEntries(s.Range(stream.ID{}, stream.MaxID), count)
	c.BulkString("groups")
	c.Array(len(s.Groups()))
	for _, g := range s.Groups() {
		c.xinfoGroupFull(s, g, count)
	}
}

// xinfoOptions reads FULL and its COUNT, 0 being all.
func (c *Call) xinfoOptions() (full bool, count int64, ok bool) {
	const normal = 10
	options := c.Args[3:]
	if len(options) == 0 {
		return false, 0, true
	}
	counted := len(options) == 3
	if len(options) != 1 && !counted || !is(options[0], "full") ||
		counted && !is(options[1], "count") {
		c.Error(errSubcommandArity(c.Args))
		return false, 0, false
	}
	if !counted {
		return true, normal, true
	}
	if count, ok = c.ArgInt(5); count < 0 {
		count = normal
	}
	return true, count, ok
}

func (c *Call) fieldInt(name string, n int64) {
	c.BulkString(name)
	c.Int(n)
}

func (c *Call) fieldID(name string, id stream.ID) {
	c.BulkString(name)
	c.streamID(id)
}

// edge writes the first entry that an iterator comes upon.
func (c *Call) edge(name string, it *stream.Iterator) {
	c.BulkString(name)
	if it.Next() {
		c.streamEntry(it)
	} else {
		c.Null()
	}
}

// groupProgress writes how far a group has come; null where nobody can tell.
func (c *Call) groupProgress(s *stream.Stream, g *stream.Group) {
	c.fieldID("last-delivered-id", g.Last())
	c.BulkString("entries-read")
	if g.Read == stream.Unknown {
		c.Null()
	} else {
		c.Int(g.Read)
	}
	c.BulkString("lag")
	if lag, known := s.Lag(g); known {
		c.Int(lag)
	} else {
		c.Null()
	}
}

func (c *Call) xinfoGroupFull(s *stream.Stream, g *stream.Group, count int64) {
	nacks := c.e.since("8.8")
	if nacks {
		c.Map(8)
	} else {
		c.Map(7)
	}
	c.BulkString("name")
	c.BulkString(g.Name)
	c.groupProgress(s, g)
	c.fieldInt("pel-count", int64(g.NumPending()))
	if nacks {
		c.fieldInt("nacked-count", int64(g.NumReleased()))
	}
	c.BulkString("pending")
	c.xinfoPending(g.Seek(stream.ID{}), count, true)
	c.BulkString("consumers")
	c.Array(len(g.Consumers()))
	for _, consumer := range g.Consumers() {
		c.Map(5)
		c.BulkString("name")
		c.BulkString(consumer.Name)
		c.fieldInt("seen-time", consumer.Seen)
		c.fieldInt("active-time", consumer.Active)
		c.fieldInt("pel-count", int64(consumer.NumPending()))
		c.BulkString("pending")
		c.xinfoPending(consumer.Seek(stream.ID{}), count, false)
	}
}

// xinfoPending writes up to count entries that are pending, all if that is 0, each with whom if
// that is not clear.
func (c *Call) xinfoPending(p stream.PendingCursor, count int64, whose bool) {
	at, n := c.ArrayLater(), 0
	for ; p.Valid() && (count == 0 || int64(n) < count); p.Next() {
		if whose {
			c.Array(4)
			c.streamID(p.ID())
			name := ""
			if consumer := p.Pending().Consumer; consumer != nil {
				name = consumer.Name
			}
			c.BulkString(name)
		} else {
			c.Array(3)
			c.streamID(p.ID())
		}
		c.Int(p.Pending().Time)
		c.Int(p.Pending().Count)
		n++
	}
	c.ArrayEnd(at, '*', n)
}

func cmdXinfoGroups(c *Call) {
	s, ok := c.xinfoStream()
	if !ok {
		return
	}
	c.Array(len(s.Groups()))
	for _, g := range s.Groups() {
		c.Map(6)
		c.BulkString("name")
		c.BulkString(g.Name)
		c.fieldInt("consumers", int64(len(g.Consumers())))
		c.fieldInt("pending", int64(g.NumPending()))
		c.groupProgress(s, g)
	}
}

func cmdXinfoConsumers(c *Call) {
	s, ok := c.xinfoStream()
	if !ok {
		return
	}
	g := s.Group(c.Args[3])
	if g == nil {
		c.Error(errNoGroupOf(c.Args[2], c.Args[3]))
		return
	}
	now := c.e.tellMs()
	c.Array(len(g.Consumers()))
	for _, consumer := range g.Consumers() {
		c.Map(4)
		c.BulkString("name")
		c.BulkString(consumer.Name)
		c.fieldInt("pending", int64(consumer.NumPending()))
		c.fieldInt("idle", max(now-consumer.Seen, 0))
		inactive := consumer.Active
		if inactive != -1 {
			inactive = now - inactive
		}
		c.fieldInt("inactive", inactive)
	}
}
