package main

import (
	"unsafe"

	"github.com/redlet/redlet/wasm/abi"
)

// instance is the one guest of this module. It never moves, so neither does its control block.
var instance guest

//go:wasmexport abi_version
func abiVersion() int32 { return abi.Version }

//go:wasmexport control
func control() int32 { return address(instance.control[:]) }

//go:wasmexport input
func input(size int32) int32 {
	if size < 0 {
		return 0
	}
	return address(instance.buffer(int(size)))
}

//go:wasmexport step
func step(size int32, now float64) int32 {
	return int32(instance.step(int(size), now))
}

// address is a pointer as the host knows it. It means something in the guest only, where pointers
// have 32 bits and Go's collector moves nothing.
func address(b []byte) int32 {
	return int32(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
}
