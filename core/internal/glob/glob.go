// Package glob matches byte strings against patterns as Redis does: * ? [a-z] [^a] and \ to quote.
package glob

// stepsMax bounds the work of one match: a pattern of many stars can otherwise take time that
// grows with every one of them.
const stepsMax = 1 << 20

// starsMax is the number of stars, or runs of them, that a match may need before the last one.
// Redis draws the line there.
const starsMax = 1000

// Match reports whether pattern matches the whole of s; fold ignores the case of ASCII letters.
// Only the empty pattern matches the empty string: to Redis not even * does.
func Match(pattern, s []byte, fold bool) bool {
	if len(s) == 0 {
		return len(pattern) == 0
	}
	m := matcher{steps: stepsMax, fold: fold}
	return m.match(pattern, s)
}

type matcher struct {
	steps int
	fold  bool
}

// match walks both strings; at a mismatch after a star it goes back to the last star and lets it
// take one byte more, for no earlier star could do better.
func (m *matcher) match(p, s []byte) bool {
	starP, starS, stars := -1, 0, 0
	i, j := 0, 0
	for {
		if m.steps--; m.steps < 0 {
			return false
		}
		if i < len(p) && p[i] == '*' {
			for i < len(p) && p[i] == '*' {
				i++
			}
			if i == len(p) {
				return true
			}
			if stars++; stars > starsMax {
				return false
			}
			starP, starS = i, j
			continue
		}
		if i == len(p) && j == len(s) {
			return true
		}
		if i < len(p) && j < len(s) {
			if n, ok := m.one(p[i:], s[j]); ok {
				i += n
				j++
				continue
			}
		}
		if starP < 0 || starS >= len(s) {
			return false
		}
		starS++
		i, j = starP, starS
	}
}

// one matches one byte against the pattern's next element and returns that element's length.
func (m *matcher) one(p []byte, b byte) (n int, ok bool) {
	switch p[0] {
	case '?':
		return 1, true
	case '[':
		return m.class(p, b)
	case '\\':
		if len(p) > 1 {
			return 2, m.fold2(p[1]) == m.fold2(b)
		}
	}
	return 1, m.fold2(p[0]) == m.fold2(b)
}

func (m *matcher) fold2(b byte) byte {
	if m.fold && 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// class matches a bracket expression; one that does not close ends with the pattern.
func (m *matcher) class(p []byte, b byte) (n int, ok bool) {
	i := 1
	not := i < len(p) && p[i] == '^'
	if not {
		i++
	}
	b = m.fold2(b)
	for ; ; i++ {
		switch {
		case i >= len(p):
			return len(p), ok != not
		case p[i] == '\\' && i+1 < len(p):
			i++
			ok = ok || m.fold2(p[i]) == b
		case p[i] == ']':
			return i + 1, ok != not
		case i+2 < len(p) && p[i+1] == '-':
			lo, hi := p[i], p[i+2]
			if lo > hi {
				lo, hi = hi, lo
			}
			i += 2
			ok = ok || m.fold2(lo) <= b && b <= m.fold2(hi)
		default:
			ok = ok || m.fold2(p[i]) == b
		}
	}
}
