package alloc

import "testing"

func TestSize(t *testing.T) {
	for n, want := range map[int]int{0: 8, 1: 8, 8: 8, 9: 16, 16: 16, 17: 32, 128: 128, 129: 160,
		160: 160, 161: 192, 256: 256, 257: 320, 10_000: 10_240, 1 << 20: 1 << 20} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %d, want %d", n, got, want)
		}
	}
}

func TestString(t *testing.T) {
	for n, want := range map[int]int{0: 8, 6: 8, 7: 16, 31: 48, 32: 48, 255: 320, 256: 320} {
		if got := String(n); got != want {
			t.Errorf("String(%d) = %d, want %d", n, got, want)
		}
	}
}
