package core

import (
	"math/rand/v2"
	"path"
	"strings"
	"testing"
)

// TestCleanPath compares cleanPath with path.Clean, which costs every binary 3 KB.
func TestCleanPath(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"/", "/", "/", "../", "..", ".", "a", "b.", "..c", "ü"}
	for range 20_000 {
		var b strings.Builder
		for range 1 + r.IntN(12) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		if got, want := cleanPath(b.String()), path.Clean(b.String()); got != want {
			t.Fatalf("%q: %q, not %q", b.String(), got, want)
		}
	}
}
