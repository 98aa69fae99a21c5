package redlet_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/redlet/redlet"
)

// TestRunCluster shows three masters that share the slots, send clients on, and move a slot.
func TestRunCluster(t *testing.T) {
	c, err := redlet.RunCluster(3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	nodes, addrs := c.Nodes(), c.Addrs()
	do := func(node int, args ...any) string {
		t.Helper()
		r, err := nodes[node].Do(t.Context(), args...)
		if err != nil {
			return err.Error()
		}
		return r.Text()
	}
	ids := make([]string, len(nodes))
	for i := range nodes {
		ids[i] = do(i, "CLUSTER", "MYID")
		for _, want := range []string{"cluster_state:ok", "cluster_known_nodes:3", "cluster_size:3"} {
			if info := do(i, "CLUSTER", "INFO"); !strings.Contains(info, want) {
				t.Errorf("node %d: %q lacks %s", i, info, want)
			}
		}
	}
	if ids[0] == ids[1] || ids[1] == ids[2] {
		t.Errorf("nodes have one id: %q", ids)
	}
	// The slot of foo is 12182, which the last third holds.
	step := func(node int, want string, args ...any) {
		t.Helper()
		if got := do(node, args...); got != want {
			t.Errorf("node %d, %q: %q; want %q", node, args, got, want)
		}
	}
	step(0, "MOVED 12182 "+addrs[2], "SET", "foo", "1")
	step(2, "OK", "SET", "foo", "1")
	step(0, "OK", "CLUSTER", "SETSLOT", "12182", "IMPORTING", ids[2])
	step(2, "OK", "CLUSTER", "SETSLOT", "12182", "MIGRATING", ids[0])
	step(2, "1", "GET", "foo")
	step(2, "ASK 12182 "+addrs[0], "GET", "{foo}other")
	step(2, "TRYAGAIN Multiple keys request during rehashing of slot", "MGET", "foo", "{foo}other")
	host, port, _ := strings.Cut(addrs[0], ":")
	step(2, "OK", "MIGRATE", host, port, "foo", "0", "5000")
	step(2, "ASK 12182 "+addrs[0], "GET", "foo")
	step(0, "MOVED 12182 "+addrs[2], "GET", "foo")
	for i := range nodes {
		step(i, "OK", "CLUSTER", "SETSLOT", "12182", "NODE", ids[0])
	}
	step(0, "1", "GET", "foo")
	step(1, "MOVED 12182 "+addrs[0], "GET", "foo")
	step(2, "MOVED 12182 "+addrs[0], "GET", "foo")
}

// TestRunClusterReplicas shows replicas that serve readers and take their masters' places, as they
// are told or since a master was closed.
func TestRunClusterReplicas(t *testing.T) {
	c, err := redlet.RunCluster(6, redlet.WithClusterReplicas(1), redlet.WithPassword("secret"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	nodes, addrs := c.Nodes(), c.Addrs()
	step := func(node int, want string, args ...any) {
		t.Helper()
		got := ""
		if r, err := nodes[node].Do(t.Context(), args...); err != nil {
			got = err.Error()
		} else {
			got = r.Text()
		}
		if got != want {
			t.Errorf("node %d, %q: %q; want %q", node, args, got, want)
		}
	}
	// The slot of foo is 12182, which the third master holds.
	step(2, "OK", "SET", "foo", "1")
	step(2, "1", "WAIT", "1", "0")
	step(5, "MOVED 12182 "+addrs[2], "GET", "foo")
	// What the master has answered its replica has, as where both are processes.
	for keys := 1; keys < 100; keys++ {
		step(5, strconv.Itoa(keys), "DBSIZE")
		step(2, "OK", "SET", "{foo}"+strconv.Itoa(keys), "1")
	}
	step(5, "OK", "CLUSTER", "FAILOVER", "TAKEOVER")
	step(5, "1", "GET", "foo")
	step(0, "MOVED 12182 "+addrs[5], "GET", "foo")
	if err := nodes[0].Close(); err != nil {
		t.Error(err)
	}
	step(3, "OK", "CLUSTER", "FAILOVER", "FORCE")
	step(3, "OK", "SET", "{06S}", "1")
	step(1, "MOVED 0 "+addrs[3], "GET", "{06S}")
}

// TestRunClusterRefuses shows clusters that cannot be.
func TestRunClusterRefuses(t *testing.T) {
	_, err := redlet.RunCluster(2, redlet.WithClusterReplicas(2))
	if err == nil || err.Error() != "redlet: a master with 2 replicas takes more than 2 nodes" {
		t.Error(err)
	}
}
