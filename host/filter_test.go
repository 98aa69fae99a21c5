//go:build go1.25

package host

import (
	"testing"

	"github.com/redlet/redlet/core"
)

// TestFilter has a filter outlive an engine, and refuses it where the engine takes no functions.
func TestFilter(t *testing.T) {
	each(t, func(t *testing.T, m Maker) {
		commands := []core.Command{{Name: "die", Run: func(*core.Call) { panic("asked to") }}}
		if !isNative(m) {
			commands = nil
		}
		l := newLoop(t, LoopOptions{Maker: m, Config: noSaves, Commands: commands})
		err := l.SetFilter(func(c *core.Call) (f core.Fault) {
			if c.Matches("get") {
				f.Error = "LOADING no"
			}
			return f
		})
		if !isNative(m) {
			if err == nil {
				t.Error("a guest takes a function")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		dial(t, l).want("GET k", "-LOADING no")
		dial(t, l).say("die")
		c := dial(t, l)
		c.want("GET k", "-LOADING no")
		if err := l.SetFilter(nil); err != nil {
			t.Error(err)
		}
		c.want("GET k", "$-1")
	})
}

// isNative tells whether a Maker makes engines of this process.
func isNative(m Maker) bool {
	e, err := m(core.Options{})
	if err != nil {
		return false
	}
	_, is := e.(*native)
	return e.Close() == nil && is
}
