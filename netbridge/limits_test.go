package netbridge

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestOutputLimit has clients that read nothing grow beyond client-output-buffer-limit: they are
// closed, and nobody else is.
func TestOutputLimit(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		_, addr := serve(t, w, map[string]string{
			"client-output-buffer-limit": "normal 1mb 0 0 pubsub 1mb 0 0"})
		good := dial(t, "tcp", addr)
		value := strings.Repeat("x", 1<<20)
		good.send(command("SET", "k", value))
		good.expect("+OK\r\n")

		greedy := dial(t, "tcp", addr)
		// Far more than the buffers of the sockets hold, asked for at once: it may be closed after
		// the first of them.
		greedy.send(strings.Repeat(command("GET", "k"), 64))
		deaf := dial(t, "tcp", addr)
		deaf.send(command("SUBSCRIBE", "c"))
		deaf.expect("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n")
		published := 0
		for n := 1; n > 0; published++ {
			good.send(command("PUBLISH", "c", value))
			if _, err := fmt.Fscanf(good.r, ":%d\r\n", &n); err != nil {
				t.Fatal(err)
			}
			if published > 64 {
				t.Fatal("the subscriber that reads nothing is still there")
			}
		}
		for name, c := range map[string]*client{"greedy": greedy, "deaf": deaf} {
			n, err := io.Copy(io.Discard, c.r)
			if err != nil && !ended(err) {
				t.Errorf("%s: %v", name, err)
			}
			if n >= 64<<20 {
				t.Errorf("%s got %d bytes", name, n)
			}
		}
		good.send("PING\r\n")
		good.expect("+PONG\r\n")
	})
}

// TestTimeout turns the clock until an idle client is closed; one that is blocked stays.
func TestTimeout(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		_, addr := serve(t, w, map[string]string{"timeout": "60"})
		idle, blocked, other := dial(t, "tcp", addr), dial(t, "tcp", addr), dial(t, "tcp", addr)
		idle.send("PING\r\n")
		idle.expect("+PONG\r\n")
		blocked.send("PING\r\nBLPOP k 0\r\n")
		blocked.expect("+PONG\r\n")
		other.send("REDLET.CLOCK ADVANCE 59000\r\n")
		if _, err := other.r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		idle.send("PING\r\n")
		idle.expect("+PONG\r\n")
		other.send("REDLET.CLOCK ADVANCE 61000\r\n")
		if _, err := other.r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		idle.expectEnd("")
		other.expectEnd("") // it was idle for as long
		other = dial(t, "tcp", addr)
		other.send("RPUSH k v\r\n")
		other.expect(":1\r\n")
		blocked.expect("*2\r\n$1\r\nk\r\n$1\r\nv\r\n")
	})
}

func TestClientKill(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		_, addr := serve(t, w, nil)
		victim, other := dial(t, "tcp", addr), dial(t, "tcp", addr)
		victim.send("PING\r\n")
		victim.expect("+PONG\r\n")
		other.send("CLIENT KILL ADDR " + victim.LocalAddr().String() + "\r\n")
		other.expect(":1\r\n")
		victim.expectEnd("")
	})
}

// TestClientList sees the ends of a connection as the system gives them.
func TestClientList(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		_, addr := serve(t, w, nil)
		c := dial(t, "tcp", addr)
		c.send("CLIENT INFO\r\n")
		if _, err := c.r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		line, err := c.r.ReadString('\n')
		want := fmt.Sprintf(" addr=%s laddr=%s ", c.LocalAddr(), addr)
		if err != nil || !strings.Contains(line, want) {
			t.Errorf("%q, %v; want %q", line, err, want)
		}
	})
}

// TestDeepPipeline has one client send much at once. It is not read by the little for which a port
// has room at first.
func TestDeepPipeline(t *testing.T) {
	const pings, size, first = 200_000, len("PING\r\n"), 4 << 10
	_, addr := serve(t, ways[0], nil)
	c := dial(t, "tcp", addr)
	go func() {
		_, _ = io.WriteString(c, strings.Repeat("PING\r\n", pings)) // the replies tell
	}()
	if _, err := io.CopyN(io.Discard, c.r, int64(pings*len("+PONG\r\n"))); err != nil {
		t.Fatal(err)
	}
	c.send("INFO stats\r\n")
	reads := 0
	for reads == 0 {
		line, err := c.r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Sscanf(line, "total_reads_processed:%d", &reads)
	}
	if pings*size/reads <= first {
		t.Errorf("%d bytes took %d reads", pings*size, reads)
	}
}
