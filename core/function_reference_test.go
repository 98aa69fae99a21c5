package core_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

// address is what tostring says of what has no text.
var address = regexp.MustCompile(`0x[0-9a-f]+`)

// deadly are the scripts of which redis-server 8.0.2 dies when a function runs them: their errors
// have no place.
var deadly = []string{
	"return redis.call({})", "return redis.call('get',{})", "return redis.call('get',1.5,nil)",
}

// TestReferenceFunctions runs the scripts of the transcripts about Lua as functions of a library,
// here and on a real server: what a function sees, and how its errors are told, is not the same as
// for a script.
func TestReferenceFunctions(t *testing.T) {
	ref := coretest.StartReference(t)
	here := &coretest.EnginePeer{Config: testConfig}
	there := &coretest.NetworkPeer{Dial: ref.Dial}
	paths, err := filepath.Glob("testdata/lua_*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal(err)
	}
	for _, path := range paths {
		tr, err := coretest.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		for commands := range slices.Chunk(asFunctions(tr), 3*100) {
			compareScripts(t, here, there, commands, false)
		}
	}
}

// asFunctions loads each script of a transcript as a function, and calls it.
func asFunctions(tr *coretest.Transcript) (commands [][]string) {
	for _, s := range tr.Steps {
		if s.Kind != coretest.Command || len(s.Args) < 3 || s.Args[0] != "EVAL" ||
			slices.Contains(deadly, s.Args[1]) {
			continue
		}
		commands = append(commands, functionOf(s.Args[1], s.Args[2:]...)...)
	}
	return commands
}

// functionOf are the commands that load a script as a function and call it.
func functionOf(script string, args ...string) [][]string {
	library := "#!lua name=l\nredis.register_function('f', function(KEYS, ARGV) " + script + "\nend)"
	return [][]string{{"FUNCTION", "FLUSH"}, {"FUNCTION", "LOAD", library},
		append([]string{"FCALL", "f"}, args...)}
}

// compareScripts runs commands on two servers and says where they differ.
func compareScripts(t *testing.T, here, there coretest.Peer, commands [][]string, resp3 bool) {
	var replies [2][]coretest.Reply
	for i, p := range []coretest.Peer{here, there} {
		if err := p.Reset(resp3); err != nil {
			t.Fatal(err)
		}
		var err error
		if replies[i], err = p.Run(commands); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range commands {
		got := address.ReplaceAllString(replies[0][i].String(), "0x")
		want := address.ReplaceAllString(replies[1][i].String(), "0x")
		if got != want {
			t.Errorf("%q\nof %q\n got %s\nwant %s", c, commands[max(0, i-1)], got, want)
		}
	}
}
