package lua

// openTable makes the table table.
func (vm *VM) openTable() {
	vm.library("table", []entry{
		{"concat", vm.tableConcat},
		{"foreach", vm.tableForeach},
		{"foreachi", vm.tableForeachi},
		{"getn", func(l *thread) int { l.pushInt(checkTable(l, 1).length()); return 1 }},
		{"insert", vm.tableInsert},
		{"maxn", vm.tableMaxn},
		{"remove", vm.tableRemove},
		{"setn", func(l *thread) int {
			checkTable(l, 1)
			fail(l, "'setn' is obsolete")
			return 0
		}},
		{"sort", vm.tableSort},
	})
}

func (vm *VM) tableConcat(l *thread) int {
	between, t := optString(l, 2, ""), checkTable(l, 1)
	from, to := optInt(l, 3, 1), 0
	if l.arg(4).isNil() {
		to = t.length()
	} else {
		to = checkInt(l, 4)
	}
	var out []byte
	for i := from; i <= to; i++ {
		vm.work(1)
		switch v := t.getInt(i); v.kind() {
		case kindString:
			out = append(out, v.o.s...)
		case kindNumber:
			out = appendNumber(out, v.n)
		default:
			fail(l, "invalid value ("+v.typeName()+") at index "+itoa(i)+
				" in table for 'concat'")
		}
		if i < to {
			out = append(out, between...)
		}
		if len(out) > StringMax {
			fail(l, "not enough memory")
		}
	}
	vm.allocated(len(out))
	l.pushBytes(out)
	return 1
}

// visit calls a function with a pair, pushes what that returns, and reports whether it is a value.
func visit(l *thread, fn, k, v value) bool {
	result := l.call(fn, k, v)
	if result.isNil() {
		return false
	}
	l.push(result)
	return true
}

func (vm *VM) tableForeach(l *thread) int {
	t, fn := checkTable(l, 1), checkFunction(l, 2)
	for k, v, at := t.after(0); at > 0; {
		if visit(l, fn, k, v) {
			return 1
		}
		i, ok := t.index(k)
		if !ok {
			vm.throw("invalid key to 'next'")
		}
		k, v, at = t.after(i)
	}
	return 0
}

func (vm *VM) tableForeachi(l *thread) int {
	t, fn := checkTable(l, 1), checkFunction(l, 2)
	for i, n := 1, t.length(); i <= n; i++ {
		if visit(l, fn, integer(i), t.getInt(i)) {
			return 1
		}
	}
	return 0
}

func (vm *VM) tableInsert(l *thread) int {
	t := checkTable(l, 1)
	writable(l, t)
	end := t.length() + 1
	switch l.count() {
	case 2:
		t.setInt(vm, end, l.arg(2))
	case 3:
		at := checkInt(l, 2)
		v := l.arg(3)
		end = max(end, at)
		vm.work((end - max(at, 1)) / 8)
		for i := end; i > at && i > 1; i-- {
			t.setInt(vm, i, t.getInt(i-1))
		}
		t.setInt(vm, at, v)
	default:
		fail(l, "wrong number of arguments to 'insert'")
	}
	return 0
}

func (vm *VM) tableRemove(l *thread) int {
	t := checkTable(l, 1)
	n := t.length()
	at := optInt(l, 2, n)
	if at < 1 || at > n {
		return 0
	}
	vm.work((n - at) / 8)
	writable(l, t)
	v := t.getInt(at)
	for ; at < n; at++ {
		t.setInt(vm, at, t.getInt(at+1))
	}
	t.setInt(vm, n, nilValue)
	l.push(v)
	return 1
}

func (vm *VM) tableMaxn(l *thread) int {
	most := 0.0
	checkTable(l, 1).each(func(k, _ value) {
		if k.isNumber() && k.n > most {
			most = k.n
		}
	})
	l.pushNumber(most)
	return 1
}

// sorter sorts a table by quicksort with the median of three, choosing and comparing as Lua 5.1
// does, so that what a comparator sees, and how a bad one is found out, is the same.
type sorter struct {
	vm   *VM
	l    *thread
	t    *table
	less value
}

func (vm *VM) tableSort(l *thread) int {
	t := checkTable(l, 1)
	s := sorter{vm: vm, l: l, t: t}
	if !l.arg(2).isNil() {
		s.less = checkFunction(l, 2)
	}
	s.sort(1, t.length())
	return 0
}

func (s *sorter) before(a, b value) bool {
	if !s.less.isNil() {
		return s.l.call(s.less, a, b).isTrue()
	}
	s.vm.work(1)
	if a.isNumber() && b.isNumber() {
		return a.n < b.n
	}
	if a.isString() && b.isString() {
		return a.o.s < b.o.s
	}
	if a.kind() != b.kind() {
		s.vm.orderFailure(a, b)
	}
	h := s.vm.orderHandler(a, b, eventLt)
	if h.isNil() {
		s.vm.orderFailure(a, b)
	}
	return s.l.call(h, a, b).isTrue()
}

// order puts the values at two places in order.
func (s *sorter) order(i, j int) {
	a, b := s.t.getInt(i), s.t.getInt(j)
	if s.before(b, a) {
		s.put(i, b)
		s.put(j, a)
	}
}

func (s *sorter) swap(i, j int) {
	a, b := s.t.getInt(i), s.t.getInt(j)
	s.put(i, b)
	s.put(j, a)
}

func (s *sorter) put(i int, v value) { writable(s.l, s.t).setInt(s.vm, i, v) }

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
	pivot := s.t.getInt(middle)
	s.swap(middle, high-1)
	i, j := low, high-1
	for {
		for i++; s.before(s.t.getInt(i), pivot); i++ {
			if i > high {
				fail(s.l, "invalid order function for sorting")
			}
		}
		for j--; s.before(pivot, s.t.getInt(j)); j-- {
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
