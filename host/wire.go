package host

import (
	"sync/atomic"

	"github.com/redlet/redlet/core"
)

// wire is one direction of a connection between engines of one process: what from has to say is
// input of to before anybody gets an answer of the same step. It is a Sink, so it never waits.
type wire struct {
	from, to *Loop
	near     atomic.Uint32 // the connection's number in from, as soon as it is known
	far      core.ConnID   // its number in to
}

// wire gives the engine, whose owner calls it, the connection to peer that it asked for.
func (l *Loop) wire(peer *Loop, ticket uint32) {
	l.mu.Lock()
	l.lastID++
	id := l.lastID
	l.mu.Unlock()
	out := &wire{from: l, to: peer}
	out.near.Store(uint32(id))
	l.sinks[id] = out
	l.Send([]core.Input{{Kind: core.InConnected, Conn: id, Ticket: ticket}})
	back := &wire{from: peer, to: l, far: id}
	at := core.Conn{Addr: string(peer.dialAddr()), Laddr: string(listenAddr), FD: -1}
	out.far = peer.open(peer.base, at, back)
	back.near.Store(uint32(out.far))
}

// Data implements Sink. While much waits at the other end, the engine is told to keep the rest.
func (w *wire) Data(data []byte) {
	w.to.mu.Lock()
	full := len(w.to.inbox.bytes) > unreadMax
	w.to.mu.Unlock()
	if full {
		w.from.Send([]core.Input{{Kind: core.InCork, Conn: w.conn()}})
	}
	w.send(core.InData, data, full)
}

// Hangup implements Sink.
func (w *wire) Hangup(last []byte) {
	if len(last) > 0 {
		w.send(core.InData, last, false)
	}
	w.send(core.InClose, nil, false)
}

// send has the other end take an input, at once unless somebody steps its engine. One that is
// corked is uncorked then.
func (w *wire) send(kind core.InputKind, data []byte, corked bool) {
	w.to.mu.Lock()
	if w.to.closed {
		w.to.mu.Unlock()
		return
	}
	w.to.inbox.add([]core.Input{{Kind: kind, Conn: w.far, Data: data}})
	if corked {
		w.to.inbox.corked = append(w.to.inbox.corked, w)
	}
	w.to.combine()
}

// uncork lets the engine send again.
func (w *wire) uncork() { w.from.Send([]core.Input{{Kind: core.InUncork, Conn: w.conn()}}) }

func (w *wire) conn() core.ConnID { return core.ConnID(w.near.Load()) }
