package numfmt

import (
	"math"
	"math/rand"
	"strconv"
	"testing"
)

func TestAppendDouble(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "-0", "inf": "inf", "-inf": "-inf", "nan": "nan", "1": "1", "-1.5": "-1.5",
		"0.00012345678": "1.2345678e-4", "0.0012345678": "0.0012345678", "1.5e-6": "1.5e-6",
		"1e-6": "0.000001", "-1e-5": "-0.00001", "1e-7": "1e-7", "5e-7": "5e-7", "1.1e-5": "0.000011",
		"123e-7": "1.23e-5", "100.5": "100.5", "1234567.0000001": "1.2345670000001e+6",
		"4611686018427387904": "4611686018427387904", "4.7e18": "4.7e+18", "1e17": "100000000000000000",
		"9223372036854775807": "9223372036854776000", "1e19": "1e+19", "1e22": "1e+22",
		"1e23":                    "99999999999999990000000", // Grisu2 misses 1e+23
		"8.41e21":                 "8409999999999999000000",
		"1234567e15":              "1.234567e+21",
		"9007199254740993e3":      "9007199254740993000",
		"0.30000000000000004":     "0.30000000000000004",
		"1.7976931348623157e308":  "1.7976931348623157e+308",
		"5e-324":                  "5e-324",
		"-1.5e-310":               "-1.5e-310",
		"2.2250738585072014e-308": "2.2250738585072014e-308",
	} {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(AppendDouble(nil, f)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// TestAppendDoubleReadsBack prints numbers of every size: all must read back the same, and nearly
// all have no more digits than the shortest form.
func TestAppendDoubleReadsBack(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	const n = 200_000
	longer := 0
	for range n {
		f := math.Abs(math.Float64frombits(rnd.Uint64()))
		if f != f || math.IsInf(f, 0) {
			continue
		}
		text := string(AppendDouble(nil, f))
		if back, err := strconv.ParseFloat(text, 64); err != nil || back != f {
			t.Fatalf("%v is printed as %s: %v", f, text, err)
		}
		d, _ := grisu2(f, nil)
		if shortest := strconv.FormatFloat(f, 'e', -1, 64); len(d) > digitsOf(shortest) {
			longer++
		}
	}
	if longer > n/500 {
		t.Errorf("%d of %d are longer than need be", longer, n)
	}
}

// digitsOf counts the digits of a number such as 1.25e-7 before its exponent.
func digitsOf(s string) int {
	n := 0
	for _, c := range s {
		switch {
		case c == 'e':
			return n
		case '0' <= c && c <= '9':
			n++
		}
	}
	return n
}

// TestPowers compares the table with exact arithmetic.
func TestPowers(t *testing.T) {
	for i, m := range powers {
		k := powerFirst + powerStep*i
		hi, lo, exp := uint64(0), uint64(0), 0
		if k >= 0 {
			hi, lo, _, exp = natural{1}.timesPower(k).top()
		} else {
			hi, lo, _, exp = natural{1}.over(natural{1}.timesPower(-k))
		}
		if want := hi + lo>>63; m != want {
			t.Errorf("1e%d: %#x, want %#x", k, m, want)
		}
		if e := binaryExponent(k); e != exp {
			t.Errorf("1e%d: 2^%d, want %d", k, e, exp)
		}
	}
}
