package lua

// growth is a table of many nodes that grows for another pair: a call of a function of no name,
// amid the instruction that has set a key. Until it is over the table is as it was, so that one
// that a library keeps is whole if the script is killed.
type growth struct {
	vm       *VM
	t        *table
	grown    table // what it becomes
	nodes    []node
	key, val value
}

const (
	// growsAtOnce is up to how many nodes a table grows within the instruction.
	growsAtOnce = 16 << 10
	// movedAtOnce is how many pairs are moved between two looks at whether the slice is over.
	movedAtOnce = 512
)

// grows tells whether a table of more than growsAtOnce nodes must grow for a key. One with a
// metatable does so within the instruction, and so does one that leaves no room for the call.
func (t *table) grows(l *thread, k value) bool {
	if t.meta != nil {
		return false
	}
	for t.free > 0 && !t.nodes[t.free-1].key.isNil() {
		t.free--
	}
	if t.free > 0 || l.levels >= levelsMax-2 || len(l.frames) >= framesMax {
		return false
	}
	if i, ok := asInt(k.n); ok && k.isNumber() && uint(i-1) < uint(len(t.arr)) {
		return false
	}
	return t.find(k) == nil && !t.nodes[t.place(k)].val.isNil()
}

// grow begins to have a table grow for another pair.
func (vm *VM) grow(l *thread, t *table, key, val value) {
	j := &growth{vm: vm, t: t, grown: *t, key: key, val: val}
	array, hash := t.sizes(key)
	j.nodes = j.grown.remake(vm, array, hash)
	at := l.scratch()
	l.enterC()
	l.stack[at] = vm.function(func(l *thread) int { return l.start(j) })
	l.top = at + 1
	l.begin(at, 0, 0, endDrop)
}

func (j *growth) size() int { return len(j.nodes) * nodeSize }

func (j *growth) step(*thread) int {
	for len(j.nodes) > 0 {
		rest := max(0, len(j.nodes)-movedAtOnce)
		j.grown.take(j.vm, j.nodes[rest:])
		j.nodes = j.nodes[:rest]
		if j.vm.spent(movedAtOnce * moveCharge) {
			return suspended
		}
	}
	t := j.t
	t.arr, t.nodes, t.free = j.grown.arr, j.grown.nodes, j.grown.free
	t.set(j.vm, j.key, j.val)
	return 0
}
