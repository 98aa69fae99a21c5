package core

import (
	"slices"

	"github.com/redlet/redlet/internal/sds"
)

// Whether a command may run is said here and nowhere else: by the checks below, in Redis's order. A
// command of the fast path needs none of them, since neither it nor anything rare asks for one.

// place is where a command is about to run.
type place uint8

const (
	atClient      place = 1 << iota // a client has sent it: it runs, or MULTI queues it
	atScript                        // a script calls it
	atScriptStart                   // it is about to run a script or a function
	atCommand                       // another command runs it: Call.Do
	atTrusted                       // it stands in an append-only file, which holds what did run
	places
)

// verdict is what a check says of a command: allowed, postponed, answered, or the error that
// refuses it. In a file there are no errors but reasons, clauses without a full stop.
type verdict string

const (
	allowed verdict = ""
	// Errors have no line feed.
	postponed verdict = "\npostponed" // the client waits, and its command is dispatched once more
	answered  verdict = "\nanswered"  // the check has answered it, or ended the connection
)

// check is one condition on which a command may run.
type check struct {
	name string
	at   place // where it is made: several places
	// engine and conn are the flags without one of which it finds nothing; none if it must always
	// be made.
	engine engineFlags
	conn   connFlags
	find   func(c *Call, at place) verdict
}

// checks are all checks, in the order of Redis's processCommand for a client, of scriptCall for a
// script's commands and of scriptPrepareForRun for the start of a script. The filter is asked
// first, as a module's command filters are.
//
// EXEC stands for what it runs: it is checked with the flags of the whole queue. None of these
// checks is made of a queued command when its turn comes.
var checks = [...]check{
	{"filter", atClient | atScript, engineFiltered, connFiltered, checkFilter},
	{"existence", atClient | atScript | atCommand | atTrusted, 0, 0, checkExistence},
	{"arity", atClient | atScript | atCommand | atTrusted, 0, 0, checkArity},
	{"protected", atClient, 0, 0, checkProtected},
	{"authentication", atClient, 0, connUnauthenticated, checkAuthenticated},
	{"no-multi", atClient, 0, connMulti, checkNoMulti},
	{"noscript", atScript | atCommand, 0, 0, checkNoScript},
	{"permission", atClient | atScript, 0, connRestricted, checkACL},
	{"cluster", atClient, engineCluster, 0, checkCluster},
	{"no-cluster script", atScriptStart, engineCluster, 0, checkNoCluster},
	{"clients", atClient, engineClients, 0, checkClients},
	{"memory", atClient, engineMemory, 0, checkMemory},
	{"room", atClient | atScript, 0, 0, checkRoom},
	{"read-only script", atScript, 0, 0, checkReadOnlyScript},
	{"disk", atClient | atScript | atScriptStart, engineDiskError, 0, checkDisk},
	{"read-only command", atScriptStart, 0, 0, checkReadOnlyCommand},
	{"replicas", atClient | atScript | atScriptStart, engineMinReplicas, 0, checkReplicas},
	{"read-only replica", atClient | atScript | atScriptStart, engineReplica, 0, checkReplica},
	{"script's memory", atScript | atScriptStart, engineMemory, 0, checkScriptMemory},
	{"script's cluster", atScript, engineCluster, 0, checkScriptCluster},
	{"subscribed", atClient, 0, connSubscribed, checkSubscribed},
	{"stale", atClient | atScript, engineReplica, 0, checkStale},
	{"loading", atClient, engineLoading, 0, checkLoading},
	{"busy", atClient, engineScript, 0, checkBusy},
	{"version", atClient, engineCompat, 0, checkVersion},
	{"slave", atClient, 0, connSlave, checkSlave},
	{"paused", atClient, enginePaused, 0, checkPaused},
}

// made is a check as it is made at one place: when the state of engine and connection has one of
// some bits.
type made struct {
	state uint64
	find  func(c *Call, at place) verdict
}

// stateAlways is set in every state.
const stateAlways = 1 << 63

// stateOf puts flags of an engine and of a connection side by side.
func stateOf(engine engineFlags, conn connFlags) uint64 { return uint64(engine) | uint64(conn)<<32 }

// checksAt are the checks of each place: those that are always made, and all.
var checksAt = func() (at [places]struct {
	state       uint64 // what the others of all depend on
	always, all []made
}) {
	for p := atClient; p < places; p <<= 1 {
		for _, k := range checks {
			m := made{stateOf(k.engine, k.conn), k.find}
			if k.at&p == 0 {
				continue
			}
			if at[p].state |= m.state; m.state == 0 {
				m.state = stateAlways
				at[p].always = append(at[p].always, m)
			}
			at[p].all = append(at[p].all, m)
		}
	}
	return at
}()

// check makes the checks of a place.
func (c *Call) check(at place) verdict {
	here := &checksAt[at]
	state := stateOf(c.e.flags, c.conn.flags)
	list := here.always
	if state&here.state != 0 {
		list = here.all
	}
	state |= stateAlways
	for i := range list {
		if list[i].state&state == 0 {
			continue
		}
		if v := list[i].find(c, at); v != allowed {
			return v
		}
	}
	return allowed
}

// commandFlags are the flags of the command, or what the script that it runs, or the queue, has
// instead.
func (c *Call) commandFlags() Flag {
	if line := c.cmd.Line; line != nil && line.Flags != nil {
		return line.Flags(c)
	}
	return c.cmd.Flags
}

// writes tells whether the checks that are about writes concern a command. A script that has
// written goes on.
func (c *Call) writes(at place) bool {
	s := &c.e.scripts
	switch at {
	case atScript:
		return c.cmd.Flags&Write != 0 && !s.wrote
	case atScriptStart:
		return s.flags.writes()
	}
	return c.commandFlags()&Write != 0
}

func checkFilter(c *Call, at place) verdict { return c.e.askFilter(c, at) }

func checkExistence(c *Call, at place) verdict {
	container := c.cmd != nil && c.cmd.lacksSub(c.Args)
	switch {
	case c.cmd != nil && !container:
		return allowed
	case at == atScript:
		return "ERR Unknown Redis command called from script"
	case at == atTrusted:
		return verdict("Unknown command '" + clip(c.Args[0], 128) + "'")
	case container:
		return verdict(errSubcommand(c.cmd, c.Args[1]))
	}
	c.e.logUnknown(clip(c.Args[0], 128))
	return verdict(errUnknown(c.Args))
}

// unknownMax is how many unknown commands the host is told of.
const unknownMax = 64

// logUnknown tells the host of a command that is not there, once by each name: a client may keep
// the error to itself, and programs are ported to redlet by what it lacks.
func (e *Engine) logUnknown(name string) {
	if len(e.unknown) == unknownMax || slices.Contains(e.unknown, name) {
		return
	}
	e.unknown = append(e.unknown, name)
	e.log(logNotice, "Unknown command "+string(sds.AppendRepr(nil, name)))
}

func checkArity(c *Call, at place) verdict {
	switch {
	case c.e.arityFits(c.cmd, len(c.Args)):
		return allowed
	case at == atScript:
		return "ERR Wrong number of args calling Redis command from script"
	case at == atTrusted:
		return badFormat
	}
	return verdict(errArity(c.cmd))
}

func checkProtected(c *Call, _ place) verdict {
	cfg, flags := &c.e.cfg, c.cmd.Flags
	switch {
	case flags&Protected != 0 && !allows(cfg.debugCommand, c.conn):
		return verdict(errNotEnabled("debug"))
	case flags&LoadsModules != 0 && !allows(cfg.moduleCommand, c.conn):
		return verdict(errNotEnabled("module"))
	}
	return allowed
}

func checkAuthenticated(c *Call, _ place) verdict {
	if c.cmd.Flags&NoAuth == 0 {
		return errNoAuth
	}
	return allowed
}

func checkNoMulti(c *Call, _ place) verdict {
	if c.cmd.Flags&NoMulti != 0 {
		return "ERR Command not allowed inside a transaction"
	}
	return allowed
}

func checkNoScript(c *Call, at place) verdict {
	switch {
	case c.cmd.Flags&NoScript == 0:
		return allowed
	case at == atScript && c.e.scripts.permissive && c.cmd.Flags&(Admin|NoMulti|ClockCommand) == Admin:
		return allowed // DEBUG said so; what needs a client, or all to itself, stays refused
	case at == atCommand:
		return "ERR This Redis command is not allowed from within a command"
	}
	return "ERR This Redis command is not allowed from script"
}

// checkClients frees what clients take beyond maxmemory-clients. The one that is served may be one
// of those that have to go.
func checkClients(c *Call, _ place) verdict {
	if c.e.evictClients(); c.conn.has(connClosing) {
		return answered
	}
	return allowed
}

// checkMemory evicts keys as well, before any command. Where the host has no more memory, what is
// to be kept beside the data is refused too.
func checkMemory(c *Call, _ place) verdict {
	switch {
	case !c.e.outOfMemory():
	case c.commandFlags()&DenyOOM != 0, c.e.mem.full && c.keeps():
		return c.e.errFull(errOOM)
	}
	return allowed
}

// errFull is what refuses a command that would store more: by default the error of maxmemory.
//
//go:noinline
func (e *Engine) errFull(ofMemory verdict) verdict {
	if e.tooManyKeys() {
		return errMaxkeys
	}
	return ofMemory
}

// keeps tells whether a command that stores nothing is kept, or what it says: by MULTI, by what
// its flags declare.
func (c *Call) keeps() bool { return c.isQueued() || c.cmd.Flags&Keeps != 0 }

// isQueued tells whether MULTI queues the command, unless it is refused.
func (c *Call) isQueued() bool {
	return c.conn.has(connMulti) && c.cmd.Flags&(RunsQueue|NotQueued) == 0
}

// checkRoom refuses a large request that is to be stored, or kept for whatever else than to read or
// remove data, and cannot be.
func checkRoom(c *Call, at place) verdict {
	e, size := c.e, int64(c.conn.request)
	if e.room == nil {
		return allowed
	}
	if at == atScript {
		size = argBytes(c.Args)
		if c.cmd.Flags&Write != 0 && c.propagates() && !e.hasRoom(e.replicas.growth(int(size))) {
			return errOOM
		}
	} else if c.isQueued() && !e.hasRoom(c.conn.queueGrowth()) {
		return errOOM
	}
	if size += roomArg * int64(len(c.Args)); c.propagates() {
		// It waits thrice more: among the changes under way, to be appended or sent, and in what the
		// host takes. Where these grew there is garbage, which the collector has not seen yet.
		size *= 6
	}
	data := c.cmd.Flags&(ReadOnly|Write) != 0 && c.cmd.Flags&(DenyOOM|Blocking) == 0
	if size < roomAsked || data && !c.keeps() {
		return allowed
	}
	piece := roomPiece
	for _, arg := range c.Args {
		if c.cmd.Flags&TakesArgs != 0 && !c.keeps() && !c.propagates() && c.mayTake(arg) {
			size -= int64(len(arg))
			continue
		}
		piece = max(piece, len(arg))
	}
	if !e.askRoom(size+size/8, int64(piece)) {
		return errOOM
	}
	return allowed
}

// roomFor tells whether there is memory for what a command is about to take; it answers if there is
// none.
func (c *Call) roomFor(size int64) bool {
	if c.e.hasRoom(size) {
		return true
	}
	c.noMemory()
	return false
}

// noMemory answers a command for which there is no memory.
func (c *Call) noMemory() { c.Error(errOOM) }

func checkReadOnlyScript(c *Call, _ place) verdict {
	if c.cmd.Flags&(Write|MayReplicate) != 0 && c.e.scripts.readOnly {
		return "ERR Write commands are not allowed from read-only scripts."
	}
	return allowed
}

// checkDisk refuses what writes after the last save in the background, or the last attempt to
// append to the append-only file, has failed.
func checkDisk(c *Call, at place) verdict {
	e := c.e
	rdb := e.persist.broken && e.cfg.stopWritesOnError && len(e.cfg.save) > 0
	denied := c.writes(at) || at == atClient && c.cmd.Flags&DenyDiskError != 0
	switch {
	case !denied, !rdb && e.aof.failure == "":
		return allowed
	case rdb && at == atScriptStart:
		return errMisconfScript
	case rdb:
		return errMisconf
	case at == atScriptStart:
		return verdict(errMisconfScriptAOF + e.aof.failure)
	}
	return verdict(errMisconfAOF + e.aof.failure)
}

func checkReadOnlyCommand(c *Call, at place) verdict {
	if c.cmd.Flags&ReadOnly != 0 && c.writes(at) {
		return "ERR Can not execute a script with write flag using *_ro command."
	}
	return allowed
}

func checkReplicas(c *Call, at place) verdict {
	if c.e.master == nil && c.writes(at) && c.e.goodReplicas() < c.e.cfg.minReplicas {
		return errNoReplicas
	}
	return allowed
}

// checkReplica leaves writes on a replica to its master.
func checkReplica(c *Call, at place) verdict {
	switch {
	case !c.e.cfg.replicaReadOnly || !c.writes(at):
		return allowed
	case at == atScriptStart:
		return errReadOnlyScript
	}
	return errReadOnly
}

// checkStale refuses what a replica does not know since it has lost its master.
func checkStale(c *Call, at place) verdict {
	switch {
	case c.e.cfg.serveStale || c.e.master.state == linkUp || c.commandFlags()&Stale != 0:
		return allowed
	case at == atScript:
		return "ERR Can not execute the command on a stale replica"
	}
	return errMasterDown
}

// checkScriptMemory counts on what was used when the script began.
func checkScriptMemory(c *Call, at place) verdict {
	s := &c.e.scripts
	switch {
	case !s.oom || s.flags&scriptAllowOOM != 0:
	case at == atScriptStart && s.flags.writes():
		return c.e.errFull(errScriptOOM)
	case at == atScript && c.cmd.Flags&DenyOOM != 0 && !s.wrote:
		return c.e.errFull(errOOM)
	}
	return allowed
}

func checkSubscribed(c *Call, _ place) verdict {
	if c.conn.w.RESP3 || c.cmd.Flags&AllowSubscribed != 0 {
		return allowed
	}
	return verdict("ERR Can't execute '" + c.cmd.full() + "': only (P|S)SUBSCRIBE / " +
		"(P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context")
}

func checkBusy(c *Call, _ place) verdict {
	if c.cmd.Flags&AllowBusy == 0 {
		return verdict(c.e.scripts.busyError())
	}
	return allowed
}

// busyError is what everybody else is told while a script runs.
func (s *scripts) busyError() string {
	if s.function {
		return errBusyFunction
	}
	return errBusy
}

func checkVersion(c *Call, _ place) verdict {
	if c.e.tooNew(c.cmd, c.Args) {
		return ErrSyntax
	}
	return allowed
}

// checkSlave keeps from the data who is sent what happens to them.
func checkSlave(c *Call, _ place) verdict {
	if c.commandFlags()&(Write|ReadOnly|MayReplicate) != 0 {
		return "ERR Replica can't interact with the keyspace"
	}
	return allowed
}

// checkPaused lets replicas say how far they are.
func checkPaused(c *Call, _ place) verdict {
	const writes = Write | MayReplicate
	if !c.conn.has(connSlave) && (c.e.pause.all || c.commandFlags()&writes != 0) {
		return postponed
	}
	return allowed
}
