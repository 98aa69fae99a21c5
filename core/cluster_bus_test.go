package core

import (
	"fmt"
	"strings"
	"testing"
)

// testNet is a cluster whose nodes share a bus and the links between them, with a clock that is
// turned by hand. Node i listens on port 7000+i.
type testNet struct {
	*testing.T
	now   Time
	nodes []*testNode
	queue []func()
}

// testNode is one node: what its clients were answered, and where its links lead.
type testNode struct {
	e     *Engine
	id    string
	last  ConnID
	out   map[ConnID]string
	links map[ConnID]testEnd
}

// testEnd is the other end of a link.
type testEnd struct {
	node *testNode
	conn ConnID
}

// newTestNet makes nodes that do not know each other.
func newTestNet(t *testing.T, n int, config map[string]string) *testNet {
	t.Helper()
	c := &testNet{T: t, now: 1_700_000_000_000_000}
	for i := range n {
		all := map[string]string{"cluster-enabled": "yes", "port": fmt.Sprint(7000 + i),
			"repl-diskless-sync-delay": "0"}
		for name, value := range config {
			all[name] = value
		}
		o := Options{Now: c.now, Config: all}
		o.Seed[0] = byte(i + 1)
		e, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		node := &testNode{e: e, id: e.cluster.me().id, out: map[ConnID]string{},
			links: map[ConnID]testEnd{}}
		c.nodes = append(c.nodes, node)
		c.input(node, Input{Kind: InOpen, Conn: node.open(), Data: local1.AppendTo(nil)})
	}
	c.settle()
	return c
}

var local1 = Conn{Addr: "127.0.0.1:50000", Laddr: "127.0.0.1:7000"}

func (n *testNode) open() ConnID {
	n.last++
	return n.last
}

// input hands an input to a node, later.
func (c *testNet) input(n *testNode, in Input) {
	c.queue = append(c.queue, func() {
		if n.e == nil {
			return
		}
		n.e.Advance(c.now)
		n.e.Input(&in)
		c.poll(n)
	})
}

// settle does all that is to be done now.
func (c *testNet) settle() {
	for busy := true; busy; {
		for len(c.queue) > 0 {
			next := c.queue[0]
			c.queue = c.queue[1:]
			next()
		}
		busy = false
		for _, n := range c.nodes {
			if n.e != nil && n.e.Deadline() <= c.now {
				busy = true
				n.e.Advance(c.now)
				c.poll(n)
			}
		}
	}
}

// turn turns the clock, a tenth of a second at a time.
func (c *testNet) turn(seconds float64) {
	for end := c.now + Time(seconds*1e6); c.now < end; {
		c.now += 100_000
		c.settle()
	}
}

func (c *testNet) poll(n *testNode) {
	var ev Event
	for n.e.Poll(&ev) {
		c.carry(n, &ev)
	}
}

// carry carries out an event of a node.
func (c *testNet) carry(n *testNode, ev *Event) {
	data := []byte(string(ev.Data))
	switch ev.Kind {
	case EventData, EventHangup:
		end, link := n.links[ev.Conn]
		if !link {
			n.out[ev.Conn] += string(data)
			return
		}
		c.input(end.node, Input{Kind: InData, Conn: end.conn, Data: data})
		if ev.Kind == EventHangup {
			c.input(end.node, Input{Kind: InClose, Conn: end.conn})
		}
	case EventConnect:
		for i, other := range c.nodes {
			if other.e != nil && ev.Path == fmt.Sprintf("127.0.0.1:%d", 7000+i) {
				here, there := n.open(), other.open()
				n.links[here], other.links[there] = testEnd{other, there}, testEnd{n, here}
				c.input(other, Input{Kind: InOpen, Conn: there, Data: local1.AppendTo(nil)})
				c.input(n, Input{Kind: InConnected, Conn: here, Ticket: ev.Ticket})
				return
			}
		}
		c.input(n, Input{Kind: InDone, Ticket: ev.Ticket, Data: []byte("Connection refused")})
	case EventCluster:
		c.spread(n, ev.Ticket, data)
	}
}

// spread hands a message to the other nodes.
func (c *testNet) spread(n *testNode, ticket uint32, data []byte) {
	answer := "nobody is there"
	for i, other := range c.nodes {
		at := strings.Fields(string(data))[2] == fmt.Sprintf("127.0.0.1:%d", 7000+i)
		if at {
			answer = ""
		}
		if other != n && (at || ticket == 0) {
			c.input(other, Input{Kind: InCluster, Data: data})
		}
	}
	if ticket != 0 {
		c.input(n, Input{Kind: InDone, Ticket: ticket, Data: []byte(answer)})
	}
}

// do has a client of a node send a command; it returns the answer.
func (c *testNet) do(node int, command string) string {
	c.Helper()
	n := c.nodes[node]
	n.out[1] = ""
	c.input(n, Input{Kind: InData, Conn: 1, Data: []byte(command + "\r\n")})
	c.settle()
	return n.out[1]
}

// want is do for an answer that is known.
func (c *testNet) want(node int, command, answer string) {
	c.Helper()
	if got := c.do(node, command); got != answer {
		c.Errorf("node %d, %s: %q; want %q", node, command, got, answer)
	}
}

// id is the id of a node, also of one that has ended.
func (c *testNet) id(node int) string { return c.nodes[node].id }

// end has a node end, of which the host tells the others.
func (c *testNet) end(node int) {
	message := []byte("gone " + c.id(node) + " * 0 0\n")
	for here, end := range c.nodes[node].links {
		delete(c.nodes[node].links, here)
		c.input(end.node, Input{Kind: InClose, Conn: end.conn})
	}
	c.nodes[node].e = nil
	for _, other := range c.nodes {
		c.input(other, Input{Kind: InCluster, Data: message})
	}
	c.settle()
}

// sees is how a node sees another: what CLUSTER NODES says behind the address, without times.
func (c *testNet) sees(node, other int) string {
	c.Helper()
	for _, line := range strings.Split(c.do(node, "CLUSTER NODES"), "\n") {
		w := strings.Fields(line)
		if len(w) > 7 && strings.Contains(w[1], fmt.Sprintf(":%d@", 7000+other)) {
			for i := range c.nodes {
				if w[3] == c.id(i) {
					w[3] = fmt.Sprint(i)
				}
			}
			return strings.Join(append([]string{w[2], w[3]}, w[6:]...), " ")
		}
	}
	return "unknown"
}

// all checks how every node that is there sees one, but for "myself".
func (c *testNet) all(other int, want string) {
	c.Helper()
	for i, n := range c.nodes {
		if n.e == nil {
			continue
		}
		if got := strings.TrimPrefix(c.sees(i, other), "myself,"); got != want {
			c.Errorf("node %d sees node %d as %q; want %q", i, other, got, want)
		}
	}
}

// create makes masters of the first nodes, and replicas of the others, as redis-cli does.
func (c *testNet) create(masters int) {
	c.Helper()
	first := 0
	for i := range masters {
		last := 16384*(i+1)/masters - 1
		c.want(i, fmt.Sprintf("CLUSTER ADDSLOTSRANGE %d %d", first, last), "+OK\r\n")
		first = last + 1
	}
	for i := range c.nodes {
		c.want(i, fmt.Sprintf("CLUSTER SET-CONFIG-EPOCH %d", i+1), "+OK\r\n")
	}
	for i := 1; i < len(c.nodes); i++ {
		c.want(i, "CLUSTER MEET 127.0.0.1 7000", "+OK\r\n")
	}
	for i := masters; i < len(c.nodes); i++ {
		c.want(i, "CLUSTER REPLICATE "+c.id(i%masters), "+OK\r\n")
	}
	c.settle()
}

// TestClusterMeets shows how nodes get to know each other, and that others cannot be met.
func TestClusterMeets(t *testing.T) {
	c := newTestNet(t, 6, nil)
	c.want(0, "CLUSTER MEET 127.0.0.1 7999", "-ERR nobody is there\r\n")
	c.create(3)
	c.all(0, "master - 1 connected 0-5460")
	c.all(1, "master - 2 connected 5461-10921")
	c.all(3, "slave 0 1 connected")
	c.all(4, "slave 1 2 connected")
	for i := range c.nodes {
		if info := c.do(i, "CLUSTER INFO"); !strings.Contains(info, "cluster_state:ok") ||
			!strings.Contains(info, "cluster_known_nodes:6") {
			t.Errorf("node %d: %s", i, info)
		}
	}
}

// TestClusterLinks shows that each node is linked to and from each that is there, as redis-server
// says of nodes whose bus is at rest.
func TestClusterLinks(t *testing.T) {
	c := newTestNet(t, 3, nil)
	c.want(0, "CLUSTER LINKS", "*0\r\n")
	c.create(3)
	link := func(node int, since Time) string {
		text := ""
		for _, direction := range []string{"to", "from"} {
			text += fmt.Sprintf("*12\r\n$9\r\ndirection\r\n$%d\r\n%s\r\n$4\r\nnode\r\n$40\r\n%s\r\n"+
				"$11\r\ncreate-time\r\n:%d\r\n$6\r\nevents\r\n$1\r\nr\r\n"+
				"$21\r\nsend-buffer-allocated\r\n:48\r\n$16\r\nsend-buffer-used\r\n:48\r\n",
				len(direction), direction, c.id(node), since/1000)
		}
		return text
	}
	met := c.now
	c.turn(1)
	c.want(0, "CLUSTER LINKS", "*4\r\n"+link(1, met)+link(2, met))
	c.end(1)
	c.want(0, "CLUSTER LINKS", "*2\r\n"+link(2, met))
}

// TestClusterReplica shows what a replica serves.
func TestClusterReplica(t *testing.T) {
	c := newTestNet(t, 6, nil)
	c.create(3)
	c.want(0, "SET {06S} v", "+OK\r\n")
	c.want(3, "GET {06S}", "-MOVED 0 127.0.0.1:7000\r\n")
	c.want(3, "READONLY", "+OK\r\n")
	c.want(3, "GET {06S}", "$1\r\nv\r\n")
	c.want(3, "SET {06S} w", "-MOVED 0 127.0.0.1:7000\r\n")
	c.want(3, "GET foo", "-MOVED 12182 127.0.0.1:7002\r\n")
	c.want(3, "CLUSTER COUNTKEYSINSLOT 0", ":1\r\n")
	c.want(3, "READWRITE", "+OK\r\n")
	c.want(3, "GET {06S}", "-MOVED 0 127.0.0.1:7000\r\n")
	c.want(3, "CLUSTER FORGET "+c.id(0), "-ERR Can't forget my master!\r\n")
	c.want(3, "CLUSTER SETSLOT 5 NODE "+c.id(0), "-ERR Please use SETSLOT only with masters.\r\n")
	c.want(0, "CLUSTER SETSLOT 5 NODE "+c.id(4), "-ERR Target node is not a master\r\n")
	c.want(0, "CLUSTER REPLICAS "+c.id(4), "-ERR The specified node is not a master\r\n")
	c.want(4, "CLUSTER REPLICATE "+c.id(3), "-ERR I can only replicate a master, not a replica.\r\n")
	c.want(4, "CLUSTER REPLICATE "+c.id(4), "-ERR Can't replicate myself\r\n")
	c.want(0, "CLUSTER REPLICATE "+c.id(1),
		"-ERR To set a master the node must be empty and without assigned slots.\r\n")
	c.want(5, "CLUSTER REPLICATE "+c.id(0), "+OK\r\n")
	c.all(5, "slave 0 1 connected")
	if got := strings.Count(c.do(2, "CLUSTER REPLICAS "+c.id(0)), " slave "); got != 2 {
		t.Errorf("%d replicas", got)
	}
}

// TestClusterFailover shows a replica that takes its master's place as it is told to.
func TestClusterFailover(t *testing.T) {
	c := newTestNet(t, 6, nil)
	c.create(3)
	c.want(0, "SET {06S} v", "+OK\r\n")
	c.want(0, "CLUSTER FAILOVER", "-ERR You should send CLUSTER FAILOVER to a replica\r\n")
	c.want(3, "CLUSTER FAILOVER NOW", "-ERR syntax error\r\n")
	c.want(3, "CLUSTER FAILOVER", "+OK\r\n")
	c.all(3, "master - 7 connected 0-5460")
	c.all(0, "slave 3 7 connected")
	c.want(3, "GET {06S}", "$1\r\nv\r\n")
	c.want(0, "SET {06S} w", "-MOVED 0 127.0.0.1:7003\r\n")
	c.want(3, "SET {06S} w", "+OK\r\n")
	c.want(0, "CLUSTER FAILOVER TAKEOVER", "+OK\r\n")
	c.all(0, "master - 8 connected 0-5460")
	c.want(0, "GET {06S}", "$1\r\nw\r\n")
}

// TestClusterMasterEnds shows a master that ends: a while later it has failed, and a replica takes
// its place, the one with more of the stream first.
func TestClusterMasterEnds(t *testing.T) {
	c := newTestNet(t, 6, map[string]string{"cluster-node-timeout": "2000"})
	c.create(3)
	c.end(0)
	if got := c.sees(1, 0); got != "master - 1 disconnected 0-5460" {
		t.Errorf("at first: %q", got)
	}
	c.want(3, "CLUSTER FAILOVER",
		"-ERR Master is down or failed, please use CLUSTER FAILOVER FORCE\r\n")
	c.want(1, "GET {06S}", "-MOVED 0 127.0.0.1:7000\r\n")
	c.turn(2)
	if got := c.sees(1, 0); got != "master,fail - 1 disconnected 0-5460" {
		t.Errorf("two seconds later: %q", got)
	}
	c.want(1, "GET {06S}", "-CLUSTERDOWN The cluster is down\r\n")
	c.turn(2)
	c.all(0, "master,fail - 1 disconnected")
	c.all(3, "master - 7 connected 0-5460")
	c.want(3, "SET {06S} v", "+OK\r\n")
}

// TestClusterNoFailover shows a replica that takes no place but by force, and a minority that is
// down.
func TestClusterNoFailover(t *testing.T) {
	c := newTestNet(t, 6, map[string]string{"cluster-node-timeout": "2000",
		"cluster-replica-no-failover": "yes"})
	c.create(3)
	c.end(0)
	c.turn(10)
	c.all(3, "slave,nofailover 0 1 connected")
	c.want(3, "CLUSTER FAILOVER FORCE", "+OK\r\n")
	c.all(3, "master,nofailover - 7 connected 0-5460")
	c.end(1)
	c.end(2)
	c.turn(3)
	c.want(3, "GET {06S}", "-CLUSTERDOWN The cluster is down\r\n")
}

// TestClusterForgets shows nodes that are forgotten and reset.
func TestClusterForgets(t *testing.T) {
	c := newTestNet(t, 6, nil)
	c.create(3)
	c.want(0, "SET {06S} v", "+OK\r\n")
	c.want(0, "CLUSTER RESET",
		"-ERR CLUSTER RESET can't be called with master nodes containing keys\r\n")
	c.want(3, "DBSIZE", ":1\r\n")
	c.want(3, "CLUSTER RESET", "+OK\r\n")
	c.want(3, "DBSIZE", ":0\r\n")
	if got := c.do(3, "CLUSTER NODES"); strings.Count(got, "\n") != 3 {
		t.Errorf("knows others: %q", got)
	}
	for i := range 3 {
		c.want(i, "CLUSTER FORGET "+c.id(3), "+OK\r\n")
	}
	c.turn(1)
	if got := c.sees(0, 3); got != "unknown" {
		t.Errorf("it is back: %q", got)
	}
	c.want(3, "CLUSTER MEET 127.0.0.1 7000", "+OK\r\n")
	c.all(3, "master - 4 connected")
}

// TestClusterMoves shows a slot that moves with a word to its two nodes alone, and a master whose
// last slot goes.
func TestClusterMoves(t *testing.T) {
	c := newTestNet(t, 3, nil)
	c.create(3)
	c.want(1, "CLUSTER SETSLOT 0 IMPORTING "+c.id(0), "+OK\r\n")
	c.want(0, "CLUSTER SETSLOT 0 MIGRATING "+c.id(1), "+OK\r\n")
	c.want(1, "CLUSTER SETSLOT 0 NODE "+c.id(1), "+OK\r\n")
	c.all(1, "master - 4 connected 0 5461-10921")
	c.want(0, "GET {06S}", "-MOVED 0 127.0.0.1:7001\r\n")
	for slot := 1; slot <= 5460; slot++ {
		c.want(0, fmt.Sprintf("CLUSTER SETSLOT %d NODE %s", slot, c.id(1)), "+OK\r\n")
		c.want(1, fmt.Sprintf("CLUSTER SETSLOT %d NODE %s", slot, c.id(1)), "+OK\r\n")
	}
	c.all(0, "slave 1 4 connected")
}

// TestClusterPublishes shows that a message reaches who listens at another node; one to a shard's
// channel reaches those of the shard.
func TestClusterPublishes(t *testing.T) {
	c := newTestNet(t, 6, nil)
	c.create(3)
	c.do(4, "SUBSCRIBE news")
	c.want(0, "PUBLISH news 1", ":0\r\n")
	c.settle()
	c.heard(4, "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\n1\r\n")
	c.do(3, "SSUBSCRIBE {06S}")
	c.want(0, "SPUBLISH {06S} 2", ":0\r\n")
	c.heard(3, "*3\r\n$8\r\nsmessage\r\n$5\r\n{06S}\r\n$1\r\n2\r\n")
}

// heard checks what a client of a node got last.
func (c *testNet) heard(node int, want string) {
	c.Helper()
	if got := c.nodes[node].out[1]; !strings.HasSuffix(got, want) {
		c.Errorf("node %d got %q; want %q", node, got, want)
	}
}
