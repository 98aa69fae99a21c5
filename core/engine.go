package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/random"
	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/core/internal/syntax"
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
	// Seed feeds every random choice that the engine makes; but what scripts draw by math.random is
	// what redis-server draws, which is the same after every start.
	Seed [32]byte
	// Config holds redis.conf parameters by name; values are written as in redis.conf. Beside them
	// "user" holds users and "rename-command" names, one a line, "config-file" the path of the file
	// for CONFIG REWRITE, and "info-process_id" and its like what INFO shows of the host's system:
	// see hostFacts.
	Config map[string]string
	// Commands are commands beside those of Redis, which a package above this one or a program
	// brings: see [Call]. New copies them.
	Commands []Command
	// Filter, when not nil, is asked about each command that a client sends, first of all, and about
	// each that a script calls, while the owner's order "filter on" holds. It may answer the command
	// by making a reply, and then it does not run, or say by a Fault what becomes of it; what a
	// script calls can only be answered or refused. The Call is the filter's until it returns. What
	// EXEC runs was asked about when it was queued; what connections of the owner's own send is not
	// asked about.
	Filter func(*Call) Fault
	// Types are types of values that such commands work on. They must not change.
	Types []*Type
	// Stopwatch, when not nil, shows nanoseconds that go by. It serves INFO's and HOTKEYS' statistics
	// of how long commands take, which else is 0, and nothing else.
	Stopwatch func() int64
	// Ticket is that of the EventConfigured which says that the engine is ready.
	Ticket uint32
	// Room, when not nil, tells whether so many bytes more of memory can be had, the longest piece of
	// which has so many, and some more for what goes on beside. Without it all that is asked for is
	// tried.
	Room func(size, piece int64) bool
	// Yield, when not nil, is called every so often inside long work. The WebAssembly guest hands
	// Go's scheduler a turn there; elsewhere it stays nil.
	Yield func()
}

// Engine is one emulated server: databases, connections and clock. It is not safe for concurrent
// use; its owner calls it from one goroutine at a time.
type Engine struct {
	cfg    config
	table  *table
	recent [recentSize]recentCommand
	compat compat
	flags  engineFlags
	clock  clock
	now    Time // the engine's own time, fixed while a command runs
	// calm is until when nothing happens by itself, if the host has asked for that and nothing but
	// commands of the fast path that write nothing has run since; else 0. calmBut is that but for
	// what they bring about that write: see dataDue.
	calm, calmBut Time
	// keyTime is that by which keys and fields expire: now, unless the clock sets them apart.
	keyTime Time
	second  uint32 // now in seconds, as objects keep it
	random  random.Generator
	yield   func()
	room    func(size, piece int64) bool // lent by the host, or nil
	busied  int                          // commands since the last yield

	stopwatch  func() int64 // lent by the host, or nil
	slept      int64        // for how long DEBUG SLEEP has held everybody up, in nanoseconds
	lap        int64        // what it showed when the last command ended; 0 since the host came
	cycleBegan int64        // what it showed at first since then
	lastTook   int64        // how long the last command took
	row        []rowPart    // what ran since; only if there is a stopwatch

	mem memoryUse

	conns         map[ConnID]*conn       // clients
	links         map[ConnID]*conn       // connections that the engine asked for
	recentConns   [recentConnsSize]*conn // connections that were looked up lately, by their ids
	currentClient *conn                  // the client whose commands are running; nil between inputs
	events        []Event
	polled        int     // events before this index have been polled; 0 once all have been
	resting       []*conn // whose output the host has not got whole yet
	held          bool    // the rest may not be polled before an answer comes: see hold

	ticket uint32     // of the last event that ask gave out
	asked  []question // those that are not answered yet

	access    access
	specs     [][]syntax.KeySpec // by the command's index; nil until they are asked for: keySpecs
	dbs       []*db
	expires   expiries
	idmp      idmpDues
	blocked   blockedClients
	pubsub    pubsub
	tracking  tracking
	monitors  []*conn
	slowlog   slowlog
	latencies []*latencyEvent // those that took long, in the order in which they first did
	replicas  replicas
	cluster   *cluster // nil unless it is a node of one
	master    *master  // that this server follows, or nil
	failover  failover
	ending    *ending  // a shutdown under way, or nil
	signal    string   // that came while DEBUG PAUSE-CRON holds, which Redis's cron looks for
	cronOff   bool     // by DEBUG PAUSE-CRON
	loading   *loading // data on their way, or nil
	filter    commandFilter
	evicting  bool // on behalf of a command that has not begun
	pause     pause
	asleep    Time // until when everybody is held up; 0 if nobody is
	scripts   scripts
	migration *migration       // the MIGRATE that waits for another server, or nil
	sockets   []*migrateSocket // that MIGRATE has left open, the first to be closed first
	functions functions
	persist   persist
	aof       aof
	stats     stats
	ids       identity
	hotkeys   *hotkeys // since HOTKEYS START; nil after HOTKEYS RESET
	vectors   uint64   // vector sets that came to be so far

	top    Call      // the call of the command that a client sent; reused
	types  []*Type   // those from outside
	nested []*nested // what runs the commands of Do, by depth; reused
	depth  int       // how deep the command under way is within Do

	unknown []string // names of commands that the host was told are not there

	idle idlers

	replyBuffers replyBuffers

	forks []*debugFork                   // that run sessions of the debugger
	twin  func(Options) (*Engine, error) // New: see fork
}

// New returns an engine. It fails when Config names an unknown parameter or holds a bad value, and
// when one of Commands cannot be had.
func New(o Options) (*Engine, error) {
	e := &Engine{
		table:  &commands,
		random: random.New(o.Seed),
		yield:  o.Yield,
		room:   o.Room,
		types:  o.Types,
		filter: commandFilter{ask: o.Filter},

		stopwatch: o.Stopwatch,
		twin:      New,

		conns: map[ConnID]*conn{},
		ids:   newIdentity(o.Seed),
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
	if lines := o.Config[renamesName]; lines != "" {
		var problem string
		if e.table, problem = e.table.rename(lines); problem != "" {
			return nil, &ConfigError{renamesName, problem}
		}
	}
	if err := checkTypes(o.Types); err != nil {
		return nil, err
	}
	if e.cfg.clusterEnabled {
		e.startCluster()
	}
	if err := e.startUsers(o.Config[usersName]); err != nil {
		return nil, err
	}
	e.configChanged()
	e.compat = newCompat(e)
	e.clock.host = o.Now
	e.setNow(e.clock.read())
	e.dbs = make([]*db, e.cfg.databases)
	for i := range e.dbs {
		e.dbs[i] = newDB(i, e.random.Next())
	}
	if e.cluster != nil {
		e.dbs[0].bySlot = &slotIndex{}
	}
	e.tracking.keys.SetSeed(e.dbs[0].keys.Seed())
	e.stats.start(e)
	e.persist.start(e)
	e.replicas.pingAt, e.replicas.syncAt, e.replicas.idleAt = Never, Never, Never
	e.replyBuffers.peakReset = replyPeakReset
	e.countMemory(startupBytes)
	e.tellRole()
	_, dir := o.Config["dir"]
	e.start(o.Ticket, dir)
	return e, nil
}

// open adds a connection. Above maxclients, and in protected mode if it comes from elsewhere, the
// connection is told so and hung up.
func (e *Engine) open(id ConnID, peer Conn) {
	cl := &conn{id: id, peer: peer, db: e.dbs[0], created: e.now, lastInput: e.now}
	cl.buffer = newReplyBuffer(e.now)
	cl.w.Room = func(size int, lent bool) bool { return e.outputRoom(cl, size, lent) }
	cl.w.Small = e.room != nil
	cl.w.RESP3 = peer.Own
	e.greetGuest(cl)
	e.conns[id] = cl
	e.countClient(cl, cl.bytes())
	if int64(len(e.conns)) > e.cfg.maxclients {
		e.stats.rejectedConns++
		cl.w.Error(errMaxClients)
		e.hangup(cl)
		return
	}
	if e.cfg.protected && e.access.normal.NoPass && !cl.isLocal() {
		e.stats.rejectedConns++
		cl.w.Error(errProtected)
		e.hangup(cl)
		return
	}
	if !peer.Own {
		e.stats.connections++
	}
	e.watchIdle(cl)
}

// close forgets a connection whose peer has gone. An unknown id is ignored.
func (e *Engine) close(id ConnID) {
	if cl := e.conn(id); cl != nil {
		e.drop(cl)
		e.beforeSleep()
	}
}

// cork notes that the host can send nothing more to a connection for now (on), or that output flows
// again.
func (e *Engine) cork(id ConnID, on bool) {
	cl := e.conn(id)
	if cl == nil || cl.corked == on {
		return
	}
	cl.corked = on
	if !on {
		cl.softSince = 0
		e.flush(cl)
	}
}

// recentConnsSize is how many connections are found without the map, which in the guest took a
// tenth of a command's time.
const recentConnsSize = 64

// conn finds a connection, of a client or a link.
func (e *Engine) conn(id ConnID) *conn {
	if cl := e.recentConns[id%recentConnsSize]; cl != nil && cl.id == id {
		return cl
	}
	return e.findConn(id)
}

// findConn finds one that has not been looked for lately.
//
//go:noinline
func (e *Engine) findConn(id ConnID) *conn {
	cl := e.conns[id]
	if cl == nil {
		cl = e.links[id]
	}
	if cl != nil {
		e.recentConns[id%recentConnsSize] = cl
	}
	return cl
}

// hangup asks the host to close a connection once its output is sent. The connection runs no
// further command.
func (e *Engine) hangup(cl *conn) {
	if cl.has(connClosing) {
		return
	}
	cl.flags |= connClosing
	cl.in = nil
	e.countClient(cl, cl.bytes())
	e.emit(Event{Kind: EventHangup, Conn: cl.id})
}

// log sends a line to the host's log, unless it lies below loglevel.
//
//go:noinline
func (e *Engine) log(level int, text string) { e.logLine(level, []byte(text)) }

// logLine is log of a line that nobody writes to any more.
//
//go:noinline
func (e *Engine) logLine(level int, line []byte) {
	if level >= e.cfg.logLevel {
		e.emit(Event{Kind: EventLog, Ticket: uint32(level), Data: line})
	}
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
		e.blocked.unblocked = small.Delete(e.blocked.unblocked, 0, 1)
		e.resume(cl)
		e.flush(cl)
	}
	if e.has(engineClients) {
		e.evictClients()
	}
	if e.mem.limited && !e.has(engineHeld) {
		e.mem.limited = false
		e.outOfMemory()
	}
	if e.tracking.changed {
		e.broadcast()
	}
}
