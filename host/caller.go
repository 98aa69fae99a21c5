package host

import (
	"sync"

	"github.com/redlet/redlet/core"
)

// Caller sends requests to the engine and waits for their replies: the shortest way from a Go
// program to the engine and back. One goroutine uses it at a time. It is not for connections that
// subscribe, MONITOR or switch replies off; RESP3 pushes are dropped.
type Caller struct {
	loop *Loop
	home *home // where it was made and is used
	id   core.ConnID
	send [1]core.Input

	mu     sync.Mutex
	buf    []byte // whole and partial replies that Do has not taken
	parsed int    // bytes of buf that are whole replies
	have   int    // the number of those
	scan   replyScan
	over   bool
	closed bool
	ready  chan struct{} // holds a token when something has changed
}

// Caller opens a connection that takes requests by Do. No password is asked of it, nor the filter
// about it (SetFilter), and it begins in RESP3.
func (l *Loop) Caller() (*Caller, error) {
	c := &Caller{loop: l, home: l.settle(l.here()), ready: make(chan struct{}, 1)}
	peer := core.Conn{Addr: string(l.dialAddr()), Laddr: string(listenAddr), FD: -1, Own: true}
	if c.id = l.open(c.home, peer, c); c.id == 0 {
		l.leave(c.home)
		return nil, ErrClosed
	}
	return c, nil
}

// Home reports whether the caller lives where c was made, so that it may use it: in the same bubble
// of testing/synctest, or as c outside of every bubble.
func (c *Caller) Home() bool { return bubble() == c.home.bubble }

// Elsewhere reports whether c was made in another world than its Loop: then nobody outside of that
// bubble may keep it.
func (c *Caller) Elsewhere() bool { return c.loop.away(c.home) }

// Over reports whether the engine has hung up.
func (c *Caller) Over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// Do sends requests, encoded as RESP, and appends their n replies to dst as they came. It waits
// as long as a command blocks; Close ends the wait. After an error the Caller is of no more use:
// ErrClosed says that the engine hung up, and dst holds what came before.
func (c *Caller) Do(dst, requests []byte, n int) ([]byte, error) {
	c.send[0] = core.Input{Kind: core.InData, Conn: c.id, Data: requests}
	c.loop.send(c.home, c.send[:])
	c.send[0].Data = nil
	for {
		c.mu.Lock()
		if c.have >= n || c.over {
			dst, err := c.take(dst, n)
			c.mu.Unlock()
			return dst, err
		}
		c.mu.Unlock()
		<-c.ready
	}
}

// take moves what arrived to dst. It is called with mu held.
func (c *Caller) take(dst []byte, n int) ([]byte, error) {
	dst = append(dst, c.buf[:c.parsed]...)
	left := copy(c.buf, c.buf[c.parsed:])
	short := c.have < n
	if c.buf = c.buf[:left]; left == 0 && cap(c.buf) > keepMax {
		c.buf = nil
	}
	c.parsed, c.have = 0, 0
	if short {
		return dst, ErrClosed
	}
	return dst, nil
}

// Data implements Sink.
func (c *Caller) Data(data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buf = append(c.buf, data...)
	for {
		n := c.scan.size(c.buf[c.parsed:])
		if n == 0 {
			break
		}
		if c.buf[c.parsed] == '>' {
			c.buf = append(c.buf[:c.parsed], c.buf[c.parsed+n:]...)
			continue
		}
		c.parsed += n
		c.have++
	}
	c.loop.signal(c.home, c.ready)
}

// Hangup implements Sink.
func (c *Caller) Hangup(last []byte) {
	c.Data(last)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	c.loop.signal(c.home, c.ready)
}

// Close closes the connection. It may be called while Do waits, which then answers ErrClosed.
func (c *Caller) Close() error {
	c.mu.Lock()
	over, closed := c.over, c.closed
	c.over, c.closed = true, true
	token(c.ready)
	c.mu.Unlock()
	if !over {
		c.loop.forget(c.home, c.id)
	}
	if !closed {
		c.loop.leave(c.home)
	}
	return nil
}

// replyScan looks for the end of a reply, part by part as it comes.
type replyScan struct {
	at    int // where it goes on
	parts int // how many replies must still begin
}

// size returns how many bytes the first reply in b takes, and begins anew, or 0 if b ends before it
// does: b then only grows until the next call. The engine wrote b, so nothing in it is malformed. A
// RESP3 attribute belongs to the reply behind it.
func (s *replyScan) size(b []byte) int {
	if s.at == 0 {
		s.parts = 1
	}
	for s.parts > 0 {
		if s.at >= len(b) {
			return 0
		}
		n, next := replyLine(b, s.at+1)
		if next == 0 {
			return 0
		}
		kind := b[s.at]
		s.at = next
		s.parts--
		switch kind {
		case '$', '=', '!':
			if n >= 0 {
				s.at += n + 2
			}
		case '*', '~', '>':
			s.parts += max(n, 0)
		case '%':
			s.parts += 2 * n
		case '|':
			s.parts += 2*n + 1
		}
	}
	if s.at > len(b) {
		return 0
	}
	at := s.at
	*s = replyScan{}
	return at
}

// replyLine reads the number at b[at:], if it is one, and finds the start of the next line; next
// is 0 if there is no end of line.
func replyLine(b []byte, at int) (n, next int) {
	sign := 1
	for ; at < len(b); at++ {
		switch c := b[at]; {
		case c == '\n':
			return sign * n, at + 1
		case c == '-':
			sign = -1
		case c >= '0' && c <= '9':
			n = n*10 + int(c-'0')
		}
	}
	return 0, 0
}
