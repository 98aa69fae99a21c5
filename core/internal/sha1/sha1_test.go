package sha1

import (
	"crypto/sha1"
	"encoding/hex"
	"testing"
)

// TestSum compares sums of every length up to three blocks with the standard library's.
func TestSum(t *testing.T) {
	data := make([]byte, 200)
	for i := range data {
		data[i] = byte(i * 7)
	}
	for n := range data {
		if Sum(data[:n]) != sha1.Sum(data[:n]) {
			t.Fatalf("wrong sum of %d bytes", n)
		}
	}
	want := sha1.Sum(nil)
	if Hex(nil) != hex.EncodeToString(want[:]) {
		t.Fatal(Hex(nil))
	}
}

func BenchmarkSum(b *testing.B) {
	data := make([]byte, 1024)
	b.SetBytes(1024)
	for b.Loop() {
		Sum(data)
	}
}
