// Package ere matches byte strings against extended regular expressions, as TRE reads them in
// Redis: POSIX's, with the escapes and groups that Perl has for them, over bytes in the C locale.
// Where TRE reads an expression in a way of its own, so does this. What it tells is whether there
// is a match, not which: there are no submatches, so greed does not matter, and references back are
// refused.
//
// An expression becomes an automaton that is walked in all its states at once, in time that is
// linear in the string; nothing recurses.
package ere

import (
	"bytes"

	"github.com/redlet/redlet/core/internal/small"
)

// ErrBackReference refuses an expression for a reference to what a group matched.
const ErrBackReference Error = "regular expression backreferences are not supported"

// Regexp is an expression that strings can be matched against.
type Regexp struct {
	prog    []inst
	sets    []set
	literal *literal // what takes the place of prog, where the expression is as simple as that

	start    set  // the bytes with which a match can begin
	anchored bool // it begins where the string does
	nullable bool // a match may be empty, or depends on where it begins

	// What follows is for a match: the states to walk, those of the next byte, those to look
	// through, and of each state the number of the step that last came upon it.
	now, next, stack []int32
	seen             []uint32
	step             uint32
}

// Compile reads an expression; fold makes letters match in either case. The automaton takes its
// states, 16 to 32 bytes each, out of a budget: an expression that needs more than are left is
// refused.
func Compile(pattern []byte, fold bool, budget *int) (*Regexp, error) {
	p := &parser{re: pattern, reference: -1}
	if fold {
		p.flags = flagFold
	}
	root, err := p.parse()
	if err != nil {
		return nil, err
	}
	r := &Regexp{sets: p.sets}
	if !p.inline {
		if r.literal = findLiteral(p, root, fold); r.literal != nil {
			return r, nil
		}
	}
	if r.prog = assemble(p.nodes, root, *budget); r.prog == nil {
		return nil, errMemory
	}
	*budget -= len(r.prog)
	n := len(r.prog)
	r.now, r.next, r.stack = make([]int32, 0, n), make([]int32, 0, n), make([]int32, 0, n)
	r.seen = make([]uint32, n)
	r.firstBytes()
	return r, nil
}

// firstBytes finds out how a match can begin.
func (r *Regexp) firstBytes() {
	r.anchored = r.prog[0].op == opAssert && r.prog[0].x == int32(assertBegin)
	r.newStep()
	r.next = r.next[:0]
	r.stack = append(r.stack[:0], 0)
	for len(r.stack) > 0 {
		pc := r.stack[len(r.stack)-1]
		r.stack = r.stack[:len(r.stack)-1]
		if r.seen[pc] == r.step {
			continue
		}
		r.seen[pc] = r.step
		switch in := &r.prog[pc]; in.op {
		case opMatch, opAssert:
			r.nullable = true
		case opJump:
			r.stack = append(r.stack, in.x)
		case opSplit:
			r.stack = append(r.stack, in.y, in.x)
		case opByte:
			r.start = r.start.with(byte(in.x), byte(in.x))
		case opSet:
			for i, bits := range r.sets[in.x] {
				r.start[i] |= bits
			}
		}
	}
}

func (r *Regexp) newStep() {
	if r.step++; r.step == 0 {
		clear(r.seen)
		r.step = 1
	}
}

// Match tells whether any part of s matches.
func (r *Regexp) Match(s []byte) bool {
	if r.literal != nil {
		return r.literal.match(s)
	}
	r.now = r.now[:0]
	r.newStep()
	for at := 0; ; {
		if r.begins(s, at) && r.reach(0, s, at) {
			return true
		}
		if at == len(s) {
			return false
		}
		if r.advance(s, at) {
			return true
		}
		at++
		if len(r.now) > 0 {
			continue
		}
		if r.anchored {
			return false
		}
		if !r.nullable {
			for at < len(s) && !r.start.has(s[at]) {
				at++
			}
		}
	}
}

// begins tells whether a match can begin at a place.
func (r *Regexp) begins(s []byte, at int) bool {
	if at > 0 && r.anchored {
		return false
	}
	return r.nullable || at < len(s) && r.start.has(s[at])
}

// advance lets the states that wait take the byte at a place, and tells whether that is a match.
func (r *Regexp) advance(s []byte, at int) bool {
	r.now, r.next = r.next[:0], r.now
	r.newStep()
	c := s[at]
	for _, pc := range r.next {
		in := &r.prog[pc]
		if in.op == opByte {
			if byte(in.x) != c {
				continue
			}
		} else if !r.sets[in.x].has(c) {
			continue
		}
		if r.reach(pc+1, s, at+1) {
			return true
		}
	}
	return false
}

// reach adds the states that wait for a byte and can be come to from an instruction without one,
// and tells whether one of them is a match.
func (r *Regexp) reach(pc int32, s []byte, at int) bool {
	stack := append(r.stack[:0], pc)
	for len(stack) > 0 {
		pc = stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if r.seen[pc] == r.step {
			continue
		}
		r.seen[pc] = r.step
		switch in := &r.prog[pc]; in.op {
		case opMatch:
			return true
		case opJump:
			stack = append(stack, in.x)
		case opSplit:
			stack = append(stack, in.y, in.x)
		case opAssert:
			if holds(assertion(in.x), s, at) {
				stack = append(stack, pc+1)
			}
		default:
			r.now = append(r.now, pc)
		}
	}
	r.stack = stack
	return false
}

// assertion is what must be so at a place.
type assertion int32

const (
	assertBegin assertion = iota
	assertEnd
	assertWord      // a word begins or ends
	assertNoWord    // none does
	assertWordBegin // a word begins
	assertWordEnd   // a word ends
)

// holds tells whether an assertion is true of a place. A NUL passes for the end of the string.
func holds(a assertion, s []byte, at int) bool {
	begin, end := at == 0, at == len(s) || s[at] == 0
	before := !begin && isWord(s[at-1])
	behind := !end && isWord(s[at])
	switch a {
	case assertBegin:
		return begin
	case assertEnd:
		return end
	case assertWord:
		return begin || end || before != behind
	case assertNoWord:
		return !begin && !end && before == behind
	case assertWordBegin:
		return !before && behind
	}
	return before && !behind
}

func isWord(c byte) bool {
	return isDigit(c) || c == '_' || otherCase(c) != c
}

// literal is what a match is for an expression that is nothing but alternatives of plain text, and
// maybe where they stand.
type literal struct {
	texts      [][]byte // in lower case if that does not matter
	fold       bool
	begin, end bool
}

func (l *literal) match(s []byte) bool {
	if l.fold {
		s = small.Clone(s)
		for i, c := range s {
			s[i] = lower(c)
		}
	}
	for _, text := range l.texts {
		switch {
		case l.begin && l.end:
			if bytes.Equal(s, text) {
				return true
			}
		case l.begin:
			if bytes.HasPrefix(s, text) {
				return true
			}
		case l.end:
			if bytes.HasSuffix(s, text) {
				return true
			}
		case bytes.Contains(s, text):
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}
