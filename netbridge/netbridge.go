// Package netbridge carries bytes between network connections and the engine that a host.Loop
// owns: TCP, unix sockets and TLS. RESP goes through untouched; limits, timeouts and everything
// else that a client can notice are the engine's.
//
// On Linux one goroutine serves all sockets of a Bridge from one epoll set, with TLS and without:
// everything that is ready is read, goes to the engine in one step, and the step's output is
// written before the next look. WebSockets, and every socket elsewhere, are served by two
// goroutines a connection.
//
// It is for who builds a host, and may change with any version.
package netbridge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/internal/errs"
)

// Options say how a Bridge treats its sockets. The zero value suits tests.
type Options struct {
	// Backlog is the length of the queue of connections that wait to be accepted, as tcp-backlog;
	// 0 leaves it to the system.
	Backlog int
	// KeepAlive is how long a TCP connection may be silent before it is probed, as tcp-keepalive;
	// 0 sends no probes.
	KeepAlive time.Duration
	// Thread has the sockets waited for by a thread of their own, where there is epoll: a process
	// that is a server wakes sooner by it. Without it a port that rests costs no thread.
	Thread bool
}

// Bridge serves listeners and connections to one Loop. Its methods may be called from any
// goroutine.
type Bridge struct {
	loop    *host.Loop
	options Options
	poller  *poller      // nil until the first of its sockets, and always where there is no epoll
	plain   bool         // without epoll even where there is one; for tests
	silence atomic.Int64 // how long a connection may be silent, in nanoseconds

	mu        sync.Mutex
	closed    bool
	listeners []net.Listener
	streams   map[*host.Stream]struct{}
	running   sync.WaitGroup
}

// ErrClosed is what a Bridge answers once it is closed.
var ErrClosed = errors.New("netbridge: closed")

// New returns a Bridge to loop. It opens nothing yet. The Bridge must be closed before the loop.
func New(loop *host.Loop, options Options) *Bridge {
	b := &Bridge{loop: loop, options: options, streams: map[*host.Stream]struct{}{}}
	b.SetKeepAlive(options.KeepAlive)
	return b
}

// SetKeepAlive changes Options.KeepAlive for connections that come from now on.
func (b *Bridge) SetKeepAlive(d time.Duration) { b.silence.Store(int64(d)) }

func (b *Bridge) keepAliveTime() time.Duration { return time.Duration(b.silence.Load()) }

// Secure makes a connection that was accepted one that speaks TLS, or through a WebSocket. It is an
// interface so that a program that has no port with TLS need not hold what serves one, a hundred
// kilobytes.
type Secure interface {
	over(net.Conn) net.Conn
}

// TLS speaks it by a configuration; nil if that is nil.
func TLS(config *tls.Config) Secure {
	if config == nil {
		return nil
	}
	return overTLS{config}
}

type overTLS struct{ config *tls.Config }

func (o overTLS) over(c net.Conn) net.Conn { return tls.Server(c, o.config) }

// Listen opens a listening socket and serves what it accepts until the Bridge is closed. The
// network is "tcp", "tcp4", "tcp6" or "unix". A non-nil secure makes it a TLS listener.
// Connections are accepted from the moment that Listen returns; the answer is the address that
// the system gave.
func (b *Bridge) Listen(network, address string, secure Secure) (net.Addr, error) {
	l, err := Socket(network, address)
	if err != nil {
		return nil, err
	}
	addr := l.Addr()
	if err := b.Accept(l, secure); err != nil {
		return nil, errs.Join(err, l.Close())
	}
	return addr, nil
}

// Accept takes over a socket that listens, as Listen does with its own: who connected before waits
// in the system's queue. On an error the socket remains the caller's.
func (b *Bridge) Accept(l net.Listener, secure Secure) error {
	if b.options.Backlog > 0 {
		setBacklog(l, b.options.Backlog)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	if !b.plain {
		if taken, err := b.poll(l, secure); taken || err != nil {
			return err
		}
	}
	b.listeners = append(b.listeners, l)
	b.running.Add(1)
	go b.accept(l, secure)
	return nil
}

// Unlisten closes what listens at an address, which Listen answered or a socket had that Accept
// took over. Connections that were accepted there stay. An address where nothing of the Bridge
// listens is passed over.
func (b *Bridge) Unlisten(addr net.Addr) error {
	b.mu.Lock()
	var gone net.Listener
	b.listeners = slices.DeleteFunc(b.listeners, func(l net.Listener) bool {
		if l.Addr().String() != addr.String() {
			return false
		}
		gone = l
		return true
	})
	poller := b.poller
	if b.closed {
		poller = nil // it closes them all
	}
	b.mu.Unlock()
	switch {
	case gone != nil:
		return gone.Close()
	case poller != nil:
		poller.unlisten(addr.String())
	}
	return nil
}

// accept serves each connection of a listener by goroutines of its own.
func (b *Bridge) accept(l net.Listener, secure Secure) {
	defer b.running.Done()
	for wait := time.Millisecond; ; {
		c, err := l.Accept()
		switch {
		case err == nil:
			wait = time.Millisecond
		case errors.Is(err, net.ErrClosed):
			return
		default: // out of descriptors, mostly: connections that end will free some
			time.Sleep(wait)
			wait = min(2*wait, time.Second)
			continue
		}
		if t, ok := c.(*net.TCPConn); ok {
			b.keepAlive(t)
		}
		if secure != nil {
			c = secure.over(c)
		}
		if b.Serve(c) != nil {
			c.Close()
		}
	}
}

// keepAlive sets the probes of a connection as redis-server does: the first after the whole
// time, three further ones a third of it apart.
func (b *Bridge) keepAlive(t *net.TCPConn) {
	silence := b.keepAliveTime()
	// A socket that refuses an option works without it.
	_ = t.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable:   silence > 0,
		Idle:     silence,
		Interval: max(silence/3, time.Second),
		Count:    3,
	})
}

// Serve takes over an established connection of any kind and serves it until one side closes it.
// It returns at once; on an error the connection remains the caller's.
func (b *Bridge) Serve(c net.Conn) error {
	var s *host.Stream
	s = host.NewStream(b.loop, c, func() { b.forget(s) })
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return ErrClosed
	}
	b.streams[s] = struct{}{}
	b.running.Add(1)
	b.mu.Unlock()
	s.Open(describe(c.LocalAddr(), c.RemoteAddr(), -1))
	return nil
}

// Carrier is what carries the connections that the engine asks for, to a master above all, as those
// that come: by the goroutine that serves all sockets. It takes no TLS, and is nil where there is
// no epoll.
func (b *Bridge) Carrier() host.Carrier {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.plain || b.needPoller() != nil { // who listens gets that error too
		return nil
	}
	return b.carrier()
}

// Close stops listening, closes every connection after what it takes at once, and returns when
// nothing of the Bridge remains: no goroutine, no descriptor. A second Close does nothing.
func (b *Bridge) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	var failures []error
	for _, l := range b.listeners {
		failures = append(failures, l.Close())
	}
	for s := range b.streams {
		s.Stop()
	}
	b.mu.Unlock()
	if b.poller != nil {
		failures = append(failures, b.poller.close())
	}
	b.running.Wait()
	return errs.Join(failures...)
}

// forget drops a stream that has ended.
func (b *Bridge) forget(s *host.Stream) {
	b.mu.Lock()
	delete(b.streams, s)
	b.mu.Unlock()
	b.running.Done()
}

// describe gives a connection's ends as redis-server writes them: an IP address and a port, or a
// unix socket's path with port 0 for both.
func describe(local, remote net.Addr, fd int) core.Conn {
	if u, ok := local.(*net.UnixAddr); ok {
		path := u.Name + ":0"
		return core.Conn{Addr: path, Laddr: path, FD: fd, Unix: true}
	}
	return core.Conn{Addr: plain(remote), Laddr: plain(local), FD: fd}
}

// plain writes an address; IPv4 in IPv6 is shown as IPv4.
func plain(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()).String()
	}
	return a.String()
}

// Socket opens a socket that listens, as redis-server does: for plain TCP. Go's net.Listen asks for
// one that takes Multipath TCP too, which is a second socket to make and to close: 5 of 16 µs.
func Socket(network, address string) (net.Listener, error) {
	var c net.ListenConfig
	c.SetMultipathTCP(false)
	return c.Listen(context.Background(), network, address)
}

// ListenUnix opens a unix socket as Unix does and serves what it accepts, as Listen does.
func (b *Bridge) ListenUnix(path string, perm os.FileMode) (net.Addr, error) {
	l, err := Unix(path, perm)
	if err != nil {
		return nil, err
	}
	addr := l.Addr()
	if err := b.Accept(l, nil); err != nil {
		return nil, errs.Join(err, l.Close())
	}
	return addr, nil
}

// Unix opens a unix socket as redis-server does: a file that is there already goes first, and
// perm, when it is not 0, becomes the new one's mode.
func Unix(path string, perm os.FileMode) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err == nil && perm != 0 {
		if err = os.Chmod(path, perm); err != nil {
			err = errs.Join(err, l.Close())
		}
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// Address puts a redis.conf bind address and a port together: "*" is every IPv4 and "::*" every
// IPv6 address. The network is tcp4 or tcp6 accordingly.
func Address(bind string, port int) (network, address string) {
	network = "tcp4"
	switch {
	case bind == "*":
		bind = "0.0.0.0"
	case bind == "::*":
		network, bind = "tcp6", "::"
	case strings.Contains(bind, ":"):
		network = "tcp6"
	}
	return network, net.JoinHostPort(bind, fmt.Sprint(port))
}
