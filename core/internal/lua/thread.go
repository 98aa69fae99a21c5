package lua

// thread is a coroutine, or the main program: a stack of values and the calls that use it.
type thread struct {
	object
	vm     *VM
	stack  []value
	top    int // the first free place, where a number of values is open
	frames []frame
	open   []*upvalue // registers that functions close over, from the lowest to the highest
	most   int        // how many calls there may be
	levels int        // calls from C that are under way, as Lua counts them
	base   int        // levels when it was resumed
	status status
	from   *thread // who resumed it
	dest   int     // of the frame that is about to be made
	jobs   []jobUnderWay
	callee int   // the place of what a job calls
	ahead  job   // what a job waits for
	lines  []int // for a debugger: where each call was at its last opLine
}

// status is what a coroutine is doing.
type status uint8

const (
	statusSuspended status = iota
	statusRunning
	statusNormal // it has resumed another
	statusDead
)

var statusNames = [...]string{"suspended", "running", "normal", "dead"}

// frame is a call under way.
type frame struct {
	fn    *function
	base  int // the first register or argument
	pc    int // the next instruction
	ret   int // where the results go
	want  int // how many are wanted; -1 all
	extra int // of a script's: values behind the parameters, below base; else all arguments
	tails int // tail calls that led here
	end   ending
	dest  int // the register that the result of a metamethod is for

	guard bool // errors of what it calls end here; pc is how many levels there were before
}

// ending says what happens when a call returns.
type ending uint8

const (
	endPlain    ending = iota // the results are where the caller wants them
	endRun                    // it is the script
	endJob                    // the job of a function of a library goes on with its result
	endPcall                  // the caller is pcall
	endXpcall                 // the caller is xpcall
	endHandler                // it is xpcall's error handler
	endValue                  // a metamethod's result goes to register dest
	endTest                   // a metamethod's result decides about a jump
	endNotTest                // and so does its contrary
	endConcat                 // a metamethod's result is an operand of a concatenation
	endThread                 // it is the first call of a coroutine
	endTostring               // the caller is tostring
	endCaught                 // a metamethod's result is the text of the error that pcall caught
	endDrop                   // nobody wants a metamethod's result
)

// Bounds of Lua 5.1 on calls.
const (
	framesMax  = 16384 - 1               // calls within each other: one more is C's own
	callsMax   = 20000                   // room for more is for those who handle the error of too many
	levelsMax  = 200                     // calls by libraries, metamethods and for within each other
	levelsOver = levelsMax + levelsMax/8 // with those who handle the error of too many
	windowMax  = 256                     // registers that the loop may reach
	stackMax   = 1 << 25
)

//go:noinline
func (vm *VM) newThread() *thread {
	t := &thread{vm: vm, stack: make([]value, windowMax), most: framesMax}
	vm.ids++
	t.object = object{kind: kindThread, hash: vm.ids, co: t}
	return t
}

// room makes sure that there are n places from at on.
func (l *thread) room(at, n int) {
	if at+n <= len(l.stack) {
		return
	}
	if at+n > stackMax {
		l.vm.failHere("stack overflow")
	}
	size := max(2*len(l.stack), at+n)
	l.vm.reserve((size - len(l.stack)) * valueSize)
	stack := make([]value, size)
	copy(stack, l.stack)
	l.stack = stack
	for _, u := range l.open {
		u.p = &stack[u.at]
	}
}

// capture returns the upvalue for a register. If there is none yet it is made, in place of own
// unless that is nil.
func (l *thread) capture(at int, own *upvalue) *upvalue {
	i := len(l.open)
	for i > 0 && l.open[i-1].at > at {
		i--
	}
	if i > 0 && l.open[i-1].at == at {
		return l.open[i-1]
	}
	u := own
	if u == nil {
		u = &upvalue{}
	}
	u.p, u.at = &l.stack[at], at
	l.vm.count(upvalueSize)
	l.open = append(l.open, nil)
	copy(l.open[i+1:], l.open[i:])
	l.open[i] = u
	return u
}

// closeFrom takes the upvalues from a place on off the stack.
//
//go:noinline
func (l *thread) closeFrom(at int) {
	i := len(l.open)
	for i > 0 && l.open[i-1].at >= at {
		i--
		u := l.open[i]
		u.closed = *u.p
		u.p, u.at = &u.closed, -1
		l.open[i] = nil
	}
	l.open = l.open[:i]
}

// What functions of libraries use.

// count returns the number of arguments.
func (l *thread) count() int { return l.top - l.frames[len(l.frames)-1].base }

// arg returns an argument, nil if there is none.
//
//go:noinline
func (l *thread) arg(n int) value {
	at := l.frames[len(l.frames)-1].base + n - 1
	if at >= l.top {
		return value{}
	}
	return l.stack[at]
}

//go:noinline
func (l *thread) push(v value) {
	if l.top >= len(l.stack) {
		l.room(l.top, 1)
	}
	l.stack[l.top] = v
	l.top++
}

//go:noinline
func (l *thread) pushNumber(n float64) { l.push(value{&numberTag, n}) }

//go:noinline
func (l *thread) pushInt(n int)       { l.push(value{&numberTag, float64(n)}) }
func (l *thread) pushString(s string) { l.push(l.vm.str(s)) }
func (l *thread) pushBytes(b []byte)  { l.push(l.vm.bytes(b)) }

//go:noinline
func (l *thread) pushBool(b bool) { l.push(boolean(b)) }

// enterC counts a call from C.
//
//go:noinline
func (l *thread) enterC() {
	if l.levels++; l.levels >= levelsMax {
		l.tooManyLevels()
	}
}

//go:noinline
func (l *thread) tooManyLevels() {
	if l.levels == levelsMax {
		l.vm.failHere("C stack overflow")
	}
	if l.levels >= levelsOver {
		l.vm.failHandling()
	}
}

// overflow ends a call for which there is no room. From then on there is room for twice as many,
// for those who handle the error.
func (l *thread) overflow() {
	if l.most >= callsMax {
		l.vm.failHandling()
	}
	l.most = 2*l.most + 1
	l.vm.failHere("stack overflow")
}

// underflow leaves room for callsMax once that error is caught, if there are fewer calls.
func (l *thread) underflow() {
	if l.most >= callsMax && len(l.frames)+1 < callsMax {
		l.most = callsMax - 1
	}
}
