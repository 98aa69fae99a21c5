package lua

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// openTable makes the table table.
func (vm *VM) openTable() {
	vm.library("table", []entry{
		{"concat", vm.tableConcat},
		{"foreach", vm.tableForeach},
		{"foreachi", vm.tableForeachi},
		{"getn", func(l *lua.LState) int {
			l.Push(lua.LNumber(vm.behind(checkTable(l, 1)).Len()))
			return 1
		}},
		{"insert", vm.tableInsert},
		{"maxn", vm.tableMaxn},
		{"remove", vm.tableRemove},
		{"setn", func(l *lua.LState) int {
			checkTable(l, 1)
			fail(l, "'setn' is obsolete")
			return 0
		}},
		{"sort", vm.tableSort},
	})
}

func (vm *VM) tableConcat(l *lua.LState) int {
	t, between := vm.behind(checkTable(l, 1)), optString(l, 2, "")
	from, to := optInt(l, 3, 1), 0
	if l.Get(4) == lua.LNil {
		to = t.Len()
	} else {
		to = checkInt(l, 4)
	}
	var out []byte
	for i := from; i <= to; i++ {
		vm.meter.work(l, 1)
		switch v := t.RawGetInt(i).(type) {
		case lua.LString:
			out = append(out, v...)
		case lua.LNumber:
			out = appendNumber(out, float64(v))
		default:
			fail(l, "invalid value ("+typeName(v)+") at index "+itoa(i)+
				" in table for 'concat'")
		}
		if i < to {
			out = append(out, between...)
		}
		if len(out) > StringMax {
			fail(l, "not enough memory")
		}
	}
	vm.meter.allocated(len(out))
	l.Push(lua.LString(out))
	return 1
}

// visit calls the function that is argument 2 and reports whether it returned a value, which then
// lies on the stack.
func (vm *VM) visit(l *lua.LState, fn *lua.LFunction, k, v lua.LValue) bool {
	vm.enter(l)
	l.Push(fn)
	l.Push(k)
	l.Push(v)
	l.Call(2, 1)
	vm.nested--
	if l.Get(-1) != lua.LNil {
		return true
	}
	l.Pop(1)
	return false
}

func (vm *VM) tableForeach(l *lua.LState) int {
	t, fn := vm.behind(checkTable(l, 1)), checkFunction(l, 2)
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		if vm.visit(l, fn, k, v) {
			return 1
		}
	}
	return 0
}

func (vm *VM) tableForeachi(l *lua.LState) int {
	t, fn := vm.behind(checkTable(l, 1)), checkFunction(l, 2)
	for i := 1; i <= t.Len(); i++ {
		if vm.visit(l, fn, lua.LNumber(i), t.RawGetInt(i)) {
			return 1
		}
	}
	return 0
}

func (vm *VM) tableInsert(l *lua.LState) int {
	t := checkTable(l, 1)
	vm.writable(l, t)
	end := t.Len() + 1
	switch l.GetTop() {
	case 2:
		t.RawSetInt(end, l.Get(2))
	case 3:
		at := checkInt(l, 2)
		v := l.Get(3)
		end = max(end, at)
		vm.meter.work(l, (end-max(at, 1))/8)
		for i := end; i > at && i > 1; i-- {
			t.RawSetInt(i, t.RawGetInt(i-1))
		}
		t.RawSet(lua.LNumber(checkLong(l, 2)), v)
	default:
		fail(l, "wrong number of arguments to 'insert'")
	}
	return 0
}

func (vm *VM) tableRemove(l *lua.LState) int {
	t := checkTable(l, 1)
	vm.writable(l, t)
	n := t.Len()
	at := optInt(l, 2, n)
	if at < 1 || at > n {
		return 0
	}
	vm.meter.work(l, (n-at)/8)
	v := t.RawGetInt(at)
	for ; at < n; at++ {
		t.RawSetInt(at, t.RawGetInt(at+1))
	}
	t.RawSetInt(n, lua.LNil)
	l.Push(v)
	return 1
}

func (vm *VM) tableMaxn(l *lua.LState) int {
	most := 0.0
	each(vm.behind(checkTable(l, 1)), func(k, _ lua.LValue) {
		if n, ok := k.(lua.LNumber); ok {
			most = math.Max(most, float64(n))
		}
	})
	l.Push(lua.LNumber(most))
	return 1
}

// sorter sorts a table by quicksort with the median of three, choosing and comparing as Lua 5.1
// does, so that what a comparator sees, and how a bad one is found out, is the same.
type sorter struct {
	vm   *VM
	l    *lua.LState
	t    *lua.LTable
	less *lua.LFunction
}

func (vm *VM) tableSort(l *lua.LState) int {
	t := checkTable(l, 1)
	vm.writable(l, t)
	s := sorter{vm: vm, l: l, t: t}
	if l.Get(2) != lua.LNil {
		s.less = checkFunction(l, 2)
	}
	s.sort(1, t.Len())
	return 0
}

func (s *sorter) before(a, b lua.LValue) bool {
	if s.less != nil {
		s.vm.enter(s.l)
		s.l.Push(s.less)
		s.l.Push(a)
		s.l.Push(b)
		s.l.Call(2, 1)
		s.vm.nested--
		result := lua.LVAsBool(s.l.Get(-1))
		s.l.Pop(1)
		return result
	}
	s.vm.meter.work(s.l, 1)
	switch x := a.(type) {
	case lua.LNumber:
		if y, ok := b.(lua.LNumber); ok {
			return x < y
		}
	case lua.LString:
		if y, ok := b.(lua.LString); ok {
			return x < y
		}
	}
	if a.Type() != b.Type() {
		s.vm.raise(s.l, lua.LString("attempt to compare "+typeName(a)+" with "+typeName(b)))
	}
	if s.l.GetMetaField(a, "__lt") == lua.LNil {
		s.vm.raise(s.l, lua.LString("attempt to compare two "+typeName(a)+" values"))
	}
	return s.l.LessThan(a, b)
}

// order puts the values at two places in order.
func (s *sorter) order(i, j int) {
	a, b := s.t.RawGetInt(i), s.t.RawGetInt(j)
	if s.before(b, a) {
		s.t.RawSetInt(i, b)
		s.t.RawSetInt(j, a)
	}
}

func (s *sorter) swap(i, j int) {
	a, b := s.t.RawGetInt(i), s.t.RawGetInt(j)
	s.t.RawSetInt(i, b)
	s.t.RawSetInt(j, a)
}

func (s *sorter) sort(low, high int) {
	for low < high {
		s.order(low, high)
		if high-low == 1 {
			return
		}
		middle := (low + high) / 2
		s.order(low, middle)
		s.order(middle, high)
		if high-low == 2 {
			return
		}
		i := s.partition(low, high, middle)
		if i-low < high-i { // the smaller half first: it bounds the recursion
			s.sort(low, i-1)
			low = i + 1
		} else {
			s.sort(i+1, high)
			high = i - 1
		}
	}
}

// partition divides the values between two places by the one in the middle.
func (s *sorter) partition(low, high, middle int) int {
	pivot := s.t.RawGetInt(middle)
	s.swap(middle, high-1)
	i, j := low, high-1
	for {
		for i++; s.before(s.t.RawGetInt(i), pivot); i++ {
			if i > high {
				fail(s.l, "invalid order function for sorting")
			}
		}
		for j--; s.before(pivot, s.t.RawGetInt(j)); j-- {
			if j < low {
				fail(s.l, "invalid order function for sorting")
			}
		}
		if j < i {
			break
		}
		s.swap(i, j)
	}
	s.swap(high-1, i)
	return i
}
