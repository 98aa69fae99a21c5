package lua

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestLongNumbers: a number of very many digits is what it is exactly, rounded.
func TestLongNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	digits := func(n int) string {
		b := []byte(strings.Repeat("0", n))
		for i := range b {
			if r.IntN(3) == 0 {
				b[i] = byte('0' + r.IntN(10))
			}
		}
		return string(b)
	}
	half := "9007199254740993" // half way between two doubles
	zeros := strings.Repeat("0", 3000)
	texts := []string{
		half + "." + zeros, half + "." + zeros + "1", half + zeros + "e-3000", zeros + half,
		"0." + zeros + half + "e3000", half + zeros + "1e-3001", "." + zeros + "5e3000",
		zeros + "." + zeros, "1e" + zeros + "5", "1" + zeros + "e-" + zeros + "2999", "1" + zeros,
		zeros + "1." + half + zeros + "e+0",
	}
	for range 200 {
		texts = append(texts, digits(r.IntN(2500))+"."+digits(1700+r.IntN(100))+"e"+
			[]string{"", "-", "+"}[r.IntN(3)]+digits(1+r.IntN(4)))
	}
	for _, s := range texts {
		exact, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatal(s)
		}
		want, _ := exact.Float64()
		if got, ok := parseNumber(" -" + s + "\n"); !ok || got != -want {
			t.Errorf("%d characters %.30s…: %v %v, want %v", len(s), s, got, ok, -want)
		}
	}
	for _, s := range []string{
		zeros + "x", zeros + ".", "." + zeros, zeros + "e", zeros + "e+", zeros + "e1x", zeros + "_0",
		zeros + "0.5.", zeros + " 1", "e" + zeros, zeros + "e1e1",
	} {
		valid := s == zeros+"." || s == "."+zeros
		if _, ok := parseNumber(s); ok != valid {
			t.Errorf("%.5s…%s is a number: %v", s, s[len(s)-3:], ok)
		}
	}
}
