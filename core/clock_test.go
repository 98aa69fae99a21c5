package core

import "testing"

// TestTimeGoesBack: the host's clock may go back. Keys then live until the instant that they were
// given, but nobody waits longer than was said.
func TestTimeGoesBack(t *testing.T) {
	const ms, day = 1000, 86_400_000_000
	s := newScriptSession(t, nil)
	s.want(s.send(1, "BLPOP q 5"), "")
	s.want(s.send(2, "SET k v PX 300"), "+OK")
	s.step(-day)
	s.want(s.send(2, "PTTL k"), ":86400300")
	s.want(s.send(2, "SET k v PX 300"), "+OK")
	s.want(s.send(2, "CLIENT PAUSE 500"), "+OK")
	s.step(-day)
	s.want(s.send(2, "GET k"), "")
	s.step(499 * ms)
	s.want(s.get(2), "")
	s.step(1 * ms)
	s.want(s.get(2), "$1\r\nv")
	s.step(4499 * ms)
	s.want(s.get(1), "")
	s.step(1 * ms)
	s.want(s.get(1), "*-1")
	s.step(day)
	s.want(s.send(2, "GET k"), "$-1")
}
