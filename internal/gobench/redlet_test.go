//go:build !miniredis

package main

import "github.com/redlet/redlet"

// run starts a server and opens its port.
func run() (addr string, end func()) {
	s, err := redlet.Run()
	if err != nil {
		panic(err)
	}
	return s.Addr(), func() { _ = s.Close() }
}
