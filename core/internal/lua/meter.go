package lua

import "math"

// meter counts a script's instructions, and what else takes time or memory.
type meter struct {
	left   int // instructions until the next look
	slice  int // instructions that the slice still has beyond those
	slices int64
	killed bool
	starve bool // it was killed because it took too much memory
	live   bool // a script runs; else nothing can be suspended

	made   int // bytes since there was last asked for memory
	most   int // bytes that a script may have
	used   int // bytes of the heap: what was alive when that was last measured, and all made since
	bound  int // at how many the next measure is taken
	marks  uint16
	due    bool      // what is alive is to be measured at the next look
	amid   bool      // it is being measured: the script stands still
	marked []*object // what a measure has still to look into
	parts  []part    // and what of the large tables and stacks that it is in
}

// part is what of a table or stack is still to be measured.
type part struct {
	values []value
	nodes  []node
}

const (
	// SliceSize is the number of instructions after which Start and Continue return: a millisecond
	// or less of a native machine, a few of a guest.
	SliceSize = 50_000
	// lookEvery is the number of instructions between two looks at what else is to be done.
	lookEvery = 1024
	// memoryMax bounds the memory of a script. A guest has 4 GiB in all, and Go's collector needs
	// as much again as is alive. It is the same on every host, since it shows in replies.
	memoryMax = 1 << 30
	// measureEvery is how many bytes a script makes, at least, before what is alive is measured.
	measureEvery = 64 << 20
	// measureNext is the most bytes at which the next measure is taken, where an int has 32 bits too.
	measureNext = 3 << 29
	// measureLate is how many bytes more may be made until the next look; else it is measured at once.
	measureLate = 256 << 20
	// measuredAtOnce is how many values are measured between two looks at whether the slice is over,
	// and before what they lead to, so that the list of what was found stays short.
	measuredAtOnce = 512
	// measuredWhole is up to how many values are measured at once with the table that they are in.
	measuredWhole = 32
)

//go:noinline
func (m *meter) begin() {
	m.left, m.slice, m.slices = lookEvery, SliceSize-lookEvery, 0
	m.killed, m.starve = false, false
	m.used, m.bound = 0, min(measureEvery, m.most)
	m.forget()
}

// forget ends a measure.
func (m *meter) forget() {
	m.due, m.amid = false, false
	m.marked, m.parts = nil, nil
}

// charge counts work of a library function as if it were instructions.
func (m *meter) charge(instructions int) { m.left -= instructions }

// look runs when a stretch of instructions is over: it suspends the script when its slice is, and
// ends it when it was killed. stop says that the run is to end here and go on later.
func (vm *VM) look() (stop bool) {
	m := &vm.meter
	if !m.live {
		vm.host.Yield()
		m.left = lookEvery
		return false
	}
	if !m.killed {
		vm.host.Yield()
		m.slice += m.left // what a charge took beyond the stretch
		waits := m.due && !vm.measured()
		if m.slice <= 0 {
			m.slice = SliceSize
			m.slices++
			stop = true
		}
		if waits {
			m.left, vm.detached = 0, true
			return true
		}
	}
	if m.killed {
		m.left = 0
		vm.die()
	}
	m.left = lookEvery
	m.slice -= lookEvery
	vm.detached = vm.detached || stop
	return stop
}

// spent counts work of a library function that may take long; stop says that its slice is over.
func (vm *VM) spent(instructions int) (stop bool) {
	vm.left -= instructions
	return vm.left <= 0 && vm.look()
}

// die ends a script that is doomed.
func (vm *VM) die() {
	problem := "Script killed by user with SCRIPT KILL."
	if vm.starve {
		problem = "not enough memory"
	}
	place := where(vm.l, 0)
	if place == "" {
		place = where(vm.l, 1)
	}
	panic(&thrown{v: constant(place + problem), fatal: true})
}

// count counts bytes that are about to be made.
func (vm *VM) count(size int) {
	if vm.made += size; vm.made >= large {
		vm.made = 0
		vm.spares.age()
		if !vm.host.Room(roomAhead, large) {
			vm.starved()
		}
	}
	if vm.used += size; vm.used > vm.bound {
		vm.exceeded()
	}
}

// roomAhead is how much memory there must be, each time that a megabyte was made, for a script to
// go on: what is garbage already takes its place until the collector comes by.
const roomAhead = 16 << 20

func (m *meter) uncount(size int) { m.used -= size }

// large is the size from which on there is asked for the memory of a thing.
const large = 1 << 20

// reserve counts the parts of a table or a stack before they are made.
func (vm *VM) reserve(size int) {
	if size >= large && !vm.host.Room(2*size, 2*size) {
		vm.starved()
	}
	vm.count(size)
}

// allocated counts the work of making a string, for which there must be memory.
func (vm *VM) allocated(size int) {
	if size > StringMax {
		fail(vm.l, "not enough memory")
	}
	vm.left -= size / 1024
	if size >= large && !vm.host.Room(2*size, 2*size) {
		vm.starved()
	}
	if vm.used+size > vm.bound {
		vm.exceeded()
	}
}

// starved ends a script for want of memory.
//
//go:noinline
func (vm *VM) starved() {
	if !vm.live {
		return // there was room for the source that is being compiled
	}
	vm.starve, vm.killed = true, true
	vm.die()
}

// exceeded has what is alive measured at the next look, which is to be soon.
func (vm *VM) exceeded() {
	m := &vm.meter
	if !m.live {
		return // a source is compiled, for which there was room
	}
	if !m.due {
		m.slice += m.left
		m.due, m.left = true, 0
	}
	if m.used > m.bound+measureLate {
		slice := m.slice
		m.slice = math.MaxInt
		vm.measured()
		m.slice = slice
	}
}

// measured counts the memory of all that is alive, until that is done or the slice is over, and
// ends a script that takes too much.
func (vm *VM) measured() bool {
	m := &vm.meter
	if !m.amid {
		m.amid = true
		m.marks++
		m.used = 0
		vm.mark(&vm.globals.object)
		for l := vm.l; l != nil; l = l.from {
			vm.mark(&l.object)
		}
		vm.mark(&vm.main.object)
	}
	for m.slice > 0 {
		at, last := len(m.marked)-1, len(m.parts)-1
		switch {
		case at >= 0:
			o := m.marked[at]
			m.marked = m.marked[:at]
			vm.measureObject(o)
			m.slice -= 2
		case last >= 0:
			p := m.parts[last]
			m.parts = m.parts[:last]
			n := min(len(p.values), measuredAtOnce)
			k := min(len(p.nodes), measuredAtOnce-n)
			if rest := (part{p.values[n:], p.nodes[k:]}); len(rest.values)+len(rest.nodes) > 0 {
				m.parts = append(m.parts, rest)
			}
			vm.measurePart(part{p.values[:n], p.nodes[:k]})
		default:
			if m.forget(); m.used > m.most {
				vm.starved()
			}
			m.bound = min(max(min(measureEvery, m.most), 2*m.used), measureNext)
			return true
		}
	}
	return false
}

// mark notes an object that is alive, unless it is known to be.
//
//go:noinline
func (vm *VM) mark(o *object) {
	if o == nil || o.all || o.mark == vm.marks {
		return
	}
	switch o.kind {
	case kindString:
		vm.used += stringSize + len(o.s)
		o.mark = vm.marks
	case kindTable, kindFunction, kindThread:
		o.mark = vm.marks
		vm.marked = append(vm.marked, o)
	}
}

func (vm *VM) measureObject(o *object) {
	switch o.kind {
	case kindTable:
		t := o.t
		vm.used += tableSize + len(t.arr)*valueSize
		p := part{values: t.arr}
		if !t.bare() {
			vm.used += len(t.nodes) * nodeSize
			p.nodes = t.nodes
		}
		if len(p.values)+len(p.nodes) > measuredWhole {
			vm.parts = append(vm.parts, p)
		} else {
			vm.measurePart(p)
		}
		if t.meta != nil {
			vm.mark(&t.meta.object)
		}
	case kindFunction:
		f := o.f
		vm.used += functionSize + len(f.up)*(8+upvalueSize)
		for _, u := range f.up {
			vm.mark(u.p.o)
		}
		if f.data != nil && f.data.co != nil {
			vm.mark(&f.data.co.object)
		}
		if f.env != nil {
			vm.mark(&f.env.object)
		}
	case kindThread:
		vm.measureThread(o.co)
	}
}

func (vm *VM) measureThread(l *thread) {
	vm.used += threadSize + len(l.stack)*valueSize
	for _, j := range l.jobs {
		vm.used += j.size()
	}
	top := l.top
	for i := range l.frames {
		fr := &l.frames[i]
		vm.mark(&fr.fn.object)
		if fr.fn.proto != nil {
			top = max(top, fr.base+fr.fn.proto.size)
		}
	}
	vm.parts = append(vm.parts, part{values: l.stack[:min(top, len(l.stack))]})
}

// measurePart marks what a part leads to.
func (vm *VM) measurePart(p part) {
	vm.slice -= len(p.values)/2 + len(p.nodes)
	for i := range p.values {
		vm.mark(p.values[i].o)
	}
	for i := range p.nodes {
		vm.mark(p.nodes[i].key.o)
		vm.mark(p.nodes[i].val.o)
	}
}

func (m *meter) kill() {
	m.killed = true
	m.left, m.slice = 0, 0
}
