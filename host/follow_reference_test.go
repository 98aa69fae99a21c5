package host

import (
	"context"
	"flag"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

var followTime = flag.Duration("follow", 2*time.Second,
	"how long replicas follow their masters under made-up writes")

// unfollowed are commands that wait, end the connection, or leave to each server in what order
// elements stand.
var unfollowed = map[string]bool{
	"quit": true, "reset": true, "hello": true, "auth": true, "wait": true, "waitaof": true,
	"migrate": true, "sort": true, "script|debug": true, "script|kill": true, "function|kill": true,
	"client|pause": true, "pfselftest": true, "pfdebug": true, "restore-asking": true,
	"blpop": true, "brpop": true, "blmove": true, "brpoplpush": true, "blmpop": true,
	"bzpopmin": true, "bzpopmax": true, "bzmpop": true,
}

// cutter cuts connections at random bytes.
type cutter struct {
	mu   sync.Mutex
	rng  *rand.Rand
	off  atomic.Bool
	cuts atomic.Int64
}

// cutConn is a connection that ends after so many bytes.
type cutConn struct {
	net.Conn
	by   *cutter
	left atomic.Int64
}

func (c *cutter) wrap(conn net.Conn) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := []int64{100, 3_000, 30_000, 300_000}[c.rng.IntN(4)]
	cc := &cutConn{Conn: conn, by: c}
	cc.left.Store(1 + c.rng.Int64N(most))
	return cc
}

// pass tells how many of n bytes pass; when it is not all the connection is cut.
func (c *cutConn) pass(n int) int {
	left := c.left.Add(-int64(n))
	if left >= 0 || c.by.off.Load() {
		return n
	}
	c.by.cuts.Add(1)
	_ = c.Conn.Close()
	return max(0, n+int(left))
}

func (c *cutConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if passed := c.pass(n); passed < n {
		return passed, net.ErrClosed
	}
	return n, err
}

func (c *cutConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if passed := c.pass(n); passed < n {
		return passed, net.ErrClosed
	}
	return n, err
}

// TestFollowReference has an engine follow a redis-server, and a redis-server an engine, under
// writes of every family, with links that are cut at random bytes. Both hold the same at the end.
func TestFollowReference(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	ref := coretest.StartReference(t)
	cut := &cutter{rng: rand.New(rand.NewPCG(seed, 1))}
	l := newLoop(t, LoopOptions{Config: map[string]string{"enable-debug-command": "yes",
		"repl-diskless-sync-delay": "0", "protected-mode": "no"},
		Connect: func(_ context.Context, _, _ string) (net.Conn, error) {
			c, err := ref.Dial()
			if err != nil {
				return nil, err
			}
			return cut.wrap(c), nil
		}})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			NewStream(l, cut.wrap(c), func() {}).Open(core.Conn{Addr: c.RemoteAddr().String()})
		}
	}()
	redis, err := ref.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Close()
	redlet, err := l.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer redlet.Close()
	f := &follower{t: t, cut: cut}
	f.ask(redis, "CONFIG", "SET", "repl-diskless-sync-delay", "0")
	gen := f.generator(redis, seed)
	f.ask(redlet, "REPLICAOF", "reference", "1")
	f.run(gen, redis, redlet)
	f.ask(redlet, "REPLICAOF", "NO", "ONE")
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	f.ask(redis, "REPLICAOF", "127.0.0.1", port)
	f.run(gen, redlet, redis)
	t.Logf("%d links were cut", cut.cuts.Load())
}

// follower is the test under way.
type follower struct {
	t   *testing.T
	cut *cutter
}

func (f *follower) ask(c net.Conn, args ...string) string {
	f.t.Helper()
	r, err := coretest.Ask(c, args...)
	if err != nil {
		f.t.Fatal(err)
	}
	return r.Text
}

// generator makes up commands that a redis-server knows.
func (f *follower) generator(c net.Conn, seed uint64) *coretest.Generator {
	docs, err := coretest.Ask(c, "COMMAND", "DOCS")
	if err != nil {
		f.t.Fatal(err)
	}
	return coretest.NewGenerator(docs, seed, func(name, group string) bool {
		switch group {
		case "string", "generic", "hash", "list", "transactions", "bitmap", "scripting", "set",
			"sorted-set", "geo", "hyperloglog", "stream":
			return !unfollowed[name]
		}
		return name == "select" || name == "flushdb" || name == "swapdb" || name == "publish"
	})
}

// tooLarge tells whether a command may wait, or make a string so large that all data take seconds.
func tooLarge(args []string) bool {
	for _, arg := range args[1:] {
		n, err := strconv.ParseFloat(strings.TrimPrefix(arg, "#"), 64)
		if strings.EqualFold(arg, "block") || err == nil && n > 1e6 &&
			slices.Contains([]string{"setbit", "setrange", "bitfield"}, args[0]) {
			return true
		}
	}
	return false
}

// run writes to a master for a while, and waits until its replica holds the same.
func (f *follower) run(gen *coretest.Generator, master, replica net.Conn) {
	f.t.Helper()
	f.cut.off.Store(false)
	writes := 0
	for end := time.Now().Add(*followTime); time.Now().Before(end); writes++ {
		if args := gen.Next(); !tooLarge(args) {
			f.ask(master, args...)
		}
	}
	f.cut.off.Store(true)
	f.ask(master, "DISCARD")
	f.t.Logf("%d commands", writes)
	var a, b string
	for end := time.Now().Add(coretest.Patience); time.Now().Before(end); {
		f.ask(master, "WAIT", "1", "1000")
		if !strings.Contains(f.ask(replica, "INFO", "replication"), "master_link_status:up") {
			continue
		}
		a, b = f.ask(master, "DEBUG", "DIGEST"), f.ask(replica, "DEBUG", "DIGEST")
		if a == b {
			return
		}
	}
	f.t.Errorf("the master has %s, the replica %s", a, b)
}
