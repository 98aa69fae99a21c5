package core

import "testing"

// TestSetslotUnknown shows that a slot goes on moving when its next destination is not known.
func TestSetslotUnknown(t *testing.T) {
	c := newTestNet(t, 2, nil)
	c.create(2)
	c.want(0, "CLUSTER SETSLOT 2 MIGRATING "+c.id(1), "+OK\r\n")
	c.want(0, "CLUSTER SETSLOT 2 MIGRATING nobody", "-ERR I don't know about node nobody\r\n")
	if c.nodes[0].e.cluster.to[2] == nil {
		t.Error("the slot no longer moves")
	}
	c.want(1, "CLUSTER SETSLOT 1 IMPORTING "+c.id(0), "+OK\r\n")
	c.want(1, "CLUSTER SETSLOT 1 IMPORTING nobody", "-ERR I don't know about node nobody\r\n")
	if c.nodes[1].e.cluster.from[1] == nil {
		t.Error("the slot is no longer imported")
	}
}

// TestClusterSaveconfig shows what a node without a folder says of its file.
func TestClusterSaveconfig(t *testing.T) {
	c := control(t, map[string]string{"cluster-enabled": "yes"})
	c.open(1, Conn{Addr: local})
	c.ask(1, "CLUSTER SAVECONFIG",
		"-ERR error saving the cluster node config: this server keeps it in memory alone\r\n")
}
