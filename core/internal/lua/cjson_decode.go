package lua

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonToken is what a jsonReader reads next.
type jsonToken struct {
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
)

// jsonNames are what errors call the tokens.
var jsonNames = [...]string{
	"T_OBJ_BEGIN", "T_OBJ_END", "T_ARR_BEGIN", "T_ARR_END", "T_STRING", "T_NUMBER", "T_BOOLEAN",
	"T_NULL", "T_COLON", "T_COMMA", "T_END",
}

// jsonReader makes Lua values of a JSON text.
type jsonReader struct {
	vm *VM
	l  *thread
	o  *jsonOptions
	in string
	at int
}

func (vm *VM) jsonDecode(l *thread, o *jsonOptions) int {
	if l.count() != 1 {
		argError(l, 1, "expected 1 argument")
	}
	r := jsonReader{vm: vm, l: l, o: o, in: checkString(l, 1)}
	if len(r.in) >= 2 && (r.in[0] == 0 || r.in[1] == 0) {
		fail(l, "JSON parser does not support UTF-16 or UTF-32")
	}
	t := r.next()
	v := r.value(&t, 0)
	if t = r.next(); t.kind != jsonEnd {
		r.fail("the end", &t)
	}
	l.push(v)
	return 1
}

// fail raises the error that something else was expected.
func (r *jsonReader) fail(want string, t *jsonToken) {
	found := t.fault
	if t.kind != jsonFault {
		found = jsonNames[t.kind]
	}
	fail(r.l, "Expected "+want+" but found "+found+" at character "+itoa(t.at+1))
}

func (r *jsonReader) value(t *jsonToken, depth int) value {
	r.vm.work(1)
	switch t.kind {
	case jsonString:
		return r.vm.str(t.text)
	case jsonNumber:
		return number(t.number)
	case jsonBoolean:
		return boolean(t.value)
	case jsonNull:
		return r.vm.null
	case jsonObject:
		return r.object(r.deeper(depth))
	case jsonArray:
		return r.array(r.deeper(depth))
	}
	r.fail("value", t)
	return nilValue
}

func (r *jsonReader) deeper(depth int) int {
	if depth++; depth > r.o.decodeDepth {
		fail(r.l, "Found too many nested data structures ("+itoa(depth)+
			") at character "+itoa(r.at))
	}
	return depth
}

func (r *jsonReader) object(depth int) value {
	table := r.vm.newTable(0, 0)
	t := r.next()
	if t.kind == jsonObjectEnd {
		return table.value()
	}
	for {
		if t.kind != jsonString {
			r.fail("object key string", &t)
		}
		key := t.text
		if t = r.next(); t.kind != jsonColon {
			r.fail("colon", &t)
		}
		t = r.next()
		table.set(r.vm, r.vm.str(key), r.value(&t, depth))
		t = r.next()
		if t.kind == jsonObjectEnd {
			return table.value()
		}
		if t.kind != jsonComma {
			r.fail("comma or object end", &t)
		}
		t = r.next()
	}
}

func (r *jsonReader) array(depth int) value {
	table := r.vm.newTable(0, 0)
	t := r.next()
	if t.kind == jsonArrayEnd {
		return table.value()
	}
	for i := 1; ; i++ {
		table.setInt(r.vm, i, r.value(&t, depth))
		t = r.next()
		if t.kind == jsonArrayEnd {
			return table.value()
		}
		if t.kind != jsonComma {
			r.fail("comma or array end", &t)
		}
		t = r.next()
	}
}

func (r *jsonReader) next() jsonToken {
	for r.at < len(r.in) && strings.IndexByte(" \t\n\r", r.in[r.at]) >= 0 {
		r.at++
	}
	if r.at == len(r.in) || r.in[r.at] == 0 {
		return jsonToken{kind: jsonEnd, at: r.at}
	}
	t := jsonToken{at: r.at}
	c := r.in[r.at]
	if i := strings.IndexByte("{}[]", c); i >= 0 {
		t.kind = jsonKind(i)
		r.at++
		return t
	}
	switch {
	case c == ':':
		t.kind = jsonColon
		r.at++
	case c == ',':
		t.kind = jsonComma
		r.at++
	case c == '"':
		r.text(&t)
	case c == '-' || c == '+' || '0' <= c && c <= '9':
		r.number(&t)
	default:
		r.word(&t)
	}
	return t
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
	n := numberLength(r.in[r.at:], r.o.decodeInvalid)
	v, ok := parseNumber(r.in[r.at : r.at+n])
	if n == 0 || !ok {
		t.kind, t.fault = jsonFault, "invalid number"
		return
	}
	t.kind, t.number = jsonNumber, v
	r.at += n
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
				return i + len(word)
			}
		}
		if len(s) > i+2 && s[i] == '0' && s[i+1]|32 == 'x' && isHex(s[i+2]) {
			return i + 2 + digits(s[i+2:], isHex)
		}
	}
	whole := digits(s[i:], isDigit)
	i += whole
	if i < len(s) && s[i] == '.' {
		fraction := digits(s[i+1:], isDigit)
		if whole+fraction > 0 {
			i += 1 + fraction
		}
		whole += fraction
	}
	if whole == 0 {
		return 0
	}
	if i < len(s) && s[i]|32 == 'e' {
		j := i + 1
		if j < len(s) && (s[j] == '-' || s[j] == '+') {
			j++
		}
		if n := digits(s[j:], isDigit); n > 0 {
			i = j + n
		}
	}
	return i
}

func digits(s string, is func(byte) bool) int {
	n := 0
	for n < len(s) && is(s[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || 'a' <= c|32 && c|32 <= 'f' }

// text reads a string.
func (r *jsonReader) text(t *jsonToken) {
	var out []byte
	i := r.at + 1
	for {
		if i >= len(r.in) {
			t.kind, t.fault, t.at = jsonFault, "unexpected end of string", i
			return
		}
		c := r.in[i]
		if c == '"' {
			break
		}
		if c != '\\' {
			out = append(out, c)
			i++
			continue
		}
		n, decoded := jsonEscape(r.in[i:])
		if n == 0 {
			t.kind, t.at, t.fault = jsonFault, i, "invalid escape code"
			if i+1 < len(r.in) && r.in[i+1] == 'u' {
				t.fault = "invalid unicode escape code"
			}
			return
		}
		out = append(out, decoded...)
		i += n
	}
	t.kind, t.text = jsonString, string(out)
	r.at = i + 1
}

// jsonEscape decodes the escape sequence at the beginning of s; its length is 0 if it is wrong.
func jsonEscape(s string) (n int, decoded []byte) {
	if len(s) < 2 {
		return 0, nil
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[1]); i >= 0 {
		return 2, []byte{"\"\\/\b\f\n\r\t"[i]}
	}
	if s[1] != 'u' {
		return 0, nil
	}
	code, ok := hex4(s[2:])
	if !ok || code&0xfc00 == 0xdc00 {
		return 0, nil
	}
	if code&0xfc00 != 0xd800 {
		return 6, appendUTF8(nil, code)
	}
	if len(s) < 12 || s[6] != '\\' || s[7] != 'u' {
		return 0, nil
	}
	low, ok := hex4(s[8:])
	if !ok || low&0xfc00 != 0xdc00 {
		return 0, nil
	}
	return 12, appendUTF8(nil, 0x10000+(code&0x3ff)<<10+low&0x3ff)
}

func hex4(s string) (uint32, bool) {
	if len(s) < 4 || digits(s[:4], isHex) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:4], 16, 32)
	return uint32(n), err == nil
}

func appendUTF8(dst []byte, code uint32) []byte {
	return utf8.AppendRune(dst, rune(min(code, math.MaxInt32)))
}
