package lua

// begin calls what lies on the stack at a place, with the arguments behind it. It returns at once;
// a function of a script is run by the loop, and so is the job that a function of a library leaves.
// stop says that the script is over, or its slice.
func (l *thread) begin(at, nargs, want int, end ending) (stop bool) {
	vm := l.vm
	f := l.stack[at].function()
	for f == nil {
		nargs = vm.callable(l, at, nargs)
		f = l.stack[at].function()
	}
	if len(l.frames) >= l.most {
		l.overflow()
	}
	p := f.proto
	if p == nil {
		l.frame().begin(f, at+1, at, want, end, nargs, l.dest)
		if f.deep != deepNone {
			return vm.beginDeep(l, f, nargs)
		}
		l.room(l.top, windowMax)
		n := f.native(l)
		if n < 0 {
			return vm.stepped(l, n)
		}
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
	l.frame().begin(f, base, at, want, end, extra, l.dest)
	return false
}

// begin makes a frame that of a call. Go would make a new one and copy that.
func (fr *frame) begin(f *function, base, ret, want int, end ending, extra, dest int) {
	fr.fn, fr.base, fr.pc, fr.ret, fr.want = f, base, 0, ret, want
	fr.extra, fr.tails, fr.end, fr.dest = extra, 0, end, dest
	fr.guard = false
}

// frame makes room for another call.
func (l *thread) frame() *frame {
	n := len(l.frames)
	if n == cap(l.frames) {
		l.frames = append(l.frames, frame{})
	}
	l.frames = l.frames[:n+1]
	return &l.frames[n]
}

// enter calls a function of a script that takes no ..., if there is room, as most of all calls are.
func (l *thread) enter(f *function, at, want int, end ending) bool {
	p, n := f.proto, len(l.frames)
	if n >= l.most || n == cap(l.frames) || at+1+windowMax+p.size > len(l.stack) {
		return false
	}
	for i := l.top; i < at+1+p.params; i++ {
		l.stack[i] = value{}
	}
	l.frames = l.frames[:n+1]
	l.frames[n].begin(f, at+1, at, want, end, 0, l.dest)
	return true
}

// shift moves the parameters of a call behind all its arguments, where ... finds the others.
func (l *thread) shift(p *proto, at, nargs int) (base, extra int) {
	base, extra = at+1+nargs, max(0, nargs-p.params)
	l.vm.charge(nargs / passCharge)
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
		l.vm.charge(n / passCharge)
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
// says that this was the script.
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
		case endJob: // the loop finds it on top
			l.top = to + 1
			return false
		case endPcall:
			l.stack[to-1] = trueValue
			from, n = to-1, l.top-to+1
			continue
		case endXpcall:
			l.stack[to-1] = trueValue
			from, n = to-1, l.top-to+1
			continue
		case endHandler:
			return vm.guarded(l, l.guardian(), l.stack[to])
		case endTostring:
			from, n = to, 1
			continue
		case endCaught:
			at := l.frames[len(l.frames)-1].base
			from, n = at-1, told(l, at, l.stack[to])
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
	if len(l.frames) >= l.most { // it is a call before it takes the other's place
		l.overflow()
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

// forCall calls the iterator of a generic for, as C calls functions. Those of pairs and ipairs are
// mostly not called at all.
func (vm *VM) forCall(l *thread, at, results int) (stop bool) {
	if t := l.stack[at+1].table(); t != nil && results <= 2 && !l.full() {
		switch r, last := l.stack[at+3:at+5], l.stack[at+2]; l.stack[at].o {
		case vm.pairs[0].o:
			i := int(last.n) + 1
			if last.isNumber() && uint(i-1) < uint(len(t.arr)) && float64(i) == last.n+1 {
				if r[0], r[1] = integer(i), t.arr[i-1]; r[1].isNil() {
					r[0] = value{}
				}
				return false
			}
		case vm.pairs[1].o:
			if i, ok := t.index(last); ok {
				if k, v, i := t.near(vm, i); i < 0 {
					r[0], r[1] = k, v
					return false
				}
			}
		}
	}
	l.enterC()
	copy(l.stack[at+3:at+6], l.stack[at:at+3])
	l.top = at + 6
	if f := l.stack[at].function(); f != nil && f.proto != nil && !f.proto.vararg &&
		l.enter(f, at+3, results, endDrop) {
		return false
	}
	return l.begin(at+3, 2, results, endDrop)
}

// forPrepare begins a numeric for. Strings that read as numbers will do.
func (vm *VM) forPrepare(l *thread, a int) {
	r := l.stack[l.frames[len(l.frames)-1].base+a:]
	for i, what := range [...]string{"initial value", "limit", "step"} {
		n, ok := vm.toNumber(r[i])
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

// closure1 is a function with one upvalue, and closure4 one with a few: the fewer pieces, the less
// there is to allocate. own is the upvalue when the function is the first that closes over it.
type closure1 struct {
	function
	ups [1]*upvalue
	own upvalue
}

type closure4 struct {
	function
	ups [4]*upvalue
}

func (vm *VM) closure(l *thread, fr *frame, p *proto) value {
	n := len(p.ups)
	switch {
	case n == 0:
		return vm.newFunction(&function{proto: p, env: fr.fn.env})
	case n == 1:
		c := &closure1{function: function{proto: p, env: fr.fn.env}}
		if from := p.ups[0]; from.local {
			c.ups[0] = l.capture(fr.base+from.at, &c.own)
		} else {
			c.ups[0] = fr.fn.up[from.at]
		}
		c.up = c.ups[:]
		return vm.newFunction(&c.function)
	}
	var f *function
	if n <= 4 {
		c := &closure4{function: function{proto: p, env: fr.fn.env}}
		f, c.up = &c.function, c.ups[:n]
	} else {
		f = &function{proto: p, env: fr.fn.env, up: make([]*upvalue, n)}
	}
	for i, from := range p.ups {
		if from.local {
			f.up[i] = l.capture(fr.base+from.at, nil)
		} else {
			f.up[i] = fr.fn.up[from.at]
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
	vm.charge(n / passCharge)
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
	last  bool // nothing handles it
}

// attempt runs the loop until the script or its slice is over, or an error happens. nargs is how
// many arguments a script is to begin with, -1 if it has begun; before is the error that ended the
// last attempt.
func (vm *VM) attempt(nargs int, before *thrown) (e *thrown) {
	defer func() {
		if r := recover(); r != nil {
			var ok bool
			if e, ok = r.(*thrown); !ok || vm.inHost {
				panic(r)
			}
		}
	}()
	stop := false
	switch {
	case before != nil && !before.fatal && vm.left <= 0 && vm.look(): // what made it took long
		vm.raised = before
		return nil
	case before != nil:
		stop = vm.catch(before)
	case nargs >= 0:
		vm.l.levels++
		stop = vm.l.begin(0, nargs, 1, endRun)
	}
	if !stop {
		vm.execute()
	}
	return nil
}

// catch finds the pcall, xpcall or load that catches an error, and has it go on there. If there is
// none, the script ends. A coroutine ends by an error, which is then its resumer's.
func (vm *VM) catch(e *thrown) (stop bool) {
	for {
		l := vm.l
		if i := l.guardian(); i >= 0 && !e.fatal {
			if e.last {
				return vm.guarded(l, i, e.v)
			}
			return vm.handle(l, i, e)
		}
		if l == vm.main {
			vm.failure = vm.describe(e)
			l.closeFrom(0) // a library's function may have kept one that is closed over them
			vm.detached = false
			return true
		}
		if caught, stop := vm.threadFails(l, e); caught {
			return stop
		}
	}
}

// guardian finds the innermost call that catches errors; -1 if there is none.
//
//go:noinline
func (l *thread) guardian() int {
	i := len(l.frames) - 1
	for i >= 0 && !l.frames[i].guard {
		i--
	}
	return i
}

// handle has an error handled before it is caught, while the calls up to there still stand: by the
// handler of an xpcall, which handles its own errors too, or by that of Redis for a load that is in
// no pcall.
func (vm *VM) handle(l *thread, caught int, e *thrown) (stop bool) {
	i := caught
	for i >= 0 && !(l.frames[i].guard && l.frames[i].fn.deep != deepNone) { // load has no handler
		i--
	}
	if i < 0 && l == vm.main {
		return vm.guarded(l, caught, vm.loadFailure(e))
	}
	if i < 0 || l.frames[i].fn.deep != deepXpcall {
		return vm.guarded(l, caught, e.v)
	}
	handler := l.stack[l.frames[i].base+1]
	if handler.function() == nil {
		vm.failHandling()
	}
	at := l.scratch()
	l.enterC()
	l.stack[at], l.stack[at+1] = handler, e.v
	l.top = at + 2
	return l.begin(at, 1, 1, endHandler)
}

// loadFailure is what load makes of an error of its function where no pcall is around it: what
// Redis's handler of a script's errors makes of that.
func (vm *VM) loadFailure(e *thrown) value {
	if e.v.table() != nil {
		return e.v
	}
	f := vm.describe(e)
	t := vm.errorTable(f.String(), false)
	if f.Line > 0 {
		t.setField(vm, "source", vm.str(f.Source))
		t.setField(vm, "line", integer(f.Line))
	}
	return t.value()
}

// guarded ends the calls within a pcall, xpcall or load and goes on there with an error.
func (vm *VM) guarded(l *thread, i int, err value) (stop bool) {
	l.frames = l.frames[:i+1]
	fr := &l.frames[i]
	l.closeFrom(fr.base)
	l.underflow()
	l.levels = fr.pc
	at := fr.base
	fr.guard = false
	switch fr.fn.deep {
	case deepPcall:
		l.dropJobs(i + 1)
		l.stack[at-1], l.stack[at] = falseValue, err
		return vm.caught(l, at)
	case deepXpcall:
		l.dropJobs(i + 1)
		l.stack[at], l.stack[at+1] = falseValue, err
	default: // it is load, whose reader failed
		l.dropJobs(i)
		l.stack[at], l.stack[at+1] = value{}, err
	}
	l.top = at + 2
	return vm.leave(at, 2)
}

// caught ends a pcall with an error, which lies at a place of the stack. Of an error table pcall
// returns the text, as before errors were tables, which a metamethod may be asked for.
func (vm *VM) caught(l *thread, at int) (stop bool) {
	if l.stack[at].table() == nil {
		return vm.leave(at-1, 2)
	}
	calls := len(l.frames)
	l.top = at + 2
	stop = vm.indexFor(l, l.stack[at], value{o: announcing[inErr]}, endCaught, 1, -1)
	if len(l.frames) != calls { // a metamethod was called
		return stop
	}
	return vm.leave(at-1, told(l, at, l.stack[at+1]))
}

// told puts the text of an error table in its place on the stack, and returns how many values pcall
// returns: a table without a text is followed by what was found for it.
func told(l *thread, at int, text value) int {
	if isText(text) {
		l.stack[at] = text
		return 2
	}
	l.stack[at+1] = text
	return 3
}

// beginDeep calls a function that calls others or changes threads: its call lies on top.
func (vm *VM) beginDeep(l *thread, f *function, nargs int) (stop bool) {
	at := len(l.frames) - 1
	base := l.frames[at].base
	l.room(l.top, windowMax)
	switch f.deep {
	case deepPcall:
		if nargs == 0 { // Redis's pcall finds a boolean there
			l.push(falseValue)
			nargs = 1
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
