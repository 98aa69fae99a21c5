package core

import (
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/slots"
)

var clusterCommands = inCluster([]Command{
	{
		Name: "readonly", Since: "3.0", Group: "cluster",
		Flags:      Loading | Stale | Fast,
		Cats:       CatConnection,
		Summary:    "Lets a connection read from a replica of a cluster.",
		Complexity: "O(1)",
		Run:        cmdReadonly,
	},
	{
		Name: "readwrite", Since: "3.0", Group: "cluster",
		Flags:      Loading | Stale | Fast,
		Cats:       CatConnection,
		Summary:    "Ends what READONLY began.",
		Complexity: "O(1)",
		Run:        cmdReadwrite,
	},
	{
		Name: "asking", Since: "3.0", Group: "cluster",
		Flags:      Fast,
		Cats:       CatConnection,
		Summary:    "Says that a client follows a redirection by ASK.",
		Complexity: "O(1)",
		Run:        cmdAsking,
	},
	{
		Name: "cluster", Since: "3.0", Group: "cluster",
		Arity:      -2,
		Summary:    "Groups the commands that manage a cluster.",
		Complexity: "that of the subcommand",
		Sub:        clusterSubcommands,
	},
})

var clusterSubcommands = []Command{
	{
		Name: "addslots", Since: "3.0", Group: "cluster",
		Flags:      Admin | Stale | NoAsyncLoading,
		Syntax:     "slot:int...",
		Summary:    "Gives the node hash slots.",
		Complexity: "O(N) for N slots",
		Run:        cmdClusterAddslots,
	},
	{
		Name: "addslotsrange", Since: "7.0", Group: "cluster",
		Flags:      Admin | Stale | NoAsyncLoading,
		Syntax:     "range:{start-slot:int end-slot:int}...",
		Summary:    "Gives the node ranges of hash slots.",
		Complexity: "O(N) for N slots",
		Run:        cmdClusterAddslotsrange,
	},
	{
		Name: "bumpepoch", Since: "3.0", Group: "cluster",
		Flags:      Admin | Stale | NoAsyncLoading,
		Tips:       "nondeterministic_output",
		Summary:    "Advances the epoch of the cluster's configuration.",
		Complexity: "O(1)",
		Run:        cmdClusterBumpepoch,
	},
	{
		Name: "count-failure-reports", Since: "3.0", Group: "cluster",
		Flags:      Admin | Stale,
		Syntax:     "node-id",
		Tips:       "nondeterministic_output",
		Summary:    "Counts who reports a node as failing.",
		Complexity: "O(N) for N reports",
		Run:        cmdClusterCountFailureReports,
	},
	{
		Name: "countkeysinslot", Since: "3.0", Group: "cluster",
		Flags:      Stale,
		Syntax:     "slot:int",
		Summary:    "Counts the keys of a hash slot.",
		Complexity: "O(1)",
		Run:        cmdClusterCountkeysinslot,
	},
	{
		Name: "delslots", Since: "3.0", Group: "cluster",
		Flags:      Admin | Stale | NoAsyncLoading,
		Syntax:     "slot:int...",
		Summary:    "Takes hash slots from the node.",
		Complexity: "O(N) for N slots",
		Run:        cmdClusterDelslots,
	},
	{
		Name: "delslotsrange", Since: "7.0", Group: "cluster",
		Flags:      Admin | Stale | NoAsyncLoading,
		Syntax:     "range:{start-slot:int end-slot:int}...",
		Summary:    "Takes ranges of hash slots from the node.",
		Complexity: "O(N) for N slots",
		Run:        cmdClusterDelslotsrange,
	},
	{
		Name: "failover", Since: "3.0", Group: "cluster",
		Flags:      Admin | Stale | NoAsyncLoading,
		Syntax:     "[options:(FORCE|TAKEOVER)]",
		Summary:    "Makes a replica take the place of its master.",
		Complexity: "O(1)",
		Run:        cmdClusterFailover,
	},
	{
		Name: "flushslots", Since: "3.0", Group: "cluster",
		Flags:      Admin | Stale | NoAsyncLoading,
		Summary:    "Takes all hash slots from the node.",
		Complexity: "O(1)",
		Run:        cmdClusterFlushslots,
	},
	{
		Name: "forget", Since: "3.0", Group: "cluster",
		Flags:      Admin | Stale | NoAsyncLoading,
		Syntax:     "node-id",
		Summary:    "Drops a node from the table of nodes.",
		Complexity: "O(1)",
		Run:        cmdClusterForget,
	},
	{
		Name: "getkeysinslot", Since: "3.0", Group: "cluster",
		Flags:      Stale,
		Syntax:     "slot:int count:int",
		Tips:       "nondeterministic_output",
		Summary:    "Lists keys of a hash slot.",
		Complexity: "O(N) for N keys",
		Run:        cmdClusterGetkeysinslot,
	},
	{
		Name: "help", Since: "5.0", Group: "cluster",
		Flags:      Loading | Stale,
		Summary:    "Explains the subcommands.",
		Complexity: "O(1)",
		Run:        cmdHelp,
	},
	{
		Name: "info", Since: "3.0", Group: "cluster",
		Flags:      Stale,
		Tips:       "nondeterministic_output",
		Summary:    "Tells how the node sees the cluster.",
		Complexity: "O(1)",
		Run:        cmdClusterInfo,
	},
	{
		Name: "keyslot", Since: "3.0", Group: "cluster",
		Flags:      Stale,
		Syntax:     "key:string",
		Summary:    "Gives the hash slot of a key.",
		Complexity: "O(N) for a key of N bytes",
		Run:        cmdClusterKeyslot,
	},
	{
		Name: "links", Since: "7.0", Group: "cluster",
		Flags:      Stale,
		Tips:       "nondeterministic_output",
		Summary:    "Lists the connections between the node and others.",
		Complexity: "O(N) for N nodes",
		Run:        cmdClusterLinks,
	},
	{
		Name: "meet", Since: "3.0", Group: "cluster",
		Flags:      Admin | Stale | NoAsyncLoading,
		Syntax:     "ip port:int [cluster-bus-port:int^4.0]",
		Summary:    "Makes the node get to know another.",
		Complexity: "O(1)",
		History:    "4.0 the port of the cluster bus",
		Run:        cmdClusterMeet,
	},
	{
		Name: "myid", Since: "3.0", Group: "cluster",
		Flags:      Stale,
		Summary:    "Gives the node's id.",
		Complexity: "O(1)",
		Run:        cmdClusterMyid,
	},
	{
		Name: "myshardid", Since: "7.2", Group: "cluster",
		Flags:      Stale,
		Tips:       "nondeterministic_output",
		Summary:    "Gives the id of the node's shard.",
		Complexity: "O(1)",
		Run:        cmdClusterMyshardid,
	},
	{
		Name: "nodes", Since: "3.0", Group: "cluster",
		Flags:      Stale,
		Tips:       "nondeterministic_output",
		Summary:    "Lists the nodes that the node knows.",
		Complexity: "O(N) for N nodes",
		Run:        cmdClusterNodes,
	},
	{
		Name: "replicas", Since: "5.0", Group: "cluster",
		Flags:      Admin | Stale,
		Syntax:     "node-id",
		Tips:       "nondeterministic_output",
		Summary:    "Lists the replicas of a master.",
		Complexity: "O(N) for N replicas",
		Run:        cmdClusterReplicas,
	},
	{
		Name: "replicate", Since: "3.0", Group: "cluster",
		Flags:      Admin | Stale | NoAsyncLoading,
		Syntax:     "node-id",
		Summary:    "Makes the node a replica of another.",
		Complexity: "O(1)",
		Run:        cmdClusterReplicate,
	},
	{
		Name: "reset", Since: "3.0", Group: "cluster",
		Flags:      Admin | NoScript | Stale,
		Syntax:     "[reset-type:(HARD|SOFT)]",
		Summary:    "Makes the node forget the cluster.",
		Complexity: "O(N) for N nodes",
		Run:        cmdClusterReset,
	},
	{
		Name: "saveconfig", Since: "3.0", Group: "cluster",
		Flags:      Admin | Stale | NoAsyncLoading,
		Summary:    "Writes the cluster's configuration to the disk.",
		Complexity: "O(1)",
		Run:        cmdClusterSaveconfig,
	},
	{
		Name: "set-config-epoch", Since: "3.0", Group: "cluster",
		Flags:      Admin | Stale | NoAsyncLoading,
		Syntax:     "config-epoch:int",
		Summary:    "Sets the epoch of a new node.",
		Complexity: "O(1)",
		Run:        cmdClusterSetConfigEpoch,
	},
	{
		Name: "setslot", Since: "3.0", Group: "cluster",
		Flags: Admin | Stale | NoAsyncLoading,
		Syntax: `slot:int subcommand:(IMPORTING importing"node-id"|MIGRATING migrating"node-id"|` +
			`NODE node"node-id"|STABLE)`,
		Summary:    "Says which node serves a hash slot, or is to.",
		Complexity: "O(1)",
		Run:        cmdClusterSetslot,
	},
	{
		Name: "shards", Since: "7.0", Group: "cluster",
		Flags:      Loading | Stale,
		Tips:       "nondeterministic_output",
		Summary:    "Tells which shard serves which hash slots.",
		Complexity: "O(N) for N nodes",
		Run:        cmdClusterShards,
	},
	{
		Name: "slaves", Since: "3.0", Group: "cluster",
		Flags:      Admin | Stale,
		Syntax:     "node-id",
		Tips:       "nondeterministic_output",
		Summary:    "Lists the replicas of a master.",
		Complexity: "O(N) for N replicas",
		Deprecated: &Deprecation{"5.0", "`CLUSTER REPLICAS`"},
		Run:        cmdClusterReplicas,
	},
	{
		Name: "slots", Since: "3.0", Group: "cluster",
		Flags:      Loading | Stale,
		Tips:       "nondeterministic_output",
		Summary:    "Tells which node serves which hash slots.",
		Complexity: "O(N) for N nodes",
		History:    "4.0 the nodes' ids; 7.0 more of how nodes are reached",
		Deprecated: &Deprecation{"7.0", "`CLUSTER SHARDS`"},
		Run:        cmdClusterSlots,
	},
}

// inCluster has commands that only a node of a cluster has refused by others.
func inCluster(list []Command) []Command {
	for i := range list {
		cmd := &list[i]
		if run := cmd.Run; run != nil {
			cmd.Run = func(c *Call) {
				if c.e.cluster == nil {
					c.Error("ERR This instance has cluster support disabled")
					return
				}
				run(c)
			}
		}
		inCluster(cmd.Sub)
	}
	return list
}

func cmdReadonly(c *Call) {
	c.conn.readOnly = true
	c.OK()
}

func cmdReadwrite(c *Call) {
	c.conn.readOnly = false
	c.OK()
}

func cmdAsking(c *Call) {
	c.conn.asking = 2
	c.OK()
}

const errSlot = "ERR Invalid or out of range slot"

// argSlot reads a slot.
func (c *Call) argSlot(i int) (int, bool) {
	n, ok := c.argRange(i, 0, slots.Count-1, errSlot)
	return int(n), ok
}

// slotRanges reads slots, or ranges of them, that are to be given to a node which has none of them
// (taken false) or taken from those that have them.
func (c *Call) slotRanges(ranges, taken bool) (list []int, ok bool) {
	if ranges && len(c.Args)%2 != 0 {
		c.Error(errArity(c.cmd))
		return nil, false
	}
	step := 1
	if ranges {
		step = 2
	}
	var bounds []int
	for i := 2; i < len(c.Args); i += step {
		start, ok := c.argSlot(i)
		if !ok {
			return nil, false
		}
		end, ok := c.argSlot(i + step - 1)
		if !ok {
			return nil, false
		}
		if start > end {
			c.Error("ERR start slot number " + itoa(start) +
				" is greater than end slot number " + itoa(end))
			return nil, false
		}
		bounds = append(bounds, start, end)
	}
	var seen [slots.Count]bool
	for i := 0; i < len(bounds); i += 2 {
		for slot := bounds[i]; slot <= bounds[i+1]; slot++ {
			why := ""
			switch owned := c.e.cluster.slots[slot] != nil; {
			case taken && !owned:
				why = " is already unassigned"
			case !taken && owned:
				why = " is already busy"
			case seen[slot]:
				why = " specified multiple times"
			}
			if why != "" {
				c.Error("ERR Slot " + itoa(slot) + why)
				return nil, false
			}
			seen[slot] = true
			list = append(list, slot)
		}
	}
	return list, true
}

func cmdClusterAddslots(c *Call)      { c.moveSlots(false, true) }
func cmdClusterAddslotsrange(c *Call) { c.moveSlots(true, true) }
func cmdClusterDelslots(c *Call)      { c.moveSlots(false, false) }
func cmdClusterDelslotsrange(c *Call) { c.moveSlots(true, false) }

// moveSlots gives the node slots (add), or takes them from whoever has them.
func (c *Call) moveSlots(ranges, add bool) {
	list, ok := c.slotRanges(ranges, !add)
	if !ok {
		return
	}
	k, to := c.e.cluster, (*clusterNode)(nil)
	if add {
		to = k.me()
	}
	for _, slot := range list {
		k.assign(slot, to)
		if add {
			k.from[slot] = nil
		}
	}
	c.e.clusterChanged()
	c.OK()
}

func cmdClusterFlushslots(c *Call) {
	if c.e.dbs[0].keys.Len() > 0 {
		c.Error("ERR DB must be empty to perform CLUSTER FLUSHSLOTS.")
		return
	}
	k := c.e.cluster
	for slot, owner := range &k.slots {
		if owner == k.me() {
			k.assign(slot, nil)
		}
	}
	c.e.clusterChanged()
	c.OK()
}

func cmdClusterBumpepoch(c *Call) {
	word := "STILL "
	if c.e.cluster.bumpEpoch() {
		word = "BUMPED "
	}
	c.e.clusterChanged()
	c.Status(word + itoa(c.e.cluster.me().epoch))
}

func cmdClusterSetConfigEpoch(c *Call) {
	epoch, ok := c.ArgInt(2)
	if !ok {
		return
	}
	k := c.e.cluster
	switch {
	case epoch < 0:
		c.Error("ERR Invalid config epoch specified: " + itoa(epoch))
	case len(k.nodes) > 1:
		c.Error("ERR The user can assign a config epoch only when the node does not know any " +
			"other node.")
	case k.me().epoch != 0:
		c.Error("ERR Node config epoch is already non-zero")
	default:
		k.me().epoch, k.epoch = epoch, max(k.epoch, epoch)
		c.e.clusterChanged()
		c.OK()
	}
}

func cmdClusterKeyslot(c *Call) { c.Count(slots.Of(c.Args[2])) }

func cmdClusterCountkeysinslot(c *Call) {
	slot, ok := c.ArgInt(2)
	switch {
	case !ok:
	case slot < 0 || slot >= slots.Count:
		c.Error("ERR Invalid slot")
	default:
		c.Count(c.e.dbs[0].bySlot.len(int(slot)))
	}
}

func cmdClusterGetkeysinslot(c *Call) {
	slot, ok := c.ArgInt(2)
	if !ok {
		return
	}
	most, ok := c.ArgInt(3)
	if !ok {
		return
	}
	if slot < 0 || slot >= slots.Count || most < 0 {
		c.Error("ERR Invalid slot or number of keys")
		return
	}
	index := c.e.dbs[0].bySlot
	n := int(min(most, int64(index.len(int(slot)))))
	c.Array(n)
	for i := range n {
		key, _ := index[slot].At(i)
		c.BulkString(key)
	}
}

func cmdClusterMyid(c *Call)      { c.BulkString(c.e.cluster.me().id) }
func cmdClusterMyshardid(c *Call) { c.BulkString(c.e.cluster.me().shard) }

// cmdClusterLinks lists the ways to each node that is heard, and from it. Redis has a connection
// for each; here messages are handed over at once, so that nothing ever waits to be written, and a
// queue takes what Redis counts for an empty one.
func cmdClusterLinks(c *Call) {
	const emptyQueue = 48
	at, count := c.ArrayLater(), 0
	for _, other := range c.e.cluster.nodes[1:] {
		if other.linked == 0 {
			continue
		}
		for _, direction := range []string{"to", "from"} {
			count++
			c.Map(6)
			c.BulkString("direction")
			c.BulkString(direction)
			c.BulkString("node")
			c.BulkString(other.id)
			c.fieldInt("create-time", other.linked)
			c.BulkString("events")
			c.BulkString("r")
			c.fieldInt("send-buffer-allocated", emptyQueue)
			c.fieldInt("send-buffer-used", emptyQueue)
		}
	}
	c.ArrayEnd(at, '*', count)
}

func cmdClusterInfo(c *Call) {
	k := c.e.cluster
	state := "fail"
	if k.up {
		state = "ok"
	}
	masters, assigned, _ := k.serving()
	failed := 0
	for _, n := range k.nodes {
		if n.failed {
			failed += n.slots
		}
	}
	text := "cluster_state:" + state
	line := func(name string, n int64) {
		text += "\r\ncluster_" + name + ":" + itoa(n)
	}
	for _, l := range []struct {
		name string
		n    int64
	}{
		{"slots_assigned", int64(assigned)},
		{"slots_ok", int64(assigned - failed)},
		{"slots_pfail", 0},
		{"slots_fail", int64(failed)},
		{"known_nodes", int64(len(k.nodes))},
		{"size", int64(masters)},
		{"current_epoch", k.epoch},
		{"my_epoch", k.epochOf(k.me())},
	} {
		line(l.name, l.n)
	}
	k.countedMessages("sent", &k.sent, line)
	k.countedMessages("received", &k.received, line)
	c.Verbatim("txt", text+"\r\ntotal_cluster_links_buffer_limit_exceeded:0\r\n")
}

// countedMessages gives CLUSTER INFO's lines about messages.
func (k *cluster) countedMessages(word string, counts *[7]int64, line func(string, int64)) {
	sum := int64(0)
	for i, n := range counts {
		if sum += n; n > 0 {
			line("stats_messages_"+wordAt(busVerbs, i)+"_"+word, n)
		}
	}
	line("stats_messages_"+word, sum)
}

func cmdClusterNodes(c *Call) {
	var text []byte
	for _, n := range c.e.cluster.nodes {
		text = append(c.e.appendNode(text, n, nodeSlots), '\n')
	}
	c.Verbatim("txt", string(text))
}

func cmdClusterSlots(c *Call) {
	k := c.e.cluster
	at, n := c.ArrayLater(), 0
	for start := 0; start < slots.Count; {
		owner, end := k.slots[start], start
		for end+1 < slots.Count && k.slots[end+1] == owner {
			end++
		}
		if owner != nil {
			n++
			replicas := c.e.replicasOf(owner, true)
			c.Array(3 + len(replicas))
			c.Count(start)
			c.Count(end)
			c.slotsNode(owner)
			for _, r := range replicas {
				c.slotsNode(r)
			}
		}
		start = end + 1
	}
	c.ArrayEnd(at, '*', n)
}

// replicasOf lists the replicas of a master; ready are those that have its data.
//
//go:noinline
func (e *Engine) replicasOf(n *clusterNode, ready bool) (list []*clusterNode) {
	for _, r := range e.cluster.nodes {
		if r.masterID == n.id && (!ready || !r.failed && e.offsetOf(r) != 0) {
			list = append(list, r)
		}
	}
	return list
}

// offsetOf is how far the stream of a node is.
func (e *Engine) offsetOf(n *clusterNode) int64 {
	if n == e.cluster.me() {
		return e.replicas.offset
	}
	return n.offset
}

// slotsNode tells where a node is, as CLUSTER SLOTS does.
func (c *Call) slotsNode(n *clusterNode) {
	c.Array(4)
	if at, known := c.e.endpoint(n); known {
		c.BulkString(at)
	} else {
		c.Null()
	}
	c.Int(n.port)
	c.BulkString(n.id)
	var more []string
	if c.e.cfg.clusterEndpoint != endpointIP {
		more = append(more, "ip", n.ip)
	}
	if c.e.cfg.clusterEndpoint != endpointHostname && n.hostname != "" {
		more = append(more, "hostname", n.hostname)
	}
	c.Map(len(more) / 2)
	c.texts(more)
}

// texts writes strings one behind the other.
//
//go:noinline
func (c *Call) texts(list []string) {
	for _, s := range list {
		c.BulkString(s)
	}
}

// cmdClusterShards tells of each shard, in the order in which its first node became known.
func cmdClusterShards(c *Call) {
	k := c.e.cluster
	at, n := c.ArrayLater(), 0
	for i, first := range k.nodes {
		shard := func(other *clusterNode) bool { return other.shard == first.shard }
		if slices.IndexFunc(k.nodes, shard) < i {
			continue
		}
		n++
		c.shard(k.nodes[i:], shard)
	}
	c.ArrayEnd(at, '*', n)
}

// shard describes a shard: its slots and then its nodes, masters first.
func (c *Call) shard(nodes []*clusterNode, in func(*clusterNode) bool) {
	var ranges [][2]int
	var masters, replicas []*clusterNode
	for _, n := range nodes {
		switch {
		case !in(n):
		case n.masterID == "":
			masters = append(masters, n)
			ranges = append(ranges, c.e.cluster.ranges(n)...)
		default:
			replicas = append(replicas, n)
		}
	}
	c.Map(2)
	c.BulkString("slots")
	c.Array(2 * len(ranges))
	for _, r := range ranges {
		c.Count(r[0])
		c.Count(r[1])
	}
	c.BulkString("nodes")
	c.Array(len(masters) + len(replicas))
	for _, n := range append(masters, replicas...) {
		c.shardsNode(n)
	}
}

// shardsNode describes a node as CLUSTER SHARDS does.
func (c *Call) shardsNode(n *clusterNode) {
	endpoint, _ := c.e.endpoint(n)
	fields := []string{"ip", n.ip, "endpoint", endpoint}
	if n.hostname != "" {
		fields = append(fields, "hostname", n.hostname)
	}
	more := 3
	if n.port != 0 {
		more++
	}
	role, health := "master", "online"
	switch {
	case n.failed:
		health = "fail"
	case n.masterID != "" && c.e.offsetOf(n) == 0:
		health = "loading"
	}
	if n.masterID != "" {
		role = "replica"
	}
	fields = append(fields, "role", role, "replication-offset")
	c.Map(len(fields)/2 + more)
	c.texts([]string{"id", n.id})
	if n.port != 0 {
		c.BulkString("port")
		c.Int(n.port)
	}
	c.texts(fields)
	c.Int(c.e.offsetOf(n))
	c.texts([]string{"health", health})
}

// argNode finds the node that an argument names, or replies that there is none.
func (c *Call) argNode(i int, unknown string) *clusterNode {
	n := c.e.cluster.node(c.Args[i])
	if n == nil {
		c.Error(unknown + string(c.Args[i]))
	}
	return n
}

const errUnknownNode = "ERR Unknown node "

func cmdClusterReplicas(c *Call) {
	n := c.argNode(2, errUnknownNode)
	switch {
	case n == nil:
	case n.masterID != "":
		c.Error("ERR The specified node is not a master")
	default:
		replicas := c.e.replicasOf(n, false)
		c.Array(len(replicas))
		for _, r := range replicas {
			c.Bulk(c.e.appendNode(nil, r, nodeSlots))
		}
	}
}

// cmdClusterCountFailureReports counts none: nodes of one process do not fail alone.
func cmdClusterCountFailureReports(c *Call) {
	if c.argNode(2, errUnknownNode) != nil {
		c.Int(0)
	}
}

// cmdClusterMeet has the node at an address get to know this one, if it is one of this process: the
// host knows. Others cannot be met, for Redis's bus is not spoken.
func cmdClusterMeet(c *Call) {
	port, ok := c.argIntOr(3, "ERR Invalid base port specified: "+string(c.Args[3]))
	if !ok {
		return
	}
	bus := port + 10000
	if len(c.Args) == 5 {
		if bus, ok = c.argIntOr(4, "ERR Invalid bus port specified: "+string(c.Args[4])); !ok {
			return
		}
	}
	ip := string(c.Args[2])
	if !isIP(ip) || port <= 0 || port > 65535 || bus <= 0 || bus > 65535 {
		c.Error("ERR Invalid node address specified: " + ip + ":" + string(c.Args[3]))
		return
	}
	e := c.e
	if me := e.cluster.me(); me.ip == "" { // on the same machine
		me.ip = ip
	}
	address := migrateAddress(c.Args[2], c.Args[3])
	c.answerWhen(func(done func(string)) {
		e.meet(address, func(in *Input) { done(string(in.Data)) })
	}, func(c *Call, why string) { c.Error("ERR " + why) })
}

// isIP tells whether a text is an address of a machine in numbers.
func isIP(s string) bool {
	if strings.Contains(s, ":") {
		return strings.Trim(s, "0123456789abcdefABCDEF:.") == ""
	}
	parts := strings.Split(s, ".")
	for _, p := range parts {
		if n, ok := parseInt(p); !ok || n < 0 || n > 255 {
			return false
		}
	}
	return len(parts) == 4
}

func cmdClusterForget(c *Call) {
	n, k := c.argNode(2, errUnknownNode), c.e.cluster
	switch {
	case n == nil:
	case n == k.me():
		c.Error("ERR I tried hard but I can't forget myself...")
	case n.id == k.me().masterID:
		c.Error("ERR Can't forget my master!")
	default:
		k.forget(n)
		k.banned = append(k.banned, ban{n.id, later(c.e.clock.host, banTime)})
		c.e.clusterChanged()
		c.OK()
	}
}

func cmdClusterReplicate(c *Call) {
	k, n, why := c.e.cluster, c.argNode(2, errUnknownNode), ""
	switch me := c.e.cluster.me(); {
	case n == nil:
		return
	case n == me:
		why = "ERR Can't replicate myself"
	case n.masterID != "":
		why = "ERR I can only replicate a master, not a replica."
	case me.masterID == "" && (me.slots > 0 || c.e.dbs[0].keys.Len() > 0):
		why = "ERR To set a master the node must be empty and without assigned slots."
	}
	if why != "" {
		c.Error(why)
		return
	}
	if k.me().masterID != n.id {
		c.e.replicate(n)
	}
	c.e.clusterChanged()
	c.OK()
}

func cmdClusterReset(c *Call) {
	hard := len(c.Args) == 3 && is(c.Args[2], "hard")
	switch {
	case len(c.Args) == 3 && !hard && !is(c.Args[2], "soft"):
		c.Error(ErrSyntax)
		return
	case c.e.cluster.me().masterID == "" && c.e.dbs[0].keys.Len() > 0:
		c.Error("ERR CLUSTER RESET can't be called with master nodes containing keys")
		return
	}
	c.e.resetCluster(hard)
	c.OK()
}

func cmdClusterSetslot(c *Call) {
	k, e := c.e.cluster, c.e
	if k.me().masterID != "" {
		c.Error("ERR Please use SETSLOT only with masters.")
		return
	}
	slot, ok := c.argSlot(2)
	if !ok {
		return
	}
	switch word := c.Args[3]; {
	case is(word, "migrating") && len(c.Args) == 5:
		if k.slots[slot] != k.me() {
			c.Error("ERR I'm not the owner of hash slot " + itoa(slot))
			return
		}
		n := c.argMaster(4, errNodeUnknown)
		if n == nil {
			return
		}
		k.to[slot] = n
	case is(word, "importing") && len(c.Args) == 5:
		if k.slots[slot] == k.me() {
			c.Error("ERR I'm already the owner of hash slot " + itoa(slot))
			return
		}
		n := c.argMaster(4, errNodeUnknown)
		if n == nil {
			return
		}
		k.from[slot] = n
	case is(word, "stable") && len(c.Args) == 4:
		k.to[slot], k.from[slot] = nil, nil
	case is(word, "node") && len(c.Args) == 5:
		n := c.argMaster(4, errUnknownNode)
		if n == nil {
			return
		}
		if n != k.me() && k.slots[slot] == k.me() && e.dbs[0].bySlot.len(slot) > 0 {
			c.Error("ERR Can't assign hashslot " + itoa(slot) +
				" to a different node while I still hold keys for this hash slot.")
			return
		}
		e.setSlot(slot, n)
	default:
		c.Error("ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP")
		return
	}
	e.clusterChanged()
	c.OK()
}

// argMaster is argNode for a node that is to be a master.
func (c *Call) argMaster(i int, unknown string) *clusterNode {
	n := c.argNode(i, unknown)
	if n != nil && n.masterID != "" {
		c.Error("ERR Target node is not a master")
		return nil
	}
	return n
}

const errNodeUnknown = "ERR I don't know about node "
