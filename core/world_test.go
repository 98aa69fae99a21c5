package core

import "testing"

func TestConnRoundTrip(t *testing.T) {
	for _, c := range []struct{ give, want Conn }{
		{Conn{"127.0.0.1:1", "[::1]:2", 8, false}, Conn{"127.0.0.1:1", "[::1]:2", 8, false}},
		{Conn{"/my dir/s:0", "", -1, true}, Conn{"/my_dir/s:0", "?:0", -1, true}},
	} {
		if got, ok := parseConn(c.give.AppendTo(nil)); !ok || got != c.want {
			t.Errorf("got %v, %v, want %v", got, ok, c.want)
		}
	}
	for _, bad := range []string{
		"", "a", "a b 1", "a b 1 0 ", " b 1 0", "a  1 0", "a b x 0", "a b 1 2",
	} {
		in := Input{Kind: InOpen, Conn: 1, Data: []byte(bad)}
		if in.Fault() == "" {
			t.Errorf("%q passes", bad)
		}
	}
}
