package coretest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// Network is a Session with a server behind a dialer: a real redis-server, say.
type Network struct {
	Dial func() (net.Conn, error)
	// Clock turns the server's clock; nil where that cannot be done.
	Clock   func(by time.Duration) error
	conns   map[byte]net.Conn
	control net.Conn
	version string
}

// answerTime is how long a server may take to answer at most.
const answerTime = 3 * time.Second

// NewNetwork connects to a server and empties it.
func NewNetwork(dial func() (net.Conn, error)) (*Network, error) {
	s := &Network{Dial: dial, conns: map[byte]net.Conn{}}
	var err error
	if s.control, err = dial(); err != nil {
		return nil, err
	}
	if _, err := s.ask("FLUSHALL"); err != nil {
		return nil, err
	}
	info, err := s.ask("INFO", "server")
	if err != nil {
		return nil, err
	}
	_, rest, _ := strings.Cut(info.Text, "redis_version:")
	s.version, _, _ = strings.Cut(rest, "\r")
	return s, nil
}

// ask runs a command on the control connection.
func (s *Network) ask(args ...string) (Reply, error) { return Ask(s.control, args...) }

// Ask runs a command on a connection on which no reply is due, and returns its reply.
func Ask(c net.Conn, args ...string) (Reply, error) {
	if err := c.SetDeadline(time.Now().Add(Patience)); err != nil {
		return Reply{}, err
	}
	if _, err := c.Write(Request(args...)); err != nil {
		return Reply{}, fmt.Errorf("%.80q cannot be sent: %w", args, err)
	}
	var buf []byte
	chunk := make([]byte, 64<<10)
	for {
		n, err := c.Read(chunk)
		if err != nil {
			return Reply{}, fmt.Errorf("no reply to %.80q: %w", args, err)
		}
		buf = append(buf, chunk[:n]...)
		if r, size, err := Parse(buf); err != nil || size > 0 {
			return r, err
		}
	}
}

// Send implements Session.
func (s *Network) Send(client byte, request []byte) error {
	c := s.conns[client]
	if c == nil {
		var err error
		if c, err = s.Dial(); err != nil {
			return err
		}
		s.conns[client] = c
	}
	if err := c.SetWriteDeadline(time.Now().Add(Patience)); err != nil {
		return err
	}
	if _, err := c.Write(request); err != nil {
		return fmt.Errorf("client %c cannot send %.80q: %w", client, request, err)
	}
	return nil
}

// Receive implements Session.
func (s *Network) Receive(client byte, more bool) ([]byte, error) {
	c := s.conns[client]
	if c == nil {
		return nil, fmt.Errorf("client %c never connected", client)
	}
	chunk := make([]byte, 64<<10)
	if more {
		c.SetReadDeadline(time.Now().Add(answerTime))
		n, err := c.Read(chunk)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, nil
		}
		if errors.Is(err, io.EOF) {
			return chunk[:n], ErrHungUp
		}
		return chunk[:n], err
	}
	// Once the server has answered two rounds on another connection it has dealt with everything
	// that was sent before, and has written its answers.
	for range 2 {
		if _, err := s.ask("PING"); err != nil {
			return nil, err
		}
	}
	var all bytes.Buffer
	for {
		c.SetReadDeadline(time.Now().Add(time.Millisecond))
		n, err := c.Read(chunk)
		all.Write(chunk[:n])
		if err != nil || n < len(chunk) {
			return all.Bytes(), nil
		}
	}
}

// Turn implements Session.
func (s *Network) Turn(by time.Duration) error {
	if s.Clock == nil {
		return errors.New("this server's clock cannot be turned")
	}
	return s.Clock(by)
}

// Version implements Session.
func (s *Network) Version() string { return s.version }

// Close implements Session.
func (s *Network) Close() {
	for _, c := range s.conns {
		c.Close()
	}
	s.control.Close()
}
