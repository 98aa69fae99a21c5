package host

import (
	"bytes"
	"context"
	"net"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/internal/sds"
)

// connectTime is how long a connection that the engine asks for may take to stand.
const connectTime = 5 * time.Second

// connect carries out an EventConnect by a goroutine: the owner never waits for a network. No port
// is needed if a node of the cluster is there, which so can be followed before its own is open.
func (l *Loop) connect(ev *core.Event) {
	if l.bus.connect(l, ev) {
		return
	}
	if l.dialing == nil {
		l.dialing, l.stopDialing = context.WithCancel(context.Background())
	}
	ctx, life, ticket := l.dialing, l.life, ev.Ticket
	address, from := ev.Path, string(ev.Data)
	l.begin(func(h *home) {
		c, err := l.dialOut(ctx, address, from)
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

func (l *Loop) dialOut(ctx context.Context, address, from string) (net.Conn, error) {
	if l.options.Connect != nil {
		return l.options.Connect(ctx, address, from)
	}
	return Dialer(from).DialContext(ctx, "tcp", address)
}

// Dialer makes the connections that an engine asks for, from an address of this machine unless it
// is "", or is none.
func Dialer(from string) *net.Dialer {
	d := &net.Dialer{Timeout: connectTime}
	if ip := net.ParseIP(from); ip != nil {
		d.LocalAddr = &net.TCPAddr{IP: ip}
	}
	return d
}

// configure carries out an EventConfig.
func (l *Loop) configure(ev *core.Event) {
	ask, asked := l.options.Configure, ev.Ticket != 0
	switch {
	case ask == nil && asked:
		ask = func([]Change, bool) string { return "there is nothing of that here" }
	case ask == nil:
		return
	}
	var changes []Change
	for line := range bytes.Lines(ev.Data) {
		if words, _ := sds.SplitArgs(nil, bytes.TrimSuffix(line, []byte("\n"))); len(words) == 2 {
			changes = append(changes, Change{string(words[0]), string(words[1])})
		}
	}
	if !asked {
		ask(changes, false)
		return
	}
	life, ticket := l.life, ev.Ticket
	l.begin(func(h *home) {
		refused := ask(changes, true)
		l.own(h)
		defer l.release()
		if l.engine != nil && l.life == life {
			l.step([]core.Input{{Kind: core.InDone, Ticket: ticket, Data: []byte(refused)}})
		}
	})
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

// Carrier takes over a connection that the engine asked for, or answers nil if it does not carry
// such a one. The owner of the Loop calls it, and what holds for a Sink's methods holds for it.
// What it sends meanwhile waits until the engine knows the connection.
type Carrier func(c net.Conn, id core.ConnID) Sink

// connected gives the engine the connection that it asked for.
func (l *Loop) connected(c net.Conn, ticket uint32) {
	l.mu.Lock()
	l.lastID++
	id := l.lastID
	l.mu.Unlock()
	if l.carry != nil {
		l.sinks[id] = l.carry(c, id)
	}
	if l.sinks[id] == nil {
		l.running.RLock()
		s := NewStream(l, c, l.running.RUnlock)
		l.sinks[id], s.id = s, id
		defer func() { go s.run() }()
	}
	l.step([]core.Input{{Kind: core.InConnected, Conn: id, Ticket: ticket}})
}
