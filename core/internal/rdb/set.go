package rdb

import (
	"github.com/redlet/redlet/core/internal/intset"
	"github.com/redlet/redlet/core/internal/listpack"
)

// A SetSink takes in a set. Whichever layout it comes in, either Ints or Packed is called once, or
// Members once and Member for each member in turn; an error of theirs ends the reading.
type SetSink interface {
	// Ints takes a set of integers.
	Ints(s intset.Set) error
	// Packed takes a listpack of members.
	Packed(p listpack.Pack) error
	// Members is told how many members are to come.
	Members(n int)
	// Member takes one member.
	Member(m []byte) error
}

// Set reads a set. It may be empty, as List says of lists.
func (r *Reader) Set(t Type, sink SetSink) error {
	switch t {
	case TypeSet:
		return r.members(sink)
	case TypeSetIntset:
		at := r.at
		b, err := r.String()
		if err != nil {
			return err
		}
		s, err := intset.Validate(b, r.Sanitize)
		if err != nil {
			return r.fail(at, "a corrupt intset: "+err.Error())
		}
		if err := r.takes(s.Len(), 0); err != nil { // it may become a table
			return err
		}
		return sink.Ints(s)
	case TypeSetListpack:
		p, err := r.Listpack()
		if err != nil {
			return err
		}
		return sink.Packed(p)
	}
	return r.Unsupported(t)
}

func (r *Reader) members(sink SetSink) error {
	n, err := r.Count(1)
	if err == nil {
		err = r.takes(n, 0)
	}
	if err != nil {
		return err
	}
	sink.Members(n)
	for ; err == nil && n > 0; n-- {
		var m []byte
		if m, err = r.String(); err == nil {
			err = sink.Member(m)
		}
	}
	return err
}
