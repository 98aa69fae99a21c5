package main

import "unsafe"

// stopwatch is what the host's clock_time_get shows, which serves for nothing but statistics. It is
// asked here and not by package time, which is 20 KB of the compressed guest.
func stopwatch() int64 {
	const monotonic = 1
	var t int64
	clockTimeGet(monotonic, 0, unsafe.Pointer(&t))
	return t
}

// Its host keeps nothing, so that t stays on the stack.
//
//go:wasmimport wasi_snapshot_preview1 clock_time_get
//go:noescape
func clockTimeGet(clock uint32, precision uint64, at unsafe.Pointer) uint32
