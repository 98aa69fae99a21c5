// Package host runs an engine, natively or as a WebAssembly guest (package guest), behind one
// narrow interface. A Loop owns an engine and lets any number of goroutines talk to it.
//
// It is for who builds a host, and may change with any version; [Maker] will not.
package host

import (
	"github.com/redlet/redlet/core"
)

// Engine is one emulated server without its connections to the world. It has one owner: its
// methods must not be called at the same time.
//
// All that goes in is a core.Input and all that comes out a core.Event, so that an engine can be
// wrapped: see Record.
type Engine interface {
	// Step applies the inputs in order at time now, appends what the engine wants done to out,
	// and returns when it next needs a Step: core.Never if only an input can change anything. A
	// Step that comes early is harmless. Data of the inputs is the caller's again when Step
	// returns; Data of the events is lent until the engine is called next, and nobody may write to
	// it: it may be a part of the engine's.
	//
	// After an error the engine is dead: what it answered last is in doubt and nothing of it may
	// be used.
	Step(now core.Time, in []core.Input, out []core.Event) ([]core.Event, core.Time, error)
	// Close frees what the engine holds. Events lent by it must not be touched afterwards.
	Close() error
}

// Maker makes an engine. A Loop calls it at its start, and again when an engine has died.
type Maker func(core.Options) (Engine, error)

// Death is the error of an engine that broke an invariant: a panic of the native engine, a trap or
// a failed step of a guest. No client can cause it but by a bug of redlet.
type Death struct {
	Reason string // one line
	Detail string // whose command it was, and a stack trace; or the guest's last words
}

// Error returns the reason.
func (d *Death) Error() string { return "engine died: " + d.Reason }
