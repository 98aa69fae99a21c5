package core

import (
	"github.com/redlet/redlet/core/internal/dict"
	"github.com/redlet/redlet/core/internal/slots"
)

// cluster is a cluster as one of its nodes sees it, which the engine is. Nodes talk by messages,
// which the host carries between those of its process: see cluster_bus.go.
type cluster struct {
	nodes []*clusterNode // those that are known; the first is the engine itself
	slots [slots.Count]*clusterNode
	// to and from are where slots are moved, and from where. The first are the engine's own.
	to, from [slots.Count]*clusterNode
	epoch    int64
	up       bool // cluster_state is ok: slots are served
	asked    int  // the slot of the command that a client has sent, -1 if it has no keys
	keys     []KeyAt
	banned   []ban // nodes that were forgotten

	manual    manualFailover
	heldUntil Time // until when writes are held up for a replica that is to take over; 0 if not
	electAt   Time // when the engine takes its failed master's place; Never

	file   string // that keeps the nodes, once it was read; "" if none does
	saved  string // what it holds
	saving bool   // it is being written

	said           string   // what the others were last told
	saidAt         Time     // when, by the host's clock
	saidOffset     int64    // how far the stream then was
	sent, received [7]int64 // messages by their verbs, as busVerbs lists them
}

// clusterNode is a node of the cluster.
type clusterNode struct {
	_ [0]func() // not compared

	id, shard          string
	masterID           string // of whom it follows; "" of a master
	ip                 string
	port, busPort      int64
	hostname, nodename string
	noFailover         bool
	epoch              int64
	offset             int64 // how far its stream was when it last said so
	slots              int   // how many it serves
	linked             int64 // since when it is heard, in ms; 0 while it is not
	gone               Time  // since when it is not there, by the host's clock; Never while it is
	failed             bool  // it has been gone for long
}

// startCluster makes the engine a node of a cluster, alone and without slots.
func (e *Engine) startCluster() {
	me := &clusterNode{id: hex40(&e.random), shard: hex40(&e.random), gone: Never}
	e.cluster = &cluster{nodes: []*clusterNode{me}, electAt: Never}
	e.flags |= engineCluster
	e.cfg.change(findParameter([]byte("databases")), "1")
}

//go:noinline
func (k *cluster) me() *clusterNode { return k.nodes[0] }

// node finds a node by its id.
//
//go:noinline
func (k *cluster) node(id []byte) *clusterNode {
	for _, n := range k.nodes {
		if n.id == string(id) {
			return n
		}
	}
	return nil
}

// master is whom a node follows; nil of a master, or if that is not known.
//
//go:noinline
func (k *cluster) master(n *clusterNode) *clusterNode {
	if n.masterID == "" {
		return nil
	}
	return k.node([]byte(n.masterID))
}

// epochOf is the epoch of a node's slots: a replica's is its master's.
//
//go:noinline
func (k *cluster) epochOf(n *clusterNode) int64 {
	if master := k.master(n); master != nil {
		return master.epoch
	}
	return n.epoch
}

// serving counts the nodes that serve slots, the slots, and those of the nodes that have not
// failed.
//
//go:noinline
func (k *cluster) serving() (masters, assigned, reachable int) {
	for _, n := range k.nodes {
		if assigned += n.slots; n.slots > 0 {
			masters++
			if !n.failed {
				reachable++
			}
		}
	}
	return masters, assigned, reachable
}

// covered tells whether every slot is served.
func (k *cluster) covered() bool {
	slotsServed := 0
	for _, n := range k.nodes {
		if !n.failed {
			slotsServed += n.slots
		}
	}
	return slotsServed == slots.Count
}

// ranges lists the slots that a node serves: the first and the last of each row.
//
//go:noinline
func (k *cluster) ranges(n *clusterNode) (list [][2]int) {
	for slot, owner := range &k.slots {
		switch last := len(list) - 1; {
		case owner != n:
		case last >= 0 && list[last][1] == slot-1:
			list[last][1] = slot
		default:
			list = append(list, [2]int{slot, slot})
		}
	}
	return list
}

// assign gives a slot to a node, nil for nobody.
//
//go:noinline
func (k *cluster) assign(slot int, n *clusterNode) {
	if was := k.slots[slot]; was != nil {
		was.slots--
	}
	if k.slots[slot] = n; n != nil {
		n.slots++
	}
}

// mine tells whether the engine serves a slot, or is to, or its master does.
func (k *cluster) mine(slot int) bool {
	owner := k.slots[slot]
	return owner == k.me() || k.from[slot] != nil || owner != nil && owner.id == k.me().masterID
}

// bumpEpoch gives the engine's slots an epoch that is later than all others, and tells whether it
// took a new one for it.
func (k *cluster) bumpEpoch() bool {
	latest, me := k.epoch, k.me()
	for _, n := range k.nodes {
		latest = max(latest, n.epoch)
	}
	if me.epoch != 0 && me.epoch == latest {
		return false
	}
	k.epoch++
	me.epoch = k.epoch
	return true
}

// forget drops a node, and what has to do with it.
func (k *cluster) forget(n *clusterNode) {
	k.disown(n)
	for slot := range slots.Count {
		for _, moves := range [...]*[slots.Count]*clusterNode{&k.to, &k.from} {
			if moves[slot] == n {
				moves[slot] = nil
			}
		}
	}
	rest := k.nodes[:0]
	for _, other := range k.nodes {
		if other != n {
			rest = append(rest, other)
		}
	}
	k.nodes = rest
}

// setSlot gives a slot to a master that may be another. A node that so comes to have what it was to
// import makes it known by a new epoch.
func (e *Engine) setSlot(slot int, n *clusterNode) {
	k, me := e.cluster, e.cluster.me()
	was := k.slots[slot]
	if e.dbs[0].bySlot.len(slot) == 0 {
		k.to[slot] = nil
	}
	k.assign(slot, n)
	switch {
	case n == me && k.from[slot] != nil:
		k.bumpEpoch()
		k.from[slot] = nil
	case was == me && n != me && me.slots == 0 && e.cfg.clusterMigratesReplicas:
		e.replicate(n)
	}
}

// resetCluster has the engine forget the cluster; hard gives it another id, too. A replica becomes
// an empty master.
func (e *Engine) resetCluster(hard bool) {
	k, me := e.cluster, e.cluster.me()
	if me.masterID != "" {
		e.unfollow()
		e.emptyData()
	}
	for slot := range slots.Count {
		k.assign(slot, nil)
	}
	clear(k.to[:])
	clear(k.from[:])
	others := len(k.nodes) > 1
	if hard && others {
		e.sendBus("gone", "*", "", nil)
	}
	k.nodes = k.nodes[:1]
	k.manual, k.electAt = manualFailover{}, Never
	if hard {
		me.id, me.epoch, k.epoch = hex40(&e.random), 0, 0
	}
	if !hard && others {
		k.said = e.standing()
		e.ping()
	}
	e.clusterChanged()
}

// clusterConfigured takes up what parameters say of the node. Whether slots are served is looked at
// by Redis when slots have changed, and while they are not.
func (e *Engine) clusterConfigured() {
	cfg, me := &e.cfg, e.cluster.me()
	me.hostname, me.nodename = cfg.clusterHostname, cfg.clusterNodename
	me.noFailover = cfg.clusterNoFailover
	if cfg.clusterIP != "" {
		me.ip = cfg.clusterIP
	}
	if me.port = cfg.clusterAnnouncedPort; me.port == 0 {
		me.port = cfg.port
	}
	switch {
	case cfg.clusterAnnouncedBusPort != 0:
		me.busPort = cfg.clusterAnnouncedBusPort
	case cfg.clusterPort != 0:
		me.busPort = cfg.clusterPort
	default:
		me.busPort = cfg.port + 10000
	}
	if !e.cluster.up {
		e.clusterChanged()
		return
	}
	e.announce()
	e.saveNodes()
}

// orderCluster tells who the node is, or what nodes there are.
func (e *Engine) orderCluster(words [][]byte, nodes []byte) (answer, problem string) {
	k := e.cluster
	if k == nil || len(words) != 0 {
		return "", "no such order"
	}
	if nodes == nil {
		_, assigned, _ := k.serving()
		return k.me().id + " " + k.me().shard + " " + itoa(len(k.nodes)) + " " +
			itoa(assigned), ""
	}
	if line := e.takeNodes(nodes); line != "" {
		return "", "no line of a node: " + line
	}
	e.clusterConfigured()
	if m := e.master; m == nil || m.state != linkUp {
		e.followMaster()
	}
	k.said = "" // whoever has just come into the process is to hear of it, too
	e.clusterChanged()
	return "", ""
}

// clusterChanged is to be called when slots or nodes have changed. Who waits for a key that now
// stands elsewhere is told so, and who listens to a channel there hears no more of it.
func (e *Engine) clusterChanged() {
	k := e.cluster
	masters, assigned, reachable := k.serving()
	k.up = (k.covered() || assigned > 0 && !e.cfg.clusterFullCoverage) && reachable > masters/2
	e.leaveShardChannels()
	if e.blocked.count > 0 {
		e.redirectBlocked()
	}
	e.announce()
	e.saveNodes()
}

// leaveShardChannels ends subscriptions to channels of slots that are served elsewhere.
func (e *Engine) leaveShardChannels() {
	var gone []string
	for name := range e.pubsub.to[subShard].All {
		if !e.cluster.mine(slots.Of([]byte(name))) {
			gone = append(gone, name)
		}
	}
	for _, name := range gone {
		for {
			subs := e.subscribers(subShard, []byte(name))
			if len(subs) == 0 {
				break
			}
			cl := subs[0]
			e.unsubscribe(cl, subShard, name)
			w := e.pushes(cl)
			at := w.Len()
			w.Push(3)
			w.BulkString("sunsubscribe")
			w.BulkString(name)
			w.Count(cl.subCount(subShard))
			e.pushed(cl, w, at)
		}
	}
}

// redirectBlocked sends on those who wait for keys that are not served here any more.
func (e *Engine) redirectBlocked() {
	k := e.cluster
	for _, cl := range e.connsByID() {
		p := cl.blocked
		if p == nil || len(p.keys) == 0 {
			continue
		}
		slot := slots.Of([]byte(p.keys[0]))
		owner, why := k.slots[slot], redirectMoved
		switch {
		case !k.up:
			why = redirectDown
		case owner == k.me(), k.from[slot] != nil, e.servesReads(cl, owner, p.cmd.Flags):
			continue
		case owner == nil:
			why = redirectUnbound
		}
		text := e.redirection(why, slot, owner)
		e.unblockWithReply(p, func(c *Call) { c.Error(text) })
	}
}

// redirect is why a command is not run here.
type redirect uint8

const (
	redirectNone redirect = iota
	redirectCrossSlot
	redirectTryAgain
	redirectUnbound
	redirectDown
	redirectDownForWrites
	redirectMoved
	redirectAsk
)

// route looks where a command belongs: whether it is run here, or why not, and which node is to be
// asked instead. slot is -1 if it has no keys.
func (e *Engine) route(c *Call) (why redirect, slot int, to *clusterNode) {
	k := e.cluster
	r := router{e: e, k: k, slot: -1}
	if c.cmd.Flags&RunsQueue != 0 {
		for i := range c.conn.queue {
			q := &c.conn.queue[i]
			if why := r.add(q.cmd, q.args); why != redirectNone {
				return why, r.slot, nil
			}
		}
	} else if why := r.add(c.cmd, c.Args); why != redirectNone {
		return why, r.slot, nil
	}
	if r.slot < 0 {
		return redirectNone, -1, nil
	}
	owner, flags := k.slots[r.slot], c.commandFlags()
	opened := r.migrating || r.importing
	switch {
	case !k.up && r.channels && e.cfg.clusterChannelsWhenDown:
	case !k.up && (r.channels || !e.cfg.clusterReadsWhenDown):
		return redirectDown, r.slot, nil
	case !k.up && flags&Write != 0:
		return redirectDownForWrites, r.slot, nil
	}
	switch {
	case opened && c.cmd.Flags&Awaits != 0: // MIGRATE is what moves the keys
	case r.migrating && r.missing && r.existing:
		return redirectTryAgain, r.slot, nil
	case r.migrating && r.missing:
		return redirectAsk, r.slot, k.to[r.slot]
	case r.importing && (c.conn.asking == 1 || flags&Asking != 0):
		if r.several && r.missing {
			return redirectTryAgain, r.slot, nil
		}
	case owner != k.me() && (!r.channels || !k.mine(r.slot)) && !e.servesReads(c.conn, owner, flags):
		return redirectMoved, r.slot, owner
	}
	return redirectNone, r.slot, nil
}

// servesReads tells whether a client may read here what the engine's master serves.
func (e *Engine) servesReads(cl *conn, owner *clusterNode, flags Flag) bool {
	return cl.readOnly && flags&Write == 0 && owner != nil && owner.id == e.cluster.me().masterID
}

// router collects what is to be known of the keys of a command, or of a transaction.
type router struct {
	e                    *Engine
	k                    *cluster
	slot                 int
	first                []byte
	migrating, importing bool
	several              bool // keys that differ
	missing, existing    bool
	channels             bool // they are shard channels
}

func (r *router) add(cmd *Command, args [][]byte) redirect {
	if cmd.Keys == "" && (cmd.Line == nil || cmd.Line.Keys == nil) {
		return redirectNone
	}
	keys, ok := r.e.appendKeys(cmd, r.k.keys[:0], args, true)
	r.k.keys = keys
	if !ok {
		return redirectNone
	}
	r.channels = r.channels || cmd.Flags&PubSub != 0
	for i := range keys {
		key := args[keys[i].Index]
		slot := slots.Of(key)
		switch {
		case r.slot < 0:
			if r.k.slots[slot] == nil {
				return redirectUnbound
			}
			r.slot, r.first = slot, key
			r.migrating = r.k.slots[slot] == r.k.me() && r.k.to[slot] != nil
			r.importing = !r.migrating && r.k.from[slot] != nil
		case slot != r.slot:
			return redirectCrossSlot
		case string(key) != string(r.first):
			r.several = true
		}
		if (r.migrating || r.importing) && !r.channels {
			there := r.e.dbs[0].keys.Find(key) != nil
			r.existing, r.missing = r.existing || there, r.missing || !there
		}
	}
	return redirectNone
}

// redirection words why a command is not run here.
func (e *Engine) redirection(why redirect, slot int, to *clusterNode) string {
	text := "MOVED "
	switch why {
	case redirectCrossSlot:
		return "CROSSSLOT Keys in request don't hash to the same slot"
	case redirectTryAgain:
		return "TRYAGAIN Multiple keys request during rehashing of slot"
	case redirectUnbound:
		return "CLUSTERDOWN Hash slot not served"
	case redirectDown:
		return "CLUSTERDOWN The cluster is down"
	case redirectDownForWrites:
		return "CLUSTERDOWN The cluster is down and only accepts read commands"
	case redirectAsk:
		text = "ASK "
	}
	endpoint, _ := e.endpoint(to)
	return text + itoa(slot) + " " + endpoint + ":" + itoa(to.port)
}

// endpoint is where clients are told to find a node; known is false if that is not to be told.
//
//go:noinline
func (e *Engine) endpoint(n *clusterNode) (at string, known bool) {
	switch e.cfg.clusterEndpoint {
	case endpointIP:
		return n.ip, true
	case endpointHostname:
		if n.hostname == "" {
			return "?", true
		}
		return n.hostname, true
	}
	return "", false
}

// The values of cluster-preferred-endpoint-type, but for unknown-endpoint.
const (
	endpointIP = iota
	endpointHostname
)

// mode is how HELLO and INFO call what the engine is.
func (e *Engine) mode() string {
	if e.cluster != nil {
		return "cluster"
	}
	return "standalone"
}

// refusedInCluster refuses, in a cluster, a command that is about several databases: there is one.
func (c *Call) refusedInCluster() bool {
	if c.e.cluster == nil {
		return false
	}
	c.Error("ERR " + upper(c.cmd.full()) + " is not allowed in cluster mode")
	return true
}

// checkCluster sends clients on to the node that serves the keys of their command.
func checkCluster(c *Call, _ place) verdict {
	e, cl := c.e, c.conn
	if cl.asking > 0 && !cl.has(connMulti) {
		cl.asking--
	}
	why, slot, to := e.route(c)
	e.cluster.asked = slot
	if why == redirectNone {
		return allowed
	}
	text := e.redirection(why, slot, to)
	e.stats.of(c.cmd).rejected++
	switch {
	case c.cmd.Flags&RunsQueue != 0:
		e.discard(cl)
	case cl.has(connMulti):
		cl.dirtyExec = true
	}
	cl.forgetCaching(c.cmd)
	e.countError([]byte(text))
	c.Error(text)
	return answered
}

// checkScriptCluster keeps a script to the keys of one slot, unless it has declared otherwise.
func checkScriptCluster(c *Call, _ place) verdict {
	why, slot, _ := c.e.route(c)
	s := &c.e.scripts
	switch {
	case why == redirectDownForWrites:
		return "ERR Script attempted to execute a write command while the cluster is down and " +
			"readonly"
	case why == redirectDown:
		return "ERR Script attempted to execute a command while the cluster is down"
	case why == redirectUnbound:
		return "ERR Script attempted to access a slot not served"
	case why == redirectCrossSlot:
		return verdict("ERR Command '" + c.cmd.full() + "' in script attempted to access keys that " +
			"don't hash to the same slot")
	case why != redirectNone:
		return "ERR Script attempted to access a non local key in a cluster node"
	case slot < 0, s.flags&(scriptDeclared|scriptCrossSlot) != scriptDeclared:
	case s.slot >= 0 && s.slot != slot:
		return "ERR Script attempted to access keys that do not hash to the same slot"
	default:
		s.slot = slot
	}
	return allowed
}

func checkNoCluster(c *Call, _ place) verdict {
	if c.e.scripts.flags&scriptNoCluster != 0 {
		return "ERR Can not run script on cluster, 'no-cluster' flag is set."
	}
	return allowed
}

// slotIndex are the keys of a database by their slots.
type slotIndex [slots.Count]*dict.Dict[*object]

func (x *slotIndex) add(key []byte) {
	of := &x[slots.Of(key)]
	if *of == nil {
		*of = &dict.Dict[*object]{}
	}
	(*of).Put(key)
}

func (x *slotIndex) remove(key []byte) {
	of := &x[slots.Of(key)]
	(*of).Delete(key)
	if (*of).Len() == 0 {
		*of = nil
	}
}

// len counts the keys of a slot.
func (x *slotIndex) len(slot int) int {
	if x == nil || x[slot] == nil {
		return 0
	}
	return x[slot].Len()
}
