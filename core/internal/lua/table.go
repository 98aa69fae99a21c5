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

// concatenation is table.concat.
type concatenation struct {
	vm      *VM
	t       *table
	between string
	at, to  int
	building
}

func (vm *VM) tableConcat(l *thread) int {
	between, t := optString(l, 2, ""), checkTable(l, 1)
	c := concatenation{vm: vm, t: t, between: between, at: optInt(l, 3, 1)}
	c.out = vm.scratch[:0]
	if l.arg(4).isNil() {
		c.to = t.length()
	} else {
		c.to = checkInt(l, 4)
	}
	for c.at <= c.to {
		if c.one(l); vm.spent(elementCharge) {
			long := c
			vm.scratch = nil // it is the job's now
			l.jobs = append(l.jobs, jobUnderWay{&long, len(l.frames)})
			return suspended
		}
	}
	return c.end(l)
}

func (c *concatenation) step(l *thread) int {
	for c.at <= c.to {
		if c.vm.spent(elementCharge) {
			return suspended
		}
		c.one(l)
	}
	return c.end(l)
}

// one appends the next value.
func (c *concatenation) one(l *thread) {
	switch v := c.t.getInt(c.at); v.kind() {
	case kindString:
		c.add(v.o.s)
	case kindNumber:
		c.out = appendNumber(c.out, v.n)
	default:
		fail(l, "invalid value ("+v.typeName()+") at index "+itoa(c.at)+
			" in table for 'concat'")
	}
	if c.at < c.to {
		c.add(c.between)
	}
	c.bound(l)
	c.at++
}

func (c *concatenation) end(l *thread) int {
	n := l.pushBuilt(&c.building, value{})
	c.vm.keepScratch(c.out)
	return n
}

// visiting is table.foreach, or table.foreachi, which goes from 1 to n.
type visiting struct {
	vm     *VM
	t      *table
	fn     value
	key    value
	n      int // 0 of foreach
	called bool
}

func (vm *VM) tableForeach(l *thread) int {
	return l.start(&visiting{vm: vm, t: checkTable(l, 1), fn: checkFunction(l, 2)})
}

func (vm *VM) tableForeachi(l *thread) int {
	t, fn := checkTable(l, 1), checkFunction(l, 2)
	if t.length() == 0 {
		return 0
	}
	return l.start(&visiting{vm: vm, t: t, fn: fn, key: integer(0), n: t.length()})
}

func (v *visiting) size() int { return 0 }

func (v *visiting) step(l *thread) int {
	if v.called {
		if l.stack[l.top-1].o != nil {
			return 1
		}
		l.top--
	}
	v.called = false
	if v.vm.spent(1) {
		return suspended
	}
	var val value
	if v.n > 0 {
		if v.key.n++; int(v.key.n) > v.n {
			return 0
		}
		val = v.t.getInt(int(v.key.n))
	} else {
		i, ok := v.t.index(v.key)
		if !ok {
			v.vm.throw("invalid key to 'next'")
		}
		at := 0
		if v.key, val, at = v.t.after(i); at == 0 {
			return 0
		}
		v.vm.charge((at - i) / 8)
	}
	v.called = true
	return l.callsWith(v.fn, v.key, val)
}

func (vm *VM) tableInsert(l *thread) int {
	t := checkTable(l, 1)
	writable(l, t)
	n, end := l.count(), t.length()+1
	if n == 3 {
		end = max(end, checkInt(l, 2))
	}
	if k := integer(end); t.large() && t.grows(k) {
		return l.growBefore(vm.tableInsert, t, k)
	}
	switch n {
	case 2:
		t.setInt(vm, end, l.arg(2))
	case 3:
		at := checkInt(l, 2)
		t.setInt(vm, end, nilValue) // makes its place
		if from := max(at, 1); end <= len(t.arr) && from < end {
			vm.charge((end - from) / 8)
			copy(t.arr[from:end], t.arr[from-1:end-1])
			end = from
		}
		if end > at {
			return l.makeRoom(t, end, at)
		}
		t.setInt(vm, at, l.arg(3))
	default:
		fail(l, "wrong number of arguments to 'insert'")
	}
	return 0
}

// makeRoom moves elements of a table up by one, the first of them to the place i, and puts the
// third argument in the place of the last. Places may be below 1.
func (l *thread) makeRoom(t *table, i, last int) int {
	return l.repeat(1, 0, func() int {
		if i == last {
			t.setInt(l.vm, i, l.arg(3))
			return 0
		}
		t.setInt(l.vm, i, t.getInt(i-1))
		i--
		return unfinished
	})
}

func (vm *VM) tableRemove(l *thread) int {
	t := checkTable(l, 1)
	n := t.length()
	at := optInt(l, 2, n)
	if at < 1 || at > n {
		return 0
	}
	vm.charge((n - at) / 8)
	writable(l, t)
	v := t.getInt(at)
	if n <= len(t.arr) {
		copy(t.arr[at-1:n-1], t.arr[at:n])
		at = n
	}
	for ; at < n; at++ {
		t.setInt(vm, at, t.getInt(at+1))
	}
	t.setInt(vm, n, nilValue)
	l.push(v)
	return 1
}

func (vm *VM) tableMaxn(l *thread) int {
	t, most, i := checkTable(l, 1), 0.0, 0
	return l.repeat(0, 0, func() int {
		to := min(i+passedAtOnce, t.places())
		vm.left -= (to - i) / passCharge
		for {
			k, _, at := t.within(i, to)
			if at == 0 {
				break
			}
			if i = at; k.isNumber() {
				most = max(most, k.n)
			}
		}
		if i = to; to < t.places() {
			return unfinished
		}
		l.pushNumber(most)
		return 1
	})
}
