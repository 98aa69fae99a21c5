// Package lua runs the Lua scripts of a Redis server. It knows nothing of commands: what
// redis.call does is its Host's business.
//
// A script runs in slices: after each the VM returns, so that whoever owns it can serve others
// meanwhile, and kill the script. See RATIONALE.md.
package lua

import (
	"strings"

	"github.com/redlet/redlet/core/internal/reply"
)

// Host is what a VM asks of the engine around it.
type Host interface {
	// Call runs a command for redis.call and redis.pcall and returns the Writer that has its reply,
	// which is the VM's to take until the next Call; an error is in one piece. The arguments are lent.
	// counted says that an error reply has been counted in the statistics already. A reply of nil
	// ends the slice: the next begins with the same call.
	Call(args [][]byte) (answer *reply.Writer, counted bool)
	// SetProtocol chooses the protocol of the replies that Call returns, 2 or 3.
	SetProtocol(version int)
	// SetRepl chooses who is told of the changes of the calls that follow: ReplAOF, ReplReplica, both
	// or none.
	SetRepl(targets int)
	// Permits reports whether the client may run a command, or what is wrong with the command.
	Permits(args [][]byte) (allowed bool, problem string)
	// Nested tells of an error within a reply; counted is as for Call.
	Nested(problem string, counted bool)
	// Log writes a line to the server's log, whose own it is from then on; the level is one of
	// LogDebug to LogWarning.
	Log(level int, line []byte)
	// Random is what math.random draws from. It outlives the script.
	Random() *Random
	// Seconds is what os.clock answers.
	Seconds() float64
	// Room tells whether memory for so many bytes more can be had, the longest piece of which has so
	// many.
	Room(size, piece int) bool
	// Yield is called every so often while a script runs.
	Yield()
}

// Who is told of changes.
const (
	ReplAOF     = 1
	ReplReplica = 2
	ReplAll     = ReplAOF | ReplReplica
)

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
	strings *table   // the metatable of strings
	methods *table   // what it has for __index, which nobody can change
	named   []*table // the globals and the libraries, whose names scripts use
	pairs   [2]value // the iterators of ipairs and pairs
	ids     uint32   // how many tables and functions were made: where tables put them as keys

	inHost   bool            // a handler is running; still set after a panic in one
	version  int             // the protocol that redis.setresp chose
	detached bool            // the slice is over, and not the script
	numbers  map[*object]int // what tostring numbered
	redis    *table
	null     value          // cjson.null
	json     [2]jsonOptions // the settings of cjson in scripts, and in libraries

	running, registering *table // the globals of libraries,
	libraryEnv           *table // through this table
	registered           []Registration
	taken                *table // their names

	args         [][]byte      // of the redis.call under way
	arena        []byte        // what args points into
	jsonWriter   *jsonWriter   // for the next cjson.encode, likewise
	jsonReader   *jsonReader   // for the next cjson.decode, likewise
	scratch      []byte        // where strings are joined
	finding      *finding      // for the next string.find; nil while it is suspended
	substitution *substitution // for the next string.gsub, likewise
	keys         [2]value      // the names KEYS and ARGV
	lists        [2]argumentList

	decoded decoded

	kindNames [len(kindNames)]value

	result   value
	replying *replying // what of its reply is written, if that takes more than a slice
	raised   *thrown   // an error that is caught in the next slice
	failure  *Failure
	debug    Debugger // or nil
	spares   spares
}

// Function is a compiled script, or a function that a library has registered. It belongs to the
// VM that made it.
type Function struct {
	fn *function
}

// Failure is an error that ended a script.
type Failure struct {
	Code    string // what stands in front of Text: "ERR " or nothing
	Text    string
	Source  string // "@user_script"; "" when the place is unknown
	Line    int
	Counted bool   // the statistics of errors know of it already
	Killed  bool   // Kill ended the script
	Behind  string // what Reply writes behind Text
}

// String is the error without its place.
func (f *Failure) String() string { return f.Code + f.Text }

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
	left := vm.left // of a script that is suspended
	p, problem := vm.load("@"+name, string(source))
	vm.left = left
	if problem != "" {
		return Function{}, problem
	}
	return vm.compiled(p), ""
}

// Compilation is a source that is compiled a slice at a time, as a script runs. A library is then
// run, too.
type Compilation struct {
	vm *VM
	p  *parser

	library bool
	runs    bool // it is compiled
	late    bool // it has run for too long
	made    []Registration
}

// StartCompiling makes ready for compiling a script; no other is under way. The source is copied.
func (vm *VM) StartCompiling(name string, source []byte) *Compilation {
	vm.reset()
	vm.meter.begin()
	return &Compilation{vm: vm, p: vm.newParser("@"+name, string(source))}
}

// Continue goes on for a slice and reports whether that was all.
func (c *Compilation) Continue() (done bool) {
	if !c.runs {
		if done = c.compile(); !done || !c.library || c.p.done == nil {
			return done
		}
	}
	return c.run()
}

// compile compiles for a slice and reports whether that was all.
func (c *Compilation) compile() (done bool) {
	vm := c.vm
	vm.live = true
	defer func() {
		vm.live = false
		if r := recover(); r != nil {
			e, ok := r.(*thrown)
			if !ok {
				panic(r)
			}
			vm.failure, done = vm.describe(e), true
		}
	}()
	return c.p.step()
}

// Result returns what Compile does, once all is compiled; VM.Failure tells of one that was ended.
func (c *Compilation) Result() (f Function, problem string) {
	if c.p.done == nil {
		return Function{}, c.p.whatIsWrong()
	}
	return c.vm.compiled(c.p.done), ""
}

// compiled makes a function of what was compiled.
func (vm *VM) compiled(p *proto) Function {
	return Function{vm.newFunction(&function{proto: p, env: vm.globals}).function()}
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
func (vm *VM) load(name, source string) (f *proto, problem string) {
	p := vm.newParser(name, source)
	for !p.step() {
	}
	return p.done, p.whatIsWrong()
}

// Start runs a function for a slice and reports whether it ended: nearly all do. If not, Continue
// runs the rest. keys and args become the globals KEYS and ARGV, or, for a function of a library,
// its two arguments; they are copied.
func (vm *VM) Start(f Function, keys, args [][]byte, asGlobals bool) (done bool) {
	vm.spares.nextScript(!asGlobals)
	vm.reset()
	vm.meter.begin()
	return vm.goOn(vm.prepare(f, keys, args, asGlobals))
}

// Continue runs the next slice of a script and reports whether it ended.
func (vm *VM) Continue() (done bool) { return vm.goOn(-1) }

// goOn runs a slice; nargs is how many arguments a script begins with, -1 if it has begun.
func (vm *VM) goOn(nargs int) (done bool) {
	vm.live, vm.detached = true, false
	e := vm.raised
	vm.raised = nil
	e = vm.attempt(nargs, e)
	for e != nil {
		e = vm.attempt(-1, e)
	}
	vm.live = false
	if !vm.detached && vm.failure == nil {
		vm.result = vm.main.stack[0]
	}
	return !vm.detached
}

// prepare puts a function and its arguments on the stack and returns how many those are.
func (vm *VM) prepare(f Function, keys, args [][]byte, asGlobals bool) int {
	l := vm.main
	l.push(value{o: &f.fn.object})
	if asGlobals {
		for i, items := range [2][][]byte{keys, args} {
			vm.globals.set(vm, vm.keys[i], vm.lists[i].fill(vm, items))
		}
		return 0
	}
	l.push(vm.list(keys))
	l.push(vm.list(args))
	return 2
}

// LetGo lets go of what the last script has made, unless it is little: the next script does it too,
// but none may come.
func (vm *VM) LetGo() {
	if vm.used > leftMax {
		vm.letGo()
	}
}

//go:noinline
func (vm *VM) letGo() {
	vm.spares.nextScript(vm.spares.shared)
	vm.reset()
	vm.used = 0
}

// Made is how many bytes the script under way has made, less what was found to be gone.
func (vm *VM) Made() int { return vm.used }

// reset makes ready for a new script.
func (vm *VM) reset() {
	vm.result, vm.replying, vm.failure = value{}, nil, nil
	vm.version, vm.inHost, vm.detached = 2, false, false
	vm.numbers = nil
	vm.raised = nil
	vm.decoded.forget()
	vm.host.SetProtocol(2)
	if l := vm.main; len(l.stack) > mainStackMax {
		vm.main = vm.newThread()
	} else {
		if vm.used > leftMax {
			clear(l.stack)
			clear(l.frames[:cap(l.frames)]) // a job's holds what that works on
		}
		l.top, l.frames, l.open, l.levels, l.most = 0, l.frames[:0], nil, 0, framesMax
		l.dropJobs(0)
		l.ahead = nil // what a script wanted as it was ended
	}
	vm.l = vm.main
	vm.l.status = statusRunning
}

const (
	// mainStackMax is the largest stack that is kept for the next script.
	mainStackMax = 16 << 10
	// leftMax is how much a script may have made for what it left on the stack to stay there.
	leftMax = 64 << 10
)

// Instructions tells how many instructions the script has executed, or what counts as such.
func (vm *VM) Instructions() int64 {
	return vm.slices*SliceSize + int64(SliceSize-vm.slice-vm.left)
}

// Took counts so many instructions for what the host does in a call.
func (vm *VM) Took(instructions int) { vm.charge(instructions) }

// Kill dooms the script: at its next instruction an error ends it that it cannot catch.
func (vm *VM) Kill() { vm.kill() }

// Counted reports whether the script returned an error that the statistics know of already.
func (vm *VM) Counted() bool {
	t := vm.result.table()
	return t != nil && t.counted()
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

// argumentList is KEYS or ARGV. The table and its strings are used again for the next script, since
// nothing of a script outlives it: what a library keeps was never in a global.
type argumentList struct {
	t       table
	strings []object
	text    strings.Builder // of the strings; what is in it stays as it is
}

const (
	argumentsKept = 64      // strings that are used again
	argumentBytes = 4 << 10 // how much text is made room for at once
)

// fill makes the table that of some strings.
func (a *argumentList) fill(vm *VM, items [][]byte) value {
	n := len(items)
	if n > argumentsKept {
		return vm.list(items)
	}
	if n > len(a.strings) {
		a.strings = make([]object, argumentsKept)
	}
	arr := a.t.arr
	if cap(arr) < n || cap(arr) > argumentsKept {
		arr = make([]value, n)
	}
	vm.ids++
	vm.count(tableSize)
	a.t = table{arr: arr[:n], nodes: noNodes}
	a.t.object = object{kind: kindTable, hash: vm.ids, t: &a.t}
	for i, item := range items {
		if len(item) <= 1 || len(item) > argumentBytes {
			a.t.arr[i] = vm.bytes(item)
			continue
		}
		o := &a.strings[i]
		if o.kind = kindString; o.s != string(item) {
			o.s, o.hash = a.add(item), 0
		}
		vm.count(stringSize + len(item))
		a.t.arr[i] = value{o: o}
	}
	return a.t.value()
}

// add makes a string of bytes.
func (a *argumentList) add(b []byte) string {
	if a.text.Cap()-a.text.Len() < len(b) {
		a.text = strings.Builder{}
		a.text.Grow(argumentBytes)
	}
	at := a.text.Len()
	a.text.Write(b)
	return a.text.String()[at:]
}
