package stream

import (
	"math"

	"github.com/redlet/redlet/core/internal/small"
)

// What is pending in a group has an order in which it is claimed: first what was released, then all
// else by the time of its last delivery. What was released, or was delivered at the same instant,
// comes in the order in which that was done. A tree that keeps it is built when somebody claims in
// that order for the first time, and kept from then on: other groups pay for a number, Pending.seq.

// timeKey is the place of an entry in that order.
//
//go:noinline
func (p *Pending) timeKey() ID {
	if p.Consumer == nil {
		return ID{0, uint64(p.seq)}
	}
	return ID{timeOrder(p.Time), uint64(p.seq)}
}

// timeOrder turns a time into a number of the same order, behind what was released.
func timeOrder(time int64) uint64 { return max(uint64(time)^1<<63, 1) }

// place puts an entry behind those of its time, and displace takes it out.
func (g *Group) place(id ID, p *Pending) {
	if g.times == nil {
		g.seq++
		p.seq = g.seq
		return
	}
	p.seq = 0
	order := p.timeKey().Ms
	if at := g.times.seekBack(ID{order, math.MaxUint64}); at.valid() && at.id().Ms == order {
		p.seq = uint32(at.id().Seq) + 1
	}
	g.times.put(p.timeKey(), &id)
	g.shared.timed++
}

func (g *Group) displace(p *Pending) {
	if g.times != nil {
		g.times.remove(p.timeKey())
		g.shared.timed--
	}
}

// byTime returns the ids of what is pending in their order. They are pointers, as the values of all
// trees are: the code for another kind of value was 12 KB.
func (g *Group) byTime() *tree[*ID] {
	if g.times != nil {
		return g.times
	}
	places := g.places(func(*Pending) bool { return true })
	g.times = &tree[*ID]{}
	for i, at := range places {
		at.p.seq = 0
		if i > 0 && places[i-1].p.timeKey().Ms == at.p.timeKey().Ms {
			at.p.seq = places[i-1].p.seq + 1
		}
		g.times.put(at.p.timeKey(), &at.id)
	}
	g.shared.timed += len(places)
	return g.times
}

// Unordered is how many bytes it takes to have what is pending in its order, if it is not yet.
func (g *Group) Unordered() int64 {
	if g.times != nil {
		return 0
	}
	return int64(g.pending.n) * (placeBytes + timedBytes)
}

// placeBytes is the size of a place.
const placeBytes = 24

// place is an entry that is pending, with its id.
type place struct {
	id ID
	p  *Pending
}

// places lists those entries that are wanted, in their order.
func (g *Group) places(wanted func(*Pending) bool) []place {
	n := 0
	for at := g.pending.first(); at.valid(); at.next() {
		if wanted(at.val()) {
			n++
		}
	}
	places := make([]place, 0, n)
	for at := g.pending.first(); at.valid(); at.next() {
		if wanted(at.val()) {
			places = append(places, place{at.id(), at.val()})
		}
	}
	small.Sort(places, func(a, b place) int {
		return a.p.timeKey().compare(b.p.timeKey())
	})
	return places
}

// Released lists what is pending with nobody, in its order.
func (g *Group) Released() []ID {
	if g.released == 0 {
		return nil
	}
	var ids []ID
	for _, at := range g.places(func(p *Pending) bool { return p.Consumer == nil }) {
		ids = append(ids, at.id)
	}
	return ids
}

// compare orders ids.
func (id ID) compare(other ID) int {
	switch {
	case id.Less(other):
		return -1
	case other.Less(id):
		return 1
	}
	return 0
}

// Oldest walks through what is pending in a group, from what was delivered longest ago on. On the
// way an entry may be delivered once more, or be acknowledged.
type Oldest struct {
	g        *Group
	next, to ID // in the order of time
	id       ID
}

// Oldest walks through what was delivered up to now.
func (g *Group) Oldest(nowMs int64) Oldest {
	o := Oldest{g: g}
	if at := g.byTime().seekBack(ID{timeOrder(nowMs), math.MaxUint64}); at.valid() {
		o.to = at.id()
	}
	return o
}

// Next goes to the next entry and reports whether there is one.
func (o *Oldest) Next() bool {
	at := o.g.times.seek(o.next)
	if !at.valid() || o.to.Less(at.id()) {
		return false
	}
	o.id = *at.val()
	o.next, _ = at.id().Next()
	return true
}

// ID returns the id of the entry at hand.
func (o *Oldest) ID() ID { return o.id }

// Pending returns what is known of it.
func (o *Oldest) Pending() *Pending { return o.g.Pending(o.id) }
