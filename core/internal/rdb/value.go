package rdb

import (
	"math"

	"github.com/redlet/redlet/core/internal/listpack"
)

// The content of a value, by its type. Each method reads what follows the type byte and the key,
// in any of the layouts that Redis has given values of that sort; to take in another sort (sets,
// sorted sets, streams, modules), add a method like these, and a load of it in core's value.go.
// What the methods hand over is lent: it may be a part of the image.

// A NodeKind says what a Node holds.
type NodeKind uint8

// The kinds of node.
const (
	NodePacked  NodeKind = iota // Pack: a listpack of elements, never empty
	NodePlain                   // Element: a single element that is kept apart for its size
	NodeElement                 // Element: one element of a list in a layout without nodes
)

// A Node is a part of a list.
type Node struct {
	Kind    NodeKind
	Pack    listpack.Pack
	Element []byte
}

// List reads a list, and hands over its nodes from head to tail. There may be none: an empty list,
// which Redis leaves out when it loads a file and refuses when it restores a payload.
func (r *Reader) List(t Type, node func(Node)) error {
	switch t {
	case TypeList:
		return r.elements(node)
	case TypeListZiplist:
		return r.ziplistElements(node)
	case TypeListQuicklist:
		n, err := r.Count(1)
		for ; err == nil && n > 0; n-- {
			err = r.ziplistNode(node)
		}
		return err
	case TypeListQuicklist2:
		n, err := r.Count(2)
		for ; err == nil && n > 0; n-- {
			err = r.quicklistNode(node)
		}
		return err
	}
	return r.Unsupported(t)
}

func (r *Reader) elements(node func(Node)) error {
	n, err := r.Count(1)
	for ; err == nil && n > 0; n-- {
		var e []byte
		if e, err = r.String(); err == nil {
			node(Node{Kind: NodeElement, Element: e})
		}
	}
	return err
}

// ziplistElements reads a ziplist that is a list by itself, which Redis takes apart.
func (r *Reader) ziplistElements(node func(Node)) error {
	at := r.at
	s, err := r.String()
	if err != nil {
		return err
	}
	bad := walkZiplist(s, func(e []byte) { node(Node{Kind: NodeElement, Element: e}) })
	if bad >= 0 {
		return r.fail(at, "a corrupt ziplist")
	}
	return nil
}

func (r *Reader) ziplistNode(node func(Node)) error {
	p, err := r.ziplist()
	if err == nil && p.Len() > 0 {
		node(Node{Kind: NodePacked, Pack: p})
	}
	return err
}

func (r *Reader) quicklistNode(node func(Node)) error {
	at := r.at
	container, err := r.Length()
	if err != nil {
		return err
	}
	switch container {
	case containerPlain:
		e, err := r.String()
		if err != nil {
			return err
		}
		if len(e) == 0 {
			return r.fail(at, "an element of its own is empty")
		}
		node(Node{Kind: NodePlain, Element: e})
		return nil
	case containerPacked:
		p, err := r.Listpack()
		if err == nil && p.Len() > 0 {
			node(Node{Kind: NodePacked, Pack: p})
		}
		return err
	}
	return r.fail(at, "no node of a list has such a container")
}

// Listpack reads a string that must be a listpack, and checks all of it.
func (r *Reader) Listpack() (listpack.Pack, error) {
	at := r.at
	s, err := r.String()
	if err != nil {
		return nil, err
	}
	p, err := listpack.Validate(s)
	if err != nil {
		return nil, r.fail(at, "a corrupt listpack: "+err.Error())
	}
	if err := r.takes(p.Len(), 0); err != nil { // it may be taken apart
		return nil, err
	}
	if p[4] == 0xff && p[5] == 0xff {
		p = p.Clone() // the first to ask such a pack for its length writes it down
	}
	return p, nil
}

// ziplist reads a string that must be a ziplist, and makes a listpack of the same elements.
func (r *Reader) ziplist() (listpack.Pack, error) {
	at := r.at
	s, err := r.String()
	if err != nil {
		return nil, err
	}
	p := listpack.New(len(s))
	if walkZiplist(s, func(e []byte) { p = p.Append(e) }) >= 0 {
		return nil, r.fail(at, "a corrupt ziplist")
	}
	return p, r.takes(p.Len(), len(p))
}

// A HashSink takes in a hash. Whichever layout it comes in, either Packed is called once or Pair
// for each field in turn; an error of theirs ends the reading.
type HashSink interface {
	// Packed takes field, value, field, value ...; or, where ttls is true, field, value and when
	// the field expires in milliseconds since the Unix epoch (0 is never), the first to expire
	// first and those that never do last.
	Packed(p listpack.Pack, ttls bool) error
	// Soonest is called before Packed, if the Reader's Notes are wanted, where the file tells the
	// soonest time of any field, 0 if none has one: as Redis has noted it, which need not be what the
	// listpack says.
	Soonest(at int64)
	// Pair takes a field, its value and when it expires, in milliseconds, or NoExpiry.
	Pair(field, value []byte, expire int64) error
}

// Hash reads a hash. It may be empty, as List says of lists.
func (r *Reader) Hash(t Type, sink HashSink) error {
	switch t {
	case TypeHash:
		return r.pairs(sink)
	case TypeHashZipmap:
		return r.zipmap(sink)
	case TypeHashZiplist:
		return r.packedHash(sink, 2, r.ziplist)
	case TypeHashListpack:
		return r.packedHash(sink, 2, r.Listpack)
	case TypeHashMetadata, TypeHashMetadataPreGA:
		return r.metadata(t, sink)
	case TypeHashListpackEx:
		at, err := r.Int64()
		if err != nil {
			return err
		}
		if r.Notes {
			sink.Soonest(at)
		}
		return r.packedHash(sink, 3, r.Listpack)
	case TypeHashListpackExPreGA:
		return r.packedHash(sink, 3, r.Listpack)
	}
	return r.Unsupported(t)
}

func (r *Reader) pairs(sink HashSink) error {
	n, err := r.Count(2)
	for ; err == nil && n > 0; n-- {
		err = r.pair(sink, NoExpiry)
	}
	return err
}

func (r *Reader) pair(sink HashSink, expire int64) error {
	field, err := r.String()
	if err != nil {
		return err
	}
	value, err := r.String()
	if err != nil {
		return err
	}
	return sink.Pair(field, value, expire)
}

// expiryMax is the last instant at which a field of a file expires, in milliseconds: Redis keeps
// them in 48 bits.
const expiryMax = 1<<48 - 1

// metadata reads fields before each of which stands when it expires: 0 for never, and otherwise
// one more than the distance from the earliest, which may wrap around; before the format was final,
// the time itself.
func (r *Reader) metadata(t Type, sink HashSink) error {
	base := int64(1)
	if t == TypeHashMetadata {
		var err error
		if base, err = r.Int64(); err != nil {
			return err
		}
	}
	n, err := r.Count(3)
	for ; err == nil && n > 0; n-- {
		at := r.at
		var ttl uint64
		if ttl, err = r.Length(); err != nil {
			return err
		}
		expire := NoExpiry
		if ttl != 0 {
			expire = base + int64(ttl) - 1
			if base < 0 || base > expiryMax || expire < 0 || expire > expiryMax {
				return r.fail(at, "a field expires at no time that there is")
			}
		}
		err = r.pair(sink, expire)
	}
	return err
}

func (r *Reader) zipmap(sink HashSink) error {
	at := r.at
	s, err := r.String()
	if err != nil {
		return err
	}
	bad := walkZipmap(s, func(field, value []byte) {
		if err == nil {
			err = sink.Pair(field, value, NoExpiry)
		}
	})
	if bad >= 0 {
		return r.fail(at, "a corrupt zipmap")
	}
	return err
}

// packedHash hands over a listpack of groups of the given size: of two, or of three with an expiry.
func (r *Reader) packedHash(sink HashSink, size int, read func() (listpack.Pack, error)) error {
	at := r.at
	p, err := read()
	if err != nil {
		return err
	}
	if p.Len()%size != 0 {
		return r.fail(at, "a packed hash ends within a field")
	}
	if size == 3 && !expiriesInOrder(p) {
		return r.fail(at, "a packed hash holds expiries that are no numbers or out of order")
	}
	return sink.Packed(p, size == 3)
}

// expiriesInOrder checks every third element: numbers that do not fall, then zeros.
func expiriesInOrder(p listpack.Pack) bool {
	i, last, ok := 0, int64(1), true
	p.Walk(func(_ []byte, n int64, isInt bool) bool {
		if i%3 == 2 {
			if !isInt || n < 0 || n > expiryMax || n != 0 && n < last {
				ok = false
			}
			if last = n; n == 0 {
				last = math.MaxInt64
			}
		}
		i++
		return ok
	})
	return ok
}
