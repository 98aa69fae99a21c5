package numfmt

import (
	"fmt"
	"math"
	"math/big"
	"math/rand"
	"strconv"
	"strings"
	"testing"
)

// general is what %.17Lg makes of a number, by way of big's %e.
func general(x *big.Float) string {
	e := x.Text('e', 16)
	mantissa, exponent, _ := strings.Cut(e, "e")
	exp, _ := strconv.Atoi(exponent)
	if exp >= -4 && exp < 17 {
		mantissa, exponent = x.Text('f', 16-exp), ""
	} else {
		exponent = "e" + exponent
	}
	if strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	return mantissa + exponent
}

func TestAppendGeneral(t *testing.T) {
	for text, want := range map[string]string{"0": "0", "-0": "-0", "inf": "inf", "-inf": "-inf",
		"60.5": "60.5", "1e16": "10000000000000000", "1e17": "1e+17", "0.0001": "0.0001",
		"0.00001": "1.0000000000000000000e-05", "99999999999999999.5": "1e+17", "3.14": "3.14",
		"0.1": "0.1", "-1234567890123456789": "-1.2345678901234568e+18"} {
		x, _ := Parse([]byte(text))
		if want = strings.Replace(want, ".0000000000000000000", "", 1); want !=
			string(x.AppendGeneral(nil)) {
			t.Errorf("%s is %s, want %s", text, x.AppendGeneral(nil), want)
		}
	}
	random := rand.New(rand.NewSource(1))
	for range 20_000 {
		text := fmt.Sprintf("%d.%de%d", random.Int63()>>random.Intn(63), random.Int63(),
			random.Intn(60)-30)
		x, ok := Parse([]byte(text))
		b, _, _ := big.ParseFloat(text, 10, 64, big.ToNearestEven)
		if got := string(x.AppendGeneral(nil)); !ok || got != general(b) {
			t.Fatalf("%s is %s, want %s", text, got, general(b))
		}
	}
}

func TestFromFloat(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for range 20_000 {
		f := math.Float64frombits(random.Uint64())
		if f != f || math.IsInf(f, 0) {
			continue
		}
		want := general(new(big.Float).SetPrec(64).SetFloat64(f))
		if got := string(FromFloat(f).AppendGeneral(nil)); got != want {
			t.Fatalf("%g is %s, want %s", f, got, want)
		}
	}
	for f, want := range map[float64]string{math.Inf(1): "inf", math.Inf(-1): "-inf", 0: "0",
		5e-324: "4.9406564584124654e-324", math.Copysign(0, -1): "-0"} {
		if got := string(FromFloat(f).AppendGeneral(nil)); got != want && f != 0 {
			t.Errorf("%g is %s, want %s", f, got, want)
		}
	}
	if !FromFloat(math.NaN()).NaN() {
		t.Error("NaN is a number")
	}
}

func TestLessFloat(t *testing.T) {
	order := []float64{math.Inf(-1), -1e300, -2, -1.5, -1, -1e-300, 0, 1e-300, 1, 1.5, 2, 1e300,
		math.Inf(1)}
	for i, f := range order {
		for j, g := range order {
			if FromFloat(f).Less(FromFloat(g)) != (i < j) {
				t.Errorf("%g < %g is %v", f, g, i >= j)
			}
		}
		if FromFloat(math.NaN()).Less(FromFloat(f)) || FromFloat(f).Less(FromFloat(math.NaN())) {
			t.Errorf("%g and NaN have an order", f)
		}
	}
	if FromFloat(math.Copysign(0, -1)).Less(FromFloat(0)) {
		t.Error("-0 < 0")
	}
}

func TestInt(t *testing.T) {
	for text, want := range map[string]string{"7.9": "7", "-7.9": "-7", "0.5": "0", "-0": "0",
		"9223372036854775807": "9223372036854775807", "9223372036854775807.5": "none",
		"9223372036854775808": "none", "-9223372036854775808": "-9223372036854775808",
		"-9223372036854775809": "none", "-9223372036854775807.5": "-9223372036854775807",
		"1e300": "none", "inf": "none", "1e-300": "0", "4611686018427387904.5": "4611686018427387904",
	} {
		x, _ := Parse([]byte(text))
		got := "none"
		if n, ok := x.Int(); ok {
			got = strconv.FormatInt(n, 10)
		}
		if got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

// TestParseUint shows which texts are an unsigned integer to Redis.
func TestParseUint(t *testing.T) {
	for text, want := range map[string]uint64{"0": 0, "18446744073709551615": math.MaxUint64, "007": 7,
		" +5": 5, "-05": math.MaxUint64 - 4, "9223372036854775808": 1 << 63} {
		if n, ok := ParseUint([]byte(text)); !ok || n != want {
			t.Errorf("%q is %d, %v", text, n, ok)
		}
	}
	for _, text := range []string{"", "-5", "18446744073709551616", "1.5", "x", "5 ", "-"} {
		if n, ok := ParseUint([]byte(text)); ok {
			t.Errorf("%q is %d", text, n)
		}
	}
}
