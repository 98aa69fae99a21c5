package slots

import "testing"

// TestOf shows slots that a redis-server has told, hash tags among them.
func TestOf(t *testing.T) {
	for key, want := range map[string]int{
		"": 0, "a": 15495, "b": 3300, "foo": 12182, "123456789": 12739, "{}": 15257, "{": 4092,
		"{}a": 10875, "}{b}": 3300, "a{b}{c}": 3300, "a{{b}}": 6215,
	} {
		if got := Of([]byte(key)); got != want {
			t.Errorf("the slot of %q is %d, not %d", key, got, want)
		}
	}
}

func TestOfPattern(t *testing.T) {
	for pattern, want := range map[string]int{
		"a": 15495, "{b}*": 3300, "x{b}*{c}": 3300, "*{b}": -1, "{b*}": -1, "{?}": -1, `\{b}`: -1,
		"[a]": -1, "{}*": -1, "{}a": 10875,
	} {
		if got := OfPattern([]byte(pattern)); got != want {
			t.Errorf("the slot of %q is %d, not %d", pattern, got, want)
		}
	}
}

func BenchmarkOf(b *testing.B) {
	key := []byte("user:{1000}:following")
	for range b.N {
		Of(key)
	}
}
