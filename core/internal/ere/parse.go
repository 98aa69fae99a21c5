package ere

// Error says what is wrong with an expression, in TRE's words.
type Error string

// Error is the words.
func (e Error) Error() string { return string(e) }

const (
	errPattern   Error = "Invalid regexp"
	errCollate   Error = "Unknown collating element"
	errClass     Error = "Unknown character class name"
	errEscape    Error = "Trailing backslash"
	errReference Error = "Invalid back reference"
	errBracket   Error = "Missing ']'"
	errParen     Error = "Missing ')'"
	errBrace     Error = "Missing '}'"
	errBound     Error = "Invalid contents of {}"
	errRange     Error = "Invalid character range"
	errMemory    Error = "Out of memory"
	errRepeat    Error = "Invalid use of repetition operators"
	errBoundMax  Error = "Maximum repetition in {} larger than 255"
)

// boundMax is the greatest count in a bound.
const boundMax = 255

// noEnd is the upper end of a repetition that has none.
const noEnd = -1

// nodeOp is what a node of an expression matches.
type nodeOp uint8

const (
	nodeEmpty  nodeOp = iota // the empty string
	nodeByte                 // the byte a
	nodeSet                  // a byte of the set number a
	nodeAssert               // the empty string, at the places of the assertion a
	nodeCat                  // what a matches and then what b does
	nodeAlt                  // what a or b matches
	nodeIter                 // what a matches, from min to max times
)

// node is a node of an expression; what it is made of stands before it.
type node struct {
	op       nodeOp
	min, max int16
	a, b     int32
}

// flags are what holds for the atoms to come.
type flags uint8

const (
	flagFold    flags = 1 << iota // letters match in either case
	flagNewline                   // the any-symbol matches no newline
	flagLiteral                   // between \Q and \E nothing is special
)

// parser reads an expression from left to right. An open group is a frame, so that however deep
// they stand nothing recurses.
type parser struct {
	re    []byte
	at    int
	nodes []node
	sets  []set
	flags flags

	frames []frame
	depth  int // parentheses to be closed: a change of flags opens a frame without any
	atom   int32

	groups    int // those that could be referred to
	reference int // the greatest group referred to, or -1
	approx    bool
	inline    bool // flags are changed within the expression
}

// frame is a group that is being read: the alternatives before the last |, and what stands behind
// that one.
type frame struct {
	alt, cat int32 // -1 is nothing
	restore  flags
}

const none = -1

//go:noinline
func (p *parser) add(n node) int32 {
	p.nodes = append(p.nodes, n)
	return int32(len(p.nodes) - 1)
}

//go:noinline
func (p *parser) empty() int32 { return p.add(node{op: nodeEmpty}) }

func (p *parser) more() bool { return p.at < len(p.re) }

// is tells whether the byte n places ahead is c.
//
//go:noinline
func (p *parser) is(n int, c byte) bool { return p.at+n < len(p.re) && p.re[p.at+n] == c }

// parse reads the whole expression and returns its node.
func (p *parser) parse() (int32, error) {
	p.open()
	for {
		opened, err := p.piece()
		if err != nil {
			return none, err
		}
		if opened {
			continue
		}
		for {
			closed, err := p.after()
			if err != nil {
				return none, err
			}
			if !closed {
				break
			}
			if len(p.frames) == 0 {
				return p.end()
			}
		}
	}
}

// end makes the checks that need the whole expression.
func (p *parser) end() (int32, error) {
	switch {
	case p.depth > 0:
		return none, errParen
	case p.reference >= 0 && p.approx:
		return none, errPattern
	case p.reference > p.groups:
		return none, errReference
	case p.reference >= 0:
		return none, ErrBackReference
	}
	return p.atom, nil
}

//go:noinline
func (p *parser) open() {
	p.frames = append(p.frames, frame{none, none, p.flags})
}

// after reads what may stand behind an atom, postfixes first, and tells whether the group in which
// it stands has ended: that group is then the atom.
func (p *parser) after() (closed bool, err error) {
	if err := p.postfixes(); err != nil {
		return false, err
	}
	f := &p.frames[len(p.frames)-1]
	if f.cat == none {
		f.cat = p.atom
	} else {
		f.cat = p.add(node{op: nodeCat, a: f.cat, b: p.atom})
	}
	if p.more() {
		switch c := p.re[p.at]; {
		case p.flags&flagLiteral != 0:
			return false, nil
		case c == '|':
			p.at++
			p.alternative(f)
			return false, nil
		case c == ')' && p.depth > 0:
			p.depth--
			p.at++
		default:
			return false, nil
		}
	}
	p.alternative(f)
	p.atom, p.flags = f.alt, f.restore
	p.frames = p.frames[:len(p.frames)-1]
	return true, nil
}

// alternative ends one.
func (p *parser) alternative(f *frame) {
	if f.alt == none {
		f.alt = f.cat
	} else {
		f.alt = p.add(node{op: nodeAlt, a: f.alt, b: f.cat})
	}
	f.cat = none
}

// postfixes reads repetitions of the atom.
func (p *parser) postfixes() error {
	for p.more() && p.flags&flagLiteral == 0 {
		least, most := 0, noEnd
		switch p.re[p.at] {
		case '*':
		case '+':
			least = 1
		case '?':
			most = 1
		case '{':
			p.at++
			var err error
			if least, most, err = p.bound(); err != nil {
				return err
			}
			p.at-- // onto the brace
		default:
			return nil
		}
		switch {
		case p.is(1, '?'): // the shortest match is none the less one
			p.at++
		case p.is(1, '*'), p.is(1, '+'):
			return errRepeat
		}
		p.at++
		if most == 0 {
			p.atom = p.empty()
		} else {
			p.atom = p.add(node{op: nodeIter, a: p.atom, min: int16(least), max: int16(most)})
		}
	}
	return nil
}

// piece reads an atom; one that opens a group is not complete yet.
func (p *parser) piece() (opened bool, err error) {
	p.quotes()
	if p.flags&flagLiteral != 0 {
		p.literal()
		return false, nil
	}
	if !p.more() {
		p.atom = p.empty()
		return false, nil
	}
	switch c := p.re[p.at]; c {
	case '(':
		return true, p.group()
	case ')':
		if p.depth > 0 {
			p.atom = p.empty()
		} else {
			p.literal()
		}
	case '*', '|', '{', '+', '?':
		p.atom = p.empty()
	case '[':
		p.at++
		p.atom, err = p.bracket()
	case '\\':
		err = p.escape()
	case '.':
		s := set{}.with(0, 255)
		if p.flags&flagNewline != 0 {
			s = set{}.with(0, '\n'-1).with('\n'+1, 255)
		}
		p.at++
		p.atom = p.setNode(s)
	case '^', '$':
		a := assertBegin
		if c == '$' {
			a = assertEnd
		}
		p.at++
		p.atom = p.add(node{op: nodeAssert, a: int32(a)})
	default:
		p.literal()
	}
	return false, err
}

// quotes steps over \Q, from which on nothing is special, and \E, which ends that.
func (p *parser) quotes() {
	for p.is(0, '\\') {
		switch {
		case p.flags&flagLiteral == 0 && p.is(1, 'Q'):
			p.flags |= flagLiteral
		case p.flags&flagLiteral != 0 && p.is(1, 'E'):
			p.flags &^= flagLiteral
		default:
			return
		}
		p.at += 2
	}
}

// literal takes the next byte for itself. Where \Q ends the expression that is the NUL behind it.
func (p *parser) literal() {
	c := byte(0)
	if p.more() {
		c = p.re[p.at]
	}
	p.at++
	if p.flags&flagFold != 0 && otherCase(c) != c {
		p.atom = p.setNode(set{}.with(c, c).with(otherCase(c), otherCase(c)))
		return
	}
	p.atom = p.add(node{op: nodeByte, a: int32(c)})
}

// setNode is the node of a set of bytes.
//
//go:noinline
func (p *parser) setNode(s set) int32 {
	for i, t := range p.sets {
		if s == t {
			return p.add(node{op: nodeSet, a: int32(i)})
		}
	}
	p.sets = append(p.sets, s)
	return p.add(node{op: nodeSet, a: int32(len(p.sets) - 1)})
}

// group opens a group, or a frame in which other flags hold: that ends where the group around it
// does, unless it is a group itself.
func (p *parser) group() error {
	if !p.is(1, '?') {
		p.at++
		p.depth++
		p.groups++
		p.open()
		return nil
	}
	p.at += 2
	was, on := p.flags, true
	change := func(f flags) {
		p.flags &^= f
		if on {
			p.flags |= f
		}
	}
	p.open()
	for ; ; p.at++ {
		if !p.more() {
			return errPattern
		}
		switch p.re[p.at] {
		case 'i':
			change(flagFold)
		case 'n':
			change(flagNewline)
		case 'r', 'U': // which way a match goes, or how far
			p.inline = true
		case '-':
			on = false
		case '#':
			for p.more() && p.re[p.at] != ')' {
				p.at++
			}
			if !p.more() {
				return errPattern
			}
			fallthrough
		case ')', ':':
			if p.re[p.at] == ':' {
				p.depth++
			}
			p.at++
			p.inline = p.inline || p.flags != was
			return nil
		default:
			return errPattern
		}
	}
}
