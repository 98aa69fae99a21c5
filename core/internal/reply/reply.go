// Package reply writes replies in RESP2 or RESP3.
package reply

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core/internal/numfmt"
	"github.com/redlet/redlet/core/internal/small"
)

// Writer writes replies in one connection's protocol. It only ever appends.
//
// What a hundred places call is not inlined: how they were would be told for each of them in the
// program's tables, which took four times as much as the code.
type Writer struct {
	// Buf is the output, or what of it no piece holds.
	Buf   []byte
	RESP3 bool
	// Room, when not nil, is asked before the output grows to a size above PieceMin; lent says that
	// what comes is lent, and takes no memory. What it refuses is not written, nor is anything after
	// it: see Overflowed. Where there is a Room the output is kept in pieces: nothing is moved as it
	// grows, and no piece is larger than PieceMax.
	Room func(size int, lent bool) bool
	// Small says that no piece is to be larger than PieceSmall, nor than PiecePage in a large output.
	Small bool

	pieces [][]byte // what stands before Buf
	before int      // the bytes in pieces
	lent   int      // of those, about, what BulkLent lends
	over   bool
}

// The bounds of a piece of the output. Where memory is short and much was freed, a guest may have
// tens of megabytes and no stretch of more than a page of Go's heap.
const (
	PieceMin   = 64 << 10
	PieceMax   = 128 << 10
	PieceSmall = 32 << 10
	PiecePage  = 8 << 10
	PieceLent  = 4 << 10 // the first one beside what is lent

	outputLarge = 1 << 20 // from here on small pieces are pages
)

// pieceMax is the size of the largest piece.
func (r *Writer) pieceMax() int {
	if r.Small {
		return PieceSmall
	}
	return PieceMax
}

// pieceNext is the size of the largest piece that is allocated for what comes next.
func (r *Writer) pieceNext() int {
	if r.Small && r.before >= outputLarge {
		return PiecePage
	}
	return r.pieceMax()
}

// Len is the size of the output.
//
//go:noinline
func (r *Writer) Len() int { return r.before + len(r.Buf) }

// Overflowed tells whether output was dropped because Room has refused it. There is none then, and
// what is written is dropped as well until Reset: who writes much can stop.
func (r *Writer) Overflowed() bool { return r.over }

// ErrorAt returns the error that begins at an offset of the output, its code and its text with the
// end of the line; nil if what begins there is no error. One that lies in several pieces, as a long
// one of a script does, it does not return whole.
func (r *Writer) ErrorAt(at int) []byte {
	if i := uint(at - r.before); i < uint(len(r.Buf)) && r.Buf[i] == '-' {
		return r.Buf[i+1:]
	}
	if at < r.before {
		return r.errorInPiece(at)
	}
	return nil
}

//go:noinline
func (r *Writer) errorInPiece(at int) []byte {
	for _, piece := range r.pieces {
		if at < len(piece) && piece[at] == '-' {
			return piece[at+1:]
		}
		if at -= len(piece); at < 0 {
			break
		}
	}
	return nil
}

// Tail returns the output from an offset on, lent until more is written; nil if it is not in one
// piece.
func (r *Writer) Tail(at int) []byte {
	if i := at - r.before; i >= 0 && i < len(r.Buf) {
		return r.Buf[i:]
	}
	return nil
}

// Move appends the output of one writer to that of another. What is long is not copied.
//
//go:noinline
func Move(to, from *Writer) {
	if len(to.Buf) > 0 {
		to.pieces, to.before = append(to.pieces, to.Buf), to.Len()
	}
	to.pieces = append(to.pieces, from.pieces...)
	to.before += from.before
	if to.Buf = from.Buf; from.over {
		to.overflow()
	}
	from.Buf = nil
	from.Reset()
}

// Reset drops the output. The buffer stays if it is small.
//
//go:noinline
func (r *Writer) Reset() {
	if cap(r.Buf) > PieceMin {
		r.Buf = nil
	}
	r.Buf, r.pieces, r.before, r.lent, r.over = r.Buf[:0], nil, 0, 0, false
}

// overflow drops the output and all that is still to come.
func (r *Writer) overflow() {
	r.Buf, r.pieces, r.before, r.lent, r.over = nil, nil, 0, 0, true
}

// Take gives the first piece of the output away, lent until more is written; nil if there is none.
//
//go:noinline
func (r *Writer) Take() []byte {
	if len(r.pieces) == 0 {
		out := r.Buf
		if r.Buf = out[:0]; cap(out) > PieceMin {
			r.Buf = nil
		}
		return out
	}
	out := r.pieces[0]
	r.pieces[0] = nil
	if r.pieces = r.pieces[1:]; len(r.pieces) == 0 {
		r.pieces, r.lent = nil, 0
	}
	r.before -= len(out)
	return out
}

// full makes room for n bytes more, of which there is none left in Buf, and tells whether there is.
//
//go:noinline
func (r *Writer) full(n int) bool {
	switch {
	case r.over:
		return false
	case r.Room == nil || r.Len()+n <= min(PieceMin, r.pieceMax()):
		r.Buf = slices.Grow(r.Buf, n)
		return true
	case !r.Room(r.Len()+n, false):
		r.overflow()
		return false
	}
	if len(r.Buf) > 0 {
		r.pieces, r.before = append(r.pieces, r.Buf), r.Len()
	}
	size := max(r.before, PieceMin)
	if r.lent > 0 {
		size = max(r.before-r.lent, PieceLent)
	}
	r.Buf = make([]byte, 0, max(n, min(size, r.pieceNext())))
	return true
}

// write appends what is short, whole.
func (r *Writer) write(s string) {
	if cap(r.Buf)-len(r.Buf) < len(s) && !r.full(len(s)) {
		return
	}
	r.Buf = append(r.Buf, s...)
}

// Raw writes what is a reply, or a part of one, as it stands. Put into its callers, it would be a
// generic function of which the compiler does not know there that it keeps nothing, so that what
// they write would be allocated. The same goes for Bulk.
//
//go:noinline
func (r *Writer) Raw(b []byte) { raw(r, b) }

func raw[T []byte | string](r *Writer, b T) {
	n := len(b)
	switch {
	case cap(r.Buf)-len(r.Buf) >= n:
	case r.Room != nil && n > min(PieceMin, r.pieceMax()):
		long(r, b)
		return
	case !r.full(n):
		return
	}
	r.Buf = append(r.Buf, b...)
}

// long writes much, in pieces.
func long[T []byte | string](r *Writer, b T) {
	if !r.over && !r.Room(r.Len()+len(b), false) {
		r.overflow()
	}
	for len(b) > 0 {
		if cap(r.Buf) == len(r.Buf) && !r.full(min(len(b), r.pieceNext())) {
			return
		}
		n := min(len(b), cap(r.Buf)-len(r.Buf))
		r.Buf = append(r.Buf, b[:n]...)
		b = b[n:]
	}
}

// OK answers that it is done.
//
//go:noinline
func (r *Writer) OK() { r.write("+OK\r\n") }

// Queued answers that a command waits for EXEC.
func (r *Writer) Queued() { r.write("+QUEUED\r\n") }

// Status writes a simple string.
//
//go:noinline
func (r *Writer) Status(s string) {
	if cap(r.Buf)-len(r.Buf) < len(s)+3 && !r.full(len(s)+3) {
		return
	}
	r.Buf = append(r.Buf, '+')
	r.Buf = append(r.Buf, s...)
	r.Buf = append(r.Buf, '\r', '\n')
}

// Error writes an error: its code, a space, its text. Line breaks at its end are dropped, others
// become spaces.
func (r *Writer) Error(text string) { r.Line('-', strings.TrimRight(text, "\r\n")) }

// Line writes a reply of one line: its kind and its text, in which line breaks become spaces.
func (r *Writer) Line(kind byte, text string) {
	if cap(r.Buf)-len(r.Buf) < len(text)+3 && !r.full(len(text)+3) {
		return
	}
	r.Buf = append(r.Buf, kind)
	at := len(r.Buf)
	r.Buf = append(r.Buf, text...)
	for _, c := range [...]byte{'\r', '\n'} {
		for line := r.Buf[at:]; ; {
			i := bytes.IndexByte(line, c)
			if i < 0 {
				break
			}
			line[i] = ' '
			line = line[i+1:]
		}
	}
	r.Buf = append(r.Buf, '\r', '\n')
}

// Head writes a type byte, a number and the end of the line.
func (r *Writer) Head(kind byte, n int64) {
	if cap(r.Buf)-len(r.Buf) < headMax && !r.full(headMax) {
		return
	}
	at := len(r.Buf)
	if uint64(n) < 10 {
		const text = '0'<<8 | '\r'<<16 | '\n'<<24
		r.Buf = r.Buf[:at+4]
		binary.LittleEndian.PutUint32(r.Buf[at:], uint32(kind)|uint32(n)<<8+text)
		return
	}
	if uint64(n) >= numfmt.Short {
		r.headLong(kind, n)
		return
	}
	digits, size := numfmt.Digits(uint32(n))
	line := r.Buf[at : at+11]
	line[0] = kind
	binary.LittleEndian.PutUint64(line[1:], digits)
	line[size+1], line[size+2] = '\r', '\n'
	r.Buf = r.Buf[:at+size+3]
}

// headMax is the longest line that Head writes.
const headMax = 23

func (r *Writer) headLong(kind byte, n int64) {
	r.Buf = append(r.Buf, kind)
	r.Buf = strconv.AppendInt(r.Buf, n, 10)
	r.Buf = append(r.Buf, '\r', '\n')
}

//
//go:noinline
func (r *Writer) Int(n int64) { r.Head(':', n) }

// Count writes the length of something as an integer.
//
//go:noinline
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
		r.write(":1\r\n")
	} else {
		r.write(":0\r\n")
	}
}

// Bool writes RESP3's boolean, or 1 or 0.
func (r *Writer) Bool(yes bool) {
	switch {
	case !r.RESP3:
		r.Flag(yes)
	case yes:
		r.write("#t\r\n")
	default:
		r.write("#f\r\n")
	}
}

// Bulk writes a bulk string.
//
//go:noinline
func (r *Writer) Bulk(b []byte) { bulk(r, b) }

// BulkLent is Bulk of what is long and will not change as long as it waits. Where the output is in
// pieces it becomes some of them, uncopied, and BulkLent tells so.
func (r *Writer) BulkLent(b []byte) (lent bool) {
	if r.Room == nil || len(b) <= PieceMin {
		r.Bulk(b)
		return false
	}
	r.Head('$', int64(len(b)))
	if r.over || !r.Room(r.Len()+len(b), true) {
		r.overflow()
		return false
	}
	if at := len(r.Buf); at > 0 {
		r.pieces, r.before = append(r.pieces, r.Buf[:at:at]), r.Len()
		r.Buf = r.Buf[at:]
	}
	r.before, r.lent = r.before+len(b), r.lent+len(b)
	for len(b) > 0 {
		n := min(len(b), r.pieceMax())
		r.pieces = append(r.pieces, b[:n:n])
		b = b[n:]
	}
	r.write("\r\n")
	return true
}

// BulkString is Bulk of a string.
//
//go:noinline
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
		raw(r, b)
		r.write("\r\n")
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
	case n >= 8:
		for i := 0; ; i = min(i+8, n-8) { // the last word may overlap the one before
			w := b[i : i+8]
			binary.LittleEndian.PutUint64(to[i:], uint64(w[0])|uint64(w[1])<<8|uint64(w[2])<<16|
				uint64(w[3])<<24|uint64(w[4])<<32|uint64(w[5])<<40|uint64(w[6])<<48|uint64(w[7])<<56)
			if i == n-8 {
				break
			}
		}
	case n >= 4:
		put4(to, b)
		put4(to[n-4:], b[n-4:])
	default:
		to[0], to[n/2], to[n-1] = b[0], b[n/2], b[n-1]
	}
	to[n], to[n+1] = '\r', '\n'
	r.Buf = r.Buf[:at+k+n+5]
}

func put4[T string | []byte](to []byte, b T) {
	_ = b[3]
	binary.LittleEndian.PutUint32(to, uint32(b[0])|uint32(b[1])<<8|uint32(b[2])<<16|
		uint32(b[3])<<24)
}

// BulkInt writes an integer as a bulk string.
func (r *Writer) BulkInt(n int64) {
	if at := len(r.Buf); uint64(n) < numfmt.Short && cap(r.Buf)-at >= shortRoom {
		text, size := numfmt.Digits(uint32(n))
		line := r.Buf[at : at+shortRoom]
		binary.LittleEndian.PutUint32(line, shortHead+uint32(size)<<8)
		binary.LittleEndian.PutUint64(line[4:], text)
		binary.LittleEndian.PutUint16(line[4+size:], lineEnd)
		r.Buf = r.Buf[:at+size+6]
		return
	}
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
		r.write("_\r\n")
	} else {
		r.write("$-1\r\n")
	}
}

// NullArray writes the absence of an array.
func (r *Writer) NullArray() {
	if r.RESP3 {
		r.write("_\r\n")
	} else {
		r.write("*-1\r\n")
	}
}

// Array announces n elements.
//
//go:noinline
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
	r.write(format)
	r.write(":")
	raw(r, text)
	r.write("\r\n")
}

// BigNumber writes an integer of any size.
func (r *Writer) BigNumber(digits string) {
	if !r.RESP3 {
		r.BulkString(digits)
		return
	}
	r.Line('(', digits)
}

// Double writes a floating-point number: RESP3's double, or a bulk string.
func (r *Writer) Double(f float64) {
	if n := int64(f); uint64(n) < numfmt.Short && math.Float64bits(float64(n)) == math.Float64bits(f) {
		if r.RESP3 {
			r.Head(',', n)
		} else {
			r.BulkInt(n)
		}
		return
	}
	var digits [32]byte
	r.DoubleText(numfmt.AppendDouble(digits[:0], f))
}

// DoubleText is Double for a number as it is to be written.
func (r *Writer) DoubleText(text []byte) {
	if !r.RESP3 {
		r.Bulk(text)
		return
	}
	if cap(r.Buf)-len(r.Buf) < len(text)+3 && !r.full(len(text)+3) {
		return
	}
	r.Buf = append(r.Buf, ',')
	r.Buf = append(r.Buf, text...)
	r.Buf = append(r.Buf, '\r', '\n')
}

// Later is a place in the output where something is still to be written: the length of an array.
type Later int

// ArrayLater announces an array whose length is not known yet; ArrayEnd must follow.
//
//go:noinline
func (r *Writer) ArrayLater() Later { return Later(r.Len()) }

// ArrayEnd writes the header of an array begun with ArrayLater, moving its elements along.
func (r *Writer) ArrayEnd(at Later, kind byte, n int) {
	var head [headMax]byte
	line := strconv.AppendInt(append(head[:0], kind), int64(n), 10)
	r.Insert(at, append(line, '\r', '\n'))
}

// Insert writes what belongs at an earlier place of the output. It is short.
func (r *Writer) Insert(at Later, b []byte) {
	i := int(at)
	for k, piece := range r.pieces {
		if i < len(piece) {
			r.pieces[k] = small.Insert(piece, i, b...)
			r.before += len(b)
			return
		}
		i -= len(piece)
	}
	if !r.over {
		r.Buf = small.Insert(r.Buf, i, b...)
	}
}

// Cut drops the output from an offset on.
func (r *Writer) Cut(at int) {
	for at < r.before {
		last := len(r.pieces) - 1
		piece := r.pieces[last]
		r.pieces[last] = nil
		r.pieces = r.pieces[:last]
		if r.before -= len(piece); at >= r.before {
			r.Buf = slices.Clone(piece[:at-r.before]) // it may be lent
		}
	}
	if i := at - r.before; i < len(r.Buf) {
		r.Buf = r.Buf[:i]
	}
}

// From returns a copy of the output from an offset on.
func (r *Writer) From(at int) []byte {
	out := make([]byte, 0, max(0, r.Len()-at))
	for _, piece := range append(r.pieces[:len(r.pieces):len(r.pieces)], r.Buf) {
		if at < len(piece) {
			out = append(out, piece[max(0, at):]...)
		}
		at -= len(piece)
	}
	return out
}

// Element writes an element of a list, as its methods return it.
func (r *Writer) Element(s []byte, n int64, isInt bool) {
	if isInt {
		r.BulkInt(n)
	} else {
		r.Bulk(s)
	}
}
