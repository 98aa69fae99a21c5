//go:build !linux

package main

import "runtime"

// multiplexer is what waits for sockets.
const multiplexer = "goroutines"

func systemName() string { return runtime.GOOS + " " + machine() }

// systemMemory is not asked of other systems.
func systemMemory() uint64 { return 0 }
