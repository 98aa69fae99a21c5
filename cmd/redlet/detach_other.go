//go:build !unix

package main

// detach refuses daemonize, which this system does not know.
func detach(_ []string, log *logger) int {
	log.print(levelWarning, "daemonize is not available on this system")
	return 1
}

// stopSelf has nobody to wait for.
func stopSelf() {}
