package core

import (
	"bytes"
	"testing"
)

// benchmarkRequests feeds one request over and over, 16 at a time, as redis-benchmark does.
func benchmarkRequests(b *testing.B, e *Engine, request string, before func()) {
	batch := bytes.Repeat([]byte(request), 16)
	var ev Event
	var out []byte
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n%100_000 == 0 && before != nil {
			b.StopTimer()
			before()
			b.StartTimer()
		}
		if n%16 == 0 {
			for e.feed(1, batch); e.Poll(&ev); {
				out = append(out[:0], ev.Data...)
			}
		}
		n++
	}
}

func BenchmarkLpush(b *testing.B) {
	e := start(b)
	benchmarkRequests(b, e, "*3\r\n$5\r\nLPUSH\r\n$6\r\nmylist\r\n$3\r\nxxx\r\n", func() {
		feed(e, 1, "del mylist")
	})
}

func BenchmarkLpop(b *testing.B) {
	e := start(b)
	elements := bytes.Repeat([]byte(" xxx"), 100_000)
	benchmarkRequests(b, e, "*2\r\n$4\r\nLPOP\r\n$6\r\nmylist\r\n", func() {
		feed(e, 1, "del mylist", "rpush mylist"+string(elements[:60_000]),
			"rpush mylist"+string(elements[:60_000]), "rpush mylist"+string(elements[:60_000]))
		for range 6 {
			feed(e, 1, "rpush mylist"+string(elements[:60_000]))
		}
		sent(e, 1)
	})
}
