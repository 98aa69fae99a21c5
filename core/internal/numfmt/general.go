package numfmt

import (
	"math"
	"strconv"
)

// FromFloat is the long double of f: always exact.
func FromFloat(f float64) LongDouble {
	const bitsOfMantissa = 52
	raw := math.Float64bits(f)
	x := LongDouble{neg: raw>>63 != 0, mant: raw & (1<<bitsOfMantissa - 1)}
	switch exp := raw >> bitsOfMantissa & 0x7ff; {
	case exp == 0x7ff && x.mant != 0:
		return LongDouble{form: notANumber}
	case exp == 0x7ff:
		return LongDouble{neg: x.neg, form: infinite}
	case exp == 0:
		x.exp = -1074
	default:
		x.mant |= 1 << bitsOfMantissa
		x.exp = int32(exp) - 1075
	}
	return x.normal()
}

// Int is x without its fraction; false where x does not lie between the ends of an int64.
func (x LongDouble) Int() (int64, bool) {
	const end = 1 << 63
	switch {
	case x.form != finite:
		return 0, false
	case x.mant == 0 || x.exp <= -64:
		return 0, true
	case x.exp >= 0:
		return math.MinInt64, x.exp == 0 && x.neg && x.mant == end
	}
	n := x.mant >> -x.exp
	if x.neg {
		return -int64(n), true
	}
	return int64(n), n < end-1 || x.mant<<(64+x.exp) == 0
}

// AppendGeneral appends x as printf's %.17Lg prints it.
func (x LongDouble) AppendGeneral(dst []byte) []byte {
	const precision = 17
	switch {
	case x.form == notANumber:
		return append(dst, "nan"...)
	case x.neg:
		dst = append(dst, '-')
	}
	switch {
	case x.form == infinite:
		return append(dst, "inf"...)
	case x.mant == 0:
		return append(dst, '0')
	}
	digits, point := x.decimal()
	first := len(digits) - point - 1 // the power of ten that the first digit counts
	if len(digits) > precision {
		var over bool
		if digits, over = roundDigits(digits, precision); over {
			first++
		}
	}
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	switch {
	case first < -4 || first >= precision:
		dst = append(dst, digits[0])
		if len(digits) > 1 {
			dst = append(append(dst, '.'), digits[1:]...)
		}
		return appendExponent(dst, first)
	case first < 0:
		dst = appendZeros(append(dst, '0', '.'), -first-1)
		return append(dst, digits...)
	case len(digits) <= first+1:
		return appendZeros(append(dst, digits...), first+1-len(digits))
	}
	dst = append(append(dst, digits[:first+1]...), '.')
	return append(dst, digits[first+1:]...)
}

func appendExponent(dst []byte, exp int) []byte {
	dst = append(dst, 'e', '+')
	if exp < 0 {
		dst[len(dst)-1] = '-'
		exp = -exp
	}
	if exp < 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(exp), 10)
}

// decimal gives all digits of a finite number that is not zero, and how many stand behind the
// point.
func (x LongDouble) decimal() (digits []byte, point int) {
	n := natural{uint32(x.mant), uint32(x.mant >> 32)}.trim()
	if x.exp >= 0 {
		return n.shift(uint(x.exp)).appendTo(nil), 0
	}
	const power, fives = 1220703125, 13 // 5^13
	point = int(-x.exp)                 // 2^-k is 5^k / 10^k
	left := point
	for ; left >= fives; left -= fives {
		n = n.times(power, 0)
	}
	for ; left > 0; left-- {
		n = n.times(5, 0)
	}
	return n.appendTo(nil), point
}

// roundDigits rounds to n digits, to the nearest and ties to even; over tells that the first digit
// counts ten times as much then.
func roundDigits(digits []byte, n int) (rounded []byte, over bool) {
	up := digits[n] > '5'
	if digits[n] == '5' {
		up = digits[n-1]&1 != 0
		for _, c := range digits[n+1:] {
			up = up || c != '0'
		}
	}
	digits = digits[:n]
	if !up {
		return digits, false
	}
	for i := n - 1; i >= 0; i-- {
		if digits[i] != '9' {
			digits[i]++
			return digits, false
		}
		digits[i] = '0'
	}
	digits[0] = '1'
	return digits, true
}
