package core_test

import (
	"maps"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

// TestArrayLayouts makes commands of arrays up and compares engines that lay arrays out otherwise:
// but for ARINFO nobody can tell.
func TestArrayLayouts(t *testing.T) {
	t.Parallel()
	config := func(more map[string]string) map[string]string {
		c := maps.Clone(testConfig)
		c["compat"] = "8.8"
		maps.Copy(c, more)
		return c
	}
	left := &coretest.EnginePeer{Config: config(nil)}
	if err := left.Reset(false); err != nil {
		t.Fatal(err)
	}
	docs, err := left.Run([][]string{{"COMMAND", "DOCS"}})
	if err != nil {
		t.Fatal(err)
	}
	const seed = 1
	gen := coretest.NewGenerator(docs[0], seed, func(name, group string) bool {
		return group == "array" && name != "arinfo"
	})
	whole := [][]string{{"DUMP", "a0"}, {"DEBUG", "DIGEST"}, {"COPY", "a0", "a1", "REPLACE"},
		{"ARSCAN", "a1", "0", "18446744073709551614"}, {"DEBUG", "RELOAD"}}
	layouts := []map[string]string{
		{"array-slice-size": "256", "array-sparse-kmax": "0"},
		{"array-slice-size": "65536", "array-sparse-kmax": "256", "array-sparse-kmin": "200"},
		{"array-slice-size": "256", "array-sparse-kmax": "6", "array-sparse-kmin": "3"},
	}
	for run := range 15 {
		d := coretest.Differ{Left: left, RESP3: run%2 == 1,
			Right: &coretest.EnginePeer{Config: config(layouts[run%len(layouts)])}}
		var commands [][]string
		for i := range runLen {
			commands = append(commands, gen.Next())
			if i%50 == 49 {
				commands = append(commands, whole...)
			}
		}
		diff, err := d.Compare(commands)
		if err != nil {
			t.Fatal(err)
		}
		if diff != nil {
			t.Fatal(diff)
		}
	}
}
