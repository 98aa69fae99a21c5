//go:build go1.25

package netbridge

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
	"github.com/redlet/redlet/host"
)

// way is how a test's sockets are served.
type way struct {
	name   string
	plain  bool // by goroutines
	secret bool // with TLS
}

var ways = []way{{"poller", false, false}, {"goroutines", true, false},
	{"poller with TLS", false, true}, {"goroutines with TLS", true, true}}

// each runs a test over all ways of serving a socket.
func each(t *testing.T, f func(t *testing.T, w way)) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) { f(t, w) })
	}
}

// eachOpen runs a test over the ways without TLS.
func eachOpen(t *testing.T, f func(t *testing.T, w way)) {
	for _, w := range ways[:2] {
		t.Run(w.name, func(t *testing.T) { f(t, w) })
	}
}

// secret are the addresses where dial is to speak TLS.
var secret sync.Map

// serve starts a bridge with a TCP listener and returns its address.
func serve(t *testing.T, w way, config map[string]string) (*Bridge, string) {
	t.Helper()
	b := bridge(t, config)
	b.plain = w.plain
	var secure Secure
	if w.secret {
		secure = TLS(selfSigned(t))
	}
	addr, err := b.Listen("tcp", "127.0.0.1:0", secure)
	if err != nil {
		t.Fatal(err)
	}
	if w.secret {
		secret.Store(addr.String(), true)
		t.Cleanup(func() { secret.Delete(addr.String()) })
	}
	return b, addr.String()
}

// client is a connection with a deadline, so that no test hangs.
type client struct {
	net.Conn
	r *bufio.Reader
	t *testing.T
}

func dial(t *testing.T, network, addr string) *client {
	t.Helper()
	c, err := connect(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	return wrap(t, c)
}

// connect opens a connection, which shakes hands for TLS when it is first used.
func connect(network, addr string) (net.Conn, error) {
	c, err := net.Dial(network, addr)
	if _, ok := secret.Load(addr); ok && err == nil {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	return c, err
}

func wrap(t *testing.T, c net.Conn) *client {
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(coretest.Patience)); err != nil {
		t.Fatal(err)
	}
	return &client{c, bufio.NewReader(c), t}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// expect reads as many bytes as want has and compares.
func (c *client) expect(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c.r, got); err != nil {
		c.t.Fatalf("%v after %q; want %q", err, got[:n], want)
	}
	if string(got) != want {
		c.t.Fatalf("got %.200q; want %.200q", got, want)
	}
}

// expectEnd reads to the connection's end and compares.
func (c *client) expectEnd(want string) {
	c.t.Helper()
	got, err := io.ReadAll(c.r)
	if err != nil && !strings.Contains(err.Error(), "reset") {
		c.t.Fatalf("%v after %.200q; want %q and the end", err, got, want)
	}
	if string(got) != want {
		c.t.Fatalf("got %q until the end; want %q", got, want)
	}
}

func command(args ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	return b.String()
}

func TestCommands(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		_, addr := serve(t, w, nil)
		c := dial(t, "tcp", addr)
		c.send(command("SET", "k", "v") + command("GET", "k") + "PING\r\n")
		c.expect("+OK\r\n$1\r\nv\r\n+PONG\r\n")
		for _, b := range []byte(command("GET", "k")) {
			c.send(string(b))
		}
		c.expect("$1\r\nv\r\n")
		c.send("QUIT\r\n")
		c.expectEnd("+OK\r\n")
	})
}

func TestManyClients(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		_, addr := serve(t, w, nil)
		var wg sync.WaitGroup
		for i := range 20 {
			c := dial(t, "tcp", addr)
			wg.Go(func() {
				key := fmt.Sprint("key", i)
				for n := range 100 {
					value := fmt.Sprint(n)
					c.send(command("SET", key, value) + command("GET", key))
					c.expect(fmt.Sprintf("+OK\r\n$%d\r\n%s\r\n", len(value), value))
				}
				c.Close()
			})
		}
		wg.Wait()
	})
}

// TestSlowReader has a client ask for far more than the sockets' buffers hold before it reads
// anything, while another client goes on.
func TestSlowReader(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		_, addr := serve(t, w, nil)
		slow, other := dial(t, "tcp", addr), dial(t, "tcp", addr)
		const size, times = 1 << 20, 40
		value := strings.Repeat("x", size)
		slow.send(command("SET", "k", value))
		slow.expect("+OK\r\n")
		for range times {
			slow.send(command("GET", "k"))
		}
		other.send("PING\r\n")
		other.expect("+PONG\r\n")
		reply := fmt.Sprintf("$%d\r\n%s\r\n", size, value)
		for range times {
			slow.expect(reply)
		}
		slow.send("PING\r\n")
		slow.expect("+PONG\r\n")
	})
}

// TestBigInput sends a value many times larger than a read.
func TestBigInput(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		_, addr := serve(t, w, nil)
		c := dial(t, "tcp", addr)
		value := strings.Repeat("0123456789abcdef", 1<<19)
		c.send(command("SET", "k", value) + command("STRLEN", "k"))
		c.expect(fmt.Sprintf("+OK\r\n:%d\r\n", len(value)))
	})
}

func TestGarbageEndsOneConnection(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		_, addr := serve(t, w, nil)
		good := dial(t, "tcp", addr)
		good.send(command("SET", "k", "v"))
		good.expect("+OK\r\n")
		bad := dial(t, "tcp", addr)
		bad.send("*1\r\n+x\r\n")
		bad.expectEnd("-ERR Protocol error: expected '$', got '+'\r\n")
		good.send(command("GET", "k"))
		good.expect("$1\r\nv\r\n")
	})
}

func TestMaxClients(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		_, addr := serve(t, w, map[string]string{"maxclients": "2"})
		for range 2 {
			c := dial(t, "tcp", addr)
			c.send("PING\r\n")
			c.expect("+PONG\r\n")
		}
		dial(t, "tcp", addr).expectEnd("-ERR max number of clients reached\r\n")
	})
}

func TestUnixSocket(t *testing.T) {
	eachOpen(t, func(t *testing.T, w way) {
		b := bridge(t, nil)
		b.plain = w.plain
		path := filepath.Join(t.TempDir(), "s")
		for range 2 { // the second finds a file left behind
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.ListenUnix(path, 0o700); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("mode %v, %v; want 0700", info.Mode(), err)
		}
		c := dial(t, "unix", path)
		c.send("PING\r\n")
		c.expect("+PONG\r\n")
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		c.expectEnd("")
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("the socket's file is still there: %v", err)
		}
	})
}

// TestAccept has clients connect to sockets that are open, and serves them when all are there.
func TestAccept(t *testing.T) {
	eachOpen(t, func(t *testing.T, w way) {
		b := bridge(t, nil)
		b.plain = w.plain
		var doors []net.Listener
		var clients []*client
		for range 2 {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			doors = append(doors, l)
			c := dial(t, "tcp", l.Addr().String())
			c.send("CLIENT ID\r\n")
			clients = append(clients, c)
		}
		for i := range doors { // the last comes first
			i = len(doors) - 1 - i
			if err := b.Accept(doors[i], nil); err != nil {
				t.Fatal(err)
			}
			clients[i].expect(fmt.Sprintf(":%d\r\n", len(doors)-i))
		}
	})
}

func TestTLS(t *testing.T) {
	b := bridge(t, nil)
	addr, err := b.Listen("tcp", "127.0.0.1:0", TLS(selfSigned(t)))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", addr.String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	c := wrap(t, conn)
	c.send("PING\r\n")
	c.expect("+PONG\r\n")
	c.send("QUIT\r\n")
	c.expectEnd("+OK\r\n")

	plain := dial(t, "tcp", addr.String())
	plain.send("PING\r\n") // no TLS: this connection ends, and no other
	if _, err := io.Copy(io.Discard, plain.r); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Fatal(err)
	}
}

func selfSigned(t *testing.T) *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return &tls.Config{Certificates: []tls.Certificate{cert}}
}

// TestCloseLeavesNothing closes a bridge amid open, idle, busy and stuck connections and counts
// goroutines and descriptors.
func TestCloseLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		goroutines, descriptors := runtime.NumGoroutine(), openDescriptors(t)
		b, addr := serve(t, w, nil)
		dial(t, "tcp", addr)
		busy := dial(t, "tcp", addr)
		busy.send("PING\r\n")
		busy.expect("+PONG\r\n")
		stuck := dial(t, "tcp", addr)
		stuck.send(command("SET", "k", strings.Repeat("x", 1<<20)))
		stuck.expect("+OK\r\n")
		stuck.send(strings.Repeat(command("GET", "k"), 20))
		gone := dial(t, "tcp", addr)
		gone.Close()
		busy.send("PING\r\n")
		busy.expect("+PONG\r\n")
		start := time.Now()
		stuck.Close()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > host.LingerTime/2 {
			t.Errorf("Close took %v", took)
		}
		busy.expectEnd("")
		busy.Close()
		if _, err := b.Listen("tcp", "127.0.0.1:0", nil); !errors.Is(err, ErrClosed) {
			t.Errorf("Listen after Close: %v", err)
		}
		if err := b.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
		t.Cleanup(func() {})
		eventually(t, func() string {
			g, d := runtime.NumGoroutine(), openDescriptors(t)
			if g <= goroutines && d <= descriptors+1 { // the first dialled connection is still open
				return ""
			}
			return fmt.Sprintf("%d goroutines, were %d; %d descriptors, were %d",
				g, goroutines, d, descriptors)
		})
	})
}

// TestConnectionsComeAndGo opens and closes connections from many goroutines and finds no
// descriptor left over.
func TestConnectionsComeAndGo(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		_, addr := serve(t, w, nil)
		before := openDescriptors(t)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for i := range 40 {
					c, err := connect("tcp", addr)
					if err != nil {
						t.Error(err)
						return
					}
					if i%2 == 0 {
						_ = c.SetDeadline(time.Now().Add(coretest.Patience))
						fmt.Fprint(c, "PING\r\nQUIT\r\n")
						got, err := io.ReadAll(c)
						if !bytes.HasPrefix(got, []byte("+PONG\r\n+OK\r\n")) {
							t.Errorf("PING and QUIT: got %q, %v", got, err)
						}
					}
					c.Close()
				}
			})
		}
		wg.Wait()
		eventually(t, func() string {
			if n := openDescriptors(t); n > before {
				return fmt.Sprintf("%d descriptors, were %d", n, before)
			}
			return ""
		})
	})
}

// eventually repeats a check that says "" once it holds: what another process's kernel or a
// goroutine's end brings about has no event to wait for.
func eventually(t *testing.T, check func() string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		problem := check()
		if problem == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(problem)
		}
	}
}

func openDescriptors(t *testing.T) int {
	if runtime.GOOS != "linux" {
		return 0
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestAddress(t *testing.T) {
	for _, c := range []struct{ bind, network, address string }{
		{"*", "tcp4", "0.0.0.0:1"},
		{"::*", "tcp6", "[::]:1"},
		{"127.0.0.1", "tcp4", "127.0.0.1:1"},
		{"::1", "tcp6", "[::1]:1"},
		{"localhost", "tcp4", "localhost:1"},
	} {
		if n, a := Address(c.bind, 1); n != c.network || a != c.address {
			t.Errorf("Address(%q) = %s %s; want %s %s", c.bind, n, a, c.network, c.address)
		}
	}
}

// TestUnlisten closes one of two ports. Who came by it stays.
func TestUnlisten(t *testing.T) { eachOpen(t, testUnlisten) }

func testUnlisten(t *testing.T, w way) {
	b, first := serve(t, w, nil)
	second, err := b.Listen("tcp", "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, "tcp", first)
	c.send("PING\r\n")
	c.expect("+PONG\r\n")
	addr, err := net.ResolveTCPAddr("tcp", first)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing
		if err := b.Unlisten(addr); err != nil {
			t.Fatal(err)
		}
	}
	if late, err := net.Dial("tcp", first); err == nil {
		late.Close()
		t.Error("the port is still open")
	}
	l, err := net.Listen("tcp", first) // it is free again
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Accept(l, nil); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{first, second.String()} {
		other := dial(t, "tcp", at)
		other.send("PING\r\n")
		other.expect("+PONG\r\n")
	}
	c.send("PING\r\n")
	c.expect("+PONG\r\n")
}
