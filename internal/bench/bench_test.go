package main

import (
	"testing"
	"time"

	"github.com/redlet/redlet/host"
)

// TestSteps sees that what is measured in process is answered.
func TestSteps(t *testing.T) {
	for _, batch := range []int{1, 16} {
		rate, err := steps(host.Native, batch, 10*time.Millisecond)
		if err != nil || rate <= 0 {
			t.Errorf("batch %d: %v, %v", batch, rate, err)
		}
	}
}
