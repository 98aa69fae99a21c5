package lua

import (
	"strings"
	"testing"
)

// TestLongStrings: long strings are compared in parts, with the result of one step.
func TestLongStrings(t *testing.T) {
	const compares = `
local s = string.rep('x', 3 * 2 ^ 20)
local u, v, w = s .. 'a', s .. 'b', s .. 'a'
local function compared()
	local list = {u == w, u ~= w, u == v, u ~= v, u < v, v < u, u <= w, v <= u, u > v, u >= w,
		s < u, u < s, s == u, rawequal(u, w), rawequal(u, v), not (u < v), not (v <= u)}
	for i = 1, #list do list[i] = list[i] and 'y' or 'n' end
	return table.concat(list)
end
local function deep(n) if n == 0 then return compared() end return select(2, pcall(deep, n - 1)) end
local t = {v, w, s, u}
table.sort(t)
return {compared(), deep(197) == compared(), t[1] == s, t[2] == u, t[3] == u, t[4] == v}`
	vm := newVM()
	f := compile(t, vm, compares)
	amid := 0
	vm.Run(f, nil, nil, true, func() {
		if n := len(vm.l.jobs); n > 0 {
			if _, ok := vm.l.jobs[n-1].job.(*comparing); ok {
				amid++
			}
		}
	})
	if amid == 0 {
		t.Error("no slice ended amid a comparison")
	}
	want := "*6\r\n$17\r\nynnyynynnyynnynny\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n"
	if got := outcome(vm); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	parts := newVM()
	runTiny(parts, compile(t, parts, compares), nil)
	if got := outcome(parts); got != want {
		t.Errorf("in tiny slices: got %q, want %q", got, want)
	}
}

// TestLongKeys: the hash of a long string is that of its end, and such keys are told apart.
func TestLongKeys(t *testing.T) {
	const keys = `
local s = string.rep('x', 2 ^ 20)
local u, v, w = 'a' .. s, 'b' .. s, s .. 'a'
local t = {[u] = 1, [v] = 2, [w] = 3}
return {t['a' .. s], t['b' .. s], t[s .. 'a'], t[s] == nil and 4}`
	vm := newVM()
	vm.Run(compile(t, vm, keys), nil, nil, true, func() {})
	if got, want := outcome(vm), "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	end := strings.Repeat("x", hashedMost)
	if hashOf("a"+end) != hashOf("b"+end) {
		t.Error("the hash takes more than the end into account")
	}
	if hashOf("a"+end[1:]) == hashOf("b"+end[1:]) {
		t.Error("the hash of a megabyte does not take all of it into account")
	}
}
