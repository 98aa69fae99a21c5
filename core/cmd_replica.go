package core

import (
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
		Flags:      Admin | NoScript | Loading | Stale | AllowBusy,
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
		Deprecated: "5.0",
		Replaced:   "`REPLICAOF`",
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
		c.e.replicas.attach(c)
	}
}

// maySync reports whether the connection can become a replica; if not it may reply why.
func (c *Call) maySync() bool {
	if c.Len() > 0 {
		c.Error("ERR SYNC and PSYNC are invalid with pending output")
		return false
	}
	return !c.conn.has(connReplica)
}

// cmdPsync always gives everything: no backlog of the stream is kept that a replica that was away
// could catch up with.
func cmdPsync(c *Call) {
	if _, ok := c.ArgInt(2); !ok || !c.maySync() {
		return
	}
	c.Status("FULLRESYNC " + c.e.ids.replication + " " + string(decimal(c.e.replicas.offset)))
	c.e.replicas.attach(c)
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
		case is(word, "ack"):
			if n, good := resp.Int(c.Args[i+1]); good && c.conn.has(connReplica) {
				c.e.acked(c.conn, n)
			}
			return // that is never answered
		case is(word, "getack"):
			return
		case is(word, "rdb-only"):
			var n int64
			n, ok = c.argBit(i + 1)
			r.imageOnly = n == 1
		case is(word, "rdb-filter-only"):
			ok = c.rdbFilter(c.Args[i+1])
		case is(word, "capa"), is(word, "ip-address"):
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

// cmdReplicaof leaves a master what it is, and makes no replica of one.
func cmdReplicaof(c *Call) {
	if c.e.cluster != nil {
		c.Error("ERR REPLICAOF not allowed in cluster mode.")
		return
	}
	if is(c.Args[1], "no") && is(c.Args[2], "one") {
		c.OK()
		return
	}
	if _, ok := c.argRange(2, 0, 65535, "ERR Invalid master port"); ok {
		c.Error(errOnlyMaster)
	}
}

const errOnlyMaster = "ERR this server cannot be a replica, only a master"

// cmdFailover hands over to nobody: without replicas as in Redis, with some since this server could
// not follow them.
func cmdFailover(c *Call) {
	if len(c.Args) == 2 && is(c.Args[1], "abort") {
		c.Error("ERR No failover in progress.")
		return
	}
	var to, force, timeout bool
	for i := 1; i < len(c.Args); i++ {
		more := len(c.Args) - i - 1
		switch arg := c.Args[i]; {
		case is(arg, "timeout") && more >= 1 && !timeout:
			i++
			ms, ok := c.ArgInt(i)
			if !ok {
				return
			}
			if timeout = true; ms <= 0 {
				c.Error("ERR FAILOVER timeout must be greater than 0")
				return
			}
		case is(arg, "to") && more >= 2 && !to:
			i += 2
			if _, to = c.ArgInt(i); !to {
				return
			}
		case is(arg, "force") && !force:
			force = true
		default:
			c.Error(ErrSyntax)
			return
		}
	}
	if len(c.e.replicas.conns) == 0 {
		c.Error("ERR FAILOVER requires connected replicas.")
		return
	}
	c.Error(errOnlyMaster)
}
