package host

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/internal/errs"
)

const (
	// inboxMax is how many bytes may wait in a Loop's inbox before Send waits for room.
	inboxMax = 16 << 20
	// arenaKeep is how large the store of waiting bytes may grow and still be kept.
	arenaKeep = 1 << 20
	// roundsMax is how many times one caller of Send empties the inbox. Then the rest goes to a
	// goroutine, so that a caller is not held up by others for ever.
	roundsMax = 64
	// turnMax is how many steps one Turn makes before it leaves the rest to the timer.
	turnMax = 1000
	// sleepMax bounds the timer, so that a deadline far away cannot overflow it.
	sleepMax = 100 * 365 * 24 * time.Hour
)

// ErrClosed is what a Loop and its connections answer once the Loop is closed.
var ErrClosed = errors.New("redlet: closed")

// ErrNoMemory is what Snapshot answers when a guest has no memory for an image of its data.
var ErrNoMemory = errors.New("redlet: there is no memory for a snapshot")

// LoopOptions say how a Loop runs. The zero value is a native engine by the wall's clock, with no
// snapshot kept and no log.
type LoopOptions struct {
	// Maker makes the engine; nil is Native.
	Maker Maker
	// Seed and Config are given to each engine; see core.Options.
	Seed   [32]byte
	Config map[string]string
	// Commands and Types are beside Redis's own; see core.Options. Only Native's engines take them.
	Commands []core.Command
	Types    []*core.Type
	// Stopwatch, if not nil, lets the engine tell how long commands take; see core.Options.
	Stopwatch func() int64
	// Clock tells the time, to any goroutine. nil is the wall's clock, by which the Loop also
	// wakes itself. With a clock of your own nothing falls due by itself: call Turn when you have
	// turned it.
	Clock func() core.Time
	// Orders are given to each engine once it is ready, such as "clock freeze": see
	// core.InControl.
	Orders []string
	// Dir is where a relative path of a save lies; "" is the current folder.
	Dir string
	// Keep keeps the image of the last Snapshot, Restore or save in memory, so that its data
	// comes back when an engine has died. Without it the last saved file serves, if there is one.
	Keep bool
	// Connect makes the connections that the engine asks for, to a host and port, and from an
	// address of this machine unless from is ""; nil is TCP, within five seconds. It may be called
	// by several goroutines. The context ends with the Loop.
	Connect func(ctx context.Context, address, from string) (net.Conn, error)
	// Carrier, if not nil, makes what carries those connections, once, before any is there: see
	// Carrier. Those that it does not take are carried by goroutines.
	Carrier func(l *Loop) Carrier
	// Configure puts parameters into force that are the host's: see core.EventConfig. It answers
	// "" or what was not, and why; nil has none of them. One that is asked, and not just told, may
	// take its time; else what holds for Log holds for it.
	Configure func(changes []Change, asked bool) (refused string)
	// Died, if not nil, is told why an engine has died, before another is made; Log then tells the
	// reason alone. What holds for Log holds for it.
	Died func(why error)
	// Log, if not nil, takes the engine's log and the Loop's own; level 0 is debug, 3 warning.
	Log func(level int, text string)
	// Shutdown, if not nil, is called when the engine asks to stop, and when it died and no other
	// could be made. It and Log must not block, nor call a method of the Loop but Send and Open.
	Shutdown func(reason string)
}

// Change is a parameter and the value that it is to have.
type Change struct{ Name, Value string }

// Sink takes what the engine sends to one connection. The owner of the Loop calls it, one call at
// a time; it must not block. It may call Send without InData, and Open, and no other method of the
// Loop. A call may come before Open has returned.
type Sink interface {
	// Data takes output; data is lent until it returns.
	Data(data []byte)
	// Hangup takes the last output of the connection, which the engine has forgotten.
	Hangup(last []byte)
}

// Loop owns an engine. It has no goroutine: whoever sends input when nobody steps the engine
// becomes its owner, steps it over all that has come in, and delivers the outputs. What others
// send meanwhile waits in the inbox for the owner's next round, so that many callers share one
// step. Its methods may be called from any goroutine.
//
// By the wall's clock the time is that of whoever steps the engine: in a bubble of testing/synctest
// the bubble's, even if the Loop was made outside. What Dial and Caller make in a bubble is woken
// by what happens in that bubble alone, as the runtime wants it: what others send it waits until
// something in its bubble uses the Loop or a timer of it fires.
type Loop struct {
	options LoopOptions
	dials   atomic.Uint32 // connections that had no socket
	running sync.RWMutex  // held for reading by each goroutine that the engine's wishes began
	base    *home         // where the Loop was made

	// owner is held by whoever steps the engine. A mutex is what goroutines of several homes may
	// wait for; it is taken by own, or with mu held if it is free.
	owner sync.Mutex

	mu      sync.Mutex
	waiting int // callers of own who live in base
	foreign int // those who live elsewhere
	closed  bool
	inbox   inbox
	lastID  core.ConnID
	homes   map[string]*home     // others than base, by their bubbles
	at      atomic.Pointer[home] // the owner's, written with owner and mu held; or nil

	// The rest belongs to the owner.
	engine   Engine
	stepped  *home     // by whose time the engine goes, and deadline and time
	time     core.Time // of the last step
	life     int       // how many engines have died
	deadline core.Time
	work     inbox // what the owner took from the inbox
	out      []core.Event
	sinks    map[core.ConnID]Sink
	filter   func(*core.Call) core.Fault
	carry    Carrier
	kept     []byte               // the image of Keep
	asked    uint32               // the ticket of the last question of ask
	told     map[uint32][]byte    // answers to such questions
	saved    string               // the path of the last image that was written
	files    map[string]*appended // by their paths
	answers  []core.Input         // about files, that boot passes on
	ready    bool                 // the engine has taken its configuration and loaded its data
	refusal  string               // why it never will
	bus      neighbours           // of its cluster

	dialing     context.Context // ends with the Loop; nil before the engine first dials
	stopDialing func()
}

// inbox is input that waits.
type inbox struct {
	inputs []core.Input
	bytes  []byte // Data of inputs is copied here
	opens  []opening
	corked []*wire // to uncork once the inputs are applied
}

type opening struct {
	id   core.ConnID
	sink Sink
}

// NewLoop makes an engine and a Loop that owns it.
func NewLoop(o LoopOptions) (*Loop, error) {
	if o.Maker == nil {
		o.Maker = Native
	}
	l := &Loop{options: o, sinks: map[core.ConnID]Sink{}, files: map[string]*appended{},
		told: map[uint32][]byte{}, bus: alone{}}
	l.base = &home{bubble: bubble(), wakes: core.Never}
	l.own(l.base)
	err := l.boot()
	if err == nil && o.Carrier != nil {
		l.carry = o.Carrier(l)
	}
	l.release()
	if err != nil {
		return nil, errs.Join(err, l.Close())
	}
	return l, nil
}

// boot makes an engine, and steps it until it has loaded its data. The caller owns it.
func (l *Loop) boot() error {
	if dir, given := l.options.Config["dir"]; given {
		if err := isFolder(l.under(dir)); err != nil {
			return &core.ConfigError{Name: "dir", Problem: cause(err)}
		}
	}
	l.ready, l.refusal, l.answers, l.stepped = false, "", nil, l.at.Load()
	var err error
	l.engine, err = l.options.Maker(core.Options{
		Now: l.now(), Seed: l.options.Seed, Config: l.options.Config,
		Commands: l.options.Commands, Types: l.options.Types, Stopwatch: l.options.Stopwatch,
		Filter: func(c *core.Call) core.Fault { return l.filter(c) },
	})
	if err != nil {
		return err
	}
	for err = l.advance(nil); err == nil && !l.ready; {
		answers := l.answers
		if l.answers = nil; len(answers) == 0 {
			return errors.New("the engine does not say that it is ready")
		}
		err = l.advance(answers)
	}
	if err == nil && l.refusal != "" {
		err = errors.New(l.refusal)
	}
	orders := l.options.Orders
	if l.filter != nil {
		orders = append(slices.Clip(orders), filterOn)
	}
	for _, order := range orders {
		if err == nil {
			_, err = l.order(order, false)
		}
	}
	if why, is := err.(refused); is { // order wraps none
		return errors.New(string(why)) // who starts a Loop says whose it is
	}
	return err
}

// isFolder says why a folder cannot be used, as changing to it would.
func isFolder(path string) error {
	d, err := os.Open(path + string(filepath.Separator) + ".")
	if err != nil {
		return err
	}
	return d.Close()
}

func (l *Loop) now() core.Time {
	if l.options.Clock != nil {
		return l.options.Clock()
	}
	return core.Time(time.Now().UnixMicro())
}

// Open adds a connection whose output goes to sink, and returns its number. When the Loop is
// closed, the sink is hung up at once.
func (l *Loop) Open(peer core.Conn, sink Sink) core.ConnID { return l.open(l.base, peer, sink) }

func (l *Loop) open(h *home, peer core.Conn, sink Sink) core.ConnID {
	if l.away(h) {
		l.own(h)
		defer l.release()
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		sink.Hangup(nil)
		return 0
	}
	l.lastID++
	id := l.lastID
	l.inbox.opens = append(l.inbox.opens, opening{id, sink})
	at := len(l.inbox.bytes)
	l.inbox.bytes = peer.AppendTo(l.inbox.bytes)
	l.inbox.inputs = append(l.inbox.inputs,
		core.Input{Kind: core.InOpen, Conn: id, Data: l.inbox.bytes[at:]})
	if l.away(h) {
		l.mu.Unlock()
		return id
	}
	l.combine()
	return id
}

// Send hands inputs to the engine in order. It returns when they are applied, or when another
// caller has undertaken to apply them; either way the inputs are the caller's again. It waits while
// the inbox is full.
func (l *Loop) Send(inputs []core.Input) { l.send(l.base, inputs) }

func (l *Loop) send(h *home, inputs []core.Input) {
	l.mu.Lock()
	owned := l.away(h) || len(l.inbox.inputs) > 0 || !l.owner.TryLock()
	switch {
	case l.closed:
		if !owned {
			l.owner.Unlock()
		}
		l.mu.Unlock()
		return
	case owned && l.mustWait(h, inputs):
		l.mu.Unlock()
		l.own(h)
		l.takeInbox() // what the caller has sent before may be there
	case owned:
		l.inbox.add(inputs)
		l.combine()
		return
	default:
		l.at.Store(h)
		l.mu.Unlock()
	}
	l.step(inputs)
	l.release()
}

// mustWait reports whether inputs cannot be left to the owner: the inbox is full, or the owner
// lives elsewhere, by whose time they must not be applied. Inputs without data a sink may send,
// which never waits. It is called with mu held.
func (l *Loop) mustWait(h *home, inputs []core.Input) bool {
	if l.away(h) {
		return true
	}
	elsewhere := l.foreign > 0 || l.at.Load() != nil && !l.at.Load().is(h)
	return (elsewhere || len(l.inbox.bytes) > inboxMax) && hasData(inputs)
}

func hasData(inputs []core.Input) bool {
	for i := range inputs {
		if inputs[i].Kind == core.InData {
			return true
		}
	}
	return false
}

// add copies inputs and their bytes.
//
//go:noinline
func (b *inbox) add(inputs []core.Input) {
	for _, in := range inputs {
		if len(in.Data) > 0 {
			at := len(b.bytes)
			b.bytes = append(b.bytes, in.Data...)
			in.Data = b.bytes[at:len(b.bytes):len(b.bytes)]
		}
		b.inputs = append(b.inputs, in)
	}
}

// combine works off the inbox unless somebody else does. It is called with mu held by who lives in
// base, and releases it.
func (l *Loop) combine() {
	if !l.owner.TryLock() {
		l.mu.Unlock()
		return
	}
	l.at.Store(l.base)
	l.mu.Unlock()
	l.release()
}

// release works off the inbox and then gives up the ownership of the engine.
func (l *Loop) release() {
	for range roundsMax {
		l.mu.Lock()
		if len(l.inbox.inputs) == 0 || l.waiting > 0 {
			l.disown()
			return
		}
		l.mu.Unlock()
		l.takeInbox()
	}
	go l.release()
}

// takeInbox applies what is in the inbox.
func (l *Loop) takeInbox() {
	l.mu.Lock()
	l.work, l.inbox = l.inbox, l.work
	l.mu.Unlock()
	for _, o := range l.work.opens {
		l.sinks[o.id] = o.sink
	}
	if len(l.work.inputs) > 0 {
		l.step(l.work.inputs)
	}
	for _, w := range l.work.corked {
		w.uncork()
	}
	l.work.reset()
}

func (b *inbox) reset() {
	clear(b.inputs)
	clear(b.opens)
	b.inputs, b.opens, b.corked = b.inputs[:0], b.opens[:0], nil
	if b.bytes = b.bytes[:0]; cap(b.bytes) > arenaKeep {
		b.bytes = nil
	}
}

// disown ends the ownership. It is called with mu held, and releases it.
func (l *Loop) disown() {
	if h := l.at.Load(); h.is(l.stepped) && l.deadline < h.wakes && !l.closed {
		l.arm(h)
	}
	l.at.Store(nil)
	l.owner.Unlock()
	l.mu.Unlock()
}

// arm sets a home's timer to the deadline. It is called with mu held. By a clock of the caller's
// own the timer serves only what is due already: a long script that goes on.
func (l *Loop) arm(h *home) {
	wait := time.Duration(0)
	now := l.now()
	if l.deadline <= now && l.options.Clock == nil {
		// Under testing/synctest time passes only when nothing runs: give a long script's slices
		// some, or others would wait for their timers for ever.
		if now == h.busyAt {
			wait = time.Millisecond
		}
		h.busyAt = now
	}
	if l.deadline > now {
		if l.options.Clock != nil {
			return
		}
		wait = sleepMax
		if us := int64(l.deadline - now); us < int64(sleepMax/time.Microsecond) {
			wait = time.Duration(us) * time.Microsecond
		}
	}
	h.wakes = l.deadline
	if h.timer == nil {
		h.timer = time.AfterFunc(wait, func() { l.wake(h) })
		return
	}
	h.timer.Reset(wait)
}

// wake is the timer's call.
func (l *Loop) wake(h *home) {
	l.mu.Lock()
	h.wakes = core.Never
	// Whoever of this home owns the engine, or waits for it, sets the timer again. One that waits
	// comes first: a long script would wake the Loop again and again before it.
	if l.closed || l.at.Load().is(h) || !l.away(h) && l.waiting > 0 {
		l.mu.Unlock()
		return
	}
	l.mu.Unlock()
	l.own(h)
	l.step(nil)
	l.release()
}

// own waits until the caller, who lives in h, owns the engine, whose inbox may be full.
func (l *Loop) own(h *home) {
	waiting := &l.waiting
	if l.away(h) {
		waiting = &l.foreign
	}
	l.mu.Lock()
	*waiting++
	l.mu.Unlock()
	l.owner.Lock()
	l.mu.Lock()
	*waiting--
	l.at.Store(h)
	l.mu.Unlock()
	for _, ready := range h.late {
		token(ready)
	}
	h.late = h.late[:0]
}

// step runs one step and delivers what comes of it. An engine that dies is buried.
func (l *Loop) step(inputs []core.Input) {
	if l.engine == nil {
		l.refuse(inputs)
		return
	}
	if err := l.advance(inputs); err != nil {
		l.bury(err)
	}
}

// otherTime tells the engine that it goes by the time of another home now.
func (l *Loop) otherTime() error {
	if l.stepped = l.at.Load(); l.options.Clock != nil {
		return nil
	}
	return l.advanceAt(l.time, []core.Input{{Kind: core.InControl,
		Data: strconv.AppendInt([]byte("clock host "), int64(l.now()), 10)}})
}

// advance is step, but leaves an engine that dies to the caller.
func (l *Loop) advance(inputs []core.Input) error {
	if !l.at.Load().is(l.stepped) {
		if err := l.otherTime(); err != nil {
			return err
		}
	}
	return l.advanceAt(l.now(), inputs)
}

func (l *Loop) advanceAt(now core.Time, inputs []core.Input) error {
	out, deadline, err := l.engine.Step(now, inputs, l.out[:0])
	l.out, l.deadline, l.time = out, deadline, now
	if err != nil {
		return err
	}
	for i := range out {
		l.deliver(i)
	}
	clear(out)
	for i := range inputs {
		if inputs[i].Kind == core.InClose {
			delete(l.sinks, inputs[i].Conn)
		}
	}
	return nil
}

// deliver carries out an event of the step.
func (l *Loop) deliver(i int) {
	o := &l.out[i]
	switch o.Kind {
	case core.EventData:
		if sink := l.sinks[o.Conn]; sink != nil {
			sink.Data(o.Data)
		}
	case core.EventHangup:
		if sink := l.sinks[o.Conn]; sink != nil {
			delete(l.sinks, o.Conn)
			sink.Hangup(o.Data)
		}
	case core.EventConnect:
		l.connect(o)
	case core.EventRead, core.EventAppend, core.EventSync, core.EventReplace, core.EventRemove:
		l.verb(i)
	case core.EventConfigured:
		l.ready, l.refusal = true, string(o.Data)
	case core.EventShutdown:
		l.shutdown(string(o.Data))
	case core.EventCluster:
		l.bus.carry(l, o)
	case core.EventConfig:
		l.configure(o)
	case core.EventLog:
		l.log(int(o.Ticket), string(o.Data))
	case core.EventSnapshot, core.EventRestored, core.EventControlled:
		l.told[o.Ticket] = bytes.Clone(o.Data)
	}
}

// shutdown passes on that the engine asks to stop.
func (l *Loop) shutdown(reason string) {
	l.bus.leave(l)
	if l.options.Shutdown != nil {
		l.options.Shutdown(reason)
	}
}

//go:noinline
func (l *Loop) log(level int, text string) {
	if l.options.Log != nil {
		l.options.Log(level, text)
	}
}

// refuse hangs up what was opened after the end of the last engine.
func (l *Loop) refuse(inputs []core.Input) {
	for i := range inputs {
		if id := inputs[i].Conn; l.sinks[id] != nil {
			sink := l.sinks[id]
			delete(l.sinks, id)
			sink.Hangup(nil)
		}
	}
}

// hangupAll ends every connection, the oldest first.
func (l *Loop) hangupAll() int {
	// A sort for one more type would be 8 KB of every program.
	ids := make([]int, 0, len(l.sinks))
	for id := range l.sinks {
		ids = append(ids, int(id))
	}
	slices.Sort(ids)
	for _, i := range ids {
		id := core.ConnID(i)
		sink := l.sinks[id]
		delete(l.sinks, id)
		sink.Hangup(nil)
	}
	return len(ids)
}

// ask puts a question to the engine, which answers with one event, and carries out what else comes
// of it. The caller owns the engine, and buries one that dies. With appendfsync always an engine
// may have to wait for a file before it answers; then ask gives it up for a while if it may, and
// else has no answer.
func (l *Loop) ask(kind core.InputKind, data []byte, mayWait bool) (answer []byte, err error) {
	if l.engine == nil {
		return nil, ErrClosed
	}
	l.asked++
	h, life, ticket := l.at.Load(), l.life, l.asked
	err = l.advance([]core.Input{{Kind: kind, Ticket: ticket, Data: data}})
	for ; err == nil && mayWait; l.own(h) {
		if l.engine == nil || l.life != life {
			return nil, ErrClosed
		}
		if _, is := l.told[ticket]; is {
			break
		}
		l.release()
		runtime.Gosched()
	}
	answer = l.told[ticket]
	delete(l.told, ticket)
	return answer, err
}

// Snapshot returns the engine's data as an RDB file.
func (l *Loop) Snapshot() ([]byte, error) {
	l.own(l.here())
	defer l.release()
	image, err := l.ask(core.InSnapshot, nil, true)
	l.mourn(err)
	if err == nil && len(image) == 0 {
		err = ErrNoMemory
	}
	if err == nil {
		l.keep(image)
	}
	return image, err
}

// Restore replaces the engine's data by that of an RDB file, or does nothing and says why. The
// Loop keeps a reference to image if it keeps snapshots.
func (l *Loop) Restore(image []byte) error {
	l.own(l.here())
	defer l.release()
	refusal, err := l.ask(core.InRestore, image, true)
	l.mourn(err)
	if err == nil && len(refusal) > 0 {
		err = errors.New(string(refusal))
	}
	if err == nil {
		l.keep(image)
	}
	return err
}

// Memory is how many bytes the engine has in use, as INFO's used_memory, and how many maxmemory
// allows; 0 and 0 if the engine does not say: a guest has its own memory.
func (l *Loop) Memory() (used, most int64) {
	l.own(l.here())
	defer l.release()
	if m, says := l.engine.(interface{ memory() (used, most int64) }); says {
		return m.memory()
	}
	return 0, 0
}

// mourn buries the engine if err is its death.
func (l *Loop) mourn(err error) {
	if err != nil && l.engine != nil {
		l.bury(err)
	}
}

func (l *Loop) keep(image []byte) {
	if l.options.Keep {
		l.kept = image
	}
}

// Turn does what is due by the Loop's clock. With a clock of your own, call it when you have turned
// it: when it returns, what fell due is done and delivered, but for a script that runs long.
func (l *Loop) Turn() {
	l.own(l.here())
	for range turnMax {
		l.step(nil)
		if l.deadline > l.now() {
			break
		}
	}
	l.release()
}

// Close ends the Loop: connections are hung up, the engine is closed, and nothing of the Loop
// remains. It waits for the owner, so no Sink may call it.
func (l *Loop) Close() error {
	l.own(l.here())
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		l.release()
		return nil
	}
	l.closed = true
	cluster := l.bus
	if l.base.timer != nil && (l.at.Load() == l.base || l.base.bubble == "") {
		l.base.timer.Stop()
	}
	for _, o := range l.inbox.opens {
		l.sinks[o.id] = o.sink
	}
	l.inbox = inbox{}
	l.mu.Unlock()
	l.hangupAll()
	l.closeFiles()
	err := l.end()
	if l.stopDialing != nil {
		l.stopDialing()
	}
	l.release()
	cluster.leave(l)
	l.running.Lock() // nobody is left
	//lint:ignore SA2001 it is waited for, not held
	l.running.Unlock()
	return err
}

// end closes the engine.
func (l *Loop) end() error {
	l.deadline = core.Never
	if l.engine == nil {
		return nil
	}
	err := l.engine.Close()
	l.engine = nil
	return err
}
