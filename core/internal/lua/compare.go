package lua

// comparing is a comparison of two long strings: a call of a function of no name, amid the
// instruction that compares.
type comparing struct {
	vm   *VM
	op   op // opEq, opLt or opLe
	a, b string
}

const (
	// comparedAtOnce is how many bytes of strings are compared in the time of an instruction.
	comparedAtOnce = 256
	// comparedMost is up to how many bytes strings are compared in one step.
	comparedMost = 1 << 20
)

// newComparing returns a function that compares two strings, nil if they are compared at once.
func (vm *VM) newComparing(o op, a, b value) value {
	if a.o == b.o || !a.isString() || !b.isString() || len(a.o.s) <= comparedMost ||
		len(b.o.s) <= comparedMost || o == opEq && len(a.o.s) != len(b.o.s) {
		return value{}
	}
	return vm.function(func(l *thread) int {
		return l.start(&comparing{vm, o, a.o.s, b.o.s})
	})
}

// compareLong begins to compare two long strings. One that leaves no room for the call is compared
// at once.
func (vm *VM) compareLong(l *thread, o op, a, b value, end ending) (called bool) {
	if l.full() {
		return false
	}
	f := vm.newComparing(o, a, b)
	if f.isNil() {
		return false
	}
	vm.callHandler(l, f, a, b, end, 0)
	return true
}

// full tells whether there is no room for a call from within an instruction.
func (l *thread) full() bool { return l.levels >= levelsMax-2 || len(l.frames) >= l.most }

func (j *comparing) size() int { return 0 }

func (j *comparing) step(l *thread) int {
	const part = comparedMost
	for len(j.a) > part && len(j.b) > part && j.a[:part] == j.b[:part] {
		j.a, j.b = j.a[part:], j.b[part:]
		if j.vm.spent(part / comparedAtOnce) {
			return suspended
		}
	}
	j.vm.charge(min(len(j.a), len(j.b), part) / comparedAtOnce)
	switch j.op {
	case opEq:
		l.pushBool(j.a == j.b)
	case opLt:
		l.pushBool(before(j.a, j.b))
	default:
		l.pushBool(!before(j.b, j.a))
	}
	return 1
}

// longKey is how long a key is whose hash and whose comparison count.
const longKey = 4 << 10

// chargeKey counts that a table looks for a key, which it compares at once.
func (vm *VM) chargeKey(k value) {
	if k.isString() && len(k.o.s) > longKey {
		vm.chargeLongKey(k.o)
	}
}

//go:noinline
func (vm *VM) chargeLongKey(k *object) {
	vm.charge(len(k.s) / comparedAtOnce)
	if k.hash == 0 {
		vm.charge(min(len(k.s), hashedMost) / 32)
	}
}

// before tells whether one string is less than another. A guest finds out several times as fast
// that two parts are the same as where they differ.
func before(a, b string) bool {
	const part = 4 << 10
	for len(a) > part && len(b) > part && a[:part] == b[:part] {
		a, b = a[part:], b[part:]
	}
	return a < b
}
