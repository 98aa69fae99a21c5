package main

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestCluster shows three masters in one process, each of which ends by itself.
func TestCluster(t *testing.T) {
	dir := t.TempDir()
	port := freePorts(t, 3)
	p := start(t, dir, "--port", strconv.Itoa(port), "--cluster", "3", "--save", "")
	for range 2 {
		p.await("Ready to accept connections tcp")
	}
	at := func(node int) string { return "127.0.0.1:" + strconv.Itoa(port+node) }
	ask(t, dir, "SET foo 1\r\n", "-MOVED 12182 "+at(2)+"\r\n")
	for node := range 3 {
		askAt(t, "tcp", at(node), "SHUTDOWN\r\n", "")
	}
	p.end(0)
}

// TestClusterReplicas shows a cluster with replicas that ends by a signal.
func TestClusterReplicas(t *testing.T) {
	dir := t.TempDir()
	port := freePorts(t, 3)
	p := start(t, dir, "--port", strconv.Itoa(port), "--cluster", "3", "--cluster-replicas", "2",
		"--save", "")
	for range 2 {
		p.await("Ready to accept connections tcp")
	}
	ask(t, dir, "SET foo 1\r\nWAIT 2 0\r\n", "+OK\r\n:2\r\n")
	at := "127.0.0.1:" + strconv.Itoa(port+2)
	askAt(t, "tcp", at, "READONLY\r\nGET foo\r\n", "+OK\r\n$1\r\n1\r\n")
	askAt(t, "tcp", at, "CLUSTER FAILOVER TAKEOVER\r\nSET foo 2\r\n", "+OK\r\n+OK\r\n")
	p.signal(os.Interrupt)
	p.end(0)
}

// TestClusterApart shows nodes that are yet to meet.
func TestClusterApart(t *testing.T) {
	dir := t.TempDir()
	port := freePorts(t, 2)
	p := start(t, dir, "--port", strconv.Itoa(port), "--cluster", "2", "--cluster-create", "no",
		"--save", "")
	p.await("Ready to accept connections tcp")
	ask(t, dir, "GET foo\r\n", "-CLUSTERDOWN Hash slot not served\r\n")
	ask(t, dir, "CLUSTER ADDSLOTSRANGE 0 16383\r\n", "+OK\r\n")
	ask(t, dir, "CLUSTER MEET 127.0.0.1 "+strconv.Itoa(port+1)+"\r\n", "+OK\r\n")
	askAt(t, "tcp", "127.0.0.1:"+strconv.Itoa(port+1), "GET foo\r\n",
		"-MOVED 12182 127.0.0.1:"+strconv.Itoa(port)+"\r\n")
	ask(t, dir, "CLUSTER MEET 127.0.0.1 1\r\n", "-ERR no node of this process is at 127.0.0.1:1: "+
		"the cluster bus of other processes is not spoken\r\n")
	p.signal(os.Interrupt)
	p.end(0)
}

// TestClusterRestarts shows a cluster that has its ids, slots and roles again, and
// one that does not start with a file that it cannot read.
func TestClusterRestarts(t *testing.T) {
	dir := t.TempDir()
	port := freePorts(t, 3)
	args := []string{"--port", strconv.Itoa(port), "--cluster", "3", "--cluster-replicas", "2",
		"--save", ""}
	p := start(t, dir, args...)
	for range 2 {
		p.await("Ready to accept connections tcp")
	}
	at := func(node int) string { return "127.0.0.1:" + strconv.Itoa(port+node) }
	ask(t, dir, "SET foo 1\r\nWAIT 2 0\r\n", "+OK\r\n:2\r\n")
	askAt(t, "tcp", at(1), "CLUSTER FAILOVER TAKEOVER\r\n", "+OK\r\n")
	askAt(t, "tcp", at(1), "CLUSTER SAVECONFIG\r\n", "+OK\r\n")
	p.signal(os.Interrupt)
	p.end(0)
	conf := filepath.Join(dir, "node-"+strconv.Itoa(port+1), "nodes.conf")
	text, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	id := string(text[:40])

	p = start(t, dir, args...)
	for range 2 {
		p.await("Ready to accept connections tcp")
	}
	askAt(t, "tcp", at(1), "CLUSTER MYID\r\nSET foo 2\r\n", "$40\r\n"+id+"\r\n+OK\r\n")
	ask(t, dir, "SET foo 2\r\n", "-MOVED 12182 "+at(1)+"\r\n")
	p.signal(os.Interrupt)
	p.end(0)

	if err := os.WriteFile(conf, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := "Unrecoverable error: corrupted cluster config file \"nonsense\"."
	if got := refused(t, append(args, "--dir", dir), ""); !strings.Contains(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
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
