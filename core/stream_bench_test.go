package core

import (
	"strconv"
	"testing"
)

func BenchmarkXadd(b *testing.B) {
	benchmarkRequests(b, start(b), "*5\r\n$4\r\nXADD\r\n$8\r\nmystream\r\n$1\r\n*\r\n"+
		"$7\r\nmyfield\r\n$4\r\ndata\r\n", nil)
}

func BenchmarkXrange(b *testing.B) {
	e := start(b)
	for i := range 10_000 {
		feed(e, 1, "xadd mystream * myfield "+strconv.Itoa(i*1000))
	}
	sent(e, 1)
	benchmarkRequests(b, e, "*6\r\n$6\r\nXRANGE\r\n$8\r\nmystream\r\n$1\r\n-\r\n$1\r\n+\r\n"+
		"$5\r\nCOUNT\r\n$3\r\n100\r\n", nil)
}
