package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
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

// report writes what Redis calls a bug report, of which programs that watch logs know the first
// line and the last.
func (v *server) report(by, stack string) {
	v.log.print(levelWarning, "=== REDIS BUG REPORT START: Cut & paste starting from here ===")
	v.log.printf(levelWarning, "%s crashed by %s", versionName, by)
	v.traces(stack)
	v.log.print(levelWarning, "=== REDIS BUG REPORT END. Make sure to include from START to END. ===")
}

// died reports a defect of an engine's own; another takes its place.
func (v *server) died(why error) {
	by, stack := why.Error(), ""
	if death := (*host.Death)(nil); errors.As(why, &death) {
		by, stack = death.Reason, death.Detail
	}
	v.report("a defect: "+by, stack)
}

// crash reports the end by a signal and returns the exit code: 1 with use-exit-on-panic, and else
// the one that a shell tells of a process which a signal has ended. A Go program cannot end so
// itself.
func (v *server) crash(sig syscall.Signal) int {
	v.report(fmt.Sprint("signal: ", int(sig)), stacks())
	if v.values["use-exit-on-panic"] == "yes" {
		return 1
	}
	return 128 + int(sig)
}

// stacks tells what each goroutine is about: functions and places, never data.
func stacks() string {
	stack := make([]byte, 1<<20)
	return string(stack[:runtime.Stack(stack, true)])
}

func (v *server) traces(stack string) {
	v.log.printf(levelWarning, "------ STACK TRACE ------\n%s\n------ STACK TRACE DONE ------", stack)
}
