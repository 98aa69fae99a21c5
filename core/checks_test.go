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
		e.saved(1, "read-only file system")
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
