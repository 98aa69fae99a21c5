package lua

import (
	_ "unsafe" // for go:linkname

	lua "github.com/yuin/gopher-lua"
)

// init bounds the part of a table that is an array: see RATIONALE.md.
func init() { lua.MaxArrayIndex = 1 << 22 }

// newState makes a Lua state with no libraries. It is what lua.NewState calls first; NewState
// itself can open every library, files and processes among them, so that all of them would be
// linked: 197 KB of compressed guest. See RATIONALE.md.
//
//go:linkname newState github.com/yuin/gopher-lua.newLState
func newState(lua.Options) *lua.LState
