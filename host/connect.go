package host

import (
	"context"
	"net"
	"time"

	"github.com/redlet/redlet/core"
)

// connectTime is how long a connection that the engine asks for may take to stand.
const connectTime = 5 * time.Second

// connect carries out an EventConnect by a goroutine: the owner never waits for a network.
func (l *Loop) connect(ev *core.Event) {
	if l.dialing == nil {
		l.dialing, l.stopDialing = context.WithCancel(context.Background())
	}
	ctx, life, ticket, address, peer := l.dialing, l.life, ev.Ticket, ev.Path, l.bus.at(ev.Path)
	l.begin(func(h *home) {
		c, err := l.dialOut(ctx, address, peer)
		l.own(h)
		defer l.release()
		switch {
		case l.engine == nil || l.life != life: // whoever asked is no more
			if err == nil {
				_ = c.Close() // nothing was sent
			}
		case err != nil:
			l.step([]core.Input{{Kind: core.InDone, Ticket: ticket, Data: []byte(err.Error())}})
		default:
			l.connected(c, ticket)
		}
	})
}

// dialOut connects to an address: without a port if a node of the cluster, peer, is there, which so
// can be followed before its port is open.
func (l *Loop) dialOut(ctx context.Context, address string, peer *Loop) (net.Conn, error) {
	if peer != nil {
		return peer.Dial()
	}
	if l.options.Connect != nil {
		return l.options.Connect(ctx, address)
	}
	dialer := net.Dialer{Timeout: connectTime}
	return dialer.DialContext(ctx, "tcp", address)
}

// begin runs f beside the engine, in the home of its owner; Close waits for its end.
func (l *Loop) begin(f func(h *home)) {
	h := l.at.Load()
	l.running.RLock()
	go func() {
		defer l.running.RUnlock()
		f(h)
	}()
}

// connected gives the engine the connection that it asked for.
func (l *Loop) connected(c net.Conn, ticket uint32) {
	l.running.RLock()
	s := NewStream(l, c, l.running.RUnlock)
	l.mu.Lock()
	l.lastID++
	s.id = l.lastID
	l.mu.Unlock()
	l.sinks[s.id] = s
	l.step([]core.Input{{Kind: core.InConnected, Conn: s.id, Ticket: ticket}})
	go s.run()
}
