package main

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"

	"github.com/redlet/redlet/host"
)

// clusterMax is how many nodes a cluster may have.
const clusterMax = 100

// startCluster makes the other nodes of a cluster, for the ports behind the first one's, and makes
// all of them a cluster, unless that is left to redis-cli. Nobody is served yet: a client finds the
// cluster whole.
func (v *server) startCluster() error {
	if v.cluster == 0 {
		return nil
	}
	if v.port == 0 || v.port+v.cluster-1 > 65535 {
		return fatalf("A cluster of %d nodes needs as many ports: port is %d.", v.cluster, v.port)
	}
	loops, addrs := []*host.Loop{v.loop}, []netip.AddrPort{v.address()}
	for i := 1; i < v.cluster; i++ {
		node, err := v.node(v.port + i)
		if err != nil {
			return err
		}
		v.others = append(v.others, node)
		if err := node.bindAll(); err != nil {
			return err
		}
		if err := node.makeLoop(); err != nil {
			return err
		}
		loops, addrs = append(loops, node.loop), append(addrs, node.address())
	}
	if v.apart {
		return host.Bus(loops, addrs)
	}
	if err := host.Cluster(loops, addrs, v.replicas); err != nil {
		return fatalf("The cluster cannot be made: %v", err)
	}
	return nil
}

// address is where clients are told to find a node.
func (v *server) address() netip.AddrPort {
	ip, err := netip.ParseAddr(v.values["cluster-announce-ip"])
	if err != nil {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.AddrPortFrom(ip, uint16(v.port))
}

// node is another node as it is to be: its files stand in a folder of their own.
func (v *server) node(port int) (*server, error) {
	s := *v.settings
	s.port, s.tlsPort, s.websocketPort, s.unixsocket, s.pidfile = port, 0, 0, "", ""
	s.dir = filepath.Join(v.dir, "node-"+strconv.Itoa(port))
	s.values = maps.Clone(v.values)
	s.values["port"], s.values["dir"] = strconv.Itoa(port), s.dir
	delete(s.values, "config-file") // it is the first one's to rewrite
	delete(s.values, "unixsocket")
	delete(s.values, "tls-port")
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, fmt.Errorf("a folder for a node of the cluster: %w", err)
	}
	return &server{settings: &s, log: v.log, over: v.over, closed: make(chan struct{})}, nil
}
