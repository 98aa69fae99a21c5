package rdb

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core/internal/listpack"
)

// A ZsetSink takes in a sorted set. Whichever layout it comes in, either Packed is called once, or
// Members once and Member for each member in turn; an error of theirs ends the reading.
type ZsetSink interface {
	// Packed takes member, score, member, score ...
	Packed(p listpack.Pack) error
	// Members is told how many members are to come.
	Members(n int)
	// Member takes one member and its score, which is not NaN.
	Member(m []byte, score float64) error
}

// Zset reads a sorted set. It may be empty, as List says of lists.
func (r *Reader) Zset(t Type, sink ZsetSink) error {
	switch t {
	case TypeZset:
		return r.scored(sink, 2, r.textFloat)
	case TypeZset2:
		return r.scored(sink, 9, r.Float64)
	case TypeZsetZiplist:
		return r.packedZset(sink, r.ziplist)
	case TypeZsetListpack:
		return r.packedZset(sink, r.Listpack)
	}
	return r.Unsupported(t)
}

// scored reads members of at least the given size, each followed by its score.
func (r *Reader) scored(sink ZsetSink, size int, score func() (float64, error)) error {
	n, err := r.Count(size)
	if err == nil {
		err = r.takes(n, 0)
	}
	if err != nil {
		return err
	}
	sink.Members(n)
	for ; n > 0; n-- {
		m, err := r.String()
		if err != nil {
			return err
		}
		at := r.at
		f, err := score()
		if err != nil {
			return err
		}
		if f != f {
			return r.fail(at, "a score is no number")
		}
		if err := sink.Member(m, f); err != nil {
			return err
		}
	}
	return nil
}

// The lengths that stand for what has no digits, where a double is a text.
const (
	textNaN = 253
	textInf = 254
	textNeg = 255
)

// textFloat reads a double that is a text, as scores were before there was TypeZset2.
func (r *Reader) textFloat() (float64, error) {
	at := r.at
	n, err := r.Byte()
	if err != nil {
		return 0, err
	}
	switch n {
	case textNaN:
		return math.NaN(), nil
	case textInf:
		return math.Inf(1), nil
	case textNeg:
		return math.Inf(-1), nil
	}
	s, err := r.take(int(n))
	if err != nil {
		return 0, err
	}
	f, ok := leadingFloat(s)
	if !ok {
		return 0, r.fail(at, "a double is no number")
	}
	return f, nil
}

// leadingFloat reads the number that a text begins with: what follows is passed over, as C's scanf
// does.
func leadingFloat(s []byte) (f float64, ok bool) {
	text := strings.TrimLeft(string(s), " \t\n\v\f\r")
	text, _, _ = strings.Cut(text, "_") // which Go takes within a number
	for n := len(text); n > 0; n-- {
		f, err := strconv.ParseFloat(text[:n], 64)
		if err == nil || errors.Is(err, strconv.ErrRange) {
			return f, true
		}
	}
	return 0, false
}

func (r *Reader) packedZset(sink ZsetSink, read func() (listpack.Pack, error)) error {
	at := r.at
	p, err := read()
	if err != nil {
		return err
	}
	if p.Len()%2 != 0 {
		return r.fail(at, "a packed sorted set ends within a member")
	}
	return sink.Packed(p)
}
