package core

import (
	"bytes"
	"strings"

	"github.com/redlet/redlet/core/internal/lua"
	"github.com/redlet/redlet/core/internal/sha1"
	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/core/internal/syntax"
	"github.com/redlet/redlet/internal/sds"
)

// scriptKeys are the key specs of the commands that run scripts.
const (
	scriptKeys   = `2# RW access update`
	scriptKeysRO = `2# RO access`
	keysNote     = ` "How a script uses its keys is not known beforehand, so the worst is assumed"`
)

var scriptCommands = []Command{
	{
		Name: "eval", Since: "2.6", Group: "scripting",
		Flags:      NoScript | SkipMonitor | MayReplicate | NoMandatoryKeys | Stale | RunsScripts | Keeps,
		Cats:       CatScripting,
		Syntax:     "script numkeys:int [key...] [arg...]",
		Keys:       scriptKeys + keysNote,
		Summary:    "Runs a Lua script.",
		Complexity: "that of the script",
		Run:        cmdEval,
		Line:       &Line{Flags: evalFlags},
	},
	{
		Name: "evalsha", Since: "2.6", Group: "scripting",
		Flags:      NoScript | SkipMonitor | MayReplicate | NoMandatoryKeys | Stale | RunsScripts,
		Cats:       CatScripting,
		Syntax:     "sha1 numkeys:int [key...] [arg...]",
		Keys:       scriptKeys,
		Summary:    "Runs a Lua script that the server knows, by its SHA1.",
		Complexity: "that of the script",
		Run:        cmdEvalsha,
		Line:       &Line{Flags: evalshaFlags},
	},
	{
		Name: "eval_ro", Since: "7.0", Group: "scripting",
		Flags:      NoScript | SkipMonitor | NoMandatoryKeys | Stale | ReadOnly | RunsScripts,
		Cats:       CatScripting,
		Syntax:     "script numkeys:int [key...] [arg...]",
		Keys:       scriptKeysRO + keysNote,
		Summary:    "Runs a Lua script that changes nothing.",
		Complexity: "that of the script",
		Run:        cmdEval,
		Line:       &Line{Flags: evalFlags},
	},
	{
		Name: "evalsha_ro", Since: "7.0", Group: "scripting",
		Flags:      NoScript | SkipMonitor | NoMandatoryKeys | Stale | ReadOnly | RunsScripts,
		Cats:       CatScripting,
		Syntax:     "sha1 numkeys:int [key...] [arg...]",
		Keys:       scriptKeysRO,
		Summary:    "Runs a Lua script that changes nothing and that the server knows.",
		Complexity: "that of the script",
		Run:        cmdEvalsha,
		Line:       &Line{Flags: evalshaFlags},
	},
	{
		Name: "script", Since: "2.6", Group: "scripting",
		Arity:      -2,
		Summary:    "Groups the commands that manage Lua scripts.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "help", Since: "5.0", Group: "scripting",
				Flags:      Loading | Stale,
				Cats:       CatScripting,
				Summary:    "Explains the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
			{
				Name: "debug", Since: "3.2", Group: "scripting",
				Flags:      NoScript,
				Cats:       CatScripting,
				Syntax:     "mode:(YES|SYNC|NO)",
				Summary:    "Sets whether EVAL runs scripts in the debugger.",
				Complexity: "O(1)",
				Run:        cmdScriptDebug,
			},
			{
				Name: "exists", Since: "2.6", Group: "scripting",
				Flags:      NoScript,
				Cats:       CatScripting,
				Syntax:     "sha1...",
				Tips:       "request_policy:all_shards response_policy:agg_logical_and",
				Summary:    "Tells which scripts the server knows.",
				Complexity: "O(N) for N scripts asked about",
				Run:        cmdScriptExists,
			},
			{
				Name: "flush", Since: "2.6", Group: "scripting",
				Flags:      NoScript,
				Cats:       CatScripting,
				Syntax:     "[flush-type:(ASYNC|SYNC)^6.2]",
				Tips:       "request_policy:all_nodes response_policy:all_succeeded",
				Summary:    "Forgets every script.",
				Complexity: "O(N) for N scripts",
				History:    "6.2 ASYNC and SYNC",
				Run:        cmdScriptFlush,
			},
			{
				Name: "kill", Since: "2.6", Group: "scripting",
				Flags:      NoScript | AllowBusy,
				Cats:       CatScripting,
				Tips:       "request_policy:all_shards response_policy:one_succeeded",
				Summary:    "Ends the script under way, if it has changed nothing yet.",
				Complexity: "O(1)",
				Run:        cmdScriptKill,
			},
			{
				Name: "load", Since: "2.6", Group: "scripting",
				Flags:      NoScript | Stale | Keeps | compiles,
				Cats:       CatScripting,
				Syntax:     "script",
				Tips:       "request_policy:all_nodes response_policy:all_succeeded",
				Summary:    "Makes a script known to the server.",
				Complexity: "O(N) for a script of N bytes",
				Run:        cmdScriptLoad,
			},
		},
	},
}

const (
	errNoScript     = "NOSCRIPT No matching script. Please use EVAL."
	errScriptKilled = "ERR Script killed by user with SCRIPT KILL..."
	errNotBusy      = "NOTBUSY No scripts in execution right now."
	errUnkillable   = "UNKILLABLE Sorry the script already executed write commands against the " +
		"dataset. You can either wait the script termination or kill the server in a hard way " +
		"using the SHUTDOWN NOSAVE command."
)

// scriptArgs reads the number of keys and what follows it.
func (c *Call) scriptArgs() (keys, args [][]byte, ok bool) {
	n, ok := c.ArgInt(2)
	switch {
	case !ok:
	case n > int64(len(c.Args)-3):
		c.Error("ERR Number of keys can't be greater than number of args")
	case n < 0:
		c.Error("ERR Number of keys can't be negative")
	default:
		return c.Args[3 : 3+n], c.Args[3+n:], true
	}
	return nil, nil, false
}

// evalScript finds the script that EVAL is given; if it is not known, sha is the sum of its text.
func (c *Call) evalScript() (sc *script, sha string) {
	s := &c.e.scripts
	// The last one saves computing the sum of a script that comes again and again.
	if s.last != nil && bytes.Equal(s.last.body, c.Args[1]) {
		return s.last, ""
	}
	sha = sha1.Hex(c.Args[1])
	if sc = s.cache[sha]; sc != nil {
		s.last = sc
	}
	return sc, sha
}

func evalFlags(c *Call) Flag {
	if sc, _ := c.evalScript(); sc != nil {
		return sc.flags.commandFlags(c.cmd.Flags)
	}
	_, flags, problem := shebang(c.Args[1])
	if problem != "" {
		return c.cmd.Flags
	}
	return flags.commandFlags(c.cmd.Flags)
}

func cmdEval(c *Call) {
	if c.conn.has(connDebug) && c.mayBlock() {
		c.debugScript()
		return
	}
	c.eval()
}

func (c *Call) eval() {
	c.e.machine()
	sc, sha := c.evalScript()
	if sc == nil {
		if _, _, ok := c.scriptArgs(); !ok {
			return
		}
		c.learnScript(sha, c.Args[1], true)
		return
	}
	c.runScript(sc)
}

// shaLength is how long the name of a script is.
const shaLength = 40

// evalshaScript finds the script that EVALSHA names, nil if it is not known.
func (c *Call) evalshaScript() *script {
	s := &c.e.scripts
	if s.last != nil && string(c.Args[1]) == s.last.sha {
		return s.last
	}
	var sha [shaLength]byte
	if len(c.Args[1]) != len(sha) {
		return nil
	}
	sc := s.cache[string(syntax.AppendLower(sha[:0], c.Args[1]))]
	if sc != nil {
		s.last = sc
	}
	return sc
}

func evalshaFlags(c *Call) Flag {
	if sc := c.evalshaScript(); sc != nil {
		return sc.flags.commandFlags(c.cmd.Flags)
	}
	return c.cmd.Flags
}

func cmdEvalsha(c *Call) {
	if c.conn.has(connDebug) {
		c.Error("ERR Please use EVAL instead of EVALSHA for debugging")
		return
	}
	sc := c.evalshaScript()
	if sc == nil {
		if len(c.Args[1]) == shaLength { // else nobody looks at what follows
			if _, _, ok := c.scriptArgs(); !ok {
				return
			}
		}
		c.Error(errNoScript)
		return
	}
	c.runScript(sc)
}

// runScript runs a known script for EVAL and its like.
func (c *Call) runScript(sc *script) {
	keys, args, ok := c.scriptArgs()
	if !ok {
		return
	}
	c.e.scripts.used(sc, false)
	fn, readOnly := sc.fn, c.cmd.Flags&ReadOnly != 0
	if c.e.scripts.debug != nil {
		fn = c.e.scripts.vm.Traced(fn)
	}
	c.runLua(luaRun{fn, sc.sha, sc.flags, readOnly, true, keys, args})
}

// learning is what is being compiled for a command.
type learning struct {
	work     *lua.Compilation // nil: the command has been answered
	name     string           // what others are told that is under way
	function bool             // it is of a library
	asked    int              // the slot of the command's keys, in a cluster
	// learnt goes on with the command when that is compiled, and returns what is to be compiled next.
	learnt func(c *Call) *lua.Compilation
}

// learnScript compiles a script for EVAL or SCRIPT LOAD, keeps it, and goes on with the command.
func (c *Call) learnScript(sha string, body []byte, eval bool) {
	sc, source, problem := newScript(sha, body, eval)
	if problem != "" {
		c.Error("ERR " + problem)
		return
	}
	work := c.e.machine().StartCompiling("user_script", source)
	c.learn(&learning{work: work, name: sha, learnt: func(c *Call) *lua.Compilation {
		s := &c.e.scripts
		if sc.fn, problem = work.Result(); problem != "" {
			c.Error("ERR " + notCompiled + problem)
			return nil
		}
		if s.remember(sc); !sc.eval {
			c.BulkString(sc.sha)
			return nil
		}
		s.last = sc
		c.runScript(sc)
		return nil
	}})
}

// learn compiles for a command, which is suspended if that takes more than a slice.
func (c *Call) learn(l *learning) {
	s := &c.e.scripts
	if c.e.cluster != nil {
		l.asked = c.e.cluster.asked
	}
	if c.learns(l, c.maySuspend()) {
		return
	}
	s.learning = l
	if s.name, s.wrote, s.function = l.name, false, l.function; s.task != nil {
		s.task.name, s.pending = l.name, true
		return
	}
	s.now = c.e.now
	c.suspend(c.Len(), l.name)
}

// learns compiles for a slice, or all if the command may not be suspended, and reports whether that
// was all and the command has gone on.
func (c *Call) learns(l *learning, suspends bool) (done bool) {
	s := &c.e.scripts
	for l.work != nil {
		inside := s.inside
		s.inside = true
		done = l.work.Continue()
		s.inside = inside
		if done {
			l.work = c.learnt(l)
		}
		if suspends {
			return l.work == nil
		}
	}
	return true
}

// learnt goes on with a command for which something has been compiled, unless that was ended.
func (c *Call) learnt(l *learning) *lua.Compilation {
	e := c.e
	if e.cluster != nil {
		e.cluster.asked = l.asked
	}
	if fail := e.scripts.vm.Failure(); fail != nil && (fail.Killed || !l.function) {
		c.Error(failureText(fail))
		return nil
	}
	return l.learnt(c)
}

// goOnLearning compiles for another slice, and reports whether the command has been answered.
func (c *Call) goOnLearning() (done bool) {
	s := &c.e.scripts
	if !c.learns(s.learning, true) {
		return false
	}
	s.learning = nil
	done = !s.pending // else the script runs on
	if s.pending = false; done && s.debug != nil {
		c.refuseDebugging(s.task.at)
	}
	return done
}

const notCompiled = "Error compiling script (new function): "

// newScript makes a script that is still to be compiled.
func newScript(sha string, body []byte, eval bool) (sc *script, source []byte, problem string) {
	sc = &script{sha: sha, body: small.Clone(body), eval: eval}
	source, sc.flags, problem = shebang(sc.body)
	return sc, source, problem
}

// shebang reads a first line such as `#!lua flags=no-writes` and cuts it off, but for its end, so
// that lines count as before.
func shebang(body []byte) (source []byte, flags scriptFlags, problem string) {
	if len(body) < 2 || body[0] != '#' || body[1] != '!' {
		return body, 0, ""
	}
	end := firstLine(body)
	if end < 0 {
		return nil, 0, "Invalid script shebang"
	}
	words, ok := sds.SplitArgs(nil, body[:end])
	if !ok {
		return nil, 0, "Invalid engine in script shebang"
	}
	if string(words[0]) != "#!lua" {
		return nil, 0, "Unexpected engine in script shebang: " + string(words[0])
	}
	flags = scriptDeclared
	for _, word := range words[1:] {
		word := string(word)
		list, ok := strings.CutPrefix(word, "flags=")
		if !ok {
			return nil, 0, "Unknown lua shebang option: " + word
		}
		if list == "" {
			continue
		}
		for _, name := range strings.Split(list, ",") {
			flag := scriptFlag(name)
			if flag == 0 {
				return nil, 0, "Unexpected flag in script shebang: " + name
			}
			flags |= flag
		}
	}
	return body[end:], flags, ""
}

// firstLine returns where the first line ends, or -1: a line break behind a zero byte is not seen.
func firstLine(source []byte) int {
	end := bytes.IndexByte(source, '\n')
	if end >= 0 && bytes.IndexByte(source[:end], 0) >= 0 {
		return -1
	}
	return end
}

// scriptFlag returns the flag of a name, 0 if there is none.
//
//go:noinline
func scriptFlag(name string) scriptFlags {
	for i, known := range scriptFlagNames {
		if name == known {
			return 1 << i
		}
	}
	return 0
}

func cmdScriptLoad(c *Call) {
	c.e.machine()
	sha := sha1.Hex(c.Args[2])
	if sc := c.e.scripts.cache[sha]; sc != nil {
		c.e.scripts.used(sc, true)
	} else {
		c.learnScript(sha, c.Args[2], false)
		return
	}
	c.BulkString(sha)
}

func cmdScriptExists(c *Call) {
	c.Array(len(c.Args) - 2)
	for _, arg := range c.Args[2:] {
		c.Flag(c.e.scripts.cache[string(syntax.AppendLower(nil, arg))] != nil)
	}
}

func cmdScriptFlush(c *Call) {
	if len(c.Args) > 3 || len(c.Args) == 3 && !is(c.Args[2], "async") && !is(c.Args[2], "sync") {
		c.Error("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
		return
	}
	c.countFlushed(len(c.e.scripts.cache), 0)
	c.e.scripts.forget()
	c.e.machine().Forget(false)
	c.OK()
}

// forget empties the cache of scripts.
func (s *scripts) forget() {
	clear(s.cache)
	s.last = nil
	s.evals = nil
}

func cmdScriptKill(c *Call) { c.killScript(false) }

// killScript is SCRIPT KILL, and FUNCTION KILL.
func (c *Call) killScript(function bool) {
	s := &c.e.scripts
	if why := s.unkillable(); why != "" {
		c.Error(why)
	} else if s.function != function {
		c.Error(s.busyError())
	} else {
		s.vm.Kill()
		c.OK()
	}
}

// running tells whether a script or function runs: a transaction may be between two of its own.
func (s *scripts) running() bool { return s.task != nil && !s.inside }

// unkillable says why there is no script or function that could be ended, "" if there is one.
func (s *scripts) unkillable() string {
	switch {
	case !s.running():
		return errNotBusy
	case s.wrote:
		return errUnkillable
	}
	return ""
}

// orderScriptKill ends the script or function that runs, and says why not if it cannot. Clients may
// do so only when busy-reply-threshold has passed.
func (e *Engine) orderScriptKill() (problem string) {
	if problem = e.scripts.unkillable(); problem == "" {
		e.scripts.vm.Kill()
	}
	return problem
}

func cmdScriptDebug(c *Call) {
	cl := c.conn
	switch {
	case cl.w.Len() > 0:
		c.Error("ERR SCRIPT DEBUG must be called outside a pipeline")
	case is(c.Args[2], "no"):
		cl.flags &^= connDebug | connDebugFork
		c.OK()
	case is(c.Args[2], "sync"):
		cl.flags = cl.flags&^connDebugFork | connDebug
		c.OK()
	case is(c.Args[2], "yes"):
		cl.flags |= connDebug | connDebugFork
		c.OK()
	default:
		c.Error("ERR Use SCRIPT DEBUG YES/SYNC/NO")
	}
}
