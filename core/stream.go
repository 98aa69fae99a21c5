package core

import (
	"math"
	"strconv"

	"github.com/redlet/redlet/core/internal/listpack"
	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/stream"
	"github.com/redlet/redlet/core/internal/timer"
)

var streamOps = kindOps{
	name:       "stream",
	encoding:   func(*object) string { return "stream" },
	length:     func(o *object) int { return clampInt(o.stream().Len()) },
	freeEffort: func(o *object) int { return o.stream().Effort() },
	usage:      func(o *object, samples int) int { return o.stream().Usage(samples) },
	clone: func(o *object) *object {
		return &object{kind: kindStream, body: o.stream().Clone()}
	},
	digest:  digestStream,
	placed:  func(e *Engine, _ *db, _ []byte, o *object) { e.placeStream(o) },
	dropped: (*Engine).displaceStream,
	signals: true,

	rdbTypes: []rdb.Type{rdb.TypeStreamListpacks, rdb.TypeStreamListpacks2,
		rdb.TypeStreamListpacks3, rdb.TypeStreamListpacks4, rdb.TypeStreamListpacks5},
	rdbType: streamType,
	save:    saveStream,
	load:    loadStream,
}

// stream is the value of an object of that kind.
//
//go:noinline
func (o *object) stream() *stream.Stream { return o.body.(*stream.Stream) }

//go:noinline
func (e *Engine) newStream() *object {
	s := stream.New(e.dbs[0].keys.Seed())
	s.Idmp.Duration, s.Idmp.MaxSize = e.cfg.streamIdmpDuration, e.cfg.streamIdmpMaxSize
	return &object{kind: kindStream, body: s}
}

// idmpDues orders the streams that remember messages of idempotent producers by when they are next
// to forget one. A stream's place is found by the stream, since few ever have one.
type idmpDues struct {
	heap timer.Heap[*idmpDue]
	of   map[*object]*idmpDue
}

type idmpDue struct {
	timer.Node
	o *object
}

func (x *idmpDues) due() Time {
	if _, at, ok := x.heap.Min(); ok {
		return timeOf(at)
	}
	return Never
}

// streamType is the oldest layout that holds all that there is to tell of a stream.
func streamType(o *object) rdb.Type {
	for _, g := range o.stream().Groups() {
		if g.NumReleased() > 0 || g.Fatal {
			return rdb.TypeStreamListpacks5
		}
	}
	if o.stream().Idmp.Plain() {
		return rdb.TypeStreamListpacks3
	}
	return rdb.TypeStreamListpacks4
}

func digestStream(d *digest, o *object) {
	var text [stream.IDLenMax]byte
	mix := func(s []byte, n int64, isInt bool) {
		if isInt {
			s = appendInt(text[:0], n)
		}
		d.mix(s)
	}
	for it := o.stream().Range(stream.ID{}, stream.MaxID); it.Next(); {
		id := strconv.AppendUint(text[:0], it.ID().Ms, 10)
		d.mix(strconv.AppendUint(append(id, '.'), it.ID().Seq, 10))
		for range it.Len() {
			mix(it.Field())
			mix(it.Value())
		}
	}
}

func saveStream(w *rdb.Writer, o *object) {
	s := o.stream()
	nodes, _ := s.Nodes()
	w.Length(uint64(nodes))
	s.EachNode(func(key []byte, p listpack.Pack) {
		w.String(key)
		w.String(p)
	})
	w.Length(uint64(s.Len()))
	w.StreamID(s.Last)
	w.StreamID(s.First)
	w.StreamID(s.MaxDeleted)
	w.Length(uint64(s.Added))
	w.Length(uint64(len(s.Groups())))
	t := streamType(o)
	for _, g := range s.Groups() {
		saveGroup(w, g)
		if t >= rdb.TypeStreamListpacks5 {
			saveReleased(w, g)
		}
	}
	if t >= rdb.TypeStreamListpacks4 {
		saveIdmp(w, &s.Idmp)
	}
}

func saveReleased(w *rdb.Writer, g *stream.Group) {
	w.Length(uint64(g.NumReleased()))
	for _, id := range g.Released() {
		w.RawStreamID(id)
	}
}

func saveIdmp(w *rdb.Writer, m *stream.Idmp) {
	w.Length(uint64(m.Duration))
	w.Length(uint64(m.MaxSize))
	w.Length(uint64(m.Pids()))
	m.Each(func(pid string, n int) {
		w.String([]byte(pid))
		w.Length(uint64(n))
	}, func(iid string, id stream.ID) {
		w.String([]byte(iid))
		w.StreamID(id)
	})
	w.Length(uint64(m.Added))
	w.Length(uint64(m.Duplicates))
}

func saveGroup(w *rdb.Writer, g *stream.Group) {
	w.String([]byte(g.Name))
	w.StreamID(g.Last())
	w.Length(uint64(g.Read))
	w.Length(uint64(g.NumPending()))
	for at := g.Seek(stream.ID{}); at.Valid(); at.Next() {
		w.RawStreamID(at.ID())
		w.Int64(at.Pending().Time)
		w.Length(uint64(at.Pending().Count))
	}
	w.Length(uint64(len(g.Consumers())))
	for _, c := range g.Consumers() {
		w.String([]byte(c.Name))
		w.Int64(c.Seen)
		w.Int64(c.Active)
		w.Length(uint64(c.NumPending()))
		for at := c.Seek(stream.ID{}); at.Valid(); at.Next() {
			w.RawStreamID(at.ID())
		}
	}
}

// streamLoader takes in a stream from an RDB file.
type streamLoader struct {
	s        *stream.Stream
	t        rdb.Type
	counts   bool
	g        *stream.Group
	released int // entries that are pending in the group with nobody
	c        *stream.Consumer
}

func loadStream(e *Engine, r *rdb.Reader, t rdb.Type) (*object, error) {
	o := e.newStream()
	at := r.Offset()
	if err := r.Stream(t, &streamLoader{s: o.stream(), t: t}); err != nil {
		if corrupt, is := err.(streamError); is {
			return nil, r.Fail(at, string(corrupt))
		}
		return nil, err
	}
	return o, nil
}

// streamError says in what a stream contradicts itself.
type streamError string

func (e streamError) Error() string { return string(e) }

// Node takes a node of entries.
func (l *streamLoader) Node(id stream.ID, p listpack.Pack) error {
	if !l.s.LoadNode(id, p) {
		return streamError("a node of a stream is malformed or there twice")
	}
	return nil
}

// Head takes what the stream counts.
func (l *streamLoader) Head(h *rdb.StreamHead) error {
	if !l.s.SetLen(int64(h.Length)) {
		return streamError("a stream has entries and no nodes")
	}
	l.s.Last, l.counts = h.Last, h.Counts
	if h.Counts {
		l.s.First, l.s.MaxDeleted, l.s.Added = h.First, h.MaxDeleted, int64(h.Added)
		return nil
	}
	l.s.Added = l.s.Len()
	l.s.SetFirst()
	return nil
}

// Group begins a group.
func (l *streamLoader) Group(name []byte, last stream.ID, read uint64) error {
	if l.s.Group(name) != nil {
		return streamError("a stream names a group twice")
	}
	n := int64(read)
	if !l.counts {
		n = l.s.ReadUpTo(last)
	}
	l.g, l.released = l.s.AddGroup(string(name), last, n), 0
	return nil
}

// Pending takes an entry that is pending in the group.
func (l *streamLoader) Pending(id stream.ID, time int64, count uint64) error {
	if !l.g.LoadPending(id, time, int64(count)) {
		return streamError("an entry is pending twice")
	}
	if l.t >= rdb.TypeStreamListpacks5 && count == math.MaxInt64 {
		l.g.Fatal = true
	}
	return nil
}

// Consumer begins a consumer of the group.
func (l *streamLoader) Consumer(name []byte, seen, active int64) error {
	if l.g.Consumer(name) != nil {
		return streamError("Duplicate stream consumer detected")
	}
	l.c = l.g.AddConsumer(string(name), seen)
	l.c.Active = active
	return nil
}

// Owned takes the id of an entry that is pending with the consumer.
func (l *streamLoader) Owned(id stream.ID) error {
	if !l.g.LoadOwner(id, l.c) {
		return streamError("a consumer has what is not pending or pending with another")
	}
	return nil
}

// Released takes the id of an entry that is pending with nobody.
func (l *streamLoader) Released(id stream.ID) error {
	if !l.g.LoadReleased(id) {
		return streamError("an entry is released that is not pending, or pending with somebody")
	}
	l.released++
	return nil
}

// GroupEnd ends the group.
func (l *streamLoader) GroupEnd() error {
	if l.g.NumReleased() != l.released {
		return streamError("an entry is pending with nobody")
	}
	return nil
}

// Idmp takes what the stream counts of idempotent producers.
func (l *streamLoader) Idmp(h *rdb.StreamIdmp) error {
	if !inRange(h.Duration, idmpDurationMax) || !inRange(h.MaxSize, idmpMaxSizeMost) {
		return streamError("a stream remembers idempotent messages for too long, or too many")
	}
	m := &l.s.Idmp
	m.Duration, m.MaxSize = int64(h.Duration), int64(h.MaxSize)
	m.Added, m.Duplicates = int64(h.Added), int64(h.Duplicates)
	return nil
}

// inRange reports whether a number lies between 1 and most.
func inRange(n uint64, most int64) bool { return 1 <= n && n <= uint64(most) }

// Message takes a message of an idempotent producer.
func (l *streamLoader) Message(pid, iid []byte, id stream.ID) error {
	if _, again := l.s.Idmp.Find(pid, iid); !again {
		l.s.Idmp.Load(pid, iid, id)
	}
	return nil
}
