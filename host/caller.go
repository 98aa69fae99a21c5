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
	id   core.ConnID
	send [1]core.Input

	mu     sync.Mutex
	buf    []byte // whole and partial replies that Do has not taken
	parsed int    // bytes of buf that are whole replies
	have   int    // the number of those
	scan   replyScan
	over   bool
	ready  chan struct{} // holds a token when something has changed
}

// Caller opens a connection that takes requests by Do.
func (l *Loop) Caller() (*Caller, error) {
	c := &Caller{loop: l, ready: make(chan struct{}, 1)}
	peer := core.Conn{Addr: string(l.dialAddr()), Laddr: string(listenAddr), FD: -1}
	if c.id = l.Open(peer, c); c.id == 0 {
		return nil, ErrClosed
	}
	return c, nil
}

// Do sends requests, encoded as RESP, and appends their n replies to dst as they came. It waits
// as long as a command blocks; Close ends the wait. After an error the Caller is of no more use:
// ErrClosed says that the engine hung up, and dst holds what came before.
func (c *Caller) Do(dst, requests []byte, n int) ([]byte, error) {
	c.send[0] = core.Input{Kind: core.InData, Conn: c.id, Data: requests}
	c.loop.Send(c.send[:])
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
	c.signal()
}

// Hangup implements Sink.
func (c *Caller) Hangup(last []byte) {
	c.Data(last)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	c.signal()
}

// signal wakes Do. It is called with mu held.
func (c *Caller) signal() {
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// Close closes the connection. It may be called while Do waits, which then answers ErrClosed.
func (c *Caller) Close() error {
	c.mu.Lock()
	over := c.over
	c.over = true
	c.signal()
	c.mu.Unlock()
	if !over {
		c.loop.forget(c.id)
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
