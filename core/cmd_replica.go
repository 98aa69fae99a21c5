package core

import (
	"strings"

	"github.com/redlet/redlet/core/internal/resp"
	"github.com/redlet/redlet/internal/sds"
)

var replicaCommands = []Command{
	{
		Name: "sync", Since: "1.0", Group: "server",
		Flags:   Admin | NoScript | NoAsyncLoading | NoMulti,
		Summary: "Asks for the data and the stream of changes, as a replica does.",
		Run:     cmdSync,
	},
	{
		Name: "psync", Since: "2.8", Group: "server",
		Flags:   Admin | NoScript | NoAsyncLoading | NoMulti,
		Syntax:  "replicationid offset:int",
		Arity:   -3,
		Summary: "Asks for the stream of changes, as a replica does.",
		Run:     cmdPsync,
	},
	{
		Name: "replconf", Since: "3.0", Group: "server",
		Flags:      Admin | NoScript | Loading | Stale | AllowBusy | toReplica,
		Arity:      -1,
		Summary:    "Settles how a replica is fed.",
		Complexity: "O(1)",
		System:     true,
		Run:        cmdReplconf,
	},
	{
		Name: "replicaof", Since: "5.0", Group: "server",
		Flags:      Admin | NoScript | Stale | NoAsyncLoading,
		Syntax:     replicaofSyntax,
		Summary:    "Makes the server the replica of another, or a master.",
		Complexity: "O(1)",
		Run:        cmdReplicaof,
	},
	{
		Name: "slaveof", Since: "1.0", Group: "server",
		Flags:      Admin | NoScript | Stale | NoAsyncLoading,
		Syntax:     replicaofSyntax,
		Summary:    "Makes the server the replica of another, or a master.",
		Complexity: "O(1)",
		Deprecated: &Deprecation{"5.0", "`REPLICAOF`"},
		Run:        cmdReplicaof,
	},
	{
		Name: "failover", Since: "6.2", Group: "server",
		Flags:      Admin | NoScript | Stale,
		Syntax:     "[TO target:{host port:int [FORCE]}] [ABORT] [TIMEOUT milliseconds:int]",
		Summary:    "Makes a replica the master in this server's place.",
		Complexity: "O(1)",
		Run:        cmdFailover,
	},
}

const replicaofSyntax = "args:(host-port:{host port:int}|no-one:{NO ONE})"

func cmdSync(c *Call) {
	if c.maySync() {
		c.e.replicas.attach(c, false)
	}
}

// maySync reports whether the connection can become a replica; if not it may reply why.
func (c *Call) maySync() bool {
	switch m := c.e.master; {
	case c.conn.has(connSlave):
		return false
	case m != nil && m.state != linkUp:
		c.Error("NOMASTERLINK Can't SYNC while not connected with my master")
		return false
	case c.Len() > 0:
		c.Error("ERR SYNC and PSYNC are invalid with pending output")
		return false
	}
	c.e.note(logNotice, "Replica ", c.conn.replicaName(), " asks for synchronization")
	return true
}

// cmdPsync goes on with the stream that a replica was sent before, or gives everything.
func cmdPsync(c *Call) {
	from, ok := c.ArgInt(2)
	if !ok {
		c.e.note(logWarning, "Replica ", c.conn.replicaName(),
			" asks for synchronization but with a wrong offset")
	}
	if !ok || len(c.Args) > 3 && is(c.Args[3], "failover") && !c.takesOver() || !c.maySync() {
		return
	}
	e := c.e
	id := string(c.Args[1])
	switch {
	case e.resumes(c.conn, id, from):
		e.stats.syncPartialOK++
		return
	case id != "?":
		e.stats.syncPartialErr++
	}
	e.replicas.attach(c, true)
}

// takesOver makes this server a master, since the one that it follows asks it to take its place.
func (c *Call) takesOver() bool {
	e := c.e
	e.note(logNotice, "Failover request received for replid ", clip(c.Args[1], 128), ".")
	switch {
	case e.master == nil:
		c.Error("ERR PSYNC FAILOVER can't be sent to a master.")
		return false
	case string(c.Args[1]) != e.ids.replication:
		c.Error("ERR PSYNC FAILOVER replid must match my replid.")
		return false
	}
	e.lead()
	e.note(logNotice, "MASTER MODE enabled (failover request from '", c.clientText(), "')")
	return true
}

// rdbFilter reads which parts of the data the image is to hold: functions, or nothing.
func (c *Call) rdbFilter(list []byte) bool {
	words, ok := sds.SplitArgs(nil, list)
	if !ok {
		c.Error("ERR Missing rdb-filter-only values")
		return false
	}
	wants := imageEmpty
	for _, word := range words {
		if !is(word, "functions") {
			c.Error("ERR Unsupported rdb-filter-only option: " + string(word))
			return false
		}
		wants = imageFunctions
	}
	c.conn.replica.wants = wants
	return true
}

func cmdReplconf(c *Call) {
	if len(c.Args)%2 == 0 {
		c.Error(ErrSyntax)
		return
	}
	r := &c.conn.replica
	for i := 1; i < len(c.Args); i += 2 {
		ok := true
		switch word := c.Args[i]; {
		case is(word, "listening-port"):
			r.port, ok = c.ArgInt(i + 1)
		case is(word, "ip-address"):
			ok = c.announced(c.Args[i+1])
		case is(word, "capa"):
			r.eof = r.eof || is(c.Args[i+1], "eof")
			r.psync2 = r.psync2 || is(c.Args[i+1], "psync2")
		case is(word, "ack"):
			c.ackedBy(i)
			return // that is never answered
		case is(word, "getack"):
			if m := c.e.master; m != nil && c.conn == &m.applier.conn {
				m.acknowledge()
			}
			return
		case is(word, "rdb-only"):
			var n int64
			n, ok = c.argBit(i + 1)
			r.imageOnly = n == 1
		case is(word, "rdb-filter-only"):
			ok = c.rdbFilter(c.Args[i+1])
		default:
			c.Error("ERR Unrecognized REPLCONF option: " + string(word))
			return
		}
		if !ok {
			return
		}
	}
	c.OK()
}

// announced takes the address by which a replica wants to be known.
func (c *Call) announced(ip []byte) bool {
	if len(ip) > announceMax {
		c.Error("ERR REPLCONF ip-address provided by replica instance is too long: " +
			string(decimal(int64(len(ip)))) + " bytes")
		return false
	}
	c.conn.replica.ip = string(ip)
	return true
}

// announceMax is how long such an address may be.
const announceMax = 255

// ackedBy notes how far a replica is, and what of it its disk has: FACK may follow argument i.
func (c *Call) ackedBy(i int) {
	n, ok := resp.Int(c.Args[i+1])
	if !ok || !c.conn.has(connReplica) {
		return
	}
	if len(c.Args) > i+3 && is(c.Args[i+2], "fack") {
		if on, ok := resp.Int(c.Args[i+3]); ok {
			c.conn.replica.fsynced = max(on, c.conn.replica.fsynced)
		}
	}
	c.e.acked(c.conn, n)
}

func cmdReplicaof(c *Call) {
	e := c.e
	m := e.master
	switch {
	case e.cfg.clusterEnabled:
		c.Error("ERR REPLICAOF not allowed in cluster mode.")
		return
	case e.failover.state != failoverNone:
		c.Error("ERR REPLICAOF not allowed while failing over.")
		return
	case is(c.Args[1], "no") && is(c.Args[2], "one"):
		if m != nil {
			e.lead()
			e.note(logNotice, "MASTER MODE enabled (user request from '", c.clientText(), "')")
		}
		c.OK()
		return
	case c.conn.has(connReplica):
		c.Error("ERR Command is not valid when client is a replica.")
		return
	}
	port, ok := c.argRange(2, 0, 65535, "ERR Invalid master port")
	if !ok {
		return
	}
	host := string(c.Args[1])
	if m != nil && m.port == port && strings.EqualFold(m.host, host) {
		e.log(logNotice, "REPLICAOF would result into synchronization with the master we are already "+
			"connected with. No operation performed.")
		c.Status("OK Already connected to specified master")
		return
	}
	e.follow(host, port, true)
	e.log(logNotice, "REPLICAOF "+host+":"+string(decimal(port))+" enabled (user request from '"+
		c.clientText()+"')")
	c.OK()
}

// clientText is the client of a command as the log tells it.
//
//go:noinline
func (c *Call) clientText() string { return string(c.describe(nil, c.conn)) }
