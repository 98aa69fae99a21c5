package sha256

import (
	"crypto/sha256"
	"testing"
)

// TestSum compares the sums of data of every length near the borders of blocks with those of the
// standard library.
func TestSum(t *testing.T) {
	data := make([]byte, 300)
	for i := range data {
		data[i] = byte(i * i)
	}
	for n := range data {
		if got, want := Sum(data[:n]), sha256.Sum256(data[:n]); got != want {
			t.Errorf("the sum of %d bytes is %x, want %x", n, got, want)
		}
	}
}

func TestHex(t *testing.T) {
	const want = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if got := Hex(nil); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func BenchmarkHex(b *testing.B) {
	for b.Loop() {
		Hex([]byte("password"))
	}
}
