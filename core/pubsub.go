package core

import (
	"slices"

	"github.com/redlet/redlet/core/internal/glob"
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
type subscriptions struct {
	names []string
	has   map[string]struct{}
}

// audience is who subscribed to each name, in order; names keeps the order of first subscription.
type audience struct {
	by    map[string][]*conn
	names []string
}

// pubsub is every subscription.
type pubsub struct{ to [subKinds]audience }

// subCount is the number that (un)subscribe replies give: channels and patterns together, shard
// channels apart.
func (cl *conn) subCount(k subKind) int {
	if k == subShard {
		return len(cl.subs[subShard].names)
	}
	return len(cl.subs[subChannel].names) + len(cl.subs[subPattern].names)
}

// subscribe adds a subscription and reports whether it is new.
func (e *Engine) subscribe(cl *conn, k subKind, name string) bool {
	s := &cl.subs[k]
	if _, there := s.has[name]; there {
		return false
	}
	if s.has == nil {
		s.has = map[string]struct{}{}
	}
	s.has[name] = struct{}{}
	s.names = append(s.names, name)
	cl.flags |= connSubscribed
	a := &e.pubsub.to[k]
	if a.by == nil {
		a.by = map[string][]*conn{}
	}
	if len(a.by[name]) == 0 {
		a.names = append(a.names, name)
	}
	a.by[name] = append(a.by[name], cl)
	return true
}

// unsubscribe ends a subscription and reports whether it was there.
func (e *Engine) unsubscribe(cl *conn, k subKind, name string) bool {
	s := &cl.subs[k]
	if _, there := s.has[name]; !there {
		return false
	}
	delete(s.has, name)
	s.names = cut(s.names, name)
	cl.flags.set(connSubscribed, cl.subCount(subChannel)+cl.subCount(subShard) > 0)
	a := &e.pubsub.to[k]
	if rest := cut(a.by[name], cl); len(rest) > 0 {
		a.by[name] = rest
	} else {
		delete(a.by, name)
		a.names = cut(a.names, name)
	}
	return true
}

// cut removes the first x from a list.
func cut[T comparable](list []T, x T) []T {
	if i := slices.Index(list, x); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// unsubscribeAll ends every subscription of a connection without a word.
func (e *Engine) unsubscribeAll(cl *conn) {
	for k := range subKinds {
		for len(cl.subs[k].names) > 0 {
			names := cl.subs[k].names
			e.unsubscribe(cl, k, names[len(names)-1])
		}
	}
}

// publish sends a message to the subscribers of a channel and of the patterns that match it. It
// returns how many got it.
func (e *Engine) publish(channel, message []byte) int {
	n := 0
	for _, cl := range e.pubsub.to[subChannel].by[string(channel)] {
		e.message(cl, "message", "", channel, message)
		n++
	}
	patterns := &e.pubsub.to[subPattern]
	for _, pattern := range patterns.names {
		if !glob.Match([]byte(pattern), channel, false) {
			continue
		}
		for _, cl := range patterns.by[pattern] {
			e.message(cl, "pmessage", pattern, channel, message)
			n++
		}
	}
	return n
}

// publishShard sends a message to the subscribers of a shard channel.
func (e *Engine) publishShard(channel, message []byte) int {
	subs := e.pubsub.to[subShard].by[string(channel)]
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
