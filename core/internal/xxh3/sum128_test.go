package xxh3

import (
	"encoding/binary"
	"testing"
)

// What another implementation says of the first n bytes of pattern.
var known128 = []struct {
	n         int
	high, low uint64
}{
	{0, 0x99aa06d3014798d8, 0x6001c324468d497f},
	{1, 0x495b62073ef70ca4, 0x4c5cca45d0f4811f},
	{3, 0xde0de73b78221781, 0xd079cb72d5dc8fe3},
	{4, 0x2ec1f0e0927bbd72, 0xa7f588a0488a2ce1},
	{8, 0x86352c64c51053a4, 0xf169e0e241e43d88},
	{9, 0x2da82c32992eb47c, 0xecaf34715ab252db},
	{16, 0x2ea9b26e0de3c129, 0x3ad9b09b55ff159d},
	{17, 0xe98962a9feec88ce, 0x2aded60943cd42fc},
	{32, 0x8dcf7ed3fd3a8e47, 0x991c78c7c6a2557b},
	{33, 0x4c0b7c57bef56fe3, 0xf2d97aaed50d43b4},
	{65, 0x5bac047416b9eeeb, 0xf0d783f4b56e908a},
	{97, 0x76be9cf796cc0a11, 0xcd4ba5ba9f1ad9e2},
	{128, 0xc2dbaea325ed4288, 0xa4623912aab4c938},
	{129, 0xeac1039c6fbf7b8c, 0xf316461ff6b978d7},
	{240, 0x4536dcb050ba6144, 0x60a06c4f31468cc3},
	{241, 0xb4125661642a66f9, 0x246c5fe4ed1436a3},
	{1025, 0x1c489c9ad8646bff, 0x13d178f3e2b48e9e},
	{4096, 0xd2370595ab609f79, 0x5924dc34c89165b8},
}

func TestSum128(t *testing.T) {
	b := pattern(4096)
	for _, k := range known128 {
		if high, low := Sum128(b[:k.n]); high != k.high || low != k.low {
			t.Errorf("%d bytes: %016x%016x, not %016x%016x", k.n, high, low, k.high, k.low)
		}
	}
	var all []byte // as TestEveryLength
	for n := range 2001 {
		high, low := Sum128(b[:n])
		all = binary.BigEndian.AppendUint64(all, high)
		all = binary.BigEndian.AppendUint64(all, low)
	}
	if high, low := Sum128(all); high != 0x025a830e200d4594 || low != 0xb5a93a20ab6887db {
		t.Errorf("%016x%016x for all lengths", high, low)
	}
}
