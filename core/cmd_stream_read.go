package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/reply"
	"github.com/redlet/redlet/core/internal/stream"
)

var streamReadCommands = []Command{
	{
		Name: "xread", Since: "5.0", Group: "stream",
		Flags: ReadOnly | Blocking | TellsLater,
		Cats:  CatStream,
		Syntax: "[COUNT count:int] " + readLimits + "[BLOCK milliseconds:int] " +
			"STREAMS streams:{key... id...}",
		Keys: `STREAMS@1:-1:1:2 RO access incomplete ` +
			`"A key or an option's value may be the word STREAMS too."`,
		Summary: "Gives the entries behind given ids of several streams, waiting for them if asked to.",
		History: "8.10 MAXCOUNT and MAXSIZE",
		Run:     cmdXread,
		Line:    &Line{Keys: streamKeys},
	},
	{
		Name: "xreadgroup", Since: "5.0", Group: "stream",
		Flags: Write | Blocking | TellsLater,
		Cats:  CatStream,
		Syntax: "GROUP group-block:{group consumer} [COUNT count:int] " + readLimits +
			"[BLOCK milliseconds:int] [CLAIM min-idle-time:int^8.4] [NOACK] STREAMS streams:{key... id...}",
		Keys: `STREAMS@4:-1:1:2 RO access incomplete ` +
			`"A group, a consumer or a key may be the word STREAMS too."`,
		Summary: "Gives a consumer of a group entries that no other was given, or those that it " +
			"has not acknowledged.",
		Complexity: "O(M) for M entries returned of each stream",
		History:    "8.4 CLAIM; 8.10 MAXCOUNT and MAXSIZE",
		Run:        cmdXreadgroup,
		Line:       &Line{Keys: streamKeys},
	},
}

// readLimits are what a reply to XREAD or XREADGROUP may hold, of all streams together.
const readLimits = "[MAXCOUNT maxcount:int^8.10] [MAXSIZE maxsize:int^8.10] "

// streamKeys finds the keys of XREAD and XREADGROUP behind the option STREAMS, which is not any
// word STREAMS.
func streamKeys(args [][]byte, _ []KeyAt) []KeyAt {
	for i := 1; i < len(args); i++ {
		switch {
		case is(args[i], "block"), is(args[i], "count"), is(args[i], "claim"),
			is(args[i], "maxcount"), is(args[i], "maxsize"):
			i++
		case is(args[i], "group"):
			i += 2
		case is(args[i], "noack"):
		case is(args[i], "streams") && (len(args)-i)%2 == 1:
			var keys []KeyAt
			for at := i + 1; at <= i+(len(args)-i)/2; at++ {
				keys = append(keys, KeyAt{at, KeyRO | KeyAccess})
			}
			return keys
		default:
			return nil
		}
	}
	return nil
}

// streamRead is what XREAD and XREADGROUP are told.
type streamRead struct {
	grouped         bool // it is XREADGROUP,
	named           bool // and was told of which group
	group, consumer []byte
	noack           bool
	claim           int64 // for how long what is claimed has been pending, at least; -1: nothing is
	oldest          int64 // when what could be claimed first was delivered
	count           int64 // of entries of a stream,
	maxcount        int64 // and of all together; 0 is no limit
	maxsize         int64 // the bytes with which the reply ends, though it has an entry; 0: never
	served          int64 // entries of the streams before
	replyAt         int   // where in the output the reply begins
	blocks          bool
	deadline        Time
	keys            [][]byte
	idsAt           int             // the argument that is the first id
	from            []stream.ID     // behind which to read
	groups          []*stream.Group // of each stream
	history         []bool          // whether to read again what the consumer has pending
}

func cmdXread(c *Call)      { c.streamRead(&streamRead{}) }
func cmdXreadgroup(c *Call) { c.streamRead(&streamRead{grouped: true}) }

func (c *Call) streamRead(r *streamRead) {
	r.claim, r.oldest = -1, math.MaxInt64
	if !c.streamReadOptions(r) || !c.streamReadFrom(r) {
		return
	}
	at, n := c.ArrayLater(), 0
	r.replyAt = int(at)
	for i, key := range r.keys {
		if !c.streamMore(r, 0) {
			break
		}
		if o := c.lookupRead(key); o != nil && c.streamServe(r, i, o) {
			n++
		}
	}
	if r.grouped {
		c.propagateNothing()
	}
	switch {
	case n > 0 && c.RESP3:
		c.ArrayEnd(at, '%', n)
	case n > 0:
		c.ArrayEnd(at, '*', n)
	case !r.blocks, !c.mayBlock():
		c.NullArray()
	default:
		c.awaitEntries(r)
	}
}

// streamReadOptions reads the options, up to the keys and the ids.
func (c *Call) streamReadOptions(r *streamRead) bool {
	for i := 1; i < len(c.Args) && r.idsAt == 0; i++ {
		arg, more := c.Args[i], len(c.Args)-i-1
		switch {
		case more > 0 && is(arg, "block"):
			i++
			ms, ok := c.argIntOr(i, "ERR timeout is not an integer or out of range")
			if !ok {
				return false
			}
			if r.deadline, ok = c.deadline(ms); !ok {
				return false
			}
			r.blocks = true
		case more > 0 && is(arg, "count"):
			i++
			n, ok := c.ArgInt(i)
			if !ok {
				return false
			}
			r.count = max(n, 0)
		case more > 0 && is(arg, "claim") && c.takes("8.4"):
			if i++; !c.streamClaimOption(r, i) {
				return false
			}
		case more > 0 && is(arg, "maxcount") && c.takes("8.10"):
			if i++; !c.streamLimitOption(&r.maxcount, i, "MAXCOUNT") {
				return false
			}
		case more > 0 && is(arg, "maxsize") && c.takes("8.10"):
			if i++; !c.streamLimitOption(&r.maxsize, i, "MAXSIZE") {
				return false
			}
		case more > 0 && is(arg, "streams"):
			if more%2 != 0 {
				c.Error(errUnbalanced(c.cmd, r.grouped))
				return false
			}
			r.idsAt = i + 1 + more/2
			r.keys = c.Args[i+1 : r.idsAt]
		case more >= 2 && is(arg, "group"):
			if !c.streamGrouped(r, "GROUP") {
				return false
			}
			r.named, r.group, r.consumer = true, c.Args[i+1], c.Args[i+2]
			i += 2
		case is(arg, "noack"):
			if !c.streamGrouped(r, "NOACK") {
				return false
			}
			r.noack = true
		default:
			c.Error(ErrSyntax)
			return false
		}
	}
	switch {
	case r.idsAt == 0:
		c.Error(ErrSyntax)
	case r.grouped && !r.named:
		c.Error("ERR Missing GROUP option for XREADGROUP")
	case r.maxcount > 0 && r.maxcount < r.count:
		c.Error("ERR MAXCOUNT must be greater than or equal to COUNT")
	default:
		return true
	}
	return false
}

// streamGrouped checks that an option of XREADGROUP alone is given to that.
//
//go:noinline
func (c *Call) streamGrouped(r *streamRead, option string) bool {
	if !r.grouped {
		c.Error("ERR The " + option + " option is only supported by XREADGROUP. You called XREAD " +
			"instead.")
	}
	return r.grouped
}

// streamClaimOption reads CLAIM, whose value is argument i.
func (c *Call) streamClaimOption(r *streamRead, i int) (ok bool) {
	if !c.streamGrouped(r, "CLAIM") {
		return false
	}
	r.claim, ok = c.argIntOr(i, "ERR min-idle-time is not an integer or out of range")
	if ok && r.claim < 0 {
		c.Error("ERR min-idle-time must be a positive integer")
		ok = false
	}
	return ok
}

// streamLimitOption reads MAXCOUNT or MAXSIZE, whose value is argument i.
func (c *Call) streamLimitOption(limit *int64, i int, option string) (ok bool) {
	if *limit, ok = c.ArgInt(i); ok && *limit <= 0 {
		c.Error("ERR " + option + " must be a positive integer")
		ok = false
	}
	return ok
}

func errUnbalanced(cmd *Command, grouped bool) string {
	ids := "an ID, '+', or '$'"
	if grouped {
		ids = "an ID or '>'"
	}
	return "ERR Unbalanced '" + cmd.full() + "' list of streams: for each stream key " + ids +
		" must be specified."
}

// errMeaningless says that XREADGROUP knows no such id.
func errMeaningless(id string) string {
	return "ERR The " + id + " ID is meaningless in the context of XREADGROUP: you want to read " +
		"the history of this consumer by specifying a proper ID, or use the > ID to get new " +
		"messages. The " + id + " ID would just return an empty result set."
}

// streamReadFrom finds out behind which id of each stream to read.
func (c *Call) streamReadFrom(r *streamRead) bool {
	r.from = make([]stream.ID, len(r.keys))
	if r.grouped {
		r.groups = make([]*stream.Group, len(r.keys))
		r.history = make([]bool, len(r.keys))
	}
	for i, key := range r.keys {
		s, ok := c.asStream(c.lookupRead(key))
		if !ok {
			return false
		}
		if r.grouped {
			if s != nil {
				r.groups[i] = s.Group(r.group)
			}
			if r.groups[i] == nil {
				c.Error("NOGROUP No such key '" + clip(key, len(key)) + "' or consumer group '" +
					clip(r.group, len(r.group)) + "' in XREADGROUP with GROUP option")
				return false
			}
			if r.claim >= 0 && !c.roomFor(r.groups[i].Unordered()) {
				return false
			}
		}
		if !c.streamReadID(r, i, s) {
			return false
		}
	}
	return true
}

// streamReadID reads the id of a stream, which may be nil.
func (c *Call) streamReadID(r *streamRead, i int, s *stream.Stream) bool {
	switch arg := c.Args[r.idsAt+i]; {
	case is(arg, "$"), is(arg, "+"):
		if r.grouped {
			c.Error(errMeaningless(string(arg[:1])))
			return false
		}
		switch {
		case s == nil:
		case is(arg, "$"):
			r.from[i] = s.Last
		case s.Len() > 0:
			r.from[i], _ = s.LastEntry().Prev()
		}
	case is(arg, ">"):
		if !r.grouped {
			c.Error("ERR The > ID can be specified only when calling XREADGROUP using the " +
				"GROUP <group> <consumer> option.")
			return false
		}
	default:
		id, ok := c.argStreamID(r.idsAt + i)
		if !ok {
			return false
		}
		r.from[i] = id
		if r.grouped {
			// The greatest id is what Redis itself writes for >.
			r.history[i] = id != stream.MaxID
		}
	}
	return true
}

// streamMore reports whether another entry of a stream may follow n of them: not to a client that
// is hung up for the size of its output, for which entries would become pending without an end.
//
//go:noinline
func (c *Call) streamMore(r *streamRead, n int64) bool {
	switch all := r.served + n; {
	case c.Overflowed():
		return false
	case r.count > 0 && n >= r.count, r.maxcount > 0 && all >= r.maxcount:
		return false
	case r.maxsize > 0 && all > 0:
		return int64(c.Len()-r.replyAt) < r.maxsize
	}
	return !r.grouped || c.roomToMove(n)
}

// roomToMove tells whether there is memory for more entries to become pending, with what replicas
// are told of them; n have. Where there is none a read or a claim ends as if no more was asked for.
func (c *Call) roomToMove(n int64) bool {
	const atOnce = 4096 // they take less than roomSpare
	e := c.e
	return e.room == nil || n%atOnce != atOnce-1 ||
		e.hasRoom(e.replicas.growth(len(e.replicas.unit))) && e.askRoom(roomSpare, roomPiece)
}

// streamServe writes what there is to read of a stream and reports whether there is something.
func (c *Call) streamServe(r *streamRead, i int, o *object) bool {
	s := o.stream()
	if !r.grouped {
		if s.Len() == 0 || !r.from[i].Less(s.LastEntry()) {
			return false
		}
		c.streamName(r.keys[i])
		start, _ := r.from[i].Next()
		it := s.Range(start, stream.MaxID)
		at, n := c.ArrayLater(), int64(0)
		for ; c.streamMore(r, n) && it.Next(); n++ {
			c.streamEntry(it)
		}
		c.streamServed(r, at, n)
		return true
	}
	c.e.weigh(o)
	g := r.groups[i]
	fresh := s.Len() > 0 && g.Last().Less(s.LastEntry())
	claims := r.claim >= 0 && c.claimable(r, s, g)
	if !fresh && !claims && c.afterLoad() {
		return false
	}
	consumer := c.groupConsumer(r.keys[i], r.group, g, r.consumer, r.noack)
	consumer.Seen = c.toldSinceMs()
	switch {
	case r.history[i]:
		r.claim = -1 // from here on
		c.streamName(r.keys[i])
		start, _ := r.from[i].Next()
		c.streamHistory(r, s, g, consumer, start)
	case fresh || claims:
		c.streamName(r.keys[i])
		c.streamDeliver(r, i, s, consumer, fresh)
		c.signalAside(1, 0, "", r.keys[i])
	default:
		return false
	}
	return true
}

// claimable reports whether there is something in a group to claim. What has been deleted from the
// stream does not count.
func (c *Call) claimable(r *streamRead, s *stream.Stream, g *stream.Group) bool {
	now := c.e.tellMs()
	for o := g.Oldest(now); o.Next(); {
		if s.Has(o.ID()) {
			time := o.Pending().Time
			r.oldest = min(r.oldest, time)
			// Data that were loaded must not wake anybody before awaitEntries would.
			return now-time > r.claim || now-time == r.claim && !c.afterLoad()
		}
	}
	return false
}

// streamName begins what is read of a stream.
func (c *Call) streamName(key []byte) {
	if !c.RESP3 {
		c.Array(2)
	}
	c.Bulk(key)
}

// groupConsumer returns the consumer of a name, which is made if need be; told is whether replicas
// are told of that.
func (c *Call) groupConsumer(
	key, group []byte, g *stream.Group, name []byte, told bool,
) *stream.Consumer {
	consumer := g.Consumer(name)
	if consumer == nil {
		consumer = g.AddConsumer(string(name), c.toldSinceMs())
		c.signalAside(1, notifyStream, "xgroup-createconsumer", key)
		if told {
			c.Propagate("XGROUP", []byte("CREATECONSUMER"), key, group, name)
		}
	}
	return consumer
}

// streamServed ends the n entries of a stream.
func (c *Call) streamServed(r *streamRead, at reply.Later, n int64) {
	c.ArrayEnd(at, '*', int(n))
	r.served += n
}

// streamHistory writes what a consumer has pending from an id on, and counts that as a delivery.
func (c *Call) streamHistory(
	r *streamRead, s *stream.Stream, g *stream.Group, consumer *stream.Consumer, start stream.ID,
) {
	at, n, now := c.ArrayLater(), int64(0), c.toldSinceMs()
	var it stream.Iterator
	for p := consumer.Seek(start); p.Valid() && c.streamMore(r, n); p.Next() {
		if it.Find(s, p.ID()) {
			c.streamEntry(&it)
			c.redelivered(g, g.Assign(p.ID(), consumer, now))
		} else { // it was deleted from the stream
			c.Array(2)
			c.streamID(p.ID())
			c.NullArray()
		}
		n++
	}
	c.streamServed(r, at, n)
}

// streamDeliver writes the entries that are claimed, and if there are fresh ones those that no
// consumer of the group was given yet. They become pending with the consumer.
func (c *Call) streamDeliver(
	r *streamRead, i int, s *stream.Stream, consumer *stream.Consumer, fresh bool,
) {
	g, now := r.groups[i], c.toldSinceMs()
	at, n, moved := c.ArrayLater(), int64(0), false
	if r.claim >= 0 {
		n = c.streamClaim(r, i, s, consumer)
	}
	start, _ := g.Last().Next()
	it := s.Range(start, stream.MaxID)
	for ; fresh && c.streamMore(r, n) && it.Next(); n++ {
		moved = s.Deliver(g, it.ID()) || moved
		if r.claim < 0 {
			c.streamEntry(it)
		} else {
			c.claimedEntry(it, 0, 0)
		}
		if r.noack {
			continue
		}
		p := g.Assign(it.ID(), consumer, now)
		p.Count = 1
		consumer.Active = now
		c.propagateClaim(r.keys[i], r.group, g, idText(it.ID()), p)
	}
	c.streamServed(r, at, n)
	if moved {
		c.propagateGroupID(r.keys[i], r.group, g)
	}
}

// streamClaim writes the entries that have been pending long enough, the oldest first, and makes
// them pending with the consumer.
func (c *Call) streamClaim(
	r *streamRead, i int, s *stream.Stream, consumer *stream.Consumer,
) (n int64) {
	g, now := r.groups[i], c.toldSinceMs()
	var it stream.Iterator
	for o := g.Oldest(now); c.streamMore(r, n) && o.Next(); {
		p := o.Pending()
		idle := now - p.Time
		if idle < r.claim {
			break
		}
		if !it.Find(s, o.ID()) { // it was deleted from the stream
			continue
		}
		c.claimedEntry(&it, idle, p.Count)
		c.redelivered(g, g.Assign(o.ID(), consumer, now))
		consumer.Active = now
		c.propagateClaim(r.keys[i], r.group, g, idText(o.ID()), p)
		n++
	}
	return n
}

// claimedEntry writes an entry with how long it has been pending and how often it was delivered.
func (c *Call) claimedEntry(it *stream.Iterator, idle, count int64) {
	c.Array(4)
	c.streamFields(it)
	c.Int(idle)
	c.Int(count)
}

// propagateClaim propagates what has become of an entry that is pending; id is its id as text.
func (c *Call) propagateClaim(key, group []byte, g *stream.Group, id []byte, p *stream.Pending) {
	if c.propagates() {
		c.Propagate("XCLAIM", key, group, []byte(p.Consumer.Name), []byte("0"), id, []byte("TIME"),
			decimal(p.Time), []byte("RETRYCOUNT"), decimal(p.Count), []byte("FORCE"),
			[]byte("JUSTID"), []byte("LASTID"), idText(g.Last()))
	}
}

// propagateGroupID propagates how far a group has come.
func (c *Call) propagateGroupID(key, group []byte, g *stream.Group) {
	if c.propagates() {
		c.Propagate("XGROUP", []byte("SETID"), key, group, idText(g.Last()), []byte("ENTRIESREAD"),
			decimal(g.Read))
	}
}

// awaitEntries waits for entries. What was behind the last entry of a stream is from then on behind
// the entry that was the last.
func (c *Call) awaitEntries(r *streamRead) {
	for i := range r.keys {
		if at := r.idsAt + i; is(c.Args[at], "$") {
			c.Args[at] = idText(r.from[i])
		}
	}
	p := c.block(r.keys, kindStream, r.deadline, replyNullArray)
	p.always = r.grouped
	if r.claim < 0 {
		return
	}
	if r.oldest == math.MaxInt64 { // nothing is pending
		r.oldest = c.e.tellMs()
	}
	wake := Never
	if c.e.told() == c.Now() && r.claim < math.MaxInt64-r.oldest {
		wake = timeOf(r.oldest + r.claim + 1) // Redis waits a millisecond longer than it says
	}
	c.e.wakeAt(p, wake)
}
