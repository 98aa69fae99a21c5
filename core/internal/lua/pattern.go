package lua

// captureMax bounds the captures of a pattern, as Lua does.
const captureMax = 32

// matchDepthMax bounds the recursion of the matcher, which takes Go's stack.
const matchDepthMax = 2000

// Lengths of captures that are no lengths.
const (
	captureOpen     = -1
	capturePosition = -2
)

// matcher matches one of Lua's patterns. Positions are offsets; -1 is no match.
type matcher struct {
	vm    *VM
	l     *thread
	src   string
	pat   string
	level int // captures begun
	depth int
	caps  [captureMax]struct{ at, size int }
}

// match matches the pattern from p on against the subject from s on and returns where the match
// ends.
func (m *matcher) match(s, p int) int {
	if m.depth++; m.depth > matchDepthMax {
		fail(m.l, "pattern too complex")
	}
	end := m.sequence(s, p)
	m.depth--
	return end
}

func (m *matcher) sequence(s, p int) int {
	for p < len(m.pat) {
		m.vm.work(1)
		switch m.pat[p] {
		case '(':
			return m.open(s, p)
		case ')':
			return m.close(s, p+1)
		case '$':
			if p+1 == len(m.pat) {
				if s == len(m.src) {
					return s
				}
				return -1
			}
		case '%':
			next, size, special := m.special(s, p)
			if special {
				if next < 0 {
					return -1
				}
				s, p = next, p+size
				continue
			}
		}
		end := m.classEnd(p)
		if end < len(m.pat) {
			switch m.pat[end] {
			case '?':
				if s < len(m.src) && m.single(m.src[s], p, end) {
					if r := m.match(s+1, end+1); r >= 0 {
						return r
					}
				}
				p = end + 1
				continue
			case '*':
				return m.longest(s, p, end, 0)
			case '+':
				return m.longest(s, p, end, 1)
			case '-':
				return m.shortest(s, p, end)
			}
		}
		if s >= len(m.src) || !m.single(m.src[s], p, end) {
			return -1
		}
		s, p = s+1, end
	}
	return s
}

// open begins a capture.
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
	end := m.match(s, p)
	if end < 0 {
		m.level--
	}
	return end
}

// close ends the capture that was opened last.
func (m *matcher) close(s, p int) int {
	for i := m.level - 1; i >= 0; i-- {
		if m.caps[i].size != captureOpen {
			continue
		}
		m.caps[i].size = s - m.caps[i].at
		end := m.match(s, p)
		if end < 0 {
			m.caps[i].size = captureOpen
		}
		return end
	}
	fail(m.l, "invalid pattern capture")
	return -1
}

// special matches %b, %f and back references; size is their length in the pattern.
func (m *matcher) special(s, p int) (next, size int, special bool) {
	if p+1 == len(m.pat) {
		fail(m.l, "malformed pattern (ends with '%')")
	}
	switch c := m.pat[p+1]; {
	case c == 'b':
		if p+3 >= len(m.pat) {
			fail(m.l, "unbalanced pattern")
		}
		return m.balanced(s, m.pat[p+2], m.pat[p+3]), 4, true
	case c == 'f':
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
			s = -1
		}
		return s, end - p, true
	case isDigit(c):
		i := int(c) - '1'
		if i < 0 || i >= m.level || m.caps[i].size == captureOpen {
			fail(m.l, "invalid capture index")
		}
		if m.caps[i].size < 0 { // a position is like nothing
			return -1, 2, true
		}
		seen := m.src[m.caps[i].at:][:m.caps[i].size]
		if len(m.src)-s < len(seen) || m.src[s:s+len(seen)] != seen {
			return -1, 2, true
		}
		return s + len(seen), 2, true
	}
	return 0, 0, false
}

func (m *matcher) balanced(s int, open, shut byte) int {
	if s >= len(m.src) || m.src[s] != open {
		return -1
	}
	depth := 1
	for i := s + 1; i < len(m.src); i++ {
		if i&63 == 0 {
			m.vm.work(4)
		}
		switch m.src[i] {
		case shut:
			if depth--; depth == 0 {
				return i + 1
			}
		case open:
			depth++
		}
	}
	return -1
}

// longest matches as many as there are, and then fewer.
func (m *matcher) longest(s, p, end, least int) int {
	n := 0
	for s+n < len(m.src) && m.single(m.src[s+n], p, end) {
		n++
	}
	m.vm.work(n / 4)
	for ; n >= least; n-- {
		if r := m.match(s+n, end+1); r >= 0 {
			return r
		}
	}
	return -1
}

// shortest matches as few as will do.
func (m *matcher) shortest(s, p, end int) int {
	for {
		if r := m.match(s, end+1); r >= 0 {
			return r
		}
		if s >= len(m.src) || !m.single(m.src[s], p, end) {
			return -1
		}
		s++
	}
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
	letter := 'a' <= c|32 && c|32 <= 'z'
	in := false
	switch class | 32 {
	case 'a':
		in = letter
	case 'c':
		in = c < ' ' || c == 127
	case 'd':
		in = isDigit(c)
	case 'l':
		in = letter && c >= 'a'
	case 'p':
		in = c > ' ' && c < 127 && !letter && !isDigit(c)
	case 's':
		in = isSpace(c)
	case 'u':
		in = letter && c < 'a'
	case 'w':
		in = letter || isDigit(c)
	case 'x':
		in = isHex(c)
	case 'z':
		in = c == 0
	default:
		return class == c
	}
	if class >= 'a' {
		return in
	}
	if class < 'A' { // no letter: it stands for itself
		return class == c
	}
	return !in
}

// capture returns capture i of a match from s to end; without captures the first is the match.
func (m *matcher) capture(i, s, end int) value {
	if i >= m.level {
		if i != 0 {
			fail(m.l, "invalid capture index")
		}
		return m.vm.part(m.src, m.src[s:end])
	}
	c := m.caps[i]
	switch c.size {
	case captureOpen:
		fail(m.l, "unfinished capture")
	case capturePosition:
		return integer(c.at + 1)
	}
	return m.vm.part(m.src, m.src[c.at:c.at+c.size])
}

// pushCaptures pushes all captures; whole pushes the match when there is none.
func (m *matcher) pushCaptures(s, end int, whole bool) int {
	n := m.level
	if n == 0 && whole {
		n = 1
	}
	for i := range n {
		m.l.push(m.capture(i, s, end))
	}
	return n
}

// search finds the first match at or behind an offset.
func (m *matcher) search(from int) (s, end int) {
	p := 0
	anchored := m.pat != "" && m.pat[0] == '^'
	if anchored {
		p = 1
	}
	for s = from; s <= len(m.src); s++ {
		m.level, m.depth = 0, 0
		if end = m.match(s, p); end >= 0 {
			return s, end
		}
		if anchored {
			break
		}
	}
	return -1, -1
}
