package core_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// unsaid are the options that TestDifferential does not make up, and why.
var unsaid = map[string]string{
	"xread BLOCK": inStreams, "xreadgroup BLOCK": inStreams,
	"georadius STOREDIST": digit, "georadiusbymember STOREDIST": digit,
	"geosearchstore STOREDIST": digit,
}

const (
	inStreams = "it waits: TestLockstepStreams makes it up"
	digit     = "the last digit of a distance is the C library's"
)

// TestDifferentialVocabulary shows that the differential run makes up every command, and every
// option of each, but for those that are listed with a reason.
func TestDifferentialVocabulary(t *testing.T) {
	t.Parallel()
	known := map[string]string{} // the groups of commands
	newGenerator(t, func(name, group string) bool {
		known[name] = group
		return false
	})
	left, of := map[string][]string{}, map[string]bool{}
	runs := differentialRuns(t)
	for _, run := range runs {
		maps.Copy(left, run.gen.Tokens())
	}
	for name := range left {
		left[name] = append(left[name], "")
		of[name] = true
	}
	for i := range 40_000 * len(runs) {
		args := runs[i%len(runs)].next()
		name := args[0]
		if len(args) > 1 && of[args[0]+"|"+args[1]] {
			name += "|" + args[1]
		}
		left[name] = slices.DeleteFunc(left[name], func(token string) bool {
			return token == "" || slices.ContainsFunc(args[1:], func(arg string) bool {
				return strings.EqualFold(arg, token)
			})
		})
	}
	waiting := lockstepGenerator(t).Tokens()
	for name, group := range known {
		_, waits := waiting[name]
		switch why := unmade[name]; {
		case why == inLockstep && !waits:
			t.Errorf("%s is not made up by TestLockstep", name)
		case why != "" && of[name] != (why == inScans):
			t.Errorf("%s is made up, though %s", name, why)
		case !of[name] && why == "" && unmade[group] == "" && !waits:
			t.Errorf("%s of the group %s is not made up", name, group)
		}
	}
	for name := range unmade {
		if _, ok := known[name]; !ok && !slices.Contains(slices.Collect(maps.Values(known)), name) {
			t.Errorf("%s, which is not made up, is no command", name)
		}
	}
	missed := maps.Clone(unsaid)
	for name, tokens := range left {
		for _, token := range tokens {
			option := strings.TrimSpace(name + " " + token)
			if unsaid[option] == "" {
				t.Errorf("%s is not made up", option)
			}
			delete(missed, option)
		}
	}
	for option, why := range missed {
		t.Errorf("%s is made up, though %s", option, why)
	}
}
