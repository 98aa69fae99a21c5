package main

import (
	"net"
	"os"
)

// supervisor is who started the server and wants to know how it is, as `supervised` says.
type supervisor struct {
	socket string // of systemd; "" for nobody
}

// supervise finds the supervisor that a configuration names. One that is not there is told of in
// the log, and the server starts all the same.
func supervise(kind string, log *logger) supervisor {
	socket, job := os.Getenv("NOTIFY_SOCKET"), os.Getenv("UPSTART_JOB")
	switch {
	case kind == "upstart" && job == "":
		log.print(levelWarning, "upstart supervision requested, but UPSTART_JOB not found!")
	case (kind == "upstart" || kind == "auto") && job != "":
		log.print(levelNotice, "Supervised by upstart, will stop to signal readiness.")
		stopSelf()
	case kind == "systemd" && socket == "":
		log.print(levelWarning, "systemd supervision error: NOTIFY_SOCKET not found!")
	case (kind == "systemd" || kind == "auto") && socket != "":
		log.print(levelNotice, "Supervised by systemd. Please make sure you set appropriate values "+
			"for TimeoutStartSec and TimeoutStopSec in your service unit.")
		s := supervisor{socket}
		s.tell("STATUS=Redis is loading...\n")
		return s
	}
	return supervisor{}
}

// tell sends systemd what it asks for. A server that cannot be heard serves as well.
func (s supervisor) tell(states ...string) {
	if s.socket == "" {
		return
	}
	c, err := net.Dial("unixgram", s.socket) // an @ in front is a name without a file, there too
	if err != nil {
		return
	}
	defer c.Close()
	for _, state := range states {
		_, _ = c.Write([]byte(state))
	}
}
