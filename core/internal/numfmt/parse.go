package numfmt

import "math/bits"

// Parse reads text as strtold does, all of it: decimal and hexadecimal numbers, inf, infinity. It
// is false for anything else: white space, a number too large or too small for the format, NaN.
func Parse(text []byte) (LongDouble, bool) {
	if len(text) == 0 || len(text) >= textMax {
		return LongDouble{}, false
	}
	neg := text[0] == '-'
	if neg || text[0] == '+' {
		text = text[1:]
	}
	if foldEqual(text, "inf") || foldEqual(text, "infinity") {
		return LongDouble{neg: neg, form: infinite}, true
	}
	var x LongDouble
	var ok bool
	if len(text) > 2 && text[0] == '0' && text[1]|0x20 == 'x' {
		x, ok = parseHex(text[2:])
	} else {
		x, ok = parseDecimal(text)
	}
	x.neg = neg
	return x, ok
}

func foldEqual(text []byte, lower string) bool {
	if len(text) != len(lower) {
		return false
	}
	for i, c := range text {
		if c|0x20 != lower[i] {
			return false
		}
	}
	return true
}

// digits counts the digits of a mantissa and where its point is.
type digits struct {
	seen  bool // any digit at all
	point bool
	after int // digits after the point
}

// accept takes c as a point or, where isDigit, as a digit; it is false where the mantissa ends.
func (d *digits) accept(c byte, isDigit bool) bool {
	switch {
	case isDigit:
		d.seen = true
		if d.point {
			d.after++
		}
		return true
	case c == '.' && !d.point:
		d.point = true
		return true
	}
	return false
}

func parseDecimal(text []byte) (LongDouble, bool) {
	var d digits
	var small uint64 // the mantissa, while it has up to 19 digits
	var large natural
	count, i := 0, 0
	for ; i < len(text) && d.accept(text[i], '0' <= text[i] && text[i] <= '9'); i++ {
		if text[i] == '.' || count == 0 && text[i] == '0' {
			continue
		}
		if count++; count <= 19 {
			small = small*10 + uint64(text[i]-'0')
			continue
		}
		if large == nil {
			large = natural{uint32(small), uint32(small >> 32)}.trim()
		}
		large = large.times(10, uint32(text[i]-'0'))
	}
	exp, ok := parseExponent(text[i:], 'e')
	if !ok || !d.seen {
		return LongDouble{}, false
	}
	exp -= d.after
	switch {
	case small == 0:
		return LongDouble{}, true
	case count+exp > decimalMax || count+exp < -decimalMax:
		return LongDouble{}, false
	case large == nil && exp <= 0 && exp >= -27:
		return smallQuotient(small, -exp).inRange()
	}
	if large == nil {
		large = natural{uint32(small), uint32(small >> 32)}.trim()
	}
	if exp >= 0 {
		hi, lo, sticky, exp2 := large.timesPower(exp).top()
		return rounded(false, hi, lo, sticky, exp2).inRange()
	}
	hi, lo, sticky, exp2 := large.over(natural{1}.timesPower(-exp))
	return rounded(false, hi, lo, sticky, exp2).inRange()
}

// inRange refuses what left the format: strtold reports it, and the server takes no such number.
func (x LongDouble) inRange() (LongDouble, bool) {
	return x, x.form == finite && x.mant != 0
}

// smallQuotient is n / 10^k for k up to 27: the usual number, in two divisions of words. 5^27 is
// the last power of five that fits in 64 bits.
func smallQuotient(n uint64, k int) LongDouble {
	five := uint64(1)
	for range k {
		five *= 5
	}
	shiftN, shiftFive := bits.LeadingZeros64(n), bits.LeadingZeros64(five)
	n <<= shiftN
	five <<= shiftFive
	exp := shiftFive - shiftN - k
	// n/2 < five, so that the quotient fits: it is n * 2^63 / five.
	hi, rest := bits.Div64(n>>1, n<<63, five)
	lo, rest := bits.Div64(rest, 0, five)
	exp -= 63
	if hi>>63 == 0 {
		hi = hi<<1 | lo>>63
		lo <<= 1 // The bit lost matters only where all below is zero, and then it is zero too.
		exp--
	}
	return rounded(false, hi, lo, rest != 0, exp)
}

func parseHex(text []byte) (LongDouble, bool) {
	var d digits
	var hi, lo uint64 // the first 128 bits of the mantissa
	sticky, exp, i := false, 0, 0
	for ; i < len(text); i++ {
		v, isDigit := hexDigit(text[i])
		if !d.accept(text[i], isDigit) {
			break
		}
		switch {
		case !isDigit:
		case hi>>60 != 0:
			sticky = sticky || v != 0
			exp += 4
		default:
			hi = hi<<4 | lo>>60
			lo = lo<<4 | uint64(v)
		}
	}
	exp2, ok := parseExponent(text[i:], 'p')
	if !ok || !d.seen {
		return LongDouble{}, false
	}
	if hi|lo == 0 {
		return LongDouble{}, true
	}
	exp += exp2 - 4*d.after + 64
	for hi>>63 == 0 {
		hi = hi<<1 | lo>>63
		lo <<= 1
		exp--
	}
	return rounded(false, hi, lo, sticky, exp).inRange()
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// parseExponent reads the rest of a number: nothing, or the letter and a decimal exponent, which
// is cut at a size where nothing depends on it any more.
func parseExponent(text []byte, letter byte) (int, bool) {
	if len(text) == 0 {
		return 0, true
	}
	if text[0]|0x20 != letter {
		return 0, false
	}
	text = text[1:]
	neg := len(text) > 0 && text[0] == '-'
	if neg || len(text) > 0 && text[0] == '+' {
		text = text[1:]
	}
	if len(text) == 0 {
		return 0, false
	}
	exp := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		exp = min(exp*10+int(c-'0'), 1<<24)
	}
	if neg {
		exp = -exp
	}
	return exp, true
}
