// Package reply writes replies in RESP2 or RESP3.
package reply

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core/internal/numfmt"
)

// Writer writes replies in one connection's protocol. It only ever appends.
type Writer struct {
	Buf   []byte
	RESP3 bool
}

func (r *Writer) OK()     { r.Buf = append(r.Buf, "+OK\r\n"...) }
func (r *Writer) Queued() { r.Buf = append(r.Buf, "+QUEUED\r\n"...) }

// Status writes a simple string.
//
//go:noinline
func (r *Writer) Status(s string) {
	r.Buf = append(r.Buf, '+')
	r.Buf = append(r.Buf, s...)
	r.Buf = append(r.Buf, '\r', '\n')
}

// Error writes an error: its code, a space, its text. Line breaks at its end are dropped, others
// become spaces.
func (r *Writer) Error(text string) {
	text = strings.TrimRight(text, "\r\n")
	r.Buf = append(r.Buf, '-')
	for i := 0; i < len(text); i++ {
		if b := text[i]; b == '\r' || b == '\n' {
			r.Buf = append(r.Buf, ' ')
		} else {
			r.Buf = append(r.Buf, b)
		}
	}
	r.Buf = append(r.Buf, '\r', '\n')
}

// Head writes a type byte, a number and the end of the line.
func (r *Writer) Head(kind byte, n int64) {
	if uint64(n) < 10 {
		r.Buf = append(r.Buf, kind, '0'+byte(n), '\r', '\n')
		return
	}
	if uint64(n) >= numfmt.Short {
		r.headLong(kind, n)
		return
	}
	at := len(r.Buf)
	if cap(r.Buf)-at < 11 {
		r.Buf = slices.Grow(r.Buf, 64)
	}
	digits, size := numfmt.Digits(uint32(n))
	line := r.Buf[at : at+11]
	line[0] = kind
	binary.LittleEndian.PutUint64(line[1:], digits)
	line[size+1], line[size+2] = '\r', '\n'
	r.Buf = r.Buf[:at+size+3]
}

func (r *Writer) headLong(kind byte, n int64) {
	r.Buf = append(r.Buf, kind)
	r.Buf = strconv.AppendInt(r.Buf, n, 10)
	r.Buf = append(r.Buf, '\r', '\n')
}

func (r *Writer) Int(n int64) { r.Head(':', n) }

// Count writes the length of something as an integer.
func (r *Writer) Count(n int) { r.Head(':', int64(n)) }

// Uint writes an integer that may be beyond 63 bits.
func (r *Writer) Uint(n uint64) {
	if n <= math.MaxInt64 {
		r.Int(int64(n))
		return
	}
	r.Buf = append(r.Buf, ':')
	r.Buf = strconv.AppendUint(r.Buf, n, 10)
	r.Buf = append(r.Buf, '\r', '\n')
}

// Flag writes 1 or 0: a yes or no of the commands that predate RESP3.
func (r *Writer) Flag(yes bool) {
	if yes {
		r.Buf = append(r.Buf, ":1\r\n"...)
	} else {
		r.Buf = append(r.Buf, ":0\r\n"...)
	}
}

// Bool writes RESP3's boolean, or 1 or 0.
func (r *Writer) Bool(yes bool) {
	switch {
	case !r.RESP3:
		r.Flag(yes)
	case yes:
		r.Buf = append(r.Buf, "#t\r\n"...)
	default:
		r.Buf = append(r.Buf, "#f\r\n"...)
	}
}

func (r *Writer) Bulk(b []byte) { bulk(r, b) }

// BulkString is Bulk of a string.
func (r *Writer) BulkString(s string) { bulk(r, s) }

// shortMax is how long a bulk string may be that is written by words, and shortRoom what it then
// takes at most.
const (
	shortMax  = 32
	shortRoom = shortMax + 8
)

// bulk writes a bulk string. A short one, as most are, is copied by words that may overlap: in the
// guest the language's way takes two calls, which are most of what an element of a reply costs.
func bulk[T string | []byte](r *Writer, b T) {
	n, at := len(b), len(r.Buf)
	if n == 0 || n > shortMax || cap(r.Buf)-at < shortRoom {
		r.Head('$', int64(n))
		r.Buf = append(r.Buf, b...)
		r.Buf = append(r.Buf, '\r', '\n')
		return
	}
	line := r.Buf[at : at+shortRoom]
	line[0] = '$'
	k := 1
	if n >= 10 {
		line[1] = '0' + byte(n/10)
		k = 2
	}
	line[k], line[k+1], line[k+2] = '0'+byte(n%10), '\r', '\n'
	to := line[k+3:]
	switch {
	case n > 16:
		put8(to, b)
		put8(to[8:], b[8:])
		put8(to[n-16:], b[n-16:])
		put8(to[n-8:], b[n-8:])
	case n >= 8:
		put8(to, b)
		put8(to[n-8:], b[n-8:])
	case n >= 4:
		put4(to, b)
		put4(to[n-4:], b[n-4:])
	default:
		to[0], to[n/2], to[n-1] = b[0], b[n/2], b[n-1]
	}
	to[n], to[n+1] = '\r', '\n'
	r.Buf = r.Buf[:at+k+n+5]
}

func put8[T string | []byte](to []byte, b T) {
	_ = b[7]
	binary.LittleEndian.PutUint64(to, uint64(b[0])|uint64(b[1])<<8|uint64(b[2])<<16|
		uint64(b[3])<<24|uint64(b[4])<<32|uint64(b[5])<<40|uint64(b[6])<<48|uint64(b[7])<<56)
}

func put4[T string | []byte](to []byte, b T) {
	_ = b[3]
	binary.LittleEndian.PutUint32(to, uint32(b[0])|uint32(b[1])<<8|uint32(b[2])<<16|
		uint32(b[3])<<24)
}

// BulkInt writes an integer as a bulk string.
func (r *Writer) BulkInt(n int64) {
	var digits [20]byte
	r.Bulk(strconv.AppendInt(digits[:0], n, 10))
}

// BulkCursor writes the cursor of SCAN and its like.
func (r *Writer) BulkCursor(n uint64) {
	var digits [20]byte
	r.Bulk(strconv.AppendUint(digits[:0], n, 10))
}

// Null writes the absence of a value.
func (r *Writer) Null() {
	if r.RESP3 {
		r.Buf = append(r.Buf, "_\r\n"...)
	} else {
		r.Buf = append(r.Buf, "$-1\r\n"...)
	}
}

// NullArray writes the absence of an array.
func (r *Writer) NullArray() {
	if r.RESP3 {
		r.Buf = append(r.Buf, "_\r\n"...)
	} else {
		r.Buf = append(r.Buf, "*-1\r\n"...)
	}
}

// Array announces n elements.
func (r *Writer) Array(n int) { r.Head('*', int64(n)) }

// Map announces n pairs: a map, or in RESP2 an array of twice as many.
func (r *Writer) Map(n int) {
	if r.RESP3 {
		r.Head('%', int64(n))
	} else {
		r.Head('*', 2*int64(n))
	}
}

// Set announces n elements without order.
func (r *Writer) Set(n int) {
	if r.RESP3 {
		r.Head('~', int64(n))
	} else {
		r.Head('*', int64(n))
	}
}

// Push announces a message of n elements that answers no command.
func (r *Writer) Push(n int) {
	if r.RESP3 {
		r.Head('>', int64(n))
	} else {
		r.Head('*', int64(n))
	}
}

// Verbatim writes a text of a three-letter format: RESP3's verbatim string, or a bulk string.
func (r *Writer) Verbatim(format, text string) {
	if !r.RESP3 {
		r.BulkString(text)
		return
	}
	r.Head('=', int64(len(text)+4))
	r.Buf = append(r.Buf, format...)
	r.Buf = append(r.Buf, ':')
	r.Buf = append(r.Buf, text...)
	r.Buf = append(r.Buf, '\r', '\n')
}

// BigNumber writes an integer of any size.
func (r *Writer) BigNumber(digits string) {
	if !r.RESP3 {
		r.BulkString(digits)
		return
	}
	r.Buf = append(r.Buf, '(')
	r.Buf = append(r.Buf, digits...)
	r.Buf = append(r.Buf, '\r', '\n')
}

// Double writes a floating-point number: RESP3's double, or a bulk string.
func (r *Writer) Double(f float64) {
	var digits [32]byte
	r.DoubleText(numfmt.AppendDouble(digits[:0], f))
}

// DoubleText is Double for a number as it is to be written.
func (r *Writer) DoubleText(text []byte) {
	if !r.RESP3 {
		r.Bulk(text)
		return
	}
	r.Buf = append(r.Buf, ',')
	r.Buf = append(r.Buf, text...)
	r.Buf = append(r.Buf, '\r', '\n')
}

// Later is a place in the output where the length of an array is still to be written.
type Later int

// ArrayLater announces an array whose length is not known yet; arrayEnd must follow.
func (r *Writer) ArrayLater() Later { return Later(len(r.Buf)) }

// ArrayEnd writes the header of an array begun with arrayLater, moving its elements along.
func (r *Writer) ArrayEnd(at Later, kind byte, n int) {
	end := len(r.Buf)
	r.Head(kind, int64(n))
	var head [24]byte
	h := copy(head[:], r.Buf[end:])
	copy(r.Buf[int(at)+h:], r.Buf[at:end])
	copy(r.Buf[at:], head[:h])
}

// Element writes an element of a list, as its methods return it.
func (r *Writer) Element(s []byte, n int64, isInt bool) {
	if isInt {
		r.BulkInt(n)
	} else {
		r.Bulk(s)
	}
}
