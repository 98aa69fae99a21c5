package main

import (
	"net"
	"strconv"
	"testing"
)

// TestCluster shows three masters in one process, which end together.
func TestCluster(t *testing.T) {
	dir := t.TempDir()
	port := freePorts(t, 3)
	p := start(t, dir, "--port", strconv.Itoa(port), "--cluster", "3", "--save", "")
	for range 2 {
		p.await("Ready to accept connections tcp")
	}
	at := "127.0.0.1:" + strconv.Itoa(port+2)
	ask(t, dir, "SET foo 1\r\n", "-MOVED 12182 "+at+"\r\n")
	ask(t, dir, "SHUTDOWN\r\n", "")
	p.end(0)
}

// freePorts finds so many ports in a row on which nothing listens, and returns the first.
func freePorts(t *testing.T, n int) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port, free := l.Addr().(*net.TCPAddr).Port, []net.Listener{l}
		for i := 1; i < n; i++ {
			if l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port+i)); err == nil {
				free = append(free, l)
			}
		}
		for _, l := range free {
			l.Close()
		}
		if len(free) == n {
			return port
		}
	}
	t.Fatal("there are no ports in a row")
	return 0
}
