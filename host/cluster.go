package host

import (
	"bytes"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/redlet/redlet/core"
)

// hashSlots is how many slots the keys of a cluster fall into.
const hashSlots = 16384

// neighbours are the other nodes of a Loop's cluster, which run in one process. It is an interface
// so that a program that has no cluster links nothing of the bus.
type neighbours interface {
	// carry hands a node's message to the others. One with a ticket is to an address: the node is
	// told whether one is there.
	carry(from *Loop, ev *core.Event)
	// connect has a connection made that a node asks for, if it is to another of them.
	connect(from *Loop, ev *core.Event) bool
	// leave tells the others that a node has ended.
	leave(l *Loop)
	// rejoin tells a new engine, in the place of one that died, what that one last told the others
	// and what they did: it has the id of the one before. Its owner calls it.
	rejoin(l *Loop) error
}

// alone is what a node has for neighbours that has none.
type alone struct{}

func (alone) carry(from *Loop, ev *core.Event) {
	from.answer(ev.Ticket, "there is no other node in this process")
}
func (alone) connect(*Loop, *core.Event) bool { return false }
func (alone) leave(*Loop)                     {}
func (alone) rejoin(*Loop) error              { return nil }

// bus carries what nodes of a cluster tell each other.
type bus struct {
	mu      sync.Mutex
	members []*member
}

// member is a node, and what it last told of itself.
type member struct {
	loop *Loop
	addr netip.AddrPort
	id   string
	said []byte // the nodes that it knows, as nodes.conf has them
}

// Bus has the engines of loops, which were started with cluster-enabled yes, hear each other: they
// can meet by CLUSTER MEET. addrs are where clients reach them, in the order of loops.
func Bus(loops []*Loop, addrs []netip.AddrPort) error {
	b := &bus{}
	for i, l := range loops {
		ids, err := l.Control("cluster")
		if err != nil {
			return err
		}
		id, _, _ := strings.Cut(ids, " ")
		b.members = append(b.members, &member{loop: l, addr: addrs[i], id: id})
	}
	for _, l := range loops {
		l.own(l.here())
		l.bus = b
		l.release()
	}
	return nil
}

// Cluster is Bus, and makes the engines a cluster, unless they have been one before and know of it
// by their files: of each row of replicas+1 nodes one is a master, as redis-cli --cluster create
// has it, and masters share the slots evenly; who is left over is one more replica. The masters
// come first. From then on slots move and replicas take over as clients say.
func Cluster(loops []*Loop, addrs []netip.AddrPort, replicas int) error {
	masters := len(loops) / (max(replicas, 0) + 1)
	if masters == 0 {
		return fmt.Errorf("a master with %d replicas takes more than %d nodes", replicas, len(loops))
	}
	if err := Bus(loops, addrs); err != nil {
		return err
	}
	if known, err := reunite(loops); known || err != nil {
		return err
	}
	ids, shards := make([]string, len(loops)), make([]string, len(loops))
	share, first, text := hashSlots/float64(masters), 0, ""
	for i, l := range loops {
		answer, err := l.Control("cluster")
		if err != nil {
			return err
		}
		word := strings.Fields(answer)
		ids[i], shards[i] = word[0], word[1]
		of, role, row := i%masters, "master -", ""
		if i < masters {
			last := int(math.Round(float64(i+1)*share)) - 1
			row, first = fmt.Sprintf(" %d-%d", first, last), last+1
		} else {
			role = "slave " + ids[of]
		}
		text += fmt.Sprintf("%s %s@%d,,shard-id=%s %s 0 0 %d connected%s\n", ids[i], addrs[i],
			int(addrs[i].Port())+10000, shards[of], role, i+1, row)
	}
	for _, l := range loops {
		if _, err := l.Control("cluster\n" + text); err != nil {
			return err
		}
	}
	return nil
}

// reunite has nodes that know of each other or of slots hear that the others are there again; known
// tells whether there are any.
func reunite(loops []*Loop) (known bool, err error) {
	for _, l := range loops {
		answer, err := l.Control("cluster")
		if err != nil {
			return false, err
		}
		word := strings.Fields(answer)
		known = known || word[2] != "1" || word[3] != "0"
	}
	for _, l := range loops {
		if known && err == nil {
			_, err = l.Control("cluster\n")
		}
	}
	return known, err
}

// ClusterConfig gives parameters of a node, unless they are given, the values with which nodes of
// one process work at once: a replica has the password, and is not made to wait for others.
func ClusterConfig(config map[string]string) {
	standard := func(name, value string) {
		if _, given := config[name]; !given && value != "" {
			config[name] = value
		}
	}
	standard("masterauth", config["requirepass"])
	standard("repl-diskless-sync-delay", "0")
}

func (b *bus) carry(from *Loop, ev *core.Event) {
	head, body, _ := bytes.Cut(ev.Data, []byte("\n"))
	word := strings.Fields(string(head))
	if len(word) < 3 {
		alone{}.carry(from, ev)
		return
	}
	in := []core.Input{{Kind: core.InCluster, Data: bytes.Clone(ev.Data)}}
	found, to := ev.Ticket == 0, ""
	if ev.Ticket != 0 {
		to = word[2]
	}
	b.mu.Lock()
	if m := b.of(from); m != nil {
		m.id = word[1]
		if word[0] == "ping" {
			m.said = bytes.Clone(body)
		}
	}
	others := slices.Clone(b.members)
	b.mu.Unlock()
	for _, m := range others {
		if to != "" && !m.is(to) {
			continue
		}
		if found = true; m.loop != from {
			m.loop.Send(in)
		}
	}
	if !found {
		from.answer(ev.Ticket, "no node of this process is at "+to+
			": the cluster bus of other processes is not spoken")
		return
	}
	from.answer(ev.Ticket, "")
}

// answer answers a question of the engine, which the caller owns, in the round that follows.
//
//go:noinline
func (l *Loop) answer(ticket uint32, text string) {
	if ticket != 0 {
		l.Send([]core.Input{{Kind: core.InDone, Ticket: ticket, Data: []byte(text)}})
	}
}

// of finds a loop's member. It is called with mu held.
func (b *bus) of(l *Loop) *member {
	for _, m := range b.members {
		if m.loop == l {
			return m
		}
	}
	return nil
}

// is tells whether a member is at an address: its own, or its port on another of this machine's.
func (m *member) is(address string) bool {
	a, err := netip.ParseAddrPort(address)
	switch {
	case err != nil || a.Port() != m.addr.Port():
		return false
	case a.Addr() == m.addr.Addr(), a.Addr().IsLoopback():
		return true
	}
	own, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(own, func(n net.Addr) bool {
		own, _ := n.(*net.IPNet)
		return own != nil && own.IP.Equal(a.Addr().AsSlice())
	})
}

func (b *bus) connect(from *Loop, ev *core.Event) bool {
	peer := b.at(ev.Path)
	if peer != nil {
		from.wire(peer, ev.Ticket)
	}
	return peer != nil
}

// at finds the node at an address, nil if there is none.
func (b *bus) at(address string) *Loop {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.members {
		if m.is(address) {
			return m.loop
		}
	}
	return nil
}

func (b *bus) leave(l *Loop) {
	b.mu.Lock()
	gone := b.of(l)
	b.members = slices.DeleteFunc(b.members, func(m *member) bool { return m == gone })
	others := slices.Clone(b.members)
	b.mu.Unlock()
	if gone == nil {
		return
	}
	in := []core.Input{{Kind: core.InCluster, Data: []byte("gone " + gone.id + " * 0 0\n")}}
	for _, m := range others {
		m.loop.Send(in)
	}
}

func (b *bus) rejoin(l *Loop) error {
	var me member
	var meetings []core.Input
	b.mu.Lock()
	if m := b.of(l); m != nil {
		me = *m
	}
	for _, m := range b.members {
		if m.loop != l && len(m.said) > 0 {
			meetings = append(meetings, core.Input{Kind: core.InCluster,
				Data: []byte("meet " + m.id + " " + me.id + " 0 0\n" + string(m.said))})
		}
	}
	b.mu.Unlock()
	if len(me.said) == 0 {
		return nil
	}
	_, err := l.order("cluster\n"+string(me.said), false)
	if err == nil {
		l.Send(meetings)
	}
	return err
}
