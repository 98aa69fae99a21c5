package stream

import (
	"math"

	"github.com/redlet/redlet/core/internal/numfmt"
)

// ID names an entry: milliseconds since the Unix epoch, and a number that tells apart the entries
// of one millisecond.
type ID struct{ Ms, Seq uint64 }

// MaxID is the greatest of all ids. The zero ID is the least, and that of no entry.
var MaxID = ID{math.MaxUint64, math.MaxUint64}

// Less reports whether an id comes before another.
func (id ID) Less(other ID) bool {
	return id.Ms < other.Ms || id.Ms == other.Ms && id.Seq < other.Seq
}

// Next returns the id that follows, false if there is none.
func (id ID) Next() (ID, bool) {
	switch {
	case id.Seq < math.MaxUint64:
		return ID{id.Ms, id.Seq + 1}, true
	case id.Ms < math.MaxUint64:
		return ID{id.Ms + 1, 0}, true
	}
	return ID{}, false
}

// Prev returns the id that precedes, false if there is none.
func (id ID) Prev() (ID, bool) {
	switch {
	case id.Seq > 0:
		return ID{id.Ms, id.Seq - 1}, true
	case id.Ms > 0:
		return ID{id.Ms - 1, math.MaxUint64}, true
	}
	return MaxID, false
}

// IDLenMax is the length of the longest id in text.
const IDLenMax = 41

// Append appends the id as text.
func (id ID) Append(dst []byte) []byte {
	dst = numfmt.AppendUint(dst, id.Ms)
	dst = append(dst, '-')
	return numfmt.AppendUint(dst, id.Seq)
}

// idTextMax is the longest text that is looked at as an id.
const idTextMax = 127

// ParseID reads an id from text; seq completes one that consists of milliseconds alone. As in
// Redis, which reads strings of C, a NUL ends the text.
func ParseID(b []byte, seq uint64) (ID, bool) {
	ms, rest, dash, ok := parseMs(b)
	if ok && dash {
		seq, ok = numfmt.ParseUint(rest)
	}
	return ID{ms, seq}, ok
}

// ParseAutoSeq reads the milliseconds of a text like 123-*, whose number is to be found.
func ParseAutoSeq(b []byte) (ms uint64, ok bool) {
	ms, rest, _, ok := parseMs(b)
	return ms, ok && string(rest) == "*"
}

// parseMs reads what stands before the dash; rest is what stands behind it.
func parseMs(b []byte) (ms uint64, rest []byte, dash, ok bool) {
	if len(b) > idTextMax {
		return 0, nil, false, false
	}
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
		if c == '-' && !dash {
			b, rest, dash = b[:i], b[i+1:], true
			for j, c := range rest {
				if c == 0 {
					rest = rest[:j]
					break
				}
			}
			break
		}
	}
	ms, ok = numfmt.ParseUint(b)
	return ms, rest, dash, ok
}
