package lua

// openCoroutine makes the table coroutine.
func (vm *VM) openCoroutine() {
	t := vm.library("coroutine", []entry{
		{"create", vm.coCreate},
		{"resume", nil},
		{"running", vm.coRunning},
		{"status", vm.coStatus},
		{"wrap", vm.coWrap},
		{"yield", nil},
	})
	for _, e := range []struct {
		name string
		deep deep
	}{{"resume", deepResume}, {"yield", deepYield}} {
		t.setField(vm, e.name, vm.newFunction(&function{deep: e.deep, env: vm.globals}))
	}
}

// threadCharge is what a coroutine takes in instructions, most of it the collector's work.
const threadCharge = 512

// newCoroutine makes a coroutine of argument 1.
func (vm *VM) newCoroutine(l *thread) *thread {
	v := l.arg(1)
	if f := v.function(); f == nil || f.proto == nil {
		argError(l, 1, "Lua function expected")
	}
	vm.count(threadSize)
	vm.charge(threadCharge)
	co := vm.newThread()
	co.stack[0] = v
	co.top = 1
	return co
}

func (vm *VM) coCreate(l *thread) int {
	l.push(value{o: &vm.newCoroutine(l).object})
	return 1
}

func (vm *VM) coWrap(l *thread) int {
	co := vm.newCoroutine(l)
	l.push(vm.newFunction(&function{deep: deepWrapped, env: vm.globals, data: &bound{co: co}}))
	return 1
}

// coroutine returns argument 1.
func coroutine(l *thread) *thread {
	v := l.arg(1)
	if v.kind() != kindThread {
		argError(l, 1, "coroutine expected")
	}
	return v.o.co
}

func (vm *VM) coStatus(l *thread) int {
	l.pushString(statusNames[coroutine(l).status])
	return 1
}

func (vm *VM) coRunning(l *thread) int {
	if l == vm.main {
		l.push(nilValue)
		return 1
	}
	l.push(value{o: &l.object})
	return 1
}

// resume is coroutine.resume.
func (vm *VM) resume(l *thread, base, nargs int) (stop bool) {
	co := coroutine(l)
	if problem := vm.enterThread(l, co, base+1, nargs-1); problem != "" {
		l.push(falseValue)
		l.pushString(problem)
		return vm.leave(l.top-2, 2)
	}
	return vm.enter(co)
}

// resumeWrapped calls the function that coroutine.wrap made.
func (vm *VM) resumeWrapped(l *thread, co *thread, base, nargs int) (stop bool) {
	if problem := vm.enterThread(l, co, base, nargs); problem != "" {
		fail(l, problem)
	}
	return vm.enter(co)
}

// enterThread makes a coroutine the one that runs; problem says why it cannot be resumed.
func (vm *VM) enterThread(l, co *thread, from, nargs int) (problem string) {
	if co.status != statusSuspended {
		return "cannot resume " + statusNames[co.status] + " coroutine"
	}
	if l.levels >= levelsMax {
		return "C stack overflow"
	}
	co.room(co.top, nargs+windowMax)
	copy(co.stack[co.top:], l.stack[from:from+nargs])
	co.top += nargs
	co.levels = l.levels + 1
	co.base = co.levels
	co.from, co.status = l, statusRunning
	l.status = statusNormal
	vm.l = co
	return ""
}

// enter runs a coroutine that was entered: its arguments lie on top of its stack.
func (vm *VM) enter(co *thread) (stop bool) {
	if len(co.frames) == 0 {
		return co.begin(0, co.top-1, -1, endThread)
	}
	base := co.frames[len(co.frames)-1].base // of the call of yield
	return vm.leave(base, co.top-base)
}

// yield is coroutine.yield.
func (vm *VM) yield(l *thread, base, nargs int) (stop bool) {
	if l.levels > l.base {
		vm.throw("attempt to yield across metamethod/C-call boundary")
	}
	to := l.from
	n := vm.hand(to, l, base, nargs)
	l.top = base
	l.status = statusSuspended
	return vm.leave(to.top-n, n)
}

// hand gives values to the thread that resumed another, which goes on; the first of them is true if
// coroutine.resume is waiting.
func (vm *VM) hand(to, l *thread, from, n int) int {
	vm.l, l.from = to, nil
	to.status = statusRunning
	to.room(to.top, n+1+windowMax)
	if to.frames[len(to.frames)-1].fn.deep == deepResume {
		to.push(trueValue)
		n++
		copy(to.stack[to.top:], l.stack[from:from+n-1])
		to.top += n - 1
		return n
	}
	copy(to.stack[to.top:], l.stack[from:from+n])
	to.top += n
	return n
}

// threadEnds ends a coroutine whose first call has returned, and returns its results' place on the
// stack of who resumed it.
func (vm *VM) threadEnds(l *thread, from int) (at, n int) {
	to := l.from
	n = vm.hand(to, l, from, l.top-from)
	l.die()
	return to.top - n, n
}

func (l *thread) die() {
	l.status = statusDead
	l.stack, l.frames, l.open, l.jobs = nil, nil, nil, nil
	l.top = 0
}

// threadFails ends a coroutine by an error. If it was resumed by coroutine.resume, that is told;
// else the error goes on there.
func (vm *VM) threadFails(l *thread, e *thrown) (caught, stop bool) {
	l.closeFrom(0)
	to := l.from
	l.die()
	vm.l, l.from = to, nil
	to.status = statusRunning
	if e.fatal {
		return false, false
	}
	if to.frames[len(to.frames)-1].fn.deep == deepResume {
		to.push(falseValue)
		to.push(e.v)
		return true, vm.leave(to.top-2, 2)
	}
	if s, ok := text(e.v); ok {
		e.v = vm.str(where(to, 1) + s)
	}
	e.last = false
	return false, false
}
