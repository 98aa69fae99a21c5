package numfmt

import (
	"math"
	"math/rand"
	"strconv"
	"testing"
)

// TestPlain compares with strconv, which reads whatever Plain does.
func TestPlain(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	const letters = "0123456789+-.einfx"
	read := 0
	check := func(text string) {
		f, ok := Plain([]byte(text))
		if !ok {
			return
		}
		read++
		if want, err := strconv.ParseFloat(text, 64); err != nil ||
			math.Float64bits(f) != math.Float64bits(want) {
			t.Errorf("%q is %v, not %v, %v", text, f, want, err)
		}
	}
	for _, text := range []string{"", "-", "+", "-0", "0", "000", "inf", "+inf", "-inf", "infx",
		"999999999999999", "-999999999999999", "9999999999999999", "+1", "1.5", "0x10"} {
		check(text)
	}
	if read != 7 {
		t.Errorf("%d were read", read)
	}
	for range 100_000 {
		b := make([]byte, random.Intn(18))
		for i := range b {
			b[i] = letters[random.Intn(10)]
			if random.Intn(30) == 0 {
				b[i] = letters[random.Intn(len(letters))]
			}
		}
		check(string(b))
	}
}
