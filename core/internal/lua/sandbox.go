package lua

// entry is a function of a library.
type entry struct {
	name string
	fn   builtin
}

const (
	errReadOnly = "Attempt to modify a readonly table"
	errMissing  = "Script attempted to access nonexistent global variable '"
)

// open gives the state its globals: those of the reference's sandbox.
func (vm *VM) open() {
	vm.globals = vm.newTable(0, 0)
	vm.named = append(vm.named, vm.globals)
	vm.openBase()
	vm.globals.setField(vm, "_VERSION", constant("Lua 5.1"))
	vm.openString()
	vm.openTable()
	vm.openMath()
	vm.library("os", []entry{{"clock", vm.osClock}})
	vm.openCoroutine()
	vm.openBit()
	vm.openCjson()
	vm.openCmsgpack()
	vm.openStruct()
	vm.openRedis()
	mt := vm.newTable(0, 1)
	mt.setField(vm, "__index", vm.function(vm.missingGlobal))
	vm.globals.meta = mt
	vm.globals.setField(vm, "_G", vm.globals.value())
}

// library makes a table of functions and names it as a global.
func (vm *VM) library(name string, entries []entry) *table {
	t := vm.newTable(0, len(entries))
	t.add(vm, entries)
	vm.globals.setField(vm, name, t.value())
	vm.named = append(vm.named, t)
	return t
}

// add gives a table functions.
func (t *table) add(vm *VM, entries []entry) {
	for _, e := range entries {
		t.setField(vm, e.name, vm.function(e.fn))
	}
}

// protect makes a table read-only, and all that it leads to.
func (t *table) protect() {
	if t.fixed {
		return
	}
	t.fixed = true
	if t.meta != nil {
		t.meta.protect()
	}
	t.each(func(_, v value) {
		if inner := v.table(); inner != nil {
			inner.protect()
		}
	})
}

// writable raises an error when a table is read-only.
//
//go:noinline
func writable(l *thread, t *table) *table {
	if t.fixed {
		l.vm.failHere(errReadOnly)
	}
	return t
}

func (vm *VM) missingGlobal(l *thread) int {
	name, _ := text(l.arg(2))
	vm.throw(where(l, 1) + errMissing + cString(name) + "'")
	return 0
}

func (vm *VM) osClock(l *thread) int {
	l.pushNumber(float64(vm.host.Seconds()))
	return 1
}

// throwError raises an error that names no place itself, as a table with the field err.
//
//go:noinline
func (vm *VM) throwError(problem string) {
	vm.debugFailed(problem)
	vm.throwValue(vm.errorTable("ERR "+problem, false).value())
}

// describe turns the error that ended a script into what the client is told. The calls that were
// under way are still there.
func (vm *VM) describe(e *thrown) *Failure {
	f := &Failure{Killed: vm.killed && !vm.starve}
	switch e.v.kind() {
	case kindTable:
		t := e.v.table()
		if s, ok := text(t.field("err")); ok {
			f.Text = s
		} else {
			f.Text = "ERR unknown error"
		}
		f.Counted = t.counted()
	default:
		f.Code, f.Text = "ERR ", vm.tostring(e.v)
	}
	f.Text = cString(f.Text)
	fr, ok := vm.l.level(0)
	if ok && fr != nil && fr.fn.proto == nil {
		fr, ok = vm.l.level(1)
	}
	switch {
	case !ok:
	case fr == nil:
		f.Source, f.Line = "=(tail call)", -1
	case fr.fn.proto == nil:
		f.Source, f.Line = "=[C]", -1
	default:
		f.Source, f.Line = fr.fn.proto.chunk.source, fr.line()
	}
	return f
}
