package lua

import "strings"

// captureMax bounds the captures of a pattern, as Lua does.
const captureMax = 32

// choicesMax bounds the choices that a match can come back to.
const choicesMax = 1 << 20

// stretch is how many characters are passed over between two looks at the slice.
const stretch = 4096

// Lengths of captures that are no lengths.
const (
	captureOpen     = -1
	capturePosition = -2
)

const noMatch = -3 // neither a place nor suspended

// matcher matches one of Lua's patterns. Positions are offsets. What other implementations keep
// on the stack by recursion is in choices, so that a match can be suspended.
type matcher struct {
	vm      *VM
	l       *thread
	src     string
	pat     string
	lead    int // where the pattern's first item ends, once that is known to be one for characters
	level   int // captures begun
	s, p    int // where the match is
	far     int // how far within one item of the pattern it is that may take long
	nest    int // of %b
	choices []choice
	caps    [captureMax]struct{ at, size int }
}

// choice is what to come back to when the rest of a pattern does not match.
type choice struct {
	kind   choiceKind
	s, far int32
	p, p2  int32
}

type choiceKind uint8

const (
	choiceOther  choiceKind = iota // go on at s and p
	choiceFewer                    // one less, down to s; far is where the last try began
	choiceMore                     // one more of the item from p to p2, behind s
	choiceOpened                   // a capture was begun
	choiceClosed                   // capture s was ended
)

// begin begins a match of the pattern from p on against the subject from s on.
func (m *matcher) begin(s, p int) {
	m.s, m.p, m.level, m.far, m.choices = s, p, 0, 0, m.choices[:0]
}

// skip returns the first place from s on at which a match may begin, as far as the first item of
// the pattern tells at once.
func (m *matcher) skip(s int) int {
	end := m.lead
	if end == 0 || s >= len(m.src) {
		return s
	}
	if end < len(m.pat) && (m.pat[end] == '?' || m.pat[end] == '*' || m.pat[end] == '-') {
		return s
	}
	from, most := s, min(len(m.src), s+stretch)
	if c := m.pat[0]; end == 1 && c != '.' {
		if at := strings.IndexByte(m.src[s:most], c); at >= 0 {
			s += at
		} else {
			s = most
		}
	} else {
		s += m.count(m.src[s:most], 0, end, false)
	}
	m.vm.charge((s - from) / 4)
	return s
}

// run goes on with a match and returns where it ends, noMatch, or suspended.
func (m *matcher) run() int {
	vm, pat, src, s, p := m.vm, m.pat, m.src, m.s, m.p
	for {
		if vm.left -= elementCharge; vm.left <= 0 && vm.look() {
			m.s, m.p = s, p
			return suspended
		}
		if s < 0 {
			if s, p = m.back(); s < 0 {
				return noMatch
			}
		}
		if p >= len(pat) {
			return s
		}
		end := m.lead
		if p > 0 || end == 0 {
			switch pat[p] {
			case '(':
				p = m.open(s, p)
				continue
			case ')':
				m.close(s)
				p++
				continue
			case '$':
				if p+1 == len(pat) && s == len(src) {
					return s
				} else if p+1 == len(pat) {
					s = noMatch
					continue
				}
			case '%':
				if m.isSpecial(p) {
					s, p = m.special(s, p)
					continue
				}
			}
			if end = m.classEnd(p); p == 0 {
				m.lead = end
			}
		}
		if end < len(pat) {
			switch pat[end] {
			case '?':
				if s < len(src) && m.single(src[s], p, end) {
					m.choose(choice{kind: choiceOther, s: int32(s), p: int32(end + 1)})
					s++
				}
				p = end + 1
				continue
			case '*':
				s, p = m.longest(s, p, end, 0)
				continue
			case '+':
				s, p = m.longest(s, p, end, 1)
				continue
			case '-':
				m.choose(choice{kind: choiceMore, s: int32(s), p: int32(p), p2: int32(end)})
				p = end + 1
				continue
			}
		}
		if s >= len(src) || !m.single(src[s], p, end) {
			s = noMatch
			continue
		}
		s, p = s+1, end
	}
}

//go:noinline
func (m *matcher) choose(c choice) {
	if len(m.choices) >= choicesMax {
		fail(m.l, "pattern too complex")
	}
	m.choices = append(m.choices, c)
}

// back goes back to the last choice, if there is one; else s is noMatch.
func (m *matcher) back() (s, p int) {
	for n := len(m.choices) - 1; n >= 0; n-- {
		c := &m.choices[n]
		switch c.kind {
		case choiceOther:
			m.choices = m.choices[:n]
			return int(c.s), int(c.p)
		case choiceFewer:
			if c.far--; c.far == c.s {
				m.choices = m.choices[:n]
			}
			return int(c.far), int(c.p)
		case choiceMore:
			if int(c.s) < len(m.src) && m.single(m.src[c.s], int(c.p), int(c.p2)) {
				c.s++
				return int(c.s), int(c.p2) + 1
			}
		case choiceOpened:
			m.level--
		case choiceClosed:
			m.caps[c.s].size = captureOpen
		}
		m.choices = m.choices[:n]
	}
	return noMatch, 0
}

// open begins a capture and returns what follows in the pattern.
func (m *matcher) open(s, p int) int {
	if m.level >= captureMax {
		fail(m.l, "too many captures")
	}
	c := &m.caps[m.level]
	c.at, c.size = s, captureOpen
	p++
	if p < len(m.pat) && m.pat[p] == ')' {
		c.size = capturePosition
		p++
	}
	m.level++
	m.choose(choice{kind: choiceOpened})
	return p
}

// close ends the capture that was opened last.
func (m *matcher) close(s int) {
	for i := m.level - 1; i >= 0; i-- {
		if m.caps[i].size == captureOpen {
			m.caps[i].size = s - m.caps[i].at
			m.choose(choice{kind: choiceClosed, s: int32(i)})
			return
		}
	}
	fail(m.l, "invalid pattern capture")
}

// isSpecial tells whether %b, %f or a back reference begins at p.
func (m *matcher) isSpecial(p int) bool {
	if p+1 == len(m.pat) {
		fail(m.l, "malformed pattern (ends with '%')")
	}
	c := m.pat[p+1]
	return c == 'b' || c == 'f' || isDigit(c)
}

// special matches %b, %f and back references, and returns where to go on.
func (m *matcher) special(s, p int) (int, int) {
	switch c := m.pat[p+1]; c {
	case 'b':
		if p+3 >= len(m.pat) {
			fail(m.l, "unbalanced pattern")
		}
		return m.balanced(s, p)
	case 'f':
		return m.frontier(s, p)
	default:
		i := int(c) - '1'
		if i < 0 || i >= m.level || m.caps[i].size == captureOpen {
			fail(m.l, "invalid capture index")
		}
		if m.caps[i].size < 0 { // a position is like nothing
			return noMatch, 0
		}
		seen := m.src[m.caps[i].at:][:m.caps[i].size]
		if len(m.src)-s < len(seen) || m.src[s:s+len(seen)] != seen {
			return noMatch, 0
		}
		m.vm.charge(len(seen) / 64)
		return s + len(seen), p + 2
	}
}

// frontier matches %f.
func (m *matcher) frontier(s, p int) (int, int) {
	if p+2 >= len(m.pat) || m.pat[p+2] != '[' {
		fail(m.l, "missing '[' after '%f' in pattern")
	}
	end := m.classEnd(p + 2)
	before, here := byte(0), byte(0)
	if s > 0 {
		before = m.src[s-1]
	}
	if s < len(m.src) {
		here = m.src[s]
	}
	if m.set(before, p+2, end-1) || !m.set(here, p+2, end-1) {
		s = noMatch
	}
	return s, end
}

// balanced matches %b. Where it takes long it returns to where it is, to come back.
func (m *matcher) balanced(s, p int) (int, int) {
	open, shut := m.pat[p+2], m.pat[p+3]
	i := m.far
	if i == 0 {
		if s >= len(m.src) || m.src[s] != open {
			return noMatch, 0
		}
		i, m.nest = s+1, 1
	}
	most := min(len(m.src), i+stretch)
	m.vm.charge((most - i) / 16)
	for ; i < most; i++ {
		switch m.src[i] {
		case shut:
			if m.nest--; m.nest == 0 {
				m.far = 0
				return i + 1, p + 4
			}
		case open:
			m.nest++
		}
	}
	if m.far = i; i < len(m.src) {
		return s, p
	}
	m.far = 0
	return noMatch, 0
}

// longest matches as many as there are; fewer are a choice. Where there are many it returns to
// where it is, to come back.
func (m *matcher) longest(s, p, end, least int) (int, int) {
	n := s + m.far
	most := min(len(m.src), n+stretch)
	from := n
	n += m.count(m.src[n:most], p, end, true)
	m.vm.charge((n - from) / 4)
	if n == most && n < len(m.src) {
		m.far = n - s
		return s, p
	}
	m.far = 0
	if n < s+least {
		return noMatch, 0
	}
	if n > s+least && end+1 < len(m.pat) {
		m.choose(choice{kind: choiceFewer, s: int32(s + least), far: int32(n), p: int32(end + 1)})
	}
	return n, end + 1
}

// count returns how many characters at the beginning of s belong to the class from p to end, or do
// not.
func (m *matcher) count(s string, p, end int, belong bool) int {
	i := 0
	if m.pat[p] == '%' {
		class := m.pat[p+1]
		if in := classes[class]; in != 0 {
			for i < len(s) && (characters[s[i]]&in != 0) == (class&32 != 0 == belong) {
				i++
			}
			return i
		}
	}
	for i < len(s) && m.single(s[i], p, end) == belong {
		i++
	}
	return i
}

// classEnd returns where the single-character class at p ends.
func (m *matcher) classEnd(p int) int {
	c := m.pat[p]
	p++
	switch c {
	case '%':
		if p >= len(m.pat) {
			fail(m.l, "malformed pattern (ends with '%')")
		}
		return p + 1
	case '[':
		if p < len(m.pat) && m.pat[p] == '^' {
			p++
		}
		for first := true; first || m.pat[p] != ']'; first = false {
			if p >= len(m.pat) {
				fail(m.l, "malformed pattern (missing ']')")
			}
			if m.pat[p] == '%' && p+1 < len(m.pat) {
				p++
			}
			if p++; p >= len(m.pat) {
				fail(m.l, "malformed pattern (missing ']')")
			}
		}
		return p + 1
	}
	return p
}

// single reports whether a character belongs to the class from p to end.
func (m *matcher) single(c byte, p, end int) bool {
	switch m.pat[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pat[p+1])
	case '[':
		return m.set(c, p, end-1)
	}
	return m.pat[p] == c
}

// set reports whether a character belongs to the set whose brackets stand at p and end.
func (m *matcher) set(c byte, p, end int) bool {
	wanted := true
	if p++; m.pat[p] == '^' {
		wanted = false
		p++
	}
	for ; p < end; p++ {
		switch {
		case m.pat[p] == '%' && p+1 < end:
			p++
			if inClass(c, m.pat[p]) {
				return wanted
			}
		case p+2 < end && m.pat[p+1] == '-':
			if m.pat[p] <= c && c <= m.pat[p+2] {
				return wanted
			}
			p += 2
		case m.pat[p] == c:
			return wanted
		}
	}
	return !wanted
}

// inClass reports whether a character belongs to a class such as %a; as in the C locale.
func inClass(c, class byte) bool {
	in := classes[class]
	if in == 0 { // it stands for itself
		return class == c
	}
	return (characters[c]&in != 0) == (class&32 != 0)
}

// classes are the bits of the letters of classes; capital ones are what is not in the class.
var classes = func() (list [256]uint16) {
	for i, c := range classLetters {
		list[c], list[c-32] = 1<<i, 1<<i
	}
	return
}()

const classLetters = "acdlpsuwxz"

// characters tells the classes of each character.
var characters = func() (list [256]uint16) {
	for i := range list {
		c := byte(i)
		letter := 'a' <= c|32 && c|32 <= 'z'
		for bit, in := range [len(classLetters)]bool{letter, c < ' ' || c == 127, isDigit(c),
			letter && c >= 'a', c > ' ' && c < 127 && !letter && !isDigit(c), isSpace(c),
			letter && c < 'a', letter || isDigit(c), isHex(c), c == 0} {
			if in {
				list[i] |= 1 << bit
			}
		}
	}
	return
}()

// capture returns capture i of a match from s to end; without captures the first is the match.
func (m *matcher) capture(i, s, end int) value {
	if i >= m.level {
		if i != 0 {
			fail(m.l, "invalid capture index")
		}
		return m.vm.decodedString(m.src, m.src[s:end])
	}
	c := m.caps[i]
	switch c.size {
	case captureOpen:
		fail(m.l, "unfinished capture")
	case capturePosition:
		return integer(c.at + 1)
	}
	return m.vm.decodedString(m.src, m.src[c.at:c.at+c.size])
}

// pushCaptures pushes all captures; whole pushes the match when there is none.
func (m *matcher) pushCaptures(s, end int, whole bool) int {
	if m.level == 0 && whole {
		m.l.push(m.vm.decodedString(m.src, m.src[s:end]))
		return 1
	}
	for i := range m.level {
		m.l.push(m.capture(i, s, end))
	}
	return m.level
}
