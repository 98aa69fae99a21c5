package bitmap

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func bit(b []byte, i int64) bool { return b[i/8]&(0x80>>(i%8)) != 0 }

// TestRanges checks counting and finding against a look at every single bit.
func TestRanges(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for round := range 3000 {
		b := make([]byte, 1+rnd.IntN(40))
		fill := byte(rnd.IntN(2) * 255)
		for i := range b {
			if b[i] = fill; rnd.IntN(6) == 0 {
				b[i] = byte(rnd.IntN(256))
			}
		}
		first := rnd.Int64N(int64(len(b)) * 8)
		last := first + rnd.Int64N(int64(len(b))*8-first)
		count, at := int64(0), [2]int64{-1, -1}
		for i := last; i >= first; i-- {
			if bit(b, i) {
				count++
				at[1] = i
			} else {
				at[0] = i
			}
		}
		if got := CountRange(b, first, last); got != count {
			t.Fatalf("round %d: %d bits, want %d", round, got, count)
		}
		for set, want := range at {
			if got := Find(b, set == 1, first, last); got != want {
				t.Fatalf("round %d: %x %d %d: bit %d at %d, want %d", round, b, first, last, set, got, want)
			}
		}
	}
}

func TestCombine(t *testing.T) {
	long := bytes.Repeat([]byte{0xf0, 0x3c}, 10)
	short := bytes.Repeat([]byte{0xff, 0x0f}, 5)
	for op, f := range []func(x, y byte) byte{
		func(x, y byte) byte { return x & y },
		func(x, y byte) byte { return x | y },
		func(x, y byte) byte { return x ^ y },
	} {
		for _, src := range [][][]byte{{long, short}, {short, long}} {
			got := Combine(Op(op), src)
			for i := range long {
				y := byte(0)
				if i < len(short) {
					y = short[i]
				}
				if got[i] != f(long[i], y) || len(got) != len(long) {
					t.Fatalf("op %d: %x", op, got)
				}
			}
		}
	}
	if got := Combine(Not, [][]byte{{0x0f}}); got[0] != 0xf0 {
		t.Fatalf("not: %x", got)
	}
}

// TestCombineSeveral compares three strings of different lengths bit by bit.
func TestCombineSeveral(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		src := make([][]byte, 1+rnd.IntN(4))
		for i := range src {
			src[i] = make([]byte, rnd.IntN(40))
			for j := range src[i] {
				src[i][j] = byte(rnd.Uint32())
			}
		}
		for op, holds := range map[Op]func(first bool, others int) bool{
			Diff:  func(first bool, others int) bool { return first && others == 0 },
			Diff1: func(first bool, others int) bool { return !first && others > 0 },
			AndOr: func(first bool, others int) bool { return first && others > 0 },
			One:   func(first bool, others int) bool { return first == (others == 0) && others < 2 },
		} {
			got := Combine(op, src)
			for i := range int64(len(got)) * 8 {
				others := 0
				for _, s := range src[1:] {
					if i < int64(len(s))*8 && bit(s, i) {
						others++
					}
				}
				first := i < int64(len(src[0]))*8 && bit(src[0], i)
				if bit(got, i) != holds(first, others) {
					t.Fatalf("op %d of %x: %x is wrong at %d", op, src, got, i)
				}
			}
		}
	}
}

// TestField checks reading, writing and overflowing against big integers.
func TestField(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	edges := []int64{0, 1, -1, 127, -128, math.MaxInt64, math.MinInt64, 1 << 31, 255}
	for range 20000 {
		f := Field{Signed: rnd.IntN(2) == 0, Bits: 1 + rnd.IntN(63)}
		if f.Signed {
			f.Bits += rnd.IntN(2)
		}
		b := make([]byte, 24)
		for i := range b {
			b[i] = byte(rnd.IntN(256))
		}
		offset := rnd.Int64N(100)
		v, _ := f.Fit(int64(rnd.Uint64()), Wrap)
		f.Set(b, offset, v)
		if got := f.Get(b, offset); got != v {
			t.Fatalf("%v at %d: %d, want %d", f, offset, got, v)
		}
		by := edges[rnd.IntN(len(edges))] + rnd.Int64N(3) - 1
		sum := new(big.Int).Add(big.NewInt(v), big.NewInt(by))
		least, most := f.bounds()
		want, fits := sum, true
		switch {
		case sum.Cmp(big.NewInt(most)) > 0:
			want, fits = big.NewInt(most), false
		case sum.Cmp(big.NewInt(least)) < 0:
			want, fits = big.NewInt(least), false
		}
		if got, _ := f.Add(v, by, Saturate); got != want.Int64() {
			t.Fatalf("%v: %d + %d saturates to %d, want %d", f, v, by, got, want)
		}
		if _, ok := f.Add(v, by, Fail); ok != fits {
			t.Fatalf("%v: %d + %d fits: %v, want %v", f, v, by, ok, fits)
		}
		low := new(big.Int).Sub(sum, big.NewInt(mustAdd(f, v, by)))
		if new(big.Int).Mod(low, new(big.Int).Lsh(big.NewInt(1), uint(f.Bits))).Sign() != 0 {
			t.Fatalf("%v: %d + %d wraps to %d", f, v, by, mustAdd(f, v, by))
		}
	}
}

func mustAdd(f Field, v, by int64) int64 {
	sum, _ := f.Add(v, by, Wrap)
	return sum
}

func TestParseField(t *testing.T) {
	for s, want := range map[string]bool{"u8": true, "i64": true, "u63": true, "u64": false,
		"i65": false, "u0": false, "x8": false, "u": false, "": false, "u08": false, "i1": true,
		"u-1": false, "u8x": false, "U8": false, "i100": false} {
		if _, ok := ParseField([]byte(s)); ok != want {
			t.Errorf("%q: %v", s, ok)
		}
	}
}

func BenchmarkCount(b *testing.B) {
	p := make([]byte, 1<<16)
	b.SetBytes(1 << 16)
	for b.Loop() {
		Count(p)
	}
}
