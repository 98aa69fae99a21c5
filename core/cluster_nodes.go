package core

import (
	"bytes"
	"strings"

	"github.com/redlet/redlet/core/internal/slots"
)

// A line describes a node: in CLUSTER NODES, in the file nodes.conf, and in what nodes tell one
// another.

// nodeForm says what of a node a line has.
type nodeForm uint8

const (
	nodeKept  nodeForm = 1 << iota // for the file: with the shard, and without times
	nodeSlots                      // its slots
	nodeTold                       // for other nodes: as for the file, and nobody is myself
)

// appendNode appends the line of a node.
func (e *Engine) appendNode(dst []byte, n *clusterNode, form nodeForm) []byte {
	k := e.cluster
	dst = append(append(dst, n.id...), ' ')
	dst = append(append(dst, n.ip...), ':')
	dst = append(appendInt(dst, n.port), '@')
	dst = appendInt(dst, n.busPort)
	switch aux := form&(nodeKept|nodeTold) != 0; {
	case aux:
		dst = append(append(dst, ','), n.hostname...)
		dst = append(dst, ",tls-port=0"...)
		if n.nodename != "" {
			dst = append(append(dst, ",nodename="...), n.nodename...)
		}
		dst = append(append(dst, ",shard-id="...), n.shard...)
	case n.hostname != "":
		dst = append(append(dst, ','), n.hostname...)
	}
	dst = append(dst, ' ')
	if n == k.me() && form&nodeTold == 0 {
		dst = append(dst, "myself,"...)
	}
	if n.masterID == "" {
		dst = append(dst, "master"...)
	} else {
		dst = append(dst, "slave"...)
	}
	if n.failed {
		dst = append(dst, ",fail"...)
	}
	if n.noFailover {
		dst = append(dst, ",nofailover"...)
	}
	if n.masterID == "" {
		dst = append(dst, " - "...)
	} else {
		dst = append(append(append(dst, ' '), n.masterID...), ' ')
	}
	dst = e.appendLink(dst, n, form)
	if form&nodeSlots != 0 {
		for _, r := range k.ranges(n) {
			dst = appendInt(append(dst, ' '), int64(r[0]))
			if r[1] > r[0] {
				dst = appendInt(append(dst, '-'), int64(r[1]))
			}
		}
	}
	if n == k.me() && form&nodeTold == 0 {
		dst = k.appendMoves(dst)
	}
	return dst
}

// appendLink appends when a node was asked and heard of, its epoch, and the state of the link.
func (e *Engine) appendLink(dst []byte, n *clusterNode, form nodeForm) []byte {
	ping, pong, epoch, state := int64(0), int64(0), e.cluster.epochOf(n), " connected"
	if form&nodeTold != 0 {
		epoch = n.epoch
	} else if n != e.cluster.me() && form&nodeKept == 0 {
		pong = e.keyMs()
	}
	if form&(nodeTold|nodeKept) == 0 && n.gone != Never {
		since := int64((e.clock.host - n.gone) / 1000)
		ping, pong, state = pong-since, pong-since, " disconnected"
	}
	dst = append(appendInt(dst, ping), ' ')
	dst = append(appendInt(dst, pong), ' ')
	return append(appendInt(dst, epoch), state...)
}

// appendMoves appends the slots that come and go.
func (k *cluster) appendMoves(dst []byte) []byte {
	for slot := range slots.Count {
		if to := k.to[slot]; to != nil {
			dst = append(appendInt(append(dst, " ["...), int64(slot)), "->-"...)
			dst = append(append(dst, to.id...), ']')
		}
		if from := k.from[slot]; from != nil {
			dst = append(appendInt(append(dst, " ["...), int64(slot)), "-<-"...)
			dst = append(append(dst, from.id...), ']')
		}
	}
	return dst
}

// nodeLine is what a line says.
type nodeLine struct {
	clusterNode
	myself bool
	ranges [][2]int
	moves  []nodeMove
}

// nodeMove is a slot on its way to a node, or from it.
type nodeMove struct {
	slot int
	to   bool
	id   string
}

// readNode reads a line.
func readNode(line []byte) (n nodeLine, ok bool) {
	w := strings.Fields(string(line))
	if len(w) < 8 || len(w[0]) == 0 {
		return n, false
	}
	n.id, n.gone = w[0], Never
	if !n.readAddress(w[1]) {
		return n, false
	}
	for _, flag := range strings.Split(w[2], ",") {
		switch flag {
		case "myself":
			n.myself = true
		case "fail":
			n.failed = true
		case "nofailover":
			n.noFailover = true
		}
	}
	if w[3] != "-" {
		n.masterID = w[3]
	}
	n.epoch, ok = parseInt(w[6])
	for _, word := range w[8:] {
		if !ok || !n.readSlots(word) {
			return n, false
		}
	}
	return n, ok
}

// readAddress reads "ip:port@bus,hostname,name=value…".
func (n *nodeLine) readAddress(word string) (ok bool) {
	parts := strings.Split(word, ",")
	address, bus, _ := strings.Cut(parts[0], "@")
	i := strings.LastIndexByte(address, ':')
	if i < 0 {
		return false
	}
	n.ip = address[:i]
	if n.port, ok = parseInt(address[i+1:]); !ok || n.port < 0 || n.port > 65535 {
		return false
	}
	if n.busPort, ok = parseInt(bus); !ok {
		return false
	}
	for i, part := range parts[1:] {
		name, value, given := strings.Cut(part, "=")
		switch {
		case !given && i == 0:
			n.hostname = part
		case name == "shard-id":
			n.shard = value
		case name == "nodename":
			n.nodename = value
		}
	}
	return true
}

// readSlots reads "slot", "first-last", "[slot->-id]" or "[slot-<-id]".
func (n *nodeLine) readSlots(word string) bool {
	if inside, moves := strings.CutPrefix(word, "["); moves {
		at, id, to := strings.Cut(strings.TrimSuffix(inside, "]"), "->-")
		if !to {
			at, id, _ = strings.Cut(strings.TrimSuffix(inside, "]"), "-<-")
		}
		slot, ok := parseInt(at)
		n.moves = append(n.moves, nodeMove{int(slot), to, id})
		return ok && slot >= 0 && slot < slots.Count && id != ""
	}
	first, last, row := strings.Cut(word, "-")
	from, ok := parseInt(first)
	to := from
	if ok && row {
		to, ok = parseInt(last)
	}
	n.ranges = append(n.ranges, [2]int{int(from), int(to)})
	return ok && from >= 0 && from <= to && to < slots.Count
}

// nodesFile is what nodes.conf holds.
func (e *Engine) nodesFile() []byte {
	k := e.cluster
	var text []byte
	for _, n := range k.nodes {
		text = append(e.appendNode(text, n, nodeKept|nodeSlots), '\n')
	}
	text = append(text, "vars currentEpoch "...)
	text = append(appendInt(text, k.epoch), " lastVoteEpoch 0\n"...)
	return text
}

// takeNodes makes the cluster what lines of nodes say; problem is one that says nothing. The
// engine is the one that is myself or, if none is so called, that has its id.
func (e *Engine) takeNodes(text []byte) (problem string) {
	k, me := e.cluster, e.cluster.me()
	var lines []nodeLine
	for _, line := range bytes.Split(text, []byte("\n")) {
		vars, is := bytes.CutPrefix(line, []byte("vars "))
		if is {
			w := strings.Fields(string(vars))
			for i := 0; i+1 < len(w); i += 2 {
				if n, ok := parseInt(w[i+1]); ok && w[i] == "currentEpoch" {
					k.epoch = max(k.epoch, n)
				}
			}
			continue
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		n, ok := readNode(line)
		if !ok {
			return string(line)
		}
		if n.myself {
			me.id = n.id
		}
		lines = append(lines, n)
	}
	for i := range lines {
		e.takeNode(&lines[i])
	}
	for i := range lines {
		for _, m := range lines[i].moves {
			if n := k.node([]byte(m.id)); n != nil && m.to {
				k.to[m.slot] = n
			} else if n != nil {
				k.from[m.slot] = n
			}
		}
	}
	return ""
}

// followMaster follows the master that the nodes say, if the engine has one.
func (e *Engine) followMaster() {
	if master := e.cluster.master(e.cluster.me()); master != nil {
		e.follow(master.ip, master.port, false)
	}
}

// loadNodes reads the file of nodes, if there is one, before the data are loaded.
func (e *Engine) loadNodes(then func(problem string)) {
	path := e.cfg.under(e.cfg.clusterFile)
	e.readFile(path, func(text []byte, r *reading) {
		problem := ""
		switch {
		case r.absent:
		case r.failure != "":
			problem = "Loading the cluster node config from " + path + ": " + r.failure
		default:
			if line := e.takeNodes(text); line != "" {
				problem = "Unrecoverable error: corrupted cluster config file \"" + line + "\"."
			}
		}
		if problem == "" {
			e.cluster.file = path
			e.clusterConfigured()
			e.clusterChanged()
		}
		then(problem)
	})
}

// saveNodes writes the file of nodes, if there is one and something has changed; while it is being
// written the next change waits.
func (e *Engine) saveNodes() {
	k := e.cluster
	if k.file == "" || k.saving {
		return
	}
	text := string(e.nodesFile())
	if text == k.saved {
		return
	}
	k.saving = true
	e.replaceFile(k.file, []byte(text), func(failure string) {
		if k.saving, k.saved = false, text; failure != "" {
			e.log(logWarning, "Fatal: can't update cluster config file: "+failure)
			return
		}
		e.saveNodes()
	})
}

// takeNode makes a node what its line says.
func (e *Engine) takeNode(line *nodeLine) {
	k := e.cluster
	n := k.node([]byte(line.id))
	if n == nil {
		n = k.add(line.id)
	}
	if n == k.me() && !line.myself { // it is told where clients reach it
		_ = e.cfg.change(findParameter([]byte("port")), string(decimal(line.port)))
	}
	n.learn(&line.clusterNode)
	k.epoch = max(k.epoch, n.epoch)
	for _, r := range line.ranges {
		for slot := r[0]; slot <= r[1]; slot++ {
			k.assign(slot, n)
		}
	}
}

// cmdClusterSaveconfig answers when the file is written. A node without a folder has none.
func cmdClusterSaveconfig(c *Call) {
	e, k := c.e, c.e.cluster
	if k.file == "" {
		c.errorSaving("this server keeps it in memory alone")
		return
	}
	c.answerWhen(func(done func(string)) { e.replaceFile(k.file, e.nodesFile(), done) },
		(*Call).errorSaving)
}

// errorSaving says why the file of nodes is not written.
func (c *Call) errorSaving(why string) {
	c.Error("ERR error saving the cluster node config: " + why)
}
