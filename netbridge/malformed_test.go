package netbridge

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// exchange is what a client sends on one connection, and all that it gets.
type exchange struct {
	in, want string
	open     bool // the server waits for more; otherwise it closes the connection
}

// password is that of the servers to which malformedGuest is sent.
const password = "pw"

func TestMalformed(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		_, addr := serve(t, w, nil)
		_, guarded := serve(t, w, map[string]string{"requirepass": password})
		play(t, "tcp", addr, malformed)
		play(t, "tcp", guarded, malformedGuest)
	})
}

// TestReferenceMalformed has redis-server answer the same.
func TestReferenceMalformed(t *testing.T) {
	play(t, "unix", coretest.StartReference(t).Socket, malformed)
	guarded := coretest.StartReference(t, "--requirepass", password)
	play(t, "unix", guarded.Socket, malformedGuest)
}

// play sends each input on a connection of its own and sees that a bystander is not harmed.
func play(t *testing.T, network, addr string, all []exchange) {
	t.Helper()
	bystander := dial(t, network, addr)
	for _, x := range all {
		c := dial(t, network, addr)
		_, _ = c.Write([]byte(x.in)) // a server that has heard enough may have closed already
		got := make([]byte, len(x.want))
		n, err := io.ReadFull(c.r, got)
		if err != nil && !ended(err) {
			t.Fatalf("%.80q: %v", x.in, err)
		}
		rest, open := tail(c, x.open)
		if text := string(got[:n]) + rest; text != x.want || open != x.open {
			t.Errorf("%.80q: got %.200q, open %v; want %.200q, open %v",
				x.in, text, open, x.want, x.open)
		}
		c.Close()
		bystander.send("PING\r\n") // answered by PONG or NOAUTH
		if line, err := bystander.r.ReadString('\n'); err != nil {
			t.Fatalf("after %.80q a bystander reads %q, %v", x.in, line, err)
		}
	}
}

// tail reads what comes after the wanted answer. Where the connection should stay open, it looks
// for a moment only.
func tail(c *client, open bool) (rest string, stays bool) {
	if open {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	}
	all, err := io.ReadAll(c.r)
	return string(all), errors.Is(err, os.ErrDeadlineExceeded)
}

// ended tells whether an error is the end of a connection. The system resets one that is closed
// while input is unread.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET)
}
