// Package lua runs the Lua scripts of a Redis server. It knows nothing of commands: what
// redis.call does is its Host's business.
//
// A script runs in slices: after each, the VM calls back, so that whoever owns it can take control,
// serve others meanwhile, and kill the script. See RATIONALE.md.
package lua

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

// StringMax bounds the strings that a script can build. Redis's own bound is memory.
const StringMax = 128 << 20

// VM is one Lua state with the libraries that Redis gives to scripts. It runs one script at a
// time and is not safe for concurrent use.
type VM struct {
	meter
	host    Host
	l       *thread // the one that runs
	main    *thread
	globals *table
	strings *table    // the metatable of strings
	next    *function // the iterator of pairs
	pairs   [2]value  // the iterators of ipairs and pairs
	ids     uint32    // how many tables and functions were made: where tables put them as keys

	inHost   bool // a handler is running; still set after a panic in one
	random   random
	seeded   bool            // math.randomseed was called: random is used, not the host's
	version  int             // the protocol that redis.setresp chose
	detached bool            // the run ended before the script did
	numbers  map[*object]int // what tostring numbered
	redis    *table
	null     value // cjson.null

	running, registering *table // the globals of libraries,
	libraryEnv           *table // through this table
	registered           []Registration

	args    [][]byte // of the redis.call under way
	arena   []byte   // what args points into
	scratch []byte   // where strings are joined
	keys    [2]value // the names KEYS and ARGV

	kindNames [len(kindNames)]value

	result  value
	failure *Failure
}

// Function is a compiled script, or a function that a library has registered. It belongs to the
// VM that made it.
type Function struct {
	fn *function
}

// Failure is an error that ended a script.
type Failure struct {
	Text    string // with its code in front
	Source  string // "@user_script"; "" when the place is unknown
	Line    int
	Counted bool // the statistics of errors know of it already
	Killed  bool // Kill ended the script
}

// New returns a VM that runs nothing yet; redis.REDIS_VERSION will be version, 8.0.6, and
// REDIS_VERSION_NUM the same as a number.
func New(host Host, version string, versionNumber int) *VM {
	vm := &VM{host: host, version: 2, keys: [2]value{constant("KEYS"), constant("ARGV")}}
	vm.most, vm.bound = memoryMax, memoryMax
	vm.main = vm.newThread()
	vm.l = vm.main
	vm.open()
	vm.redis.setField(vm, "REDIS_VERSION", constant(version))
	vm.redis.setField(vm, "REDIS_VERSION_NUM", integer(versionNumber))
	vm.openLibraries()
	vm.globals.protect()
	vm.strings.protect()
	return vm
}

// Compile compiles a script. name is what error messages call it, "user_script". When the source
// is wrong, problem says why.
func (vm *VM) Compile(name string, source []byte) (f Function, problem string) {
	pause := vm.pause
	vm.pause = nil // if a script is suspended, it is not this that goes on with it
	p, problem := vm.load("@"+name, string(source))
	vm.pause = pause
	if problem != "" {
		return Function{}, problem
	}
	return Function{vm.newFunction(&function{proto: p, env: vm.globals}).function()}, ""
}

// What Redis's Lua takes for parts of a compiled function, in bytes. A string is counted where it
// is long: short ones are mostly names, which all scripts share.
const (
	protoBytes    = 112
	codeBytes     = 4 + 4 // an instruction and its line
	constantBytes = 16
	localBytes    = 16
	stringBytes   = 25
	sharedMax     = 40
)

// Size is about how many bytes Redis's Lua takes for a function. Comments take none.
func (f Function) Size() int { return f.fn.proto.redisSize() }

func (p *proto) redisSize() int {
	if p == nil { // a function of a library's
		return 0
	}
	size := protoBytes + codeBytes*len(p.code) + constantBytes*len(p.consts) +
		localBytes*len(p.locals)
	for _, i := range p.code {
		if o := i.op(); o >= opTestF && o <= opNgeK || o == opForTest {
			size += codeBytes // the jump is an instruction of its own there
		}
	}
	for _, k := range p.consts {
		if s, ok := k.str(); ok && len(s) > sharedMax {
			size += stringBytes + len(s)
		}
	}
	for _, inner := range p.protos { // no deeper than nestingMax
		size += inner.redisSize()
	}
	return size
}

// load compiles source.
func (vm *VM) load(name, source string) (p *proto, problem string) {
	from := &chunk{source: name, short: chunkName(name)}
	if source != "" && source[0] == 0x1b {
		return nil, from.short + ": bad binary format (truncated precompiled chunk)"
	}
	return vm.parseChunk(from, source)
}

// Run runs a function. keys and args become the globals KEYS and ARGV, or, for a function of a
// library, its two arguments; they are copied. After every slice of instructions pause is called,
// which may hand control to others and returns when the script is to go on.
func (vm *VM) Run(f Function, keys, args [][]byte, asGlobals bool, pause func()) {
	vm.reset()
	vm.meter.begin(pause)
	vm.outermost(vm.prepare(f, keys, args, asGlobals))
}

// Start runs a function as Run does, but for one slice, and reports whether it ended. If not, be it
// that it takes longer or that it came upon what may have to be suspended in its midst, Continue
// runs the rest. Nearly all scripts end, and need nothing that could suspend them.
func (vm *VM) Start(f Function, keys, args [][]byte, asGlobals bool) (done bool) {
	vm.reset()
	vm.meter.begin(nil)
	vm.direct = true
	vm.outermost(vm.prepare(f, keys, args, asGlobals))
	vm.direct = false
	return !vm.detached
}

// Continue runs the rest of a script, calling pause after every slice.
func (vm *VM) Continue(pause func()) {
	vm.pause, vm.detached = pause, false
	vm.outermost(-1)
}

// Detach ends Start's run from within a call of the host, which is made again by Continue.
func (vm *VM) Detach() {
	if vm.direct {
		panic(restart{})
	}
}

// prepare puts a function and its arguments on the stack and returns how many those are.
func (vm *VM) prepare(f Function, keys, args [][]byte, asGlobals bool) int {
	kt, at := vm.list(keys), vm.list(args)
	l := vm.main
	l.push(value{o: &f.fn.object})
	if asGlobals {
		vm.globals.set(vm, vm.keys[0], kt)
		vm.globals.set(vm, vm.keys[1], at)
		return 0
	}
	l.push(kt)
	l.push(at)
	return 2
}

// reset makes ready for a new script.
func (vm *VM) reset() {
	vm.result, vm.failure = value{}, nil
	vm.version, vm.inHost, vm.detached = 2, false, false
	vm.numbers = nil
	vm.seeded = false
	vm.host.SetProtocol(2)
	if l := vm.main; len(l.stack) > mainStackMax {
		vm.main = vm.newThread()
	} else {
		clear(l.stack[:min(len(l.stack), l.top+windowMax)])
		l.top, l.frames, l.open, l.levels = 0, l.frames[:0], nil, 0
	}
	vm.l = vm.main
	vm.l.status = statusRunning
}

// mainStackMax is the largest stack that is kept for the next script.
const mainStackMax = 16 << 10

// outermost calls what lies on the stack, with so many arguments, and keeps its result or its
// error; -1 goes on with a call that has begun.
func (vm *VM) outermost(nargs int) {
	defer func() {
		vm.pause = nil
		if r := recover(); r != nil {
			if _, ok := r.(restart); ok && vm.direct {
				vm.restarted()
				return
			}
			e, ok := r.(*thrown)
			if !ok || vm.inHost {
				panic(r)
			}
			vm.failure = vm.describe(e)
			vm.l.closeFrom(0) // a library's function may have kept one that is closed over them
		}
	}()
	l := vm.main
	if nargs >= 0 {
		l.levels++
	}
	if nargs < 0 || !l.begin(0, nargs, 1, endRun) {
		vm.run(l, 0)
	}
	if !vm.detached {
		vm.result = l.stack[0]
	}
}

// Instructions tells how many instructions the script has executed, or what counts as such.
func (vm *VM) Instructions() int64 {
	return vm.slices*SliceSize + int64(SliceSize-vm.slice-vm.left)
}

// Kill dooms the script: at its next instruction an error ends it that it cannot catch.
func (vm *VM) Kill() { vm.kill() }

// Counted reports whether the script returned an error that the statistics know of already.
func (vm *VM) Counted() bool {
	t := vm.result.table()
	return t != nil && t.field("ignore_error_stats_update").isTrue()
}

// Failure tells how the script failed; nil when it did not.
func (vm *VM) Failure() *Failure { return vm.failure }

// list makes a table of strings.
func (vm *VM) list(items [][]byte) value {
	t := vm.newTable(len(items), 0)
	for i, item := range items {
		t.arr[i] = vm.bytes(item)
	}
	return t.value()
}
