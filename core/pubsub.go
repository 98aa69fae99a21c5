package core

import (
	"slices"

	"github.com/redlet/redlet/core/internal/glob"
	"github.com/redlet/redlet/core/internal/ordered"
	"github.com/redlet/redlet/core/internal/small"
)

// subKind is a way of subscribing.
type subKind uint8

const (
	subChannel subKind = iota
	subPattern
	subShard
	subKinds
)

// subscriptions are what one connection subscribed to in one way, in order.
type subscriptions = ordered.Map[struct{}]

// audience is who subscribed to each name: the names in the order of the first subscription, their
// subscribers in that in which they came.
type audience = ordered.Map[[]*conn]

// pubsub is every subscription.
type pubsub struct{ to [subKinds]audience }

// subCount is the number that (un)subscribe replies give: channels and patterns together, shard
// channels apart.
func (cl *conn) subCount(k subKind) int {
	if k == subShard {
		return cl.subs[subShard].Len()
	}
	return cl.subs[subChannel].Len() + cl.subs[subPattern].Len()
}

// subscribe adds a subscription, if it is new.
func (e *Engine) subscribe(cl *conn, k subKind, name string) {
	if _, fresh := cl.subs[k].Put(name); fresh {
		cl.flags |= connSubscribed
		conns, _ := e.pubsub.to[k].Put(name)
		*conns = append(*conns, cl)
	}
}

// unsubscribe ends a subscription, if it is there.
func (e *Engine) unsubscribe(cl *conn, k subKind, name string) {
	if !cl.subs[k].Delete(name) {
		return
	}
	cl.flags.set(connSubscribed, cl.subCount(subChannel)+cl.subCount(subShard) > 0)
	conns := e.pubsub.to[k].Find(name)
	if *conns = cut(*conns, cl); len(*conns) == 0 {
		e.pubsub.to[k].Delete(name)
	}
}

// subscribers lists who subscribed to a name.
//
//go:noinline
func (e *Engine) subscribers(k subKind, name []byte) []*conn {
	if conns := e.pubsub.to[k].Find(string(name)); conns != nil {
		return *conns
	}
	return nil
}

// cut removes the first x from a list.
func cut[T comparable](list []T, x T) []T {
	if i := slices.Index(list, x); i >= 0 {
		return small.Delete(list, i, i+1)
	}
	return list
}

// unsubscribeAll ends every subscription of a connection without a word.
func (e *Engine) unsubscribeAll(cl *conn) {
	for k := range subKinds {
		for cl.subs[k].Len() > 0 {
			e.unsubscribe(cl, k, cl.subs[k].Last())
		}
	}
}

// publish sends a message to the subscribers of a channel and of the patterns that match it. It
// returns how many got it.
func (e *Engine) publish(channel, message []byte) int {
	n := 0
	for _, cl := range e.subscribers(subChannel, channel) {
		e.message(cl, "message", "", channel, message)
		n++
	}
	for pattern, conns := range e.pubsub.to[subPattern].All {
		if !glob.Match([]byte(pattern), channel, false) {
			continue
		}
		for _, cl := range *conns {
			e.message(cl, "pmessage", pattern, channel, message)
			n++
		}
	}
	return n
}

// publishShard sends a message to the subscribers of a shard channel.
func (e *Engine) publishShard(channel, message []byte) int {
	subs := e.subscribers(subShard, channel)
	for _, cl := range subs {
		e.message(cl, "smessage", "", channel, message)
	}
	return len(subs)
}

// message writes one message to one subscriber.
func (e *Engine) message(cl *conn, kind, pattern string, channel, message []byte) {
	w := e.pushes(cl)
	at := w.Len()
	if kind == "pmessage" {
		w.Push(4)
		w.BulkString(kind)
		w.BulkString(pattern)
	} else {
		w.Push(3)
		w.BulkString(kind)
	}
	w.Bulk(channel)
	w.Bulk(message)
	e.pushed(cl, w, at)
}
