package core

import (
	"strconv"
	"strings"
	"testing"
)

// TestErrorCodesMax shows what becomes of INFO errorstats when scripts make too many codes up.
func TestErrorCodesMax(t *testing.T) {
	e := start(t)
	fail := func(code string) {
		e.feed(1, request("EVAL", "return {err=ARGV[1]}", "0", code+" x"))
		sent(e, 1)
	}
	codes := func() []string {
		e.feed(1, request("INFO", "errorstats"))
		_, text, _ := strings.Cut(string(sent(e, 1)), "# Errorstats\r\n")
		return strings.Fields(text)
	}
	for i := range errorCodesMax {
		fail("E" + strconv.Itoa(i))
	}
	fail("E5")
	if got := codes(); len(got) != errorCodesMax {
		t.Errorf("%d codes, want %d", len(got), errorCodesMax)
	}
	for _, code := range []string{"NEW", "E5", "NEWER"} {
		fail(code)
		if got := codes(); len(got) != 1 || got[0] != "errorstat_ERRORSTATS_DISABLED:count=1" {
			t.Errorf("after %s: %q", code, got)
		}
	}
	if want := int64(errorCodesMax + 4); e.stats.failures != want {
		t.Errorf("%d errors, want %d", e.stats.failures, want)
	}
	e.feed(1, request("CONFIG", "RESETSTAT"))
	fail("E5")
	if got := codes(); len(got) != 1 || got[0] != "errorstat_E5:count=1" {
		t.Errorf("begun anew: %q", got)
	}
}

// TestLazilyFreed has what scripts brought forgotten: of many, Redis counts what a thread frees.
func TestLazilyFreed(t *testing.T) {
	e := start(t)
	shows := func(section, want string) {
		t.Helper()
		feed(e, 1, "info "+section)
		if got := sent(e, 1); !strings.Contains(got, want+"\r\n") {
			t.Errorf("INFO %s without %s: %s", section, want, got)
		}
	}
	shows("memory", "used_memory_vm_functions:33792")
	load := func(n int) {
		for i := range n {
			name := "f" + strconv.Itoa(i)
			e.feed(1, request("FUNCTION", "LOAD", "#!lua name="+name+"\nredis.register_function('"+
				name+"', function() return 1 end)"))
			e.feed(1, request("EVAL", "return "+strconv.Itoa(i), "0"))
		}
	}
	load(100)
	shows("memory", "used_memory_vm_functions:57344")
	feed(e, 1, "function flush sync", "script flush sync")
	shows("memory", "lazyfreed_objects:0")
	shows("memory", "used_memory_vm_functions:33792")
	load(65)
	feed(e, 1, "function flush async", "script flush async")
	shows("memory", "lazyfreed_objects:131")
	load(64)
	feed(e, 1, "function flush async", "script flush async")
	shows("memory", "lazyfreed_objects:131")
}
