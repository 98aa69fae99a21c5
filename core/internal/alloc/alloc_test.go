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

func TestCapacity(t *testing.T) {
	for n, want := range map[int]int{0: 4, 31: 31, 32: 44, 45: 60, 253: 255, 33_000: 33_000,
		40_000: 40_954} {
		if got := Capacity(n); got != want {
			t.Errorf("Capacity(%d) = %d, want %d", n, got, want)
		}
	}
	for n, want := range map[int]int{1: 4, 100: 220, 127: 255, 128: 314, 40_000: 81_910} {
		if got := Greedy(n); got != want {
			t.Errorf("Greedy(%d) = %d, want %d", n, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	for n, want := range map[int]int{0: 88, 4: 88, 5: 120, 1024: 8248, 1025: 16440} {
		if got := Table(n); got != want {
			t.Errorf("Table(%d) = %d, want %d", n, got, want)
		}
	}
}
