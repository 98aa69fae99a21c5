package lua

import (
	"math"
	"strconv"
	"strings"
)

//go:noinline
func itoa(n int) string { return strconv.Itoa(n) }

// appendNumber writes a number as Lua 5.1 does, with C's "%.14g".
func appendNumber(dst []byte, n float64) []byte {
	if i := int64(n); float64(i) == n && i > -1e14 && i < 1e14 && (i != 0 || !math.Signbit(n)) {
		return strconv.AppendInt(dst, i, 10)
	}
	return appendGeneral(dst, n, 14)
}

// appendGeneral writes a number with C's "%.<precision>g".
func appendGeneral(dst []byte, n float64, precision int) []byte {
	switch {
	case math.IsInf(n, 1):
		return append(dst, "inf"...)
	case math.IsInf(n, -1):
		return append(dst, "-inf"...)
	case math.IsNaN(n):
		if math.Signbit(n) {
			return append(dst, "-nan"...)
		}
		return append(dst, "nan"...)
	}
	return strconv.AppendFloat(dst, n, 'g', precision, 64)
}

// numberText is appendNumber as a string.
func numberText(n float64) string {
	if i, ok := asInt(n); ok && i >= 0 && i < len(smallNumbers) && (i != 0 || !math.Signbit(n)) {
		return smallNumbers[i]
	}
	var buf [32]byte
	return string(appendNumber(buf[:0], n))
}

// smallNumbers saves making a string of the numbers that scripts use most.
var smallNumbers = func() (s [256]string) {
	for i := range s {
		s[i] = itoa(i)
	}
	return
}()

// appendShortest writes a number as redis.call passes it on and as RESP3 shows it: the fewest
// digits that give it back.
func appendShortest(dst []byte, n float64) []byte {
	if math.IsInf(n, 0) || math.IsNaN(n) {
		return appendGeneral(dst, n, 17)
	}
	if n >= -(1<<62) && n <= 1<<62 && float64(int64(n)) == n {
		return strconv.AppendInt(dst, int64(n), 10)
	}
	var mem [40]byte
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	// d.ddde±xx to digits and the power of ten of the last one.
	sci := strconv.AppendFloat(mem[:0], n, 'e', -1, 64)
	digits, at := mem[:0:1], 0
	for ; sci[at] != 'e'; at++ {
		if sci[at] != '.' {
			digits = append(digits, sci[at])
		}
	}
	exp, _ := strconv.Atoi(string(sci[at+1:]))
	return appendPlaced(dst, digits, exp)
}

// appendPlaced writes digits whose first has the weight 10^exp, with a point or with an exponent,
// whichever the reference chooses.
func appendPlaced(dst, digits []byte, exp int) []byte {
	last := exp - len(digits) + 1
	size := max(exp, -exp)
	switch {
	case last >= 0 && size < len(digits)+7:
		dst = append(dst, digits...)
		for range last {
			dst = append(dst, '0')
		}
		return dst
	case last < 0 && (last > -7 || size < 4):
		if exp >= 0 {
			dst = append(dst, digits[:exp+1]...)
			dst = append(dst, '.')
			return append(dst, digits[exp+1:]...)
		}
		dst = append(dst, '0', '.')
		for range -exp - 1 {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(dst, '.')
		dst = append(dst, digits[1:]...)
	}
	dst = append(dst, 'e')
	if exp >= 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(exp), 10)
}

// toInteger is C's conversion of a double to long long on the reference's machines: what does not
// fit becomes the least number.
func toInteger(n float64) int64 {
	if n >= -(1<<63) && n < 1<<63 {
		return int64(n)
	}
	return math.MinInt64
}

// cString returns what C sees of a string: it ends at a NUL byte.
//
//go:noinline
func cString(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	return s
}

// parseNumber reads a number as Lua 5.1 does with C's strtod: blanks around it, decimal or
// hexadecimal, inf and nan.
func parseNumber(s string) (float64, bool) {
	s = trim(cString(s))
	if s == "" {
		return 0, false
	}
	body, neg := s, false
	if s[0] == '-' || s[0] == '+' {
		body, neg = s[1:], s[0] == '-'
	}
	if len(body) > 2 && body[0] == '0' && body[1]|32 == 'x' {
		body = shortHex(body)
	} else if isNaN(body) {
		body = "nan"
	} else if len(body) > digitsKept {
		body = shortDecimal(body)
	}
	if body == "" || body[0] == '-' || body[0] == '+' || strings.IndexByte(body, '_') >= 0 {
		return 0, false
	}
	n, err := strconv.ParseFloat(body, 64)
	if err != nil && !math.IsInf(n, 0) {
		return 0, false
	}
	if neg {
		n = -n
	}
	return n, true
}

// isNaN tells whether a number is "nan" with letters, digits and _ in brackets behind it, which C
// takes for bits of it.
func isNaN(s string) bool {
	n := len(s) - 1
	return n >= 4 && s[n] == ')' && strings.EqualFold(s[:4], "nan(") && nameEnd(s, 4) == n
}

// shortHex gives a hexadecimal number the exponent that Go wants.
func shortHex(body string) string {
	if strings.IndexByte(body, 'p') < 0 && strings.IndexByte(body, 'P') < 0 {
		body += "p0"
	}
	return body
}

// digitsKept is how many digits of a number count: whether one half way between two doubles is
// rounded up may need 767 of them, and of those behind only whether one is not 0. Go's own reading
// keeps 800, and takes those of a whole number that has more for fewer.
const digitsKept = 780

// shortDecimal writes a number of very many digits with few; "" if it is none.
func shortDecimal(s string) string {
	from := runEnd(s, 0, '0')
	at := digitsEnd(s, from)
	out := []byte(s[from:min(at, from+digitsKept)])
	scale := at - from - len(out)
	more := runEnd(s, from+len(out), '0') < at
	found := at > 0
	if at < len(s) && s[at] == '.' {
		at++
		from = at
		if len(out) == 0 {
			from = runEnd(s, at, '0')
		}
		end := digitsEnd(s, from)
		found = found || end > at
		n := min(end-from, digitsKept-len(out))
		out = append(out, s[from:from+n]...)
		if scale == 0 {
			scale = at - from - n
		}
		more = more || runEnd(s, from+n, '0') < end
		at = end
	}
	if more {
		out = append(out, '1')
		scale--
	}
	exponent, ok := exponentOf(s[at:])
	if !found || !ok {
		return ""
	}
	out = append(out, "0e"...)
	return string(strconv.AppendInt(out, int64(scale+exponent-1), 10))
}

// exponentOf reads what follows the digits of a number.
func exponentOf(s string) (n int, ok bool) {
	if s == "" {
		return 0, true
	}
	if s[0]|32 != 'e' || len(s) < 2 {
		return 0, false
	}
	from := 1
	if s[1] == '-' || s[1] == '+' {
		from = 2
	}
	at := runEnd(s, from, '0')
	if from == len(s) || digitsEnd(s, at) < len(s) {
		return 0, false
	}
	n, _ = strconv.Atoi("0" + s[at:min(len(s), at+9)])
	if s[1] == '-' {
		n = -n
	}
	return n, true
}

const (
	everyByte = 0x0101010101010101
	topBits   = 0x8080808080808080
	highHalf  = 0xf0f0f0f0f0f0f0f0
)

// eight returns the eight bytes of a string from a place on.
func eight(s string, at int) uint64 {
	b := s[at : at+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// runEnd returns where the characters equal to c end that are at a place.
//
//go:noinline
func runEnd(s string, at int, c byte) int {
	for at+8 <= len(s) && eight(s, at) == uint64(c)*everyByte {
		at += 8
	}
	for at < len(s) && s[at] == c {
		at++
	}
	return at
}

// digitsEnd returns where the digits end that are at a place.
//
//go:noinline
func digitsEnd(s string, at int) int {
	for at+8 <= len(s) {
		w := eight(s, at)
		if w&highHalf != '0'*everyByte || (w+6*everyByte)&highHalf != '0'*everyByte {
			break
		}
		at += 8
	}
	for at < len(s) && isDigit(s[at]) {
		at++
	}
	return at
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func trim(s string) string {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[runEnd(s, 0, s[0]):]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		n := len(s) - 1
		for n >= 8 && eight(s, n-8) == uint64(s[n])*everyByte {
			n -= 8
		}
		s = s[:n]
	}
	return s
}

// Random is what math.random draws from: drand48's generator, as in the reference, so that the
// numbers are the same as there. The zero Random is that of a server that has just started.
type Random uint64

const randomStart Random = 0x1234abcd330e

func (r *Random) seed(n uint32) { *r = (Random(n)<<16 | 0x330e) ^ randomStart }

// next returns 31 random bits.
func (r *Random) next() int32 {
	x := ((*r^randomStart)*0x5deece66d + 0xb) & (1<<48 - 1)
	*r = x ^ randomStart
	return int32(x >> 17)
}
