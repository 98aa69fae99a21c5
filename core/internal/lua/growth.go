package lua

// growth is a large table that grows for another key. Until it is over the table is as it was, so
// that one that a library keeps is whole if the script is killed.
type growth struct {
	vm    *VM
	t     *table
	grown table // what it becomes
	key   value
	redo  bool // the instruction of the call around this one, which needs it, is then run once more

	phase growthPhase
	at    int // how far that is
	count keyCount
}

// growthPhase is what a growth is doing.
type growthPhase uint8

const (
	countsArray growthPhase = iota
	countsNodes
	copiesArray
	opensNodes
	movesNodes
)

const (
	// growsAtOnce is up to how many nodes, or places of the array, a table grows within the
	// instruction, which counts ten for each node then.
	growsAtOnce = 8 << 10
	// movedAtOnce is how many pairs are moved between two looks at whether the slice is over, and
	// passedAtOnce how many are counted or copied.
	movedAtOnce  = 512
	passedAtOnce = 8 << 10
)

// large tells whether a table grows in steps, if it grows.
func (t *table) large() bool { return len(t.nodes) > growsAtOnce || len(t.arr) > growsAtOnce }

// grows tells whether a large table must grow for a key.
func (t *table) grows(k value) bool {
	for t.free > 0 && !t.nodes[t.free-1].key.isNil() {
		t.free--
	}
	if t.free > 0 {
		return false
	}
	if i, ok := asInt(k.n); ok && k.isNumber() && uint(i-1) < uint(len(t.arr)) {
		return false
	}
	return t.bare() || t.find(k) == nil && !t.nodes[t.place(k)].val.isNil()
}

// newGrowth makes ready for having a table grow for another key.
//
//go:noinline
func (vm *VM) newGrowth(t *table, key value) *growth {
	return &growth{vm: vm, t: t, grown: *t, key: key}
}

// growFirst has a table grow before the step of a job goes on.
//
//go:noinline
func (l *thread) growFirst(t *table, key value) int {
	l.ahead = l.vm.newGrowth(t, key)
	return waiting
}

// growBefore has a table grow before a call of a function of a library, which has changed nothing
// yet, is made once more.
//
//go:noinline
func (l *thread) growBefore(fn builtin, t *table, key value) int {
	l.later(fn)
	return l.growFirst(t, key)
}

// growHere has a table grow for the instruction under way, by a call of a function of no name.
func (vm *VM) growHere(l *thread, t *table, key value) {
	j := vm.newGrowth(t, key)
	j.redo = true
	at := l.scratch()
	l.enterC()
	l.stack[at] = vm.function(func(l *thread) int { return l.start(j) })
	l.top = at + 1
	l.begin(at, 0, 0, endDrop)
}

func (j *growth) size() int {
	if j.phase <= countsNodes {
		return 0
	}
	return len(j.grown.arr)*valueSize + len(j.grown.nodes)*nodeSize
}

func (j *growth) step(l *thread) int {
	for {
		charge, over := j.part()
		if over {
			if j.redo {
				l.frames[len(l.frames)-2].pc--
			}
			return 0
		}
		if j.vm.spent(charge) {
			return suspended
		}
	}
}

// part does a part of the work, which counts so many instructions.
func (j *growth) part() (charge int, over bool) {
	t := j.t
	switch j.phase {
	case countsArray:
		from, to := j.next(len(t.arr))
		j.count.array(t.arr[from:to], from)
		return (to - from) / 8, false
	case countsNodes:
		from, to := j.next(len(t.nodes))
		j.count.nodes(t.nodes[from:to])
		if j.phase == copiesArray {
			return 0, j.resize()
		}
		return (to - from) / 8, false
	case copiesArray:
		from, to := j.next(len(t.arr))
		copy(j.grown.arr[from:to], t.arr[from:to])
		return (to - from) / 2, false // amid a collection each is marked
	case opensNodes:
		nodes := j.grown.nodes
		from, to := 0, 0
		if !j.grown.bare() {
			from, to = j.next(len(nodes))
		} else {
			j.phase = movesNodes
		}
		for i := from; i < to; i++ {
			nodes[i].next = -1
		}
		return (to - from) / 8, false
	}
	rest := len(t.nodes) - j.at
	if t.bare() {
		rest = 0
	}
	n := min(rest, movedAtOnce)
	j.grown.take(j.vm, t.nodes[rest-n:rest])
	if j.at += n; n < rest {
		return n * moveCharge, false
	}
	if len(j.grown.arr) > len(t.arr) {
		j.vm.spares.keep(t.arr)
	}
	t.arr, t.nodes, t.free = j.grown.arr, j.grown.nodes, j.grown.free
	return 0, true
}

// next is the next part of so many things; behind the last the next phase begins.
func (j *growth) next(n int) (from, to int) {
	from, to = j.at, min(n, j.at+passedAtOnce)
	if j.at = to; to == n {
		j.phase++
		j.at = 0
	}
	return from, to
}

// resize makes the parts of what the table becomes. One whose array becomes smaller is done at
// once, which over says.
func (j *growth) resize() (over bool) {
	vm, t := j.vm, j.t
	array, hash := j.count.sizes(j.key)
	if array < len(t.arr) {
		t.resize(vm, array, hash)
		return true
	}
	if array == len(t.arr) {
		j.phase = opensNodes // it has the same array
	}
	j.grown.makeParts(vm, t, array, hash)
	return false
}
