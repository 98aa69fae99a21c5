package core_test

import (
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

// cuts are what a connection of the user u does, in commands with | between them, and then another
// changes. cut tells whether that ends the connection.
var cuts = []struct {
	name, rules, does, change string
	cut                       bool
}{
	{"deleted", "+@all", "PING", "ACL DELUSER u", true},
	{"deleted among others", "+@all", "PING", "ACL DELUSER nobody u", true},
	{"refused to be deleted", "+@all", "PING", "ACL DELUSER u default", false},
	{"deleted in a transaction", "+@all", "PING", "MULTI|ACL DELUSER u|PING|EXEC", true},
	{"deleted in its transaction", "+@all", "MULTI|PING", "ACL DELUSER u", true},
	{"deleted as it listens", "+@all &*", "SUBSCRIBE c1", "ACL DELUSER u", true},
	{"deleted as it waits", "+@all ~*", "BLPOP nolist 0", "ACL DELUSER u", true},
	{"deleted by itself", "+@all", "ACL DELUSER u", "PING", true},
	{"deleted by itself in a transaction", "+@all", "MULTI|ACL DELUSER u|PING|EXEC", "PING", true},
	{"deleted behind its back", "+@all", "AUTH default x", "ACL DELUSER u", false},
	{"deleted after RESET", "+@all", "RESET", "ACL DELUSER u", false},
	{"made anew", "+@all", "PING", "ACL DELUSER u|ACL SETUSER u on nopass +@all", true},
	{"off", "+@all", "PING", "ACL SETUSER u off", false},
	{"without a password", "+@all", "PING", "ACL SETUSER u resetpass", false},
	{"without commands", "+@all", "PING", "ACL SETUSER u -@all", false},
	{"reset", "+@all", "PING", "ACL SETUSER u reset", false},
	{"reset as it listens", "+@all &*", "SUBSCRIBE c1", "ACL SETUSER u reset", true},
	{"without its channel", "+@all &c1", "SUBSCRIBE c1", "ACL SETUSER u resetchannels &c2", true},
	{"without one of its channels", "+@all &c*", "SUBSCRIBE c1 c2",
		"ACL SETUSER u resetchannels &c2", true},
	{"without another channel", "+@all &c1 &c2", "SUBSCRIBE c1",
		"ACL SETUSER u resetchannels &c1", false},
	{"without the channel that it left", "+@all &c1", "SUBSCRIBE c1|UNSUBSCRIBE c1",
		"ACL SETUSER u resetchannels", false},
	{"with fewer channels than all", "+@all &*", "SUBSCRIBE c1",
		"ACL SETUSER u resetchannels &c1", false},
	{"with a wrong rule", "+@all &c1", "SUBSCRIBE c1", "ACL SETUSER u resetchannels nope", false},
	{"without its pattern", "+@all &c*", "PSUBSCRIBE c*",
		"ACL SETUSER u resetchannels &c1 &c?", true},
	{"with its pattern as a channel", "+@all &c*", "SUBSCRIBE c1",
		"ACL SETUSER u resetchannels &c? &d*", false},
	{"with a wider pattern", "+@all &c*", "PSUBSCRIBE c*", "ACL SETUSER u resetchannels &*", false},
	{"with a pattern that spans its own", "+@all &cc*", "PSUBSCRIBE cc*",
		"ACL SETUSER u resetchannels &c*", true},
	{"without its shard channel", "+@all &c1", "SSUBSCRIBE c1",
		"ACL SETUSER u resetchannels", true},
	{"with its shard channel", "+@all &c*", "SSUBSCRIBE c1",
		"ACL SETUSER u resetchannels &c1", false},
	{"without its selector", "+auth (+subscribe &c1)", "SUBSCRIBE c1",
		"ACL SETUSER u clearselectors", true},
	{"with a selector in its place", "+@all &c1", "SUBSCRIBE c1",
		"ACL SETUSER u resetchannels -@all (&c1 +get)", false},
	{"without a command, as it listens", "+@all &c1", "SUBSCRIBE c1",
		"ACL SETUSER u -subscribe", false},
	{"without channels by itself", "+@all &*", "HELLO 3 AUTH u x|SUBSCRIBE c1|" +
		"ACL SETUSER u resetchannels", "PING", true},
	{"default without channels", "+@all", "RESET|SUBSCRIBE c1",
		"ACL SETUSER default resetchannels", true},
	{"default without a pattern", "+@all", "RESET|PSUBSCRIBE c1",
		"ACL SETUSER default resetchannels &c1", false},
}

// ownID is what HELLO says of a connection.
var ownID = regexp.MustCompile(`(?s)id\r\n:\d+`)

// TestACLCuts shows whose connections a change of users ends, and what they get until then; and
// that it is so with a real redis-server, where there is one.
func TestACLCuts(t *testing.T) {
	var ref *coretest.Reference
	if _, err := coretest.ReferencePath(); err == nil {
		ref = coretest.StartReference(t)
	}
	for _, c := range cuts {
		t.Run(c.name, func(t *testing.T) {
			first := "ACL SETUSER default reset on nopass +@all ~* &*|ACL DELUSER u|" +
				"ACL SETUSER u on nopass " + c.rules
			does := "AUTH u x|" + c.does
			got, cut := cutsHere(t, first, does, c.change)
			if cut != c.cut {
				t.Errorf("cut off: %v", cut)
			}
			if ref == nil {
				return
			}
			want, cut := cutsThere(t, ref, first, does, c.change)
			if cut != c.cut {
				t.Errorf("cut off by redis-server: %v", cut)
			}
			got, want = ownID.ReplaceAllString(got, ""), ownID.ReplaceAllString(want, "")
			if got != want {
				t.Errorf("got %q, of redis-server %q", got, want)
			}
		})
	}
}

// requests are a row of commands as they are sent.
func requests(commands string) (out []byte) {
	for command := range strings.SplitSeq(commands, "|") {
		out = append(out, coretest.Request(strings.Fields(command)...)...)
	}
	return out
}

// cutsHere has an engine do it, and returns what the connection got and whether it was ended.
func cutsHere(t *testing.T, first, does, change string) (got string, cut bool) {
	e, err := core.New(core.Options{Now: coretest.Epoch, Config: testConfig})
	if err != nil {
		t.Fatal(err)
	}
	open(e, 1)
	open(e, 2)
	for i, commands := range []string{first, does, change, "ECHO end"} {
		conn := []core.ConnID{1, 2, 1, 2}[i]
		if conn == 2 && cut {
			continue
		}
		e.Input(&core.Input{Kind: core.InData, Conn: conn, Data: requests(commands)})
		var ev core.Event
		for e.Poll(&ev) {
			if ev.Conn == 2 {
				got += string(ev.Data)
				cut = cut || ev.Kind == core.EventHangup
			}
		}
	}
	return got, cut
}

// cutsThere has a redis-server do it.
func cutsThere(t *testing.T, ref *coretest.Reference, first, does, change string) (string, bool) {
	var conns [2]net.Conn
	for i := range conns {
		c, err := ref.Dial()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(coretest.Patience))
		conns[i] = c
	}
	admin, client := conns[0], conns[1]
	for command := range strings.SplitSeq(first, "|") {
		if _, err := coretest.Ask(admin, strings.Fields(command)...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Write(requests(does)); err != nil {
		t.Fatal(err)
	}
	// Two rounds on another connection later, the server has done all that it was sent.
	for _, commands := range []string{"PING|PING", change, "PING"} {
		for command := range strings.SplitSeq(commands, "|") {
			if _, err := coretest.Ask(admin, strings.Fields(command)...); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, _ = client.Write(requests("ECHO end")) // it may be at its end; what it got is still there
	var got strings.Builder
	var err error
	chunk := make([]byte, 1<<16)
	for err == nil && !strings.Contains(got.String(), "end\r\n") &&
		!strings.Contains(got.String(), "'echo'") {
		var n int
		n, err = client.Read(chunk)
		got.Write(chunk[:n])
	}
	return got.String(), err != nil
}
