package core_test

import (
	"fmt"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

// TestDebugReference compares DEBUG DIGEST of the same data, and the replies of DEBUG that tell
// nothing of addresses or memory.
func TestDebugReference(t *testing.T) {
	engine, reference := sessions(t)
	both := func(args ...string) {
		t.Helper()
		got, want := fmt.Sprint(ask(t, engine, args...)), fmt.Sprint(ask(t, reference, args...))
		if got != want {
			t.Errorf("%q: got %s, want %s", args, got, want)
		}
	}
	for _, what := range []string{"string", "integer", "double", "bignum", "null", "array", "set",
		"map", "verbatim", "true", "false", "nope"} {
		both("DEBUG", "PROTOCOL", what)
	}
	both("SET", "a", "1", "EX", "1000")
	both("SET", "b", "text")
	both("RPUSH", "l", "a", "1", "-77", "b")
	both("SADD", "t", "a", "1", "-77")
	both("SADD", "i", "5", "1", "-77")
	both("DEBUG", "LISTPACK", "t")
	both("DEBUG", "LISTPACK", "i")
	both("DEBUG", "HTSTATS-KEY", "t")
	both("SELECT", "3")
	both("DEBUG", "POPULATE", "20")
	both("DEBUG", "POPULATE", "3", "x", "30")
	both("DEBUG", "POPULATE", "3", "y", "2")
	for range 2 {
		both("DEBUG", "DIGEST")
		both("DEBUG", "RELOAD")
	}
	both("DEBUG", "DIGEST-VALUE", "key:1", "nope", "x:2")
	both("DEBUG", "HTSTATS", "3")
	for _, args := range [][]string{{"ERROR", "FOO bar"}, {"HTSTATS", "99"}, {"HTSTATS", "x"},
		{"HTSTATS-KEY", "x:1"}, {"LISTPACK", "x:1"}, {"QUICKLIST", "nope"}, {"RELOAD", "x"},
		{"QUICKLIST-PACKED-THRESHOLD", "5gb"}, {"QUICKLIST-PACKED-THRESHOLD", "100b"},
		{"SET-ACTIVE-EXPIRE", "0"}, {"SET-ACTIVE-EXPIRE", "1"}, {"SLEEP", "0"}, {"NOPE"},
		{"OBJECT", "nope"}, {"OBJECT"}, {"POPULATE", "x"}, {"LOG", "x"}, {"CHANGE-REPL-ID"}} {
		both(append([]string{"DEBUG"}, args...)...)
	}
	both("FLUSHALL")
	both("DEBUG", "DIGEST")
}

// TestDebugSleep shows that nobody is answered while the engine sleeps.
func TestDebugSleep(t *testing.T) {
	e, err := coretest.NewEngine(map[string]string{"enable-debug-command": "yes"})
	if err != nil {
		t.Fatal(err)
	}
	receive := func(client byte, want string) {
		t.Helper()
		if got, err := e.Receive(client, false); err != nil || string(got) != want {
			t.Errorf("client %c got %q and %v, want %q", client, got, err, want)
		}
	}
	e.Send('1', coretest.Request("DEBUG", "SLEEP", "1.5"))
	e.Send('2', coretest.Request("PING"))
	receive('1', "")
	receive('2', "")
	e.Turn(1_400_000_000)
	receive('2', "")
	e.Turn(100_000_000)
	receive('1', "+OK\r\n")
	receive('2', "+PONG\r\n")
}
