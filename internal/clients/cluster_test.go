package clients

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redlet/redlet"
)

// slotOfFoo is the slot of the key foo, which the last of three masters has at first.
const slotOfFoo = "12182"

// move moves the slot of foo, and with it the key, to another node, and tells all others.
func move(t *testing.T, c *redlet.Cluster, from, to *redlet.Server) {
	t.Helper()
	ctx := t.Context()
	source := redlet.Must(from.Do(ctx, "CLUSTER", "MYID")).Text()
	target := redlet.Must(to.Do(ctx, "CLUSTER", "MYID")).Text()
	redlet.Must(to.Do(ctx, "CLUSTER", "SETSLOT", slotOfFoo, "IMPORTING", source))
	redlet.Must(from.Do(ctx, "CLUSTER", "SETSLOT", slotOfFoo, "MIGRATING", target))
	host, port, _ := strings.Cut(to.Addr(), ":")
	redlet.Must(from.Do(ctx, "MIGRATE", host, port, "foo", "0", "5000"))
	for _, s := range c.Nodes()[:3] {
		redlet.Must(s.Do(ctx, "CLUSTER", "SETSLOT", slotOfFoo, "NODE", target))
	}
}

// TestRueidisCluster has its client keep what it has read from the nodes of a cluster, and forget
// what others change: on the node where the key is, where it has moved to, and on the replica that
// has taken the place of its master.
func TestRueidisCluster(t *testing.T) {
	cluster, err := redlet.RunCluster(6, redlet.WithClusterReplicas(1))
	must(t, err)
	defer cluster.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // ends what follows in any case
	defer cancel()
	nodes := cluster.Nodes()
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: cluster.Addrs()[:1]})
	must(t, err)
	defer c.Close()
	set := func(value string) {
		t.Helper()
		must(t, c.Do(ctx, c.B().Set().Key("foo").Value(value).Build()).Error())
	}
	get := func() (value string, kept bool) {
		t.Helper()
		r := c.DoCache(ctx, c.B().Get().Key("foo").Cache(), time.Hour)
		value, err := r.ToString()
		must(t, err)
		return value, r.IsCacheHit()
	}
	for i, at := range []*redlet.Server{nodes[2], nodes[0], nodes[3]} {
		switch i {
		case 1:
			move(t, cluster, nodes[2], nodes[0])
		case 2:
			redlet.Must(nodes[3].Do(ctx, "CLUSTER", "FAILOVER"))
			for redlet.Must(at.Do(ctx, "ROLE")).List()[0].Text() != "master" {
			}
		}
		first := string(rune('a' + i))
		set(first)
		for value, kept := get(); value != first || !kept; value, kept = get() {
		}
		redlet.Must(at.Do(ctx, "SET", "foo", "other"))
		for value, _ := get(); value != "other"; value, _ = get() {
		}
	}
}
