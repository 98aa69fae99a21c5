package core_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

// replicated is an engine with a client, 1, and a real redis-server that follows it, 2.
type replicated struct {
	t *testing.T
	*core.Engine
	link net.Conn // to the replica
	out  map[core.ConnID][]byte
}

// patience is how long a server may take to say something. A replica speaks every second.
const patience = time.Minute

// follow starts a redis-server and lets it become the replica of a new engine.
func follow(t *testing.T, config map[string]string) (*replicated, *bufio.ReadWriter) {
	server := coretest.StartReference(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	c, err := server.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	client := bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c))
	if got := request(t, client, "REPLICAOF 127.0.0.1 "+port); got != "+OK\r\n" {
		t.Fatalf("REPLICAOF: %q", got)
	}
	e, err := core.New(core.Options{Now: coretest.Epoch, Config: config})
	if err != nil {
		t.Fatal(err)
	}
	open(e, 1)
	r := &replicated{t: t, Engine: e, out: map[core.ConnID][]byte{}}
	if r.link, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.link.Close() })
	peer := core.Conn{Addr: r.link.RemoteAddr().String()}
	e.Input(&core.Input{Kind: core.InOpen, Conn: 2, Data: peer.AppendTo(nil)})
	return r, client
}

// request sends a server a command and returns the first line of the reply.
func request(t *testing.T, c *bufio.ReadWriter, line string) string {
	t.Helper()
	c.WriteString(line + "\r\n")
	c.Flush()
	got, err := c.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// say sends a command of the client and returns the reply.
func (r *replicated) say(line string) string {
	r.take(1)
	r.Input(&core.Input{Kind: core.InData, Conn: 1, Data: []byte(line + "\r\n")})
	return string(r.take(1))
}

// take returns what has come for a connection.
func (r *replicated) take(id core.ConnID) []byte {
	for ev := (core.Event{}); r.Poll(&ev); {
		r.out[ev.Conn] = append(r.out[ev.Conn], ev.Data...)
	}
	defer delete(r.out, id)
	return r.out[id]
}

// until carries bytes between the engine and the replica until something is so.
func (r *replicated) until(what string, so func() bool) {
	r.t.Helper()
	buf := make([]byte, 4096)
	for !so() {
		if _, err := r.link.Write(r.take(2)); err != nil {
			r.t.Fatalf("until %s: %v", what, err)
		}
		r.link.SetReadDeadline(time.Now().Add(patience))
		n, err := r.link.Read(buf)
		if err != nil && err != io.EOF {
			r.t.Fatalf("until %s: %v", what, err)
		}
		r.Input(&core.Input{Kind: core.InData, Conn: 2, Data: buf[:n]})
	}
}

// TestReferenceReplica lets a real replica decide whether the engine takes writes.
func TestReferenceReplica(t *testing.T) {
	const refused = "-NOREPLICAS Not enough good replicas to write.\r\n"
	// Time stands still here: nobody would wait out the delay for more replicas.
	r, replica := follow(t, map[string]string{"min-replicas-to-write": "1",
		"repl-diskless-sync-delay": "0"})
	if got := r.say("SET k 1"); got != refused {
		t.Errorf("before there is a replica: %q", got)
	}
	r.until("it is a replica", func() bool {
		return strings.Contains(r.say("INFO replication"), "state=online")
	})
	if got := r.say("SET k 2"); got != "+OK\r\n" {
		t.Errorf("with a replica: %q", got)
	}
	if got := r.say("WAIT 1 0"); got != "" {
		t.Errorf("WAIT: %q at once", got)
	}
	r.until("the write has come there", func() bool {
		return string(r.take(1)) == ":1\r\n"
	})
	request(t, replica, "GET k")
	if got, _ := replica.ReadString('\n'); got != "2\r\n" {
		t.Errorf("the replica has %q", got)
	}
	r.Advance(coretest.Epoch + 12e6)
	if got := r.say("SET k 4"); got != refused {
		t.Errorf("after 12 seconds without a word: %q", got)
	}
	r.until("it speaks", func() bool { return strings.Contains(r.say("INFO replication"), "lag=0") })
	if got := r.say("SET k 5"); got != "+OK\r\n" {
		t.Errorf("when it is heard of again: %q", got)
	}
}
