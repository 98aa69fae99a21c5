package numfmt

import (
	"math/bits"
	"strconv"
)

// ParseUint reads an unsigned integer as Redis does: what is no signed integer in its one decimal
// form goes to C's strtoull, which knows white space, signs and leading zeros, and negates.
func ParseUint(b []byte) (uint64, bool) {
	if len(b) > 1 && b[0] == '-' && b[1] > '0' && b[1] <= '9' {
		if n, err := strconv.ParseInt(string(b), 10, 64); err == nil && n < 0 {
			return 0, false
		}
	}
	for len(b) > 0 && (b[0] == ' ' || b[0] >= '\t' && b[0] <= '\r') {
		b = b[1:]
	}
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		b = b[1:]
	}
	n := uint64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		high, low := bits.Mul64(n, 10)
		sum, carry := bits.Add64(low, uint64(c-'0'), 0)
		if high|carry != 0 {
			return 0, false
		}
		n = sum
	}
	if negative {
		n = -n
	}
	return n, len(b) > 0
}
