package hyperloglog

import (
	"strconv"

	"github.com/redlet/redlet/core/internal/small"
)

const (
	zeroRunMax   = 64 // registers that one byte can tell of
	valueRunMax  = 4
	valueRankMax = 32 // the greatest rank that the sparse layout can tell
)

// run is an instruction of the sparse layout: so many registers of one rank.
type run struct {
	rank uint8
	n    int
	size int // in bytes
}

// runAt reads the instruction at the start of b. Of one that is cut short, what is missing is 0.
func runAt(b []byte) run {
	switch c := b[0]; {
	case c >= 0x80:
		return run{c>>2&31 + 1, int(c&3) + 1, 1}
	case c < 0x40:
		return run{0, int(c) + 1, 1}
	case len(b) > 1:
		return run{0, int(c&63)<<8 + int(b[1]) + 1, 2}
	default:
		return run{0, int(c&63)<<8 + 1, 2}
	}
}

// isLong tells whether an instruction has two bytes.
func (in *run) isLong() bool { return in.size == 2 }

// appendRun appends the instruction that tells of n registers of a rank, none if n is 0. A rank
// above 0 has at most valueRunMax registers.
//
//go:noinline
func appendRun(b []byte, rank uint8, n int) []byte {
	switch {
	case n == 0:
		return b
	case rank > 0:
		return append(b, ranked(rank, n))
	case n <= zeroRunMax:
		return append(b, byte(n-1))
	}
	return append(b, 0x40|byte((n-1)>>8), byte(n-1))
}

// ranked is the instruction that tells of n registers of a rank above 0.
func ranked(rank uint8, n int) byte { return 0x80 | (rank-1)<<2 | byte(n-1) }

// raiseSparse makes a register of a string at least a rank; it returns what Add does.
func raiseSparse(b []byte, index int, rank uint8, most int) (out []byte, changed, ok bool) {
	if rank > valueRankMax {
		return raiseAsDense(b, index, rank)
	}
	before, at, first := find(b, index)
	if at >= len(b) {
		return b, false, false
	}
	in := runAt(b[at:])
	if in.rank >= rank {
		return b, false, true
	}
	var room [5]byte
	split := appendRun(room[:0], in.rank, index-first)
	split = appendRun(split, rank, 1)
	split = appendRun(split, in.rank, first+in.n-1-index)
	if more := len(split) - in.size; more > 0 && len(b)+more > most {
		return raiseAsDense(b, index, rank)
	}
	return join(replace(b, at, min(at+in.size, len(b)), split), before), true, true
}

// replace puts s in the place of b[from:to].
func replace(b []byte, from, to int, s []byte) []byte {
	switch more := len(s) - (to - from); {
	case more > 0:
		b = small.Insert(b, from, s[:more]...)
	case more < 0:
		b = small.Delete(b, from, from-more)
	}
	copy(b[from:], s)
	return b
}

// find returns where the instruction stands that tells of a register, where the one before does, or
// the first, and the first register of which it tells; at is the end if there is none. It goes
// through some thousand instructions, a third as long as with runAt.
func find(b []byte, index int) (before, at, first int) {
	before, at = headerSize, headerSize
	for at < len(b) {
		c, size := b[at], 1
		n := int(c&63) + 1
		switch {
		case c >= 0x80:
			n = int(c&3) + 1
		case c >= 0x40:
			size = 2
			n = (n - 1) << 8
			if at+1 < len(b) {
				n += int(b[at+1])
			}
			n++
		}
		if index < first+n {
			break
		}
		before, at, first = at, at+size, first+n
	}
	return before, at, first
}

// raiseAsDense is raiseSparse where the sparse layout does not hold the outcome.
func raiseAsDense(b []byte, index int, rank uint8) (out []byte, changed, ok bool) {
	if b, ok = Dense(b); !ok {
		return b, false, false
	}
	return b, raiseDense(b, index, rank), true
}

// joinMost is how many instructions Redis looks at, after a register was raised, to make one of
// two: from the one before the change on, a joined one counting once more.
const joinMost = 5

// join makes one instruction of neighbours that are alike, where one can hold both.
func join(b []byte, at int) []byte {
	for i := 0; i < joinMost && at < len(b); i++ {
		in := runAt(b[at:])
		if in.rank > 0 && at+1 < len(b) {
			next := runAt(b[at+1:])
			if n := in.n + next.n; next.rank == in.rank && n <= valueRunMax {
				b[at] = ranked(in.rank, n)
				b = small.Delete(b, at+1, at+2)
				continue
			}
		}
		at += in.size
	}
	return b
}

func (r *Registers) mergeSparse(b []byte) (ok bool) {
	at := 0
	for len(b) > 0 {
		in := runAt(b)
		if at+in.n > registers {
			return false
		}
		if in.rank > 0 {
			for i := range r[at : at+in.n] {
				r[at+i] = max(r[at+i], in.rank)
			}
		}
		at += in.n
		b = b[min(in.size, len(b)):]
	}
	return at == registers
}

// AppendDecoded appends a description of a string in the sparse layout: a word for each run.
func AppendDecoded(dst, b []byte) []byte {
	for b = b[headerSize:]; len(b) > 0; {
		in := runAt(b)
		switch {
		case in.rank > 0:
			dst = append(dst, 'v', ':')
			dst = strconv.AppendInt(dst, int64(in.rank), 10)
			dst = append(dst, ',')
		case in.isLong():
			dst = append(dst, 'Z', ':')
		default:
			dst = append(dst, 'z', ':')
		}
		dst = strconv.AppendInt(dst, int64(in.n), 10)
		if b = b[min(in.size, len(b)):]; len(b) > 0 {
			dst = append(dst, ' ')
		}
	}
	return dst
}
