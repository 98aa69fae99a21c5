package numfmt

import (
	"encoding/binary"
	"strconv"
	"testing"
)

// TestDigits compares with strconv: round every power of ten, and in large steps all the way.
func TestDigits(t *testing.T) {
	check := func(n uint32) {
		word, size := Digits(n)
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], word)
		if got, want := string(b[:size]), strconv.Itoa(int(n)); got != want {
			t.Fatalf("%s is %q", want, got)
		}
	}
	for n := uint32(0); n < 200_000; n++ {
		check(n)
	}
	for power := uint32(10); power <= Short; power *= 10 {
		for n := power - 10; n < power+10 && n < Short; n++ {
			check(n)
		}
	}
	for n := uint32(0); n < Short; n += 997 {
		check(n)
	}
}
