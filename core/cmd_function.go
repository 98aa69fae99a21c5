package core

import (
	"strings"

	"github.com/redlet/redlet/core/internal/glob"
	"github.com/redlet/redlet/core/internal/lua"
	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/small"
)

var functionCommands = []Command{
	{
		Name: "fcall", Since: "7.0", Group: "scripting",
		Flags:      NoScript | SkipMonitor | MayReplicate | NoMandatoryKeys | Stale | RunsScripts,
		Cats:       CatScripting,
		Syntax:     "function numkeys:int [key...] [arg...]",
		Keys:       scriptKeys + keysNote,
		Summary:    "Runs a function of a library.",
		Complexity: "that of the function",
		Run:        cmdFcall,
		Line:       &Line{Flags: fcallFlags},
	},
	{
		Name: "fcall_ro", Since: "7.0", Group: "scripting",
		Flags:      NoScript | SkipMonitor | NoMandatoryKeys | Stale | ReadOnly | RunsScripts,
		Cats:       CatScripting,
		Syntax:     "function numkeys:int [key...] [arg...]",
		Keys:       scriptKeysRO + keysNote,
		Summary:    "Runs a function of a library that changes nothing.",
		Complexity: "that of the function",
		Run:        cmdFcall,
		Line:       &Line{Flags: fcallFlags},
	},
	{
		Name: "function", Since: "7.0", Group: "scripting",
		Arity:      -2,
		Summary:    "Groups the commands that manage libraries of functions.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "help", Since: "7.0", Group: "scripting",
				Flags:      Loading | Stale,
				Cats:       CatScripting,
				Summary:    "Explains the subcommands.",
				Complexity: "O(1)",
				Run:        cmdHelp,
			},
			{
				Name: "delete", Since: "7.0", Group: "scripting",
				Flags:      Write | NoScript,
				Cats:       CatScripting,
				Syntax:     "library-name",
				Tips:       "request_policy:all_shards response_policy:all_succeeded",
				Summary:    "Removes a library and its functions.",
				Complexity: "O(N) for N functions of the library",
				Run:        cmdFunctionDelete,
			},
			{
				Name: "dump", Since: "7.0", Group: "scripting",
				Flags:      NoScript,
				Cats:       CatScripting,
				Summary:    "Gives every library in a form that FUNCTION RESTORE reads.",
				Complexity: "O(N) for N bytes of libraries",
				Run:        cmdFunctionDump,
			},
			{
				Name: "flush", Since: "7.0", Group: "scripting",
				Flags:      Write | NoScript,
				Cats:       CatScripting,
				Syntax:     "[flush-type:(ASYNC|SYNC)]",
				Tips:       "request_policy:all_shards response_policy:all_succeeded",
				Summary:    "Removes every library.",
				Complexity: "O(N) for N functions",
				Run:        cmdFunctionFlush,
			},
			{
				Name: "kill", Since: "7.0", Group: "scripting",
				Flags:      NoScript | AllowBusy,
				Cats:       CatScripting,
				Tips:       "request_policy:all_shards response_policy:one_succeeded",
				Summary:    "Ends the function under way, if it has changed nothing yet.",
				Complexity: "O(1)",
				Run:        cmdFunctionKill,
			},
			{
				Name: "list", Since: "7.0", Group: "scripting",
				Flags:      NoScript,
				Cats:       CatScripting,
				Syntax:     "[LIBRARYNAME library-name-pattern] [WITHCODE]",
				Tips:       "nondeterministic_output_order",
				Summary:    "Lists the libraries and their functions.",
				Complexity: "O(N) for N functions",
				Run:        cmdFunctionList,
			},
			{
				Name: "load", Since: "7.0", Group: "scripting",
				Flags:      Write | DenyOOM | NoScript | compiles,
				Cats:       CatScripting,
				Syntax:     "[REPLACE] function-code",
				Tips:       "request_policy:all_shards response_policy:all_succeeded",
				Summary:    "Adds a library.",
				Complexity: "that of compiling and running its source",
				Run:        cmdFunctionLoad,
			},
			{
				Name: "restore", Since: "7.0", Group: "scripting",
				Flags:      Write | DenyOOM | NoScript | compiles,
				Cats:       CatScripting,
				Syntax:     "serialized-value [policy:(FLUSH|APPEND|REPLACE)]",
				Tips:       "request_policy:all_shards response_policy:all_succeeded",
				Summary:    "Adds the libraries of a FUNCTION DUMP.",
				Complexity: "O(N) for N functions in the dump",
				Run:        cmdFunctionRestore,
			},
			{
				Name: "stats", Since: "7.0", Group: "scripting",
				Flags: NoScript | AllowBusy,
				Cats:  CatScripting,
				Tips: "nondeterministic_output request_policy:all_shards " +
					"response_policy:special",
				Summary:    "Tells which function runs and how many there are.",
				Complexity: "O(1)",
				Run:        cmdFunctionStats,
			},
		},
	},
}

// function finds the function that FCALL names, nil if there is none.
func (c *Call) function() *function {
	return c.e.functions.byName[strings.ToLower(string(c.Args[1]))]
}

func fcallFlags(c *Call) Flag {
	if fn := c.function(); fn != nil {
		return fn.flags.commandFlags(c.cmd.Flags)
	}
	return c.cmd.Flags
}

func cmdFcall(c *Call) {
	fn := c.function()
	if fn == nil {
		c.Error("ERR Function not found")
		return
	}
	if _, ok := c.argIntOr(2, "ERR Bad number of keys provided"); !ok {
		return
	}
	keys, args, ok := c.scriptArgs()
	if !ok {
		return
	}
	readOnly := c.cmd.Flags&ReadOnly != 0
	c.runLua(luaRun{fn.fn, fn.name, fn.flags, readOnly, false, keys, args})
}

// libraryChanged counts a change of the libraries and has others told of it: the command may have
// been suspended.
//
//go:noinline
func (c *Call) libraryChanged() {
	c.e.addDirty(1)
	c.Propagate(string(c.Args[0]), c.Args[1:]...)
}

func cmdFunctionLoad(c *Call) {
	known := &c.e.functions
	for _, arg := range c.Args[2 : len(c.Args)-1] {
		if !is(arg, "replace") {
			c.Error("ERR Unknown option given: " + cText(arg))
			return
		}
		known = &functions{}
	}
	c.loadLibraries(&libraryLoad{next: c.e.functions, known: known, sources: c.Args[len(c.Args)-1:]})
}

func cmdFunctionDelete(c *Call) {
	at := c.e.functions.find(c.Args[2])
	if at < 0 {
		c.Error("ERR Library not found")
		return
	}
	c.e.functions.remove(at)
	c.libraryChanged()
	c.OK()
}

func cmdFunctionFlush(c *Call) {
	switch {
	case len(c.Args) > 3:
		c.Error(errSubcommandArity(c.Args))
		return
	case len(c.Args) == 3 && !is(c.Args[2], "async") && !is(c.Args[2], "sync"):
		c.Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
		return
	}
	c.countFlushed(len(c.e.functions.byName), 1) // the machine as well
	c.e.functions = functions{}
	c.e.machine().Forget(true)
	c.libraryChanged()
	c.OK()
}

func cmdFunctionKill(c *Call) { c.killScript(true) }

func cmdFunctionList(c *Call) {
	var pattern []byte
	all, code := true, false
	for i := 2; i < len(c.Args); i++ {
		switch {
		case !code && is(c.Args[i], "withcode"):
			code = true
		case all && is(c.Args[i], "libraryname"):
			if i++; i == len(c.Args) {
				c.Error("ERR library name argument was not given")
				return
			}
			pattern, all = c.Args[i], false
		default:
			word := clip(c.Args[i], len(c.Args[i]))
			// Line breaks at the end are spaces here, and not dropped.
			c.Error("ERR Unknown argument " + replaceAny(word, "\r\n", ' '))
			return
		}
	}
	at, n := c.ArrayLater(), 0
	for _, l := range c.e.functions.libraries {
		if all || glob.Match(pattern, []byte(l.name), true) {
			c.library(l, code)
			n++
		}
	}
	c.ArrayEnd(at, '*', n)
}

// library describes a library as FUNCTION LIST does.
func (c *Call) library(l *library, code bool) {
	if code {
		c.Map(4)
	} else {
		c.Map(3)
	}
	c.BulkString("library_name")
	c.BulkString(l.name)
	c.BulkString("engine")
	c.BulkString("LUA")
	c.BulkString("functions")
	c.Array(len(l.functions))
	for _, fn := range l.functions {
		c.Map(3)
		c.BulkString("name")
		c.BulkString(fn.name)
		c.BulkString("description")
		if fn.hasDescription {
			c.BulkString(fn.description)
		} else {
			c.Null()
		}
		c.BulkString("flags")
		c.scriptFlags(fn.flags)
	}
	if code {
		c.BulkString("library_code")
		c.Bulk(l.source)
	}
}

func (c *Call) scriptFlags(flags scriptFlags) {
	n := 0
	for i := range scriptFlagNames {
		n += int(flags >> i & 1)
	}
	c.Set(n)
	for i, name := range scriptFlagNames {
		if flags>>i&1 != 0 {
			c.Status(name)
		}
	}
}

func cmdFunctionStats(c *Call) {
	e := c.e
	s := &e.scripts
	if s.running() && !s.function {
		c.Error(s.busyError())
		return
	}
	c.Map(2)
	c.BulkString("running_script")
	if !s.running() {
		c.Null()
	} else {
		c.Map(3)
		c.BulkString("name")
		c.BulkString(s.name)
		c.BulkString("command")
		c.Array(len(s.task.call.Args))
		for _, arg := range s.task.call.Args {
			c.Bulk(arg)
		}
		c.BulkString("duration_ms")
		c.Int(int64(e.clock.read()-s.now) / 1000)
	}
	c.BulkString("engines")
	c.Map(1)
	c.BulkString("LUA")
	c.Map(2)
	c.BulkString("libraries_count")
	c.Count(len(e.functions.libraries))
	c.BulkString("functions_count")
	c.Count(len(e.functions.byName))
}

func cmdFunctionDump(c *Call) {
	size := 0
	for _, l := range c.e.functions.libraries {
		size += len(l.source)
	}
	if !c.roomFor(2 * int64(size)) {
		return
	}
	w := &c.e.persist.writer
	w.Compress, w.Version = c.e.cfg.rdbCompression, c.e.rdbVersion()
	w.BeginPayload(nil)
	for _, l := range c.e.functions.libraries {
		w.Function(l.source)
	}
	c.Bulk(w.EndPayload())
}

func cmdFunctionRestore(c *Call) {
	if len(c.Args) > 4 {
		c.Error(errSubcommandArity(c.Args))
		return
	}
	l := &libraryLoad{next: c.e.functions.clone(), known: &functions{}, restores: true}
	if len(c.Args) == 4 {
		switch arg := c.Args[3]; {
		case is(arg, "flush"):
			l.next = functions{}
		case is(arg, "replace"):
			l.replaces = true
		case is(arg, "append"):
		default:
			c.Error("ERR Wrong restore policy given, value should be either FLUSH, APPEND or " +
				"REPLACE.")
			return
		}
	}
	l.sources, l.damage = rdb.Functions(small.Clone(c.Args[2]), c.e.persist.unchecked)
	c.loadLibraries(l)
}

// libraryLoad is a FUNCTION LOAD or FUNCTION RESTORE under way.
type libraryLoad struct {
	next     functions  // what becomes of the libraries
	known    *functions // whose names a library may not have
	sources  [][]byte   // that are still to be compiled
	damage   string     // what is wrong behind them
	restores bool       // it is FUNCTION RESTORE
	replaces bool       // with REPLACE
	library  *library   // the one that is being compiled
	work     *lua.Compilation
}

func (c *Call) loadLibraries(l *libraryLoad) {
	if work := l.goOn(c); work != nil {
		c.learn(&learning{work: work, name: l.library.name, function: true, learnt: l.learnt})
	}
}

// goOn begins with the next library. When there is none, or it is wrong, it answers the command and
// returns nil.
func (l *libraryLoad) goOn(c *Call) *lua.Compilation {
	problem := l.damage
	if len(l.sources) > 0 {
		l.library, l.work, problem = c.e.startLibrary(l.sources[0], l.known)
		if l.sources = l.sources[1:]; problem == "" {
			return l.work
		}
	}
	switch {
	case problem != "":
		c.Error("ERR " + problem)
		return nil
	case l.restores:
		c.OK()
	default:
		c.BulkString(l.library.name)
	}
	c.e.functions = l.next
	c.libraryChanged()
	return nil
}

// learnt puts in the library that has been compiled.
func (l *libraryLoad) learnt(c *Call) *lua.Compilation {
	problem := l.library.has(l.work)
	if problem == "" && l.restores && !l.replaces && l.next.find([]byte(l.library.name)) >= 0 {
		problem = "Library " + l.library.name + " already exists"
	}
	if problem == "" {
		problem = l.next.add(l.library)
	}
	if problem != "" {
		c.Error("ERR " + problem)
		return nil
	}
	return l.goOn(c)
}
