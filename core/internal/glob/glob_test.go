package glob

import (
	"bytes"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"*", "", false}, {"", "a", false}, {"*", "a", true}, {"a*", "a", true},
		{"**", "abc", true}, {"a?c", "abc", true}, {"a?c", "ac", false}, {"a*c", "abbbc", true},
		{"a*c", "abbbd", false}, {"[abc]", "b", true}, {"[^abc]", "b", false},
		{"[a-c]x", "bx", true}, {"[c-a]x", "bx", true}, {"[a", "a", true}, {"[^a", "b", true},
		{`\*`, "*", true}, {`\*`, "a", false}, {`a\`, `a\`, true}, {`[\]]`, "]", true},
		{"*a*b*c*", "xxaxxbxxcxx", true}, {"*a*b*c*", "xxaxxcxxbxx", false},
		{"h[^e]llo", "hello", false}, {"h[^e]llo", "hallo", true}, {"[]", "a", false},
		{"a[", "a[", false}, {"a[^", "ab", true},
	} {
		if got := Match([]byte(c.pattern), []byte(c.s), false); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.s, got)
		}
	}
	if !Match([]byte("AbC[d-f]"), []byte("aBce"), true) {
		t.Error("letters differ in case alone")
	}
}

// oracle is the obvious way: after a star it tries every rest.
func oracle(m *matcher, p, s []byte) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == '*':
		for i := 0; i <= len(s); i++ {
			if oracle(m, p[1:], s[i:]) {
				return true
			}
		}
		return false
	case len(s) == 0:
		return false
	}
	n, ok := m.one(p, s[0])
	return ok && oracle(m, p[n:], s[1:])
}

func FuzzMatch(f *testing.F) {
	f.Add([]byte("*a*[^b-d]?"), []byte("xxaze"))
	f.Add([]byte(`\[*]`), []byte("[]"))
	f.Fuzz(func(t *testing.T, pattern, s []byte) {
		if len(pattern) > 12 || len(s) > 24 || len(s) == 0 {
			t.Skip()
		}
		want := oracle(&matcher{}, pattern, s)
		if got := Match(pattern, s, false); got != want {
			t.Errorf("Match(%q, %q) = %v", pattern, s, got)
		}
	})
}

func TestCostIsBounded(t *testing.T) {
	long := make([]byte, 1<<16)
	for i := range long {
		long[i] = 'a'
	}
	pattern := []byte("*a*a*a*a*a*a*a*a*a*a*b")
	if Match(pattern, long, false) {
		t.Error("matched")
	}
}

func TestManyStars(t *testing.T) {
	for stars, want := range map[int]bool{1000: true, 1001: false} {
		pattern := bytes.Repeat([]byte("*?"), stars)
		if got := Match(pattern, make([]byte, 5000), false); got != want {
			t.Errorf("%d stars: %v", stars, got)
		}
	}
}
