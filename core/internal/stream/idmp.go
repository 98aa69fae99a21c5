package stream

import (
	"math"
	"slices"

	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/core/internal/timer"
)

// Idmp is what a stream remembers of its idempotent producers: which of their messages it has, so
// that one that is sent again is not added again. Each producer has a name, the pid, and names its
// messages: iids. The oldest are forgotten, when their entries are too old, or they too many.
type Idmp struct {
	Duration   int64 // for how many seconds iids are kept
	MaxSize    int64 // how many of a producer are kept
	Added      int64 // iids that were ever added,
	Duplicates int64 // and messages that were not, since they were there

	pids  names[*producer]
	due   timer.Heap[*producer] // by the milliseconds of what each has remembered longest
	iids  int
	bytes int // of pids and iids
}

// What Redis remembers of producers unless it is told otherwise.
const (
	IdmpDuration = 100
	IdmpMaxSize  = 100
)

// producer is what is known of a pid.
type producer struct {
	timer.Node
	pid   string
	ids   map[string]ID // by iids
	queue []iid         // in the order in which they came, from first on
	first int
}

type iid struct {
	name string
	id   ID
}

// Plain reports whether there is nothing to tell of idempotent producers.
func (m *Idmp) Plain() bool {
	return m.pids.table.Len() == 0 && m.Added == 0 && m.Duplicates == 0 &&
		m.Duration == IdmpDuration && m.MaxSize == IdmpMaxSize
}

// Pids and Iids return how many producers and messages are remembered.
func (m *Idmp) Pids() int { return m.pids.table.Len() }
func (m *Idmp) Iids() int { return m.iids }

// Find returns the id of the entry that a message has become.
func (m *Idmp) Find(pid, iid []byte) (id ID, ok bool) {
	if p, there := m.pids.find(pid); there {
		id, ok = p.ids[string(iid)]
	}
	return id, ok
}

// Record remembers what a message has become, and forgets the oldest one of the producer if they
// are too many.
func (m *Idmp) Record(pid, name []byte, id ID) {
	m.Load(pid, name, id)
	m.Added++
	p, _ := m.pids.find(pid)
	for int64(len(p.ids)) > m.MaxSize {
		m.forget(p)
	}
	m.changed(p)
}

// Load is Record of what a file remembers.
func (m *Idmp) Load(pid, name []byte, id ID) {
	p, ok := m.pids.find(pid)
	if !ok {
		p = &producer{pid: string(pid), ids: map[string]ID{}}
		m.pids.put(p.pid, p)
		m.bytes += len(p.pid)
	}
	e := iid{string(name), id}
	if _, again := p.ids[e.name]; again { // which only a file brings about
		at := slices.IndexFunc(p.queue, func(old iid) bool { return old.name == e.name })
		p.queue = small.Delete(p.queue, at, at+1)
	} else {
		m.iids++
		m.bytes += len(e.name)
	}
	p.ids[e.name] = id
	p.queue = append(p.queue, e)
	m.changed(p)
}

// forget forgets what a producer has remembered longest.
//
//go:noinline
func (m *Idmp) forget(p *producer) {
	e := &p.queue[p.first]
	delete(p.ids, e.name)
	m.iids--
	m.bytes -= len(e.name)
	*e = iid{}
	if p.first++; 2*p.first >= len(p.queue) {
		p.queue = append(p.queue[:0:0], p.queue[p.first:]...)
		p.first = 0
	}
}

// changed notes what a producer has remembered longest, and forgets one that remembers nothing.
func (m *Idmp) changed(p *producer) {
	if p.first == len(p.queue) {
		m.due.Remove(p)
		m.pids.remove(p.pid)
		m.bytes -= len(p.pid)
		return
	}
	m.due.Set(p, int64(min(p.queue[p.first].id.Ms, math.MaxInt64)))
}

// Due returns when something is next to be forgotten, in milliseconds since the Unix epoch; false
// if nothing is.
func (m *Idmp) Due() (ms int64, ok bool) {
	_, ms, ok = m.due.Min()
	if lasts := m.Duration * 1000; ms <= math.MaxInt64-lasts {
		return ms + lasts, ok
	}
	return math.MaxInt64, ok
}

// Expire forgets what is due. As in Redis, what a producer has had recorded later is not looked at
// before what came earlier.
func (m *Idmp) Expire(nowMs int64) {
	for {
		if at, ok := m.Due(); !ok || at > nowMs {
			return
		}
		p, _, _ := m.due.Min()
		m.forget(p)
		m.changed(p)
	}
}

// Clear forgets all producers.
func (m *Idmp) Clear() {
	seed := m.pids.table.Seed()
	m.pids = names[*producer]{}
	m.pids.table.SetSeed(seed)
	m.due.Clear()
	m.iids, m.bytes = 0, 0
}

// Each calls producer with every pid and how much of it is remembered, and message with each of
// that, the oldest first.
func (m *Idmp) Each(producer func(pid string, n int), message func(name string, id ID)) {
	for _, p := range m.pids.all() {
		producer(p.pid, len(p.ids))
		for _, e := range p.queue[p.first:] {
			message(e.name, e.id)
		}
	}
}
