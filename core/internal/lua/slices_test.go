package lua

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runTiny runs a script that is suspended wherever it can be.
func runTiny(vm *VM, f Function, args [][]byte) { runTinyNoting(vm, f, args, func() {}) }

// runTinyNoting is runTiny that calls note whenever the script is suspended.
func runTinyNoting(vm *VM, f Function, args [][]byte, note func()) {
	vm.reset()
	vm.meter.begin()
	nargs := vm.prepare(f, nil, args, true)
	for done, n := false, 0; !done; nargs = -1 {
		n++
		if !vm.amid { // else the script stands still
			vm.left, vm.slice = 1+n%19, 0
		}
		done = vm.goOn(nargs)
		note()
	}
}

// outcome is what there is to tell of a script that has run.
func outcome(vm *VM) string {
	if f := vm.Failure(); f != nil {
		return f.String() + " @" + f.Source + ":" + itoa(f.Line)
	}
	return reply3(vm)
}

// scriptsOfTranscripts are the scripts that the transcripts about Lua run.
func scriptsOfTranscripts(t *testing.T) (scripts []string) {
	paths, err := filepath.Glob("../../testdata/lua_*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no transcripts")
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			rest, ok := strings.CutPrefix(line, `> EVAL "`)
			if end := strings.LastIndex(rest, `" `); ok && end > 0 {
				script := strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, "\n").Replace(rest[:end])
				scripts = append(scripts, script)
			}
		}
	}
	return scripts
}

// TestTinySlices: it does not matter where a script is suspended.
func TestTinySlices(t *testing.T) {
	all := scriptsOfTranscripts(t)
	all = append(all, snippets...)
	for _, d := range disagreements {
		all = append(all, d[0])
	}
	whole, parts := newVM(), newVM()
	args := [][]byte{[]byte("a"), []byte("b")}
	for _, src := range all {
		f, problem := whole.Compile("user_script", []byte(src))
		if problem != "" {
			continue
		}
		if whole.Start(f, nil, args, true) { // the few that are long are left out
			runTiny(parts, compile(t, parts, src), args)
			if want, got := outcome(whole), outcome(parts); got != want {
				t.Errorf("%s\n got %.300s\nwant %.300s", src, got, want)
			}
		}
	}
}
