package core_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

// TestMaxkeys has more keys stored than the parameter allows, which is our own.
func TestMaxkeys(t *testing.T) {
	for _, policy := range []string{"allkeys-lru", "allkeys-random", "volatile-ttl", "noeviction"} {
		t.Run(policy, func(t *testing.T) { testMaxkeys(t, policy) })
	}
}

func testMaxkeys(t *testing.T, policy string) {
	e, err := coretest.NewEngine(map[string]string{"maxkeys": "10", "maxmemory-policy": policy})
	if err != nil {
		t.Fatal(err)
	}
	want := func(reply, command string) {
		t.Helper()
		if got := fmt.Sprint(ask(t, e, strings.Fields(command)...)); got != reply {
			t.Errorf("%s: got %s, want %s", command, got, reply)
		}
	}
	const full = "(error) OOM command not allowed when there are more keys than 'maxkeys'."
	for i := range 11 {
		want("OK", fmt.Sprintf("SET k%d v EX %d", i, 100+i))
	}
	if policy == "noeviction" {
		want("(integer) 11", "DBSIZE")
		want(full, "SET k11 v")
		got := fmt.Sprint(ask(t, e, "EVAL", "return redis.call('SET','x','y')", "0"))
		if !strings.HasPrefix(got, full) {
			t.Errorf("a script: %s", got)
		}
		want("(integer) 1", "DEL k0")
		want("OK", "SET k11 v")
		want("OK", "CONFIG SET maxkeys 0")
		want("OK", "SET k12 v")
		return
	}
	want("(integer) 10", "DBSIZE")
	want("OK", "SELECT 1")
	want("OK", "SET elsewhere v")
	want("OK", "CONFIG SET maxkeys 3")
	if info := ask(t, e, "INFO", "stats").Text; !strings.Contains(info, "evicted_keys:9") {
		t.Errorf("INFO: %s", info)
	}
	want("1) \"maxkeys\"\n2) \"3\"", "CONFIG GET maxkeys")
	if shown := fmt.Sprint(ask(t, e, "CONFIG", "GET", "*")); strings.Contains(shown, "maxkeys") {
		t.Error("CONFIG GET * shows what redis-server has not")
	}
	want("OK", "FLUSHALL")
	want("OK", "MSET a 1 b 2 c 3")
	want("(integer) 3", "DBSIZE")
}
