package core

import (
	"math"
	"math/bits"

	"github.com/redlet/redlet/core/internal/small"
)

// clientsLeast is how much memory clients are always allowed: with less of it nobody could say so.
const clientsLeast = 128 << 10

// clientsMost is how much memory all clients together may take, as maxmemory-clients says.
func (c *config) clientsMost() int64 {
	n := c.maxmemoryClients
	switch {
	case n == 0:
		return math.MaxInt64
	case n < 0 && c.maxmemory == 0:
		return math.MaxInt64 // a percentage of nothing in particular
	case n < 0:
		n = int64(float64(c.maxmemory) * -float64(n) / 100)
	}
	return max(n, clientsLeast)
}

// weighClient notes what a client is to those that maxmemory-clients allows. Output counts beyond
// the buffer that every client of Redis has: a reply does not make a client heavier.
func (e *Engine) weighClient(cl *conn) {
	was := cl.weight
	if cl.weight = cl.counted; cl.counted > 0 {
		cl.weight -= min(int64(cl.w.Len()), outputFree)
		if kept := int64(len(cl.in)); kept > 0 {
			query, args, more := cl.underWay()
			cl.weight += query + args + more - kept
		}
	}
	e.mem.weight += cl.weight - was
	if e.mem.weight > e.mem.weightMost || e.has(engineClients) {
		e.clientsChanged()
	}
}

// underWay is how much of a connection's kept input has not become arguments yet, how long those
// are that have, and how much is to come of a large one, for which Redis has taken the memory.
//
//go:noinline
func (cl *conn) underWay() (query, args, more int64) {
	read, taken := cl.reader.Taken()
	n := len(cl.in) - read
	if rest := cl.reader.Pending(len(cl.in)); n+rest > largeArg {
		more = int64(rest)
	}
	return int64(n), int64(taken), more
}

// largeArg is the length of an argument from which on Redis makes room for all of it at once.
const largeArg = 32 << 10

// clientsChanged notes whether clients take more memory than they may. It is to be called when one
// of these has changed.
func (e *Engine) clientsChanged() {
	e.flags.set(engineClients, e.mem.weight > e.mem.weightMost)
}

// isUser tells whether a connection is that of a client which came by itself, and wants no copy of
// all that is changed.
func (cl *conn) isUser() bool {
	return cl.link == nil && !cl.peer.Own && !cl.has(connReplica|connScript)
}

// evictClients hangs clients up, without the replies that wait, until those that are left take no
// more than they may: the largest first, by powers of two, but for those that said CLIENT NO-EVICT.
func (e *Engine) evictClients() {
	all := e.connsByID()
	small.Sort(all, func(a, b *conn) int {
		return bits.Len64(uint64(b.weight)) - bits.Len64(uint64(a.weight))
	})
	for _, cl := range all {
		if !e.has(engineClients) {
			return
		}
		if !cl.isUser() || cl.noEvict || cl.has(connClosing) {
			continue
		}
		c := Call{e: e, conn: e.currentClient}
		e.log(logNotice, "Evicting client: "+string(c.describe(nil, cl)))
		e.stats.evictedClients++
		cl.w.Reset()
		e.discard(cl)
		e.release(cl)
		e.hangup(cl)
	}
	if e.has(engineClients) {
		e.log(logWarning, "Over client maxmemory after evicting all evictable clients")
	}
}
