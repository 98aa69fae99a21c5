// Package guest holds the WebAssembly guest that `make wasm` builds from the folder wasm.
//
// The built file is not committed. A program built without it works, but for what needs the guest.
package guest

import (
	"embed"
	"errors"
)

//go:embed built
var built embed.FS

// ErrMissing is what Module answers in a program that was built before the guest.
var ErrMissing = errors.New("this program was built without the WebAssembly guest: " +
	"run `make wasm` in redlet's source and build again, or give the module's bytes yourself")

// Module returns the guest's bytes, which must not be changed.
func Module() ([]byte, error) {
	module, err := built.ReadFile("built/redlet.wasm")
	if err != nil {
		return nil, ErrMissing
	}
	return module, nil
}
