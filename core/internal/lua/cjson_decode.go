package lua

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonToken is what a jsonReader reads next.
type jsonToken struct {
	_ [0]func() // not compared

	kind   jsonKind
	at     int // where an error about it is reported
	text   string
	number float64
	value  bool
	fault  string // of the kind jsonFault
}

type jsonKind uint8

const (
	jsonObject jsonKind = iota
	jsonObjectEnd
	jsonArray
	jsonArrayEnd
	jsonString
	jsonNumber
	jsonBoolean
	jsonNull
	jsonColon
	jsonComma
	jsonEnd
	jsonFault
	jsonWord // true, false, null and what else is no other token
)

// jsonNames are what errors call the tokens.
var jsonNames = [...]string{
	"T_OBJ_BEGIN", "T_OBJ_END", "T_ARR_BEGIN", "T_ARR_END", "T_STRING", "T_NUMBER", "T_BOOLEAN",
	"T_NULL", "T_COLON", "T_COMMA", "T_END",
}

// jsonReader makes Lua values of a JSON text. The tables that it is in are a list of its own, so
// that it can be suspended; all that they are to have waits on the stack.
type jsonReader struct {
	vm    *VM
	l     *thread
	o     *jsonOptions
	in    string
	at    int
	open  []decoding
	wants jsonWant
	buf   []byte // of a string in which something is escaped
	amid  bool   // such a string is being read
	tok   jsonToken
}

// jsonWant is what is to come next.
type jsonWant uint8

const (
	jsonWantsValue jsonWant = iota
	jsonWantsFirst          // the first key or element of a table, or its end
	jsonWantsKey
	jsonWantsColon
	jsonWantsNext // a comma or the end of the table, or of all
)

func (vm *VM) jsonDecode(l *thread, o *jsonOptions) int {
	if l.count() != 1 {
		argError(l, 1, "expected 1 argument")
	}
	r := vm.jsonReader
	if r == nil {
		r = &jsonReader{vm: vm}
	}
	vm.jsonReader = nil
	r.l, r.o, r.in, r.at, r.open = l, o, checkString(l, 1), 0, r.open[:0]
	r.wants, r.amid = jsonWantsValue, false
	if len(r.in) >= 2 && (r.in[0] == 0 || r.in[1] == 0) {
		fail(l, "JSON parser does not support UTF-16 or UTF-32")
	}
	return l.start(r)
}

func (r *jsonReader) size() int { return decodingSize*len(r.open) + len(r.buf) }

func (r *jsonReader) step(l *thread) int {
	for {
		if r.vm.left <= 0 && r.vm.look() {
			return suspended
		}
		if n := len(r.open) - 1; n >= 0 {
			if d := &r.open[n]; d.over || d.full(l) {
				if n := d.putBatch(l); n != 0 {
					return n
				}
				if d.over {
					r.open = r.open[:n]
					continue
				}
			}
		}
		if !r.next() {
			continue
		}
		if len(r.open) == 0 && r.wants == jsonWantsNext {
			return r.end()
		}
		r.take(&r.tok)
	}
}

// end ends the reading.
func (r *jsonReader) end() int {
	if r.tok.kind != jsonEnd {
		r.fail("the end")
	}
	r.l, r.o, r.in, r.tok = nil, nil, "", jsonToken{}
	if clear(r.open[:cap(r.open)]); cap(r.buf) <= scratchMax {
		r.vm.jsonReader = r
	}
	return 1
}

// take goes on by a token.
func (r *jsonReader) take(t *jsonToken) {
	switch r.wants {
	case jsonWantsValue:
		r.value()
	case jsonWantsFirst, jsonWantsNext:
		d := &r.open[len(r.open)-1]
		switch {
		case t.kind == jsonArrayEnd && !d.isMap, t.kind == jsonObjectEnd && d.isMap:
			d.over = true
			r.wants = jsonWantsNext
		case r.wants == jsonWantsFirst && d.isMap:
			r.key(t)
		case r.wants == jsonWantsFirst:
			r.value()
		case t.kind != jsonComma && d.isMap:
			r.fail("comma or object end")
		case t.kind != jsonComma:
			r.fail("comma or array end")
		case d.isMap:
			r.wants = jsonWantsKey
		default:
			r.wants = jsonWantsValue
		}
	case jsonWantsKey:
		r.key(t)
	default:
		if t.kind != jsonColon {
			r.fail("colon")
		}
		r.wants = jsonWantsValue
	}
}

func (r *jsonReader) key(t *jsonToken) {
	if t.kind != jsonString {
		r.fail("object key string")
	}
	r.l.push(r.vm.decodedString(r.in, t.text))
	r.wants = jsonWantsColon
}

// fail raises the error that something else was expected.
func (r *jsonReader) fail(want string) {
	found := r.tok.fault
	if r.tok.kind != jsonFault {
		found = jsonNames[r.tok.kind]
	}
	fail(r.l, "Expected "+want+" but found "+found+" at character "+itoa(r.tok.at+1))
}

// value puts the value that begins with the token just read to where it belongs.
func (r *jsonReader) value() {
	t := &r.tok
	r.vm.left -= elementCharge
	switch t.kind {
	case jsonString:
		r.put(r.vm.decodedString(r.in, t.text))
	case jsonNumber:
		r.put(number(t.number))
	case jsonBoolean:
		r.put(boolean(t.value))
	case jsonNull:
		r.put(r.vm.null)
	case jsonObject:
		r.deeper(true)
	case jsonArray:
		r.deeper(false)
	default:
		r.fail("value")
	}
}

func (r *jsonReader) deeper(isMap bool) {
	if depth := len(r.open) + 1; depth > r.o.decodeDepth {
		fail(r.l, "Found too many nested data structures ("+itoa(depth)+
			") at character "+itoa(r.at))
	}
	t := r.vm.newTable(0, 0)
	r.l.push(t.value())
	r.open = append(r.open, decoding{t: t, at: r.l.top, isMap: isMap})
	r.wants = jsonWantsFirst
}

// put leaves a value for the table around it.
func (r *jsonReader) put(v value) {
	r.l.push(v)
	r.wants = jsonWantsNext
}

// jsonFirst tells by its first character what a token is; those of more characters begin with
// the kind given here.
var jsonFirst = func() (first [256]jsonKind) {
	for c := range first {
		first[c] = jsonWord
	}
	for i, c := range "{}[]" {
		first[c] = jsonKind(i)
	}
	for _, c := range "-+0123456789" {
		first[c] = jsonNumber
	}
	first[':'], first[','], first['"'], first[0] = jsonColon, jsonComma, jsonString, jsonEnd
	return
}()

// next reads the next token into r.tok, or a part of one that is long.
func (r *jsonReader) next() (whole bool) {
	if r.amid {
		return r.escaped(&r.tok)
	}
	in, at := r.in, r.at
	most := min(len(in), at+bytesAtOnce)
	for at < most && (in[at] == ' ' || in[at] == '\n' || in[at] == '\t' || in[at] == '\r') {
		at++
	}
	r.vm.left -= (at - r.at) >> 5
	t := &r.tok
	r.at, t.at = at, at
	if at == most && at < len(in) {
		return false
	}
	if at == len(in) {
		t.kind = jsonEnd
		return true
	}
	t.kind = jsonFirst[in[at]]
	switch t.kind {
	case jsonEnd:
	case jsonString:
		return r.text(t)
	case jsonNumber:
		r.number(t)
	case jsonWord:
		r.word(t)
	default:
		r.at++
	}
	return true
}

func (r *jsonReader) word(t *jsonToken) {
	rest := r.in[r.at:]
	switch {
	case strings.HasPrefix(rest, "true"):
		t.kind, t.value = jsonBoolean, true
		r.at += 4
	case strings.HasPrefix(rest, "false"):
		t.kind = jsonBoolean
		r.at += 5
	case strings.HasPrefix(rest, "null"):
		t.kind = jsonNull
		r.at += 4
	case r.o.decodeInvalid && (rest[0]|32 == 'i' || rest[0]|32 == 'n'):
		r.number(t)
		if t.kind == jsonFault {
			t.fault = "invalid token"
		}
	default:
		t.kind, t.fault = jsonFault, "invalid token"
	}
}

// number reads as much as C's strtod would.
func (r *jsonReader) number(t *jsonToken) {
	rest := r.in[r.at:]
	s := strings.TrimPrefix(rest, "-")
	if !r.o.decodeInvalid && len(s) > 1 && s[0] == '0' && (isDigit(s[1]) || s[1]|32 == 'x') {
		t.kind, t.fault = jsonFault, "invalid number"
		return
	}
	if r.digits(t) {
		return
	}
	n := numberLength(rest, r.o.decodeInvalid)
	v, ok := parseNumber(r.in[r.at : r.at+n])
	if n == 0 || !ok {
		t.kind, t.fault = jsonFault, "invalid number"
		return
	}
	t.kind, t.number = jsonNumber, v
	r.at += n
}

// digitsMax is how many digits a float64 holds whatever they are.
const digitsMax = 15

// powersOfTen are those by which a number of digitsMax digits is divided without a second rounding.
var powersOfTen = [digitsMax + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15}

// digits reads a number of a few digits without an exponent, as most are.
func (r *jsonReader) digits(t *jsonToken) bool {
	in, at := r.in, r.at
	neg := in[at] == '-'
	if neg {
		at++
	}
	n, from, behind := 0.0, at, -1 // the point
	for at < len(in) && at-from <= digitsMax {
		if d := in[at] - '0'; d <= 9 {
			n = n*10 + float64(d)
		} else if in[at] == '.' && behind < 0 && at > from {
			behind = at
		} else {
			break
		}
		at++
	}
	if at == from || at-from > digitsMax || behind == at-1 {
		return false
	}
	if at < len(in) {
		if c := in[at] | 32; c == 'e' || c == 'x' || in[at] == '.' {
			return false
		}
	}
	if behind >= 0 {
		n /= powersOfTen[at-behind-1]
	}
	if neg {
		n = -n
	}
	t.kind, t.number, r.at = jsonNumber, n, at
	return true
}

// numberLength measures the number at the beginning of s; loose allows what JSON does not.
func numberLength(s string, loose bool) int {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	if loose {
		for _, word := range [...]string{"infinity", "inf", "nan"} {
			if len(s)-i >= len(word) && strings.EqualFold(s[i:i+len(word)], word) {
				from := i
				if i += len(word); i < len(s) && s[i] == '(' {
					if end := nameEnd(s, i+1) + 1; end <= len(s) && isNaN(s[from:end]) {
						i = end
					}
				}
				return i
			}
		}
		if len(s) > i+2 && s[i] == '0' && s[i+1]|32 == 'x' {
			if end := digitsLength(s, i+2, 'p', hexEnd); end > 0 {
				return end
			}
		}
	}
	return digitsLength(s, i, 'e', digitsEnd)
}

// digitsLength returns where the digits, fraction and exponent end that are at a place; 0 if there
// are none.
func digitsLength(s string, i int, exponent byte, end func(string, int) int) int {
	from := i
	i = end(s, i)
	whole := i - from
	if i < len(s) && s[i] == '.' {
		fraction := end(s, i+1) - i - 1
		if whole+fraction > 0 {
			i += 1 + fraction
		}
		whole += fraction
	}
	if whole == 0 {
		return 0
	}
	if i < len(s) && s[i]|32 == exponent {
		j := i + 1
		if j < len(s) && (s[j] == '-' || s[j] == '+') {
			j++
		}
		if end := digitsEnd(s, j); end > j {
			i = end
		}
	}
	return i
}

func hexEnd(s string, at int) int {
	for at < len(s) && isHex(s[at]) {
		at++
	}
	return at
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || 'a' <= c|32 && c|32 <= 'f' }

// text reads a string.
func (r *jsonReader) text(t *jsonToken) (whole bool) {
	from := r.at + 1
	i := textEnd(r.in, from)
	if i == len(r.in) || r.in[i] != '"' {
		r.at, r.buf = from, r.buf[:0]
		return r.escaped(t)
	}
	t.text = r.in[from:i]
	r.vm.left -= (i - r.at) >> 6
	r.at = i + 1
	return true
}

// textEnd returns where the next character is that means something in a string.
func textEnd(in string, i int) int {
	for {
		i = plainUntil(in, i, '"', '\\')
		if i == len(in) || in[i] == 0 || in[i] > '\r' {
			return i
		}
		i++
	}
}

// escapesAtOnce is how many escape sequences are read between two looks at the slice.
const escapesAtOnce = 1 << 10

// escaped reads the rest of a string in which something is escaped, or a part of it.
func (r *jsonReader) escaped(t *jsonToken) (whole bool) {
	in := r.in
	r.amid = false
	for range escapesAtOnce {
		i := textEnd(in, r.at)
		r.vm.left -= 2 + (i-r.at)>>6
		r.buf = append(r.buf, in[r.at:i]...)
		if r.at = i; i == len(in) || in[i] == 0 { // where a string ends for C
			t.kind, t.fault, t.at = jsonFault, "unexpected end of string", i
			return true
		}
		if in[i] == '"' {
			t.text = string(r.buf)
			r.at++
			return true
		}
		n := 0
		if r.buf, n = appendUnescaped(r.buf, in[i:]); n == 0 {
			t.kind, t.at, t.fault = jsonFault, i, "invalid escape code"
			if i+1 < len(in) && in[i+1] == 'u' {
				t.fault = "invalid unicode escape code"
			}
			return true
		}
		r.at += n
	}
	r.amid = true
	return false
}

// appendUnescaped decodes the escape sequence at the beginning of s; its length is 0 if it is
// wrong.
func appendUnescaped(out []byte, s string) (_ []byte, n int) {
	if len(s) < 2 {
		return out, 0
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[1]); i >= 0 {
		return append(out, "\"\\/\b\f\n\r\t"[i]), 2
	}
	if s[1] != 'u' {
		return out, 0
	}
	code, ok := hex4(s[2:])
	if !ok || code&0xfc00 == 0xdc00 {
		return out, 0
	}
	if code&0xfc00 != 0xd800 {
		return appendUTF8(out, code), 6
	}
	if len(s) < 12 || s[6] != '\\' || s[7] != 'u' {
		return out, 0
	}
	low, ok := hex4(s[8:])
	if !ok || low&0xfc00 != 0xdc00 {
		return out, 0
	}
	return appendUTF8(out, 0x10000+(code&0x3ff)<<10+low&0x3ff), 12
}

func hex4(s string) (uint32, bool) {
	if len(s) < 4 || hexEnd(s[:4], 0) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:4], 16, 32)
	return uint32(n), err == nil
}

func appendUTF8(dst []byte, code uint32) []byte {
	return utf8.AppendRune(dst, rune(min(code, math.MaxInt32)))
}
