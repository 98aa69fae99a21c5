package redlet

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/internal/errs"
)

// Cluster is a cluster whose nodes run in this process, each a server on a port of its own.
type Cluster struct {
	nodes []*Server
}

// RunCluster starts a cluster of n nodes, which answer as those of a redis-server's cluster do. All
// are masters, which share the slots evenly, unless [WithClusterReplicas] says how many replicas
// each is to have. The options are those of each node; their random choices differ. Slots move,
// nodes come to follow others and replicas take over as clients say by CLUSTER SETSLOT, REPLICATE
// and FAILOVER; a replica whose master was closed takes its place by itself, cluster-node-timeout
// later. Nodes hear of each other through this process: Redis's bus is not spoken, so no node
// elsewhere can join. Close the cluster when done.
func RunCluster(n int, options ...Option) (*Cluster, error) {
	c := &Cluster{}
	replicas := settingsOf(options).replicas
	loops, addrs := make([]*host.Loop, n), make([]netip.AddrPort, n)
	for i := range n {
		o := settingsOf(options)
		if o.addr != "" || o.unixSocket != "" || o.dir() {
			err := errors.New("redlet: the nodes of a cluster cannot share an address or a folder")
			return nil, errs.Join(err, c.Close())
		}
		o.config["cluster-enabled"] = "yes"
		host.ClusterConfig(o.config)
		o.seed[31] ^= byte(i)
		o.seed[30] ^= byte(i >> 8)
		s, err := run(o)
		if err == nil {
			c.nodes = append(c.nodes, s)
			err = s.Listen()
		}
		if err != nil {
			return nil, errs.Join(err, c.Close())
		}
		loops[i] = LoopOf(s)
		if addrs[i], err = netip.ParseAddrPort(s.Addr()); err != nil {
			return nil, errs.Join(fmt.Errorf("redlet: %w", err), c.Close())
		}
	}
	if err := host.Cluster(loops, addrs, replicas); err != nil {
		return nil, errs.Join(fmt.Errorf("redlet: %w", err), c.Close())
	}
	return c, nil
}

// Nodes are the nodes as they were started: the masters in the order of their slots, and then the
// replicas, of which the first follows the first master, and so on.
func (c *Cluster) Nodes() []*Server { return c.nodes }

// Addrs are the addresses of the nodes, as a client's configuration takes them.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.nodes))
	for i, s := range c.nodes {
		addrs[i] = s.Addr()
	}
	return addrs
}

// Close ends all nodes.
func (c *Cluster) Close() error {
	var failures []error
	for _, s := range c.nodes {
		failures = append(failures, s.Close())
	}
	return errs.Join(failures...)
}

// dir tells whether the options name a folder for data.
func (o *settings) dir() bool { return o.config["dir"] != "" }
