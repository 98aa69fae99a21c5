// Package numfmt reads, adds and prints numbers as C's long double does on x86-64 Linux: the
// 80-bit format with a mantissa of 64 bits. INCRBYFLOAT and HINCRBYFLOAT compute in it, and what
// they store shows its every bit. math/big would do the same for a hundred times the weight.
package numfmt

import "math/bits"

const (
	// The exponents are those of the mantissa's last bit: the largest finite number is
	// (2^64-1) * 2^expMax, the smallest is 2^expMin, a denormal.
	expMax = 16383 - 63
	expMin = -16382 - 63
	// textMax is one more than the longest text that reads as a number.
	textMax = 5 * 1024
	// decimalMax bounds the decimal exponents worth computing: beyond it all is infinite or zero.
	decimalMax = 5000
)

// LongDouble is a number of 80 bits. The zero value is 0.
type LongDouble struct {
	mant uint64 // its highest bit is set, unless the number is zero or not finite
	exp  int32  // the number is mant * 2^exp
	neg  bool
	form form
}

type form uint8

const (
	finite form = iota
	infinite
	notANumber
)

// FromInt is the long double of n: always exact.
func FromInt(n int64) LongDouble {
	x := LongDouble{neg: n < 0, mant: uint64(n)}
	if x.neg {
		x.mant = -x.mant
	}
	return x.normal()
}

// Largest is the largest finite number.
func Largest() LongDouble { return LongDouble{mant: 1<<64 - 1, exp: expMax} }

// Neg is the number with the other sign.
func (x LongDouble) Neg() LongDouble {
	x.neg = !x.neg
	return x
}

// Less tells whether x < y, which for NaN nothing is.
func (x LongDouble) Less(y LongDouble) bool {
	if x.NaN() || y.NaN() {
		return false
	}
	if a, b := x.sign(), y.sign(); a != b {
		return a < b
	}
	if x.neg {
		x, y = y, x
	}
	switch {
	case x.form != y.form:
		return y.form == infinite
	case x.exp != y.exp:
		return x.exp < y.exp
	}
	return x.mant < y.mant
}

// sign is -1, 0 or 1.
func (x LongDouble) sign() int {
	switch {
	case x.form == finite && x.mant == 0:
		return 0
	case x.neg:
		return -1
	}
	return 1
}

// Finite tells that the number is neither infinite nor NaN.
func (x LongDouble) Finite() bool { return x.form == finite }

// NaN tells that it is not a number at all.
func (x LongDouble) NaN() bool { return x.form == notANumber }

func (x LongDouble) normal() LongDouble {
	if x.mant == 0 {
		x.exp = 0
		return x
	}
	shift := bits.LeadingZeros64(x.mant)
	x.mant <<= shift
	x.exp -= int32(shift)
	return x
}

// Add is x + y, rounded to the nearest, ties to even, as the processor does it.
func (x LongDouble) Add(y LongDouble) LongDouble {
	switch {
	case x.form == notANumber || y.form == notANumber:
		return LongDouble{form: notANumber}
	case x.form == infinite && y.form == infinite && x.neg != y.neg:
		return LongDouble{form: notANumber}
	case x.form == infinite:
		return x
	case y.form == infinite:
		return y
	case x.mant == 0 && y.mant == 0:
		return LongDouble{neg: x.neg && y.neg}
	case x.mant == 0:
		return y
	case y.mant == 0:
		return x
	}
	if x.exp < y.exp || x.exp == y.exp && x.mant < y.mant {
		x, y = y, x
	}
	hi, lo, sticky := shiftRight(y.mant, 0, uint(x.exp-y.exp))
	if x.neg == y.neg {
		return sum(x, hi, lo, sticky)
	}
	return difference(x, hi, lo, sticky)
}

// sum adds to x the number hi:lo of the same sign, where hi counts in x's last bit.
func sum(x LongDouble, hi, lo uint64, sticky bool) LongDouble {
	hi, carry := bits.Add64(x.mant, hi, 0)
	exp := int(x.exp)
	if carry != 0 {
		sticky = sticky || lo&1 != 0
		lo = lo>>1 | hi<<63
		hi = hi>>1 | 1<<63
		exp++
	}
	return rounded(x.neg, hi, lo, sticky, exp)
}

// difference takes from x the smaller number hi:lo of the other sign.
func difference(x LongDouble, hi, lo uint64, sticky bool) LongDouble {
	var borrow uint64
	if sticky {
		borrow = 1 // what was lost makes the difference less than it seems, by under one in lo
	}
	lo, borrow = bits.Sub64(0, lo, borrow)
	hi, _ = bits.Sub64(x.mant, hi, borrow)
	if hi == 0 && lo == 0 && !sticky {
		return LongDouble{}
	}
	exp := int(x.exp)
	if hi == 0 {
		hi, lo = lo, 0
		exp -= 64
	}
	shift := bits.LeadingZeros64(hi)
	hi = hi<<shift | lo>>(64-shift)
	lo <<= shift
	return rounded(x.neg, hi, lo, sticky, exp-shift)
}

// shiftRight moves hi:lo right by n bits; sticky tells that ones were lost.
//
//go:noinline
func shiftRight(hi, lo uint64, n uint) (uint64, uint64, bool) {
	switch {
	case n == 0:
		return hi, lo, false
	case n < 64:
		return hi >> n, lo>>n | hi<<(64-n), lo<<(64-n) != 0
	case n < 128:
		return 0, hi >> (n - 64), lo != 0 || hi<<(128-n) != 0 && n > 64
	}
	return 0, 0, hi|lo != 0
}

// rounded is hi.lo * 2^exp to the nearest long double; the highest bit of hi is set, and sticky
// tells that the number is a little more than that.
func rounded(neg bool, hi, lo uint64, sticky bool, exp int) LongDouble {
	if exp < expMin {
		var lost bool
		hi, lo, lost = shiftRight(hi, lo, uint(expMin-exp))
		sticky = sticky || lost
		exp = expMin
	}
	const half = 1 << 63
	if lo > half || lo == half && (sticky || hi&1 != 0) {
		hi++
		if hi == 0 {
			hi = half
			exp++
		}
	}
	if exp > expMax {
		return LongDouble{neg: neg, form: infinite}
	}
	return LongDouble{neg: neg, mant: hi, exp: int32(exp)}.normal()
}

// AppendFixed appends x as printf's %.17Lf prints it, without the zeros that end its fraction and
// without the sign of a zero.
func (x LongDouble) AppendFixed(dst []byte) []byte {
	const digits, scale = 17, 100_000_000_000_000_000
	var whole, fraction uint64
	switch {
	case x.form == notANumber:
		return append(dst, "nan"...)
	case x.form == infinite && x.neg:
		return append(dst, "-inf"...)
	case x.form == infinite:
		return append(dst, "inf"...)
	case x.mant != 0 && x.exp >= 0:
		if x.neg {
			dst = append(dst, '-')
		}
		return natural{uint32(x.mant), uint32(x.mant >> 32)}.shift(uint(x.exp)).appendTo(dst)
	case x.exp > -64:
		whole = x.mant >> -x.exp
		fraction = x.mant & (1<<-x.exp - 1)
	default:
		fraction = x.mant
	}
	hi, lo := bits.Mul64(fraction, scale)
	_, lo, tail, sticky := split(hi, lo, uint(-x.exp)) // all is in lo: it is less than scale
	const half = 1 << 63
	if tail > half || tail == half && (sticky || lo&1 != 0) {
		lo++
	}
	if lo == scale {
		lo = 0
		whole++
	}
	if x.neg && (whole != 0 || lo != 0) {
		dst = append(dst, '-')
	}
	dst = appendUint(dst, whole)
	if lo == 0 {
		return dst
	}
	dst = append(dst, '.')
	for unit := uint64(scale / 10); lo != 0; unit /= 10 {
		dst = append(dst, '0'+byte(lo/unit))
		lo %= unit
	}
	return dst
}

// split moves hi:lo right by n bits and also returns the first 64 bits that fell off.
func split(hi, lo uint64, n uint) (outHi, outLo, tail uint64, sticky bool) {
	switch {
	case n == 0:
		return hi, lo, 0, false
	case n < 64:
		return hi >> n, lo>>n | hi<<(64-n), lo << (64 - n), false
	case n == 64:
		return 0, hi, lo, false
	case n < 128:
		n -= 64
		return 0, hi >> n, lo>>n | hi<<(64-n), lo<<(64-n) != 0
	}
	tail, _, lost := shiftRight(hi, lo, n-128)
	return 0, 0, tail, lost || n == 128 && lo != 0 || n > 128
}

func appendUint(dst []byte, n uint64) []byte {
	var text [20]byte
	i := len(text)
	for {
		i--
		text[i] = '0' + byte(n%10)
		if n /= 10; n == 0 {
			return append(dst, text[i:]...)
		}
	}
}
