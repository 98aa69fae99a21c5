package redlet

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/redlet/redlet/host"
)

// Cluster is a cluster of masters that run in this process, each a server on a port of its own.
type Cluster struct {
	nodes []*Server
}

// RunCluster starts a cluster of n masters, which share the slots evenly and answer as nodes of a
// redis-server's cluster do. The options are those of each; their random choices differ. Slots move
// as clients say by CLUSTER SETSLOT, to each node as redis-cli does; there are no replicas, and
// nodes do not speak Redis's bus. Close the cluster when done.
func RunCluster(n int, options ...Option) (*Cluster, error) {
	c := &Cluster{}
	loops, addrs := make([]*host.Loop, n), make([]netip.AddrPort, n)
	for i := range n {
		o := settingsOf(options)
		if o.addr != "" || o.unixSocket != "" || o.dir() {
			err := errors.New("redlet: the nodes of a cluster cannot share an address or a folder")
			return nil, errors.Join(err, c.Close())
		}
		o.config["cluster-enabled"] = "yes"
		o.seed[31] ^= byte(i)
		o.seed[30] ^= byte(i >> 8)
		s, err := run(o)
		if err == nil {
			c.nodes = append(c.nodes, s)
			err = s.Listen()
		}
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		loops[i] = LoopOf(s)
		if addrs[i], err = netip.ParseAddrPort(s.Addr()); err != nil {
			return nil, errors.Join(fmt.Errorf("redlet: %w", err), c.Close())
		}
	}
	if err := host.Cluster(loops, addrs); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Nodes are the masters, in the order of their slots.
func (c *Cluster) Nodes() []*Server { return c.nodes }

// Addrs are the addresses of the masters, as a client's configuration takes them.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.nodes))
	for i, s := range c.nodes {
		addrs[i] = s.Addr()
	}
	return addrs
}

// Close ends all nodes.
func (c *Cluster) Close() error {
	var errs []error
	for _, s := range c.nodes {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// dir tells whether the options name a folder for data.
func (o *settings) dir() bool { return o.config["dir"] != "" }
