package sha1

import (
	"crypto/sha1"
	"testing"
)

func TestSum(t *testing.T) {
	b := make([]byte, 300)
	for i := range b {
		b[i] = byte(i * 7)
	}
	for n := range len(b) {
		if got, want := Sum(b[:n]), sha1.Sum(b[:n]); got != want {
			t.Errorf("%d bytes: got %x, want %x", n, got, want)
		}
	}
}

func BenchmarkSum(b *testing.B) {
	script := make([]byte, 1000)
	b.SetBytes(int64(len(script)))
	for b.Loop() {
		Sum(script)
	}
}
