// Package bitmap works on strings as arrays of bits. Bit 0 is the highest of the first byte; what
// lies behind the last byte is zero.
package bitmap

import (
	"encoding/binary"
	"math/bits"
)

// Count tells how many bits of b are set.
func Count(b []byte) int64 {
	n := int64(0)
	for len(b) >= 8 {
		n += int64(bits.OnesCount64(binary.LittleEndian.Uint64(b)))
		b = b[8:]
	}
	for _, c := range b {
		n += int64(bits.OnesCount8(c))
	}
	return n
}

// CountRange tells how many of the bits from first to last, both within b, are set.
func CountRange(b []byte, first, last int64) int64 {
	head, tail := first/8, last/8
	n := Count(b[head : tail+1])
	n -= int64(bits.OnesCount8(b[head] &^ (0xff >> (first % 8))))
	return n - int64(bits.OnesCount8(b[tail]&(0x7f>>(last%8))))
}

// Find returns the first bit from first to last, both within b, that is set or that is clear; -1
// if there is none.
func Find(b []byte, set bool, first, last int64) int64 {
	skip := byte(0) // flips the bits so that a set one is looked for
	if !set {
		skip = 0xff
	}
	none := uint64(skip) * 0x0101010101010101
	head, tail := first/8, last/8
	for i := head; i <= tail; i++ {
		if i+8 <= tail && i > head && binary.LittleEndian.Uint64(b[i:]) == none {
			i += 7
			continue
		}
		c := b[i] ^ skip
		if i == head {
			c &= 0xff >> (first % 8)
		}
		if c == 0 {
			continue
		}
		if at := i*8 + int64(bits.LeadingZeros8(c)); at <= last {
			return at
		}
		return -1
	}
	return -1
}

// Op is an operation on whole strings.
type Op uint8

// The operations. Not takes one string. Diff is what the first has and none of the others, Diff1
// what any of the others has and not the first, AndOr what the first has and any of the others, One
// what exactly one of all has.
const (
	And Op = iota
	Or
	Xor
	Not
	Diff
	Diff1
	AndOr
	One
)

// Combine returns the outcome of an operation on strings, the shorter of which count as continued
// with zero bits. It is as long as the longest of them, and shares no memory with them.
func Combine(op Op, src [][]byte) []byte {
	size := 0
	for _, s := range src {
		size = max(size, len(s))
	}
	out := make([]byte, size)
	switch op {
	case Diff1, AndOr:
		for _, s := range src[1:] {
			into(Or, out, s)
		}
		last := Diff
		if op == AndOr {
			last = And
		}
		into(last, out, src[0])
		return out
	case One:
		one(out, src)
		return out
	}
	copy(out, src[0])
	if op == Not {
		for i := range out {
			out[i] = ^out[i]
		}
		return out
	}
	for _, s := range src[1:] {
		into(op, out, s)
	}
	return out
}

// one sets those bits of out, which is clear, that one string has and no other.
func one(out []byte, src [][]byte) {
	several := make([]byte, len(out))
	for _, s := range src {
		for i, b := range s {
			several[i] |= out[i] & b
			out[i] |= b
		}
	}
	for i, b := range several {
		out[i] &^= b
	}
}

func into(op Op, out, s []byte) {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x, y := binary.LittleEndian.Uint64(out[i:]), binary.LittleEndian.Uint64(s[i:])
		switch op {
		case And:
			x &= y
		case Or:
			x |= y
		case Xor:
			x ^= y
		case Diff:
			x &^= y
		}
		binary.LittleEndian.PutUint64(out[i:], x)
	}
	for ; i < len(s); i++ {
		switch op {
		case And:
			out[i] &= s[i]
		case Or:
			out[i] |= s[i]
		case Xor:
			out[i] ^= s[i]
		case Diff:
			out[i] &^= s[i]
		}
	}
	if op == And {
		clear(out[i:])
	}
}
