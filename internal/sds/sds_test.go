package sds

import (
	"encoding/json"
	"os"
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

// cases are lines with their words, and words as they are written. A character of a string is a
// byte.
func cases(t *testing.T) (lines, words [][2]any) {
	t.Helper()
	text, err := os.ReadFile("testdata/words.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Split, Repr [][2]any }
	if err := json.Unmarshal(text, &all); err != nil || len(all.Split) == 0 || len(all.Repr) == 0 {
		t.Fatal(err, all)
	}
	return all.Split, all.Repr
}

// bytesOf has a byte for each character.
func bytesOf(s any) string {
	var out []byte
	for _, r := range s.(string) {
		out = append(out, byte(r))
	}
	return string(out)
}

func TestSplitArgs(t *testing.T) {
	lines, _ := cases(t)
	for _, c := range lines {
		line := bytesOf(c[0])
		list, balanced := c[1].([]any)
		var want []string
		for _, w := range list {
			want = append(want, bytesOf(w))
		}
		got, ok := split(line)
		if ok != balanced || ok && !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q, %v", line, got, ok, want, balanced)
		}
	}
}

func TestRepr(t *testing.T) {
	_, words := cases(t)
	for _, c := range words {
		if got, want := Repr(bytesOf(c[0])), bytesOf(c[1]); got != want {
			t.Errorf("%q is written %s; want %s", c[0], got, want)
		}
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
