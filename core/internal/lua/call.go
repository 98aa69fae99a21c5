package lua

// begin calls what lies on the stack at a place, with the arguments behind it. It returns at once;
// a function of a script is run by the loop. stop says that a function of a library, which waits
// for the call, has its results already.
func (l *thread) begin(at, nargs, want int, end ending) (stop bool) {
	vm := l.vm
	f := l.stack[at].function()
	for f == nil {
		nargs = vm.callable(l, at, nargs)
		f = l.stack[at].function()
	}
	if len(l.frames) >= framesMax {
		vm.failHere("stack overflow")
	}
	p := f.proto
	if p == nil {
		l.frames = append(l.frames, frame{fn: f, base: at + 1, ret: at, want: want, end: end,
			extra: nargs, dest: l.dest})
		if f.deep != deepNone {
			return vm.beginDeep(l, f, nargs)
		}
		l.room(l.top, windowMax)
		n := f.native(l)
		if end == endPlain {
			l.deliver(l.top-n, n, at, want)
			l.frames = l.frames[:len(l.frames)-1]
			return false
		}
		return vm.leave(l.top-n, n)
	}
	base, extra := at+1, 0
	if p.vararg {
		base, extra = l.shift(p, at, nargs)
	} else {
		l.room(base, windowMax+p.size)
		for i := nargs; i < p.params; i++ {
			l.stack[base+i] = value{}
		}
	}
	l.frames = append(l.frames, frame{fn: f, base: base, ret: at, want: want, end: end,
		extra: extra, dest: l.dest})
	return false
}

// shift moves the parameters of a call behind all its arguments, where ... finds the others.
func (l *thread) shift(p *proto, at, nargs int) (base, extra int) {
	base, extra = at+1+nargs, max(0, nargs-p.params)
	l.room(base, windowMax+p.size)
	if nargs < p.params {
		base = at + 1
		for i := nargs; i < p.params; i++ {
			l.stack[base+i] = value{}
		}
	} else {
		for i := range p.params {
			l.stack[base+i] = l.stack[at+1+i]
			l.stack[at+1+i] = value{}
		}
	}
	if p.line == 0 {
		return base, extra
	}
	l.stack[base+p.params] = value{}
	if p.needsArg {
		t := l.vm.newTable(extra, 1)
		for i := range extra {
			t.setInt(l.vm, i+1, l.stack[base-extra+i])
		}
		t.setField(l.vm, "n", integer(extra))
		l.stack[base+p.params] = t.value()
	}
	return base, extra
}

// callable puts the metamethod __call in front of what is no function.
func (vm *VM) callable(l *thread, at, nargs int) int {
	v := l.stack[at]
	h := vm.handler(v, eventCall)
	if h.function() == nil {
		register := -1
		if fr := &l.frames[len(l.frames)-1]; fr.fn.proto != nil && at < fr.base+fr.fn.proto.size {
			register = at - fr.base
		}
		vm.typeFailure(l, v, register, "call")
	}
	l.room(l.top, 1)
	copy(l.stack[at+1:l.top+1], l.stack[at:l.top])
	l.stack[at] = h
	l.top = at + nargs + 2
	return nargs + 1
}

// deliver puts results where they are wanted; -1 takes all.
func (l *thread) deliver(from, n, to, want int) {
	if want < 0 {
		copy(l.stack[to:], l.stack[from:from+n])
		l.top = to + n
		return
	}
	for i := range want {
		if i < n {
			l.stack[to+i] = l.stack[from+i]
		} else {
			l.stack[to+i] = value{}
		}
	}
}

// leave ends the call under way, whose results lie on the stack, and whatever ends with it. stop
// says that a function of a library waited for that.
func (vm *VM) leave(from, n int) (stop bool) {
	for {
		l := vm.l
		at := len(l.frames) - 1
		fr := &l.frames[at]
		if len(l.open) > 0 {
			l.closeFrom(fr.base)
		}
		end, to, dest := fr.end, fr.ret, fr.dest
		l.deliver(from, n, to, fr.want)
		l.frames = l.frames[:at]
		if end == endPlain {
			return false
		}
		if end == endThread {
			from, n = vm.threadEnds(l, to)
			continue
		}
		l.levels--
		switch end {
		case endRun:
			return true
		case endPcall:
			l.stack[to-1] = trueValue
			from, n = to-1, l.top-to+1
			continue
		case endXpcall:
			l.stack[to-1] = trueValue
			from, n = to-1, l.top-to+1
			continue
		case endHandler:
			l.stack[to-1] = falseValue
			from, n = to-1, 2
			continue
		case endTostring:
			from, n = to, 1
			continue
		}
		vm.handled(l, end, l.stack[to], dest)
		return false
	}
}

// handled goes on with the operation that called a metamethod.
func (vm *VM) handled(l *thread, end ending, v value, dest int) {
	switch end {
	case endValue:
		l.setRegister(dest, v)
	case endTest, endNotTest:
		if v.isTrue() == (end == endTest) {
			l.frames[len(l.frames)-1].jump()
		}
	case endConcat:
		l.setRegister(dest, v)
		fr := &l.frames[len(l.frames)-1]
		vm.concat(l, fr.fn.proto.code[fr.pc-1].b(), dest)
	}
}

// tailCall calls a function in place of the call under way.
func (vm *VM) tailCall(l *thread, fr *frame, at int) (stop bool) {
	f := l.stack[at].function()
	nargs := l.top - at - 1
	for f == nil {
		nargs = vm.callable(l, at, nargs)
		f = l.stack[at].function()
	}
	if f.proto == nil {
		return l.begin(at, nargs, -1, endPlain)
	}
	if len(l.open) > 0 {
		l.closeFrom(fr.base)
	}
	ret, want, end, dest, tails := fr.ret, fr.want, fr.end, fr.dest, fr.tails+1
	copy(l.stack[ret:], l.stack[at:at+1+nargs])
	l.frames = l.frames[:len(l.frames)-1]
	l.top, l.dest = ret+1+nargs, dest
	l.begin(ret, nargs, want, end)
	l.frames[len(l.frames)-1].tails = tails
	return false
}

// forCall calls the iterator of a generic for.
func (vm *VM) forCall(l *thread, at, results int) (stop bool) {
	if f := l.stack[at].function(); f != nil && f == vm.next && results <= 2 {
		if t := l.stack[at+1].table(); t != nil {
			if i, ok := t.index(l.stack[at+2]); ok {
				l.stack[at+3], l.stack[at+4], _ = t.after(i)
				return false
			}
		}
	}
	copy(l.stack[at+3:at+6], l.stack[at:at+3])
	l.top = at + 6
	return l.begin(at+3, 2, results, endPlain)
}

// forPrepare begins a numeric for. Strings that read as numbers will do.
func (vm *VM) forPrepare(l *thread, a int) {
	r := l.stack[l.frames[len(l.frames)-1].base+a:]
	for i, what := range [...]string{"initial value", "limit", "step"} {
		n, ok := toNumber(r[i])
		if !ok {
			vm.failHere("'for' " + what + " must be a number")
		}
		r[i] = number(n)
	}
	r[0].n -= r[2].n
}

// setList fills a table with what lies behind it.
func (vm *VM) setList(l *thread, at, n, offset int) {
	t := l.stack[at].o.t
	if n == 0 {
		n = l.top - at - 1
	}
	if offset+n > len(t.arr) {
		hash := 0
		if !t.bare() {
			hash = len(t.nodes)
		}
		t.resize(vm, offset+n, hash)
	}
	copy(t.arr[offset:], l.stack[at+1:at+1+n])
}

func (vm *VM) closure(l *thread, fr *frame, p *proto) value {
	f := &function{proto: p, env: fr.fn.env}
	if len(p.ups) > 0 {
		f.up = make([]*upvalue, len(p.ups))
		for i, from := range p.ups {
			if from.local {
				f.up[i] = l.capture(fr.base + from.at)
			} else {
				f.up[i] = fr.fn.up[from.at]
			}
		}
	}
	return vm.newFunction(f)
}

// varargs puts the values of ... into registers; n is -1 for all of them.
func (vm *VM) varargs(l *thread, fr *frame, a, n int) {
	from, to := fr.base-fr.extra, fr.base+a
	if n < 0 {
		n = fr.extra
		l.room(to+n, windowMax)
		l.top = to + n
	}
	for i := range n {
		if i < fr.extra {
			l.stack[to+i] = l.stack[from+i]
		} else {
			l.stack[to+i] = value{}
		}
	}
}

// thrown is an error on its way.
type thrown struct {
	v     value
	fatal bool // nothing catches it
}

// restart is panicked with by a function of a library that cannot be suspended where it is: it has
// done nothing yet that shows, and begins anew when the script goes on.
type restart struct{}

// restarted ends the run at the call of the function of a library under way.
func (vm *VM) restarted() {
	fr := &vm.l.frames[len(vm.l.frames)-1]
	vm.l.top = fr.base + fr.extra
	vm.detached, vm.inHost = true, false
}

// run runs the loop until the call at a depth of a thread has ended.
func (vm *VM) run(l *thread, depth int) {
	for !vm.attempt(l, depth) {
	}
}

// attempt runs the loop. An error that a pcall catches ends it early; others are passed on.
func (vm *VM) attempt(home *thread, depth int) (done bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(restart); ok && vm.direct {
				vm.restarted()
				done = true
				return
			}
			e, ok := r.(*thrown)
			if !ok || vm.inHost {
				panic(r)
			}
			caught, stop := vm.catch(e, home, depth)
			if !caught {
				panic(r)
			}
			done = stop
		}
	}()
	vm.execute()
	return true
}

// catch unwinds the calls up to the pcall that catches an error; none below the depth of the thread
// home is touched. A coroutine ends by an error, which is then its resumer's.
func (vm *VM) catch(e *thrown, home *thread, depth int) (caught, stop bool) {
	for {
		l, lowest := vm.l, 0
		if l == home {
			lowest = depth
		}
		for i := len(l.frames) - 1; i >= lowest && !e.fatal; i-- {
			if fr := &l.frames[i]; fr.guard {
				l.frames = l.frames[:i+1]
				return true, vm.guarded(l, fr, e.v)
			}
		}
		if l == home {
			return false, false
		}
		caught, stop = vm.threadFails(l, e)
		if caught {
			return true, stop
		}
	}
}

// guarded goes on in a pcall or xpcall with an error.
func (vm *VM) guarded(l *thread, fr *frame, err value) (stop bool) {
	l.closeFrom(fr.base)
	l.levels = fr.pc
	at := fr.base
	fr.guard = false
	if fr.fn.deep == deepPcall {
		l.stack[at-1] = falseValue
		n := vm.caught(l, at, err)
		l.top = at + n
		return vm.leave(at-1, n+1)
	}
	handler := l.stack[at+1]
	l.stack[at+2], l.stack[at+3] = handler, err
	l.top = at + 4
	fr.guard, fr.handles = !fr.handles, true
	if !fr.guard || handler.function() == nil { // the handler failed
		fr.guard = false
		l.stack[at+1], l.stack[at+2] = falseValue, constant("error in error handling")
		l.top = at + 3
		return vm.leave(at+1, 2)
	}
	l.enterC()
	return l.begin(at+2, 1, 1, endHandler)
}

// caught puts what pcall returns of an error into a place of the stack and returns how many values
// that is. Of an error table it is the text, as before errors were tables; a table without one is
// followed by what was found in its place.
func (vm *VM) caught(l *thread, at int, err value) int {
	l.stack[at] = err
	t := err.table()
	if t == nil {
		return 1
	}
	text := t.getString(fieldErr)
	if isText(text) {
		l.stack[at] = vm.text(text)
		return 1
	}
	l.stack[at+1] = text
	return 2
}

// beginDeep calls a function that calls others or changes threads: its call lies on top.
func (vm *VM) beginDeep(l *thread, f *function, nargs int) (stop bool) {
	at := len(l.frames) - 1
	base := l.frames[at].base
	l.room(l.top, windowMax)
	switch f.deep {
	case deepPcall:
		if nargs == 0 {
			argError(l, 1, "value expected")
		}
		l.frames[at].guard, l.frames[at].pc = true, l.levels
		l.enterC()
		return l.begin(base, nargs-1, -1, endPcall)
	case deepXpcall:
		if nargs < 2 {
			argError(l, 2, "value expected")
		}
		l.frames[at].guard, l.frames[at].pc = true, l.levels
		l.enterC()
		l.stack[base+2] = l.stack[base]
		l.top = base + 3
		return l.begin(base+2, 0, -1, endXpcall)
	case deepTostring:
		return vm.beginTostring(l, base, nargs)
	case deepResume:
		return vm.resume(l, base, nargs)
	case deepWrapped:
		return vm.resumeWrapped(l, f.data.co, base, nargs)
	}
	return vm.yield(l, base, nargs)
}

func (vm *VM) beginTostring(l *thread, base, nargs int) (stop bool) {
	if nargs == 0 {
		argError(l, 1, "value expected")
	}
	v := l.stack[base]
	h := vm.handler(v, eventTostring)
	if h.isNil() {
		l.push(vm.text(v))
		return vm.leave(l.top-1, 1)
	}
	at := l.top
	l.stack[at], l.stack[at+1] = h, v
	l.top = at + 2
	l.enterC()
	return l.begin(at, 1, 1, endTostring)
}
