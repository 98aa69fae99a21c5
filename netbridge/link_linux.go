package netbridge

import (
	"crypto/tls"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
)

// resumable is a Secure over which the poller reads: what a connection has of a record waits in it
// for the rest, when Read fails for want of more.
type resumable interface {
	link(*sock, core.Conn) secured
}

// secured is a link, an interface for the reason for which Secure is one.
type secured interface {
	shake()
	shakes() bool           // the handshake is not over yet
	awaits() uint32         // what the epoll set should look for until it is
	ready(events uint32)    // the handshake's socket is ready
	decrypt()               // the socket has something
	seal(data []byte) error // send output; the caller holds sock.mu
	owes() bool             // output waits in here; the caller holds sock.mu
	close()                 // the caller holds sock.mu and closes the socket
}

func (o overTLS) link(s *sock, peer core.Conn) secured {
	l := &link{sock: s, peer: peer, shaking: true}
	l.more.L = &s.mu
	l.tls = tls.Server(l, o.config)
	return l
}

// link is what TLS takes for its connection over a sock.
//
// Hands are shaken by a goroutine of its own, since crypto/tls cannot interrupt that: Read waits
// until the poller has seen that there is more. Then the poller reads through TLS. Read answers
// EAGAIN where there is no more, which crypto/tls passes on as an error that it may go on after;
// Write gathers the records of one output for one system call.
type link struct {
	sock *sock
	tls  *tls.Conn
	peer core.Conn

	// The poller changes shaking, holding sock.mu. While it is set the handshake's goroutine alone
	// uses tls, afterwards who holds sock.mu.
	shaking bool
	failed  error // what became of the handshake, when it is over

	// These belong to who holds sock.mu.
	more    sync.Cond // the handshake may read again, or the socket is closed
	waiting bool      // the handshake waits for that
	early   []byte    // output from before the handshake was over
	out     *[]byte   // records that are not offered to the system yet; nil: none
	budget  int       // how much may be read yet, this time
}

// sealMax is how much output is made records of before they are offered to the system.
const sealMax = 64 << 10

// gatherings are buffers for link.out.
var gatherings = sync.Pool{New: func() any { return new([]byte) }}

// shake shakes hands and gives the connection to the poller.
func (l *link) shake() {
	p := l.sock.poller
	defer p.bridge.running.Done()
	l.failed = l.tls.Handshake()
	l.sock.mu.Lock()
	defer l.sock.mu.Unlock()
	if l.sock.closed { // and the poller perhaps as well
		return
	}
	p.mu.Lock()
	p.jobs = append(p.jobs, l.settle)
	p.mu.Unlock()
	p.wake()
}

// awaits is what the epoll set should look for while hands are shaken. Whatever it finds it tells
// once: a hangup would be told all the time that the handshake calculates.
func (l *link) awaits() uint32 {
	if l.waiting {
		return syscall.EPOLLIN | syscall.EPOLLONESHOT
	}
	return syscall.EPOLLONESHOT
}

func (l *link) shakes() bool { return l.shaking }

// ready tells a handshake that its socket is ready.
func (l *link) ready(events uint32) {
	s, p := l.sock, l.sock.poller
	if events&syscall.EPOLLOUT != 0 {
		p.flush(s)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if events&^syscall.EPOLLOUT != 0 {
		l.waiting = false
		l.more.Signal()
	}
	if !s.closed && (l.waiting || len(s.pending) > 0) {
		s.watch()
	}
}

// settle serves a connection with which hands were shaken. What came behind the handshake was read
// with it.
func (l *link) settle() {
	s, p := l.sock, l.sock.poller
	s.mu.Lock()
	if !s.closed && l.failed == nil {
		l.shaking = false
		// The handshake's end has no answer. A client that gathers small writes (Nagle) sends its
		// first command when the system acknowledges that end, 40 ms later by itself. A socket that
		// refuses the option works without it.
		_ = syscall.SetsockoptInt(s.fd, syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
		_ = l.seal(l.early) // on an error the poller reads the same one
		l.early = nil
		s.watch()
	}
	closed, over, waits := s.closed, s.over, s.owes()
	s.mu.Unlock()
	switch {
	case closed:
	case l.failed != nil:
		p.input(core.Input{Kind: core.InClose, Conn: s.id})
		p.drop(s)
	case over && waits:
	case over:
		p.drop(s)
	default:
		l.decrypt()
	}
}

// decrypt takes what one socket has into the arena and makes it inputs of the coming step. It
// leaves nothing in the connection but a part of a record, of whose rest the epoll set will tell.
func (l *link) decrypt() {
	s, p := l.sock, l.sock.poller
	l.budget = host.ReadSize
	for {
		buf := p.room()
		n, err := l.open(buf)
		if n > 0 {
			p.used += n
			p.input(core.Input{Kind: core.InData, Conn: s.id, Data: buf[:n:n]})
		}
		switch err {
		case nil:
		case syscall.EAGAIN:
			return
		default:
			p.send() // what came before the end has its replies
			p.input(core.Input{Kind: core.InClose, Conn: s.id})
			p.drop(s)
			return
		}
	}
}

// open reads through TLS, and sends what TLS has to say to what it reads.
func (l *link) open(buf []byte) (int, error) {
	l.sock.mu.Lock()
	defer l.sock.mu.Unlock()
	n, err := l.tls.Read(buf)
	_ = l.flush() // on an error the poller reads the same one
	return n, err
}

// seal sends output through TLS. The caller holds sock.mu.
func (l *link) seal(data []byte) error {
	if l.shaking {
		l.early = append(l.early, data...)
		return nil
	}
	for len(data) > 0 {
		n := min(len(data), sealMax)
		if _, err := l.tls.Write(data[:n]); err != nil {
			return err
		}
		if err := l.flush(); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// flush offers the system the records that were gathered. The caller holds sock.mu.
func (l *link) flush() error {
	if l.out == nil {
		return nil
	}
	err := l.sock.put(*l.out)
	*l.out = (*l.out)[:0]
	gatherings.Put(l.out)
	l.out = nil
	return err
}

func (l *link) owes() bool { return len(l.early) > 0 }

// close tells the peer that nothing more will come, where that can be told at once, and ends a
// handshake. The caller holds sock.mu and closes the socket.
func (l *link) close() {
	if !l.shaking && len(l.sock.pending) == 0 {
		_ = l.tls.CloseWrite()
		_ = l.flush()
	}
	l.more.Signal()
}

// Read is for TLS.
func (l *link) Read(buf []byte) (int, error) {
	s := l.sock
	if !l.shaking {
		if l.budget <= 0 {
			return 0, syscall.EAGAIN
		}
		n, err := s.receive(buf)
		l.budget -= n
		if n < len(buf) { // there is no more, or the next look knows
			l.budget = 0
		}
		return n, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed {
		if n, err := s.receive(buf); err != syscall.EAGAIN {
			return n, err
		}
		l.waiting = true
		s.watch()
		l.more.Wait()
	}
	return 0, net.ErrClosed
}

// Write is for TLS. It never waits.
func (l *link) Write(data []byte) (int, error) {
	if !l.shaking {
		if l.out == nil {
			l.out = gatherings.Get().(*[]byte)
		}
		*l.out = append(*l.out, data...)
		return len(data), nil
	}
	l.sock.mu.Lock()
	defer l.sock.mu.Unlock()
	if l.sock.closed {
		return 0, net.ErrClosed
	}
	return len(data), l.sock.put(data)
}

// Close is for the callbacks of a tls.Config, which are lent the connection: it ends as if the peer
// had closed it.
func (l *link) Close() error {
	l.sock.mu.Lock()
	defer l.sock.mu.Unlock()
	if l.sock.closed {
		return net.ErrClosed
	}
	return syscall.Shutdown(l.sock.fd, syscall.SHUT_RDWR)
}

// LocalAddr and RemoteAddr are for those callbacks too.
func (l *link) LocalAddr() net.Addr { return l.addr(l.peer.Laddr) }

// RemoteAddr says where the peer is.
func (l *link) RemoteAddr() net.Addr { return l.addr(l.peer.Addr) }

// addr reads what describe wrote.
func (l *link) addr(text string) net.Addr {
	if l.peer.Unix {
		return &net.UnixAddr{Net: "unix", Name: strings.TrimSuffix(text, ":0")}
	}
	at, _ := netip.ParseAddrPort(text) // of the zero address if the system had none
	return net.TCPAddrFromAddrPort(at)
}

// SetDeadline and the two after it do nothing: who reads and writes never waits, and a handshake
// may take as long as a client may be idle.
func (l *link) SetDeadline(time.Time) error { return os.ErrNoDeadline }

// SetReadDeadline is as SetDeadline.
func (l *link) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

// SetWriteDeadline is as SetDeadline.
func (l *link) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }
