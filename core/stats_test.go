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

// TestProcessed counts the commands of INFO as Redis does: each once it has been answered, those of
// scripts and transactions too. So INFO does not count itself.
func TestProcessed(t *testing.T) {
	e := start(t)
	e.open(2, Conn{Addr: "127.0.0.1:50001"})
	for _, step := range []struct {
		client  int
		command string
		want    int64
	}{
		{1, "PING", 1},
		{1, "NOSUCH", 1},
		{1, "MULTI", 2},
		{1, "INCR n", 2},
		{1, "INCR n", 2},
		{1, "EXEC", 5},
		{1, `EVAL "redis.call('INCR','n') redis.pcall('LPUSH','n',1) redis.pcall('X')" 0`, 8},
		{2, "BLPOP l 0", 8},
		{1, "RPUSH l a", 10},
		{2, "BLPOP l 0.1", 10},
	} {
		feed(e, ConnID(step.client), step.command)
		if got := e.stats.processed; got != step.want {
			t.Errorf("%s: %d commands, want %d", step.command, got, step.want)
		}
	}
	e.Advance(e.now + 200_000)
	if got := e.stats.processed; got != 11 {
		t.Errorf("%d commands after a timeout, want 11", got)
	}
}

// TestRejected counts what is refused for the command that it is: there is none where a subcommand
// is unknown.
func TestRejected(t *testing.T) {
	e := start(t)
	for _, step := range []struct {
		command string
		want    int64
	}{
		{"OBJECT NOPE k", 0},
		{`EVAL "redis.pcall('OBJECT','NOPE','k')" 0`, 0},
		{"OBJECT", 1},
		{`EVAL "redis.pcall('OBJECT')" 0`, 2},
	} {
		feed(e, 1, step.command)
		if got := e.stats.of(e.lookupName([]byte("object"))).rejected; got != step.want {
			t.Errorf("%s: %d rejected, want %d", step.command, got, step.want)
		}
	}
}

// TestFailedScripts counts how often a script has failed: once for new errors in its reply, however
// many, and by each that redis.pcall gave.
func TestFailedScripts(t *testing.T) {
	e := start(t)
	for _, step := range []struct {
		command string
		want    int64
	}{
		{`EVAL "return {{err='A b'}, {1, {err='C d'}}}" 0`, 1},
		{`EVAL "return {redis.pcall('GET'), redis.pcall('GET'), 1}" 0`, 3},
		{`EVAL "return {redis.pcall('GET'), {err='A b'}}" 0`, 5},
		{`EVAL "return redis.pcall('GET')" 0`, 6},
		{`EVAL "return {1}" 0`, 6},
	} {
		feed(e, 1, step.command)
		if got := e.stats.of(e.lookupName([]byte("eval"))).failed; got != step.want {
			t.Errorf("%s: failed %d times, want %d", step.command, got, step.want)
		}
	}
}
