package netbridge

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// TestLongScript has a script that came over a socket go on in other goroutines: of the loop's
// timer, and of another client.
func TestLongScript(t *testing.T) {
	b := bridge(t, nil)
	addr, err := b.Listen("tcp", "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	long, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer long.Close()
	long.SetDeadline(time.Now().Add(coretest.Patience))
	body := "local i = 0 while i < 3000000 do i = i + 1 end return i"
	for range 3 {
		if _, err := io.WriteString(long, "EVAL \""+body+"\" 0\r\n"); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(":3000000\r\n"))
		if _, err := io.ReadFull(long, got); err != nil || string(got) != ":3000000\r\n" {
			t.Fatalf("%q %v", got, err)
		}
	}
}
