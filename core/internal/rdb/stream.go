package rdb

import (
	"math"

	"github.com/redlet/redlet/core/internal/listpack"
	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/core/internal/stream"
)

// A StreamSink takes in a stream: its nodes, then its Head, then its groups. A group is followed by
// all that is pending in it, and that by its consumers, each with the ids of what is pending with
// it. Idempotent producers come last. An error of theirs ends the reading.
type StreamSink interface {
	// Node takes a node of entries, and the pack for its own.
	Node(id stream.ID, p listpack.Pack) error
	// Head takes what the stream counts.
	Head(h *StreamHead) error
	// Group begins a group. How many entries it has read is known if the stream's counts are.
	Group(name []byte, last stream.ID, read uint64) error
	// Pending takes an entry that is pending in the group.
	Pending(id stream.ID, time int64, count uint64) error
	// Consumer begins a consumer of the group.
	Consumer(name []byte, seen, active int64) error
	// Owned takes the id of an entry that is pending with the consumer.
	Owned(id stream.ID) error
	// Released takes the id of an entry that is pending with nobody, behind the group's consumers.
	Released(id stream.ID) error
	// GroupEnd ends the group.
	GroupEnd() error
	// Idmp ends the groups, where a file knows of idempotent producers, and tells what the stream
	// counts of them. Behind it comes each message that is remembered.
	Idmp(h *StreamIdmp) error
	Message(pid, iid []byte, id stream.ID) error
}

// StreamIdmp is what a stream counts of idempotent producers.
type StreamIdmp struct{ Duration, MaxSize, Added, Duplicates uint64 }

// StreamHead is what a stream counts.
type StreamHead struct {
	_ [0]func() // not compared

	Length     uint64
	Last       stream.ID
	Counts     bool // what follows is known, as it is since version 2 of the layout
	First      stream.ID
	MaxDeleted stream.ID
	Added      uint64
}

// The least that parts of a stream take in a file.
const (
	streamIDBytes      = 16
	streamNodeBytes    = 1 + streamIDBytes + 1
	streamGroupBytes   = 1 + 2 + 1 + 1
	streamPendingBytes = streamIDBytes + 8 + 1
)

// Stream reads a stream.
func (r *Reader) Stream(t Type, sink StreamSink) error {
	switch t {
	case TypeStreamListpacks, TypeStreamListpacks2, TypeStreamListpacks3, TypeStreamListpacks4,
		TypeStreamListpacks5:
	default:
		return r.Unsupported(t)
	}
	n, err := r.Count(streamNodeBytes)
	for ; err == nil && n > 0; n-- {
		err = r.streamNode(sink)
	}
	if err != nil {
		return err
	}
	h := StreamHead{Counts: t != TypeStreamListpacks}
	err = r.numbers(&h.Length, &h.Last.Ms, &h.Last.Seq)
	if err == nil && h.Counts {
		err = r.numbers(&h.First.Ms, &h.First.Seq, &h.MaxDeleted.Ms, &h.MaxDeleted.Seq, &h.Added)
	}
	if err != nil {
		return err
	}
	if err = sink.Head(&h); err != nil {
		return err
	}
	n, err = r.Count(streamGroupBytes)
	for ; err == nil && n > 0; n-- {
		err = r.streamGroup(t, sink)
	}
	if err != nil || t < TypeStreamListpacks4 {
		return err
	}
	return r.streamIdmp(sink)
}

// streamIdmp reads what a stream knows of idempotent producers. Of what it counts a part stands
// behind them, and is looked for first.
func (r *Reader) streamIdmp(sink StreamSink) error {
	var h StreamIdmp
	if err := r.numbers(&h.Duration, &h.MaxSize); err != nil {
		return err
	}
	at := r.at
	if err := r.streamProducers(nil); err != nil {
		return err
	}
	if err := r.numbers(&h.Added, &h.Duplicates); err != nil {
		return err
	}
	end := r.at
	if err := sink.Idmp(&h); err != nil {
		return err
	}
	r.at = at
	if err := r.streamProducers(sink); err != nil {
		return err
	}
	r.at = end
	return nil
}

// streamProducers hands the messages of producers to the sink, or passes over them without one.
func (r *Reader) streamProducers(sink StreamSink) error {
	pids, err := r.Count(1 + 1)
	for ; err == nil && pids > 0; pids-- {
		var pid []byte
		if pid, err = r.String(); err != nil {
			return err
		}
		var iids int
		iids, err = r.Count(1 + 1 + 1)
		for ; err == nil && iids > 0; iids-- {
			var iid []byte
			var id stream.ID
			if iid, err = r.String(); err != nil {
				return err
			}
			err = r.numbers(&id.Ms, &id.Seq)
			if err == nil && sink != nil {
				err = sink.Message(pid, iid, id)
			}
		}
	}
	return err
}

// numbers reads one number after the other.
//
//go:noinline
func (r *Reader) numbers(to ...*uint64) (err error) {
	for _, p := range to {
		if *p, err = r.number(); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) streamNode(sink StreamSink) error {
	at := r.at
	key, err := r.String()
	if err != nil {
		return err
	}
	id, ok := stream.IDFromBytes(key)
	if !ok {
		return r.fail(at, "the id of a stream's node has another length")
	}
	p, err := r.uncounted()
	if err != nil {
		return err
	}
	return sink.Node(id, p)
}

// uncounted is Listpack for a pack whose head may count its elements wrongly: Redis does not look
// at the count of a stream's node. The pack is a copy.
func (r *Reader) uncounted() (listpack.Pack, error) {
	at := r.at
	s, err := r.String()
	if err != nil {
		return nil, err
	}
	p, err := listpack.ValidateUncounted(small.Clone(s))
	if err != nil {
		return nil, r.fail(at, "a corrupt listpack: "+err.Error())
	}
	return p, nil
}

func (r *Reader) streamGroup(t Type, sink StreamSink) error {
	name, err := r.String()
	if err != nil {
		return err
	}
	var last stream.ID
	var read uint64
	err = r.numbers(&last.Ms, &last.Seq)
	if err == nil && t != TypeStreamListpacks {
		err = r.numbers(&read)
	}
	if err != nil {
		return err
	}
	if err = sink.Group(name, last, read); err != nil {
		return err
	}
	n, err := r.Count(streamPendingBytes)
	for ; err == nil && n > 0; n-- {
		err = r.streamPending(sink)
	}
	if err != nil {
		return err
	}
	n, err = r.Count(1 + 8 + 1)
	for ; err == nil && n > 0; n-- {
		err = r.streamConsumer(t, sink)
	}
	if err == nil && t >= TypeStreamListpacks5 {
		err = r.rawIDs(sink.Released)
	}
	if err != nil {
		return err
	}
	return sink.GroupEnd()
}

// number reads a number of a stream. As in Redis, what begins like none counts as the greatest.
func (r *Reader) number() (uint64, error) {
	if r.at < len(r.in) {
		if b := r.in[r.at]; b&0xc0 == len32 && b != len32 && b != len64 {
			r.at++
			return math.MaxUint64, nil
		}
	}
	return r.Length()
}

// rawID reads an id that has no length before it.
func (r *Reader) rawID() (stream.ID, error) {
	b, err := r.take(streamIDBytes)
	id, _ := stream.IDFromBytes(b)
	return id, err
}

func (r *Reader) streamPending(sink StreamSink) error {
	id, err := r.rawID()
	if err != nil {
		return err
	}
	time, err := r.Int64()
	if err != nil {
		return err
	}
	count, err := r.number()
	if err != nil {
		return err
	}
	return sink.Pending(id, time, count)
}

func (r *Reader) streamConsumer(t Type, sink StreamSink) error {
	name, err := r.String()
	if err != nil {
		return err
	}
	seen, err := r.Int64()
	if err != nil {
		return err
	}
	active := seen
	if t >= TypeStreamListpacks3 {
		if active, err = r.Int64(); err != nil {
			return err
		}
	}
	if err = sink.Consumer(name, seen, active); err != nil {
		return err
	}
	return r.rawIDs(sink.Owned)
}

// rawIDs hands over ids that stand behind their number.
func (r *Reader) rawIDs(take func(stream.ID) error) error {
	n, err := r.Count(streamIDBytes)
	for ; err == nil && n > 0; n-- {
		var id stream.ID
		if id, err = r.rawID(); err == nil {
			err = take(id)
		}
	}
	return err
}

// StreamID writes an id as two numbers.
func (w *Writer) StreamID(id stream.ID) {
	w.Length(id.Ms)
	w.Length(id.Seq)
}

// RawStreamID writes an id as the bytes that it is sorted by.
//
//go:noinline
func (w *Writer) RawStreamID(id stream.ID) {
	b := id.Bytes()
	w.out = append(w.out, b[:]...)
}
