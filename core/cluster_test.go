package core

import (
	"strconv"
	"testing"
)

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

// TestExpirePassesOverSparse shows that active expiry passes over the keys of a slot while they
// take hardly a place of its table, which only one that must not shrink can come to.
func TestExpirePassesOverSparse(t *testing.T) {
	c := control(t, map[string]string{"cluster-enabled": "yes", "enable-debug-command": "yes"})
	c.open(1, Conn{Addr: local})
	do := func(commands ...string) {
		t.Helper()
		for i := 0; i < len(commands); i += 2 {
			c.ask(1, commands[i], commands[i+1]+"\r\n")
		}
	}
	each := func(command string, most int) {
		t.Helper()
		do(`EVAL "for i=1,`+strconv.Itoa(most)+` do redis.call(`+command+`) end" 1 {foo}`, "$-1")
	}
	sized := func(n int) {
		t.Helper()
		c.now += 1_000_000
		c.e.Advance(c.now)
		do("DBSIZE", ":"+strconv.Itoa(n))
	}
	do("CLUSTER ADDSLOTSRANGE 0 16383", "+OK", "PSETEX alice 500 v", "+OK")
	each("'PSETEX','{foo}'..i,500,'v'", 200)
	do("PSETEX key 500 v", "+OK", "DEBUG DICT-RESIZING 0", "+OK")
	each("'DEL','{foo}'..i", 199)
	sized(1)
	do("PSETEX {foo}a 500000 v", "+OK")
	sized(2)
	do("PSETEX {foo}b 500000 v", "+OK") // three keys of 256 are enough
	sized(2)
	do("DEL {foo}a {foo}b", ":2", "PSETEX {foo}c 500 v", "+OK", "PSETEX key 500 v", "+OK")
	sized(1)
	do("GET {foo}c", "$-1", "PSETEX {foo}d 500 v", "+OK")
	sized(1)
	do("DEBUG DICT-RESIZING 1", "+OK", "PSETEX {foo}e 500 v", "+OK")
	sized(0)
}
