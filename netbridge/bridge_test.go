package netbridge

import (
	"testing"

	"github.com/redlet/redlet/host"
)

// bridge starts a native engine with a bridge to it, and ends both with the test.
func bridge(t *testing.T, config map[string]string) *Bridge {
	t.Helper()
	loop, err := host.NewLoop(host.LoopOptions{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	b := New(loop, Options{})
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if err := loop.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}
