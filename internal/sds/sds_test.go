package sds

import (
	"slices"
	"testing"
)

// split splits a line into strings.
func split(line string) ([]string, bool) {
	words, ok := SplitArgs(nil, []byte(line))
	var out []string
	for _, w := range words {
		out = append(out, string(w))
	}
	return out, ok
}

func TestSplitArgs(t *testing.T) {
	for _, c := range []struct {
		line string
		want []string
	}{
		{"", nil},
		{" \t\r\n\v\f ", nil},
		{"SET k v", []string{"SET", "k", "v"}},
		{"\v\f a  b\t", []string{"a", "b"}},
		{"a\vb", []string{"a\vb"}},
		{"a\x00b c", []string{"a"}},
		{"a \x00 b", []string{"a"}},
		{`"" ''`, []string{"", ""}},
		{`"a b" 'c d'`, []string{"a b", "c d"}},
		{`a"b"`, []string{"ab"}},
		{`a'b' c`, []string{"ab", "c"}},
		{`"\n\r\t\a\b\"\\\q"`, []string{"\n\r\t\a\b\"\\q"}},
		{`"\x00\xfF\x4" "\xg1" "\xzz"`, []string{"\x00\xffx4", "xg1", "xzz"}},
		{`'\'\n"' "'"`, []string{`'\n"`, "'"}},
		{`\x41\n`, []string{`\x41\n`}},
		{"\"a\"\vb", []string{"a", "b"}},
		{"\"a\"\x00b", []string{"a"}},
	} {
		if got, ok := split(c.line); !ok || !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, %v; want %q", c.line, got, ok, c.want)
		}
	}
}

func TestSplitArgsRefuses(t *testing.T) {
	for _, line := range []string{`"`, `'`, `a "b`, `a 'b`, `"a"b`, `'a'b`, `"a""b"`, `'a''b'`,
		`"\`, `"a\"`, `'a\'`, `a"b"c`} {
		if got, ok := split(line); ok {
			t.Errorf("%q: %q", line, got)
		}
	}
}

func TestRepr(t *testing.T) {
	const text = " a~\"\\'\n\r\t\a\b\v\x00\x1f\x7f\x80\xff"
	const want = `" a~\"\\'\n\r\t\a\b\x0b\x00\x1f\x7f\x80\xff"`
	if got := Repr(text); got != want {
		t.Errorf("%s; want %s", got, want)
	}
}

func TestReprIsReadBack(t *testing.T) {
	var all []byte
	for c := range 256 {
		all = append(all, byte(c))
	}
	for _, word := range []string{"", "plain", "a b", `"\`, string(all)} {
		if got, ok := split(Repr(word)); !ok || len(got) != 1 || got[0] != word {
			t.Errorf("%q is written %s, and read back as %q", word, Repr(word), got)
		}
	}
}

// FuzzSplitArgs splits lines, and splits what it found again as Repr writes it.
func FuzzSplitArgs(f *testing.F) {
	f.Add([]byte(`SET "k\x00" 'it\'s' v`))
	f.Add([]byte("a\v \"b\"\x00c"))
	f.Fuzz(func(t *testing.T, line []byte) {
		words, ok := SplitArgs(nil, slices.Clone(line))
		if !ok {
			return
		}
		var again []byte
		for _, w := range words {
			again = append(AppendRepr(again, string(w)), ' ')
		}
		got, ok := SplitArgs(nil, again)
		if !ok || !slices.EqualFunc(got, words, slices.Equal[[]byte]) {
			t.Errorf("%q split is %q, written %s and split again %q", line, words, again, got)
		}
	})
}

func BenchmarkSplitArgs(b *testing.B) {
	line := []byte(`SET key:000001 "a value with \x00 in it"`)
	var words [][]byte
	for b.Loop() {
		words, _ = SplitArgs(words[:0], line)
	}
}
