package numfmt

import (
	"math"
	"math/bits"
	"strconv"
)

// AppendDouble writes a number as Redis shows doubles: integers up to 2^62 in full, and otherwise
// as AppendGrisu2 does.
func AppendDouble(dst []byte, f float64) []byte {
	n, ok := Integer(f)
	if !ok {
		return AppendGrisu2(dst, f)
	}
	if n == 0 && math.Signbit(f) {
		dst = append(dst, '-')
	}
	return strconv.AppendInt(dst, n, 10)
}

// AppendGrisu2 writes a number with the digits that Grisu2 finds, which read back the same and
// nearly always are the fewest that do, in plain notation where that is no longer than a few zeros
// more.
func AppendGrisu2(dst []byte, f float64) []byte {
	switch {
	case f != f:
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	if math.Signbit(f) {
		dst = append(dst, '-')
		f = -f
	}
	if f == 0 {
		return append(dst, '0')
	}
	var digits [20]byte
	d, exp := grisu2(f, digits[:0])
	return appendDigits(dst, d, exp)
}

// Integer is the integer that a double is, if it is one of at most 2^62: those Redis prints, and
// stores in listpacks, as such.
func Integer(f float64) (n int64, ok bool) {
	if !(f >= -1<<62 && f <= 1<<62) {
		return 0, false
	}
	n = int64(f)
	return n, float64(n) == f
}

// appendDigits writes the number of the given digits times 10^exp.
func appendDigits(dst, digits []byte, exp int) []byte {
	first := exp + len(digits) - 1 // the power of ten that the first digit counts
	switch {
	case exp >= 0 && first < len(digits)+7:
		dst = append(dst, digits...)
		return appendZeros(dst, exp)
	case exp < 0 && (exp > -7 || first > -4 && first < 4):
		if first < 0 {
			dst = append(dst, '0', '.')
			dst = appendZeros(dst, -first-1)
			return append(dst, digits...)
		}
		dst = append(dst, digits[:first+1]...)
		dst = append(dst, '.')
		return append(dst, digits[first+1:]...)
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(dst, '.')
		dst = append(dst, digits[1:]...)
	}
	if first < 0 {
		return strconv.AppendInt(append(dst, 'e'), int64(first), 10)
	}
	return strconv.AppendInt(append(dst, 'e', '+'), int64(first), 10)
}

//go:noinline
func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, '0')
	}
	return dst
}

// The scaled boundaries of grisu2 have their point between these bits, so that what stands before
// it fits in 32 bits.
const (
	scaleMin = -60
	scaleMax = -32

	powerFirst = -348
	powerStep  = 8
)

// power finds a power of ten, 10^k, that brings numbers with the binary exponent exp into that
// range, with its own binary exponent. Where two would do, it is the one that Redis takes.
func power(exp int) (m uint64, e, k int) {
	guess := int(-float64(exp+len(powers)) * 0.30102999566398114)
	i := (guess - powerFirst) / powerStep
	for {
		k = powerFirst + powerStep*i
		e = binaryExponent(k)
		switch at := exp + e + 64; {
		case at < scaleMin:
			i++
		case at > scaleMax:
			i--
		default:
			return powers[i], e, k
		}
	}
}

// binaryExponent is e where 10^k is a number of 64 bits times 2^e: 217706/2^16 is the logarithm.
func binaryExponent(k int) int { return k*217706>>16 - 63 }

// scale is the product of two numbers of 64 bits, its upper half, rounded.
func scale(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi + lo>>63
}

// grisu2 appends digits that read back as f > 0, and returns the power of ten to multiply them
// with: Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers",
// 2010. Redis prints doubles by it, so where it misses the shortest digits, so must this.
func grisu2(f float64, digits []byte) ([]byte, int) {
	const hidden = 1 << 52
	raw := math.Float64bits(f)
	m, exp := raw&(hidden-1), int(raw>>52)
	if exp > 0 {
		m |= hidden
		exp--
	}
	exp -= 1074

	// The number and the middles between it and its neighbours, all with the exponent of the upper.
	shift := bits.LeadingZeros64(2*m + 1)
	upper := (2*m + 1) << shift
	exp -= 1 + shift
	lower := (2*m - 1) << shift
	if m == hidden {
		lower = (4*m - 1) << (shift - 1)
	}
	p, e, k := power(exp)
	value := scale(m<<(shift+1), p)
	upper = scale(upper, p) - 1
	lower = scale(lower, p) + 1
	exp += e + 64

	point := uint(-exp)
	gap, off := upper-lower, upper-value
	whole, part := uint32(upper>>point), upper&(1<<point-1)
	power := 10
	for div := uint32(1_000_000_000); div > 0; div /= 10 {
		digit := whole / div
		if digit > 0 || len(digits) > 0 {
			digits = append(digits, '0'+byte(digit))
		}
		whole -= digit * div
		power--
		if rest := uint64(whole)<<point + part; rest <= gap {
			weed(digits, gap, rest, uint64(div)<<point, off)
			return digits, power - k
		}
	}
	for unit := uint64(10); ; unit *= 10 {
		part *= 10
		gap *= 10
		power--
		if digit := part >> point; digit > 0 || len(digits) > 0 {
			digits = append(digits, '0'+byte(digit))
		}
		part &= 1<<point - 1
		if part < gap {
			weed(digits, gap, part, 1<<point, off*unit)
			return digits, power - k
		}
	}
}

// weed lowers the last digit, worth one, while that brings the digits nearer to the number, which
// lies off below the upper end; they lie rest below it and may lie gap below.
func weed(digits []byte, gap, rest, one, off uint64) {
	for rest < off && gap-rest >= one && (rest+one < off || off-rest > rest+one-off) {
		digits[len(digits)-1]--
		rest += one
	}
}
