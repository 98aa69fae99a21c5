package core_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/core/coretest"
)

// world is a few engines and the network between them, in which time is turned by hand and every
// byte can be lost.
type world struct {
	t     *testing.T
	now   core.Time
	nodes []*node
	wires []*wire
	rng   *rand.Rand
	piece int     // how much of what is sent arrives at once, at most
	cuts  float64 // how likely a wire is cut when something arrives
}

// node is an engine at the address "host:<its place>".
type node struct {
	*core.Engine
	last    core.ConnID
	clients map[core.ConnID]bool
	got     map[core.ConnID]string // what clients were sent
	logged  []string
	down    bool // nobody can connect to it
}

// wire is a connection between two nodes.
type wire struct {
	node   [2]int
	conn   [2]core.ConnID
	sent   [2][]byte // by either end, not arrived yet
	closed [2]bool   // by either end: the other is told when all has arrived
	over   bool
}

func newWorld(t *testing.T, nodes int, config ...map[string]string) *world {
	w := &world{t: t, now: coretest.Epoch, piece: 1 << 20, rng: rand.New(rand.NewPCG(1, 2))}
	for i := range nodes {
		values := map[string]string{"enable-debug-command": "yes", "port": strconv.Itoa(i),
			"repl-diskless-sync-delay": "0", "protected-mode": "no"}
		for _, c := range config {
			for name, value := range c {
				values[name] = value
			}
		}
		e, err := core.New(core.Options{Now: w.now, Seed: [32]byte{byte(i + 1)}, Config: values})
		if err != nil {
			t.Fatal(err)
		}
		n := &node{Engine: e, clients: map[core.ConnID]bool{}, got: map[core.ConnID]string{}}
		w.nodes = append(w.nodes, n)
		n.open(1, core.Conn{Addr: "127.0.0.1:5000", Laddr: "127.0.0.1:6379"})
		n.clients[1] = true
	}
	return w
}

func (n *node) open(id core.ConnID, peer core.Conn) {
	n.last = max(n.last, id)
	n.Input(&core.Input{Kind: core.InOpen, Conn: id, Data: peer.AppendTo(nil)})
}

// do sends a node a command of its client and returns the reply, once everything is at rest.
func (w *world) do(node int, command string) string {
	w.t.Helper()
	n := w.nodes[node]
	n.got[1] = ""
	n.Input(&core.Input{Kind: core.InData, Conn: 1, Data: []byte(command + "\r\n")})
	w.settle()
	return n.got[1]
}

// want is do that knows the reply.
func (w *world) want(node int, command, want string) {
	w.t.Helper()
	if got := w.do(node, command); got != want {
		w.t.Errorf("%d: %s: %q, want %q", node, command, got, want)
	}
}

// settle carries bytes until nothing moves.
func (w *world) settle() {
	w.t.Helper()
	for range 1_000_000 {
		moved := false
		for i := range w.nodes {
			moved = w.poll(i) || moved
		}
		for _, x := range w.wires {
			moved = w.carry(x) || moved
		}
		if !moved {
			return
		}
	}
	w.t.Fatal("the world does not come to rest")
}

// pass lets time go by.
func (w *world) pass(by core.Time) {
	w.t.Helper()
	end := w.now + by
	for w.now < end {
		w.settle()
		next := end
		for _, n := range w.nodes {
			next = min(next, max(w.now, n.Deadline()))
		}
		w.now = next
		for _, n := range w.nodes {
			n.Advance(w.now)
		}
		if next < end {
			w.now++ // what is due at an instant is done after it
		}
	}
	w.settle()
}

// poll does what a node wants.
func (w *world) poll(i int) (moved bool) {
	n := w.nodes[i]
	for ev := (core.Event{}); n.Poll(&ev); {
		moved = true
		switch ev.Kind {
		case core.EventConnect:
			w.connect(i, &ev)
		case core.EventData, core.EventHangup:
			if n.clients[ev.Conn] {
				n.got[ev.Conn] += string(ev.Data)
				continue
			}
			x, side := w.wire(i, ev.Conn)
			if x == nil {
				continue
			}
			x.sent[side] = append(x.sent[side], ev.Data...)
			x.closed[side] = x.closed[side] || ev.Kind == core.EventHangup
		case core.EventLog:
			n.logged = append(n.logged, string(ev.Data))
		}
	}
	return moved
}

// connect makes a wire to the node that an address names.
func (w *world) connect(from int, ev *core.Event) {
	n := w.nodes[from]
	host, port, _ := strings.Cut(ev.Path, ":")
	to, err := strconv.Atoi(port)
	if host != "host" || err != nil || to >= len(w.nodes) || w.nodes[to].down {
		n.Input(&core.Input{Kind: core.InDone, Ticket: ev.Ticket, Data: []byte("Connection refused")})
		return
	}
	x := &wire{node: [2]int{from, to}, conn: [2]core.ConnID{n.last + 1, w.nodes[to].last + 1}}
	n.last++
	w.wires = append(w.wires, x)
	w.nodes[to].open(x.conn[1], core.Conn{Addr: fmt.Sprintf("host:%d", 1000+from)})
	n.Input(&core.Input{Kind: core.InConnected, Conn: x.conn[0], Ticket: ev.Ticket})
}

func (w *world) wire(node int, id core.ConnID) (x *wire, side int) {
	for _, x := range w.wires {
		for side := range 2 {
			if !x.over && x.node[side] == node && x.conn[side] == id {
				return x, side
			}
		}
	}
	return nil, 0
}

// carry moves a piece of what was sent over a wire, or cuts it.
func (w *world) carry(x *wire) (moved bool) {
	for side := range 2 {
		if x.over {
			return moved
		}
		there := w.nodes[x.node[1-side]]
		if n := min(len(x.sent[side]), 1+w.rng.IntN(w.piece)); n > 0 {
			moved = true
			there.Input(&core.Input{Kind: core.InData, Conn: x.conn[1-side], Data: x.sent[side][:n]})
			x.sent[side] = x.sent[side][n:]
			if w.cuts > 0 && w.rng.Float64() < w.cuts {
				w.cut(x)
			}
		} else if x.closed[side] {
			moved, x.over = true, true
			there.Input(&core.Input{Kind: core.InClose, Conn: x.conn[1-side]})
		}
	}
	return moved
}

// cut ends a wire, with all that is on its way.
func (w *world) cut(x *wire) {
	x.over = true
	for side := range 2 {
		if !x.closed[side] {
			w.nodes[x.node[side]].Input(&core.Input{Kind: core.InClose, Conn: x.conn[side]})
		}
	}
}

// cutAll ends every wire.
func (w *world) cutAll() {
	for _, x := range w.wires {
		if !x.over {
			w.cut(x)
		}
	}
}

// field is a line of INFO.
func (w *world) field(node int, name string) string {
	w.t.Helper()
	_, rest, ok := strings.Cut(w.do(node, "INFO everything"), "\r\n"+name+":")
	if !ok {
		w.t.Fatalf("INFO has no %s", name)
	}
	value, _, _ := strings.Cut(rest, "\r")
	return value
}

// same checks that the nodes hold the same and stand at the same place of the same stream.
func (w *world) same(nodes ...int) {
	w.t.Helper()
	tell := func(i int) string {
		return w.do(i, "DEBUG DIGEST") + w.field(i, "master_replid") +
			w.field(i, "master_repl_offset")
	}
	for _, i := range nodes[1:] {
		if a, b := tell(nodes[0]), tell(i); a != b {
			w.t.Errorf("%d has %q\n%d has %q", nodes[0], a, i, b)
			for _, line := range w.nodes[i].logged {
				w.t.Log(line)
			}
		}
	}
}

// TestFollow has an engine follow another, lose its link and find it again.
func TestFollow(t *testing.T) {
	w := newWorld(t, 2)
	w.want(0, "SET a 1", ok)
	w.want(0, "FUNCTION LOAD \"#!lua name=l\\nredis.register_function{function_name='f',"+
		"callback=function() return 7 end,flags={'no-writes'}}\"", "$1\r\nl\r\n")
	w.want(1, "SET b 1", ok)
	w.want(1, "REPLICAOF host 0", ok)
	w.want(1, "GET a", "$1\r\n1\r\n")
	w.want(1, "GET b", "$-1\r\n")
	w.want(1, "FCALL_RO f 0", ":7\r\n")
	w.want(0, "INCR a", ":2\r\n")
	w.want(1, "GET a", "$1\r\n2\r\n")
	w.want(1, "SET a 3", "-READONLY You can't write against a read only replica.\r\n")
	w.want(0, "WAIT 1 0", ":1\r\n")
	w.same(0, 1)
	w.nodes[0].down = true
	w.cutAll()
	w.want(0, "SET c 1", ok)
	w.pass(3e6)
	w.want(1, "GET c", "$-1\r\n")
	w.nodes[0].down = false
	w.pass(3e6)
	w.want(1, "GET c", "$1\r\n1\r\n")
	if got := w.field(0, "sync_full") + w.field(0, "sync_partial_ok"); got != "11" {
		t.Errorf("syncs in full and in part: %s", got)
	}
	w.same(0, 1)
	w.want(1, "REPLICAOF NO ONE", ok)
	w.want(1, "SET a 3", ok)
}

// TestFollowCut cuts the links of a cascade at random bytes. What the master does arrives whole.
func TestFollowCut(t *testing.T) {
	w := newWorld(t, 3, map[string]string{"repl-backlog-size": "16384"})
	w.want(1, "REPLICAOF host 0", ok)
	w.want(2, "REPLICAOF host 1", ok)
	w.piece, w.cuts = 40, 0.03
	for i := range 600 {
		v := strconv.Itoa(i % 50)
		for _, line := range []string{"INCR n", "SELECT " + strconv.Itoa(i%3), "RPUSH l" + v + " " + v,
			"MULTI", "INCR in", "INCR out", "EXEC", "SET e" + v + " x PX 1500", "SADD s " + v,
			"SPOP s", "HSET h f" + v + " 1", "HPEXPIRE h 700 FIELDS 1 f" + v, "XADD x * f " + v} {
			w.do(0, line)
		}
		for node := 1; node < 3 && i%10 == 0; node++ {
			for db := range 3 {
				w.do(node, "SELECT "+strconv.Itoa(db))
				if in, out := w.do(node, "GET in"), w.do(node, "GET out"); in != out {
					t.Fatalf("half a transaction: %q and %q", in, out)
				}
			}
		}
		w.pass(core.Time(w.rng.IntN(400_000)))
	}
	w.cuts, w.piece = 0, 1<<20
	w.pass(20e6)
	w.same(0, 1, 2)
	if w.field(0, "sync_partial_ok") == "0" || w.field(1, "sync_partial_ok") == "0" {
		t.Error("no link went on where it was cut")
	}
}

// TestPromote makes a replica a master, which the others go on with where they are.
func TestPromote(t *testing.T) {
	w := newWorld(t, 4)
	for i := 1; i < 4; i++ {
		w.want(i, fmt.Sprintf("REPLICAOF host %d", i-1), ok)
		w.pass(2e6)
	}
	w.want(0, "SET a 1", ok)
	w.want(1, "REPLICAOF NO ONE", ok)
	w.pass(3e6)
	w.want(1, "SET b 1", ok)
	w.want(0, "REPLICAOF host 1", ok)
	w.pass(3e6)
	w.same(1, 0, 2, 3)
	for i := range 4 {
		if got := w.field(i, "sync_full"); i < 3 && got != "1" && i != 3 {
			t.Errorf("%d gave all data %s times", i, got)
		}
	}
}

// TestFailover has a master change places with a replica, which then changes back.
func TestFailover(t *testing.T) {
	w := newWorld(t, 3)
	w.want(1, "REPLICAOF host 0", ok)
	w.want(2, "REPLICAOF host 0", ok)
	w.want(0, "SET a 1", ok)
	w.pass(2e6)
	w.want(0, "FAILOVER TO host 3",
		"-ERR FAILOVER target HOST and PORT is not a replica.\r\n")
	w.want(0, "SET a 1", ok)
	w.cutAll()
	w.pass(3e6)
	w.want(0, "SET a 2", ok)
	w.want(0, "FAILOVER TO host 1 TIMEOUT 5000", ok)
	w.want(0, "FAILOVER ABORT", ok)
	w.want(0, "SET a 2", ok)
	w.want(0, "FAILOVER TO host 1", ok)
	w.pass(5e6)
	w.want(0, "SET a 3", "-READONLY You can't write against a read only replica.\r\n")
	w.want(1, "SET a 3", ok)
	w.pass(5e6)
	w.same(1, 0, 2)
	if got := w.field(1, "sync_full") + w.field(0, "sync_full"); got != "02" {
		t.Errorf("syncs in full: %s", got)
	}
}

// TestFollowNonsense follows masters that are none. Each is given up and tried again.
func TestFollowNonsense(t *testing.T) {
	const id = "0123456789012345678901234567890123456789"
	full := "+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC " + id + " 5\r\n"
	for _, say := range []string{
		"", "\r\n", " \n", "-\n", "+\n", "-ERR no\r\n", "+PONG\r\n \r\n-x\r\n", "HTTP/1.1 400\r\n",
		strings.Repeat("x", 5000), "+PONG\r\n+OK\r\n+OK\r\n+CONTINUE\r\n",
		"+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC x 5\r\n",
		"+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC " + id + " x\r\n",
		"+PONG\r\n+OK\r\n+OK\r\n-LOADING\r\n", full + "-ERR\r\n", full + "$x\r\n", full + "$-1\r\n",
		full + "$0\r\n", full + "$5\r\nREDIS", full + "$9223372036854775807\r\nREDIS",
		full + "$EOF:" + id + "\r\nREDIS0012" + id, full + "$EOF:x\r\n",
	} {
		w := newWorld(t, 1)
		w.want(0, "SET a 1", ok)
		n := w.nodes[0]
		n.Input(&core.Input{Kind: core.InData, Conn: 1, Data: []byte("REPLICAOF host 9\r\n")})
		tries := 0
		for range 5 {
			for ev := (core.Event{}); n.Poll(&ev); {
				if ev.Kind == core.EventConnect {
					tries++
					n.last += 10
					n.Input(&core.Input{Kind: core.InConnected, Conn: n.last, Ticket: ev.Ticket})
					for i := range len(say) {
						n.Input(&core.Input{Kind: core.InData, Conn: n.last, Data: []byte(say[i : i+1])})
					}
				}
			}
			w.now += 61e6
			n.Advance(w.now)
		}
		if tries < 3 {
			t.Errorf("%.80q: %d tries", say, tries)
		}
		w.want(0, "GET a", "$1\r\n1\r\n")
	}
}

// TestFollowExpiry shows keys whose time is over on a replica: hidden until the master says that
// they go, but where the replica takes writes of its own.
func TestFollowExpiry(t *testing.T) {
	w := newWorld(t, 2)
	w.want(1, "REPLICAOF host 0", ok)
	for _, line := range []string{"SET a 1 PX 500", "SET b 1 PX 500", "SET c 1 PX 500"} {
		w.want(0, line, ok)
	}
	w.want(0, "HSETEX h PX 500 FIELDS 1 f v", ":1\r\n")
	w.nodes[0].down = true
	w.cutAll()
	w.pass(1e6)
	w.want(1, "DBSIZE", ":4\r\n")
	w.want(1, "GET a", "$-1\r\n")
	w.want(1, "HGET h f", "$-1\r\n")
	w.want(1, "DBSIZE", ":4\r\n")
	w.want(1, "CONFIG SET replica-read-only no", ok)
	w.want(1, "INCR a", ":1\r\n")
	w.want(1, "TTL a", ":-1\r\n")
	w.want(1, "GET b", "$-1\r\n")
	w.want(1, "DEL c", ":1\r\n")
	w.want(1, "SET own 1 PX 500", ok)
	if got := w.field(1, "slave_expires_tracked_keys"); got != "1" {
		t.Errorf("keys of its own that expire: %s", got)
	}
	w.pass(1e6)
	w.want(1, "DBSIZE", ":3\r\n")
	w.nodes[0].down = false
	w.pass(3e6)
	w.want(1, "KEYS *", "*0\r\n")
	w.want(1, "SET d 1 PX 500", ok)
	w.want(1, "REPLICAOF NO ONE", ok)
	w.pass(1e6)
	w.want(1, "DBSIZE", ":0\r\n")
}

// TestFollowStale shows what a replica answers that has lost its master.
func TestFollowStale(t *testing.T) {
	const stale = "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to " +
		"'no'.\r\n"
	w := newWorld(t, 2)
	w.want(1, "CONFIG SET replica-serve-stale-data no", ok)
	w.want(1, "REPLICAOF host 0", ok)
	w.want(1, "GET a", "$-1\r\n")
	w.want(1, "MULTI", ok)
	w.want(1, "GET a", "+QUEUED\r\n")
	w.nodes[0].down = true
	w.cutAll()
	w.want(1, "EXEC", "-EXECABORT Transaction discarded because of: "+stale[1:])
	w.want(1, "GET a", stale)
	w.want(1, "PING", stale)
	w.want(1, "SYNC", stale)
	w.want(1, "EVAL 'return 1' 0", stale)
	w.want(1, "SET a 1", "-READONLY You can't write against a read only replica.\r\n")
	w.want(1, "CONFIG SET replica-serve-stale-data yes", ok)
	w.want(1, "SYNC", "-NOMASTERLINK Can't SYNC while not connected with my master\r\n")
	w.want(1, "WAIT 0 0", "-ERR WAIT cannot be used with replica instances. Please also note that "+
		"since Redis 4.0 if a replica is configured to be writable (which is not the default) writes "+
		"to replicas are just local and are not propagated.\r\n")
}

// TestFollowOld follows a master that knows SYNC alone: it is not told of offsets, and is asked for
// all data once more when the link has ended.
func TestFollowOld(t *testing.T) {
	w := newWorld(t, 1)
	w.want(0, "SET a 1", ok)
	n := w.nodes[0]
	image := n.Snapshot(nil)
	w.want(0, "DEL a", ":1\r\n")
	n.Input(&core.Input{Kind: core.InData, Conn: 1, Data: []byte("REPLICAOF host 9\r\n")})
	said := map[core.ConnID]string{}
	answer := strings.NewReplacer("PING", "+PONG\r\n", "PSYNC", "-ERR unknown command\r\n",
		"SYNC", fmt.Sprintf("$%d\r\n%s", len(image), image)+"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n")
	turn := func() {
		for ev := (core.Event{}); n.Poll(&ev); {
			switch ev.Kind {
			case core.EventConnect:
				n.last += 10
				n.Input(&core.Input{Kind: core.InConnected, Conn: n.last, Ticket: ev.Ticket})
			case core.EventData:
				if n.clients[ev.Conn] {
					n.got[ev.Conn] += string(ev.Data)
					continue
				}
				said[ev.Conn] += string(ev.Data)
				for _, word := range strings.Fields(string(ev.Data)) {
					reply := "-ERR unknown command\r\n"
					switch word {
					case "PING", "PSYNC", "SYNC":
						reply = answer.Replace(word)
					case "REPLCONF":
					default:
						continue
					}
					n.Input(&core.Input{Kind: core.InData, Conn: ev.Conn, Data: []byte(reply)})
				}
			}
		}
	}
	for range 5 {
		turn()
		w.now += 2e6
		n.Advance(w.now)
	}
	last := n.last
	w.want(0, "MGET a b", "*2\r\n$1\r\n1\r\n$1\r\n2\r\n")
	if strings.Contains(said[last], "ACK") || w.field(0, "master_link_status") != "up" {
		t.Errorf("after SYNC: %q", said[last])
	}
	n.Input(&core.Input{Kind: core.InClose, Conn: last})
	for range 3 {
		turn()
	}
	if !strings.Contains(said[n.last], "PSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\nSYNC\r\n") || n.last == last {
		t.Errorf("after the link has ended: %q", said[n.last])
	}
}

// TestFollowInline gives up a master whose stream is none, and does not go on with it.
func TestFollowInline(t *testing.T) {
	w := newWorld(t, 2)
	w.want(1, "REPLICAOF host 0", ok)
	w.pass(3e6)
	for id := range w.nodes[1].last + 1 {
		if !w.nodes[1].clients[id] {
			w.nodes[1].Input(&core.Input{Kind: core.InData, Conn: id, Data: []byte("FLUSHALL\r\n")})
		}
	}
	w.pass(3e6)
	log := strings.Join(w.nodes[1].logged, "\n")
	if !strings.Contains(log, "Receiving inline protocol") ||
		w.field(0, "sync_full") != "2" {
		t.Errorf("full synchronisations: %s", w.field(0, "sync_full"))
	}
}

// TestFollowDelayed has replicas wait as long as rdb-key-save-delay says, together, and no longer
// than anybody waits.
func TestFollowDelayed(t *testing.T) {
	w := newWorld(t, 3, map[string]string{"save": ""})
	w.want(0, "SET a 1", ok)
	w.want(0, "CONFIG SET rdb-key-save-delay 10000000", ok)
	w.want(1, "REPLICAOF host 0", ok)
	w.pass(2e6)
	w.want(2, "REPLICAOF host 0", ok)
	w.pass(2e6)
	got := w.field(0, "rdb_bgsave_in_progress") + w.field(0, "slave0") + w.field(0, "slave1")
	if got[0] != '1' || strings.Count(got, "state=wait_bgsave") != 2 {
		t.Errorf("while the data are made: %s", got)
	}
	w.want(0, "SET b 2", ok)
	w.want(1, "REPLICAOF NO ONE", ok)
	w.pass(7e6)
	w.same(0, 2)
	if got := w.field(0, "rdb_bgsave_in_progress") + w.field(0, "total_forks"); got != "01" {
		t.Errorf("then: %s", got)
	}
	w.want(1, "REPLICAOF host 0", ok)
	w.pass(2e6)
	w.want(1, "REPLICAOF NO ONE", ok)
	if got := w.field(0, "rdb_bgsave_in_progress"); got != "0" {
		t.Errorf("nobody waits any more, and a save is under way")
	}
}
