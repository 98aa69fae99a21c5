package core_test

import (
	"bytes"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// clusterConfig makes a node of a cluster; the transcripts in testdata/cluster are about one that
// serves all slots.
var clusterConfig = map[string]string{
	"enable-debug-command": "yes", "cluster-enabled": "yes", "port": "0",
}

// newNode returns an engine that is a cluster by itself.
func newNode(t *testing.T) *coretest.Engine {
	t.Helper()
	e, err := coretest.NewEngine(clusterConfig)
	if err != nil {
		t.Fatal(err)
	}
	ask(t, e, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	return e
}

// TestCluster plays the transcripts of a cluster against the engine.
func TestCluster(t *testing.T) {
	for name, tr := range transcriptsIn(t, "testdata/cluster") {
		t.Run(name, func(t *testing.T) { play(t, tr, newNode(t), *rewrite) })
	}
}

// TestClusterVariants plays them in the other ways that must not change an answer.
func TestClusterVariants(t *testing.T) {
	for _, v := range coretest.Variants {
		for name, tr := range transcriptsIn(t, "testdata/cluster") {
			t.Run(v.Name+"/"+name, func(t *testing.T) {
				coretest.Run(t, tr, v.Wrap(func() *coretest.Engine { return newNode(t) }))
			})
		}
	}
}

// TestClusterReference plays them against a real redis-server that is a cluster by itself.
func TestClusterReference(t *testing.T) {
	for name, tr := range transcriptsIn(t, "testdata/cluster") {
		t.Run(name, func(t *testing.T) {
			ref := coretest.StartReference(t, "--cluster-enabled", "yes",
				"--cluster-port", strconv.Itoa(freePort(t)))
			ref.NeedClock(t)
			s, err := ref.Session()
			if err != nil {
				t.Fatal(err)
			}
			serveAll(t, s)
			play(t, tr, s, *record)
		})
	}
}

// freePort is a port on which nothing listens.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// serveAll gives a node all slots and waits until it serves them, which it does when some seconds
// have passed.
func serveAll(t *testing.T, s *coretest.Network) {
	t.Helper()
	do := func(args ...string) []byte {
		if err := s.Send('Z', coretest.Request(args...)); err != nil {
			t.Fatal(err)
		}
		got, err := s.Receive('Z', true)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	do("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	if err := s.Turn(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	for !bytes.Contains(do("CLUSTER", "INFO"), []byte("cluster_state:ok")) {
	}
	if err := s.Turn(-10 * time.Second); err != nil {
		t.Fatal(err)
	}
}
