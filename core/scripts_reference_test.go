package core_test

import (
	"flag"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

var (
	scriptsMade  = flag.Int("scripts", 300, "how many scripts are made up by the grammar")
	scriptsTaken = flag.Int("table", 40, "of how many scripts of the table one is run")
)

// unlike are the scripts of the table whose replies are not those of redis-server 8.0.2, and why:
// all that differs. What ends redis-server is told where the scripts are made.
var unlike = []struct {
	script *regexp.Regexp
	why    string
}{
	{regexp.MustCompile(`math\.(sin\W+2\^53|tan\W+2\^63)`),
		"C's sine is exact to half of the last place of a double, Go's to one, and of the 14 digits " +
			"that are told the last may differ"},
	{regexp.MustCompile(`\berror\(setmetatable\(`),
		"an error table that nobody catches is told without its metamethods: redis-server runs them " +
			"when the script is over, outside any protection, and dies of one that fails"},
}

// TestReferenceScripts runs scripts, of a table and made up, by EVAL and as functions, in RESP2 and
// RESP3, here and on a real server.
func TestReferenceScripts(t *testing.T) {
	ref := coretest.StartReference(t)
	here := &coretest.EnginePeer{Config: testConfig}
	there := &coretest.NetworkPeer{Dial: ref.Dial}
	r := rand.New(rand.NewPCG(newSeed(t), 0))
	leave := func(script string) bool {
		for _, u := range unlike {
			if u.script.MatchString(script) {
				return true
			}
		}
		return r.IntN(*scriptsTaken) > 0
	}
	scripts := slices.DeleteFunc(tableOfScripts(), leave)
	calls := slices.DeleteFunc(callsOfCommands(), leave)
	t.Logf("%d scripts of the table, %d made up", len(scripts)+len(calls), *scriptsMade)
	for range *scriptsMade {
		scripts = append(scripts, newScript(r))
	}
	for i, some := range slices.Collect(slices.Chunk(scripts, 100)) {
		var functions [][]string
		for _, s := range some {
			functions = append(functions, functionOf(s, "1", "k", "a", "b")...)
		}
		compareScripts(t, here, there, evals(some), i%2 == 1)
		compareScripts(t, here, there, functions, i%2 == 0)
	}
	for i, some := range slices.Collect(slices.Chunk(calls, 100)) {
		compareScripts(t, here, there, evals(some), i%2 == 1)
	}
}

// evals are the commands that run scripts.
func evals(scripts []string) (commands [][]string) {
	for _, s := range scripts {
		commands = append(commands, []string{"EVAL", s, "1", "k", "a", "b"})
	}
	return commands
}
