package core_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

// TestInfoReference compares the sections of INFO and the fields of each with the reference's, in
// their order.
func TestInfoReference(t *testing.T) {
	engine, reference := sessions(t)
	for _, s := range []coretest.Session{engine, reference} {
		ask(t, s, "SET", "k", "v", "EX", "100")
		ask(t, s, "RPUSH", "l", "a", "b", "c")
		ask(t, s, "GET")
		ask(t, s, "CONFIG", "RESETSTAT")
	}
	for _, args := range [][]string{{}, {"default"}, {"all"}, {"everything"}, {"SERVER", "cpu"},
		{"keyspace", "clients"}, {"debug"}, {"nope"}, {"commandstats", "nope"}} {
		args = append([]string{"INFO"}, args...)
		got, want := fields(ask(t, engine, args...)), fields(ask(t, reference, args...))
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v", args, compare(sorted(got), sorted(want)))
			t.Errorf("got %v\nwant %v", got, want)
		}
	}
}

// fields lists the titles and names of a report, the commands, which have no order, last. What only
// a machine has is left out: listeners, modules.
func fields(r coretest.Reply) []string {
	var names, commands []string
	for line := range strings.Lines(r.Text) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case name == "module" || strings.HasPrefix(name, "listener"):
		case strings.HasPrefix(name, "cmdstat_") || strings.HasPrefix(name, "latency_p"):
			commands = append(commands, name)
		default:
			names = append(names, name)
		}
	}
	return append(names, sorted(commands)...)
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }
