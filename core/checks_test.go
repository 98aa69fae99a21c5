package core

import (
	"strings"
	"testing"
)

// TestMisconf compares what clients, transactions and scripts are told with what redis-server told
// them, after a save in the background has failed.
func TestMisconf(t *testing.T) {
	const (
		script   = "#!lua\\nreturn redis.call('SET','k',1)"
		unknown  = "#!lua\\nreturn redis.call('SET','k',2)"
		declared = "Writable scripts are blocked. Use 'no-writes' flag for read only scripts.\r\n"
		sha      = "f637ffe25e6a4d986b8d0573053cffea9034f1f7" // of unknown
	)
	misconf := "-" + errMisconf + "\r\n"
	aborted := "-EXECABORT Transaction discarded because of: " + errMisconf + "\r\n"
	blocked := "-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to " +
		"persist to disk. " + declared
	for _, c := range []struct{ before, send, want string }{
		{"", "SET k 1", misconf},
		{"", "PING", misconf},
		{"", "ECHO x", "$1\r\nx\r\n"},
		{"", `EVAL "` + script + `" 0`, misconf},
		{"", `EVAL_RO "` + script + `" 0`, misconf},
		{"", `EVAL "#!lua flags=no-writes\nreturn 1" 0`, ":1\r\n"},
		{"", `EVAL "redis.call('PUBLISH','a','b') return redis.pcall('PING')" 0`, "+PONG\r\n"},
		{"MULTI|SET k 1", "EXEC", aborted},
		{"MULTI|PING", "EXEC", "*1\r\n+PONG\r\n"},
		{`MULTI|EVAL "` + script + `" 0`, "EXEC", aborted},
		{`MULTI|EVALSHA ` + sha + ` 0|EVALSHA_RO ` + sha + ` 0`, "EXEC",
			"*2\r\n-" + errNoScript + "\r\n-" + errNoScript + "\r\n"},
		{`MULTI|SCRIPT LOAD "` + unknown + `"|EVALSHA ` + sha + ` 0|EVALSHA_RO ` + sha + ` 0`, "EXEC",
			"*3\r\n$40\r\n" + sha + "\r\n" + blocked + blocked},
	} {
		e := start(t)
		e.open(2, Conn{})
		feed(e, 1, strings.Split(c.before, "|")...)
		feed(e, 2, "BGSAVE")
		e.saved(e.persist.pending[0], "read-only file system")
		sent(e, 1)
		feed(e, 1, c.send)
		if got := sent(e, 1); got != c.want {
			t.Errorf("%s, %s: %q\nwant %q", c.before, c.send, got, c.want)
		}
		feed(e, 2, "CONFIG SET stop-writes-on-bgsave-error no")
		sent(e, 1)
		feed(e, 1, "SET k 1")
		if got := sent(e, 1); got != "+OK\r\n" {
			t.Errorf("%s, %s: a write is then answered %q", c.before, c.send, got)
		}
	}
}

// TestChecks shows that each check has a name of its own and is made somewhere.
func TestChecks(t *testing.T) {
	names := map[string]bool{}
	for _, k := range checks {
		if k.name == "" || names[k.name] || k.at == 0 || k.at >= places || k.find == nil {
			t.Errorf("a check %q at %b", k.name, k.at)
		}
		names[k.name] = true
	}
}

// bgsave is a save in the background that ends so.
func bgsave(failure string) func(*Engine) {
	return func(e *Engine) {
		feed(e, 2, "BGSAVE")
		e.saved(e.persist.pending[0], failure)
	}
}

// say has a client send lines.
func say(id ConnID, lines ...string) func(*Engine) {
	return func(e *Engine) {
		for _, line := range lines {
			sent(e, id)
			feed(e, id, line)
		}
	}
}

// TestFlags shows that the bits of the engine and of a connection come with what they stand for,
// and go with it: while one was left behind, nothing would take the fast path.
func TestFlags(t *testing.T) {
	turn := func(e *Engine) { e.Advance(e.now + 10e6) }
	for _, c := range []struct {
		name   string
		come   func(*Engine)
		engine engineFlags
		conn   connFlags // of connection 1
		gone   func(*Engine)
	}{
		{"maxmemory", say(2, "CONFIG SET maxmemory 1"), engineMemory, 0,
			say(2, "CONFIG SET maxmemory 0")},
		{"failed save", bgsave("no"), engineDiskError, 0, bgsave("")},
		{"min-replicas", say(2, "CONFIG SET min-replicas-to-write 1"), engineMinReplicas, 0,
			say(2, "CONFIG SET min-replicas-max-lag 0")},
		{"pause", say(2, "CLIENT PAUSE 9 WRITE"), enginePaused, 0, say(2, "CLIENT UNPAUSE")},
		{"end of a pause", say(2, "CLIENT PAUSE 9"), enginePaused, 0, turn},
		{"postponed", say(1, "CLIENT PAUSE 9", "GET k"), enginePaused, connPostponed, turn},
		{"DEBUG SLEEP", say(1, "DEBUG SLEEP 1"), engineAsleep, connBlocked, turn},
		{"script", say(1, `EVAL "while true do end" 0`), engineScript, connSuspended,
			func(e *Engine) {
				for !e.scripts.busy {
					e.Advance(e.now + 1e6)
				}
				feed(e, 2, "SCRIPT KILL")
				e.Advance(e.now)
			}},
		{"replica", say(2, "SYNC"), enginePropagate, 0, func(e *Engine) {
			e.close(2)
			e.Advance(e.now + 3600e6) // repl-backlog-ttl
		}},
		{"master", say(1, "REPLICAOF a 1"), engineReplica, 0, say(1, "REPLICAOF NO ONE")},
		{"tracking", say(2, "HELLO 3", "CLIENT TRACKING ON", "GET k", "SET k v"), engineTracking, 0,
			func(e *Engine) { e.close(2) }},
		{"MULTI", say(1, "MULTI", "NOPE"), 0, connMulti, say(1, "EXEC")},
		{"DISCARD", say(1, "MULTI"), 0, connMulti, say(1, "DISCARD")},
		{"channels", say(1, "SUBSCRIBE a b", "UNSUBSCRIBE a"), 0, connSubscribed,
			say(1, "UNSUBSCRIBE")},
		{"patterns", say(1, "PSUBSCRIBE a"), 0, connSubscribed, say(1, "PUNSUBSCRIBE a")},
		{"shards", say(1, "SSUBSCRIBE a", "SUNSUBSCRIBE b"), 0, connSubscribed,
			say(1, "SUNSUBSCRIBE a")},
		{"RESET", say(1, "CLIENT REPLY OFF", "SUBSCRIBE a", "MULTI"), 0,
			connReplyOff | connSubscribed, say(1, "RESET")},
		{"CLIENT REPLY", say(1, "CLIENT REPLY SKIP"), 0, connReplySkip, say(1, "PING")},
		{"blocked", say(1, "BLPOP q 1"), 0, connBlocked, turn},
	} {
		e, err := New(Options{Now: 1_700_000_000_000_000, Config: map[string]string{
			"enable-debug-command": "yes"}})
		if err != nil {
			t.Fatal(err)
		}
		e.open(1, Conn{})
		e.open(2, Conn{})
		c.come(e)
		if cl := e.conns[1]; e.flags != c.engine || cl.flags != c.conn {
			t.Errorf("%s: flags %b and %b, want %b and %b", c.name, e.flags, cl.flags, c.engine,
				c.conn)
		}
		c.gone(e)
		if cl := e.conns[1]; e.flags != 0 || cl.flags != 0 {
			t.Errorf("%s: left behind %b and %b", c.name, e.flags, cl.flags)
		}
	}
}
