// Package server has what [github.com/redlet/redlet/miniredis.Miniredis.Server] returns, by the
// names of miniredis's package server: commands of one's own, and a hook before each command.
//
// A hook and a command run on a goroutine of their own while their client waits, so they may sleep,
// block and use the Miniredis; only of what a script calls they hold everything up, and must use
// nothing but their Peer.
//
// What differs on purpose: Register may take the place of a command of Redis, of which there are
// more here. What miniredis has for servers that stand alone is not here: NewServer and its like,
// NewPeer, OnDisconnect, SwitchResp3, ParseReply.
package server

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redlet/redlet"
	"github.com/redlet/redlet/core"
)

// Cmd is a command of one's own: it writes its reply to the client. cmd is in upper case, args are
// what follows it.
type Cmd func(c *Peer, cmd string, args []string)

// Hook is called before each command. It returns true if the command is done: then what it wrote
// is the reply.
type Hook func(c *Peer, cmd string, args ...string) bool

// CmdOption says more of a command of one's own.
type CmdOption func(*command)

// ReadOnlyOption says that a command changes nothing.
func ReadOnlyOption() CmdOption { return func(c *command) { c.readOnly = true } }

type command struct {
	run      Cmd
	readOnly bool
}

// Server is what clients talk to, from the start of a Miniredis to its Close.
type Server struct {
	redis *redlet.Server
	ends  Ends
	began counts // when it was made

	changing sync.Mutex // held while the engine is told whether to ask

	mu       sync.Mutex
	refusal  string
	hook     Hook
	commands map[string]*command
	peers    map[core.ConnID]*Peer
	ran      int // commands of one's own
}

// Ends are what a Server does by the Miniredis that it belongs to.
type Ends struct {
	Addr  func() string
	Serve func(net.Conn) error
	Close func()
}

// counts are what INFO has counted.
type counts struct{ commands, connections int }

// New returns the Server of a Miniredis, which alone has use for it.
func New(redis *redlet.Server, ends Ends) *Server {
	s := &Server{redis: redis, ends: ends, commands: map[string]*command{},
		peers: map[core.ConnID]*Peer{}}
	s.began = s.counted()
	return s
}

func (s *Server) counted() counts {
	stats, _ := s.redis.Info("stats") // tells as long as there is an engine
	return counts{atoi(stats["total_commands_processed"]), atoi(stats["total_connections_received"])}
}

func atoi(text string) int {
	n, _ := strconv.Atoi(text) // 0 if there is no engine that tells
	return n
}

// Register adds a command. It is refused if there is one of that name that was added before.
func (s *Server) Register(cmd string, f Cmd, options ...CmdOption) error {
	added := &command{run: f}
	for _, option := range options {
		option(added)
	}
	name := strings.ToUpper(cmd)
	refused := false
	s.change(func() {
		if refused = s.commands[name] != nil; !refused {
			s.commands[name] = added
		}
	})
	if refused {
		return fmt.Errorf("command already registered: %s", name)
	}
	return nil
}

// SetPreHook has a hook called before each command, in place of the one that there was, or of the
// error of SetError; nil ends that.
func (s *Server) SetPreHook(h Hook) { s.change(func() { s.hook, s.refusal = h, "" }) }

// SetError has an error answer each command, in place of the hook that there was; "" ends that.
func (s *Server) SetError(text string) { s.change(func() { s.hook, s.refusal = nil, text }) }

// change changes what is done before commands, and has the engine ask while there is anything.
func (s *Server) change(how func()) {
	s.changing.Lock()
	defer s.changing.Unlock()
	before := s.before
	s.mu.Lock()
	how()
	if s.hook == nil && s.refusal == "" && len(s.commands) == 0 {
		before = nil
	}
	s.mu.Unlock() // the engine may be asking
	s.redis.OnCommand(before)
}

// before is asked about each command.
func (s *Server) before(c *redlet.Call) error {
	name := strings.ToUpper(string(c.Args[0]))
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.refusal != "":
		c.Error(s.refusal)
		return nil
	case s.hook == nil && s.commands[name] == nil:
		return nil
	}
	args := make([]string, len(c.Args)-1)
	for i := range args {
		args[i] = string(c.Args[i+1])
	}
	p := s.peer(c)
	if c.InScript() {
		return s.inScript(p, name, args, c)
	}
	go s.outOfLine(p, name, args)
	return redlet.After(redlet.Forever, nil) // or until outOfLine has an answer
}

// peer is the client whose command it is. It is called with mu held.
func (s *Server) peer(c *redlet.Call) *Peer {
	p := s.peers[c.Client()]
	if p == nil {
		p = &Peer{id: c.Client()}
		s.peers[p.id] = p
	}
	if c.Matches("client", "setname", "*") {
		p.ClientName = string(c.Args[2])
	}
	p.Resp3, p.db = c.RESP3, c.DB()
	p.w, p.closed = Writer{resp3: c.RESP3}, false
	return p
}

// inScript answers a command that a script calls. It is called with mu held.
func (s *Server) inScript(p *Peer, name string, args []string, c *redlet.Call) error {
	s.mu.Unlock()
	p.call = c
	done := s.run(p, name, args)
	p.call = nil
	s.mu.Lock()
	switch {
	case !done:
		return nil
	case len(p.w.out) == 0:
		return redlet.Nil // a script needs something
	}
	c.Raw(p.w.out)
	return nil
}

// outOfLine runs hook and command while the client waits, and then lets it go on.
func (s *Server) outOfLine(p *Peer, name string, args []string) {
	done := s.run(p, name, args)
	order := fmt.Sprintf("filter resume %d", p.id)
	if p.closed {
		order += " drop"
	}
	if done {
		order += "\n" + string(p.w.out)
	}
	_, _ = redlet.LoopOf(s.redis).Control(order) // it is refused when the client has gone
}

// run calls the hook, and then the command if it is one's own, and reports whether all is done.
func (s *Server) run(p *Peer, name string, args []string) bool {
	s.mu.Lock()
	hook, own := s.hook, s.commands[name]
	s.mu.Unlock()
	if hook != nil && hook(p, name, args...) {
		return true
	}
	if own == nil {
		return false
	}
	s.mu.Lock()
	s.ran++
	s.mu.Unlock()
	own.run(p, name, args)
	return true
}

// Dispatch runs a command, with hook, within one's own, and writes its reply to the client. It runs
// in the client's database; what the client itself has begun, such as MULTI, does not count.
func (s *Server) Dispatch(c *Peer, args []string) {
	if s.run(c, strings.ToUpper(args[0]), args[1:]) {
		return
	}
	reply, err := s.dispatch(c, args)
	if err != nil {
		c.WriteError("ERR " + err.Error())
		return
	}
	c.w.out = append(c.w.out, reply...)
}

func (s *Server) dispatch(c *Peer, args []string) ([]byte, error) {
	if c.call != nil {
		words := make([][]byte, len(args)-1)
		for i := range words {
			words[i] = []byte(args[i+1])
		}
		return c.call.Do(args[0], words...), nil
	}
	caller, err := redlet.LoopOf(s.redis).Caller()
	if err != nil {
		return nil, err
	}
	defer caller.Close()
	protocol := "2"
	if c.Resp3 {
		protocol = "3"
	}
	var w Writer
	w.WriteStrings([]string{"HELLO", protocol})
	w.WriteStrings([]string{"SELECT", strconv.Itoa(c.db)})
	if _, err := caller.Do(nil, w.out, 2); err != nil {
		return nil, err
	}
	w.out = nil
	w.WriteStrings(args)
	return caller.Do(nil, w.out, 1)
}

// IsRegisteredCommand tells whether there is a command, one's own or Redis's.
func (s *Server) IsRegisteredCommand(cmd string) bool {
	own, redis := s.find(cmd)
	return own != nil || redis != nil
}

// IsReadOnlyCommand tells whether a command changes nothing.
func (s *Server) IsReadOnlyCommand(cmd string) bool {
	own, redis := s.find(cmd)
	if own != nil {
		return own.readOnly
	}
	return len(redis) > 2 && slices.Contains(redis[2].Texts(), "readonly")
}

// find returns a command of one's own, or what COMMAND INFO tells of one.
func (s *Server) find(cmd string) (own *command, redis []redlet.Reply) {
	s.mu.Lock()
	own = s.commands[strings.ToUpper(cmd)]
	s.mu.Unlock()
	if own == nil {
		r, _ := s.redis.Do(background, "COMMAND", "INFO", cmd) // tells as long as there is an engine
		for _, info := range r.List() {
			redis = info.List()
		}
	}
	return own, redis
}

// Addr is where the server listens; nil if it does not.
func (s *Server) Addr() *net.TCPAddr {
	addr, err := net.ResolveTCPAddr("tcp", s.ends.Addr())
	if err != nil {
		return nil
	}
	return addr
}

// ServeConn serves a connection that was made elsewhere, until one end closes it.
func (s *Server) ServeConn(conn net.Conn) {
	if s.ends.Serve(conn) != nil {
		_ = conn.Close() // the server is closed
	}
}

// Close closes the Miniredis.
func (s *Server) Close() { s.ends.Close() }

// ClientsLen is how many clients are connected.
func (s *Server) ClientsLen() int {
	clients, _ := s.redis.Info("clients") // tells as long as there is an engine
	return atoi(clients["connected_clients"])
}

// TotalCommands is how many commands were run since the server was started.
func (s *Server) TotalCommands() int {
	s.mu.Lock()
	ran := s.ran
	s.mu.Unlock()
	return s.counted().commands - s.began.commands + ran
}

// TotalConnections is how many clients have connected since the server was started.
func (s *Server) TotalConnections() int { return s.counted().connections - s.began.connections }
