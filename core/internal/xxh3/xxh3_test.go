package xxh3

import (
	"encoding/binary"
	"testing"
)

// What the reference implementation says of the first n bytes of pattern.
var known = []struct {
	n    int
	hash uint64
}{
	{0, 0x2d06800538d394c2},
	{1, 0x4c5cca45d0f4811f},
	{3, 0xd079cb72d5dc8fe3},
	{4, 0x142fa07b01613ee8},
	{8, 0x9f1975fc585fd927},
	{9, 0x6bf0116fadb4b711},
	{16, 0x945d7a2e39182d35},
	{17, 0xd1539aca118a0247},
	{32, 0xe693bfc80e1097ba},
	{33, 0xa9bad88fefead863},
	{64, 0xbb80e57b72b853f5},
	{65, 0x6e8bfcc8e0825a34},
	{96, 0xf8670cd3f4926336},
	{97, 0xddf5917c7b3c0b0c},
	{128, 0x2edf21e7a54f582c},
	{129, 0x8bf7e91c7eb2f2d6},
	{240, 0x0c9860844b0ad495},
	{241, 0x246c5fe4ed1436a3},
	{256, 0x94408c78397f3c77},
	{1024, 0x0b662daec235d4ca},
	{1025, 0x13d178f3e2b48e9e},
	{2048, 0x9fe4fe6af7adb92a},
	{4096, 0x5924dc34c89165b8},
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte((i*131 + 7) % 251)
	}
	return b
}

func TestSum(t *testing.T) {
	b := pattern(4096)
	for _, k := range known {
		if got := Sum(b[:k.n]); got != k.hash {
			t.Errorf("%d bytes: %016x, not %016x", k.n, got, k.hash)
		}
	}
	for text, want := range map[string]uint64{
		"hello":       0x9555e8555c62dcfd,
		"Hello world": 0xb6acb9d84a38ff74,
	} {
		if got := Sum([]byte(text)); got != want {
			t.Errorf("%q: %016x, not %016x", text, got, want)
		}
	}
}

// TestEveryLength compares one hash of the hashes of all lengths up to 2000, big end first.
func TestEveryLength(t *testing.T) {
	b := pattern(2000)
	var all []byte
	for n := range len(b) + 1 {
		all = binary.BigEndian.AppendUint64(all, Sum(b[:n]))
	}
	if got, want := Sum(all), uint64(0x366632ef300c93ea); got != want {
		t.Errorf("%016x, not %016x", got, want)
	}
}

func BenchmarkSum(b *testing.B) {
	data := pattern(1 << 16)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		Sum(data)
	}
}
