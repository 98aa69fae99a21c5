package filter

// attribute finds a field of the object that a JSON text is. It reads no further than to the field,
// and what comes before it only as far as to get over it.
func attribute(json, name []byte) (value, bool) {
	s := scanner{src: json}
	if len(name) == 0 || s.next() != '{' {
		return value{}, false
	}
	s.at++
	for s.next() == '"' {
		start := s.at + 1
		if !s.overText() {
			return value{}, false
		}
		key := json[start : s.at-1]
		if s.next() != ':' {
			return value{}, false
		}
		s.at++
		s.next()
		if string(key) == string(name) {
			return s.value()
		}
		if !s.over() || s.next() != ',' {
			return value{}, false
		}
		s.at++
	}
	return value{}, false
}

// scanner goes through a JSON text.
type scanner struct {
	src []byte
	at  int
}

// peek is the byte at hand, 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.src) {
		return s.src[s.at]
	}
	return 0
}

// next passes over white space and tells what follows.
//
//go:noinline
func (s *scanner) next() byte {
	for s.at < len(s.src) && isSpace(s.src[s.at]) {
		s.at++
	}
	return s.peek()
}

// over passes over a value. Objects and arrays are not looked into, but for their brackets.
func (s *scanner) over() bool {
	switch b := s.peek(); b {
	case '"':
		return s.overText()
	case '{':
		return s.overBrackets('{', '}')
	case '[':
		return s.overBrackets('[', ']')
	case 't', 'f', 'n':
		_, ok := s.word()
		return ok
	}
	return s.overNumber()
}

func (s *scanner) overNumber() bool {
	start := s.at
	for b := s.peek(); isDigit(b) || b == '.' || b == '-' || b == '+' || b|0x20 == 'e'; b = s.peek() {
		s.at++
	}
	return s.at > start
}

// overText passes over a string: to the quote that no backslash stands before.
//
//go:noinline
func (s *scanner) overText() bool {
	for s.at++; s.at < len(s.src); s.at++ {
		switch s.src[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return true
		}
	}
	return false
}

// overBrackets passes over what stands between two brackets of a kind.
func (s *scanner) overBrackets(open, shut byte) bool {
	for depth := 0; s.at < len(s.src); {
		switch s.src[s.at] {
		case '"':
			if !s.overText() {
				return false
			}
			continue
		case open:
			depth++
		case shut:
			depth--
		}
		s.at++
		if depth == 0 {
			return true
		}
	}
	return false
}

// words are what a JSON text has beside numbers, strings, objects and arrays.
var words = [...]struct {
	name string
	is   value
}{
	{"true", value{kind: number, num: 1}},
	{"false", value{kind: number}},
	{"null", value{kind: null}},
}

// word reads one of words, behind which no further letter or the like may stand.
func (s *scanner) word() (value, bool) {
	rest := s.src[s.at:]
	for i := range words {
		w := &words[i]
		if len(rest) < len(w.name) || string(rest[:len(w.name)]) != w.name {
			continue
		}
		s.at += len(w.name)
		b := s.peek()
		return w.is, b == 0 || b == ',' || b == ']' || b == '}' || isSpace(b)
	}
	return value{}, false
}

// value reads a value. An object is none.
func (s *scanner) value() (value, bool) {
	if s.peek() == '[' {
		return s.list()
	}
	return s.single()
}

// single reads a value that is no array.
func (s *scanner) single() (value, bool) {
	switch b := s.peek(); {
	case b == '"':
		return s.text()
	case b == 't' || b == 'f' || b == 'n':
		return s.word()
	case isDigit(b) || b == '-' || b == '+':
		start := s.at
		s.overNumber()
		f, ok := parse(s.src[start:s.at])
		return value{kind: number, num: f}, ok
	}
	return value{}, false
}

// escapes are the letters that stand for others behind a backslash; all else stands for itself.
const escapes, escaped = "ntr", "\n\t\r"

func (s *scanner) text() (value, bool) {
	start := s.at + 1
	if !s.overText() {
		return value{}, false
	}
	raw := s.src[start : s.at-1]
	v := value{kind: text, str: raw}
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' {
			v.str = unescape(raw, i)
			break
		}
	}
	return v, true
}

// unescape copies a string whose first backslash is at i.
func unescape(raw []byte, i int) []byte {
	out := append(make([]byte, 0, len(raw)), raw[:i]...)
	for ; i < len(raw); i++ {
		b := raw[i]
		if b == '\\' {
			i++
			b = raw[i]
			for j := range len(escapes) {
				if b == escapes[j] {
					b = escaped[j]
					break
				}
			}
		}
		out = append(out, b)
	}
	return out
}

// list reads an array. Of arrays within it nothing is kept but that they are there: nothing can be
// asked of them.
func (s *scanner) list() (value, bool) {
	v := value{kind: tuple}
	depth, fresh := 0, false // the arrays that are open; whether an element must not be missing
	for {
		s.next()
		switch {
		case s.peek() == '[':
			s.at++
			depth++
			if s.next() != ']' {
				continue
			}
			fallthrough
		case fresh && s.peek() == ']':
			s.at++
			depth--
			if depth == 1 {
				v.list = append(v.list, value{kind: tuple})
			}
		default:
			item, ok := s.single()
			if !ok {
				return v, false
			}
			if depth == 1 {
				v.list = append(v.list, item)
			}
		}
		if depth == 0 {
			return v, true
		}
		switch s.next() {
		case ',':
			s.at++
			fresh = false
		case ']':
			fresh = true
		default:
			return v, false
		}
	}
}
