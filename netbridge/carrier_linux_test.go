package netbridge

import (
	"bufio"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
	"github.com/redlet/redlet/host"
)

// TestCarrier has an engine follow a master without goroutines of the Loop's. The end of the Bridge
// hangs up, and the engine is not told, which would ask again.
func TestCarrier(t *testing.T) {
	master, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	_, port, _ := net.SplitHostPort(master.Addr().String())
	var b *Bridge
	log := make(chan string, 1000)
	l, err := host.NewLoop(host.LoopOptions{
		Config: map[string]string{"replicaof": "127.0.0.1 " + port, "save": ""},
		Carrier: func(l *host.Loop) host.Carrier {
			b = New(l, Options{})
			return b.Carrier()
		},
		Log: func(_ int, text string) { log <- text },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	follower := followed(t, master)
	follower.say("PING", "+PONG\r\n")
	follower.say("REPLCONF", "")
	stacks := make([]byte, 1<<20)
	if s := string(stacks[:runtime.Stack(stacks, true)]); strings.Contains(s, "host.(*Stream)") {
		t.Error("goroutines of the Loop carry the connection")
	}
	for len(log) > 0 {
		<-log
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, follower); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for len(log) > 0 {
		if line := <-log; strings.Contains(line, "lost") || strings.Contains(line, "sync started") {
			t.Errorf("the engine was told: %s", line)
		}
	}
}

// followed is a replica's connection to a master.
func followed(t *testing.T, master net.Listener) *replica {
	t.Helper()
	type accepted struct {
		c   net.Conn
		err error
	}
	came := make(chan accepted, 1)
	go func() {
		c, err := master.Accept()
		came <- accepted{c, err}
	}()
	a := coretest.Within(t, "the replica", came)
	if a.err != nil {
		t.Fatal(a.err)
	}
	t.Cleanup(func() { a.c.Close() })
	if err := a.c.SetDeadline(time.Now().Add(coretest.Patience)); err != nil {
		t.Fatal(err)
	}
	return &replica{a.c, bufio.NewReader(a.c), t}
}

// replica is who follows.
type replica struct {
	net.Conn
	r *bufio.Reader
	t *testing.T
}

// say waits for a command, and answers it.
func (r *replica) say(command, answer string) {
	r.t.Helper()
	for {
		line, err := r.r.ReadString('\n')
		if err != nil {
			r.t.Fatalf("no %s: %v", command, err)
		}
		if strings.TrimSpace(line) == command {
			break
		}
	}
	if _, err := io.WriteString(r, answer); err != nil {
		r.t.Fatal(err)
	}
}
