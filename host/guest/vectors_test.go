package guest

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/wasm/vectors"
)

// TestVectors runs the ABI's test vectors under wazero.
func TestVectors(t *testing.T) {
	needGuest(t)
	all, err := vectors.Load("../../wasm/vectors")
	if err != nil {
		t.Fatal(err)
	}
	m, err := moduleFor(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, steps := range all {
		t.Run(name, func(t *testing.T) {
			var w *engine
			for i := range steps {
				if i == 0 || steps[i].Fresh || steps[i].Copy {
					next := bare(t, m)
					if steps[i].Copy {
						copyGuest(t, next, w)
					}
					w = next
				}
				takeStep(t, w, i+1, &steps[i])
			}
		})
	}
}

// bare starts a guest that is not configured.
func bare(t *testing.T, m *module) *engine {
	t.Helper()
	w, err := m.start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// takeStep takes the step of a line, and compares.
func takeStep(t *testing.T, w *engine, line int, s *vectors.Step) {
	t.Helper()
	input, err := s.Input()
	if err != nil {
		t.Fatal(err)
	}
	before := w.memory.Size()
	if len(input) > 0 {
		buf, err := w.buffer(len(input))
		if err != nil {
			t.Fatal(err)
		}
		copy(buf, input)
	}
	frames, deadline, err := w.run(len(input), core.Time(s.Now))
	if s.Status != 0 {
		if err == nil || w.dead == nil {
			t.Errorf("line %d: status 0, want %d", line, s.Status)
		}
		return
	}
	if err != nil {
		t.Fatalf("line %d: %v", line, err)
	}
	out := vectors.Step{In: s.Out}
	if want, _ := out.Input(); !bytes.Equal(frames, want) {
		t.Errorf("line %d: got\n%q, want\n%q", line, frames, want)
	}
	want := core.Time(math.MaxInt64)
	if s.Deadline != nil {
		want = core.Time(*s.Deadline)
	}
	if deadline != want {
		t.Errorf("line %d: deadline %d, want %d", line, deadline, want)
	}
	if s.Grows && w.memory.Size() <= before {
		t.Errorf("line %d: the memory did not grow", line)
	}
}

// copyGuest copies memory and globals.
func copyGuest(t *testing.T, to, from *engine) {
	t.Helper()
	if missing := from.memory.Size() - to.memory.Size(); missing > 0 {
		if _, ok := to.memory.Grow(missing / pageSize); !ok {
			t.Fatal("there is no memory for a copy")
		}
	}
	to.memory.Write(0, from.Memory())
	for i := 0; ; i++ {
		name := fmt.Sprintf("global_%d", i)
		global := from.module.ExportedGlobal(name)
		if global == nil {
			return
		}
		to.module.ExportedGlobal(name).(api.MutableGlobal).Set(global.Get())
	}
}
