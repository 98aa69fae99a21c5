package lua

// sorter sorts a table by quicksort with the median of three, choosing and comparing as Lua 5.1
// does, so that what a comparator sees, and how a bad one is found out, is the same.
type sorter struct {
	vm        *VM
	t         *table
	less      value
	low, high int // what is being sorted
	i, j      int // of a partition
	pivot     value
	at        sortStep
	later     []sortRange // what is still to be sorted
	answered  bool        // the comparison that was asked for is on top of the stack
}

// sortRange is a part of a table.
type sortRange struct{ low, high int }

// sortStep is the comparison whose answer a sorter goes on with.
type sortStep uint8

const (
	sortBegin  sortStep = iota
	sortEnds            // the last before the first
	sortFirst           // the middle before the first
	sortLast            // the last before the middle
	sortUp              // the next from below before the pivot
	sortDown            // the pivot before the next from above
	sortFinish          // nothing is left of this part
)

func (vm *VM) tableSort(l *thread) int {
	t := checkTable(l, 1)
	s := sorter{vm: vm, t: t, low: 1, high: t.length()}
	if !l.arg(2).isNil() {
		s.less = checkFunction(l, 2)
	}
	return l.start(&s)
}

func (s *sorter) size() int { return 0 }

func (s *sorter) step(l *thread) int {
	for {
		yes := false
		switch {
		case s.answered:
			yes, s.answered = l.pop().isTrue(), false
		case s.at == sortBegin || s.at == sortFinish:
		default:
			if s.vm.spent(2) {
				return suspended
			}
			var known bool
			if yes, known = s.compare(l); !known {
				s.answered = true
				return calling
			}
		}
		if s.next(l, yes); s.at == sortFinish {
			n := len(s.later)
			if n == 0 {
				return 0
			}
			s.low, s.high, s.at = s.later[n-1].low, s.later[n-1].high, sortBegin
			s.later = s.later[:n-1]
		}
	}
}

// compare makes the comparison that is due. If a function is to make it, known is false, and the
// call is ready.
func (s *sorter) compare(l *thread) (less, known bool) {
	var a, b value
	switch middle := (s.low + s.high) / 2; s.at {
	case sortEnds:
		a, b = s.t.getInt(s.high), s.t.getInt(s.low)
	case sortFirst:
		a, b = s.t.getInt(middle), s.t.getInt(s.low)
	case sortLast:
		a, b = s.t.getInt(s.high), s.t.getInt(middle)
	case sortUp:
		a, b = s.t.getInt(s.i), s.pivot
	case sortDown:
		a, b = s.pivot, s.t.getInt(s.j)
	}
	if s.less.o == nil {
		if a.o == &numberTag && b.o == &numberTag {
			return a.n < b.n, true
		}
		h := s.vm.newComparing(opLt, a, b)
		if h.isNil() && a.isString() && b.isString() {
			s.vm.charge(min(len(a.o.s), len(b.o.s)) / comparedAtOnce)
			return before(a.o.s, b.o.s), true
		}
		if h.isNil() && a.kind() == b.kind() {
			h = s.vm.orderHandler(a, b, eventLt)
		}
		if h.isNil() {
			s.vm.orderFailure(a, b)
		}
		l.callsWith(h, a, b)
		return false, false
	}
	at := l.top
	l.push(s.less)
	l.push(a)
	l.push(b)
	l.calls(at)
	return false, false
}

// next goes on from a comparison to the next one.
func (s *sorter) next(l *thread, yes bool) {
	middle := (s.low + s.high) / 2
	switch s.at {
	case sortBegin:
		if s.at = sortEnds; s.low >= s.high {
			s.at = sortFinish
		}
	case sortEnds:
		if yes {
			s.swap(l, s.low, s.high)
		}
		if s.at = sortFirst; s.high-s.low == 1 {
			s.at = sortFinish
		}
	case sortFirst:
		if yes {
			s.swap(l, middle, s.low)
			s.partition(l, middle)
		} else {
			s.at = sortLast
		}
	case sortLast:
		if yes {
			s.swap(l, middle, s.high)
		}
		s.partition(l, middle)
	case sortUp:
		switch {
		case !yes:
			s.at = sortDown
			s.j--
		case s.i > s.high:
			fail(l, "invalid order function for sorting")
		default:
			s.i++
		}
	case sortDown:
		switch {
		case yes && s.j < s.low:
			fail(l, "invalid order function for sorting")
		case yes:
			s.j--
		case s.j < s.i:
			s.divide(l)
		default:
			s.swap(l, s.i, s.j)
			s.at = sortUp
			s.i++
		}
	}
}

// partition begins to divide the values by the one in the middle.
func (s *sorter) partition(l *thread, middle int) {
	if s.high-s.low == 2 {
		s.at = sortFinish
		return
	}
	s.pivot = s.t.getInt(middle)
	s.swap(l, middle, s.high-1)
	s.i, s.j = s.low+1, s.high-1
	s.at = sortUp
}

// divide puts the pivot between the two parts. The smaller is sorted first, which bounds how many
// wait.
func (s *sorter) divide(l *thread) {
	s.swap(l, s.high-1, s.i)
	below, above := sortRange{s.low, s.i - 1}, sortRange{s.i + 1, s.high}
	if s.i-s.low >= s.high-s.i {
		below, above = above, below
	}
	s.later = append(s.later, above)
	s.low, s.high, s.at = below.low, below.high, sortBegin
}

func (s *sorter) swap(l *thread, i, j int) {
	t := writable(l, s.t)
	if a := t.arr; uint(i-1) < uint(len(a)) && uint(j-1) < uint(len(a)) {
		a[i-1], a[j-1] = a[j-1], a[i-1]
		return
	}
	a, b := t.getInt(i), t.getInt(j)
	t.setInt(s.vm, i, b)
	t.setInt(s.vm, j, a)
}
