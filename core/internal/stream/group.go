package stream

import (
	"strings"

	"github.com/redlet/redlet/core/internal/dict"
	"github.com/redlet/redlet/core/internal/small"
)

// Unknown is a number of entries read that nobody can tell.
const Unknown = -1

// Group is a group of consumers.
type Group struct {
	Name  string
	Read  int64 // how many of the stream's entries, ever, come up to Last; Unknown
	Fatal bool  // XNACK FATAL was used: a count that is the greatest stays so

	last      ID
	pending   tree[*Pending]
	times     *tree[*ID] // see byTime
	seq       uint32     // of the last that was placed without them
	released  int        // of those pending, how many are so with nobody
	consumers names[*Consumer]
	shared    *shared
}

// Consumer is a member of a group.
type Consumer struct {
	_ [0]func() // not compared

	Name   string
	Seen   int64 // when it last tried to read or claim, in milliseconds since the Unix epoch
	Active int64 // when it last got an entry; -1 if it never did

	pending tree[*Pending]
}

// Pending is an entry that was delivered and is not acknowledged.
type Pending struct {
	Consumer *Consumer // nil: it was released, and waits for somebody to claim it
	Time     int64     // of its last delivery, in milliseconds since the Unix epoch
	Count    int64     // of its deliveries
	seq      uint32    // its place among what was delivered at that time
	ref      uint32    // see refs
}

// shared is what all groups of a stream have in common: counts of what they hold, and who refers to
// which entry.
type shared struct {
	groups, consumers, pending, names int
	timed                             int   // of those pending, how many are ordered by time too
	refs                              *refs // nil until somebody asks
}

// names keeps what has a name.
type names[V any] struct {
	table dict.Dict[V]
	order []V // by names, for who lists them; nil after one came or went
}

func (t *names[V]) find(name []byte) (v V, ok bool) {
	if p := t.table.Find(name); p != nil {
		return *p, true
	}
	return v, false
}

//go:noinline
func (t *names[V]) put(name string, v V) {
	p, _ := t.table.Put([]byte(name))
	*p = v
	t.order = nil
}

//go:noinline
func (t *names[V]) remove(name string) {
	t.table.Delete([]byte(name))
	t.order = nil
}

// all lists them in the order of their names.
func (t *names[V]) all() []V {
	if t.order == nil && t.table.Len() > 0 {
		places := small.Places(t.table.Len())
		small.Order(places, func(i, j uint32) int {
			a, _ := t.table.At(int(i))
			b, _ := t.table.At(int(j))
			return strings.Compare(a, b)
		})
		t.order = make([]V, len(places))
		for i, at := range places {
			_, v := t.table.At(int(at))
			t.order[i] = *v
		}
	}
	return t.order
}

// Groups lists the groups in the order of their names. The list is lent until one comes or goes.
//
//go:noinline
func (s *Stream) Groups() []*Group { return s.groups.all() }

// Group returns the group of a name, nil if there is none.
func (s *Stream) Group(name []byte) *Group {
	g, _ := s.groups.find(name)
	return g
}

// AddGroup makes a group, of a name that there is not yet.
func (s *Stream) AddGroup(name string, last ID, read int64) *Group {
	g := &Group{Name: name, last: last, Read: read, shared: &s.shared}
	g.consumers.table.SetSeed(s.groups.table.Seed())
	s.groups.put(name, g)
	s.shared.refs.came(last)
	s.shared.groups++
	s.shared.names += len(name)
	return g
}

// RemoveGroup removes a group with all that it has pending.
func (s *Stream) RemoveGroup(g *Group) {
	for _, c := range g.Consumers() {
		s.shared.consumers--
		s.shared.names -= len(c.Name)
	}
	s.shared.groups--
	s.shared.names -= len(g.Name)
	s.shared.pending -= g.pending.n
	if g.times != nil {
		s.shared.timed -= g.times.n
	}
	s.shared.refs.forget(g)
	s.groups.remove(g.Name)
}

// Last is the id of the last entry that was delivered to any consumer.
func (g *Group) Last() ID { return g.last }

// SetLast has the group go on behind an id.
func (g *Group) SetLast(id ID) {
	g.shared.refs.left(g.last)
	g.last = id
	g.shared.refs.came(id)
}

// Consumers lists the consumers in the order of their names. The list is lent until one comes or
// goes.
//
//go:noinline
func (g *Group) Consumers() []*Consumer { return g.consumers.all() }

// Consumer returns the consumer of a name, nil if there is none.
func (g *Group) Consumer(name []byte) *Consumer {
	c, _ := g.consumers.find(name)
	return c
}

// AddConsumer makes a consumer, of a name that there is not yet.
func (g *Group) AddConsumer(name string, nowMs int64) *Consumer {
	c := &Consumer{Name: name, Seen: nowMs, Active: -1}
	g.consumers.put(name, c)
	g.shared.consumers++
	g.shared.names += len(name)
	return c
}

// RemoveConsumer removes a consumer, and what it has pending.
func (g *Group) RemoveConsumer(c *Consumer) {
	for at := c.pending.first(); at.valid(); at.next() {
		p := at.val()
		g.displace(p)
		p.Consumer = nil
		g.released++
		g.forget(at.id(), p)
	}
	g.consumers.remove(c.Name)
	g.shared.consumers--
	g.shared.names -= len(c.Name)
}

// NumPending returns how many entries are pending.
func (g *Group) NumPending() int { return g.pending.n }

// NumPending returns how many entries are pending with the consumer.
func (c *Consumer) NumPending() int { return c.pending.n }

// Pending returns what is known of an entry that is pending, nil if it is not.
func (g *Group) Pending(id ID) *Pending {
	p, _ := g.pending.find(id)
	return p
}

// Assign makes an entry pending with a consumer, whether or not it was with another, as delivered
// at a time, and returns what is known of it.
func (g *Group) Assign(id ID, c *Consumer, timeMs int64) *Pending {
	p := g.Pending(id)
	if p == nil {
		p = &Pending{}
		g.pend(id, p)
	} else {
		g.displace(p)
	}
	if p.Consumer != c {
		g.leave(id, p)
		p.Consumer = c
		c.pending.put(id, p)
		g.released--
	}
	p.Time = timeMs
	g.place(id, p)
	return p
}

// leave makes an entry one that is pending with nobody.
//
//go:noinline
func (g *Group) leave(id ID, p *Pending) {
	if p.Consumer != nil {
		p.Consumer.pending.remove(id)
		p.Consumer = nil
		g.released++
	}
}

// Release makes an entry pending with nobody, whether or not it was pending, behind all that were
// released before, and returns what is known of it.
func (g *Group) Release(id ID) *Pending {
	p := g.Pending(id)
	if p == nil {
		p = &Pending{}
		g.pend(id, p)
	} else {
		g.displace(p)
		g.leave(id, p)
	}
	p.Time = 0
	g.place(id, p)
	return p
}

// NumReleased returns how many entries are pending with nobody.
func (g *Group) NumReleased() int { return g.released }

// Ack ends that an entry is pending and reports whether it was.
func (g *Group) Ack(id ID) bool {
	p := g.Pending(id)
	if p == nil {
		return false
	}
	g.displace(p)
	g.leave(id, p)
	g.forget(id, p)
	return true
}

// pend and forget begin and end that an entry is pending in the group, with nobody.
func (g *Group) pend(id ID, p *Pending) {
	g.pending.put(id, p)
	g.released++
	g.shared.pending++
	g.shared.refs.add(id, g, p)
}

func (g *Group) forget(id ID, p *Pending) {
	g.released--
	g.shared.refs.remove(id, p)
	g.pending.remove(id)
	g.shared.pending--
}

// PendingCursor stands at an entry that is pending, or at none. What becomes pending, or is no
// longer, makes it meaningless.
type PendingCursor struct{ at cursor[*Pending] }

// Seek returns the first place of what is pending from an id on.
func (g *Group) Seek(id ID) PendingCursor { return PendingCursor{g.pending.seek(id)} }

// Seek returns the first place of what is pending with the consumer from an id on.
func (c *Consumer) Seek(id ID) PendingCursor { return PendingCursor{c.pending.seek(id)} }

// LastPending returns the greatest id that is pending; there is one.
func (g *Group) LastPending() ID {
	at := g.pending.last()
	return at.id()
}

// Valid reports whether the cursor stands at an entry.
func (c *PendingCursor) Valid() bool { return c.at.valid() }

// ID returns the id of the entry at hand.
//
//go:noinline
func (c *PendingCursor) ID() ID { return c.at.id() }

// Pending returns what is known of it.
func (c *PendingCursor) Pending() *Pending { return c.at.val() }

// Next goes to the next one.
func (c *PendingCursor) Next() { c.at.next() }

// cloneTo makes a copy of the group in another stream.
func (g *Group) cloneTo(s *Stream) {
	c := s.AddGroup(g.Name, g.last, g.Read)
	for at := g.Seek(ID{}); at.Valid(); at.Next() {
		c.LoadPending(at.ID(), at.Pending().Time, at.Pending().Count)
	}
	for _, from := range g.Consumers() {
		to := c.AddConsumer(from.Name, from.Seen)
		to.Active = from.Active
		for at := from.Seek(ID{}); at.Valid(); at.Next() {
			c.LoadOwner(at.ID(), to)
		}
	}
	for _, id := range g.Released() {
		c.LoadReleased(id)
	}
	c.Fatal = g.Fatal
	if g.times != nil {
		c.byTime() // which counts as memory
	}
}
