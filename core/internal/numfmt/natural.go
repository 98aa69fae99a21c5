package numfmt

import "math/bits"

// natural is a natural number of any size: digits of 32 bits, the lowest first. Only numbers past
// 64 bits and texts of more than 19 digits come to it.
type natural []uint32

// times is x*m + a, in the place of x.
//
//go:noinline
func (x natural) times(m, a uint32) natural {
	carry := uint64(a)
	for i, d := range x {
		carry += uint64(d) * uint64(m)
		x[i] = uint32(carry)
		carry >>= 32
	}
	if carry != 0 {
		x = append(x, uint32(carry))
	}
	return x
}

// timesPower is x * 10^n, in the place of x.
func (x natural) timesPower(n int) natural {
	for ; n >= 9; n -= 9 {
		x = x.times(1_000_000_000, 0)
	}
	for ; n > 0; n-- {
		x = x.times(10, 0)
	}
	return x
}

// shift is x * 2^n.
//
//go:noinline
func (x natural) shift(n uint) natural {
	y := make(natural, n/32, int(n/32)+len(x)+1)
	n %= 32
	var carry uint32
	for _, d := range x {
		y = append(y, d<<n|carry)
		carry = uint32(uint64(d) >> (32 - n))
	}
	return append(y, carry).trim()
}

func (x natural) trim() natural {
	for len(x) > 0 && x[len(x)-1] == 0 {
		x = x[:len(x)-1]
	}
	return x
}

func (x natural) bitLen() int {
	if len(x) == 0 {
		return 0
	}
	return 32*(len(x)-1) + bits.Len32(x[len(x)-1])
}

// less compares trimmed numbers.
func (x natural) less(y natural) bool {
	if len(x) != len(y) {
		return len(x) < len(y)
	}
	for i := len(x) - 1; i >= 0; i-- {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return false
}

// minus is x - y for y <= x, in the place of x.
func (x natural) minus(y natural) natural {
	var borrow uint32
	for i := range x {
		var d uint32
		if i < len(y) {
			d = y[i]
		}
		x[i], borrow = bits.Sub32(x[i], d, borrow)
	}
	return x.trim()
}

// double is 2x, in the place of x.
func (x natural) double() natural { return x.times(2, 0) }

// top is the highest 128 bits of x, which is not zero, as hi:lo with the highest bit set; exp is
// the weight of hi's last bit, and sticky tells that lower bits were left off.
func (x natural) top() (hi, lo uint64, sticky bool, exp int) {
	n := x.bitLen()
	for i := range 128 {
		bit := n - 1 - i
		var b uint64
		if bit >= 0 {
			b = uint64(x[bit/32] >> (bit % 32) & 1)
		}
		hi = hi<<1 | lo>>63
		lo = lo<<1 | b
	}
	for bit := range max(n-128, 0) {
		if x[bit/32]>>(bit%32)&1 != 0 {
			sticky = true
			break
		}
	}
	return hi, lo, sticky, n - 64
}

// over is x / y to 128 bits, in the form of top; neither is zero, and both are used up.
func (x natural) over(y natural) (hi, lo uint64, sticky bool, exp int) {
	exp = x.bitLen() - y.bitLen()
	if exp > 0 {
		y = y.shift(uint(exp))
	} else {
		x = x.shift(uint(-exp))
	}
	if x.less(y) {
		x = x.double()
		exp--
	}
	for range 128 {
		hi = hi<<1 | lo>>63
		lo <<= 1
		if !x.less(y) {
			x = x.minus(y)
			lo |= 1
		}
		x = x.double()
	}
	return hi, lo, len(x.trim()) > 0, exp - 63
}

// appendTo appends x in decimal, using x up.
func (x natural) appendTo(dst []byte) []byte {
	var groups []uint32
	for x = x.trim(); len(x) > 0; x = x.trim() {
		var rest uint64
		for i := len(x) - 1; i >= 0; i-- {
			rest = rest<<32 | uint64(x[i])
			x[i] = uint32(rest / 1_000_000_000)
			rest %= 1_000_000_000
		}
		groups = append(groups, uint32(rest))
	}
	if len(groups) == 0 {
		return append(dst, '0')
	}
	dst = appendUint(dst, uint64(groups[len(groups)-1]))
	for i := len(groups) - 2; i >= 0; i-- {
		for unit, g := uint32(100_000_000), groups[i]; unit > 0; unit /= 10 {
			dst = append(dst, '0'+byte(g/unit))
			g %= unit
		}
	}
	return dst
}
