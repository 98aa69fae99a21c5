// Package resp reads requests of the Redis protocol; package reply writes the replies.
package resp

import (
	"bytes"
	"encoding/binary"

	"github.com/redlet/redlet/internal/sds"
)

// Limits bound what a request may claim before its bytes have come.
type Limits struct {
	BulkMax int64 // proto-max-bulk-len; an int can hold it
	Guest   bool  // the client has yet to authenticate: much stricter
}

const (
	inlineMax = 64 << 10
	argsMax   = 1<<31 - 1
	argsGuest = 10
	bulkGuest = 16384
)

// Status is what Next found.
type Status uint8

const (
	Partial   Status = iota // more bytes are needed
	Complete                // Args holds a request
	Empty                   // a request without arguments: nothing to run
	Malformed               // the connection cannot go on; Problem says why
)

// Reader takes requests out of a stream of bytes. It holds offsets only, never the bytes, so that
// the caller may move them between calls. The zero value is ready.
type Reader struct {
	Args    [][]byte // the request that Next completed; slices of its buf
	Problem string   // after Malformed: the text after "Protocol error: "

	pos   int // where to go on reading
	left  int // arguments to come; 0 between requests
	bulk  int // length of the argument to come, or -1
	taken int // bytes of the arguments in spans
	multi bool
	spans []span
}

type span struct{ from, to int }

const spanBytes = 24

// Next reads on in buf, which begins where the last complete request ended and has only grown
// since the last call. It returns the length of the request once it is complete.
func (r *Reader) Next(buf []byte, lim Limits) (int, Status) {
	if !r.multi {
		if !lim.Guest && lim.BulkMax >= quickBulkMax {
			if n := r.Quick(buf); n > 0 {
				return n, Complete
			}
		}
		if len(buf) == 0 {
			return 0, Partial
		}
		if buf[0] != '*' {
			return r.inline(buf)
		}
		if s := r.header(buf, lim); s != Complete {
			if s == Empty {
				n := r.pos
				r.reset()
				return n, s
			}
			return 0, s
		}
	}
	for r.left > 0 {
		if s := r.argument(buf, lim); s != Complete {
			return 0, s
		}
	}
	n := r.pos
	if cap(r.Args) < len(r.spans) {
		r.Args = make([][]byte, len(r.spans)) // at once: there may be a million
	}
	r.Args = r.Args[:len(r.spans)]
	for i, s := range r.spans {
		r.Args[i] = buf[s.from:s.to:s.to]
	}
	r.reset()
	return n, Complete
}

// The longest request and argument that Quick reads.
const (
	quickArgsMax = 99
	quickBulkMax = 9999
)

// Quick reads a small request that is all there, as nearly all are, and returns its length. It
// returns 0 and changes nothing but Args where Next must be asked: it knows neither limits nor
// requests that came in parts. It takes a third of Next's time.
func (r *Reader) Quick(buf []byte) int {
	if r.multi || len(buf) < 4 || buf[0] != '*' {
		return 0
	}
	count, pos := int(buf[1])-'0', 4
	if buf[2] != '\r' || uint(count) > 9 {
		count, pos = quickLen(buf, 1)
	}
	if count < 1 || count > quickArgsMax {
		return 0
	}
	if cap(r.Args) < count {
		r.Args = make([][]byte, count)
	}
	args := r.Args[:count]
	r.Args = args
	for i := range args {
		if len(buf)-pos < 6 {
			return 0
		}
		n, from := 0, 0
		// One load sees a length of one digit whole, and of two digits all that is checked.
		switch w := binary.LittleEndian.Uint32(buf[pos:]); {
		case w&0xff0000ff == '$'|'\n'<<24 && w>>16&0xff == '\r' && w>>8&0xff-'0' <= 9:
			n, from = int(w>>8&0xff-'0'), pos+4
		case w&0xff0000ff == '$'|'\r'<<24 && w>>8&0xff-'1' <= 8 && w>>16&0xff-'0' <= 9:
			n, from = int(w>>8&0xff-'0')*10+int(w>>16&0xff-'0'), pos+5
		case w&0xff != '$':
			return 0
		default:
			if n, from = quickLen(buf, pos+1); n < 0 {
				return 0
			}
		}
		pos = from + n + 2
		if pos > len(buf) {
			return 0
		}
		args[i] = buf[from : from+n : from+n]
	}
	return pos
}

// quickLen reads a length of up to four digits at buf[at:] and returns it with where its line
// ends, or -1.
func quickLen(buf []byte, at int) (n, next int) {
	for i := at; i < len(buf) && i <= at+4; i++ {
		b := buf[i]
		if b == '\r' && i > at && i+1 < len(buf) {
			return n, i + 2
		}
		if b < '0' || b > '9' || b == '0' && i == at && i+1 < len(buf) && buf[i+1] != '\r' {
			return -1, 0
		}
		n = n*10 + int(b-'0')
	}
	return -1, 0
}

// spansKeepMax bounds what a reader keeps after a request of many arguments.
const spansKeepMax = 1024

func (r *Reader) reset() {
	r.pos, r.left, r.taken, r.multi = 0, 0, 0, false
	r.spans = r.spans[:0]
	if cap(r.spans) > spansKeepMax {
		r.spans = nil
	}
}

// Release lets go of the arguments of the last request.
func (r *Reader) Release() {
	if cap(r.Args) > spansKeepMax {
		r.Args = nil
	}
}

// Bytes is about what the reader itself takes for a request of many arguments: what it has noted of
// them, and what it will for Args.
func (r *Reader) Bytes() int { return 2 * spanBytes * len(r.spans) }

// Taken is how many bytes of the request under way have been read, and how many of them are
// arguments.
func (r *Reader) Taken() (read, args int) {
	if !r.multi { // of a line all is read again
		return 0, 0
	}
	return r.pos, r.taken
}

// Pending is the number of bytes that the request under way still needs at least; 0 if unknown.
func (r *Reader) Pending(have int) int {
	if r.multi && r.left > 0 && r.bulk >= 0 {
		return max(0, r.bulk-(have-r.pos-2))
	}
	return 0
}

//go:noinline
func (r *Reader) fail(problem string) Status {
	r.Problem = problem
	return Malformed
}

// line finds the next CR from r.pos on, with the byte that follows it. Like Redis it looks no
// further than a NUL: a line with one never ends.
func (r *Reader) line(buf []byte) (end int, ok bool) {
	n := bytes.IndexByte(buf[r.pos:], '\r')
	if n < 0 || r.pos+n+1 >= len(buf) || bytes.IndexByte(buf[r.pos:r.pos+n], 0) >= 0 {
		return 0, false
	}
	return r.pos + n, true
}

func (r *Reader) header(buf []byte, lim Limits) Status {
	r.pos = 1
	end, ok := r.line(buf)
	if !ok {
		if len(buf) > inlineMax {
			return r.fail("too big mbulk count string")
		}
		r.pos = 0
		return Partial
	}
	n, ok := Int(buf[1:end])
	if !ok || n > argsMax {
		return r.fail("invalid multibulk length")
	}
	if lim.Guest && n > argsGuest {
		return r.fail("unauthenticated multibulk length")
	}
	r.pos = end + 2
	if n <= 0 {
		return Empty
	}
	r.multi, r.left, r.bulk = true, int(n), -1
	return Complete
}

func (r *Reader) argument(buf []byte, lim Limits) Status {
	if r.bulk < 0 {
		end, ok := r.line(buf[:len(buf):len(buf)])
		if !ok {
			if len(buf)-r.pos > inlineMax {
				return r.fail("too big bulk count string")
			}
			return Partial
		}
		if buf[r.pos] != '$' {
			return r.fail("expected '$', got '" + printable(buf[r.pos]) + "'")
		}
		n, ok := Int(buf[r.pos+1 : end])
		if !ok || n < 0 || n > lim.BulkMax {
			return r.fail("invalid bulk length")
		}
		if lim.Guest && n > bulkGuest {
			return r.fail("unauthenticated bulk length")
		}
		r.pos, r.bulk = end+2, int(n)
	}
	if len(buf)-r.pos-2 < r.bulk {
		return Partial
	}
	r.spans = append(r.spans, span{r.pos, r.pos + r.bulk})
	r.taken += r.bulk
	r.pos += r.bulk + 2
	r.bulk = -1
	r.left--
	return Complete
}

// printable is a byte as an error line can carry it.
func printable(b byte) string {
	if b == '\r' || b == '\n' {
		return " "
	}
	return string([]byte{b})
}

func (r *Reader) inline(buf []byte) (int, Status) {
	nl := bytes.IndexByte(buf[r.pos:], '\n')
	if nl < 0 || bytes.IndexByte(buf[:r.pos+nl], 0) >= 0 { // Redis looks no further than a NUL
		if len(buf) > inlineMax {
			return 0, r.fail("too big inline request")
		}
		r.pos = len(buf)
		return 0, Partial
	}
	end := r.pos + nl
	r.pos = 0
	text := buf[:end]
	if end > 0 && buf[end-1] == '\r' {
		text = buf[:end-1]
	}
	var ok bool
	if r.Args, ok = sds.SplitArgs(r.Args[:0], text); !ok {
		return 0, r.fail("unbalanced quotes in request")
	}
	if len(r.Args) == 0 {
		return end + 1, Empty
	}
	return end + 1, Complete
}

// Int reads a decimal integer as strictly as Redis does: no sign but '-', no leading zero, no
// space, nothing beyond 64 bits.
func Int(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	if len(b) == 1 && b[0] == '0' {
		return 0, true
	}
	neg := b[0] == '-'
	if neg {
		b = b[1:]
		if len(b) == 0 {
			return 0, false
		}
	}
	if b[0] < '1' || b[0] > '9' {
		return 0, false
	}
	var u uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		if u > (1<<64-1)/10 {
			return 0, false
		}
		u *= 10
		if u+uint64(c-'0') < u {
			return 0, false
		}
		u += uint64(c - '0')
	}
	if neg {
		if u > 1<<63 {
			return 0, false
		}
		return -int64(u), true
	}
	if u > 1<<63-1 {
		return 0, false
	}
	return int64(u), true
}
