package core

import (
	"strings"
	"testing"
)

// TestTrackingForgets: of a key's many readers those are forgotten that are gone, and with the last
// connection that tracks anything every key.
func TestTrackingForgets(t *testing.T) {
	s := newScriptSession(t, nil)
	s.send(1, "CLIENT TRACKING ON")
	s.send(1, "GET hot")
	for id := ConnID(10); id < 1000; id++ {
		s.e.open(id, Conn{Addr: "127.0.0.1:50000"})
		s.send(id, "CLIENT TRACKING ON")
		s.send(id, "GET hot")
		s.e.close(id)
	}
	if n := s.e.tracking.items; n > 2*staleFrom {
		t.Errorf("%d readers of a key are remembered, of whom one is there", n)
	}
	s.send(1, "CLIENT TRACKING OFF")
	if s.e.tracking.keys.Len() != 1 {
		t.Error("a key was forgotten though its reader may yet track it again")
	}
	s.e.close(1)
	k := &s.e.tracking
	observed := s.e.flags != 0 || s.e.dbs[0].observed()
	if k.users != 0 || k.items != 0 || k.keys.Len() != 0 || observed {
		t.Errorf("left behind: %d users, %d items, flags %b", k.users, k.items, s.e.flags)
	}
}

// TestTrackingRestore: to replace all data invalidates all keys.
func TestTrackingRestore(t *testing.T) {
	s := newScriptSession(t, nil)
	s.send(1, "HELLO 3")
	s.send(1, "CLIENT TRACKING ON")
	s.send(1, "GET k")
	if err := s.e.Restore(s.e.Snapshot(nil)); err != nil {
		t.Fatal(err)
	}
	s.want(s.get(1), ">2\r\n$10\r\ninvalidate\r\n_")
}

// TestTrackingSlowScript: what a suspended script changes is pushed to its own client behind the
// reply, and to others at once.
func TestTrackingSlowScript(t *testing.T) {
	s := newScriptSession(t, map[string]string{"busy-reply-threshold": "1000"})
	for id := ConnID(1); id <= 2; id++ {
		s.send(id, "HELLO 3")
		s.send(id, "CLIENT TRACKING ON")
		s.send(id, "GET k")
	}
	s.want(s.send(1, `EVAL "redis.call('SET', 'k', 1) local i = 0 while i < 3000000 do `+
		`i = i + 1 end redis.call('GET', 'j') return {1, 2}" 0`), "")
	const pushed = ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk"
	s.want(s.get(2), pushed)
	s.step(2_000_000)
	if got := s.send(2, "PING"); !strings.HasPrefix(got, "-BUSY") {
		t.Fatalf("the script was not slow: %q", got)
	}
	for s.e.Deadline() <= s.now {
		s.step(0)
	}
	s.want(s.get(1), "*2\r\n:1\r\n:2\r\n"+pushed)
	s.want(s.send(2, "SET j 1"), "+OK")
	s.want(s.get(1), strings.ReplaceAll(pushed, "k", "j"))
}

// TestTrackingTable: what is more than tracking-table-max-keys is forgotten at once, and told.
func TestTrackingTable(t *testing.T) {
	s := newScriptSession(t, map[string]string{"tracking-table-max-keys": "2"})
	s.send(1, "HELLO 3")
	s.send(1, "CLIENT TRACKING ON NOLOOP")
	got := s.send(1, "MGET a b c d e")
	if n := strings.Count(got, "invalidate"); n != 3 || !strings.HasPrefix(got, "*5\r\n_") {
		t.Errorf("%d keys invalidated, want 3: %q", n, got)
	}
	if got := s.send(2, "CONFIG SET tracking-table-max-keys 1"); got != "+OK\r\n" {
		t.Error(got)
	}
	if got := s.get(1); strings.Count(got, "invalidate") != 1 {
		t.Error(got)
	}
	info := s.send(2, "INFO stats")
	for _, line := range []string{"tracking_total_keys:1\r\n", "tracking_total_items:1\r\n"} {
		if !strings.Contains(info, line) {
			t.Errorf("INFO does not tell %q", line)
		}
	}
}
