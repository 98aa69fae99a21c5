package core_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestHyperLogLogReference compares every byte of HyperLogLogs that grow from nothing beyond the
// sparse layout, are merged, and are spoiled in all kinds of ways.
func TestHyperLogLogReference(t *testing.T) {
	engine, reference := sessions(t)
	same := func(args ...string) string {
		t.Helper()
		got, want := ask(t, engine, args...), ask(t, reference, args...)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%.80q: got %.300q, want %.300q", args, fmt.Sprint(got), fmt.Sprint(want))
		}
		return got.Text
	}
	rng := rand.New(rand.NewPCG(7, 7))
	for i, most := range []string{"3000", "40", "0", "1000", "100000"} {
		same("CONFIG", "SET", "hll-sparse-max-bytes", most)
		key, other := "k"+strconv.Itoa(i), "o"+strconv.Itoa(i)
		for step := range 120 {
			add := []string{"PFADD", key}
			for range rng.IntN(60) {
				add = append(add, strconv.FormatUint(rng.Uint64()>>rng.IntN(64), 10))
			}
			same(add...)
			same("GET", key)
			switch step % 20 {
			case 0:
				same("PFMERGE", other, "k"+strconv.Itoa(rng.IntN(i+1)))
				same("DUMP", other)
			case 7:
				same("PFCOUNT", key)
				same("PFCOUNT", key, other)
			case 9:
				same("PFDEBUG", "DECODE", key)
			case 19:
				same("PFADD", other, strconv.Itoa(step))
				same("PFCOUNT", other)
			}
		}
		same("PFDEBUG", "GETREG", key)
		same("GET", key)
	}
	same("CONFIG", "SET", "hll-sparse-max-bytes", "3000")
	for range 500 {
		same("SET", "d", spoiled(rng))
		commands := [][]string{{"PFCOUNT", "d"}, {"PFCOUNT", "d", "k1"}, {"PFDEBUG", "DECODE", "d"},
			{"PFMERGE", "m", "d"}, {"PFADD", "d", strconv.Itoa(rng.IntN(1000))},
			{"PFDEBUG", "GETREG", "d"}, {"PFMERGE", "d"}, {"PFDEBUG", "TODENSE", "d"}}
		for range 4 {
			same(commands[rng.IntN(len(commands))]...)
			same("OBJECT", "ENCODING", "d")
			same("GET", "d")
		}
		same("GET", "m")
	}
}

// spoiled is the string of a small HyperLogLog that may have been spoiled.
func spoiled(rng *rand.Rand) string {
	b := []byte("HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80")
	if rng.IntN(3) == 0 {
		b[15] = byte(rng.IntN(256))
	}
	left := 16384 // registers that are not told of yet
	for left > 0 && rng.IntN(200) > 0 {
		n := 0
		switch rng.IntN(4) {
		case 0:
			n = 1 + rng.IntN(64)
			b = append(b, byte(n-1))
		case 1:
			n = 1 + rng.IntN(4)
			b = append(b, 0x80|byte(rng.IntN(32))<<2|byte(n-1))
		default:
			n = 1 + rng.IntN(min(left, 4000))
			b = append(b, 0x40|byte((n-1)>>8), byte(n-1))
		}
		left -= n
	}
	switch rng.IntN(8) {
	case 0:
		b[rng.IntN(16)] = byte(rng.IntN(256))
	case 1:
		b = append(b, 0x80|byte(rng.IntN(128)))
	case 2:
		b = b[:len(b)-1]
	}
	return string(b)
}
