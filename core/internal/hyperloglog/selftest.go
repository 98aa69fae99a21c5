package hyperloglog

import (
	"encoding/binary"
	"math"
)

// SelfTest tries the layouts and the estimator on some tens of thousands of elements, and says
// what is wrong: "" if nothing is. It takes some 10 ms.
func SelfTest() string {
	var r Registers
	for i := range r {
		r[i] = uint8(i % (rankMax + 1))
	}
	filled, _ := Raise(New(), &r, true, 0, new(int))
	var again Registers
	if again.Merge(filled); again != r {
		return "registers of the dense layout do not keep what was written"
	}
	const elements = 50_000
	few, many := New(), New()
	for n := int64(1); n <= elements; n++ {
		var element [8]byte
		binary.LittleEndian.PutUint64(element[:], uint64(n))
		few, _, _ = Add(few, element[:], 3000, new(int))
		many, _, _ = Add(many, element[:], 0, new(int))
		if n != elements && n&(n-1) != 0 {
			continue
		}
		a, ok := Count(few)
		b, _ := Count(many)
		if !ok || a != b {
			return "the sparse layout counts otherwise than the dense one"
		}
		// Four times the standard error, 1.04 by the root of the number of registers.
		if off := math.Abs(float64(a - n)); off > 4*1.04/128*float64(n)+1 {
			return "the estimate is too far off"
		}
	}
	return ""
}
