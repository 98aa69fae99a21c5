package host

import (
	"testing"

	"github.com/redlet/redlet/core"
)

// TestStepOnce has two clients publish in one step: who listens is sent both messages by one event.
func TestStepOnce(t *testing.T) {
	e, err := Native(core.Options{Now: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var in []core.Input
	for id := range core.ConnID(3) {
		peer := core.Conn{Addr: "127.0.0.1:50000", Laddr: "127.0.0.1:6379"}
		in = append(in, core.Input{Kind: core.InOpen, Conn: id + 1, Data: peer.AppendTo(nil)})
	}
	in = append(in, core.Input{Kind: core.InData, Conn: 1, Data: []byte("SUBSCRIBE c\r\n")})
	if _, _, err := e.Step(1, in, nil); err != nil {
		t.Fatal(err)
	}
	out, _, err := e.Step(1, []core.Input{
		{Kind: core.InData, Conn: 2, Data: []byte("PUBLISH c one\r\n")},
		{Kind: core.InData, Conn: 3, Data: []byte("PUBLISH c two\r\n")},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const head = "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$3\r\n"
	var got []string
	for _, ev := range out {
		if ev.Conn == 1 {
			got = append(got, string(ev.Data))
		}
	}
	if len(got) != 1 || got[0] != head+"one\r\n"+head+"two\r\n" {
		t.Errorf("the subscriber is sent %q", got)
	}
}
