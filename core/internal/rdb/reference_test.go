package rdb_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/redlet/redlet/core/coretest"
	"github.com/redlet/redlet/core/internal/rdb"
)

// reference starts a real redis-server for a test and returns what asks it.
func reference(t *testing.T) func(args ...string) coretest.Reply {
	t.Helper()
	c, err := coretest.StartReference(t).Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return func(args ...string) coretest.Reply { return ask(t, c, args...) }
}

func ask(t *testing.T, c net.Conn, args ...string) coretest.Reply {
	t.Helper()
	r, err := coretest.Ask(c, args...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestStringsAgainstReference compares the payloads of strings, above all of compressible ones.
func TestStringsAgainstReference(t *testing.T) {
	do := reference(t)
	w := rdb.Writer{Compress: true}
	differ := 0
	for i, s := range rdb.Samples(3000) {
		do("SET", "k", string(s))
		want := do("DUMP", "k").Text
		w.BeginPayload(nil)
		w.Type(rdb.TypeString)
		w.String(s)
		got := w.EndPayload()
		body := len(want) - rdb.PayloadFooter
		if string(got[:len(got)-rdb.PayloadFooter]) != want[:body] {
			if differ++; differ < 5 {
				t.Errorf("sample %d (%d bytes %.40q):\n%.80q, want\n%.80q", i, len(s), s, got, want)
			}
		}
		if want[body] == rdb.Version && string(got) != want {
			t.Fatalf("sample %d: the footers differ", i)
		}
	}
	if differ > 0 {
		t.Errorf("%d payloads differ", differ)
	}
}

// TestOldLayoutsAgainstReference has redis-server restore values in the layouts of its forebears,
// and reads the same.
func TestOldLayoutsAgainstReference(t *testing.T) {
	do := reference(t)
	for _, c := range rdb.OldLayouts() {
		do("DEL", "k")
		if got := do("RESTORE", "k", "0", string(c.Payload)); got.Text != "OK" {
			t.Errorf("%v: the server answers %v", c.Type, got)
			continue
		}
		read := []string{"HGETALL", "k"}
		switch do("TYPE", "k").Text {
		case "list":
			read = []string{"LRANGE", "k", "0", "-1"}
		case "zset":
			read = []string{"ZRANGE", "k", "-inf", "inf", "BYSCORE", "WITHSCORES"}
		}
		var items []string
		for _, item := range do(read...).Items {
			items = append(items, item.Text)
		}
		if got := fmt.Sprint(items); got != c.Want {
			t.Errorf("%v: the server reads %s, want %s", c.Type, got, c.Want)
		}
		if got, err := c.Read(); err != nil || got != c.Want {
			t.Errorf("%v: read as %s %v, want %s", c.Type, got, err, c.Want)
		}
	}
}
