// Package lua runs the Lua scripts of a Redis server. It knows nothing of commands: what
// redis.call does is its Host's business.
//
// A script runs in slices: after each, the VM calls back, so that whoever owns it can take control,
// serve others meanwhile, and kill the script. See RATIONALE.md.
package lua

import (
	lua "github.com/yuin/gopher-lua"
)

// Host is what a VM asks of the engine around it.
type Host interface {
	// Call runs a command for redis.call and redis.pcall and returns its reply in RESP, which must
	// stay as it is until the next Call. The arguments are lent. counted says that an error reply
	// has been counted in the statistics already.
	Call(args [][]byte) (reply []byte, counted bool)
	// SetProtocol chooses the protocol of the replies that Call returns, 2 or 3.
	SetProtocol(version int)
	// Permits reports whether the client may run a command, and whether the command exists.
	Permits(args [][]byte) (allowed, known bool)
	// Log writes a line to the server's log; the level is one of LogDebug to LogWarning.
	Log(level int, text string)
	// Random returns 64 random bits.
	Random() uint64
	// Seconds is what os.clock answers.
	Seconds() float64
	// Room tells whether memory for so many bytes more can be had.
	Room(size int) bool
	// Yield is called every so often while a script runs.
	Yield()
}

// The levels of Host.Log.
const (
	LogDebug = iota
	LogVerbose
	LogNotice
	LogWarning
)

// Bounds that keep a script from taking the process or the guest with it.
const (
	// callDepthMax bounds the frames of Lua's call stack. Metamethods recurse on Go's stack, and so
	// on a JavaScript runtime's: Node 20 overflows at 8000 to 13000 frames of them.
	callDepthMax = 4000
	// nestedMax bounds the calls from library functions back into Lua: pcall, sort, gsub.
	nestedMax = 195
	// registryMax bounds the values on Lua's stack.
	registryMax = 1 << 20
	// StringMax bounds the strings that a script can build. Redis's own bound is memory.
	StringMax = 128 << 20
)

// VM is one Lua state with the libraries that Redis gives to scripts. It runs one script at a
// time and is not safe for concurrent use.
type VM struct {
	host    Host
	l       *lua.LState
	globals *lua.LTable // what scripts see as globals,
	env     *lua.LTable // through this guard
	guards  map[*lua.LTable]*lua.LTable
	strings *lua.LTable // the metatable of strings
	concat  *lua.LFunction
	discard [2]*lua.LFunction // redis.call and redis.pcall whose replies nobody wants
	pairs   [2]*lua.LFunction // the iterators of ipairs and pairs

	meter   meter
	nested  int
	inHost  bool // a handler is running; still set after a panic in one
	random  random
	seeded  bool               // math.randomseed was called: random is used, not the host's
	version int                // the protocol that redis.setresp chose
	ids     map[lua.LValue]int // what tostring numbered
	hints   hints              // of the script under way
	redis   *lua.LTable
	null    *lua.LUserData // cjson.null

	running, registering *lua.LTable // the globals of libraries,
	libraryEnv           *lua.LTable // through this guard
	registered           []Registration

	args  [][]byte // of the redis.call under way
	arena []byte   // what args points into

	result  lua.LValue
	failure *Failure
	raised  raised
}

// Function is a compiled script, or a function that a library has registered. It belongs to the
// VM that made it.
type Function struct {
	fn    *lua.LFunction
	hints hints
}

// Failure is an error that ended a script.
type Failure struct {
	Text    string // with its code in front
	Source  string // "@user_script", or "" when the place is unknown
	Line    int
	Counted bool // the statistics of errors know of it already
	Killed  bool // Kill ended the script
}

// New returns a VM that runs nothing yet; redis.REDIS_VERSION will be version, 8.0.6, and
// REDIS_VERSION_NUM the same as a number.
func New(host Host, version string, versionNumber int) *VM {
	vm := &VM{host: host, version: 2, guards: map[*lua.LTable]*lua.LTable{}}
	vm.l = newState(lua.Options{
		CallStackSize:       callDepthMax,
		MinimizeStackMemory: true,
		RegistrySize:        1024,
		RegistryGrowStep:    16384,
		RegistryMaxSize:     registryMax,
	})
	vm.meter.vm = vm
	vm.l.SetContext(&vm.meter)
	vm.open()
	vm.redis.RawSetString("REDIS_VERSION", lua.LString(version))
	vm.redis.RawSetString("REDIS_VERSION_NUM", lua.LNumber(versionNumber))
	vm.openLibraries()
	return vm
}

// Run runs a function. keys and args become the globals KEYS and ARGV, or, for a function of a
// library, its two arguments; they are copied. After every slice of instructions pause is called,
// which may hand control to others and returns when the script is to go on.
func (vm *VM) Run(f Function, keys, args [][]byte, asGlobals bool, pause func()) {
	vm.reset()
	vm.hints = f.hints
	l := vm.l
	kt, at := vm.list(keys), vm.list(args)
	l.Push(f.fn)
	n := 0
	if asGlobals {
		vm.globals.RawSetString("KEYS", kt)
		vm.globals.RawSetString("ARGV", at)
	} else {
		l.Push(kt)
		l.Push(at)
		n = 2
	}
	vm.protect(n, pause)
}

// reset makes ready for a new script.
func (vm *VM) reset() {
	vm.result, vm.failure, vm.raised = lua.LNil, nil, raised{}
	vm.version, vm.nested, vm.inHost = 2, 0, false
	vm.ids = nil
	vm.seeded = false
	vm.host.SetProtocol(2)
	vm.l.SetTop(0)
}

// protect calls what lies on the stack and keeps its result or its error.
func (vm *VM) protect(nargs int, pause func()) {
	vm.meter.begin(pause)
	err := vm.l.PCall(nargs, 1, nil)
	vm.meter.pause = nil
	if err == nil {
		vm.result = vm.l.Get(-1)
		vm.l.SetTop(0)
		return
	}
	if vm.inHost {
		panic(err)
	}
	vm.failure = vm.describe(err)
	vm.l.SetTop(0)
}

// Instructions tells how many instructions the script has executed, or what counts as such.
func (vm *VM) Instructions() int64 {
	return vm.meter.slices*SliceSize + int64(SliceSize-vm.meter.slice-vm.meter.left)
}

// Kill dooms the script: at its next instruction an error ends it that it cannot catch.
func (vm *VM) Kill() { vm.meter.kill() }

// Counted reports whether the script returned an error that the statistics know of already.
func (vm *VM) Counted() bool {
	t, ok := vm.result.(*lua.LTable)
	return ok && lua.LVAsBool(t.RawGetString("ignore_error_stats_update"))
}

// Failure tells how the script failed; nil when it did not.
func (vm *VM) Failure() *Failure { return vm.failure }

// list makes a table of strings.
func (vm *VM) list(items [][]byte) *lua.LTable {
	t := vm.l.CreateTable(len(items), 0)
	for _, item := range items {
		t.Append(lua.LString(item))
	}
	return t
}
