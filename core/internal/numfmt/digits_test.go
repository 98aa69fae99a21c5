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

// TestAppendUint compares with strconv at every power of ten and of two.
func TestAppendUint(t *testing.T) {
	check := func(n uint64) {
		dst := []byte("before")
		if got, want := AppendUint(dst, n), strconv.AppendUint(dst, n, 10); string(got) !=
			string(want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for shift := range 64 {
		for d := range uint64(3) {
			check(1<<shift + d - 1)
			check(1764147600123<<16>>shift + d)
		}
	}
	for n, i := uint64(1), 0; i < 20; i++ {
		check(n - 1)
		check(n)
		check(n + 12345)
		n *= 10
	}
}
