// Package sds cuts lines into words and quotes words, as the functions of Redis that are called so
// do: sdssplitargs and sdscatrepr. It is how redis.conf, inline requests, the command lines of
// redis-cli, its replies and the transcripts are written, and knows nothing of any of them.
package sds

import "bytes"

// The control characters that have a letter of their own behind a backslash.
const (
	letters  = "nrtab"
	controls = "\n\r\t\a\b"
)

// SplitArgs splits a line into words and appends them to dst. Words stand between white space;
// "double quotes" know \n \r \t \b \a \" \\ and \xHH, 'single quotes' know \' alone. A closing
// quote ends its word, and a NUL the line. It reports false for quotes that do not close or that
// end within a word. A word without quotes lies in line.
func SplitArgs(dst [][]byte, line []byte) ([][]byte, bool) {
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
			if !ok || i+1 < len(s) && !space(s[i+1]) && s[i+1] != 0 {
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
			c := s[i]
			if at := bytes.IndexByte([]byte(letters), c); at >= 0 {
				c = controls[at]
			}
			word = append(word, c)
		}
	}
	return word, len(s), false
}

// hex is the value of a hexadecimal digit, or -1.
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

// Repr is s between double quotes, with what is not printable escaped: SplitArgs reads it back.
func Repr(s string) string { return string(AppendRepr(nil, s)) }

// AppendRepr appends the Repr of s to dst.
func AppendRepr(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		c := s[i]
		switch at := bytes.IndexByte([]byte(controls), c); {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case at >= 0:
			dst = append(dst, '\\', letters[at])
		case c < ' ' || c > '~':
			dst = append(dst, '\\', 'x', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
