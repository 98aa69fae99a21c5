package lua

import (
	"reflect"
	"strings"
	"testing"
)

// TestTinyCompiling: it does not matter where a compilation is suspended.
func TestTinyCompiling(t *testing.T) {
	all := append(scriptsOfTranscripts(t), snippets...)
	for i := range all { // what ends in the midst is an error somewhere else
		if src := all[i]; len(src) > 0 {
			all = append(all, src[:i*7919%len(src)])
		}
	}
	suspended := 0
	for _, src := range all {
		vm := newVM()
		want, problem := vm.load("=s", src)
		p := vm.newParser("=s", src)
		vm.live = true
		for n := 0; ; n++ {
			vm.left, vm.slice = 1+n%19, 0
			if p.step() {
				break
			}
			suspended++
		}
		if p.whatIsWrong() != problem {
			t.Errorf("%s\n got %s\nwant %s", src, p.whatIsWrong(), problem)
		}
		if !reflect.DeepEqual(p.done, want) {
			t.Errorf("%s: other code than at once", src)
		}
	}
	if suspended < 2*len(all) {
		t.Errorf("%d sources were suspended %d times", len(all), suspended)
	}
}

// longTokens are tokens of every kind that take several parts, and what is wrong with them.
var longTokens = []string{
	"return 'a\\nb\\065\\\r\nc', \"d\\\"e\"", "return 'as it stands', 'a\\\"', 'b\\99999'",
	"x = [[\r\na\n\rb\r\rc]] --[[\r\n ]=] ]] y = [==[\n]=]]==] --[=[\n]==]]=] z = 1",
	"--[==[ a ]=] ]==] return 1.5e+7 .. 0x1F --[x\n, 12345678.25 -- the end",
	"\r\n\n\r\r x = 1 \t\f\v ", "local a\nlocal 'a\\0b\\nc'", "f(\n'a\\\n\\\nb'",
	"local\n[==[\r\na\r\nb]==]", "local [=[a\000b]=]", "x = 'abc", "x = 'abc\\", "x = 'a\\tbc\nd'",
	"x = \"a\\tb\\300c\"", "x = 'a\\0b\n'", "x = [==[a\r\n]=]", "--[[ a\r\n]", "x = [===x",
	"x = 1..2..3", "x = 12e34x56", "x = 0x", "x = 1\000--[[\n x", "x = --[[\n]] [[y",
}

// TestReadAhead: what was read ahead part by part is what is read in one go, whatever the parts.
func TestReadAhead(t *testing.T) {
	all := append(append(scriptsOfTranscripts(t), snippets...), longTokens...)
	for _, src := range all {
		for n := len(src) - 1; n > 0; n -= 1 + n/2 { // and what ends in its midst
			all = append(all, src[:n])
		}
	}
	for i, src := range all {
		vm := newVM()
		want, problem := vm.load("=s", src)
		p, r := vm.newParser("=s", src), &reader{known: &known{}, before: 1}
		for !r.part(&p.lexer, 1+i%5) {
		}
		known := len(p.known)
		for !p.step() {
		}
		if p.whatIsWrong() != problem || !reflect.DeepEqual(p.done, want) {
			t.Errorf("%q: otherwise than at once\n got %s\nwant %s", src, p.whatIsWrong(), problem)
		}
		if len(src) > 40 && known < 3 {
			t.Errorf("%q: %d tokens were read ahead", src, known)
		}
		if problem == "" && len(p.known) > 0 {
			t.Errorf("%q: %d tokens were read ahead and not come upon", src, len(p.known))
		}
	}
}

// TestNameEnd looks at eight characters of a name at once as one does at each.
func TestNameEnd(t *testing.T) {
	for c := range 256 {
		for at := range 10 {
			s := strings.Repeat("aZ_09z", 2)[:at] + string([]byte{byte(c)}) + "andMoreOfIt123"
			want := len(s)
			for i := range len(s) {
				if !isNameByte(s[i]) {
					want = i
					break
				}
			}
			if got := nameEnd(s, 0); got != want {
				t.Errorf("%q: %d, want %d", s, got, want)
			}
		}
	}
}
