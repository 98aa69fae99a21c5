package resp

// Split splits a line into arguments as redis-cli and inline commands do and appends them to dst.
// Words stand between white space; "double quotes" know \n \r \t \b \a \" \\ and \xHH, 'single
// quotes' know \' alone. It reports false for quotes that do not close or that end within a word.
func Split(dst [][]byte, line []byte) ([][]byte, bool) {
	for i := 0; ; {
		for i < len(line) && space(line[i]) {
			i++
		}
		if i == len(line) || line[i] == 0 {
			return dst, true
		}
		word, n, ok := splitWord(line[i:])
		if !ok {
			return dst, false
		}
		dst = append(dst, word)
		i += n
	}
}

// space is C's isspace.
func space(b byte) bool { return b == ' ' || '\t' <= b && b <= '\r' }

// ends tells whether a byte ends a word that is not quoted: VT and FF do not, though they may stand
// before one.
func ends(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' || b == 0 }

// splitWord reads the word at the start of s and returns how much of s it took.
func splitWord(s []byte) (word []byte, n int, ok bool) {
	plain := 0
	for plain < len(s) && !ends(s[plain]) && s[plain] != '"' && s[plain] != '\'' {
		plain++
	}
	if plain == len(s) || ends(s[plain]) {
		return s[:plain:plain], plain, true
	}
	word = append(make([]byte, 0, len(s)), s[:plain]...)
	for i := plain; i < len(s); i++ {
		switch c := s[i]; {
		case ends(c):
			return word, i, true
		case c == '"' || c == '\'':
			var took int
			word, took, ok = quoted(word, s[i+1:], c)
			i += 1 + took
			if !ok || i+1 < len(s) && !space(s[i+1]) {
				return nil, 0, false
			}
			return word, i + 1, true
		default:
			word = append(word, c)
		}
	}
	return word, len(s), true
}

// quoted appends what stands before the closing quote and returns that quote's place in s.
func quoted(word, s []byte, quote byte) ([]byte, int, bool) {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return word, i, true
		case s[i] != '\\' || i+1 == len(s):
			word = append(word, s[i])
		case quote == '\'':
			if s[i+1] == '\'' {
				i++
			}
			word = append(word, s[i])
		case s[i+1] == 'x' && i+3 < len(s) && hex(s[i+2]) >= 0 && hex(s[i+3]) >= 0:
			word = append(word, byte(hex(s[i+2])<<4|hex(s[i+3])))
			i += 3
		default:
			i++
			word = append(word, unescape(s[i]))
		}
	}
	return word, len(s), false
}

func hex(b byte) int {
	switch {
	case '0' <= b && b <= '9':
		return int(b - '0')
	case 'a' <= b && b <= 'f':
		return int(b-'a') + 10
	case 'A' <= b && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}

func unescape(b byte) byte {
	switch b {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return b
}
