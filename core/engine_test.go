package core

import "testing"

func start(t testing.TB) *Engine {
	t.Helper()
	e, err := New(Options{Now: 1_700_000_000_000_000})
	if err != nil {
		t.Fatal(err)
	}
	e.open(1, Conn{Addr: "127.0.0.1:50000"})
	return e
}

// sent takes what waits for a client, without a word to the host.
func sent(e *Engine, id ConnID) string {
	var out []byte
	for cl := e.conn(id); cl != nil && cl.w.Len() > 0; {
		out = append(out, e.takeOutput(cl)...)
	}
	return string(out)
}

func TestInline(t *testing.T) {
	e := start(t)
	e.feed(1, []byte("SET k v\r\nGET k\r\nINCR n\r\nNOPE a b\r\n*2\r\n$3\r\nGET\r\n$1\r\n"))
	e.feed(1, []byte("k\r\nSET"))
	want := "+OK\r\n$1\r\nv\r\n:1\r\n-ERR unknown command 'NOPE', with args beginning with: " +
		"'a' 'b' \r\n$1\r\nv\r\n"
	if got := sent(e, 1); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func BenchmarkSet(b *testing.B) {
	e := start(b)
	req := []byte("*3\r\n$3\r\nSET\r\n$5\r\nmykey\r\n$3\r\nval\r\n")
	in, ev, out := &Input{Kind: InData, Conn: 1, Data: req}, Event{}, []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		for e.Input(in); e.Poll(&ev); {
			out = append(out[:0], ev.Data...)
		}
	}
}

func BenchmarkSet16(b *testing.B) {
	e := start(b)
	var req []byte
	for range 16 {
		req = append(req, "*3\r\n$3\r\nSET\r\n$5\r\nmykey\r\n$3\r\nval\r\n"...)
	}
	in, ev, out := &Input{Kind: InData, Conn: 1, Data: req}, Event{}, []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		for e.Input(in); e.Poll(&ev); {
			out = append(out[:0], ev.Data...)
		}
	}
}
