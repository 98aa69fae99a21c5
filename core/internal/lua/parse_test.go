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
		if p.problem != problem {
			t.Errorf("%s\n got %s\nwant %s", src, p.problem, problem)
		}
		if !reflect.DeepEqual(p.done, want) {
			t.Errorf("%s: other code than at once", src)
		}
	}
	if suspended < 2*len(all) {
		t.Errorf("%d sources were suspended %d times", len(all), suspended)
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
