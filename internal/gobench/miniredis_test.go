//go:build miniredis

package main

import "github.com/alicebob/miniredis/v2"

// run starts a server and opens its port.
func run() (addr string, end func()) {
	m, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	return m.Addr(), m.Close
}
