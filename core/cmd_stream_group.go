package core

import "github.com/redlet/redlet/core/internal/stream"

var streamGroupCommands = []Command{
	{
		Name: "xgroup", Since: "5.0", Group: "stream",
		Summary:    "Groups the commands that make and change groups of consumers.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "create", Since: "5.0", Group: "stream",
				Flags: Write | DenyOOM,
				Cats:  CatStream,
				Syntax: "key group id-selector:(id|new-id:$) [MKSTREAM] " +
					`[ENTRIESREAD entriesread"entries-read":int]`,
				Keys:       "2 RW insert",
				Summary:    "Makes a group of consumers, and the stream if asked to.",
				Complexity: "O(1)",
				History:    "7.0 ENTRIESREAD",
				Run:        cmdXgroupCreate,
			},
			{
				Name: "setid", Since: "5.0", Group: "stream",
				Flags: Write,
				Cats:  CatStream,
				Syntax: `key group id-selector:(id|new-id:$) ` +
					`[ENTRIESREAD entriesread"entries-read":int]`,
				Keys:       "2 RW update",
				Summary:    "Sets behind which entry a group goes on.",
				Complexity: "O(1)",
				History:    "7.0 ENTRIESREAD",
				Run:        cmdXgroupSetid,
			},
			{
				Name: "destroy", Since: "5.0", Group: "stream",
				Flags:      Write,
				Cats:       CatStream,
				Syntax:     "key group",
				Keys:       "2 RW delete",
				Summary:    "Removes a group with its consumers and what they have pending.",
				Complexity: "O(N) for N entries pending",
				Run:        cmdXgroupDestroy,
			},
			{
				Name: "createconsumer", Since: "6.2", Group: "stream",
				Flags:      Write | DenyOOM,
				Cats:       CatStream,
				Syntax:     "key group consumer",
				Keys:       "2 RW insert",
				Summary:    "Makes a consumer of a group.",
				Complexity: "O(1)",
				Run:        cmdXgroupCreateconsumer,
			},
			{
				Name: "delconsumer", Since: "5.0", Group: "stream",
				Flags:      Write,
				Cats:       CatStream,
				Syntax:     "key group consumer",
				Keys:       "2 RW delete",
				Summary:    "Removes a consumer from a group with what it has pending.",
				Complexity: "O(1)",
				Run:        cmdXgroupDelconsumer,
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
	{
		Name: "xack", Since: "5.0", Group: "stream",
		Flags:      Write | Fast,
		Cats:       CatStream,
		Syntax:     "key group id...",
		Keys:       "1 RW update",
		Summary:    "Acknowledges entries, which are then no longer pending in a group.",
		Complexity: "O(N) for N ids",
		Run:        cmdXack,
	},
	{
		Name: "xpending", Since: "5.0", Group: "stream",
		Flags:  ReadOnly,
		Cats:   CatStream,
		Syntax: "key group [filters:{[IDLE min-idle-time:int^6.2] start end count:int [consumer]}]",
		Keys:   "1 RO access",
		Tips:   "nondeterministic_output",
		Summary: "Tells how many entries are pending in a group and with whom, or lists those " +
			"whose ids lie between two.",
		Complexity: "O(N) for N entries looked at, or N consumers",
		History:    "6.2 IDLE and bounds that are excluded",
		Run:        cmdXpending,
	},
}

// xgroup is what the subcommands of XGROUP are told.
type xgroup struct {
	key, name []byte
	mkstream  bool
	read      int64
	s         *stream.Stream // nil if there is none
	g         *stream.Group  // nil if there is none
}

// xgroupArgs reads what all subcommands of XGROUP have in common. The group must be there if it is
// needed, the stream unless it can be made.
func (c *Call) xgroupArgs(create, setid, needed bool) (x xgroup, ok bool) {
	x = xgroup{key: c.Args[2], name: c.Args[3], read: stream.Unknown}
	for i := 5; i < len(c.Args); i++ {
		switch {
		case create && is(c.Args[i], "mkstream"):
			x.mkstream = true
		case (create || setid) && is(c.Args[i], "entriesread") && i+1 < len(c.Args):
			i++
			if x.read, ok = c.ArgInt(i); !ok {
				return x, false
			}
			if x.read < 0 && x.read != stream.Unknown {
				c.Error("ERR value for ENTRIESREAD must be positive or -1")
				return x, false
			}
		default:
			c.Error(errSubcommandArity(c.Args))
			return x, false
		}
	}
	if x.s, ok = c.asStream(c.lookupWrite(x.key)); !ok {
		return x, false
	}
	if x.s != nil {
		x.g = x.s.Group(x.name)
	}
	switch {
	case x.mkstream:
	case x.s == nil:
		c.Error("ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you " +
			"may want to use the MKSTREAM option to create an empty stream automatically.")
		return x, false
	case x.g == nil && needed:
		c.Error(errNoGroupOf(x.key, x.name))
		return x, false
	}
	return x, true
}

func errNoGroupOf(key, group []byte) string {
	return "NOGROUP No such consumer group '" + clip(group, len(group)) + "' for key name '" +
		clip(key, len(key)) + "'"
}

//go:noinline
func errNoGroup(key, group []byte) string {
	return "NOGROUP No such key '" + clip(key, len(key)) + "' or consumer group '" +
		clip(group, len(group)) + "'"
}

// xgroupID reads the id that a group is to go on behind: $ is the last one of the stream, and if
// loose, - and + are the least and the greatest.
func (c *Call) xgroupID(x *xgroup, loose bool) (id stream.ID, ok bool) {
	switch {
	case string(c.Args[4]) == "$" && x.s != nil:
		return x.s.Last, true
	case string(c.Args[4]) == "$":
		return id, true
	case loose:
		if id, ok = looseID(c.Args[4], 0); !ok {
			c.Error(errStreamID)
		}
		return id, ok
	}
	return c.argStreamID(4)
}

func cmdXgroupCreate(c *Call) {
	const most = 8 // arguments
	x, ok := c.xgroupArgs(true, false, false)
	if !ok {
		return
	}
	if len(c.Args) > most {
		c.Error(errSubcommandArity(c.Args))
		return
	}
	id, ok := c.xgroupID(&x, false)
	if !ok {
		return
	}
	if x.s == nil {
		o := c.e.newStream()
		c.add(x.key, o)
		x.s = o.stream()
		c.signalDirty(0, 0, "", x.key)
	}
	if x.g != nil {
		c.Error("BUSYGROUP Consumer Group name already exists")
		return
	}
	x.s.AddGroup(string(x.name), id, x.read)
	c.OK()
	c.signalAside(1, notifyStream, "xgroup-create", x.key)
}

func cmdXgroupSetid(c *Call) {
	x, ok := c.xgroupArgs(false, true, true)
	if !ok {
		return
	}
	if len(c.Args) != 5 && len(c.Args) != 7 {
		c.Error(errSubcommandArity(c.Args))
		return
	}
	if id, ok := c.xgroupID(&x, true); ok {
		x.g.SetLast(id)
		x.g.Read = x.read
		c.OK()
		c.signalAside(1, notifyStream, "xgroup-setid", x.key)
	}
}

func cmdXgroupDestroy(c *Call) {
	x, ok := c.xgroupArgs(false, false, false)
	if !ok {
		return
	}
	if x.g != nil {
		x.s.RemoveGroup(x.g)
		c.signalAside(1, notifyStream, "xgroup-destroy", x.key)
		c.signalReady(x.key) // who waits for what the group is given waits in vain
	}
	c.Flag(x.g != nil)
}

func cmdXgroupCreateconsumer(c *Call) {
	x, ok := c.xgroupArgs(false, false, true)
	if !ok {
		return
	}
	fresh := x.g.Consumer(c.Args[4]) == nil
	c.groupConsumer(x.key, x.name, x.g, c.Args[4], false)
	c.Flag(fresh)
}

func cmdXgroupDelconsumer(c *Call) {
	x, ok := c.xgroupArgs(false, false, true)
	if !ok {
		return
	}
	n := 0
	if consumer := x.g.Consumer(c.Args[4]); consumer != nil {
		n = consumer.NumPending()
		x.g.RemoveConsumer(consumer)
		c.signalAside(1, notifyStream, "xgroup-delconsumer", x.key)
	}
	c.Count(n)
}

// groupAt returns the stream and the group that arguments 1 and 2 name, nil if there is none; the
// group may change.
func (c *Call) groupAt() (s *stream.Stream, g *stream.Group, ok bool) {
	o := c.lookupRead(c.Args[1])
	if s, ok = c.asStream(o); s == nil {
		return nil, nil, ok
	}
	if c.cmd.Flags&Write != 0 {
		c.e.weigh(o)
	}
	return s, s.Group(c.Args[2]), true
}

func cmdXack(c *Call) {
	_, g, ok := c.groupAt()
	if !ok {
		return
	}
	if g == nil {
		c.Int(0)
		return
	}
	if !c.argStreamIDs(c.Args[3:]) {
		return
	}
	n := 0
	for _, arg := range c.Args[3:] {
		if id, _ := stream.ParseID(arg, 0); g.Ack(id) {
			n++
		}
	}
	c.signalAside(n, 0, "", c.Args[1])
	c.Count(n)
}

// pendingRange is what XPENDING is asked to list.
type pendingRange struct {
	idle, count int64
	start, end  stream.ID
	consumer    []byte // nil: of all
	named       bool
}

func cmdXpending(c *Call) {
	const least, most = 6, 9 // arguments
	summary := len(c.Args) == 3
	if !summary && (len(c.Args) < least || len(c.Args) > most) {
		c.Error(ErrSyntax)
		return
	}
	var r pendingRange
	if !summary && !c.pendingOptions(&r) {
		return
	}
	_, g, ok := c.groupAt()
	switch {
	case !ok:
	case g == nil:
		c.Error(errNoGroup(c.Args[1], c.Args[2]))
	case summary:
		c.pendingSummary(g)
	default:
		c.pendingList(g, &r)
	}
}

func (c *Call) pendingOptions(r *pendingRange) (ok bool) {
	at := 3
	if is(c.Args[at], "idle") {
		if r.idle, ok = c.ArgInt(at + 1); !ok {
			return false
		}
		if at += 2; len(c.Args) < at+3 {
			c.Error(ErrSyntax)
			return false
		}
	}
	if r.count, ok = c.ArgInt(at + 2); !ok {
		return false
	}
	if r.start, ok = c.argStart(at); !ok {
		return false
	}
	if r.end, ok = c.argEnd(at + 1); !ok {
		return false
	}
	if r.named = at+3 < len(c.Args); r.named {
		r.consumer = c.Args[at+3]
	}
	return true
}

// pendingSummary tells how many entries are pending, between which ids, and with whom.
func (c *Call) pendingSummary(g *stream.Group) {
	c.Array(4)
	c.Count(g.NumPending())
	if g.NumPending() == 0 {
		c.Null()
		c.Null()
		c.NullArray()
		return
	}
	first := g.Seek(stream.ID{})
	c.streamID(first.ID())
	c.streamID(g.LastPending())
	at, n := c.ArrayLater(), 0
	for _, consumer := range g.Consumers() {
		if consumer.NumPending() > 0 {
			c.Array(2)
			c.BulkString(consumer.Name)
			c.BulkInt(int64(consumer.NumPending()))
			n++
		}
	}
	c.ArrayEnd(at, '*', n)
}

func (c *Call) pendingList(g *stream.Group, r *pendingRange) {
	p := g.Seek(r.start)
	if r.named {
		consumer := g.Consumer(r.consumer)
		if consumer == nil {
			c.Array(0)
			return
		}
		p = consumer.Seek(r.start)
	}
	at, n, now := c.ArrayLater(), 0, c.e.tellMs()
	for ; int64(n) < r.count && p.Valid() && !r.end.Less(p.ID()); p.Next() {
		entry, name, idle := p.Pending(), "", int64(-1)
		if entry.Consumer != nil {
			if name, idle = entry.Consumer.Name, now-entry.Time; r.idle != 0 && idle < r.idle {
				continue
			}
			idle = max(idle, 0)
		}
		c.Array(4)
		c.streamID(p.ID())
		c.BulkString(name)
		c.Int(idle)
		c.Int(entry.Count)
		n++
	}
	c.ArrayEnd(at, '*', n)
}
