// Package host runs an engine: natively or as a WebAssembly guest under wazero, behind one narrow
// interface. A Loop owns an engine and lets any number of goroutines talk to it.
package host

import (
	"github.com/redlet/redlet/core"
)

// InputKind says what an Input tells the engine.
type InputKind uint8

const (
	// InOpen opens Conn, which must be greater than every one before; Peer describes it.
	InOpen InputKind = iota + 1
	// InData hands over bytes that Conn's peer sent.
	InData
	// InClose says that Conn's peer has gone.
	InClose
	// InCork says that Conn takes no output now; it stays in the engine, within its limits.
	InCork
	// InUncork says that output flows to Conn again.
	InUncork
	// InSaved answers the EventSave of Ticket; Text says why it failed, or is empty.
	InSaved
	// InStop asks the engine to shut down; Text is the signal that the host was given, "sigint" or
	// "sigterm".
	InStop
	// InLoaded answers EventLoad; Text says why loading failed, or is empty.
	InLoaded
	// InAppended says in Text why an EventAppend failed; or, empty, that after a failure all has
	// been appended.
	InAppended
	// InRewritten answers the EventRewrite of Ticket; Text says why it failed, or is empty.
	InRewritten
)

// Input is one thing that the world tells an engine.
type Input struct {
	Kind   InputKind
	Conn   core.ConnID
	Data   []byte // InData; lent to the engine for the Step
	Peer   core.Conn
	Ticket uint32
	Text   string
}

// Output is one thing that an engine wants done: a core.Event with its bytes.
type Output struct {
	Kind   core.EventKind
	Conn   core.ConnID
	Data   []byte // output bytes, or what goes into a file; lent until the next call of the engine
	Ticket uint32
	Path   string
	Text   string
	Level  int
}

// Engine is one emulated server without its connections to the world. It has one owner: its
// methods must not be called at the same time.
//
// After an error of Step the engine is dead: what it answered last is in doubt and nothing of it
// may be used. The same holds for Snapshot, Restore and Replay if the error is a *Death.
type Engine interface {
	// Step applies the inputs in order at time now, appends what the engine wants done to out,
	// and returns when it next needs a Step: core.Never if only an input can change anything. A
	// Step that comes early is harmless.
	Step(now core.Time, in []Input, out []Output) ([]Output, core.Time, error)
	// Snapshot returns everything but the connections as an RDB file. The caller owns it.
	Snapshot() ([]byte, error)
	// Restore replaces all data by that of an RDB file, or does nothing and says why.
	Restore(image []byte) error
	// Replay applies a file of an append-only file, while an EventLoad is not answered. It returns
	// the bytes that it applied: fewer than there are if the rest is to be cut off.
	Replay(file []byte) (good int, err error)
	// Close frees what the engine holds. Outputs lent by it must not be touched afterwards.
	Close() error
}

// Maker makes an engine. A Loop calls it at its start, and again when an engine has died.
type Maker func(core.Options) (Engine, error)

// Death is the error of an engine that broke an invariant: a panic of the native engine, a trap or
// a failed step of a guest. No client can cause it but by a bug of redlet.
type Death struct {
	Reason string // one line
	Detail string // a stack trace, or the guest's last words
}

// Error returns the reason.
func (d *Death) Error() string { return "engine died: " + d.Reason }
