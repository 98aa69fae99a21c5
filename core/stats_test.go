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
