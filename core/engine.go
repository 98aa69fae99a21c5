// Package core is a Redis engine that performs no I/O.
//
// Hand it the bytes that clients sent and the time it is; it hands back the bytes to send, and the
// instant at which it next has something to do without being asked. The same inputs in the same
// order always give the same outputs.
package core

import (
	"math"
	"slices"

	"github.com/redlet/redlet/core/internal/random"
)

// Time is an instant in microseconds since the Unix epoch.
type Time int64

// Never is the instant that does not come: no expiry, no deadline.
const Never Time = math.MaxInt64

// ConnID names a connection. The host chooses it, ever greater: it is what CLIENT ID reports.
type ConnID uint32

// Options say how an engine starts.
type Options struct {
	// Now is the host's time at the start.
	Now Time
	// Seed feeds every random choice that the engine makes.
	Seed [32]byte
	// Config holds redis.conf parameters by name; values are written as in redis.conf.
	Config map[string]string
	// Commands are commands beside those of Redis, which a package above this one or a program
	// brings: see [Call]. New copies them.
	Commands []Command
	// Yield, when not nil, is called every so often inside long work. The WebAssembly guest hands
	// Go's scheduler a turn there; elsewhere it stays nil.
	Yield func()
}

// Conn describes a connection's two ends as CLIENT LIST shows them.
type Conn struct {
	Addr  string // the peer, "127.0.0.1:50000"
	Laddr string // this end
	FD    int    // the file descriptor, or whatever number the host has for it
	Unix  bool   // a unix socket
}

// EventKind says what an Event asks of the host.
type EventKind uint8

const (
	// EventData says that output waits for Conn: take it with AppendOutput.
	EventData EventKind = iota + 1
	// EventHangup asks the host to send what AppendOutput still gives and then to close Conn. The
	// engine has forgotten Conn afterwards; Close need not be called.
	EventHangup
	// EventSave asks the host to put Image safely at Path and then to call Saved with Ticket.
	EventSave
	// EventShutdown asks the host to stop; Text says why.
	EventShutdown
	// EventLog is a line for the log; Level runs from 0 (debug) to 3 (warning). Lines below the
	// parameter loglevel do not come.
	EventLog
	// EventLoad asks the host to hand each file of the append-only file at Path to Replay, in their
	// order, and then to call Loaded. Path is that of its files without what tells them apart.
	EventLoad
	// EventAppend asks the host to append Image to the append-only file, at once: the replies
	// that follow acknowledge what is in it. Image, which may be empty, is lent until the next
	// call of the engine. Ticket is 0; or 1 if all that was appended is to be made durable soon;
	// or 2 if that is to be done before anything that follows is carried out. When it fails,
	// the host keeps what it could not append, to append it before what comes next, and calls
	// Appended; where Ticket is 2 it must stop instead, and carry out nothing that follows.
	EventAppend
	// EventRewrite asks the host to begin the append-only file at Path anew, with Image as its
	// base, and then to call Rewritten with Ticket. What is appended from now on comes after it.
	EventRewrite
)

// Event is something that the host must now do.
type Event struct {
	Kind   EventKind
	Conn   ConnID
	Ticket uint32
	Level  int
	Path   string
	Text   string
	Image  []byte // the host owns it, unless the kind says otherwise
}

// Engine is one emulated server: databases, connections and clock. It is not safe for concurrent
// use; its owner calls it from one goroutine at a time.
type Engine struct {
	cfg    config
	table  *table
	recent [recentSize]recentCommand
	compat compat
	clock  clock
	now    Time   // the engine's own time, fixed while a command runs
	second uint32 // now in seconds, as objects keep it
	random random.Generator
	yield  func()
	busied int // commands since the last yield

	conns         map[ConnID]*conn
	lastID        ConnID
	leaving       *conn                  // polled as a hangup; AppendOutput still answers for it
	recentConns   [recentConnsSize]*conn // connections that were looked up lately, by their ids
	currentClient *conn                  // the client whose commands are running; nil between inputs
	events        []Event
	polled        int // events before this index have been polled

	dbs       []*db
	expires   expiries
	blocked   blockedClients
	pubsub    pubsub
	tracking  tracking
	replicas  replicas
	duties    duty
	evicting  bool // on behalf of a command that has not begun
	pause     pause
	asleep    Time // until when DEBUG SLEEP holds everybody up, or 0
	scripts   scripts
	functions functions
	persist   persist
	aof       aof
	stats     stats
	ids       identity

	top    Call      // the call of the command that a client sent; reused
	nested []*nested // what runs the commands of Do, by depth; reused
	depth  int       // how deep the command under way is within Do
	idle   idlers
}

// New returns an engine. It fails when Config names an unknown parameter or holds a bad value, and
// when one of Commands cannot be had.
func New(o Options) (*Engine, error) {
	e := &Engine{
		table:  &commands,
		random: random.New(o.Seed),
		yield:  o.Yield,
		conns:  map[ConnID]*conn{},
		ids:    newIdentity(o.Seed),
	}
	if err := e.configure(o.Config); err != nil {
		return nil, err
	}
	if len(o.Commands) > 0 {
		var err error
		if e.table, err = commands.with(o.Commands); err != nil {
			return nil, err
		}
	}
	e.compat = newCompat(e)
	e.clock.host = o.Now
	e.setNow(e.clock.read())
	e.dbs = make([]*db, e.cfg.databases)
	for i := range e.dbs {
		e.dbs[i] = newDB(i, e.random.Next())
	}
	e.tracking.keys.SetSeed(e.dbs[0].keys.Seed())
	e.stats.start(e)
	e.persist.start(e)
	e.replicas.pingAt = Never
	e.aof.start(e)
	return e, nil
}

// Open adds a connection. Above maxclients, and in protected mode if it comes from elsewhere, the
// connection is told so and hung up.
func (e *Engine) Open(id ConnID, peer Conn) {
	cl := &conn{id: id, peer: peer, db: e.dbs[0], created: e.now, lastInput: e.now}
	cl.authenticated = e.cfg.requirepass == ""
	e.conns[id] = cl
	e.lastID = max(e.lastID, id)
	if int64(len(e.conns)) > e.cfg.maxclients {
		e.stats.rejectedConns++
		cl.w.Error(errMaxClients)
		e.hangup(cl)
		return
	}
	if e.cfg.protected && e.cfg.requirepass == "" && !cl.isLocal() {
		e.stats.rejectedConns++
		cl.w.Error(errProtected)
		e.hangup(cl)
		return
	}
	e.stats.connections++
	e.watchIdle(cl)
}

// Close forgets a connection whose peer has gone. An unknown id is ignored.
func (e *Engine) Close(id ConnID) {
	if cl := e.conns[id]; cl != nil {
		e.drop(cl)
		e.beforeSleep()
	}
}

// Cork tells the engine that the host can send nothing more to a connection for now (on), or that
// output flows again. While corked, output stays in the engine and counts against
// client-output-buffer-limit.
func (e *Engine) Cork(id ConnID, on bool) {
	cl := e.conns[id]
	if cl == nil || cl.corked == on {
		return
	}
	cl.corked = on
	if !on {
		cl.softSince = Never
		e.flush(cl)
	}
}

// Pending tells whether Poll has something to return. It is small enough to be inlined: hosts ask
// after every input, and mostly there is one event or none.
func (e *Engine) Pending() bool { return e.polled < len(e.events) }

// Poll returns the next thing that the host must do, and false when there is nothing. Poll until
// it answers false after Open, Feed, Close, Advance and whatever answers an Event.
func (e *Engine) Poll() (ev Event, more bool) {
	if id, data := e.PollData(); data {
		ev.Kind, ev.Conn = EventData, id
		return ev, true
	}
	if !e.Pending() {
		return ev, false
	}
	next := &e.events[e.polled]
	ev, *next = *next, Event{}
	e.polledOne()
	switch ev.Kind {
	case EventAppend:
		e.aof.carry(&ev)
	case EventRewrite:
		e.aof.mark = 0
	case EventHangup:
		e.leaving = e.conns[ev.Conn]
		if e.leaving != nil {
			e.drop(e.leaving)
			e.beforeSleep()
		}
	}
	return ev, true
}

// PollData is Poll for the commonest thing alone: it returns the connection of an EventData, and
// false if what is next is anything else. In the guest a whole Event costs ten times as much.
func (e *Engine) PollData() (id ConnID, data bool) {
	if !e.Pending() || e.events[e.polled].Kind != EventData {
		return 0, false
	}
	id = e.events[e.polled].Conn
	e.polledOne()
	if cl := e.conn(id); cl != nil {
		cl.announced = false
	}
	return id, true
}

func (e *Engine) polledOne() {
	if e.polled++; e.polled == len(e.events) {
		e.events, e.polled = e.events[:0], 0
	}
}

// recentConnsSize is how many connections are found without the map, which in the guest took a
// tenth of a command's time.
const recentConnsSize = 64

// conn finds a connection.
func (e *Engine) conn(id ConnID) *conn {
	if cl := e.recentConns[id%recentConnsSize]; cl != nil && cl.id == id {
		return cl
	}
	cl := e.conns[id]
	if cl != nil {
		e.recentConns[id%recentConnsSize] = cl
	}
	return cl
}

// hangup asks the host to close a connection once its output is sent. The connection runs no
// further command.
func (e *Engine) hangup(cl *conn) {
	if cl.leaving {
		return
	}
	cl.leaving = true
	cl.in = nil
	e.events = append(e.events, Event{Kind: EventHangup, Conn: cl.id})
}

// log sends a line to the host's log, unless it lies below loglevel.
func (e *Engine) log(level int, text string) {
	if level < e.cfg.logLevel {
		return
	}
	e.events = append(e.events, Event{Kind: EventLog, Level: level, Text: text})
}

// The levels of EventLog.
const (
	logDebug = iota
	logVerbose
	logNotice
	logWarning
)

// beforeSleep lets everybody go on whom the last input or the clock has set free.
func (e *Engine) beforeSleep() {
	for range dueMax {
		if len(e.blocked.unblocked) == 0 {
			break
		}
		cl := e.blocked.unblocked[0]
		e.blocked.unblocked = slices.Delete(e.blocked.unblocked, 0, 1)
		e.resume(cl)
		e.flush(cl)
	}
	if e.tracking.changed {
		e.broadcast()
	}
}
