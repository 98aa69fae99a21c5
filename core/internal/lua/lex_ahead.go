package lua

import "strings"

// aheadFrom is how long a source must be for its long tokens to be read ahead of the parser, which
// cannot be left within a token. No shorter token takes long.
const aheadFrom = 1 << 20

// known is a long token, with what stands before it: where that begins, and where the token ends.
// What a token is depends on nothing but where it begins.
type known struct {
	token
	from, to int
}

// reader reads the tokens of a source part by part, and keeps the long ones. A string that is not
// as it stands in the source is read twice: the first time for its size.
type reader struct {
	*known
	before int // the line at which what stands before the token begins
	parts  bool
	size   int // how much of the string's value was taken
	filled bool
	out    strings.Builder // that value, the second time
}

// readAhead reads the long tokens, before anything else is done.
func (p *parser) readAhead(left rest) {
	p.vm.charge(bytesAtOnce / copyCharge)
	if p.reader.part(&p.lexer, bytesAtOnce) {
		p.reader = nil
	} else {
		p.later(left)
	}
}

// part reads so many bytes of the source, or a few more, and reports whether those were the last.
func (r *reader) part(x *lexer, most int) (over bool) {
	x.stop = min(len(x.in), x.at+most)
	for x.cut(&r.token) {
		over = r.kind == tokEnd || r.kind == tokBad
		if (r.parts || over) && !r.keep(x) {
			return false
		}
		if over {
			x.at, x.line, x.stop = 0, 1, len(x.in)
			return true
		}
		r.from, r.before = x.at, x.line
	}
	if r.parts = true; x.amid && r.kind < tokEnd {
		x.take(x.at)
		x.from = x.at
		r.flush(x)
	}
	return false
}

// flush takes what is in raw of the string's value.
//
//go:noinline
func (r *reader) flush(x *lexer) {
	r.size += len(x.raw)
	if r.filled {
		r.out.Write(x.raw)
	}
	x.raw = x.raw[:0]
}

// keep keeps a token that was read in several parts, unless it is to be read once more.
//
//go:noinline
func (r *reader) keep(x *lexer) bool {
	if x.other && r.size > 0 {
		if r.flush(x); !r.filled {
			r.out.Grow(r.size)
			r.filled, r.size = true, 0
			x.at, x.line = r.from, r.before
			return false
		}
		r.value = r.out.String()
	}
	r.to = x.at
	x.known = append(x.known, r.known)
	*r = reader{known: &known{}}
	x.other = false
	return true
}
