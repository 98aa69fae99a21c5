//go:build unix

package main

import (
	"os"
	"os/exec"
	"syscall"
)

// detach starts the program again without a terminal, as daemonize asks, and ends this process. A
// Go program cannot fork itself.
func detach(args []string, log *logger) int {
	self, err := os.Executable()
	if err != nil {
		log.print(levelWarning, err.Error())
		return 1
	}
	child := exec.Command(self, append(args[:len(args):len(args)], "--daemonize", "no")...)
	child.Stdin = os.Stdin
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		log.print(levelWarning, err.Error())
		return 1
	}
	return 0
}

// stopSelf stops the process, which upstart lets go on.
func stopSelf() { _ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) }
