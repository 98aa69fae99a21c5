package ere

// set is a set of bytes.
type set [8]uint32

func (s set) has(c byte) bool { return s[c>>5]>>(c&31)&1 != 0 }

// with is the set and the bytes from lo to hi. It is not inlined in its dozen places, all of them
// rare.
//
//go:noinline
func (s set) with(lo, hi byte) set {
	for c := int(lo); c <= int(hi); c++ {
		s[c>>5] |= 1 << (c & 31)
	}
	return s
}

func (s set) not() set {
	for i := range s {
		s[i] = ^s[i]
	}
	return s
}

// otherCase is an ASCII letter in its other case, and any other byte itself.
func otherCase(c byte) byte {
	if 'a' <= c|0x20 && c|0x20 <= 'z' {
		return c ^ 0x20
	}
	return c
}

// classes are the ranges of each class, two bytes a range.
var classes = []struct{ name, ranges string }{
	{"alnum", "09AZaz"}, {"alpha", "AZaz"}, {"ascii", "\x00\x7f"}, {"blank", "\t\t  "},
	{"cntrl", "\x00\x1f\x7f\x7f"}, {"digit", "09"}, {"graph", "!~"}, {"lower", "az"},
	{"print", " ~"}, {"punct", "!/:@[`{~"}, {"space", "\t\r  "}, {"upper", "AZ"},
	{"xdigit", "09AFaf"},
}

// classRanges gives the ranges of a class, "" if there is no such class.
//
//go:noinline
func classRanges(name string) string {
	for i := range classes {
		if classes[i].name == name {
			return classes[i].ranges
		}
	}
	return ""
}

func classSet(name string) (s set) {
	ranges := classRanges(name)
	for i := 0; i < len(ranges); i += 2 {
		s = s.with(ranges[i], ranges[i+1])
	}
	return s
}

// span is a range of bytes in a bracket expression.
type span struct{ lo, hi byte }

// spansMax is how many ranges a bracket expression can have.
const spansMax = 2048

// bracket reads a bracket expression behind its [.
func (p *parser) bracket() (int32, error) {
	negated := p.is(0, '^')
	if negated {
		p.at++
	}
	spans, err := p.spans()
	if err != nil {
		return none, err
	}
	if len(spans) > spansMax {
		return none, errMemory
	}
	var s set
	if !negated {
		for _, x := range spans {
			s = s.with(x.lo, x.hi)
		}
		return p.setNode(s), nil
	}
	return p.setNode(gaps(spans)), nil
}

// gaps is what no range has, but for a slip of TRE's that clients can see: behind a range that
// overlaps the one before, what it has more is a gap too.
func gaps(spans []span) (s set) {
	from, to := 0, 0
	for lo := range 256 { // the ranges by their start, those of one start in their order
		for _, x := range spans {
			switch {
			case int(x.lo) != lo:
				continue
			case lo < to:
				to = max(to, int(x.hi)+1)
				continue
			case lo > from:
				s = s.with(byte(from), x.lo-1)
			}
			from = int(x.hi) + 1
			to = from
		}
	}
	if from <= 255 {
		s = s.with(byte(from), 255)
	}
	return s
}

// spans reads what stands between brackets, and the closing one.
func (p *parser) spans() (spans []span, err error) {
	first := p.at
	for {
		switch {
		case !p.more():
			return nil, errBracket
		case p.is(0, ']') && p.at > first:
			p.at++
			return spans, nil
		case p.is(1, '-') && p.at+2 < len(p.re) && !p.is(2, ']'):
			lo, hi := p.re[p.at], p.re[p.at+2]
			if lo > hi {
				return nil, errRange
			}
			p.at += 3
			spans = p.span(spans, lo, hi)
		case p.is(0, '[') && (p.is(1, '.') || p.is(1, '=')):
			return nil, errCollate
		case p.is(0, '[') && p.is(1, ':'):
			if spans, err = p.class(spans); err != nil {
				return nil, err
			}
		case p.is(0, '-') && p.at+1 < len(p.re) && !p.is(1, ']') && p.at > first:
			return nil, errRange
		default:
			c := p.re[p.at]
			p.at++
			spans = p.span(spans, c, c)
		}
	}
}

// span adds a range and, where case does not matter, those of its letters in the other case.
func (p *parser) span(spans []span, lo, hi byte) []span {
	spans = append(spans, span{lo, hi})
	if p.flags&flagFold == 0 {
		return spans
	}
	for _, letters := range [...]span{{'A', 'Z'}, {'a', 'z'}} {
		from, to := max(lo, letters.lo), min(hi, letters.hi)
		if from <= to {
			spans = append(spans, span{otherCase(from), otherCase(to)})
		}
	}
	return spans
}

// class reads the name of a class; as in TRE what follows the second colon is not looked at.
func (p *parser) class(spans []span) ([]span, error) {
	end := p.at + 2
	for end < len(p.re) && p.re[end] != ':' {
		end++
	}
	if end == len(p.re) {
		return nil, errClass
	}
	name := string(p.re[p.at+2 : end])
	if p.flags&flagFold != 0 && (name == "lower" || name == "upper") {
		name = "alpha"
	}
	ranges := classRanges(name)
	if ranges == "" {
		return nil, errClass
	}
	for i := 0; i < len(ranges); i += 2 {
		spans = append(spans, span{ranges[i], ranges[i+1]})
	}
	p.at = min(end+2, len(p.re))
	return spans, nil
}
