package sight_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestEngineIsOutOfSight fails when whoever imports package redlet compiles a part of the engine
// anew: see what package redlet says above LoopOf. A field, a method or a parameter has then come
// to name a type that leads to the engine's own.
func TestEngineIsOutOfSight(t *testing.T) {
	object := output(t, "go", "list", "-export", "-f", "{{.Export}}", ".")
	compiled := 0
	for line := range strings.Lines(output(t, "go", "tool", "nm", strings.TrimSpace(object))) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[len(fields)-2] != "T" {
			continue
		}
		compiled++
		if name := fields[len(fields)-1]; strings.Contains(name, "redlet/core") {
			t.Error("compiled anew:", name)
		}
	}
	if compiled == 0 {
		t.Error("nothing was found")
	}
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatal(name, args, err)
	}
	return string(out)
}
