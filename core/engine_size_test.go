//go:build !386 && !arm

package core

import (
	"testing"
	"unsafe"
)

// TestEngineSize: an Engine fits into 6,912 bytes. The allocator's next size is 8,192, and each
// server of a test would take a kilobyte more.
func TestEngineSize(t *testing.T) {
	if size := unsafe.Sizeof(Engine{}); size > 6912 {
		t.Errorf("an Engine takes %d bytes", size)
	}
}
