package core_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestGetkeysReference compares COMMAND GETKEYS and GETKEYSANDFLAGS on lines right and wrong.
func TestGetkeysReference(t *testing.T) {
	engine, reference := sessions(t)
	lines := []string{"nope", "get", "get k", "ping", "set a", "set a b", "set a b get",
		"mset a b c", "mset a b c d", "eval x 0", "eval x 2 a b c", "eval x 3 a", "eval x -1",
		"eval x", "eval_ro x 1 a", "evalsha x 1 a", "object encoding k", "object", "config get k",
		"sort a by x get y store d", "sort a store d store e", "sort a", "sort_ro a by x",
		"lmpop 2 a b left", "lmpop 20 a b left", "blmpop 0 1 a left", "lmpop x a left",
		"bitfield a get u8 0", "bitfield a get u8 0 set u8 0 1", "bitfield a", "bitop and d a b",
		"bitcount k", "lcs a b", "blpop a b 0", "rename a b", "copy a b", "touch a b c",
		"subscribe a", "spublish a b", "ssubscribe a", "hset h a b", "hgetex h fields 1 a",
		"command info", "memory usage k", "debug object k", "dump a", "restore a 0 x",
		"lmove a b left left", "watch a b", "unlink a b", "scan 0", "keys x", "flushall",
		"publish a b", "pfcount a b", "pfadd a b", "pfmerge a", "pfmerge a b c", "pfdebug getreg a",
		"pfselftest", "fcall f 1 k", "sintercard 2 a b", "zunion 2 a b",
		"xread streams a b 0 0", "xread count 1 streams a 0", "zunionstore d 2 a b weights 1 1",
		"migrate h 1 k 0 10", "georadius k 1 1 1 m store x", "script load x", "move k 1"}
	for _, line := range lines {
		words := strings.Fields(line)
		for _, what := range []string{"getkeys", "getkeysandflags"} {
			args := append([]string{"command", what}, words...)
			got := fmt.Sprint(ask(t, engine, args...))
			if strings.Contains(got, "Invalid command specified") {
				continue // one that we do not have
			}
			if want := fmt.Sprint(ask(t, reference, args...)); got != want {
				t.Errorf("%s: got %s, want %s", args, got, want)
			}
		}
	}
}
