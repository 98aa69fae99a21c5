package core

import (
	"fmt"
	"testing"
)

// filled is an engine with n keys: strings, of which every fourth expires, and some small hashes.
func filled(b *testing.B, n int) *Engine {
	b.Helper()
	e := start(b)
	run := func(args ...string) {
		e.Feed(1, request(args...))
		e.AppendOutput(1, nil)
	}
	for i := range n {
		key := fmt.Sprintf("key:%d", i)
		if i%10 == 0 {
			run("HSET", key, "name", "somebody", "email", "somebody@example.com")
			continue
		}
		run("SET", key, fmt.Sprintf(`{"id":%d,"name":"somebody","is":"somebody"}`, i))
		if i%4 == 1 {
			run("EXPIRE", key, "1000")
		}
	}
	if e.dbs[0].keys.Len() != n {
		b.Fatal("the keys are not there")
	}
	return e
}

func BenchmarkSnapshot(b *testing.B) {
	e := filled(b, 100_000)
	var image []byte
	b.ReportAllocs()
	for b.Loop() {
		image = e.Snapshot(image[:0])
	}
	b.SetBytes(int64(len(image)))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/key")
}

func BenchmarkRestore(b *testing.B) {
	e := filled(b, 100_000)
	image := e.Snapshot(nil)
	b.SetBytes(int64(len(image)))
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Restore(image); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/key")
}
