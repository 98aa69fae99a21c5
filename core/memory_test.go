package core_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// weighing is an engine whose count of memory is compared, after each step, with what goes through
// everything gives; so is what it has due next.
type weighing struct {
	*coretest.Engine
	t *testing.T
}

func (w weighing) Send(client byte, request []byte) error {
	err := w.Engine.Send(client, request)
	w.check(string(request))
	return err
}

func (w weighing) Turn(by time.Duration) error {
	err := w.Engine.Turn(by)
	w.check("turn " + by.String())
	return err
}

func (w weighing) check(after string) {
	w.t.Helper()
	for _, wrong := range [...]string{w.Engine.Overlooked(), w.Engine.Recount()} {
		if wrong != "" {
			w.t.Fatalf("after %.100q: %s", after, wrong)
		}
	}
}

// TestMemoryCounted plays every transcript and compares the count after each of its steps.
func TestMemoryCounted(t *testing.T) {
	for name, tr := range transcripts(t) {
		t.Run(name, func(t *testing.T) {
			play(t, tr, weighing{newEngine(t, tr), t}, false)
		})
	}
}

// TestMemoryCountedRandom makes commands up, with and without a limit, and compares the count after
// each of them, and that of an engine that takes all over.
func TestMemoryCountedRandom(t *testing.T) {
	gen := newGenerator(t, func(name, group string) bool {
		switch group {
		case "string", "generic", "hash", "list", "transactions", "bitmap", "scripting", "set",
			"sorted-set", "stream":
			return true
		}
		return name == "select" || name == "flushdb" || name == "flushall" || name == "swapdb"
	})
	for run := range 20 {
		e, err := coretest.NewEngine(testConfig)
		if err != nil {
			t.Fatal(err)
		}
		w := weighing{e, t}
		if run%2 == 1 {
			send(t, w, "CONFIG", "SET", "maxmemory", "675000", "maxmemory-policy", "allkeys-random",
				"list-max-listpack-size", "4", "hash-max-listpack-entries", "4",
				"zset-max-listpack-entries", "4")
		}
		for range 400 {
			if c := gen.Next(); !waits(c) {
				send(t, w, c...)
			}
			if rand.IntN(20) == 0 {
				if err := w.Turn(time.Duration(rand.IntN(2000)) * time.Millisecond); err != nil {
					t.Fatal(err)
				}
			}
		}
		image := e.Snapshot(nil)
		if err := e.Restore(image); err != nil {
			t.Fatal(err)
		}
		w.check("its own image")
	}
}

func send(t *testing.T, s coretest.Session, args ...string) {
	t.Helper()
	if err := s.Send('A', coretest.Request(args...)); err != nil {
		t.Fatal(err)
	}
}
