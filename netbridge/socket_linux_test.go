package netbridge

import (
	"net"
	"syscall"
	"testing"
)

// TestSocketIsPlain asks the system what a socket that listens speaks: no Multipath TCP.
func TestSocketIsPlain(t *testing.T) {
	l, err := Socket("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var protocol int
	controlErr := raw.Control(func(fd uintptr) {
		protocol, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_PROTOCOL)
	})
	if err != nil || controlErr != nil || protocol != syscall.IPPROTO_TCP {
		t.Errorf("protocol %d, %v, %v; want %d", protocol, err, controlErr, syscall.IPPROTO_TCP)
	}
}
