package reply

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/internal/listpack"
)

// TestPack writes listpacks in one go and element by element, with room for all and not.
func TestPack(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	numbers := []string{"0", "9", "10", "99", "100", "127", "128", "-1", "12345678", "1234567890123"}
	for range 3000 {
		p := listpack.New(listpack.EmptySize)
		for range 1 + random.Intn(12) {
			if random.Intn(3) == 0 {
				p = p.Append([]byte(numbers[random.Intn(len(numbers))]))
			} else {
				p = p.Append([]byte(strings.Repeat("xyz", 40)[:random.Intn(70)]))
			}
		}
		if random.Intn(2) == 0 {
			p = p.Clone()
		}
		from, n, skip := random.Intn(p.Len()), random.Intn(14), random.Intn(3)
		var want Writer
		wrote := 0
		for pos := p.Index(from); pos >= 0 && wrote < n; wrote++ {
			want.Element(p.At(pos))
			for i := 0; i <= skip && pos >= 0; i++ {
				pos = p.Next(pos)
			}
		}
		w := Writer{Buf: make([]byte, 0, random.Intn(400))}
		if got := w.Pack(p, p.Index(from), n, skip); got != wrote ||
			string(w.Buf) != string(want.Buf) {
			t.Fatalf("%q from %d, %d and each time past %d: %d of %q, want %d of %q", p, from, n, skip,
				got, w.Buf, wrote, want.Buf)
		}
	}
	var w Writer
	if w.Pack(listpack.New(0), -1, 3, 0) != 0 || len(w.Buf) > 0 {
		t.Error("elements of an empty listpack")
	}
}
