package core

import "testing"

// TestClusterWithoutBus shows what a node refuses in words of its own, since nobody else is told.
func TestClusterWithoutBus(t *testing.T) {
	c := control(t, map[string]string{"cluster-enabled": "yes"})
	c.open(1, Conn{Addr: local})
	c.ask(1, "CLUSTER MEET 127.0.0.1 7000",
		"-ERR this server speaks no cluster bus: it meets nobody\r\n")
	c.ask(1, "CLUSTER SAVECONFIG",
		"-ERR error saving the cluster node config: this server keeps it in memory alone\r\n")
}

// TestSetslotUnknown shows that a slot goes on moving when its next destination is not known.
func TestSetslotUnknown(t *testing.T) {
	c := control(t, map[string]string{"cluster-enabled": "yes"})
	c.open(1, Conn{Addr: local})
	c.ask(1, "CLUSTER ADDSLOTSRANGE 0 16383", "+OK\r\n")
	c.order("cluster other shard 127.0.0.1 7001 2 1 1", "+")
	c.ask(1, "CLUSTER SETSLOT 2 MIGRATING other", "+OK\r\n")
	c.ask(1, "CLUSTER SETSLOT 2 MIGRATING nobody", "-ERR I don't know about node nobody\r\n")
	if c.e.cluster.to[2] == nil {
		t.Error("the slot no longer moves")
	}
	c.ask(1, "CLUSTER SETSLOT 1 IMPORTING other", "+OK\r\n")
	c.ask(1, "CLUSTER SETSLOT 1 IMPORTING nobody", "-ERR I don't know about node nobody\r\n")
	if c.e.cluster.from[1] == nil {
		t.Error("the slot is no longer imported")
	}
}
