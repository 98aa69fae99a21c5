//go:build !darwin && !linux

package guest

import "github.com/tetratelabs/wazero/experimental"

// allocator backs guests' memory by slices: there is no mapping to reserve.
var allocator = experimental.MemoryAllocatorFunc(allocate)

func allocate(capacity, _ uint64) experimental.LinearMemory {
	return &sliceMemory{buf: make([]byte, 0, capacity)}
}
