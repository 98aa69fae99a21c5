package host

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// TestConnect has an engine speak to another one over a connection that it asks its host for.
func TestConnect(t *testing.T) { each(t, testConnect) }

func testConnect(t *testing.T, m Maker) {
	far := newLoop(t, LoopOptions{Maker: m})
	l := newLoop(t, LoopOptions{Maker: m, Config: testConfig,
		Connect: func(_ context.Context, address, _ string) (net.Conn, error) {
			if address != "192.0.2.1:6379" {
				return nil, errors.New("no route to " + address)
			}
			return far.Dial()
		}})
	c := dial(t, l)
	c.want(`DEBUG DIAL 192.0.2.1:6379 "SET k v\r\nQUIT\r\n"`, "$10", "+OK", "+OK", "")
	dial(t, far).want("GET k", "$1", "v")
	c.want("DEBUG DIAL nowhere:1 x", "-ERR no route to nowhere:1")
	c.want("PING", "+PONG")
}

// TestConnectTCP goes over a socket, with more to send than a peer takes at once.
func TestConnectTCP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	const size = 600_000
	go func() {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b := make([]byte, size)
		if _, err := io.ReadFull(c, b); err == nil {
			_, _ = c.Write(b[size-3:])
		}
	}()
	l := newLoop(t, LoopOptions{Config: testConfig})
	c := dial(t, l)
	c.want(string(coretest.Request("DEBUG", "DIAL", listener.Addr().String(),
		strings.Repeat("x", size-3)+"abc")), "$3", "abc")
}

// TestConnectEnds shows that an engine that dies, and a Loop that is closed, leave no connection
// behind, be it under way or open.
func TestConnectEnds(t *testing.T) {
	fars, late := make(chan net.Conn, 1), make(chan struct{})
	l := newLoop(t, LoopOptions{Maker: poisoned(Native), Config: testConfig,
		Connect: func(ctx context.Context, address, _ string) (net.Conn, error) {
			switch address {
			case "late:1":
				<-late
			case "never:1":
				<-ctx.Done()
				return nil, ctx.Err()
			}
			near, far := net.Pipe()
			fars <- far
			return near, nil
		}})
	closed := func(c net.Conn) {
		t.Helper()
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second)) // refused if it is closed already
		if _, err := io.ReadAll(c); err != nil {
			t.Errorf("the connection stays open: %v", err)
		}
	}
	c := dial(t, l)
	c.say("DEBUG DIAL late:1 x")
	dial(t, l).say("POISON")
	c.wantEnd()
	close(late)
	closed(<-fars)
	c = dial(t, l)
	c.say("DEBUG DIAL open:1 x")
	open := <-fars
	dial(t, l).say("POISON")
	c.wantEnd()
	closed(open)
	dial(t, l).say("DEBUG DIAL never:1 x")
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
