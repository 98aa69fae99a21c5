package numfmt

import (
	"fmt"
	"math/big"
	"math/rand"
	"strings"
	"testing"
)

// TestKnown are results of the reference server: INCRBYFLOAT of the first by the second.
func TestKnown(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"3.0e3", "200", "3200"},
		{"10.50", "0.1", "10.6"},
		{"0.1", "0.2", "0.3"},
		{"1", "0x1p3", "9"},
		{"1", "0x.8", "1.5"},
		{"-0", "-0", "0"},
		{"1", ".5", "1.5"},
		{"1", "+5.", "6"},
		{"10", "1e-4940", "10"},
		{"1e-18", "0", "0"},
		{"-1e-18", "0", "0"},
		{"17179869184", "0.00000001", "17179869184.00000000931322575"},
		{"inf", "1", "inf"},
		{"-Infinity", "1", "-inf"},
		{"inf", "-inf", "nan"},
		{"1e4932", "1e4932", "inf"},
		{"0.999999999999999999999", "0", "1"},
	} {
		a, okA := Parse([]byte(c.a))
		b, okB := Parse([]byte(c.b))
		if got := string(a.Add(b).AppendFixed(nil)); !okA || !okB || got != c.want {
			t.Errorf("%s + %s = %s (%v, %v), want %s", c.a, c.b, got, okA, okB, c.want)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, text := range []string{"", " 1", "1 ", "nan", "-nan", "nan(1)", "abc", ".", "-", "+-1",
		"1e", "1e+", "e1", "0x", "0x.", "0x1p", "0xg", "1e4933", "1e-4952", "1e99999999999", "1\x00",
		"1..2", "in", "infi", strings.Repeat("1", 5*1024), "0x1p16384", "0x1p-16447"} {
		if x, ok := Parse([]byte(text)); ok {
			t.Errorf("Parse(%q) = %s, want a refusal", text, x.AppendFixed(nil))
		}
	}
}

// oracle computes with math/big, whose floats have no bounds and any precision.
func oracle(a, b string) string {
	x, _, _ := big.ParseFloat(a, 10, 64, big.ToNearestEven)
	y, _, _ := big.ParseFloat(b, 10, 64, big.ToNearestEven)
	return fixed(new(big.Float).SetPrec(64).Add(x, y))
}

func fixed(x *big.Float) string {
	s := strings.TrimSuffix(strings.TrimRight(x.Text('f', 17), "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// number makes the texts of numbers of all lengths and sizes, often ones near a power of two.
func number(rnd *rand.Rand) string {
	var s strings.Builder
	if rnd.Intn(2) == 0 {
		s.WriteByte('-')
	}
	if rnd.Intn(4) == 0 {
		x := new(big.Float).SetMantExp(big.NewFloat(1), rnd.Intn(160)-80)
		x.SetPrec(64).Add(x, big.NewFloat(float64(rnd.Intn(3)-1)))
		return x.Text('g', 10+rnd.Intn(40))
	}
	fmt.Fprintf(&s, "%d", rnd.Intn(10))
	for range rnd.Intn(1 << rnd.Intn(6)) {
		fmt.Fprintf(&s, "%d", rnd.Intn(10))
	}
	if rnd.Intn(3) > 0 {
		s.WriteByte('.')
		for range rnd.Intn(1 << rnd.Intn(6)) {
			fmt.Fprintf(&s, "%d", rnd.Intn(10))
		}
	}
	switch rnd.Intn(6) {
	case 0:
		fmt.Fprintf(&s, "e%d", rnd.Intn(60)-30)
	case 1:
		fmt.Fprintf(&s, "e%d", rnd.Intn(9000)-4500)
	}
	return s.String()
}

func TestOracle(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 10_000 {
		a, b := number(rnd), number(rnd)
		x, okX := Parse([]byte(a))
		y, okY := Parse([]byte(b))
		if !okX || !okY {
			t.Fatalf("Parse(%q), Parse(%q): %v, %v", a, b, okX, okY)
		}
		want := oracle(a, b)
		if got := string(x.Add(y).AppendFixed(nil)); got != want {
			t.Fatalf("%s + %s = %s, want %s", a, b, got, want)
		}
	}
}

func TestHexOracle(t *testing.T) {
	rnd := rand.New(rand.NewSource(2))
	for range 2000 {
		text := fmt.Sprintf("0x%x.%xp%d", rnd.Int63()>>rnd.Intn(64), rnd.Int63(), rnd.Intn(200)-100)
		if rnd.Intn(2) == 0 {
			text = fmt.Sprintf("0x%x%x%x", rnd.Int63(), rnd.Int63(), rnd.Int63())
		}
		want, _, err := big.ParseFloat(text+strings.Repeat("p0", 1-strings.Count(text, "p")), 0, 64,
			big.ToNearestEven)
		x, ok := Parse([]byte(text))
		if err != nil || !ok || string(x.AppendFixed(nil)) != fixed(want) {
			t.Fatalf("%s = %s (%v), want %s (%v)", text, x.AppendFixed(nil), ok, fixed(want), err)
		}
	}
}

func TestFromInt(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 1<<63 - 1, -1 << 63, 12345} {
		if got := string(FromInt(n).AppendFixed(nil)); got != fmt.Sprint(n) {
			t.Errorf("FromInt(%d) = %s", n, got)
		}
	}
}

// TestLess compares each of a row of numbers, from the least up, with all others.
func TestLess(t *testing.T) {
	row := []string{
		"-inf", "-1e4932", "-1.5", "-1", "-1e-4940", "0", "1e-4940", "0.5", "1", "1.25", "1e4932",
		"inf",
	}
	for i, a := range row {
		for j, b := range row {
			x, _ := Parse([]byte(a))
			y, _ := Parse([]byte(b))
			if got := x.Less(y); got != (i < j) {
				t.Errorf("%s < %s: %v", a, b, got)
			}
			if got := y.Neg().Less(x.Neg()); got != (i < j) {
				t.Errorf("-%s < -%s: %v", b, a, got)
			}
		}
	}
	largest := Largest()
	if x, ok := Parse([]byte("1.189731495357231765021263853030970205e4932")); !ok || x != largest {
		t.Errorf("the largest is %v, not %v", largest, x)
	}
	if sum := largest.Add(largest); sum.Finite() || !largest.Less(sum) {
		t.Errorf("twice the largest is %v", sum)
	}
}

// TestDenormals: the smallest numbers round at the last bit of the format, not of the mantissa.
func TestDenormals(t *testing.T) {
	for text, want := range map[string]LongDouble{
		"0x1p-16445":   {mant: 1 << 63, exp: expMin - 63},
		"0x1.8p-16445": {mant: 1 << 63, exp: expMin - 62},
		"0x2.8p-16445": {mant: 1 << 63, exp: expMin - 62},
		"0x.9p-16445":  {mant: 1 << 63, exp: expMin - 63},
	} {
		if x, ok := Parse([]byte(text)); !ok || x != want {
			t.Errorf("Parse(%s) = %v, %v; want %v", text, x, ok, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1", "-0.5e10", "0x1.8p3", "inf", "1e-4940"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		x, ok := Parse(text)
		if !ok {
			return
		}
		if y := x.Add(x); y.Finite() {
			printed := y.AppendFixed(nil)
			if _, ok := Parse(printed); !ok {
				t.Fatalf("%q printed as %q, which does not read", text, printed)
			}
		}
	})
}

func BenchmarkIncrement(b *testing.B) {
	text, by := []byte("3.14159265358979"), []byte("0.001")
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		x, _ := Parse(text)
		y, _ := Parse(by)
		out = x.Add(y).AppendFixed(out[:0])
	}
}
