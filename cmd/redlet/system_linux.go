package main

import (
	"os"
	"strings"
	"syscall"
)

// multiplexer is what waits for sockets.
const multiplexer = "epoll"

// systemName is what uname tells of the system, its version and its processor.
func systemName() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return ""
	}
	return "Linux " + strings.TrimSpace(string(release)) + " " + machine()
}

// systemMemory is how many bytes of memory the system has.
func systemMemory() uint64 {
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil {
		return 0
	}
	return uint64(info.Totalram) * uint64(info.Unit)
}
