package host

import (
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/redlet/redlet/core"
)

// unreadMax is how much output may wait for a reader before the engine is told to keep the rest.
const unreadMax = 256 << 10

// Addr is the address of both ends of a connection that Dial made.
type Addr string

// Network returns "redlet".
func (Addr) Network() string { return "redlet" }

// String returns the address as CLIENT LIST shows it.
func (a Addr) String() string { return string(a) }

// conn is a connection to the engine without a socket.
type conn struct {
	loop *Loop
	home *home // where it was made and is used
	id   core.ConnID
	addr Addr

	sending sync.Mutex
	send    [1]core.Input // of sending: Send keeps no reference, so one will do

	mu     sync.Mutex
	unread []byte // what Read has not taken; starts at off
	off    int
	corked bool
	over   bool // the engine hung up
	closed bool
	ready  chan struct{} // holds a token when Read has something to look at

	reading, writing alarm
}

// Dial opens a connection to the engine, without a port. It honours deadlines, also by the fake
// time of testing/synctest, and may be closed at any moment. Write never waits for the reader of
// the other end: the engine holds output back, within client-output-buffer-limit, until it is read.
func (l *Loop) Dial() (net.Conn, error) { return l.dial(false) }

// DialOwn is Dial for the owner of the Loop: no password is asked of the connection, and no filter
// about what it sends.
func (l *Loop) DialOwn() (net.Conn, error) { return l.dial(true) }

func (l *Loop) dial(own bool) (net.Conn, error) {
	c := &conn{loop: l, addr: l.dialAddr(), ready: make(chan struct{}, 1)}
	c.home = l.settle(l.here())
	c.reading.init()
	c.writing.init()
	peer := core.Conn{Addr: string(c.addr), Laddr: string(listenAddr), FD: -1, Own: own}
	id := l.open(c.home, peer, c)
	if id == 0 {
		l.leave(c.home)
		return nil, ErrClosed
	}
	c.mu.Lock()
	c.id = id
	c.mu.Unlock()
	return c, nil
}

// listenAddr is the near end of every connection that has no socket.
const listenAddr Addr = "127.0.0.1:6379"

// dialAddr makes an address for the far end, as if from the range of ephemeral ports, so that
// CLIENT LIST and CLIENT KILL can tell connections apart.
func (l *Loop) dialAddr() Addr {
	port := 49152 + (l.dials.Add(1)-1)%16384
	return Addr("127.0.0.1:" + strconv.Itoa(int(port)))
}

// Home is Caller.Home.
func (c *conn) Home() bool { return bubble() == c.home.bubble }

// Data implements Sink.
func (c *conn) Data(data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if c.off > len(c.unread)/2 {
		c.unread = append(c.unread[:0], c.unread[c.off:]...)
		c.off = 0
	}
	c.unread = append(c.unread, data...)
	if len(c.unread)-c.off > unreadMax && !c.corked && c.id != 0 {
		c.corked = true
		c.loop.Send([]core.Input{{Kind: core.InCork, Conn: c.id}})
	}
	c.loop.signal(c.home, c.ready)
}

// Hangup implements Sink.
func (c *conn) Hangup(last []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unread = append(c.unread, last...)
	c.over = true
	c.loop.signal(c.home, c.ready)
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	for {
		late := c.reading.wait()
		if isClosed(late) {
			return 0, c.fault("read", os.ErrDeadlineExceeded)
		}
		n, uncork, err := c.take(b)
		if uncork {
			c.loop.send(c.home, []core.Input{{Kind: core.InUncork, Conn: c.id}})
		}
		if n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
		select {
		case <-c.ready:
		case <-late:
		}
	}
}

// take moves unread bytes to b.
func (c *conn) take(b []byte) (n int, uncork bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n = copy(b, c.unread[c.off:])
	c.off += n
	left := len(c.unread) - c.off
	switch {
	case c.closed:
		token(c.ready) // for other readers
		return 0, false, c.fault("read", net.ErrClosed)
	case n == 0 && c.over && len(b) > 0:
		token(c.ready)
		return 0, false, io.EOF
	case left > 0:
		token(c.ready)
	case cap(c.unread) > 2*unreadMax:
		c.unread, c.off = nil, 0
	default:
		c.unread, c.off = c.unread[:0], 0
	}
	if c.corked && !c.over && left <= unreadMax/2 {
		c.corked = false
		return n, true, nil
	}
	return n, false, nil
}

// Write implements net.Conn. What it answers can be read as soon as it returns, if no one else
// steps the engine.
func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	closed, over := c.closed, c.over
	c.mu.Unlock()
	switch {
	case closed:
		return 0, c.fault("write", net.ErrClosed)
	case over:
		return 0, c.fault("write", io.ErrClosedPipe)
	case isClosed(c.writing.wait()):
		return 0, c.fault("write", os.ErrDeadlineExceeded)
	}
	c.sending.Lock()
	defer c.sending.Unlock()
	c.send[0] = core.Input{Kind: core.InData, Conn: c.id, Data: b}
	c.loop.send(c.home, c.send[:])
	c.send[0].Data = nil
	return len(b), nil
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.mu.Lock()
	closed, over := c.closed, c.over
	c.closed = true
	c.unread, c.off = nil, 0
	token(c.ready)
	c.mu.Unlock()
	if closed {
		return c.fault("close", net.ErrClosed)
	}
	c.reading.set(time.Time{})
	c.writing.set(time.Time{})
	if !over {
		c.loop.forget(c.home, c.id)
	}
	c.loop.leave(c.home)
	return nil
}

// forget closes a connection from the outside.
func (l *Loop) forget(h *home, id core.ConnID) {
	l.send(h, []core.Input{{Kind: core.InClose, Conn: id}})
}

// LocalAddr implements net.Conn.
func (c *conn) LocalAddr() net.Addr { return c.addr }

// RemoteAddr implements net.Conn.
func (c *conn) RemoteAddr() net.Addr { return listenAddr }

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error { return c.setDeadline(&c.reading, t) }

// SetWriteDeadline implements net.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error { return c.setDeadline(&c.writing, t) }

func (c *conn) setDeadline(a *alarm, t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.fault("set", net.ErrClosed)
	}
	a.set(t)
	return nil
}

//go:noinline
func (c *conn) fault(op string, err error) error {
	return &net.OpError{Op: op, Net: c.addr.Network(), Source: c.addr, Addr: listenAddr, Err: err}
}

// alarm is a deadline: a channel that is closed when it has passed.
type alarm struct {
	mu    sync.Mutex
	timer *time.Timer
	rung  chan struct{}
}

func (a *alarm) init() { a.rung = make(chan struct{}) }

// set puts the deadline at t; the zero time is none.
func (a *alarm) set(t time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil && !a.timer.Stop() {
		<-a.rung // its function is under way
	}
	a.timer = nil
	if isClosed(a.rung) {
		a.rung = make(chan struct{})
	}
	if t.IsZero() {
		return
	}
	rung := a.rung
	if wait := time.Until(t); wait > 0 {
		a.timer = time.AfterFunc(wait, func() { close(rung) })
	} else {
		close(rung)
	}
}

// wait returns the channel of the present deadline.
func (a *alarm) wait() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rung
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
