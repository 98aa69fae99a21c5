package lua

import (
	"runtime"
	"testing"
)

// TestSpares: a script that fills a large table again does so in the memory that it had, whether it
// grows in steps or at once, and what it has not filled is empty.
func TestSpares(t *testing.T) {
	vm := newVM()
	const full = "local t = {} for i = 1, 2e5 do t[i] = i end return #t"
	const half = "local t, n = {}, 0 for i = 1, 132e3 do t[i] = i end " +
		"for i = 132001, 262144 do if t[i] ~= nil then n = n + 1 end end return {#t, n}"
	fill, other := compile(t, vm, full), compile(t, vm, "return {}")
	made := func(f Function) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		vm.Run(f, nil, nil, true, func() {})
		runtime.ReadMemStats(&after)
		if vm.Failure() != nil {
			t.Fatal(vm.Failure())
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	const whole, small = 6_000_000, 512 << 10 // 12 bytes a value where an int has 32 bits
	if n := made(fill); n < whole {
		t.Errorf("the first takes %d bytes, want %d at least", n, whole)
	}
	if n := made(fill); n > small {
		t.Errorf("the second takes %d bytes, want %d at most", n, small)
	}
	if got, want := run(t, vm, half), "*2|:132000|:0|"; got != want {
		t.Errorf("of half a table: %s, want %s", got, want)
	}
	for range sparesLast - 2 {
		made(other)
	}
	if n := made(fill); n > small {
		t.Errorf("a while later it takes %d bytes, want %d at most", n, small)
	}
	for range sparesLast - 1 {
		made(other)
	}
	if n := made(fill); n < whole {
		t.Errorf("when nobody has wanted them it takes %d bytes, want %d at least", n, whole)
	}
}

// tight is a host with memory for no more than so many megabytes.
type tight struct {
	echo
	left int
}

func (h *tight) Room(int, int) bool {
	h.left--
	return h.left >= 0
}

// TestLetGo: nothing is left of what a script has made, however it ended.
func TestLetGo(t *testing.T) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, script := range []string{
		"local t = {} for i = 1, 1e9 do t[i] = {i} end",
		"local t = {} for i = 1, 1e5 do t[i] = {i} end return t",
		"local t = {} for i = 1, 1e5 do t[#t + 1] = i .. '' end error(t)",
		"local t = {} for i = 1, 1e5 do t[i] = i .. '' end table.sort(t, function() error(t) end)",
	} {
		vm := New(&tight{left: 40}, "8.0.6", 0x080006)
		before := heap()
		vm.Run(compile(t, vm, script), nil, nil, true, func() {})
		vm.LetGo()
		// Two arrays may wait for the next table.
		if more := heap() - before; more > 8<<20 || vm.Made() != 0 {
			t.Errorf("%s: %d KB are left, %d counted", script, more>>10, vm.Made())
		}
		runtime.KeepAlive(vm)
	}
}
