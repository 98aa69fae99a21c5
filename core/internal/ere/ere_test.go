package ere

import (
	"regexp"
	"strings"
	"testing"
)

func compile(pattern string, fold bool) (*Regexp, error) {
	budget := 1 << 16
	return Compile([]byte(pattern), fold, &budget)
}

// TestMatch gives of each expression strings that match and strings that do not.
func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern   string
		fold      bool
		yes, nope []string
	}{
		{"foobar", false, []string{"foobar", "xfoobarx"}, []string{"fooba", "FOOBAR", ""}},
		{"foobar", true, []string{"FooBar", "xfoobarx"}, []string{"fooba"}},
		{"^foo|bar$", false, []string{"foox", "xbar"}, []string{"xfoo", "barx"}},
		{"^(foo|bar)$", true, []string{"FOO", "bar"}, []string{"foob", "xbar"}},
		{"(a|ab)(c|bcd)$", false, []string{"abcd", "ac"}, []string{"abd"}},
		{"a{2}{2}xb+xc*xd?x", false, []string{"aaaaxbxxx", "aaaaxbbxccxdx"}, []string{"aaaxbxxx"}},
		{"a{,}", false, []string{"", "aaa"}, nil}, {"^a{,2}$", false, []string{"", "aa"},
			[]string{"aaa"}},
		{"^a{2,}$", false, []string{"aa", "aaaa"}, []string{"a"}},
		{"^a{255}$", false, []string{strings.Repeat("a", 255)}, []string{strings.Repeat("a", 254)}},
		{"^((a{1,2})?x)*y", false, []string{"y", "xy", "aaxy"}, []string{"aaaxy"}},
		{"(a|)", false, []string{"", "b"}, nil}, {"^()*$", false, []string{""}, []string{"a"}},
		{"*a", false, []string{"a"}, []string{"b"}}, {"a*?b", false, []string{"b", "aab"}, nil},
		{"foo^$", false, nil, []string{"foo"}}, {"^*b", false, []string{"ab"}, nil},
		{"a)", false, []string{"a)"}, []string{"a"}}, {".", false, []string{"\n"}, []string{""}},
		{"[a-c]+[^a-c]", false, []string{"abd"}, []string{"abc"}},
		{"[]a]", false, []string{"]", "a"}, []string{"b"}},
		{"[^]a]", false, []string{"b"}, []string{"]a"}},
		{"[[:alpha:]_-]+$", false, []string{"a_-"}, []string{"a1"}},
		{"^[[:upper:]]+$", true, []string{"aB"}, []string{"a1"}},
		{"^[^x]+$", true, []string{"abc"}, []string{"aXc", "axc"}},
		{"^[^b-dc-z]$", false, []string{"a", "z"}, []string{"b", "d"}}, // as TRE has it
		{`\bx\b`, false, []string{"a x", "x"}, []string{"axe", "ax"}},
		{`\Bx`, false, []string{"aax"}, []string{"x", "a x"}},
		{`\<foo\>`, false, []string{"a foo."}, []string{"afoo", "foos"}},
		{`^\w+\s\d$`, false, []string{"a_1 2"}, []string{"a- 2", "a b"}},
		{`^\W\S\D$`, false, []string{"-x-"}, []string{"axx"}},
		{`^\x41\x{42}\.$`, false, []string{"AB."}, []string{"ABx"}},
		{`\Qa.b\E.c`, false, []string{"a.bxc"}, []string{"axbxc"}},
		{`\z`, true, []string{"z"}, []string{""}},
		{"foo(?i)bar|zap", false, []string{"fooBaR", "foozAp"}, []string{"FOOBAR", "zap"}},
		{"foo(?-i:zap)zot", true, []string{"FoOzapZOt"}, []string{"FoOzApZOt"}},
		{"foo(?# a remark )bar", false, []string{"foobar"}, []string{"foo"}},
		{"a(?n).", false, []string{"ab"}, []string{"a\n"}},
		{"(foobar){~}", false, []string{"foobar"}, []string{"foobaz"}},
		{"(anaconda){ 1i + 1d < 1, #1}", false, []string{"anaconda"}, []string{"anacnda"}},
		{"fo+$", false, []string{"foo", "foo\x00bar"}, []string{"foobar"}}, // as TRE has it
		{"foo$", false, []string{"foo"}, []string{"foo\x00bar"}},
		{"\xff[\x80-\xfe]", false, []string{"\xff\x80"}, []string{"\xff"}},
	} {
		r, err := compile(c.pattern, c.fold)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		for _, s := range c.yes {
			if !r.Match([]byte(s)) {
				t.Errorf("%q does not match %q", c.pattern, s)
			}
		}
		for _, s := range c.nope {
			if r.Match([]byte(s)) {
				t.Errorf("%q matches %q", c.pattern, s)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	for pattern, want := range map[string]error{
		"(": errParen, "(a": errParen, "[": errBracket, "[a": errBracket, "[]": errBracket,
		"[[:alpha:": errBracket, "[[:alpha": errClass, "[[:beta:]]": errClass, "[[.a.]]": errCollate,
		"[[=a=]]": errCollate, "[b-a]": errRange, "[a-c-e]": errRange, `\`: errEscape,
		"a**": errRepeat, "a?+": errRepeat, "a{1,2}*": errRepeat, "a{": errBrace, "a{1": errBrace,
		"a{}": errBound, "a{2,1}": errBound, "a{x}": errBound, "a{2,3,4}": errBound,
		"a{256}": errBoundMax, "a{9223372036854775808}": errBoundMax, `\x{`: errBrace,
		`\x{1`: errBrace, `\x{000000000}`: errBrace, `\x{g}`: errBrace, "(?": errPattern,
		"(?i": errPattern, "(?#": errPattern, "(?x)": errPattern, `(a)\1`: ErrBackReference,
		`(a)\2`: errReference, `\0`: ErrBackReference, `(foo{~2})\1`: errPattern,
		"((a{255}){255}){255}": errMemory, "(a*){255}{255}{255}{255}": errMemory,
	} {
		if _, err := compile(pattern, false); err != want {
			t.Errorf("%q: %v, want %v", pattern, err, want)
		}
	}
	for _, pattern := range []string{`\x`, `\x{}`, `\Q`, "a{255}", "(){255}{255}{255}{255}{255}{255}",
		strings.Repeat("(", 1000) + strings.Repeat(")", 1000), strings.Repeat(`\Q\E`, 500)} {
		if _, err := compile(pattern, true); err != nil {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}

func TestBudget(t *testing.T) {
	budget := 20
	if _, err := Compile([]byte("a{10}."), false, &budget); err != nil || budget != 8 {
		t.Error(err, budget)
	}
	if _, err := Compile([]byte("a{10}."), false, &budget); err != errMemory {
		t.Error(err)
	}
}

// FuzzMatch compares with Go's regexp, where both read an expression alike.
func FuzzMatch(f *testing.F) {
	f.Add("^a(b|c*)+[^d-f]{1,3}$", "abcg")
	f.Add(`x?(a|)*\b`, "ax x")
	f.Add(`(?i)[[:upper:]b](?#x)\Qa\E{2}`, "A\x00")
	f.Add("[^a-cb-z]{~3}|", "e")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 2048 || len(s) > 1<<10 {
			t.Skip()
		}
		r, err := compile(pattern, false)
		folded, foldErr := compile(pattern, true)
		if (err == nil) != (foldErr == nil) && err != errMemory && foldErr != errMemory {
			t.Fatalf("%q: %v, with fold %v", pattern, err, foldErr)
		}
		if err != nil || foldErr != nil {
			return
		}
		got := r.Match([]byte(s))
		folded.Match([]byte(s))
		if r.literal != nil {
			budget := 1 << 16
			p := &parser{re: []byte(pattern), reference: -1}
			root, _ := p.parse()
			slow := &Regexp{sets: p.sets, prog: assemble(p.nodes, root, budget)}
			slow.seen = make([]uint32, len(slow.prog))
			slow.firstBytes()
			if strings.IndexByte(s, 0) < 0 && slow.Match([]byte(s)) != got {
				t.Fatalf("%q, %q: %v as text alone", pattern, s, got)
			}
		}
		for _, c := range pattern { // what both take to be the same
			if !strings.ContainsRune("abcxyz.^$()|*+?", c) {
				return
			}
		}
		if strings.Contains(pattern, "(?") || strings.ContainsAny(s, "\x00\n") {
			return
		}
		for _, c := range s {
			if c > 126 {
				return
			}
		}
		if re, err := regexp.Compile(pattern); err == nil && re.MatchString(s) != got {
			t.Errorf("%q, %q: %v", pattern, s, got)
		}
	})
}
