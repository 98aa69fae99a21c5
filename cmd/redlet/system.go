package main

import (
	"os"
	"runtime"
	"strconv"
)

// facts are what INFO shows of the system, as core.Options takes it. What cannot be found out is
// left out.
func facts(supervised bool) map[string]string {
	all := map[string]string{
		"info-process_id":         strconv.Itoa(os.Getpid()),
		"info-multiplexing_api":   multiplexer,
		"info-os":                 systemName(),
		"info-process_supervised": "no",
	}
	if supervised {
		all["info-process_supervised"] = "systemd"
	}
	if path, err := os.Executable(); err == nil {
		all["info-executable"] = path
	}
	if n := systemMemory(); n > 0 {
		all["info-total_system_memory"] = strconv.FormatUint(n, 10)
	}
	return all
}

// machine is how uname calls the processor that the program is built for.
func machine() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	case "386":
		return "i686"
	}
	return runtime.GOARCH
}
