package core

import "testing"

// TestReplyInTransaction shows transactions that CLIENT REPLY silences in part, and one whose own
// client is killed: what redis-server 8.0 answers to the same bytes. Their replies break off, so
// that no transcript can hold them.
func TestReplyInTransaction(t *testing.T) {
	const queued = "+QUEUED\r\n"
	for _, c := range []struct{ in, want string }{
		{"MULTI\r\nCLIENT REPLY OFF\r\nPING\r\nEXEC\r\nPING\r\nCLIENT REPLY ON\r\nPING\r\n",
			"+OK\r\n" + queued + queued + "*2\r\n+OK\r\n+PONG\r\n"},
		{"MULTI\r\nCLIENT REPLY SKIP\r\nPING\r\nPING\r\nEXEC\r\nPING\r\nPING\r\n",
			"+OK\r\n" + queued + queued + queued + "*3\r\n+PONG\r\n+PONG\r\n+PONG\r\n"},
		{"MULTI\r\nCLIENT REPLY OFF\r\nSUBSCRIBE a\r\nPING\r\nEXEC\r\n", "+OK\r\n" + queued + queued +
			queued + "*3\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"},
		{"CLIENT REPLY OFF\r\nMULTI\r\nCLIENT REPLY ON\r\nPING\r\nEXEC\r\nPING\r\n",
			"+OK\r\n+PONG\r\n+PONG\r\n"},
		{"MULTI\r\nSET a 1\r\nCLIENT KILL SKIPME no TYPE normal\r\nSET b 1\r\nEXEC\r\nPING\r\n",
			"+OK\r\n" + queued + queued + queued + "*3\r\n+OK\r\n:1\r\n"},
		{"CLIENT REPLY OFF\r\n*x\r\n", ""},
	} {
		e, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		e.open(1, Conn{Addr: "127.0.0.1:1"})
		var ev Event
		var got []byte
		for e.feed(1, []byte(c.in)); e.Poll(&ev); {
			if ev.Kind == EventData || ev.Kind == EventHangup {
				got = append(got, ev.Data...)
			}
		}
		if string(got) != c.want {
			t.Errorf("%q: got %q; want %q", c.in, got, c.want)
		}
	}
}
