// Package guest runs the engine as a WebAssembly guest under wazero: in a sandbox that a defect of
// the engine cannot leave, and bounded in memory. It starts in tenths of a second, and is two to
// ten times slower than the native engine.
//
//	redlet.Run(redlet.WithEngine(guest.Maker(guest.Options{Module: module})))
//
// Who does not import this package links neither wazero nor a guest.
//
// The guest's 6 MB are not in the repository. Two lines have a program of yours build and carry
// them; `go generate` takes half a minute:
//
//	//go:generate go run github.com/redlet/redlet/wasm/build redlet.wasm
//	//go:embed redlet.wasm
//	var module []byte
//
// Options, Maker and the errors are part of the stable face of redlet.
package guest

import (
	"embed"
	"errors"
)

//go:embed built
var built embed.FS

// ErrMissing is what Module answers, and a Maker that is given no module, in a program that was
// built where there was no guest.
var ErrMissing = errors.New("this program was built without the WebAssembly guest: in a checkout " +
	"of redlet run `make wasm` and build again; elsewhere `go run " +
	"github.com/redlet/redlet/wasm/build redlet.wasm` builds one to give as guest.Options.Module")

// Module returns the guest's bytes, which must not be changed.
func Module() ([]byte, error) {
	module, err := built.ReadFile("built/redlet.wasm")
	if err != nil {
		return nil, ErrMissing
	}
	return module, nil
}
