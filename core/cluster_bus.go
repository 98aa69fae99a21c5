package core

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/redlet/redlet/core/internal/slots"
	"github.com/redlet/redlet/core/internal/small"
)

// What nodes of a cluster tell one another. Redis's nodes do so by connections of their own, the
// bus; ours by events, which the host hands to the other nodes of its process. What they say and
// what follows from it is as on that bus: a node speaks for itself, tells of others that they are
// there, and of two that claim a slot the one with the later epoch has it.
//
// A message is text. Its head is one line: verb, sender, whom it is for ("*" is all), the latest
// epoch known and how far the sender's stream is. Lines of nodes follow, as in nodes.conf: the
// sender's own, and those it knows without their slots.
//
//	ping         how things stand with the sender
//	meet         the same, to an address or a node: get to know me
//	pong         the answer
//	update       a node that has slots which the one that it is for claims
//	mfstart      the sender, a replica, is to take over: hold up writes
//	mfoffset     they are held up: take over when you are as far as I am
//	publish      a message for subscribers; its line is the length of the channel, which follows
//	publishshard the same, for those of a shard channel
//	gone         the host says that the sender has ended
type busMessage struct {
	verb, sender, target string
	epoch, offset        int64
	body                 []byte
}

// busVerbs are the verbs that CLUSTER INFO counts, in its order.
const busVerbs = "ping pong meet publish update mfstart publishshard"

// parseBus reads a message.
func parseBus(data []byte) (m busMessage, ok bool) {
	head, body, _ := bytes.Cut(data, []byte("\n"))
	w := strings.Fields(string(head))
	if len(w) != 5 {
		return m, false
	}
	epoch, err := strconv.ParseInt(w[3], 10, 64)
	offset, err2 := strconv.ParseInt(w[4], 10, 64)
	return busMessage{w[0], w[1], w[2], epoch, offset, body}, err == nil && err2 == nil
}

// sendBus sends a message. One with an answer is to an address, of which the host says whether a
// node is there.
func (e *Engine) sendBus(verb, target, body string, answer func(in *Input)) {
	k := e.cluster
	k.countMessage(&k.sent, verb)
	ev := Event{Kind: EventCluster, Data: []byte(verb + " " + k.me().id + " " + target + " " +
		string(decimal(k.epoch)) + " " + string(decimal(e.replicas.offset)) + "\n" + body)}
	if answer == nil {
		e.emit(ev)
		return
	}
	e.ask(ev, answer)
}

// countMessage counts a message by its verb.
func (k *cluster) countMessage(counts *[7]int64, verb string) {
	if i := slices.Index(strings.Fields(busVerbs), verb); i >= 0 {
		counts[i]++
	}
}

// standing is what a node says of itself and of those that it knows.
func (e *Engine) standing() string {
	k := e.cluster
	text := string(e.appendNode(nil, k.me(), nodeTold|nodeSlots))
	for _, n := range k.nodes[1:] {
		text += "\n" + string(e.appendNode(nil, n, nodeTold))
	}
	return text
}

// announce tells the others how things stand, if that has changed.
func (e *Engine) announce() {
	k := e.cluster
	if len(k.nodes) == 1 {
		k.said = ""
		return
	}
	if now := e.standing(); now != k.said {
		k.said = now
		e.ping()
	}
}

// ping tells the others how things stand.
func (e *Engine) ping() {
	k := e.cluster
	k.saidAt, k.saidOffset = e.clock.host, e.replicas.offset
	e.sendBus("ping", "*", k.said, nil)
}

// meet has a node at an address, or one that another has told of, get to know this one.
func (e *Engine) meet(target string, answer func(in *Input)) {
	e.sendBus("meet", target, e.standing(), answer)
}

// heard takes a message in.
func (e *Engine) heard(data []byte) {
	k := e.cluster
	m, ok := parseBus(data)
	if !ok || k == nil || m.sender == k.me().id {
		return
	}
	n := k.node([]byte(m.sender))
	meets := m.verb == "meet"
	if m.target != "*" && m.target != k.me().id && !(meets && strings.Contains(m.target, ":")) {
		return
	}
	k.countMessage(&k.received, m.verb)
	switch {
	case m.verb == "gone":
		e.nodeGone(n)
		return
	case n == nil && (meets || m.verb == "pong"):
		n = k.add(m.sender)
		k.banned = small.DeleteFunc(k.banned, func(b ban) bool { return b.id == m.sender })
	case n == nil:
		return
	}
	if n.linked == 0 {
		n.linked = e.keyMs()
	}
	n.gone, n.failed, n.offset = Never, false, m.offset
	k.epoch = max(k.epoch, m.epoch)
	switch m.verb {
	case "publish", "publishshard":
		e.heardMessage(&m)
		return
	case "mfstart":
		e.holdForFailover(n)
		return
	case "mfoffset":
		e.mayTakeOver(n, m.offset)
		return
	case "update":
		e.heardUpdate(m.body)
	default:
		if meets {
			k.met(m.target)
		}
		e.heardStanding(n, m.body)
	}
	if meets {
		e.sendBus("pong", n.id, e.standing(), nil)
	}
	e.clusterChanged()
}

// met learns from an address that it was found at where this node is.
//
//go:noinline
func (k *cluster) met(address string) {
	if i := strings.LastIndexByte(address, ':'); i >= 0 && k.me().ip == "" {
		k.me().ip = strings.Trim(address[:i], "[]")
	}
}

// heardMessage gives a message to those who listen here.
func (e *Engine) heardMessage(m *busMessage) {
	line, rest, _ := bytes.Cut(m.body, []byte("\n"))
	n, ok := parseInt(string(line))
	if !ok || n < 0 || n > int64(len(rest)) {
		return
	}
	if m.verb == "publish" {
		e.publish(rest[:n], rest[n:])
	} else {
		e.publishShard(rest[:n], rest[n:])
	}
}

// spread sends a message for subscribers to the other nodes, or to those of the own shard.
func (e *Engine) spread(verb string, channel, message []byte) {
	k := e.cluster
	body := string(decimal(int64(len(channel)))) + "\n" + string(channel) + string(message)
	if verb == "publish" {
		if len(k.nodes) > 1 {
			e.sendBus(verb, "*", body, nil)
		}
		return
	}
	for _, n := range k.nodes[1:] {
		if n.shard == k.me().shard {
			e.sendBus(verb, n.id, body, nil)
		}
	}
}

// heardStanding takes up what a node says of itself, and whom else it knows.
func (e *Engine) heardStanding(n *clusterNode, body []byte) {
	k := e.cluster
	for i, line := range bytes.Split(body, []byte("\n")) {
		told, ok := readNode(line)
		switch {
		case !ok:
			return
		case i == 0:
			e.heardOf(n, &told)
		case k.node([]byte(told.id)) == nil && !told.failed && !k.isBanned(e, told.id):
			other := k.add(told.id)
			other.learn(&told.clusterNode)
			e.meet(other.id, nil)
		}
	}
}

// heardOf takes up what a node says of itself.
func (e *Engine) heardOf(n *clusterNode, told *nodeLine) {
	k, me := e.cluster, e.cluster.me()
	moved := n.ip != told.ip || n.port != told.port
	n.learn(&told.clusterNode)
	if n.masterID != "" {
		k.disown(n)
	} else {
		e.claimed(n, told.ranges)
		e.collide(n)
	}
	master := k.master(me)
	switch {
	case master == nil:
	case master == n && moved && e.master != nil:
		e.follow(n.ip, n.port, true)
	case master.masterID != "" && master.masterID != me.id: // as the master of its master went on
		if top := k.node([]byte(master.masterID)); top != nil {
			e.replicate(top)
		}
	}
}

// heardUpdate takes up that another node has slots which this one claims.
func (e *Engine) heardUpdate(line []byte) {
	told, ok := readNode(line)
	if !ok {
		return
	}
	if n := e.cluster.node([]byte(told.id)); n != nil && n != e.cluster.me() && told.epoch > n.epoch {
		n.epoch, n.masterID = told.epoch, ""
		e.claimed(n, told.ranges)
	}
}

// claimed gives a node the slots that it claims, where it does so by a later epoch than who has
// them. A master whose last slot goes so follows the node; keys of slots that are gone, go.
func (e *Engine) claimed(n *clusterNode, ranges [][2]int) {
	k, me := e.cluster, e.cluster.me()
	mine := me
	if master := k.master(me); master != nil {
		mine = master
	}
	var lost []int
	taken, claims, later := 0, 0, (*clusterNode)(nil)
	for _, r := range ranges {
		for slot := r[0]; slot <= r[1]; slot++ {
			claims++
			switch owner := k.slots[slot]; {
			case owner == n, k.from[slot] != nil:
			case owner != nil && owner.epoch >= n.epoch:
				if owner.epoch > n.epoch {
					later = owner
				}
			default:
				if owner == mine && owner != nil {
					taken++
					lost = append(lost, slot)
				}
				k.to[slot] = nil
				k.assign(slot, n)
			}
		}
	}
	if later != nil {
		e.sendBus("update", n.id, string(e.appendNode(nil, later, nodeTold|nodeSlots)), nil)
	}
	switch {
	case taken == 0:
	case mine.slots == 0 && (e.cfg.clusterMigratesReplicas || taken == claims):
		e.replicate(n)
	case mine == me:
		e.dropSlots(lost)
	}
}

// dropSlots removes the keys of slots.
func (e *Engine) dropSlots(list []int) {
	index := e.dbs[0].bySlot
	for _, slot := range list {
		for index.len(slot) > 0 {
			key, _ := index[slot].At(0)
			e.deleteStray(e.dbs[0], key)
		}
	}
	e.propagatePending()
}

// collide has one of two masters with the same epoch take another: the one with the smaller id.
func (e *Engine) collide(n *clusterNode) {
	k, me := e.cluster, e.cluster.me()
	if me.masterID == "" && n.epoch == me.epoch && n.id > me.id {
		k.epoch++
		me.epoch = k.epoch
	}
}

// add makes a node known.
//
//go:noinline
func (k *cluster) add(id string) *clusterNode {
	n := &clusterNode{id: id, gone: Never}
	k.nodes = append(k.nodes, n)
	return n
}

// learn takes over what a node tells of itself, but its slots.
//
//go:noinline
func (n *clusterNode) learn(told *clusterNode) {
	kept := *n
	*n = *told
	n.id, n.slots, n.linked, n.offset = kept.id, kept.slots, kept.linked, kept.offset
	n.gone, n.failed = kept.gone, false
	if n.epoch < kept.epoch {
		n.epoch = kept.epoch
	}
}

// disown takes all slots from a node.
func (k *cluster) disown(n *clusterNode) {
	for slot := 0; slot < slots.Count && n.slots > 0; slot++ {
		if k.slots[slot] == n {
			k.assign(slot, nil)
		}
	}
}

// ban is a node that was forgotten, of which others go on telling.
type ban struct {
	id    string
	until Time // by the host's clock
}

// banTime is how long a forgotten node stays so.
const banTime Time = 60e6

// isBanned tells whether a node has been forgotten.
//
//go:noinline
func (k *cluster) isBanned(e *Engine, id string) bool {
	k.banned = small.DeleteFunc(k.banned, func(b ban) bool { return e.clock.host >= b.until })
	return slices.ContainsFunc(k.banned, func(b ban) bool { return b.id == id })
}
