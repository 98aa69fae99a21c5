// Package redlet runs a Redis inside your program: for tests, for local development, and for
// what a container cannot do, such as turning the clock.
//
// In a test one line starts a server that ends with the test, and any client talks to it:
//
//	s := redlet.RunT(t)
//	client := redis.NewClient(&redis.Options{Addr: s.Addr()})
//
// The port is opened when Addr or URL is first called. Without one, a client connects through
// [Server.DialContext], which also works inside a testing/synctest bubble. Give it an address all
// the same, of digits, since some clients look up the name of their default address: once in a
// process, with what belongs to one bubble:
//
//	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", Dialer: s.DialContext})
//
// What the server answers is what redis-server answers; where it does not, that is a defect.
//
// # In a test
//
// [RunT] takes a test, a benchmark or a fuzz test, or what other frameworks have in their place;
// of one that fails it logs what the server was told last. A server takes 20 KB and some
// microseconds, so each test has its own, and tests run in parallel. [Server.Do], [Server.DB] and
// [Server.Conn] arrange data and look at them; [Server.Snapshot] takes all of it and
// [Server.Restore] puts it back.
//
// # Time and chance
//
// [Server.FastForward] turns the clock, and all that falls due has happened when it returns. By
// itself the clock goes by the wall's, or a bubble's, time: see [WithClock] for one that stands and
// for one of your own. Random choices repeat: see [WithSeed].
//
// # What goes wrong
//
// [Server.Fail] has the next commands fail, be late, or lose their connection; [Server.OnCommand]
// has a function of yours decide that, command by command.
//
// # Configuration
//
// Options say how a server starts, [WithConfig] takes any parameter of redis.conf. There are ones
// for TLS and unix sockets, for the log, for data on disk, for a bound on the number of keys, for
// an older version of Redis, and for commands and types of values of your own. [Open] has one
// setting of a program say whether its data are in this process or in a real server.
package redlet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"sync"

	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/internal/errs"
	"github.com/redlet/redlet/netbridge"
)

// Server is a running server. Its methods may be called from any goroutine.
type Server struct {
	loop     loop
	bridge   bridge
	password string
	secure   netbridge.Secure // of the port; nil: it is plain
	faults   faults

	mu     sync.Mutex
	addr   string          // "" until the port is opened
	idle   map[int][]*line // connections of Do that nobody uses, by database
	closed bool
}

// ErrClosed is the error of a Server that was closed.
var ErrClosed = host.ErrClosed

// Run starts a server. It fails when an option's value is refused, in the words of redis-server,
// or when the address of [WithAddr] or the path of [WithUnixSocket] cannot be listened on. Close
// the server when done.
func Run(options ...Option) (*Server, error) { return run(settingsOf(options)) }

func run(o *settings) (*Server, error) {
	if err := o.refuseSockets(); err != nil {
		return nil, err
	}
	s := &Server{password: o.config["requirepass"], secure: o.secure}
	engine := engineOf(o)
	l, err := host.NewLoop(host.LoopOptions{
		Maker:    noted(engine.maker, o.tail),
		Seed:     o.seed,
		Config:   o.config,
		Commands: engine.more,
		Types:    engine.types,
		Keep:     engine.maker != nil,
		Clock:    o.clock.host(),
		Orders:   o.clock.orders,
		Log:      o.log,
		Died:     o.died,
		Shutdown: func(string) { go s.Close() },
	})
	if err != nil {
		return nil, fmt.Errorf("redlet: %w", err)
	}
	s.loop, s.bridge = l, netbridge.New(l, netbridge.Options{})
	if o.addr != "" {
		err = s.listen(o.addr)
	}
	if err == nil && o.unixSocket != "" {
		if _, err = s.bridge.ListenUnix(o.unixSocket, 0); err != nil {
			err = fmt.Errorf("redlet: %w", err)
		}
	}
	if err != nil {
		return nil, errs.Join(err, s.Close())
	}
	return s, nil
}

// listen opens the port.
func (s *Server) listen(addr string) error {
	a, err := s.bridge.Listen("tcp", addr, s.secure)
	if err != nil {
		return fmt.Errorf("redlet: %w", err)
	}
	s.addr = a.String()
	return nil
}

// Listen opens the port, unless [WithAddr], Addr or an earlier Listen did, and says what stands in
// the way: most often that the system has no port or descriptor left.
func (s *Server) Listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.addr != "":
		return nil
	}
	return s.listen("127.0.0.1:0")
}

// Addr returns the address that the server listens on, such as "127.0.0.1:41234". The first call
// opens the port as [Server.Listen] does, and panics with its error. After Close the address
// remains the same, with nobody there, or is "" if the port was never opened.
func (s *Server) Addr() string {
	if err := s.Listen(); err != nil && !errors.Is(err, ErrClosed) {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// URL returns the address as clients take it: "redis://127.0.0.1:41234", or "rediss://" where
// [WithTLS] is, with the password in it that clients need by now, if there is one. A server that
// listens on all addresses is named by that of this machine. It opens the port as Addr does.
func (s *Server) URL() string {
	u := url.URL{Scheme: "redis", Host: dialable(s.Addr())}
	if s.secure != nil {
		u.Scheme = "rediss"
	}
	password, err := s.loop.Control("config requirepass")
	if err != nil {
		password = s.password // it is closed
	}
	if password != "" {
		u.User = url.UserPassword("", password)
	}
	return u.String()
}

// dialable is an address that can be dialed on this machine.
func dialable(addr string) string {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil || !ap.Addr().IsUnspecified() {
		return addr
	}
	host := "127.0.0.1" // an IPv6 socket for all addresses takes it too
	return net.JoinHostPort(host, strconv.Itoa(int(ap.Port())))
}

// Dial connects to the server without a port. The connection keeps deadlines, and works inside the
// testing/synctest bubble in which the server was started.
func (s *Server) Dial() (net.Conn, error) { return s.loop.Dial() }

// DialContext is Dial in the shape that clients take as their dialer; network and address are
// ignored.
func (s *Server) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.Dial()
}

// Snapshot returns all data as the bytes of an RDB file, which redis-server loads too.
func (s *Server) Snapshot() ([]byte, error) { return s.loop.Snapshot() }

// Restore replaces all data by that of an RDB file: of a Snapshot, or one that redis-server wrote.
// On an error, which names the place in the file, nothing has changed.
func (s *Server) Restore(image []byte) error { return s.loop.Restore(image) }

// Close ends the server and every connection to it. Nothing of it remains, and nothing is saved. A
// second Close does nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	idle := s.idle
	s.idle = nil
	s.mu.Unlock()
	for _, lines := range idle {
		for _, l := range lines {
			l.caller.Close()
		}
	}
	return errs.Join(s.bridge.Close(), s.loop.Close())
}
