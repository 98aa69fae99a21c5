// Package miniredis has the names and meanings of github.com/alicebob/miniredis/v2 over redlet, so
// that its users change one import line:
//
//	import "github.com/redlet/redlet/miniredis"
//
// Package [github.com/redlet/redlet/miniredis/server] is for that of the same name there, which
// commands of one's own and hooks need. A Server to stand alone is not in it.
//
// Its clock is miniredis's: keys and fields of hashes grow older by [Miniredis.FastForward] alone,
// while commands that block, TIME, streams and idle times go by the machine's time, or by SetTime.
//
// What differs on purpose is what clients are answered. Where miniredis is unlike Redis, in
// commands that it does not know, in the words of an error, in the order of a hash, in DUMP and
// SCAN, in what chance chooses, redlet answers as redis-server 8 does: there are 16 databases, and
// what is left of an expiry is told in whole milliseconds. Type and Dump tell a HyperLogLog as the
// string that it is in Redis. A [Subscriber] must be closed.
package miniredis

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/redlet/redlet"
	"github.com/redlet/redlet/miniredis/server"
	"github.com/redlet/redlet/netbridge"
)

// The errors of direct commands, in Redis's words.
var (
	ErrKeyNotFound = refusal("ERR no such key")
	ErrWrongType   = refusal("WRONGTYPE Operation against a key holding the wrong kind " +
		"of value")
	ErrNotValidHllValue      = refusal("WRONGTYPE Key is not a valid HyperLogLog string value.")
	ErrIntValueError         = refusal("ERR value is not an integer or out of range")
	ErrIntValueOverflowError = refusal("ERR increment or decrement would overflow")
	ErrFloatValueError       = refusal("ERR value is not a valid float")
)

// refusal is the error that a command is refused with in these words.
func refusal(words string) error { return redlet.ServerError(words) }

// Tester is what RunT needs of a testing.T.
type Tester interface {
	Fatalf(string, ...interface{})
	Cleanup(func())
	Logf(format string, args ...interface{})
}

// Miniredis is a server. Its methods may be called from any goroutine, and hold no lock of the
// embedded Mutex, which is the caller's.
type Miniredis struct {
	sync.Mutex

	Ctx       context.Context    // ends with Close
	CtxCancel context.CancelFunc // of Ctx

	redis *redlet.Server

	mu       sync.Mutex
	selected int
	srv      *server.Server
	bridge   bridge // to the sockets; nil if there are none
	listens  bool
	addr     string // where it listens, did, or will if nobody says otherwise
	secure   netbridge.Secure
	dialed   map[*dialed]struct{}
	users    map[string]bool // those that may come in
	secret   string          // the password of user default where nobody is to know it
}

// NewMiniRedis makes a server that does not listen yet. Data may be put into it already.
func NewMiniRedis() *Miniredis {
	var seed [8]byte
	_, _ = rand.Read(seed[:]) // never fails
	redis, err := redlet.Run(redlet.WithClock(redlet.MiniredisClock()),
		redlet.WithConfig(map[string]string{"protected-mode": "no"}),
		redlet.WithSeed(binary.NativeEndian.Uint64(seed[:])))
	if err != nil {
		panic(err) // nothing was asked that can be refused
	}
	m := &Miniredis{redis: redis, dialed: map[*dialed]struct{}{}, users: map[string]bool{},
		secret: rand.Text(), addr: "127.0.0.1:0"}
	m.srv = m.newServer()
	m.Ctx, m.CtxCancel = context.WithCancel(context.Background())
	return m
}

func (m *Miniredis) newServer() *server.Server {
	return server.New(m.redis, server.Ends{Addr: m.Addr, Serve: m.serve, Close: m.Close})
}

// Run makes and starts a server.
func Run() (*Miniredis, error) {
	m := NewMiniRedis()
	return m, m.Start()
}

// RunTLS is Run with TLS.
func RunTLS(cfg *tls.Config) (*Miniredis, error) {
	m := NewMiniRedis()
	return m, m.StartTLS(cfg)
}

// RunT starts a server that is closed when the test ends.
func RunT(t Tester) *Miniredis {
	m := NewMiniRedis()
	if err := m.Start(); err != nil {
		t.Fatalf("could not start miniredis: %s", err)
	}
	t.Cleanup(m.Close)
	return m
}

// Start listens on a port of 127.0.0.1 that the system chooses; after Close where it did before.
func (m *Miniredis) Start() error { return m.listen("", nil) }

// StartTLS is Start with TLS.
func (m *Miniredis) StartTLS(cfg *tls.Config) error { return m.listen("", netbridge.TLS(cfg)) }

// StartAddr listens on an address, such as "127.0.0.1:6379" or ":0".
func (m *Miniredis) StartAddr(addr string) error { return m.listen(addr, nil) }

// StartAddrTLS is StartAddr with TLS.
func (m *Miniredis) StartAddrTLS(addr string, cfg *tls.Config) error {
	return m.listen(addr, netbridge.TLS(cfg))
}

// Restart listens where the server listened before Close, with TLS if it did. The data are still
// there.
func (m *Miniredis) Restart() error {
	m.mu.Lock()
	secure := m.secure
	m.mu.Unlock()
	return m.listen("", secure)
}

func (m *Miniredis) listen(addr string, secure netbridge.Secure) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.listens {
		return errors.New("miniredis: it listens already")
	}
	if addr == "" {
		addr = m.addr
	}
	at, err := m.begin().Listen("tcp", addr, secure)
	if err != nil {
		return err
	}
	m.listens, m.addr, m.secure = true, at.String(), secure
	return nil
}

// serve serves a connection that somebody has made.
func (m *Miniredis) serve(c net.Conn) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.begin().Serve(c)
}

// bridge is a [netbridge.Bridge]. It is an interface for the reason that package redlet tells in
// sight.go.
type bridge interface {
	Listen(network, address string, secure netbridge.Secure) (net.Addr, error)
	Serve(c net.Conn) error
	Close() error
}

// begin is the bridge to the sockets; the context of a server that was closed begins anew.
func (m *Miniredis) begin() bridge {
	if m.Ctx.Err() != nil {
		m.Ctx, m.CtxCancel = context.WithCancel(context.Background())
	}
	if m.bridge == nil {
		m.bridge = netbridge.New(redlet.LoopOf(m.redis), netbridge.Options{})
	}
	return m.bridge
}

// Close ends the listener and every connection, and what SetError and Server have set up. The data
// stay, for direct commands and Restart.
func (m *Miniredis) Close() {
	m.mu.Lock()
	bridge, conns := m.bridge, m.dialed
	m.bridge, m.listens, m.dialed = nil, false, map[*dialed]struct{}{}
	m.CtxCancel()
	m.mu.Unlock()
	for c := range conns {
		_ = c.Conn.Close() // it may be closed
	}
	if bridge != nil {
		_ = bridge.Close() // its sockets are gone either way
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.srv = m.newServer()
	m.srv.SetError("") // in place of what the one before asked for
}

// Addr is where the server listens, such as "127.0.0.1:41234"; "" if it does not.
func (m *Miniredis) Addr() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.listens {
		return ""
	}
	return m.addr
}

// Host is the host of Addr.
func (m *Miniredis) Host() string {
	host, _, _ := net.SplitHostPort(m.Addr())
	return host
}

// Port is the port of Addr.
func (m *Miniredis) Port() string {
	_, port, _ := net.SplitHostPort(m.Addr())
	return port
}

// Dial connects to the server without a port, whether it listens or not.
func (m *Miniredis) Dial() (net.Conn, error) {
	c, err := m.redis.Dial()
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.begin()
	d := &dialed{c, m}
	m.dialed[d] = struct{}{}
	return d, nil
}

// dialed is a connection that ends with the server.
type dialed struct {
	net.Conn
	m *Miniredis
}

// Close closes the connection.
func (d *dialed) Close() error {
	d.m.mu.Lock()
	delete(d.m.dialed, d)
	d.m.mu.Unlock()
	return d.Conn.Close()
}

// ClockTTL has keys grow older as time passes, and as SetTime turns it, as Redis has them; or ends
// that.
func (m *Miniredis) ClockTTL(enabled bool) {
	order := "clock apart"
	if enabled {
		order = "clock together"
	}
	m.control(order)
}

func (m *Miniredis) control(order string) {
	_, _ = redlet.LoopOf(m.redis).Control(order) // obeys as long as there is an engine
}

// FastForward makes keys and fields of hashes older.
func (m *Miniredis) FastForward(duration time.Duration) {
	_ = m.redis.FastForward(duration) // refuses what is less than nothing
}

// SetTime sets, and stops, what TIME and streams tell, and what EXPIREAT is reckoned from.
func (m *Miniredis) SetTime(t time.Time) {
	_ = m.redis.SetTime(t) // refuses years that no clock shows
}

// Seed begins random choices anew.
func (m *Miniredis) Seed(seed int) {
	_ = m.redis.Seed(uint64(seed)) // takes any number
}

// RequireAuth has clients AUTH with a password, those too that are connected already; "" is none.
func (m *Miniredis) RequireAuth(pw string) { m.RequireUserAuth(defaultUser, pw) }

const defaultUser = "default"

// RequireUserAuth has clients AUTH as one of the users that it has added, who may all do anything.
// Who has done so may stay, whatever changes. With an empty password the user may not come in.
func (m *Miniredis) RequireUserAuth(username, pw string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.users, username)
	rules := []string{"off", "resetpass"}
	if pw != "" {
		m.users[username] = true
		m.control("guests ask")
		rules = []string{"on", "resetpass", ">" + pw, "~*", "&*", "+@all"}
	}
	m.permit(username, rules)
	switch {
	case m.users[defaultUser]:
	case len(m.users) > 0:
		m.permit(defaultUser, []string{"on", "resetpass", ">" + m.secret})
	default:
		m.permit(defaultUser, []string{"on", "nopass"})
	}
}

// permit tells Redis of a user.
func (m *Miniredis) permit(username string, rules []string) {
	args := []any{"ACL", "SETUSER", username}
	for _, rule := range rules {
		args = append(args, rule)
	}
	_, _ = m.DB(0).do(args...) // takes any
}

// Server is what clients talk to, for commands of one's own and a hook before each command. After
// Close there is another one.
func (m *Miniredis) Server() *server.Server {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.srv
}

// SetError has every command of clients answered by an error, such as "LOADING Redis is loading the
// dataset in memory"; "" ends that, and Close does.
func (m *Miniredis) SetError(msg string) { m.Server().SetError(msg) }

// CommandCount is how many commands clients have sent that were run, since the server was started.
func (m *Miniredis) CommandCount() int { return m.Server().TotalCommands() }

// CurrentConnectionCount is how many clients are connected.
func (m *Miniredis) CurrentConnectionCount() int { return m.Server().ClientsLen() }

// TotalConnectionCount is how many clients have connected since the server was started.
func (m *Miniredis) TotalConnectionCount() int { return m.Server().TotalConnections() }

// IsReadOnlyCommand tells whether a command changes nothing.
func (m *Miniredis) IsReadOnlyCommand(cmd string) bool { return m.Server().IsReadOnlyCommand(cmd) }
