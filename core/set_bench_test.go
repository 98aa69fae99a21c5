package core

import (
	"strconv"
	"testing"
)

func BenchmarkSadd(b *testing.B) {
	benchmarkRequests(b, start(b), "*3\r\n$4\r\nSADD\r\n$5\r\nmyset\r\n$20\r\n"+
		"element:__rand_int__\r\n", nil)
}

func BenchmarkSpop(b *testing.B) {
	e := start(b)
	benchmarkRequests(b, e, "*2\r\n$4\r\nSPOP\r\n$5\r\nmyset\r\n", func() {
		for i := range 100_000 {
			feed(e, 1, "sadd myset element:"+strconv.Itoa(i))
		}
		sent(e, 1)
	})
}

func BenchmarkSismember(b *testing.B) {
	e := start(b)
	for i := range 100_000 {
		feed(e, 1, "sadd myset element:"+strconv.Itoa(i))
	}
	benchmarkRequests(b, e, "*3\r\n$9\r\nSISMEMBER\r\n$5\r\nmyset\r\n$13\r\nelement:54321\r\n", nil)
}

// A small intersection costs what each command of several sets costs.
func BenchmarkSinterInts(b *testing.B) {
	e := start(b)
	for i := range 10 {
		feed(e, 1, "sadd s "+strconv.Itoa(i)+"\r\nsadd t "+strconv.Itoa(i))
	}
	benchmarkRequests(b, e, "*3\r\n$6\r\nSINTER\r\n$1\r\ns\r\n$1\r\nt\r\n", nil)
}
