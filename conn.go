package redlet

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"sync"

	"github.com/redlet/redlet/internal/errs"
)

// Conn is one connection to a server, which keeps what a client's connection keeps: SELECT, MULTI,
// WATCH, subscriptions. It is the test's own: no password is asked of it, and what
// [Server.OnCommand] and [Server.Fail] ask for does not befall it. It may be used by any goroutine,
// within the testing/synctest bubble in which it was made.
type Conn struct {
	nc    net.Conn
	ended chan struct{} // closed when the reader has ended

	sending sync.Mutex // held from noting a request to having written it

	mu         sync.Mutex
	awaited    []*request // sent and unanswered, the oldest first
	unreceived []*request // sent by Send and not asked for yet
	messages   chan Message
	subs       map[string]map[string]bool // what is subscribed, by SUBSCRIBE's verbs
	err        error                      // why nothing more will come
}

// Message is what a connection is sent without having asked: by PUBLISH, or since it tracks keys.
type Message struct {
	Kind    string   // "message", "pmessage", "smessage", "invalidate", or another that Redis names
	Channel string   // of a message
	Pattern string   // by which a pmessage came
	Payload string   // of a message
	Keys    []string // of an invalidate; nil is all keys
}

// messagesMax is how many messages may wait in the channel of Messages.
const messagesMax = 8192

// ErrBehind is the error of a [Conn] that was closed since nobody took its messages, as a server
// closes a subscriber that does not read.
var ErrBehind = errors.New("redlet: too many messages wait for Messages to be read")

// request is a command that was sent.
type request struct {
	verb  string        // "subscribe" and its like; "" of commands that are answered by one reply
	words int           // how many channels it names
	acks  []Reply       // of such a command
	reply Reply         // good once done is closed
	err   error         // why there is none
	done  chan struct{} // closed when it is answered
}

// Conn opens a connection of the test's own. It closes with the server, or by its Close.
func (s *Server) Conn() (*Conn, error) {
	nc, err := s.loop.DialOwn()
	if err != nil {
		return nil, err
	}
	c := &Conn{nc: nc, ended: make(chan struct{}), subs: map[string]map[string]bool{}}
	go c.read()
	return c, nil
}

// Do sends a command and waits for its reply; arguments, reply and errors are those of [Server.Do].
// SUBSCRIBE and its like answer when all their channels are confirmed, by a list of what confirms
// them. What changes how a connection is answered is refused: MONITOR, SYNC, PSYNC, CLIENT REPLY
// and HELLO with another protocol than 3; take a client on [Server.Dial].
//
// When ctx ends the wait is over, not the command: the connection goes on, behind it.
func (c *Conn) Do(ctx context.Context, args ...any) (Reply, error) {
	r, err := c.send(args)
	if err != nil {
		return Reply{}, err
	}
	reply, err := r.wait(ctx)
	if err == nil && nameOf(args[0]) == "RESET" {
		c.mu.Lock()
		clear(c.subs)
		c.mu.Unlock()
	}
	return reply, err
}

// Send sends a command without waiting; Receive gives its reply.
func (c *Conn) Send(args ...any) error {
	if len(args) > 0 && nameOf(args[0]) == "RESET" {
		return errReset
	}
	r, err := c.send(args)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.unreceived = append(c.unreceived, r)
	c.mu.Unlock()
	return nil
}

// Receive waits for the reply to the oldest command of Send that it was not called for. When ctx
// ends that reply is passed over.
func (c *Conn) Receive(ctx context.Context) (Reply, error) {
	c.mu.Lock()
	if len(c.unreceived) == 0 {
		c.mu.Unlock()
		return Reply{}, errNothingSent
	}
	r := c.unreceived[0]
	c.unreceived = c.unreceived[1:]
	c.mu.Unlock()
	return r.wait(ctx)
}

// Messages is where messages come, in their order. It is closed with the connection. Who subscribes
// must read it: with 8192 messages unread the connection is closed, and Do says [ErrBehind].
func (c *Conn) Messages() <-chan Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.channel()
}

// Close ends the connection, and every wait for it. A second Close does nothing.
func (c *Conn) Close() error {
	if err := c.nc.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	<-c.ended
	return nil
}

var (
	errNothingSent = errors.New("redlet: nothing was sent that is to be received")
	errReset       = errors.New("redlet: RESET is for Do")
	errConnRefuses = errors.New("redlet: a Conn has no way of answering MONITOR, SYNC, CLIENT REPLY " +
		"and HELLO 2: use a client on Dial")
	errBubble = errors.New("redlet: a Conn is for the testing/synctest bubble it was made in")
)

// send notes a command and writes it.
func (c *Conn) send(args []any) (*request, error) {
	words, err := appendCommand(nil, args)
	if err != nil {
		return nil, err
	}
	name := nameOf(args[0])
	if ownConn(name, args) || name == "HELLO" && len(args) > 1 && nameOf(args[1]) != "3" {
		return nil, errConnRefuses
	}
	if home, knows := c.nc.(interface{ Home() bool }); knows && !home.Home() {
		return nil, errBubble
	}
	r := &request{words: len(args) - 1, done: make(chan struct{})}
	if strings.HasSuffix(name, "SUBSCRIBE") {
		r.verb = strings.ToLower(name)
	}
	c.sending.Lock()
	defer c.sending.Unlock()
	c.mu.Lock()
	err = c.err
	if err == nil {
		c.awaited = append(c.awaited, r)
	}
	c.mu.Unlock()
	if err == nil {
		_, err = c.nc.Write(words)
	}
	if err != nil {
		return nil, c.broken(err)
	}
	return r, nil
}

// broken is the error of a connection that is over.
func (c *Conn) broken(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	return errs.Join(ErrClosed, err)
}

func (r *request) wait(ctx context.Context) (Reply, error) {
	select {
	case <-r.done:
	case <-ctx.Done():
		return Reply{}, ctx.Err()
	}
	if r.err != nil {
		return Reply{}, r.err
	}
	return r.reply, r.reply.failure()
}

// read takes what comes until the connection ends.
func (c *Conn) read() {
	defer close(c.ended)
	in := bufio.NewReader(c.nc)
	var err error
	for err == nil {
		var first []byte
		if first, err = in.Peek(1); err != nil {
			break
		}
		push := first[0] == '>'
		var reply Reply
		if reply, err = readReply(in); err != nil {
			break
		}
		c.mu.Lock()
		if push {
			err = c.pushed(reply.list)
		} else if len(c.awaited) > 0 {
			c.answer(reply)
		}
		c.mu.Unlock()
	}
	_ = c.nc.Close() // it may be closed already
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err = ErrClosed; errors.Is(err, ErrBehind) {
		c.err = ErrBehind
	}
	for _, r := range c.awaited {
		r.err = c.err
		close(r.done)
	}
	c.awaited = nil
	close(c.channel())
}

// answer gives the oldest request its reply. It is called with mu held.
func (c *Conn) answer(reply Reply) {
	r := c.awaited[0]
	c.awaited = c.awaited[1:]
	r.reply = reply
	close(r.done)
}

// pushed takes what was not asked for, and what confirms subscriptions. It is called with mu held.
func (c *Conn) pushed(parts []Reply) error {
	if len(parts) == 0 {
		return errProtocol
	}
	m := Message{Kind: parts[0].Text()}
	last := parts[len(parts)-1]
	switch {
	case strings.HasSuffix(m.Kind, "subscribe"):
		c.confirmed(m.Kind, parts)
		return nil
	case m.Kind == "invalidate":
		m.Keys = last.Texts()
	case len(parts) == 4:
		m.Pattern, m.Channel, m.Payload = parts[1].Text(), parts[2].Text(), last.Text()
	case len(parts) == 3:
		m.Channel, m.Payload = parts[1].Text(), last.Text()
	}
	select {
	case c.channel() <- m:
		return nil
	default:
		return ErrBehind
	}
}

// channel is that of Messages. It is called with mu held.
func (c *Conn) channel() chan Message {
	if c.messages == nil {
		size := messagesMax
		if c.err != nil {
			size = 0 // nothing will come
		}
		c.messages = make(chan Message, size)
	}
	return c.messages
}

// confirmed notes what confirms a channel, and answers a request of which nothing else is to come.
func (c *Conn) confirmed(verb string, parts []Reply) {
	kind := strings.Replace(verb, "unsub", "sub", 1)
	subs := c.subs[kind]
	if subs == nil {
		subs = map[string]bool{}
		c.subs[kind] = subs
	}
	had := len(subs)
	if channel := parts[1].Text(); kind != verb {
		delete(subs, channel)
	} else {
		subs[channel] = true
	}
	if len(c.awaited) == 0 || c.awaited[0].verb != verb {
		return // of EXEC
	}
	r := c.awaited[0]
	if r.words == 0 && len(r.acks) == 0 {
		r.words = max(had, 1) // it names all that there are
	}
	r.acks = append(r.acks, Reply{kind: KindList, list: parts})
	if len(r.acks) >= r.words {
		c.answer(Reply{kind: KindList, list: r.acks})
	}
}
