package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/reply"
	"github.com/redlet/redlet/core/internal/stream"
)

var streamClaimCommands = []Command{
	{
		Name: "xclaim", Since: "5.0", Group: "stream",
		Flags: Write | Fast,
		Cats:  CatStream,
		Syntax: "key group consumer min-idle-time id... [IDLE ms:int] " +
			"[TIME unix-time-milliseconds:time] [RETRYCOUNT count:int] [FORCE] [JUSTID] " +
			"[LASTID lastid]",
		Keys:       "1 RW update",
		Tips:       "nondeterministic_output",
		Summary:    "Makes entries that are pending in a group pending with a consumer.",
		Complexity: "O(log N) for N entries pending in the group",
		Run:        cmdXclaim,
	},
	{
		Name: "xautoclaim", Since: "6.2", Group: "stream",
		Flags:      Write | Fast,
		Cats:       CatStream,
		Syntax:     "key group consumer min-idle-time start [COUNT count:int] [JUSTID]",
		Keys:       "1 RW delete",
		Tips:       "nondeterministic_output",
		Summary:    "Makes entries that have been pending long enough pending with a consumer.",
		Complexity: "O(1) for a small count",
		History:    "7.0 the entries that are no longer there",
		Run:        cmdXautoclaim,
	},
}

// claim is what XCLAIM is told, and what it works on.
type claim struct {
	s        *stream.Stream
	g        *stream.Group
	consumer *stream.Consumer
	ids      []stream.ID
	minIdle  int64
	now      int64
	time     int64 // of the delivery that this counts as
	retries  int64 // the count of deliveries; -1: one more than before
	force    bool  // what is not pending becomes so
	justID   bool
	last     stream.ID // the group has come at least so far
	moved    bool      // it has moved there, and replicas were not told yet
	it       stream.Iterator
}

// argMinIdle reads argument 4, the least time for which an entry has been pending that is claimed.
func (c *Call) argMinIdle() (int64, bool) {
	n, ok := c.argIntOr(4, "ERR Invalid min-idle-time argument for "+upper(c.cmd.full()))
	return max(n, 0), ok
}

func cmdXclaim(c *Call) {
	m := claim{now: c.toldSinceMs(), retries: -1}
	m.time = m.now
	var ok bool
	if m.s, m.g, ok = c.groupAt(); !ok {
		return
	}
	if m.g == nil {
		c.Error(errNoGroup(c.Args[1], c.Args[2]))
		return
	}
	if m.minIdle, ok = c.argMinIdle(); !ok {
		return
	}
	for _, arg := range c.Args[5:] {
		id, ok := stream.ParseID(arg, 0)
		if !ok {
			break
		}
		m.ids = append(m.ids, id)
	}
	if !c.claimOptions(&m) {
		return
	}
	if m.time < 0 || m.time > m.now {
		m.time = m.now
	}
	if m.moved = m.g.Last().Less(m.last); m.moved {
		m.g.SetLast(m.last)
	}
	c.propagateNothing()
	m.consumer = c.groupConsumer(c.Args[1], c.Args[2], m.g, c.Args[3], false)
	m.consumer.Seen = m.now
	at, n := c.ArrayLater(), 0
	for i, id := range m.ids {
		if claimed, _ := c.claim(&m, id, c.Args[5+i]); claimed {
			n++
		}
	}
	if m.moved {
		c.propagateGroupID(c.Args[1], c.Args[2], m.g)
		c.signalAside(1, 0, "", c.Args[1])
	}
	c.ArrayEnd(at, '*', n)
}

// claimOptions reads the options of XCLAIM, which stand behind the ids.
func (c *Call) claimOptions(m *claim) (ok bool) {
	const invalid = " option argument for XCLAIM"
	for i := 5 + len(m.ids); i < len(c.Args); i++ {
		arg, more := c.Args[i], i+1 < len(c.Args)
		ok = true
		switch {
		case is(arg, "force"):
			m.force = true
			continue
		case is(arg, "justid"):
			m.justID = true
			continue
		case more && is(arg, "idle"):
			var idle int64
			idle, ok = c.argIntOr(i+1, "ERR Invalid IDLE"+invalid)
			m.time = m.now - idle
		case more && is(arg, "time"):
			m.time, ok = c.argIntOr(i+1, "ERR Invalid TIME"+invalid)
		case more && is(arg, "retrycount"):
			m.retries, ok = c.argIntOr(i+1, "ERR Invalid RETRYCOUNT"+invalid)
		case more && is(arg, "lastid"):
			m.last, ok = c.argStreamID(i + 1)
		default:
			c.Error("ERR Unrecognized XCLAIM option '" + clip(arg, len(arg)) + "'")
			return false
		}
		if !ok {
			return false
		}
		i++
	}
	return true
}

// claim claims the entry of an id, which text is too. It reports whether that is replied, and
// whether anything was changed.
func (c *Call) claim(m *claim, id stream.ID, text []byte) (claimed, changed bool) {
	p := m.g.Pending(id)
	if !m.it.Find(m.s, id) { // it was deleted, and is not pending any longer
		if p == nil {
			return false, false
		}
		c.claimDeleted(m, id, text, p)
		return false, true
	}
	if p == nil {
		if !m.force {
			return false, false
		}
	} else if p.Consumer != nil && m.minIdle > 0 && m.now-p.Time < m.minIdle {
		return false, false
	}
	fresh := p == nil
	if p = m.g.Assign(id, m.consumer, m.time); fresh {
		p.Count = 1
	}
	switch {
	case m.retries >= 0:
		p.Count = m.retries
	case !m.justID:
		c.redelivered(m.g, p)
	}
	if m.justID {
		c.streamID(id)
	} else {
		c.streamEntry(&m.it)
	}
	m.consumer.Active = m.now
	m.moved = false
	c.propagateClaim(c.Args[1], c.Args[2], m.g, text, p)
	c.signalAside(1, 0, "", c.Args[1])
	return true, true
}

// claimDeleted ends that an entry is pending which was deleted from the stream.
func (c *Call) claimDeleted(m *claim, id stream.ID, text []byte, p *stream.Pending) {
	if p.Consumer != nil {
		m.moved = false
		c.propagateClaim(c.Args[1], c.Args[2], m.g, text, p)
	} else {
		c.Propagate("XACK", c.Args[1], c.Args[2], text)
	}
	m.g.Ack(id)
	c.signalAside(1, 0, "", c.Args[1])
}

// redelivered counts a delivery. What has been delivered most often was so once more than that, but
// not since it can be marked as given up.
//
//go:noinline
func (c *Call) redelivered(g *stream.Group, p *stream.Pending) {
	if p.Count != math.MaxInt64 || !g.Fatal && !c.e.since("8.8") {
		p.Count++
	}
}

func cmdXautoclaim(c *Call) {
	// attempts is how many entries are looked at for each that is wanted, and countMax the greatest
	// count that Redis takes.
	const attempts, countMax = 10, math.MaxInt64 / 16
	const memoryMax = 1 << 43 // more ids Redis finds no room for
	m := claim{now: c.toldSinceMs(), retries: -1}
	m.time = m.now
	var ok bool
	if m.minIdle, ok = c.argMinIdle(); !ok {
		return
	}
	start, ok := c.argStart(5)
	if !ok {
		return
	}
	count := int64(100)
	for i := 6; i < len(c.Args); i++ {
		switch {
		case is(c.Args[i], "count") && i+1 < len(c.Args):
			i++
			if count, ok = c.argRange(i, 1, countMax, "ERR COUNT must be > 0"); !ok {
				return
			}
		case is(c.Args[i], "justid"):
			m.justID = true
		default:
			c.Error(ErrSyntax)
			return
		}
	}
	if m.s, m.g, ok = c.groupAt(); !ok {
		return
	}
	if m.g == nil {
		c.Error(errNoGroup(c.Args[1], c.Args[2]))
		return
	}
	if count > memoryMax {
		c.Error("ERR Insufficient memory, failed allocating transient memory, COUNT too high.")
		return
	}
	c.propagateNothing()
	m.consumer = c.groupConsumer(c.Args[1], c.Args[2], m.g, c.Args[3], false)
	m.consumer.Seen = m.now
	c.autoclaim(&m, start, count, attempts*count)
}

// autoclaim claims up to count entries from an id on and looks at no more than attempts. The reply
// begins with the id to go on from.
func (c *Call) autoclaim(m *claim, start stream.ID, count, attempts int64) {
	c.Array(3)
	at, n := c.ArrayLater(), 0
	var deleted []stream.ID
	var text [stream.IDLenMax]byte
	p := m.g.Seek(start)
	for ; attempts > 0 && count > 0 && p.Valid() && c.roomToMove(int64(n)); attempts-- {
		id := p.ID()
		claimed, changed := c.claim(m, id, id.Append(text[:0]))
		if changed {
			count--
		}
		switch {
		case claimed:
			n++
			p.Next()
		case changed:
			deleted = append(deleted, id)
			p = m.g.Seek(id)
		default:
			p.Next()
		}
	}
	c.ArrayEnd(at, '*', n)
	var next stream.ID
	if p.Valid() {
		next = p.ID()
	}
	var first reply.Writer
	first.Bulk(idText(next))
	c.Insert(at, first.Buf)
	c.Array(len(deleted))
	for _, id := range deleted {
		c.streamID(id)
	}
}
