package redlet_test

import (
	"testing"

	"github.com/redlet/redlet"
)

// BenchmarkStart is what a test pays for a server of its own, with a port and without. On the same
// machine miniredis 2.40.0 took 73 µs and 21 KB, with its port.
func BenchmarkStart(b *testing.B) {
	for _, way := range []string{"port", "none"} {
		b.Run(way, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				s, err := redlet.Run()
				if err != nil {
					b.Fatal(err)
				}
				if way == "port" {
					s.Addr()
				}
				s.Close()
			}
		})
	}
}
