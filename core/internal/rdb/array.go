package rdb

import (
	"math"
	"strconv"

	"github.com/redlet/redlet/core/internal/array"
)

// An ArraySink takes in an array: its head, then its elements, each in the way in which it is kept.
type ArraySink interface {
	// Head says where the last element was inserted, if that is known.
	Head(inserted uint64, known bool)
	// Int takes an element that is an integer.
	Int(index uint64, n int64)
	// Float takes an element that is a double.
	Float(index uint64, f float64)
	// String takes any other; a short one has at most array.ShortMax bytes.
	String(index uint64, s []byte, short bool)
}

// arrayElementBytes is the least that an element takes in a file.
const arrayElementBytes = 3

// Array reads an array.
func (r *Reader) Array(t Type, sink ArraySink) error {
	if t != TypeArray {
		return r.Unsupported(t)
	}
	at := r.at
	n, err := r.Count(arrayElementBytes)
	if err == nil && n == 0 {
		err = r.fail(at, "an array has no elements")
	}
	if err == nil {
		err = r.arrayHead(sink)
	}
	for ; err == nil && n > 0; n-- {
		err = r.arrayElement(sink)
	}
	return err
}

func (r *Reader) arrayHead(sink ArraySink) error {
	at := r.at
	known, err := r.Length()
	if err != nil {
		return err
	}
	inserted := uint64(0)
	switch known {
	case 0:
	case 1:
		if inserted, err = r.Length(); err == nil && inserted == math.MaxUint64 {
			err = r.fail(at, "an array cannot have inserted there")
		}
	default:
		err = r.fail(at, "an array neither has nor lacks an index of what it inserted last")
	}
	if err == nil {
		sink.Head(inserted, known == 1)
	}
	return err
}

func (r *Reader) arrayElement(sink ArraySink) error {
	at := r.at
	index, special, err := r.lengthOrEncoding()
	if err == nil && (special || index == math.MaxUint64) {
		err = r.fail(at, "an array cannot have such an index")
	}
	if err != nil {
		return err
	}
	kind, err := r.Length()
	if err != nil {
		return err
	}
	switch kind {
	case uint64(array.KindInt):
		var n int64
		if n, err = r.Int64(); err == nil {
			sink.Int(index, n)
		}
	case uint64(array.KindFloat):
		var f float64
		if f, err = r.Float64(); err == nil {
			sink.Float(index, f)
		}
	case uint64(array.KindText), uint64(array.KindShort):
		short := kind == uint64(array.KindShort)
		var s []byte
		if s, err = r.String(); err != nil {
			break
		}
		if short && len(s) > array.ShortMax {
			return r.fail(at, "a short element of an array is too long")
		}
		sink.String(index, s, short)
	default:
		err = r.fail(at, "no element of an array has the kind "+strconv.FormatUint(kind, 10))
	}
	return err
}

// Array writes an array.
func (w *Writer) Array(a *array.Array) {
	w.Length(a.Count())
	if a.Inserted == array.NoIndex {
		w.Length(0)
	} else {
		w.Length(1)
		w.Length(a.Inserted)
	}
	var buf [array.ShortMax]byte
	for it := a.All(); it.Next(); {
		w.Length(it.Index())
		w.Length(uint64(it.Kind()))
		switch it.Kind() {
		case array.KindInt:
			w.Int64(it.Int())
		case array.KindFloat:
			w.Float64(it.Float())
		default:
			w.String(it.Value(buf[:0]))
		}
	}
}
