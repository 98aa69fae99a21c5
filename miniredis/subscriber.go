package miniredis

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
)

// PubsubMessage is a message of a channel that is listened to.
type PubsubMessage struct {
	Channel string
	Message string
}

// PubsubPmessage is a message of a channel that a pattern matches.
type PubsubPmessage struct {
	Pattern string
	Channel string
	Message string
}

// Subscriber listens to channels and patterns.
type Subscriber struct {
	m    *Miniredis
	conn net.Conn

	messages  chan PubsubMessage
	pmessages chan PubsubPmessage
	answers   chan int // how many subscriptions there are, once one has changed
	closed    chan struct{}
	close     sync.Once

	mu                 sync.Mutex
	channels, patterns []string
}

// NewSubscriber makes a subscriber, which is to be closed. It panics once the server has no engine.
func (m *Miniredis) NewSubscriber() *Subscriber {
	conn, err := m.Dial()
	if err != nil {
		panic(err)
	}
	s := &Subscriber{m: m, conn: conn, messages: make(chan PubsubMessage, 1000),
		pmessages: make(chan PubsubPmessage, 1000), answers: make(chan int), closed: make(chan struct{})}
	go s.read()
	return s
}

// read hands over what arrives until the connection ends.
func (s *Subscriber) read() {
	r := bufio.NewReader(s.conn)
	for {
		parts, err := readTexts(r)
		if err != nil {
			return
		}
		switch {
		case parts[0] == "message":
			select {
			case s.messages <- PubsubMessage{parts[1], parts[2]}:
			case <-s.closed:
			}
		case parts[0] == "pmessage":
			select {
			case s.pmessages <- PubsubPmessage{parts[1], parts[2], parts[3]}:
			case <-s.closed:
			}
		default:
			n, _ := strconv.Atoi(parts[2])
			select {
			case s.answers <- n:
			case <-s.closed:
			}
		}
	}
}

// readTexts reads an array of strings and integers.
func readTexts(r *bufio.Reader) (parts []string, err error) {
	n, err := readSize(r)
	for ; n > 0 && err == nil; n-- {
		var kind byte
		var line string
		if kind, err = r.ReadByte(); err != nil {
			return nil, err
		}
		if line, err = r.ReadString('\n'); err != nil {
			return nil, err
		}
		line = line[:len(line)-2]
		if kind == '$' {
			size, _ := strconv.Atoi(line)
			b := make([]byte, max(size, 0)+2)
			if _, err = io.ReadFull(r, b[:max(size+2, 0)]); err != nil {
				return nil, err
			}
			line = string(b[:max(size, 0)])
		}
		parts = append(parts, line)
	}
	return parts, err
}

// readSize reads how many parts an array has.
func readSize(r *bufio.Reader) (int, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(line[1 : len(line)-2])
}

// change subscribes or unsubscribes, and returns how many subscriptions there are then.
func (s *Subscriber) change(command, name string, change func()) int {
	if _, err := s.conn.Write(appendRequest(nil, []string{command, name})); err != nil {
		return 0
	}
	select {
	case n := <-s.answers:
		s.mu.Lock()
		defer s.mu.Unlock()
		change()
		return n
	case <-s.closed:
		return 0
	}
}

func with(names []string, name string) []string {
	if !slices.Contains(names, name) {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(names, func(n string) bool { return n == name })
}

// Subscribe listens to a channel, and returns how many channels and patterns there are then.
func (s *Subscriber) Subscribe(c string) int {
	return s.change("SUBSCRIBE", c, func() { s.channels = with(s.channels, c) })
}

// Unsubscribe ends a Subscribe.
func (s *Subscriber) Unsubscribe(c string) int {
	return s.change("UNSUBSCRIBE", c, func() { s.channels = without(s.channels, c) })
}

// Psubscribe listens to the channels that a pattern matches.
func (s *Subscriber) Psubscribe(pat string) int {
	return s.change("PSUBSCRIBE", pat, func() { s.patterns = with(s.patterns, pat) })
}

// Punsubscribe ends a Psubscribe.
func (s *Subscriber) Punsubscribe(pat string) int {
	return s.change("PUNSUBSCRIBE", pat, func() { s.patterns = without(s.patterns, pat) })
}

// Publish sends a message to a channel, and returns how many have it.
func (s *Subscriber) Publish(c, msg string) int { return s.m.Publish(c, msg) }

// Channels are the channels that are listened to, sorted.
func (s *Subscriber) Channels() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.channels)
}

// Patterns are the patterns that are listened to, sorted.
func (s *Subscriber) Patterns() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.patterns)
}

// Count is how many channels and patterns are listened to.
func (s *Subscriber) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.channels) + len(s.patterns)
}

// Messages has what comes by channels. A thousand may wait in it; then nothing more comes.
func (s *Subscriber) Messages() <-chan PubsubMessage { return s.messages }

// Pmessages has what comes by patterns. A thousand may wait in it; then nothing more comes.
func (s *Subscriber) Pmessages() <-chan PubsubPmessage { return s.pmessages }

// Close ends all subscriptions.
func (s *Subscriber) Close() {
	s.close.Do(func() {
		close(s.closed)
		_ = s.conn.Close() // the server may have closed it
	})
}
