package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/redlet/redlet/core"
)

// fatalSignals are those by which Redis dies with a report. One that comes from a defect of the
// program's own never gets here: Go makes a panic of it.
var fatalSignals = []os.Signal{syscall.SIGABRT, syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE,
	syscall.SIGILL}

// crashed tells which signal stands for the end of an engine that DEBUG was told to crash.
func crashed(reason string) (sig syscall.Signal, is bool) {
	number, is := strings.CutPrefix(reason, core.CrashedBy)
	n, err := strconv.Atoi(number)
	return syscall.Signal(n), is && err == nil
}

// crash writes what Redis calls a bug report, of which programs that watch logs know the first line
// and the last, and returns the exit code: 1 with use-exit-on-panic, and else the one that a shell
// tells of a process which a signal has ended. A Go program cannot end so itself.
func (v *server) crash(sig syscall.Signal) int {
	v.log.print(levelWarning, "=== REDIS BUG REPORT START: Cut & paste starting from here ===")
	v.log.printf(levelWarning, "%s crashed by signal: %d", versionName, int(sig))
	v.traces()
	v.log.print(levelWarning, "=== REDIS BUG REPORT END. Make sure to include from START to END. ===")
	if v.values["use-exit-on-panic"] == "yes" {
		return 1
	}
	return 128 + int(sig)
}

// traces logs what each goroutine is about: functions and places, never data.
func (v *server) traces() {
	stack := make([]byte, 1<<20)
	stack = stack[:runtime.Stack(stack, true)]
	v.log.printf(levelWarning, "------ STACK TRACE ------\n%s\n------ STACK TRACE DONE ------", stack)
}
