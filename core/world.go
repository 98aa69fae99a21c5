package core

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/redlet/redlet/core/internal/small"
)

// What goes into an engine and what comes out of it is plain data: an Input has one way in, and an
// Event one way out. The kinds are numbered here and nowhere else: the frames of package wasm/abi,
// which a guest and its host exchange, carry these numbers, and hosts forward.

// InputKind says what an Input tells the engine.
type InputKind uint8

// The kinds of inputs. Ticket couples an answer with the Event that asked.
const (
	// InConfigure holds the seed and the parameters, as package wasm/abi writes them, with which a
	// guest makes its engine; Conn is 1 if it may use its stopwatch. An engine that runs answers
	// EventConfigured with a refusal.
	InConfigure InputKind = 1
	// InOpen opens Conn, which must be greater than every one before. Data describes it: see
	// [Conn.AppendTo].
	InOpen InputKind = 2
	// InData holds bytes that Conn's peer sent.
	InData InputKind = 3
	// InClose says that Conn's peer has gone. A connection that is not known is ignored.
	InClose InputKind = 4
	// InCork says that Conn takes no output for now: it stays in the engine, where it counts
	// against client-output-buffer-limit.
	InCork InputKind = 5
	// InUncork says that output flows to Conn again.
	InUncork InputKind = 6
	// InStop asks the engine to shut down. Data is the signal that the host was given, "sigint" or
	// "sigterm": the parameter shutdown-on-sigint or shutdown-on-sigterm says how. EventShutdown
	// follows, after EventReplace if the data is to be saved; but not when saving failed and is not
	// forced.
	InStop InputKind = 7
	// InSnapshot asks for everything but the connections: EventSnapshot, with the same Ticket,
	// follows.
	InSnapshot InputKind = 8
	// InRestore replaces all data by that of the RDB file in Data, or does nothing. EventRestored,
	// with the same Ticket, tells.
	InRestore InputKind = 9

	// InConnected answers EventConnect: Conn, numbered as for InOpen, leads there.
	InConnected InputKind = 10
	// InDone answers an event: Data is empty, or says why what was asked for could not be done.
	InDone InputKind = 11
	// InContent answers EventRead. Data is the size of the whole file, 8 bytes in little-endian
	// order, and then bytes of it.
	InContent InputKind = 12
	// InAbsent answers EventRead: there is no such file.
	InAbsent InputKind = 13
	// InAppended says in Data why an EventAppend, whose Ticket it has, failed; or, empty, that
	// after a failure all has been appended. While all goes well nothing is said.
	InAppended InputKind = 14

	// InControl is an order of the engine's owner, in words: to its clock, among others. See
	// control.go. EventControlled, with the same Ticket, answers.
	InControl InputKind = 15

	// InCluster is a message of another node of the cluster, as EventCluster gave it.
	InCluster InputKind = 16
)

// Input is one thing that the world tells an engine.
type Input struct {
	Kind   InputKind
	Conn   ConnID
	Ticket uint32
	Data   []byte // lent to the engine for the call
}

// EventKind says what an Event asks of the host.
type EventKind uint8

// The kinds of events.
const (
	// EventData holds bytes to send to Conn.
	EventData EventKind = 1
	// EventHangup holds the last bytes to send to Conn, which the host then closes. The engine has
	// forgotten Conn: no InClose is needed.
	EventHangup EventKind = 2
	// EventConnect asks for a connection to the address Path, host and port, from the address Data
	// if there is any and the host can choose. The host answers
	// InConnected, or InDone with what went wrong; from then on the connection is like any other.
	EventConnect EventKind = 3
	// EventShutdown asks the host to stop; Data says why.
	EventShutdown EventKind = 4
	// EventLog is a line for the log; Ticket is its level, from 0 (debug) to 3 (warning). Lines
	// below the parameter loglevel do not come.
	EventLog EventKind = 5
	// EventSnapshot holds the RDB file that InSnapshot asked for; nothing if there is no memory for
	// it.
	EventSnapshot EventKind = 6
	// EventRestored answers InRestore: Data is empty, or says why nothing was restored.
	EventRestored EventKind = 7
	// EventConfigured answers InConfigure: Data is empty, or says why it was refused.
	EventConfigured EventKind = 8

	// EventRead asks for the file Path from Offset on, 1 MiB at most: InContent, which is without
	// bytes at the end of the file; or InAbsent; or InDone with what went wrong, which of a folder
	// is "Is a directory".
	EventRead EventKind = 9
	// EventAppend asks the host to append Data, which may be empty, to the file Path before it
	// carries out any event that follows. The file is made if it is not there, and the last folder
	// of its path too. If it fails, the host says InAppended and keeps the bytes, to write them
	// before those that come next for that file.
	EventAppend EventKind = 10
	// EventSync asks the host to make durable what was appended to the file Path so far: InDone.
	// Offset is 1 if nothing runs and no event comes before that answer: nobody waits longer if the
	// host waits too.
	EventSync EventKind = 11
	// EventReplace asks the host to put Data at Path so that at any moment the old file is there or
	// the new one, whole: InDone, once it is durable.
	EventReplace EventKind = 12
	// EventRemove asks the host to remove the file Path, if there is one: InDone.
	EventRemove EventKind = 13

	// EventControlled answers InControl: Data is '+' and an answer, or '-' and why not.
	EventControlled EventKind = 14

	// EventCluster is a message for the other nodes of the cluster that run in this process: see
	// cluster_bus.go. The host hands it to each of them by InCluster. One with a Ticket is for the
	// node whose address, host and port, is the third word of its first line; the host says InDone,
	// with what is wrong if there is no such node.
	EventCluster EventKind = 15

	// EventConfig asks the host to put parameters into force that are its own: its sockets,
	// certificates, the process. Data holds a line `name value` for each, the value quoted as in
	// redis.conf: port, bind, tls-port, what else begins with tls-, and oom-score-adj or
	// oom-score-adj-values, whose value here is `relative`, `absolute` or `no` and a score. The host
	// says InDone once all of it is in force, or else leaves all as it was and says the name of the
	// one that it could not, and behind a blank why. One that has none of this says so in any words.
	// Without a Ticket it does what it can.
	EventConfig EventKind = 16
)

// Event is something that the host must now do.
type Event struct {
	Kind   EventKind
	Conn   ConnID
	Ticket uint32 // what the answer must have; 0 if none is wanted
	Path   string // of a file, relative to the host's folder if it is relative; or an address
	Offset int64  // EventRead, EventSync
	Data   []byte // lent until the next Input or Advance, or the host's own: see Lent
}

// Lent tells whether Data of such an event is lent by the engine: it stays as it is until the next
// Input or Advance, and may be a part of the engine's data, which nobody may write to. Else it is
// the host's own. Whole images are: they are large.
func (k EventKind) Lent() bool {
	switch k {
	case EventSnapshot, EventReplace:
		return false
	}
	return true
}

// HasPath tells whether such an event concerns a Path.
func (k EventKind) HasPath() bool {
	return k == EventConnect || k >= EventRead && k <= EventRemove
}

// Conn describes a connection's two ends as CLIENT LIST shows them.
type Conn struct {
	Addr  string // the peer, "127.0.0.1:50000"; of a unix socket its path and ":0"
	Laddr string // this end
	FD    int    // the file descriptor, or whatever number the host has for it; -1 if none
	Unix  bool   // a unix socket
	// Own is a connection of the owner's own: no password is asked of it and no filter about it, INFO
	// counts neither it nor what it does, and it begins in RESP3.
	Own bool
}

// AppendTo appends the Data of an InOpen, `addr laddr fd bits`. A byte of an address that would
// break the form (a blank, a control character) becomes '_'; an empty address becomes "?:0".
func (c *Conn) AppendTo(dst []byte) []byte {
	dst = append(appendAddr(dst, c.Addr), ' ')
	dst = append(appendAddr(dst, c.Laddr), ' ')
	dst = appendInt(dst, int64(c.FD))
	bits := byte('0')
	if c.Unix {
		bits |= connIsUnix
	}
	if c.Own {
		bits |= connIsOwn
	}
	return append(dst, ' ', bits)
}

// The bits of the digit at the end of an InOpen's Data.
const (
	connIsUnix = 1
	connIsOwn  = 2
)

//go:noinline
func appendAddr(dst []byte, addr string) []byte {
	if addr == "" {
		return append(dst, noAddr...)
	}
	for i := range len(addr) {
		if addr[i] <= ' ' || addr[i] == 0x7f {
			dst = append(dst, '_')
		} else {
			dst = append(dst, addr[i])
		}
	}
	return dst
}

// noAddr stands for the address of an end that has none.
const noAddr = "?:0"

// parseConn reads what AppendTo wrote.
func parseConn(b []byte) (c Conn, ok bool) {
	fields := bytes.Split(b, []byte{' '})
	if len(fields) != 4 || len(fields[0]) == 0 || len(fields[1]) == 0 {
		return c, false
	}
	fd, err := strconv.ParseInt(string(fields[2]), 10, 32)
	if err != nil || len(fields[3]) != 1 || fields[3][0] < '0' || fields[3][0] > '3' {
		return c, false
	}
	bits := fields[3][0]
	return Conn{string(fields[0]), string(fields[1]), int(fd), bits&connIsUnix != 0,
		bits&connIsOwn != 0}, true
}

// Fault says what is wrong with an input that no host may give; "" if nothing is.
func (in *Input) Fault() string {
	switch {
	case in.Kind < InConfigure, in.Kind > InCluster:
		return "an input of unknown kind"
	case in.Kind == InOpen:
		if _, ok := parseConn(in.Data); !ok {
			return "OPEN must hold `addr laddr fd bits`"
		}
	}
	return ""
}

// Input takes an input in and does all that comes of it. It is a bug of the host to hand over one
// that has a Fault.
func (e *Engine) Input(in *Input) {
	if in.Kind == InData {
		e.feed(in.Conn, in.Data)
		return
	}
	e.input(in)
}

// input takes in what is not a client's bytes.
func (e *Engine) input(in *Input) {
	e.stir()
	switch in.Kind {
	case InOpen:
		peer, ok := parseConn(in.Data)
		if !ok {
			panic("core: " + in.Fault())
		}
		e.open(in.Conn, peer)
	case InClose:
		e.close(in.Conn)
	case InCork, InUncork:
		e.cork(in.Conn, in.Kind == InCork)
	case InStop:
		e.stop(string(in.Data))
	case InSnapshot:
		ev := Event{Kind: EventSnapshot, Ticket: in.Ticket}
		if e.hasRoomForImage() {
			ev.Data = e.Snapshot(nil)
		}
		e.emit(ev)
	case InRestore:
		e.restored(in)
	case InConfigure:
		e.emit(Event{Kind: EventConfigured, Ticket: in.Ticket, Data: []byte("already configured")})
	case InConnected, InDone, InContent, InAbsent:
		e.answered(in)
	case InAppended:
		e.appended(e.aof.ticketPath(in.Ticket), string(in.Data))
	case InControl:
		e.control(in)
	case InCluster:
		e.heard(in.Data)
		e.handleBlockedOnKeys()
		e.beforeSleep()
	default:
		panic("core: " + in.Fault())
	}
}

// restored does what InRestore asks for.
func (e *Engine) restored(in *Input) {
	why := ""
	if e.aof.loading != nil {
		why = "data are being loaded"
	} else if err := e.Restore(in.Data); err != nil {
		why = err.Error()
	}
	e.emit(Event{Kind: EventRestored, Ticket: in.Ticket, Data: []byte(why)})
}

// emit gives an event to the host.
//
//go:noinline
func (e *Engine) emit(ev Event) { e.events = append(e.events, ev) }

// question is an event whose answer is awaited.
type question struct {
	ticket uint32
	answer func(in *Input)
}

// ask gives an event to the host that it answers; answer gets the answer. The event gets its ticket
// here.
func (e *Engine) ask(ev Event, answer func(in *Input)) {
	e.ticket++
	ev.Ticket = e.ticket
	e.asked = append(e.asked, question{ev.Ticket, answer})
	e.emit(ev)
}

// answered passes an answer on. One that nobody waits for is passed over; a connection that nobody
// wants is hung up.
func (e *Engine) answered(in *Input) {
	i := slices.IndexFunc(e.asked, func(q question) bool { return q.ticket == in.Ticket })
	switch {
	case i >= 0:
		answer, lent := e.asked[i].answer, *in // in itself must not move to the heap for every input
		e.asked = small.Delete(e.asked, i, i+1)
		answer(&lent)
		e.beforeSleep()
	case in.Kind == InConnected:
		e.emit(Event{Kind: EventHangup, Conn: in.Conn})
	}
}

// Poll fills ev with the next thing that the host must do, and tells whether there was one. Poll
// until it answers false after each Input and Advance; inputs of clients' data may follow one
// another before. It is small enough to be inlined: mostly there is one event or none.
func (e *Engine) Poll(ev *Event) bool {
	if e.polled == len(e.events) || e.held {
		return false
	}
	e.poll(ev)
	return true
}

// poll is Poll where there is something. Fields are set one by one and none of an EventData is
// copied: in the guest a whole Event took ten times as long.
func (e *Engine) poll(ev *Event) {
	next := &e.events[e.polled]
	if next.Kind != EventData {
		e.pollRare(ev)
		return
	}
	cl := e.conn(next.Conn)
	ev.Kind, ev.Conn, ev.Ticket, ev.Path, ev.Offset, ev.Data = EventData, next.Conn, 0, "", 0, nil
	if cl == nil {
		e.polledOne()
		return
	}
	ev.Data = e.takeOutput(cl)
	if cl.given == 0 && cl.w.Len() == 0 {
		cl.announced = false
		e.polledOne()
		return
	}
	e.outputGiven(cl, len(ev.Data))
}

func (e *Engine) pollRare(ev *Event) {
	e.stir()
	next := &e.events[e.polled]
	if next.Kind == EventHangup {
		e.pollHangup(ev)
		return
	}
	*ev, *next = *next, Event{}
	e.polledOne()
	switch ev.Kind {
	case EventAppend:
		e.aof.carry(ev)
	case EventSync:
		if ev.Ticket != 0 && ev.Ticket == e.aof.barrier {
			e.hold()
		}
	}
}

// pollHangup gives the last output of a connection, or, while there is too much, the next.
func (e *Engine) pollHangup(ev *Event) {
	*ev = e.events[e.polled]
	cl := e.conn(ev.Conn)
	if cl == nil {
		e.polledOne()
		return
	}
	ev.Data = e.takeOutput(cl)
	if cl.w.Len() > 0 {
		ev.Kind = EventData
		e.outputGiven(cl, len(ev.Data))
		return
	}
	e.polledOne()
	e.drop(cl)
	e.beforeSleep()
}

//go:noinline
func (e *Engine) polledOne() {
	if e.polled++; e.polled == len(e.events) {
		e.events, e.polled, e.aof.mark = e.events[:0], 0, 0
	}
}
