package same

import (
	"bytes"
	"testing"
)

// TestSame compares strings of every length near the borders, equal ones and those that differ in
// one byte or in length.
func TestSame(t *testing.T) {
	for n := range 40 {
		a := make([]byte, n)
		for i := range a {
			a[i] = byte(7 * i)
		}
		b := bytes.Clone(a)
		if !Bytes(a, b) || !Text(string(a), b) {
			t.Errorf("%d bytes differ from themselves", n)
		}
		for i := range b {
			b[i] ^= 0x80
			if Bytes(a, b) || Text(string(a), b) || Bytes(b, a) || Text(string(b), a) {
				t.Errorf("%d bytes are the same in spite of byte %d", n, i)
			}
			b[i] ^= 0x80
		}
		if longer := append(bytes.Clone(a), 0); Bytes(a, longer) || Text(string(longer), a) {
			t.Errorf("%d bytes are the same as %d", n, n+1)
		}
	}
}

func BenchmarkText(b *testing.B) {
	a, c := "key:__rand_int__", []byte("key:__rand_int__")
	for b.Loop() {
		if !Text(a, c) {
			b.Fatal("they differ")
		}
	}
}
