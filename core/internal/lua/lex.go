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
	tokComment  // while it is passed over
	tokBad      // an error, which the lexer has the words of
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

// token is one token: its kind, its text, and its value.
type token struct {
	_ [0]func() // not compared

	kind  tokenKind
	line  int
	text  string  // of names and numbers; what strings begin with; "" of others
	value string  // of strings
	num   float64 // of numbers
}

// tokenCharge is what a token takes in instructions.
const tokenCharge = 8

// scanCharge and linesCharge are how many bytes, and line breaks, of a token and of what stands
// before it count as an instruction.
const (
	scanCharge  = 64
	linesCharge = 8
)

// syntaxError is panicked with when the source is wrong, which the lexer then has the text of;
// parser.step recovers it.
type syntaxError struct{}

// lexer cuts a source into tokens.
type lexer struct {
	_ [0]func() // not compared

	name string
	in   string
	at   int
	line int

	stop  int    // how far it may read: to the end, unless it reads ahead
	amid  bool   // it has stopped within a token, or a comment
	start int    // where the number begins that is being read, or the value of the string
	from  int    // from where on that value is not yet in raw
	raw   []byte // what is in front of from
	other bool   // the value is not as it stands there
	level int    // the number of = in the brackets around it; -1 for the rest of a line
	fault string // of tokBad

	reader *reader  // or nil
	known  []*known // the long tokens that were read ahead

	problem []string // what is wrong with the source, in parts, once that is known
}

// fail gives up with an error in Lua's words, near a token if there is one.
//
//go:noinline
func (x *lexer) fail(problem string, t *token) {
	x.problem = []string{x.name + ":" + itoa(x.line) + ": " + problem}
	if t != nil && t.kind != 0 {
		begin, near, end := t.text, t.value, "'"
		switch {
		case t.kind == tokString:
			end = strings.ReplaceAll(begin, "[", "]") + end
		case begin == "":
			begin = kindText(t.kind)
		}
		if near == "" {
			begin = cString(begin)
		} else if c := cString(near); len(c) < len(near) {
			near, end = c, "'"
		}
		x.problem = append(x.problem, " near '", begin, near, end)
	}
	panic(syntaxError{})
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

// next reads the next token, and returns what that takes in instructions.
func (x *lexer) next(t *token) (charge int) {
	if len(x.known) > 0 && x.known[0].from == x.at {
		k := x.known[0]
		*t, x.at, x.line = k.token, k.to, k.line
		x.known = x.known[1:]
	} else {
		at, line := x.at, x.line
		x.cut(t)
		charge = (x.at-at)/scanCharge + (x.line-line)/linesCharge
	}
	switch t.kind {
	case tokName:
		for i, word := range keywords {
			if word == t.text {
				t.kind = tokKeywords + tokenKind(i)
			}
		}
	case tokNumber:
		n, ok := parseNumber(t.text)
		if !ok {
			x.fail("malformed number", t)
		}
		t.num = n
	case tokBad:
		x.fail(x.fault, t)
	}
	return charge
}

// cut passes over what stands before the next token and reads that, as far as x.stop. When it has
// stopped before the end of the token, the next call goes on.
func (x *lexer) cut(t *token) (over bool) {
	if x.amid {
		x.amid = false
		x.goOn(t)
		if x.amid || t.kind != tokComment {
			return !x.amid
		}
	}
	for x.at < x.stop {
		c := x.in[x.at]
		switch {
		case c == '\n' || c == '\r':
			x.newline()
		case isSpace(c):
			x.at = runEnd(x.in[:x.stop], x.at+1, c)
		case c == '-' && x.peek(1) == '-':
			x.comment(t)
			if x.amid || t.kind != tokComment {
				return !x.amid
			}
		default:
			*t = token{kind: tokenKind(c), line: x.line}
			x.token(t)
			return !x.amid
		}
	}
	*t = token{kind: tokEnd, line: x.line}
	return x.at >= len(x.in)
}

// goOn goes on with a token or a comment that has begun.
//
//go:noinline
func (x *lexer) goOn(t *token) {
	switch {
	case t.kind == tokName:
		x.word(t)
	case t.kind == tokNumber:
		x.number(t)
	case t.kind != tokComment && t.kind != '[':
		x.quoted(t)
	case x.level >= 0:
		x.long(t)
	default:
		for x.at < x.stop && x.in[x.at] != '\n' && x.in[x.at] != '\r' {
			x.at = plainUntil(x.in[:x.stop], x.at+1, '\n', '\n')
		}
		x.amid = x.stops()
	}
}

// stops tells whether something is to be left in its midst.
func (x *lexer) stops() bool { return x.at >= x.stop && x.at < len(x.in) }

// bad ends a token in an error.
//
//go:noinline
func (x *lexer) bad(t *token, problem, near string) {
	t.kind, t.line, t.text, t.value = tokBad, x.line, near, ""
	x.fault, x.other = problem, false
}

// comment passes over a comment.
//
//go:noinline
func (x *lexer) comment(t *token) {
	*t = token{kind: tokComment}
	x.at += 2
	x.level = -1
	if x.peek(0) == '[' {
		x.open()
	}
	x.goOn(t)
}

// open passes over what opens a long string or comment, if that is here, and returns where its =
// end.
//
//go:noinline
func (x *lexer) open() (end int) {
	end = runEnd(x.in, x.at+1, '=')
	x.level = -1
	if end < len(x.in) && x.in[end] == '[' {
		x.level = end - x.at - 1
		x.at = end + 1
		if c := x.peek(0); c == '\n' || c == '\r' {
			x.newline()
		}
		x.begin()
	}
	return end
}

// begin begins with the value of a string.
func (x *lexer) begin() {
	x.start, x.from = x.at, x.at
	x.raw, x.other = x.raw[:0], false
}

// end ends it.
//
//go:noinline
func (x *lexer) end(t *token, at int) {
	t.kind, t.line, t.value = tokString, x.line, x.in[x.start:at]
	if x.other {
		x.take(at)
		t.value = string(x.raw)
	}
}

// take puts into raw what stands in the source up to a place.
//
//go:noinline
func (x *lexer) take(to int) { x.raw = append(x.raw, x.in[x.from:to]...) }

// put puts a character there, for what is in the source up to where the lexer is.
//
//go:noinline
func (x *lexer) put(c byte) {
	x.raw = append(x.raw, c)
	x.from, x.other = x.at, true
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

// long reads a long string or comment.
//
//go:noinline
func (x *lexer) long(t *token) {
	for x.at < x.stop {
		switch c := x.in[x.at]; {
		case c == '\n' && x.peek(1) != '\r':
			x.newline()
		case c == '\n' || c == '\r':
			if t.kind == tokComment {
				x.newline()
				break
			}
			x.take(x.at)
			x.newline()
			x.put('\n')
		case c == ']':
			end := x.at
			x.at = runEnd(x.in, end+1, '=')
			if x.at-end-1 != x.level || x.peek(0) != ']' {
				break
			}
			if x.at++; t.kind != tokComment {
				x.end(t, end)
			}
			return
		default:
			x.at = plainUntil(x.in[:x.stop], x.at+1, ']', ']')
		}
	}
	if x.amid = x.stops(); !x.amid {
		what := "unfinished long string"
		if t.kind == tokComment {
			what = "unfinished long comment"
		}
		x.bad(t, what, "<eof>")
	}
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
		t.kind, x.start, x.level = tokNumber, start, 0
		x.number(t)
		return
	case isNameByte(c):
		t.kind, x.start = tokName, start
		x.word(t)
		return
	case c == '"' || c == '\'':
		x.at++
		t.text = x.in[start:x.at]
		x.begin()
		x.quoted(t)
		return
	case c == '[':
		if end := x.open(); x.level >= 0 {
			t.text = x.in[start : end+1]
			x.long(t)
			return
		} else if end > start+1 {
			x.bad(t, "invalid long string delimiter", x.in[start:end])
			return
		}
	}
	x.at++
	x.operator(t)
}

// operator reads the rest of an operator of several characters.
//
//go:noinline
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

//go:noinline
func (x *lexer) number(t *token) {
	if x.level == 0 {
		for x.at < x.stop && (x.in[x.at] == '.' || isDigit(x.in[x.at])) {
			x.at = digitsEnd(x.in[:x.stop], x.at+1)
		}
		if x.amid = x.stops(); x.amid {
			return
		}
		if x.takes('E', 'e') {
			x.takes('+', '-')
		}
		x.level = 1 // what follows the digits and their exponent
	}
	x.word(t)
}

// word reads a name, or the rest of a number.
func (x *lexer) word(t *token) {
	x.at = nameEnd(x.in[:x.stop], x.at)
	x.amid = x.stops()
	t.text = x.in[x.start:x.at]
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
//
//go:noinline
func (x *lexer) quoted(t *token) {
	quote := byte(t.kind)
	for x.at < x.stop {
		switch x.in[x.at] {
		case quote:
			x.end(t, x.at)
			x.at++
			return
		case '\n', '\r':
			x.end(t, x.at)
			t.kind, x.fault = tokBad, "unfinished string"
			return
		case '\\':
			if x.take(x.at); x.escape() {
				x.end(t, x.at)
				t.kind, x.fault = tokBad, "escape sequence too large"
				return
			}
		default:
			x.at = plainUntil(x.in[:x.stop], x.at+1, quote, '\\')
		}
	}
	if x.amid = x.stops(); !x.amid {
		x.bad(t, "unfinished string", "<eof>")
	}
}

// escape puts what an escape sequence stands for. What stands for no byte is bad.
//
//go:noinline
func (x *lexer) escape() (bad bool) {
	x.at++
	if x.from, x.other = x.at, true; x.at == len(x.in) {
		return false // the end is found out next
	}
	c, n := x.in[x.at], 1
	if i := strings.IndexByte("abfnrtv", c); i >= 0 {
		c = "\a\b\f\n\r\t\v"[i]
	} else if c == '\n' || c == '\r' {
		x.newline()
		c, n = '\n', 0
	} else if isDigit(c) {
		n = digitsEnd(x.in[:min(len(x.in), x.at+3)], x.at) - x.at
		code, _ := strconv.Atoi(x.in[x.at : x.at+n])
		c, bad = byte(code), code > 255
	}
	if x.at += n; bad {
		x.from = x.at
		return true
	}
	x.put(c)
	return false
}
