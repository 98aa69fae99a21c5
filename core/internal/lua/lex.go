package lua

import (
	"strconv"
	"strings"
)

// tokenKind tells the tokens of Lua apart. Single characters stand for themselves.
type tokenKind int

const (
	tokEnd tokenKind = iota + 256
	tokName
	tokString
	tokNumber
	tokConcat   // ..
	tokDots     // ...
	tokEqual    // ==
	tokLess     // <=
	tokMore     // >=
	tokUnequal  // ~=
	tokKeywords // the first of keywords
)

// keywords are the reserved words, in the order of their kinds.
var keywords = [...]string{
	"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local",
	"nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
}

const (
	tokAnd = tokKeywords + iota
	tokBreak
	tokDo
	tokElse
	tokElseif
	tokEndWord
	tokFalse
	tokFor
	tokFunction
	tokIf
	tokIn
	tokLocal
	tokNil
	tokNot
	tokOr
	tokRepeat
	tokReturn
	tokThen
	tokTrue
	tokUntil
	tokWhile
)

// token is one token: its kind, its text as errors quote it, and its value.
type token struct {
	_ [0]func() // not compared

	kind  tokenKind
	line  int
	text  string
	value string  // of names and strings
	num   float64 // of numbers
}

// tokenCharge is what a token takes in instructions.
const tokenCharge = 8

// scanCharge is how many bytes of a token, and of what stands before it, count as an instruction.
const scanCharge = 64

// syntaxError is panicked with when the source is wrong; parseChunk recovers it.
type syntaxError string

// lexer cuts a source into tokens.
type lexer struct {
	_ [0]func() // not compared

	name string
	in   string
	at   int
	line int
}

// fail gives up with an error in Lua's words.
func (x *lexer) fail(problem, near string) {
	text := x.name + ":" + itoa(x.line) + ": " + problem
	if near != "" {
		text += " near '" + near + "'"
	}
	panic(syntaxError(text))
}

// kindText is how errors name a kind of token.
func kindText(k tokenKind) string {
	switch {
	case k < 256:
		return quoteByte(byte(k))
	case k >= tokKeywords:
		return keywords[k-tokKeywords]
	}
	return [...]string{"<eof>", "<name>", "<string>", "<number>", "..", "...", "==", "<=", ">=",
		"~="}[k-tokEnd]
}

// quoteByte writes a byte as a token; that of 0 is said to be near nothing.
func quoteByte(c byte) string {
	if c == 0 {
		return ""
	}
	if c < ' ' || c == 127 {
		return "char(" + itoa(int(c)) + ")"
	}
	return string([]byte{c})
}

// peek returns the character at an offset, 0 behind the end.
func (x *lexer) peek(ahead int) byte {
	if x.at+ahead < len(x.in) {
		return x.in[x.at+ahead]
	}
	return 0
}

// newline passes over a line break of one or two characters.
//
//go:noinline
func (x *lexer) newline() {
	c := x.in[x.at]
	x.at++
	if next := x.peek(0); (next == '\n' || next == '\r') && next != c {
		x.at++
	}
	x.line++
}

// next reads the next token.
func (x *lexer) next(t *token) {
	for x.at < len(x.in) {
		c := x.in[x.at]
		switch {
		case c == '\n' || c == '\r':
			x.newline()
		case isSpace(c):
			x.at = runEnd(x.in, x.at+1, c)
		case c == '-' && x.peek(1) == '-':
			x.comment()
		default:
			*t = token{kind: tokenKind(c), line: x.line}
			x.token(t)
			return
		}
	}
	*t = token{kind: tokEnd, line: x.line, text: "<eof>"}
}

func (x *lexer) comment() {
	x.at += 2
	if x.peek(0) == '[' {
		if level := x.longBracket(); level >= 0 {
			x.long(level, "unfinished long comment")
			return
		}
	}
	for x.at < len(x.in) && x.in[x.at] != '\n' && x.in[x.at] != '\r' {
		x.at = plainUntil(x.in, x.at+1, '\n', '\n')
	}
}

// plainUntil returns where the next of two characters is, or one that may end a line. It makes long
// tokens quick.
//
//go:noinline
func plainUntil(s string, at int, a, b byte) int {
	for at+8 <= len(s) {
		w := eight(s, at)
		x, y := w^uint64(a)*everyByte, w^uint64(b)*everyByte
		if ((w-14*everyByte)&^w|(x-everyByte)&^x|(y-everyByte)&^y)&topBits != 0 {
			break // one of them is below 14, or a, or b
		}
		at += 8
	}
	for at < len(s) && s[at] > '\r' && s[at] != a && s[at] != b {
		at++
	}
	return at
}

// longBracket returns the number of = in a long bracket that begins here, -1 if none does.
func (x *lexer) longBracket() int {
	level := 0
	for x.peek(1+level) == '=' {
		level++
	}
	if x.peek(1+level) != '[' {
		return -1
	}
	return level
}

// long reads a long string or comment.
func (x *lexer) long(level int, unfinished string) string {
	x.at += level + 2
	if c := x.peek(0); x.at < len(x.in) && (c == '\n' || c == '\r') {
		x.newline()
	}
	end := "]" + strings.Repeat("=", level) + "]"
	var out []byte // what is in front of from, if that is not as it stands there
	from := x.at
	for x.at < len(x.in) {
		switch c := x.in[x.at]; {
		case c == '\n' && x.peek(1) != '\r':
			x.newline()
		case c == '\n' || c == '\r':
			out = append(append(out, x.in[from:x.at]...), '\n')
			x.newline()
			from = x.at
		case c == ']' && strings.HasPrefix(x.in[x.at:], end):
			text := x.in[from:x.at]
			if x.at += len(end); out != nil {
				text = string(append(out, text...))
			}
			return text
		default:
			x.at = plainUntil(x.in, x.at+1, ']', ']')
		}
	}
	x.fail(unfinished, "<eof>")
	return ""
}

// nameEnd returns where the characters of a name end that begin at a place.
func nameEnd(s string, at int) int {
	for ; at+8 <= len(s); at += 8 {
		w := eight(s, at)
		low := w | 0x20*everyByte
		letters := (low + (128-'a')*everyByte) &^ (low + (127-'z')*everyByte)
		figures := (w + (128-'0')*everyByte) &^ (w + (127-'9')*everyByte)
		others := (w ^ '_'*everyByte) + 127*everyByte
		if (letters|figures|^others)&^w&topBits != topBits { // no byte above 127 is one of them
			break
		}
	}
	for at < len(s) && isNameByte(s[at]) {
		at++
	}
	return at
}

func isNameByte(c byte) bool {
	return c == '_' || 'a' <= c|32 && c|32 <= 'z' || isDigit(c)
}

// token reads the token that begins here, whose kind is the first character so far.
func (x *lexer) token(t *token) {
	start, c := x.at, byte(t.kind)
	switch {
	case isDigit(c) || c == '.' && isDigit(x.peek(1)):
		x.number(t)
		return
	case isNameByte(c):
		x.at = nameEnd(x.in, start)
		t.kind, t.text = tokName, x.in[start:x.at]
		t.value = t.text
		for i, word := range keywords {
			if word == t.text {
				t.kind = tokKeywords + tokenKind(i)
			}
		}
		return
	case c == '"' || c == '\'':
		x.quoted(t, c)
		return
	case c == '[':
		if level := x.longBracket(); level >= 0 {
			t.value = x.long(level, "unfinished long string")
			t.kind, t.text = tokString, x.in[start:x.at]
			t.line = x.line
			return
		} else if x.peek(1) == '=' {
			x.fail("invalid long string delimiter", x.in[start:runEnd(x.in, start+1, '=')])
		}
	}
	x.at++
	x.operator(t)
	t.text = kindText(t.kind)
}

// operator reads the rest of an operator of several characters.
func (x *lexer) operator(t *token) {
	second := x.peek(0)
	switch {
	case t.kind == '.' && second == '.':
		x.at++
		t.kind = tokConcat
		if x.peek(0) == '.' {
			x.at++
			t.kind = tokDots
		}
		return
	case second != '=':
		return
	}
	switch t.kind {
	case '=':
		t.kind = tokEqual
	case '<':
		t.kind = tokLess
	case '>':
		t.kind = tokMore
	case '~':
		t.kind = tokUnequal
	default:
		return
	}
	x.at++
}

func (x *lexer) number(t *token) {
	start := x.at
	for x.peek(0) == '.' || isDigit(x.peek(0)) {
		x.at = digitsEnd(x.in, x.at+1)
	}
	if x.takes('E', 'e') {
		x.takes('+', '-')
	}
	for isNameByte(x.peek(0)) {
		x.at++
	}
	t.kind, t.text = tokNumber, x.in[start:x.at]
	n, ok := parseNumber(t.text)
	if !ok {
		x.fail("malformed number", cString(t.text))
	}
	t.num = n
}

// takes passes over one of two characters if it is there, or over a zero byte, which C finds in
// any string.
func (x *lexer) takes(a, b byte) bool {
	if x.at == len(x.in) || x.in[x.at] != a && x.in[x.at] != b && x.in[x.at] != 0 {
		return false
	}
	x.at++
	return true
}

// quoted reads a string in quotes.
func (x *lexer) quoted(t *token, quote byte) {
	start := x.at
	x.at = plainUntil(x.in, start+1, quote, '\\')
	if x.at < len(x.in) && x.in[x.at] == quote { // it is as it stands there
		x.at++
		t.kind, t.text, t.line = tokString, x.in[start:x.at], x.line
		t.value = t.text[1 : len(t.text)-1]
		return
	}
	raw := []byte(x.in[start:x.at]) // as errors quote it
	for {
		if x.at >= len(x.in) {
			x.fail("unfinished string", "<eof>")
		}
		switch c := x.in[x.at]; c {
		case '\n', '\r':
			x.fail("unfinished string", string(raw))
		case '\\':
			x.at++
			raw = x.escape(raw)
		default:
			to := plainUntil(x.in, x.at+1, quote, '\\')
			if c == quote {
				to = x.at + 1
			}
			raw = append(raw, x.in[x.at:to]...)
			x.at = to
			if c == quote {
				t.kind, t.text, t.line = tokString, string(raw), x.line
				t.value = string(raw[1 : len(raw)-1])
				return
			}
		}
	}
}

// escape appends what an escape sequence stands for.
func (x *lexer) escape(raw []byte) []byte {
	if x.at >= len(x.in) {
		return raw // the end is found out next
	}
	c := x.in[x.at]
	if i := strings.IndexByte("abfnrtv", c); i >= 0 {
		x.at++
		return append(raw, "\a\b\f\n\r\t\v"[i])
	}
	switch {
	case c == '\n' || c == '\r':
		x.newline()
		return append(raw, '\n')
	case !isDigit(c):
		x.at++
		return append(raw, c)
	}
	n := min(3, digitsEnd(x.in, x.at)-x.at)
	code, _ := strconv.Atoi(x.in[x.at : x.at+n])
	x.at += n
	if code > 255 {
		x.fail("escape sequence too large", string(raw))
	}
	return append(raw, byte(code))
}
