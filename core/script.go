package core

import (
	"strings"

	"github.com/redlet/redlet/core/internal/lua"
	"github.com/redlet/redlet/core/internal/reply"
	"github.com/redlet/redlet/core/internal/small"
)

// scripts is the Lua machine, the scripts it knows, and the one under way, if any.
//
// A command that runs a script is a task: it is suspended when the script has used up a slice of
// instructions, and Advance resumes it. Until busy-reply-threshold has passed the input of
// everybody else is held back; then they are told that the server is busy.
type scripts struct {
	vm         *lua.VM      // made for the first script
	client     *conn        // the client that runs what scripts call; made with vm
	inner      Call         // the command that a script calls; reused
	reply      reply.Writer // of the script, while it is written
	cache      map[string]*script
	last       *script // what EVAL or EVALSHA ran last; it is in cache
	permissive bool    // DEBUG SET-DISABLE-DENY-SCRIPTS
	random     lua.Random

	evals []string // scripts that only EVAL brought, the least recently used first
	count struct{ evicted int64 }

	debug    *debugger // the session of the debugger, or nil
	task     *task
	learning *learning // what the task compiles, before it runs, or nil
	first    task      // of a script in its first slice, which it nearly always ends in
	inside   bool      // the task is running right now
	pending  bool      // a command that the task runs has just been suspended
	awaits   bool      // the script called a command that waits for another server
	awaited  bool      // and that has answered: its reply is in client
	begun    begun
	busy     bool // the task has run for too long: others are told
	name     string
	now      Time // the time that the script sees
	function bool // a function runs, not a script
	flags    scriptFlags
	slot     int // in a cluster, that of the keys it has used; -1 before the first
	readOnly bool
	wrote    bool
	oom      bool // maxmemory was reached when the script began
	killed   bool
	deserted bool     // the client has gone that had it in the debugger
	answers  *Command // which command's reply is written
	erred    bool     // there is an error in it that was not counted before
}

// script is a compiled script.
type script struct {
	sha   string
	body  []byte
	fn    lua.Function
	flags scriptFlags
	eval  bool // it came by EVAL alone and may be forgotten
}

// scriptFlags is what a script declares in its first line.
type scriptFlags uint8

const (
	scriptNoWrites scriptFlags = 1 << iota
	scriptAllowOOM
	scriptAllowStale
	scriptNoCluster
	scriptCrossSlot
	scriptDeclared // it has a first line of that kind
)

var scriptFlagNames = [...]string{
	"no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys",
}

// writes tells whether a script declares that it may write. One that declares nothing is checked
// when it comes to that.
func (f scriptFlags) writes() bool { return f&(scriptDeclared|scriptNoWrites) == scriptDeclared }

// commandFlags are those of a command that runs a script with these.
//
//go:noinline
func (f scriptFlags) commandFlags(own Flag) Flag {
	if f&scriptDeclared == 0 {
		return own &^ Stale
	}
	own &^= Write | DenyOOM | MayReplicate | Stale
	if f&scriptNoWrites == 0 {
		own |= Write
	}
	if f&(scriptNoWrites|scriptAllowOOM) == 0 {
		own |= DenyOOM
	}
	if f&scriptAllowStale != 0 {
		own |= Stale
	}
	return own
}

// task is a command that can be suspended: one that runs a script, one that waits for another
// server, or a transaction with such commands. It is suspended between two steps of its own, so
// that nothing of it is on Go's stack.
type task struct {
	call  Call
	at    int    // where its reply begins
	began int64  // what the stopwatch showed
	name  string // of the script under way
	queue *transaction
}

// evalScriptsMax bounds the scripts that EVAL leaves in the cache, as in Redis since 7.4.
const evalScriptsMax = 500

// holds reports whether commands wait: for a script that nobody may interrupt yet, among others.
func (e *Engine) holds() bool { return e.has(engineAsleep|engineClosing) || !e.scripts.busy }

// suspended has the client of a command wait until the task is over.
//
//go:noinline
func (t *task) suspended(c *Call) {
	t.call.Args = copyArgs(c.Args)
	c.conn.task = t
	c.conn.flags |= connSuspended
}

// shift lets a task know that the host has taken output in front of its reply, or of the reply.
func (t *task) shift(n int) {
	t.at = max(0, t.at-n)
	if t.queue != nil {
		t.queue.begun.at = max(0, t.queue.begun.at-n)
	}
}

// setTask says which command that runs a script is under way; nil is none.
//
//go:noinline
func (e *Engine) setTask(t *task) {
	if t == nil && e.scripts.vm != nil {
		e.scripts.vm.LetGo()
	}
	e.scripts.task, e.scripts.busy, e.scripts.deserted = t, false, false
	e.flags.set(engineScript, t != nil)
}

// resumeTask lets the task run until it is suspended, when it reports true, or ends.
func (e *Engine) resumeTask() (suspended bool) {
	s := &e.scripts
	t := s.task
	s.inside = true
	if t.queue != nil {
		suspended = !t.call.execute(t.queue)
	} else {
		suspended = !t.goOn(&t.call)
	}
	s.inside = false
	return suspended
}

// goOn goes on with a command that was suspended, the task's own or one of its queue, and reports
// whether it has been answered.
func (t *task) goOn(c *Call) (done bool) {
	e, s := c.e, &c.e.scripts
	if m := e.migration; m != nil {
		if !m.over {
			return false
		}
		if e.migration = nil; !s.awaits {
			m.answer(c)
			return true
		}
		m.answer(&s.inner)
		e.invoked(&s.inner, &s.begun)
		s.awaits, s.awaited = false, true
	}
	if s.learning != nil {
		return c.goOnLearning()
	}
	if s.debug != nil && s.debug.abort != "" {
		s.vm.Abort(s.debug.abort)
	} else if !s.vm.Replying() && !s.vm.Continue() {
		return false
	}
	return c.endLua(t.name)
}

// maySuspend reports whether the command may wait for another server: one of a client, of a script
// or of a transaction may.
func (c *Call) maySuspend() bool {
	s := &c.e.scripts
	switch t := s.task; {
	case t == nil:
		return c.mayBlock()
	case c == &s.inner:
		return !s.debug.waits() // else it is the debugger's
	default:
		return t.queue != nil && c == &t.queue.call
	}
}

// suspend makes a task of the command, whose reply is to begin at an offset of the output.
func (c *Call) suspend(at int, name string) {
	t := &task{call: *c, at: at, name: name}
	c.e.setTask(t)
	t.suspended(c)
}

// step runs the next slice of the script under way.
func (s *scripts) step(e *Engine) {
	t := s.task
	if t == nil || s.debug.waits() {
		return
	}
	now, cl := e.now, t.call.conn
	e.runAs(cl)
	e.setNow(s.now)
	suspended := e.resumeTask()
	e.setNow(now)
	if suspended {
		e.flush(cl) // what the debugger says
		e.runAs(nil)
		s.watch(e)
		return
	}
	e.setTask(nil)
	cl.task = nil
	cl.flags &^= connSuspended
	e.account(&t.call, t.at, e.commandEnded(t.began))
	if e.has(engineMonitor) {
		e.monitorRan(&t.call)
	}
	e.finishCommand(cl, t.call.cmd)
	e.runAs(nil)
	e.handleBlockedOnKeys()
	cl.replica.wrote = e.replicas.offset
	e.endReply(cl, t.at)
	if !cl.has(connClosing) {
		e.flush(cl)
		e.blocked.unblocked = append(e.blocked.unblocked, cl)
	}
	e.resumePostponed()
}

// instructionsPerMs stands for a millisecond while the clock is frozen.
const instructionsPerMs = 10_000

// learningMs is for how long others wait at least for what is being compiled, or registers
// functions. Redis gives a library half a second, and tells nobody meanwhile that it is busy.
const learningMs = 500

// watch lets the others know once the script has run for too long.
func (s *scripts) watch(e *Engine) {
	if s.busy || e.migration != nil {
		return
	}
	since := s.now
	if s.debug != nil {
		since = s.debug.since
	}
	ms := int64(e.clock.read()-since) / 1000
	if e.clock.frozen {
		ms = s.vm.Instructions() / instructionsPerMs
	}
	patience := e.cfg.busyMs
	if s.learning != nil && patience != 0 {
		patience = max(patience, learningMs)
	}
	if patience == 0 || ms < patience {
		return
	}
	if s.debug != nil {
		s.debug.late = true
		return
	}
	if s.deserted { // nobody else can have it back: it may have written
		s.vm.Kill()
		return
	}
	s.busy = true
	e.log(logWarning, "Slow script detected: still in execution after "+
		itoa(ms)+" milliseconds. You can try killing the script using the "+
		s.killer()+" command. Script name is: "+s.name+".")
	e.resumePostponed()
}

// time is what TIME tells. It stands still for a script until that is busy; from then on it moves,
// so that a script may wait for it. All else goes by the time at which the script began.
func (s *scripts) time(e *Engine) Time {
	switch {
	case !s.busy, e.told() != e.now:
		return e.told()
	case e.clock.frozen:
		return e.now + Time(s.vm.Instructions()/instructionsPerMs)*1000
	}
	return max(e.now, e.clock.read())
}

func (s *scripts) killer() string {
	if s.function {
		return "FUNCTION KILL"
	}
	return "SCRIPT KILL"
}

// abandon ends the script under way, because all data are about to be replaced.
func (s *scripts) abandon(e *Engine) {
	s.forgetDebugger()
	for s.task != nil {
		if e.migration != nil {
			e.migration.fail(errMigrateRead)
		}
		if s.vm != nil {
			s.vm.Kill()
		}
		s.step(e)
	}
}

// Close ends what is still under way, so that nothing of the engine is left. It must not be used
// afterwards.
func (e *Engine) Close() {
	e.scripts.abandon(e)
	for len(e.forks) > 0 {
		e.dropFork(e.forks[0])
	}
}

// machine returns the Lua machine.
func (e *Engine) machine() *lua.VM {
	s := &e.scripts
	if s.vm == nil {
		s.vm = lua.New(scriptHost{e}, e.Version(), versionNumber(e.Version()))
		cl := &conn{flags: connScript, db: e.dbs[0]}
		cl.w.Room = func(size int, lent bool) bool { return e.roomToGrow(cl, size, lent) }
		cl.w.Small = e.room != nil
		s.client = cl
		s.cache = map[string]*script{}
	}
	return s.vm
}

// versionNumber packs a version as redis.REDIS_VERSION_NUM does: 8.0.6 is 0x080006.
func versionNumber(text string) int {
	n, part := 0, 0
	for i := 0; i < len(text); i++ {
		if text[i] == '.' {
			n, part = (n|part)<<8, 0
			continue
		}
		part = part*10 + int(text[i]-'0')
	}
	return n | part
}

// luaRun is how a script or a function is to be run.
type luaRun struct {
	fn         lua.Function
	name       string
	flags      scriptFlags
	readOnly   bool
	global     bool // it is a script: keys and arguments are globals
	keys, args [][]byte
}

// runLua runs a script or a function and answers the command with its result.
func (c *Call) runLua(r luaRun) {
	e, s := c.e, &c.e.scripts
	alone := s.task == nil // else it is in a transaction
	if alone {
		s.first = task{call: *c, at: c.Len()}
		s.now = e.now
		e.setTask(&s.first)
	}
	if c.beginLua(&r) {
		inside := s.inside
		s.inside = true
		done := s.vm.Start(r.fn, r.keys, r.args, r.global)
		s.inside = inside
		switch {
		case done && c.endLua(r.name):
		case alone:
			c.suspend(s.first.at, r.name)
			return
		default:
			s.task.name, s.pending = r.name, true
			return
		}
	}
	if alone {
		s.first.call = Call{}
		e.setTask(nil)
	}
}

// beginLua makes ready for a script; it answers the command and returns false if it may not run.
func (c *Call) beginLua(r *luaRun) bool {
	e, s := c.e, &c.e.scripts
	e.machine()
	s.name, s.now = r.name, e.now
	s.flags, s.readOnly, s.wrote = r.flags, r.readOnly || r.flags&scriptNoWrites != 0, false
	s.function, s.killed, s.awaits, s.awaited = !r.global, false, false, false
	s.oom = e.has(engineMemory)
	e.replicas.spared = 0
	if e.cluster != nil {
		s.slot = e.cluster.asked
		s.client.readOnly, s.client.asking = c.conn.readOnly, c.conn.asking
	}
	if v := c.check(atScriptStart); v != allowed {
		c.Error(string(v))
		return false
	}
	s.client.db = c.db
	s.client.user = c.conn.user
	s.client.flags.set(connRestricted, c.conn.has(connRestricted))
	return true
}

// endLua answers the command whose script has ended, and reports whether it has written all of the
// answer: a long one is written a slice at a time.
func (c *Call) endLua(name string) (done bool) {
	e, s := c.e, &c.e.scripts
	if s.debug != nil {
		s.debug.end()
	}
	if e.cluster != nil {
		e.cluster.asked = s.slot
	}
	if s.client.fieldsets != nil {
		s.client.fieldsets = nil
		e.countClient(s.client, 0)
	}
	e.replicas.spared = 0
	if done = c.replyLua(name); done && s.erred && s.vm.Failure() == nil {
		e.stats.of(c.cmd).failed++
	}
	return done
}

// replyLua answers with what a script has returned, or how it failed, and reports whether all of it
// is written. What is long is written beside the client's output, which may get messages meanwhile.
func (c *Call) replyLua(name string) (done bool) {
	s := &c.e.scripts
	if s.vm.Replying() {
		if done = s.vm.Reply(&s.reply); done && s.vm.Failure() != nil && s.vm.Failure().Killed {
			s.reply.Reset()
			c.Error(errScriptKilled)
		} else if done {
			reply.Move(c.Writer, &s.reply)
		}
		return done
	}
	c.counted = s.vm.Counted()
	if fail := s.vm.Failure(); fail != nil {
		c.counted = fail.Counted
		if fail.Killed {
			fail.Code, fail.Text = "", errScriptKilled
		}
		if fail.Source != "" {
			fail.Behind = " script: " + name + ", on " + fail.Source + ":" + itoa(fail.Line) + "."
		}
	}
	s.answers, s.erred = c.cmd, false
	at := c.Len()
	if s.vm.Reply(c.Writer) {
		return true
	}
	s.reply = reply.Writer{RESP3: c.RESP3, Small: c.Small, Room: c.Room}
	s.reply.Raw(c.From(at))
	c.Cut(at)
	return false
}

// failureText is what is answered of a script that has failed, but for where.
func failureText(fail *lua.Failure) string {
	if fail.Killed {
		return errScriptKilled
	}
	return fail.String()
}

// scriptHost is the engine as scripts see it.
type scriptHost struct{ e *Engine }

// Call implements lua.Host.
func (h scriptHost) Call(args [][]byte) (answer *reply.Writer, counted bool) {
	e, s := h.e, &h.e.scripts
	cl, c := s.client, &s.inner
	if s.awaited {
		s.awaited = false
		return &cl.w, true
	}
	s.debug.calls(args)
	cl.w.Reset()
	*c = Call{Writer: &cl.w, e: e, conn: cl, db: cl.db, Args: args, cmd: e.lookupCommand(args)}
	switch v := c.check(atScript); v {
	case allowed:
	case answered:
		return &cl.w, true
	default:
		e.rejected(c)
		if s.debug != nil {
			s.debug.Failed(strings.TrimPrefix(string(v), "ERR "))
		}
		e.countError([]byte(v))
		c.Error(string(v))
		return &cl.w, true
	}
	if c.cmd.Flags&Write != 0 {
		s.wrote = true
	}
	s.took(e.takes(c))
	e.invoke(c)
	if s.pending {
		s.pending, s.awaits = false, true
		return nil, false // it is called again when there is an answer
	}
	if cl.w.Overflowed() {
		cl.w.Reset()
		c.noMemory()
	}
	s.debug.answers(&cl.w)
	return &cl.w, true
}

// takes tells for how many instructions of its script a command counts: one that is not fast by the
// size of its keys' values, or by the keys of the database, if it names none and may concern all. A
// string's command takes no more than its arguments and its reply, but for LCS, which says so.
func (e *Engine) takes(c *Call) int64 {
	n := int64(len(c.Args))
	if c.cmd.Flags&Fast == 0 && c.cmd.Group != "string" {
		keys, _ := e.appendKeys(c.cmd, e.access.keys[:0], c.Args, false)
		e.access.keys = keys
		if len(keys) == 0 {
			n += keylessCharge + int64(c.db.keys.Len())
		}
		for _, k := range keys {
			if p := c.db.keys.Find(c.Args[k.Index]); p != nil {
				n += (*p).size() / bytesPerInstruction
			}
		}
	}
	return n
}

// took has a command count for so many instructions of the script that calls it, if one does.
func (s *scripts) took(instructions int64) {
	if s.vm != nil {
		s.vm.Took(int(min(instructions, lua.SliceSize)))
	}
}

const (
	// bytesPerInstruction is how many bytes a command works on in the time of an instruction.
	bytesPerInstruction = 16
	// keylessCharge is what COMMAND and INFO count, which take a millisecond and more in a guest.
	keylessCharge = lua.SliceSize / 8
)

// Room implements lua.Host.
func (h scriptHost) Room(size, piece int) bool {
	return h.e.room == nil || h.e.askRoom(int64(size), int64(piece))
}

// SetProtocol implements lua.Host.
func (h scriptHost) SetProtocol(version int) { h.e.scripts.client.w.RESP3 = version == 3 }

// SetRepl implements lua.Host.
func (h scriptHost) SetRepl(targets int) { h.e.replicas.spared = lua.ReplAll &^ targets }

// Permits implements lua.Host.
func (h scriptHost) Permits(args [][]byte) (allowed bool, problem string) {
	cmd := h.e.lookupCommand(args)
	cl := h.e.scripts.client
	switch {
	case cmd == nil, cmd.lacksSub(args):
		return false, "Invalid command passed to redis.acl_check_cmd()"
	case !h.e.arityFits(cmd, len(args)):
		return false, "Wrong number of args for redis.acl_check_cmd()"
	case !cl.has(connRestricted):
		return true, ""
	}
	d, _ := h.e.permits(cl.user, cmd, args)
	return d == deniedNothing, ""
}

// Nested implements lua.Host.
func (h scriptHost) Nested(problem string, counted bool) {
	if s := &h.e.scripts; counted {
		h.e.stats.of(s.answers).failed++
	} else {
		h.e.countError([]byte(problem[:min(len(problem), errorCodeMax+1)]))
		s.erred = true
	}
}

// Log implements lua.Host.
func (h scriptHost) Log(level int, line []byte) { h.e.logLine(level, line) }

// Random implements lua.Host.
func (h scriptHost) Random() *lua.Random { return &h.e.scripts.random }

// Seconds implements lua.Host. The time of the engine stands still while a script runs, and
// scripts use os.clock to wait, so that their own work counts.
func (h scriptHost) Seconds() float64 {
	return float64(h.e.now-h.e.stats.started)/1e6 +
		float64(h.e.scripts.vm.Instructions())/(1000*instructionsPerMs)
}

// Yield implements lua.Host.
func (h scriptHost) Yield() {
	if h.e.yield != nil {
		h.e.yield()
	}
}

// remember puts a script into the cache.
func (s *scripts) remember(sc *script) {
	s.cache[sc.sha] = sc
	if !sc.eval {
		return
	}
	s.evals = append(s.evals, sc.sha)
	if len(s.evals) > evalScriptsMax {
		if s.last != nil && s.last.sha == s.evals[0] {
			s.last = nil
		}
		delete(s.cache, s.evals[0])
		s.evals = small.Delete(s.evals, 0, 1)
		s.count.evicted++
	}
}

// used makes a script the most recently used one; keep says that it must not be forgotten.
func (s *scripts) used(sc *script, keep bool) {
	if !sc.eval || !keep && s.evals[len(s.evals)-1] == sc.sha {
		return
	}
	i := len(s.evals) - 1 // those that are used again were used not long ago
	for s.evals[i] != sc.sha {
		i--
	}
	s.evals = small.Delete(s.evals, i, i+1)
	if keep {
		sc.eval = false
		return
	}
	s.evals = append(s.evals, sc.sha)
}
