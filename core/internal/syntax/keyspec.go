package syntax

import "github.com/redlet/redlet/core/internal/resp"

// KeySpec is one parsed key spec.
type KeySpec struct {
	Begin   Begin
	Keyword string // Begin == BeginKeyword
	Index   int    // of the first key; where the search for the keyword starts, from the end if < 0
	Find    Find
	// A, B and C are for FindRange the last key, the step and the limit; for FindNumber the index
	// of the number, the first key and the step.
	A, B, C int
	Flags   KeyFlag
	Note    string
}

// Begin says where the keys of a spec begin.
type Begin uint8

// The ways in which a KeySpec says where its keys begin.
const (
	BeginIndex Begin = iota
	BeginKeyword
	BeginUnknown
)

// Find says how the keys of a spec go on.
type Find uint8

// The ways in which a KeySpec says how its keys go on.
const (
	FindRange Find = iota
	FindNumber
	FindUnknown
)

// KeyFlag says what a command does with a key.
type KeyFlag uint16

// The flags of key specs, in the order in which COMMAND INFO lists them.
const (
	RO KeyFlag = 1 << iota
	RW
	OW
	RM
	Access
	Update
	Insert
	Delete
	NotKey
	Incomplete
	Variable
)

// KeyFlagNames are the names of the flags in COMMAND INFO.
var KeyFlagNames = [...]string{
	"RO", "RW", "OW", "RM", "access", "update", "insert", "delete", "not_key", "incomplete",
	"variable_flags",
}

// NextKeySpec walks through Command.Keys: it returns the first spec and what is left behind it.
func NextKeySpec(s string) (spec KeySpec, rest string) {
	p := keyParser{s: s}
	p.where(&spec)
	for p.peek() == ' ' {
		p.i++
		if p.peek() == '"' {
			p.i++
			spec.Note = p.until('"')
			p.i++
			break
		}
		word := p.word()
		for i, name := range KeyFlagNames {
			if name == word {
				spec.Flags |= 1 << i
			}
		}
	}
	return spec, s[min(p.i+len("; "), len(s)):]
}

// keyParser reads key specs; like syntaxParser it trusts the program.
type keyParser struct {
	s string
	i int
}

// where reads where the keys of a spec are.
func (p *keyParser) where(spec *KeySpec) {
	switch c := p.peek(); {
	case c == '?':
		p.i++
		spec.Begin, spec.Find = BeginUnknown, FindUnknown
		return
	case 'A' <= c && c <= 'Z':
		spec.Begin, spec.Keyword = BeginKeyword, p.until('@')
		p.i++
	}
	spec.Index = p.number()
	if p.peek() == '#' {
		p.i++
		spec.Find, spec.B, spec.C = FindNumber, 1, 1
		if p.peek() != ' ' {
			spec.A = p.number()
			p.i++
			spec.B = p.number()
			p.i++
			spec.C = p.number()
		}
		return
	}
	spec.B = 1
	for _, n := range []*int{&spec.A, &spec.B, &spec.C} {
		if p.peek() != ':' {
			return
		}
		p.i++
		*n = p.number()
	}
}

func (p *keyParser) number() int {
	n, negative := 0, p.peek() == '-'
	if negative {
		p.i++
	}
	for '0' <= p.peek() && p.peek() <= '9' {
		n = 10*n + int(p.peek()-'0')
		p.i++
	}
	if negative {
		return -n
	}
	return n
}

func (p *keyParser) word() string {
	start := min(p.i, len(p.s))
	for c := p.peek(); c != 0 && c != ' ' && c != ';'; c = p.peek() {
		p.i++
	}
	return p.s[start:p.i]
}

// until reads up to a delimiter.
func (p *keyParser) until(end byte) string {
	start := min(p.i, len(p.s))
	for p.i < len(p.s) && p.s[p.i] != end {
		p.i++
	}
	return p.s[start:min(p.i, len(p.s))]
}

// peek returns the next byte, 0 at the end.
//
//go:noinline
func (p *keyParser) peek() byte {
	if p.i >= len(p.s) {
		return 0
	}
	return p.s[p.i]
}

// Step is the distance from one key to the next.
func (spec *KeySpec) Step() int {
	if spec.Find == FindNumber {
		return spec.C
	}
	return spec.B
}

// Locate finds the first and the last key that a spec describes.
func (spec *KeySpec) Locate(args [][]byte) (from, to int, ok bool) {
	from = spec.Index
	if spec.Begin == BeginKeyword {
		if from = spec.seek(args); from == 0 {
			return 0, 0, false
		}
	}
	if from >= len(args) {
		return 0, 0, false
	}
	if spec.Find == FindNumber {
		at := from + spec.A
		if at >= len(args) {
			return 0, 0, false
		}
		n, ok := resp.Int(args[at])
		if !ok || n < 1 {
			return 0, 0, false
		}
		from += spec.B
		if n > int64((len(args)-from)/spec.C) {
			return 0, 0, false
		}
		return from, from + (int(n)-1)*spec.C, true
	}
	switch {
	case spec.A >= 0:
		to = from + spec.A
	case spec.C == 0:
		to = len(args) + spec.A
	default: // -1 of the first part of what is left
		to = from + (len(args)-from)/spec.C + spec.A
	}
	return from, to, to >= from
}

// seek returns the place behind the keyword, 0 if the keyword is not there.
func (spec *KeySpec) seek(args [][]byte) int {
	at, step, end := spec.Index, 1, len(args)-1
	if at < 0 {
		at, step, end = len(args)+at, -1, 0
	}
	for i := at; i > 0 && i < len(args) && i != end; i += step {
		if string(AppendLower(nil, args[i])) == Lower(spec.Keyword) {
			return i + 1
		}
	}
	return 0
}
