package numfmt

import "math"

// plainMax is how many digits a double surely holds.
const plainMax = 15

// Plain reads a number that is plain: up to 15 digits, with leading zeros or not, behind a minus or
// not; or an infinity as Redis prints it, with a plus or without. What it does not read may be a
// number all the same. A score is read in a quarter of the time that strconv takes.
func Plain(b []byte) (f float64, ok bool) {
	digits := b
	negative := len(b) > 0 && b[0] == '-'
	if negative || len(b) > 0 && b[0] == '+' {
		digits = b[1:]
	}
	if len(digits) == 3 && digits[0] == 'i' && digits[1] == 'n' && digits[2] == 'f' {
		if negative {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	}
	if len(digits) == 0 || len(digits) > plainMax || len(digits) < len(b) && !negative {
		return 0, false
	}
	n := int64(0)
	for _, c := range digits {
		c -= '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int64(c)
	}
	if negative {
		n = -n
	}
	return float64(n), n != 0 || !negative // -0 is another double than 0
}
