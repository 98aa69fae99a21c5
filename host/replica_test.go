package host

import (
	"strings"
	"testing"
)

// TestReplicaNeverReads has a replica take nothing of what it is sent: it is cut off as soon as
// that is more than client-output-buffer-limit says of replicas, and nobody else is harmed.
func TestReplicaNeverReads(t *testing.T) { each(t, testReplicaNeverReads) }

func testReplicaNeverReads(t *testing.T, m Maker) {
	l := newLoop(t, LoopOptions{Maker: m, Config: map[string]string{
		"repl-diskless-sync-delay": "0", "client-output-buffer-limit": "replica 1mb 0 0"}})
	replica, c := dial(t, l), dial(t, l)
	replica.say("SYNC")
	c.want("PING", "+PONG")
	value := strings.Repeat("x", 50_000)
	for sent := 0; ; sent++ {
		if sent > 100 {
			t.Fatal("a replica that reads nothing stays one")
		}
		c.want("SET k "+value, "+OK")
		c.say("ROLE")
		for range 4 { // that this is a master, and how far its stream is
			c.line()
		}
		if replicas := c.line(); replicas == "*0" {
			break
		}
		for range 7 {
			c.line()
		}
	}
	c.want("STRLEN k", ":50000")
}
