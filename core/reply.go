package core

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core/internal/numfmt"
)

// replies writes replies in one connection's protocol. It only ever appends.
type replies struct {
	buf   []byte
	resp3 bool
}

func (r *replies) ok()     { r.buf = append(r.buf, "+OK\r\n"...) }
func (r *replies) queued() { r.buf = append(r.buf, "+QUEUED\r\n"...) }

// status writes a simple string.
//
//go:noinline
func (r *replies) status(s string) {
	r.buf = append(r.buf, '+')
	r.buf = append(r.buf, s...)
	r.buf = append(r.buf, '\r', '\n')
}

// err writes an error: its code, a space, its text. Line breaks at its end are dropped, others
// become spaces.
func (r *replies) err(text string) {
	text = strings.TrimRight(text, "\r\n")
	r.buf = append(r.buf, '-')
	for i := 0; i < len(text); i++ {
		if b := text[i]; b == '\r' || b == '\n' {
			r.buf = append(r.buf, ' ')
		} else {
			r.buf = append(r.buf, b)
		}
	}
	r.buf = append(r.buf, '\r', '\n')
}

// head writes a type byte, a number and the end of the line.
func (r *replies) head(kind byte, n int64) {
	if uint64(n) < 10 {
		r.buf = append(r.buf, kind, '0'+byte(n), '\r', '\n')
		return
	}
	if uint64(n) >= numfmt.Short {
		r.headLong(kind, n)
		return
	}
	at := len(r.buf)
	if cap(r.buf)-at < 11 {
		r.buf = slices.Grow(r.buf, 64)
	}
	digits, size := numfmt.Digits(uint32(n))
	line := r.buf[at : at+11]
	line[0] = kind
	binary.LittleEndian.PutUint64(line[1:], digits)
	line[size+1], line[size+2] = '\r', '\n'
	r.buf = r.buf[:at+size+3]
}

func (r *replies) headLong(kind byte, n int64) {
	r.buf = append(r.buf, kind)
	r.buf = strconv.AppendInt(r.buf, n, 10)
	r.buf = append(r.buf, '\r', '\n')
}

func (r *replies) int(n int64) { r.head(':', n) }

// count writes the length of something as an integer.
func (r *replies) count(n int) { r.head(':', int64(n)) }

// flag writes 1 or 0: a yes or no of the commands that predate RESP3.
func (r *replies) flag(yes bool) {
	if yes {
		r.buf = append(r.buf, ":1\r\n"...)
	} else {
		r.buf = append(r.buf, ":0\r\n"...)
	}
}

// boolean writes RESP3's boolean, or 1 or 0.
func (r *replies) boolean(yes bool) {
	switch {
	case !r.resp3:
		r.flag(yes)
	case yes:
		r.buf = append(r.buf, "#t\r\n"...)
	default:
		r.buf = append(r.buf, "#f\r\n"...)
	}
}

func (r *replies) bulk(b []byte) {
	r.head('$', int64(len(b)))
	r.buf = append(r.buf, b...)
	r.buf = append(r.buf, '\r', '\n')
}

// bulkString is not inlined in its 130 places: 60 KB of the guest.
//
//go:noinline
func (r *replies) bulkString(s string) {
	r.head('$', int64(len(s)))
	r.buf = append(r.buf, s...)
	r.buf = append(r.buf, '\r', '\n')
}

// bulkInt writes an integer as a bulk string.
func (r *replies) bulkInt(n int64) {
	var digits [20]byte
	r.bulk(strconv.AppendInt(digits[:0], n, 10))
}

// bulkCursor writes the cursor of SCAN and its like.
func (r *replies) bulkCursor(n uint64) {
	var digits [20]byte
	r.bulk(strconv.AppendUint(digits[:0], n, 10))
}

// null writes the absence of a value.
func (r *replies) null() {
	if r.resp3 {
		r.buf = append(r.buf, "_\r\n"...)
	} else {
		r.buf = append(r.buf, "$-1\r\n"...)
	}
}

// nullArray writes the absence of an array.
func (r *replies) nullArray() {
	if r.resp3 {
		r.buf = append(r.buf, "_\r\n"...)
	} else {
		r.buf = append(r.buf, "*-1\r\n"...)
	}
}

// array announces n elements.
func (r *replies) array(n int) { r.head('*', int64(n)) }

// mapping announces n pairs: a map, or in RESP2 an array of twice as many.
func (r *replies) mapping(n int) {
	if r.resp3 {
		r.head('%', int64(n))
	} else {
		r.head('*', 2*int64(n))
	}
}

// set announces n elements without order.
func (r *replies) set(n int) {
	if r.resp3 {
		r.head('~', int64(n))
	} else {
		r.head('*', int64(n))
	}
}

// push announces a message of n elements that answers no command.
func (r *replies) push(n int) {
	if r.resp3 {
		r.head('>', int64(n))
	} else {
		r.head('*', int64(n))
	}
}

// verbatim writes a text of a three-letter format: RESP3's verbatim string, or a bulk string.
func (r *replies) verbatim(format, text string) {
	if !r.resp3 {
		r.bulkString(text)
		return
	}
	r.head('=', int64(len(text)+4))
	r.buf = append(r.buf, format...)
	r.buf = append(r.buf, ':')
	r.buf = append(r.buf, text...)
	r.buf = append(r.buf, '\r', '\n')
}

// bigNumber writes an integer of any size.
func (r *replies) bigNumber(digits string) {
	if !r.resp3 {
		r.bulkString(digits)
		return
	}
	r.buf = append(r.buf, '(')
	r.buf = append(r.buf, digits...)
	r.buf = append(r.buf, '\r', '\n')
}

// double writes a floating-point number: RESP3's double, or a bulk string.
func (r *replies) double(f float64) {
	var digits [32]byte
	text := appendDouble(digits[:0], f)
	if !r.resp3 {
		r.bulk(text)
		return
	}
	r.buf = append(r.buf, ',')
	r.buf = append(r.buf, text...)
	r.buf = append(r.buf, '\r', '\n')
}

// appendDouble writes a number as replies show it: the shortest digits that read back the same.
func appendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case f != f:
		return append(dst, "nan"...)
	case f == math.Trunc(f) && math.Abs(f) < 1<<52:
		if f == 0 && math.Signbit(f) {
			return append(dst, "-0"...)
		}
		return strconv.AppendInt(dst, int64(f), 10)
	}
	return appendShortest(dst, f)
}

// appendShortest writes the shortest digits that read back the same, in plain notation from 1e-5
// up to 1e21 and with an exponent without padding beyond.
func appendShortest(dst []byte, f float64) []byte {
	if a := math.Abs(f); a >= 1e-5 && a < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	at := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// strconv pads the exponent to two digits.
	if n := len(dst); n-at > 4 && dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// later is a place in the output where the length of an array is still to be written.
type later int

// arrayLater announces an array whose length is not known yet; arrayEnd must follow.
func (r *replies) arrayLater() later { return later(len(r.buf)) }

// arrayEnd writes the header of an array begun with arrayLater, moving its elements along.
func (r *replies) arrayEnd(at later, kind byte, n int) {
	end := len(r.buf)
	r.head(kind, int64(n))
	var head [24]byte
	h := copy(head[:], r.buf[end:])
	copy(r.buf[int(at)+h:], r.buf[at:end])
	copy(r.buf[at:], head[:h])
}
