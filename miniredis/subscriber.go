package miniredis

import (
	"context"
	"slices"
	"sync"

	"github.com/redlet/redlet"
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
	conn *redlet.Conn

	messages  chan PubsubMessage
	pmessages chan PubsubPmessage
	closing   chan struct{}
	ended     chan struct{} // closed when nothing more is handed over
	close     sync.Once

	mu                 sync.Mutex
	channels, patterns []string
}

// NewSubscriber makes a subscriber, which is to be closed. It panics once the server has no engine.
func (m *Miniredis) NewSubscriber() *Subscriber {
	conn, err := m.redis.Conn()
	if err != nil {
		panic(err)
	}
	s := &Subscriber{m: m, conn: conn, messages: make(chan PubsubMessage),
		pmessages: make(chan PubsubPmessage), closing: make(chan struct{}), ended: make(chan struct{})}
	go s.handOver(conn.Messages())
	return s
}

// handOver hands messages over until the subscriber is closed.
func (s *Subscriber) handOver(all <-chan redlet.Message) {
	defer close(s.ended)
	defer close(s.messages)
	defer close(s.pmessages)
	for m := range all {
		messages, pmessages := s.messages, s.pmessages
		if m.Kind == "pmessage" {
			messages = nil
		} else {
			pmessages = nil
		}
		select {
		case messages <- PubsubMessage{m.Channel, m.Payload}:
		case pmessages <- PubsubPmessage{m.Pattern, m.Channel, m.Payload}:
		case <-s.closing:
			return
		}
	}
}

// change subscribes or unsubscribes, and returns how many subscriptions there are then.
func (s *Subscriber) change(command, name string, change func()) int {
	if _, err := s.conn.Do(context.Background(), command, name); err != nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	return len(s.channels) + len(s.patterns)
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

// Messages has what comes by channels. It must be read: what waits in it holds up Pmessages, and
// thousands of messages that wait end the subscriptions.
func (s *Subscriber) Messages() <-chan PubsubMessage { return s.messages }

// Pmessages has what comes by patterns. It must be read, as Messages must.
func (s *Subscriber) Pmessages() <-chan PubsubPmessage { return s.pmessages }

// Close ends all subscriptions, and closes the channels of Messages and Pmessages.
func (s *Subscriber) Close() {
	s.close.Do(func() { close(s.closing) })
	_ = s.conn.Close() // it may be closed
	<-s.ended
}
