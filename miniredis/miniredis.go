// Package miniredis has the names and meanings of github.com/alicebob/miniredis/v2 over redlet, so
// that its users change one import line:
//
//	import "github.com/redlet/redlet/miniredis"
//
// Its clock is miniredis's: keys and fields of hashes grow older by [Miniredis.FastForward] alone,
// while commands that block, TIME and streams go by the machine's time, or by SetTime.
//
// What differs on purpose is what clients are answered. Where miniredis is unlike Redis, in
// commands that it does not know, in the words of an error, in the order of a hash, in DUMP and
// SCAN, redlet answers as redis-server 8 does. A connection stays authenticated when RequireAuth
// comes later, and OBJECT IDLETIME goes by the machine's time. Type and Dump tell a HyperLogLog as
// the string that it is in Redis.
//
// SetError and Server, with its Register and SetPreHook, are not here, and RequireUserAuth panics.
package miniredis

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/netbridge"
)

// The errors of direct commands.
var (
	ErrKeyNotFound = errors.New("ERR no such key")
	ErrWrongType   = known("WRONGTYPE Operation against a key holding the wrong kind " +
		"of value")
	ErrNotValidHllValue      = known("WRONGTYPE Key is not a valid HyperLogLog string value.")
	ErrIntValueError         = known("ERR value is not an integer or out of range")
	ErrIntValueOverflowError = known("ERR increment or decrement would overflow")
	ErrFloatValueError       = known("ERR value is not a valid float")
)

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

	loop *host.Loop

	mu       sync.Mutex
	caller   *host.Caller // of direct commands
	own      int          // commands that it has sent
	callers  int          // how many there have been
	selected int
	bridge   *netbridge.Bridge
	addr     string // as it was given to listen on, with the port that it became
	secure   *tls.Config
	dialed   map[net.Conn]struct{}
}

// NewMiniRedis makes a server that does not listen yet. Data may be put into it already.
func NewMiniRedis() *Miniredis {
	m := &Miniredis{dialed: map[net.Conn]struct{}{}}
	o := host.LoopOptions{Config: map[string]string{"save": ""}}
	_, _ = rand.Read(o.Seed[:]) // never fails
	var err error
	if m.loop, err = host.NewLoop(o); err != nil {
		panic(err) // the configuration is ours
	}
	m.ClockTTL(false)
	m.Ctx, m.CtxCancel = context.WithCancel(context.Background())
	return m
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

// Start listens on a port of 127.0.0.1 that the system chooses.
func (m *Miniredis) Start() error { return m.listen("127.0.0.1:0", nil) }

// StartTLS is Start with TLS.
func (m *Miniredis) StartTLS(cfg *tls.Config) error { return m.listen("127.0.0.1:0", cfg) }

// StartAddr listens on an address, such as "127.0.0.1:6379" or ":0".
func (m *Miniredis) StartAddr(addr string) error { return m.listen(addr, nil) }

// StartAddrTLS is StartAddr with TLS.
func (m *Miniredis) StartAddrTLS(addr string, cfg *tls.Config) error { return m.listen(addr, cfg) }

// Restart listens where the server listened before Close. The data are still there.
func (m *Miniredis) Restart() error {
	m.mu.Lock()
	addr, secure := m.addr, m.secure
	m.mu.Unlock()
	return m.listen(addr, secure)
}

func (m *Miniredis) listen(addr string, secure *tls.Config) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bridge != nil {
		return errors.New("miniredis: it listens already")
	}
	b := netbridge.New(m.loop, netbridge.Options{})
	at, err := b.Listen("tcp", addr, secure)
	if err != nil {
		return errors.Join(err, b.Close())
	}
	if m.Ctx.Err() != nil {
		m.Ctx, m.CtxCancel = context.WithCancel(context.Background())
	}
	m.bridge, m.addr, m.secure = b, at.String(), secure
	return nil
}

// Close ends the listener and every connection. The data stay, for direct commands and Restart.
func (m *Miniredis) Close() {
	m.mu.Lock()
	bridge, dialed := m.bridge, m.dialed
	m.bridge, m.dialed = nil, map[net.Conn]struct{}{}
	m.CtxCancel()
	m.mu.Unlock()
	for c := range dialed {
		_ = c.Close() // it may be closed
	}
	if bridge != nil {
		_ = bridge.Close() // its sockets are gone either way
	}
}

// Addr is where the server listens, such as "127.0.0.1:41234"; "" if it does not.
func (m *Miniredis) Addr() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bridge == nil {
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
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.loop.Dial()
	if err == nil {
		m.dialed[c] = struct{}{}
	}
	return c, err
}

// ClockTTL has keys grow older as time passes, and as SetTime turns it, as Redis has them; or ends
// that.
func (m *Miniredis) ClockTTL(enabled bool) {
	order := "clock apart"
	if enabled {
		order = "clock together"
	}
	_, _ = m.loop.Control(order) // obeys as long as there is an engine
}

// FastForward makes keys and fields of hashes older.
func (m *Miniredis) FastForward(duration time.Duration) {
	_ = m.loop.Forward(duration) // refuses what is less than nothing
}

// SetTime sets, and stops, what TIME and streams tell, and what EXPIREAT is reckoned from.
func (m *Miniredis) SetTime(t time.Time) {
	_ = m.loop.SetTime(t) // refuses years that no clock shows
}

// Seed begins random choices anew.
func (m *Miniredis) Seed(seed int) {
	_, _ = m.loop.Control("seed " + strconv.FormatUint(uint64(seed), 10)) // takes any number
}

// RequireAuth has clients AUTH with a password; "" is none.
func (m *Miniredis) RequireAuth(pw string) { m.do(0, "CONFIG", "SET", "requirepass", pw) }

// RequireUserAuth adds a user; with an empty password the user may not come in. redlet has no users
// yet: so it panics, for a test that passed without them would prove nothing.
func (m *Miniredis) RequireUserAuth(username, pw string) {
	words := []string{"ACL", "SETUSER", username, "reset"}
	if pw != "" {
		words = append(words, "on", ">"+pw, "~*", "&*", "+@all")
	}
	if err, refused := m.do(0, words...).(error); refused {
		panic(fmt.Sprintf("miniredis: no user %q: %v", username, err))
	}
}

// info is a number that INFO tells.
func (m *Miniredis) info(section, name string) int {
	text, err := m.loop.Control("info " + section)
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(text, "\r\n") {
		if value, is := strings.CutPrefix(line, name+":"); is {
			n, _ := strconv.Atoi(value)
			return n
		}
	}
	return 0
}

// CommandCount is how many commands clients have sent that were run.
func (m *Miniredis) CommandCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.info("stats", "total_commands_processed") - m.own
}

// CurrentConnectionCount is how many clients are connected.
func (m *Miniredis) CurrentConnectionCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.info("clients", "connected_clients")
	if m.caller != nil {
		n--
	}
	return n
}

// TotalConnectionCount is how many clients have connected.
func (m *Miniredis) TotalConnectionCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.info("stats", "total_connections_received") - m.callers
}

// IsReadOnlyCommand tells whether a command changes nothing.
func (m *Miniredis) IsReadOnlyCommand(cmd string) bool {
	for _, info := range list(m.do(0, "COMMAND", "INFO", cmd)) {
		for i, part := range list(info) {
			if i != 2 {
				continue
			}
			for _, flag := range list(part) {
				if flag == "readonly" {
					return true
				}
			}
		}
	}
	return false
}

// do runs a command in a database. It waits as a client's command does.
func (m *Miniredis) do(db int, args ...string) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range 2 {
		if m.caller == nil {
			c, err := m.loop.Caller()
			if err != nil {
				return err
			}
			if _, err := c.Do(nil, []byte("HELLO 2\r\n"), 1); err != nil {
				return err
			}
			m.caller = c
			m.callers++
			m.own++
		}
		requests := appendRequest(nil, []string{"SELECT", strconv.Itoa(db)})
		reply, err := m.caller.Do(nil, appendRequest(requests, args), 2)
		if err != nil {
			m.caller = nil // somebody has killed the connection
			continue
		}
		m.own += 2
		selected, rest := parse(reply)
		if err, refused := selected.(error); refused {
			return err
		}
		answer, _ := parse(rest)
		return answer
	}
	return fmt.Errorf("miniredis: %w", host.ErrClosed)
}
