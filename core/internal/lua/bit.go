package lua

import (
	"math"
	"math/bits"
	"strconv"
)

// bitsOf reads argument n as 32 bits: the number is rounded and taken modulo 2^32.
//
//go:noinline
func bitsOf(l *thread, n int) uint32 {
	const magic = 6755399441055744 // 2^52 + 2^51: what is added to it loses its fraction
	return uint32(math.Float64bits(checkNumber(l, n) + magic))
}

func pushBits(l *thread, n uint32) int {
	l.pushNumber(float64(int32(n)))
	return 1
}

// bitFold makes a function that combines all its arguments.
//
//go:noinline
func bitFold(combine func(a, b uint32) uint32) builtin {
	return func(l *thread) int {
		n := bitsOf(l, 1)
		for i := 2; i <= l.count(); i++ {
			n = combine(n, bitsOf(l, i))
		}
		return pushBits(l, n)
	}
}

// bitShift makes a function that shifts its first argument by the second, modulo 32.
//
//go:noinline
func bitShift(shift func(n uint32, by int) uint32) builtin {
	return func(l *thread) int {
		return pushBits(l, shift(bitsOf(l, 1), int(bitsOf(l, 2)&31)))
	}
}

func bitToHex(l *thread) int {
	n, width := bitsOf(l, 1), 8
	if l.count() >= 2 {
		width = int(int32(bitsOf(l, 2)))
	}
	digits := strconv.FormatUint(1<<32|uint64(n), 16)[1:]
	if width < 0 {
		width = -max(width, -8)
		upper := []byte(digits)
		for i, c := range upper {
			if c >= 'a' {
				upper[i] = c - 32
			}
		}
		digits = string(upper)
	}
	l.pushString(digits[8-min(width, 8):])
	return 1
}

// openBit makes the table bit.
func (vm *VM) openBit() {
	vm.library("bit", []entry{
		{"tobit", func(l *thread) int { return pushBits(l, bitsOf(l, 1)) }},
		{"bnot", func(l *thread) int { return pushBits(l, ^bitsOf(l, 1)) }},
		{"bswap", func(l *thread) int { return pushBits(l, bits.ReverseBytes32(bitsOf(l, 1))) }},
		{"band", bitFold(func(a, b uint32) uint32 { return a & b })},
		{"bor", bitFold(func(a, b uint32) uint32 { return a | b })},
		{"bxor", bitFold(func(a, b uint32) uint32 { return a ^ b })},
		{"lshift", bitShift(func(n uint32, by int) uint32 { return n << by })},
		{"rshift", bitShift(func(n uint32, by int) uint32 { return n >> by })},
		{"arshift", bitShift(func(n uint32, by int) uint32 { return uint32(int32(n) >> by) })},
		{"rol", bitShift(func(n uint32, by int) uint32 { return bits.RotateLeft32(n, by) })},
		{"ror", bitShift(func(n uint32, by int) uint32 { return bits.RotateLeft32(n, -by) })},
		{"tohex", bitToHex},
	})
}
