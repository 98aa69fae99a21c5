package lua

import "strings"

// job is what a function of a library has still to do that may take long or that calls functions
// of the script. Its state is all here and on the stack, so that a script can be suspended in its
// midst.
type job interface {
	// step goes on and returns how many results lie on top of the stack, or suspended, or calling.
	step(l *thread) int
	// size is how many bytes it keeps beside the stack: of what is used, since how much more Go makes
	// room for differs between its versions.
	size() int
}

// What a function of a library, or a step of its job, returns in place of a number of results.
const (
	suspended = -1 // the slice is over
	calling   = -2 // it calls l.callee: the next step finds one result on top of the stack
	waiting   = -5 // l.ahead is to be done first: the step is then made once more
	becoming  = -6 // l.ahead does the rest, where the slice is over in the next: the job is over
)

// jobUnderWay is a job of a thread.
type jobUnderWay struct {
	job
	depth int // how many calls there were with the one whose job it is
}

// start begins the job of the function of a library under way.
func (l *thread) start(j job) int {
	n := j.step(l)
	if n < 0 && n != becoming {
		l.jobs = append(l.jobs, jobUnderWay{j, len(l.frames)})
	}
	return n
}

// calls has the function at a place of the stack called, behind which its arguments lie.
func (l *thread) calls(at int) int {
	l.callee = at
	return calling
}

// callsWith has a function called with arguments.
func (l *thread) callsWith(f value, args ...value) int {
	at := l.top
	l.push(f)
	for _, a := range args {
		l.push(a)
	}
	return l.calls(at)
}

// pop takes a value off the stack.
func (l *thread) pop() value {
	l.top--
	return l.stack[l.top]
}

// dropJobs forgets the jobs of calls that an error has ended, all but the first of them.
//
//go:noinline
func (l *thread) dropJobs(calls int) {
	n := len(l.jobs)
	for n > 0 && l.jobs[n-1].depth > calls {
		n--
	}
	clear(l.jobs[n:])
	l.jobs = l.jobs[:n]
}

// goOnJob goes on with the job of the call under way.
func (vm *VM) goOnJob(l *thread) (stop bool) {
	at := len(l.jobs) - 1
	n := l.jobs[at].step(l)
	if n >= 0 {
		l.jobs[at].job = nil
		l.jobs = l.jobs[:at]
		if at > 0 && l.jobs[at-1].depth == len(l.frames) { // it was done ahead of that one
			return false
		}
		return vm.leave(l.top-n, n)
	}
	return vm.stepped(l, n)
}

// stepped makes the call that a job has asked for, if it did.
func (vm *VM) stepped(l *thread, n int) (stop bool) {
	switch n {
	case suspended:
		return true
	case waiting:
		l.jobs = append(l.jobs, jobUnderWay{l.ahead, len(l.frames)})
		l.ahead = nil
		return false
	case becoming:
		j := jobUnderWay{l.ahead, len(l.frames)}
		l.ahead = nil
		if n := len(l.jobs); n > 0 && l.jobs[n-1].depth == j.depth {
			l.jobs[n-1] = j
		} else {
			l.jobs = append(l.jobs, j)
		}
		return l.vm.left <= 0 && l.vm.look()
	}
	l.enterC()
	vm.left -= 8
	if f := l.stack[l.callee].function(); f != nil && f.proto != nil && !f.proto.vararg &&
		l.enter(f, l.callee, 1, endJob) {
		return false
	}
	l.room(l.top, windowMax)
	return l.begin(l.callee, l.top-l.callee-1, 1, endJob)
}

// element begins to get an element of a value. If a metamethod must be called, known is false, and
// that call is ready.
func (l *thread) element(v, key value) (found value, known bool) {
	vm := l.vm
	for range chainMax {
		var h value
		if t := v.table(); t != nil {
			if found := t.get(key); !found.isNil() {
				return found, true
			}
			if h = t.meta.handler(eventIndex); h.isNil() {
				return value{}, true
			}
		} else if h = vm.handler(v, eventIndex); h.isNil() {
			vm.typeFailure(l, v, -1, "index")
		}
		if h.function() != nil {
			l.callsWith(h, v, key)
			return value{}, false
		}
		v = h
	}
	vm.failHere("loop in gettable")
	return value{}, true
}

// again is a call of a function of a library that is to be made once more.
type again struct{ fn builtin }

func (a again) step(l *thread) int { return a.fn(l) }
func (again) size() int            { return 0 }

// becomes leaves the rest of a call to a function, and to the next slice if this one is over.
func (l *thread) becomes(fn builtin) int {
	l.ahead = again{fn}
	return becoming
}

// later leaves the call under way to the next slice.
func (l *thread) later(fn builtin) int {
	if n := len(l.jobs); n == 0 || l.jobs[n-1].depth < len(l.frames) {
		l.jobs = append(l.jobs, jobUnderWay{again{fn}, len(l.frames)})
	}
	return suspended
}

// loop is a job that repeats one thing.
type loop struct {
	vm     *VM
	round  func() int // returns unfinished until the last round
	charge int        // what a round counts
	held   int        // how many bytes are kept
}

const unfinished = -4

func (j *loop) size() int { return j.held }

func (j *loop) step(*thread) int {
	for {
		if n := j.round(); n != unfinished {
			return n
		}
		if j.vm.spent(j.charge) {
			return suspended
		}
	}
}

// bytesAtOnce is how many bytes are made without a look at whether the slice is over.
const bytesAtOnce = 64 << 10

// elementCharge is what a string that is joined, a new key of a table, an element of a message, or
// a step of matching a pattern takes in instructions.
const elementCharge = 8

// copyCharge and digestCharge are for how many bytes that are made, or that go into a digest, an
// instruction is counted. A guest is the measure: a step is to take a few milliseconds there.
const (
	copyCharge   = 16
	digestCharge = 4
)

// repeat repeats one thing, by a job from where the slice is over.
func (l *thread) repeat(charge, held int, round func() int) int {
	for {
		if n := round(); n != unfinished {
			return n
		}
		if l.vm.spent(charge) {
			j := &loop{l.vm, round, charge, held}
			l.jobs = append(l.jobs, jobUnderWay{j, len(l.frames)})
			return suspended
		}
	}
}

// filling makes a long string part by part.
type filling struct {
	vm     *VM
	length int
	out    strings.Builder
	part   []byte
	next   func(part []byte, from, to int) []byte
	second value // pushed behind it, if there is one
}

// newFilling makes ready for a string of a size, which is at least a few thousand bytes: next
// appends bytes for those from one place to another.
//
//go:noinline
func (vm *VM) newFilling(size int, second value,
	next func(part []byte, from, to int) []byte) *filling {
	vm.allocated(size)
	return &filling{vm: vm, length: size, next: next, second: second}
}

// fill makes a string of a size, of which next gives the parts.
//
//go:noinline
func (vm *VM) fill(l *thread, size int, next func(part []byte, from, to int) []byte) int {
	return l.start(vm.newFilling(size, value{}, next))
}

// write appends to a string in the making.
//
//go:noinline
func write(to *strings.Builder, part []byte) { to.Write(part) }

func (j *filling) size() int { return j.length }

func (j *filling) step(l *thread) int {
	if j.out.Len() == 0 {
		j.out.Grow(j.length)
	}
	for {
		to := min(j.length, j.out.Len()+bytesAtOnce)
		j.part = j.next(j.part[:0], j.out.Len(), to)
		write(&j.out, j.part)
		if to == j.length {
			break
		}
		if j.vm.spent(bytesAtOnce / copyCharge) {
			return suspended
		}
	}
	l.push(j.vm.str(j.out.String()))
	if j.second.isNil() {
		return 1
	}
	l.push(j.second)
	return 2
}
