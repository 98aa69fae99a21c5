package main

// item is a part, or a loop of parts, of which the first is where it is entered.
type item struct {
	part int
	loop []item // nil for a part
}

// arrange makes loops of the jumps back. A loop that would have to be entered elsewhere than at its
// head stays the table's.
func (f *function) arrange() []item {
	order := make([]int, len(f.parts))
	for i := range order {
		order[i] = i
	}
	for {
		items, stuck := f.loops(order, false)
		if stuck < 0 {
			return items
		}
		f.parts[stuck].stuck, f.parts[stuck].entered = true, true
	}
}

// loops finds the loops among parts in an order; within a loop, jumps to the first of them are its
// own. It returns a part to which there are jumps back that no loop can be made of, or -1.
func (f *function) loops(order []int, within bool) (items []item, stuck int) {
	at := f.positions(order)
	last := make([]int, len(order)) // the last from which there is a jump back to each
	for i := range order {
		last[i] = -1
		for _, j := range f.parts[order[i]].jumps {
			if j.to >= 0 && at[j.to] >= 0 && at[j.to] <= i {
				last[at[j.to]] = i
			}
		}
	}
	for i := 0; i < len(order); i++ {
		part := order[i]
		if last[i] < 0 || f.parts[part].stuck || within && i == 0 {
			items = append(items, item{part: part})
			continue
		}
		to := i
		for k := i; k <= to; k++ {
			to = max(to, last[k])
		}
		head, ok := f.entry(order, at, i, to)
		if !ok {
			return nil, part
		}
		// Go puts the condition of a loop at its end, where it is entered: that comes first now.
		turned := append(append([]int{}, order[head:to+1]...), order[i:head]...)
		loop, stuck := f.loops(turned, true)
		if stuck >= 0 {
			return nil, stuck
		}
		items = append(items, item{turned[0], loop})
		i = to
	}
	return items, -1
}

// positions is where each part stands in an order, -1 for those that do not.
func (f *function) positions(order []int) []int {
	at := make([]int, len(f.parts))
	for i := range at {
		at[i] = -1
	}
	for i, part := range order {
		at[part] = i
	}
	return at
}

// entry finds the one part from i up to k in an order that is entered from elsewhere.
func (f *function) entry(order, at []int, i, k int) (head int, ok bool) {
	head = -1
	enter := func(to int) bool {
		if head < 0 {
			head = to
		}
		return head == to
	}
	for pos, part := range order {
		inside := i <= pos && pos <= k
		if inside && f.parts[part].entered && !enter(pos) {
			return 0, false
		}
		for _, j := range f.parts[part].jumps {
			if inside || j.to < 0 {
				continue
			}
			if to := at[j.to]; i <= to && to <= k && !enter(to) {
				return 0, false
			}
		}
	}
	return max(head, i), true
}

// writer writes a function.
type writer struct {
	f       *function
	dst     []byte
	labels  []int  // where branches can go, from the outermost block on: parts, and those below
	place   []int  // of each part among all, as they are written
	target  []bool // the parts to which there are jumps forward, past others
	jumping bool   // there are jumps by the table
}

// Labels that are no parts.
const (
	labelTable = -2 - iota
	labelTrap
)

// straight is the function with jumps that go straight.
func (f *function) straight() []byte {
	w := &writer{f: f, dst: append([]byte{}, f.head...)}
	items := f.arrange()
	w.place, w.target = make([]int, len(f.parts)), make([]bool, len(f.parts))
	w.number(items, 0)
	table := false
	for i := range f.parts {
		p := &f.parts[i]
		table = table || p.entered && i > 0 || p.stuck
		w.jumping = w.jumping || p.stuck
		for _, j := range p.jumps {
			if j.to >= 0 && w.place[j.to] > w.place[i] && !w.falls(i, &j) {
				w.target[j.to] = true
			}
		}
	}
	if f.unwind {
		w.open(opBlock, unwinding)
	}
	if table {
		w.open(opBlock, labelTrap)
	}
	if w.jumping {
		w.open(opLoop, labelTable)
	}
	w.items(items, table)
	if w.jumping {
		w.close()
	}
	if table {
		w.close()
	}
	w.dst = append(w.dst, opUnreachable)
	if f.unwind {
		w.close()
		w.dst = append(w.dst, i32Const, 1)
	}
	return append(w.dst, end)
}

// number gives parts their places and returns the next one.
func (w *writer) number(items []item, next int) int {
	for _, it := range items {
		if it.loop != nil {
			next = w.number(it.loop, next)
		} else {
			w.place[it.part] = next
			next++
		}
	}
	return next
}

// falls tells whether a jump at the end of part i goes to what is written next.
func (w *writer) falls(i int, j *jump) bool {
	return j.op == opBr && j.depth == 0 && j.at == len(w.f.parts[i].code) && j.to >= 0 &&
		w.place[j.to] == w.place[i]+1
}

func (w *writer) open(op byte, label int) {
	w.dst = append(w.dst, op, blockVoid)
	w.labels = append(w.labels, label)
}

func (w *writer) close() {
	w.dst = append(w.dst, end)
	w.labels = w.labels[:len(w.labels)-1]
}

// items writes parts and loops in a row; with table they are those of the whole function, and
// entered by it.
func (w *writer) items(items []item, table bool) {
	needed := make([]bool, len(items))
	for i := range items {
		part := items[i].part
		inner := !table && i == 0 // the head of a loop
		needed[i] = w.target[part] && !inner || table && w.f.parts[part].entered
	}
	for i := len(items) - 1; i >= 0; i-- {
		if needed[i] {
			w.open(opBlock, items[i].part)
		}
	}
	if table {
		w.table()
	}
	for i, it := range items {
		if needed[i] {
			w.close()
		}
		if it.loop == nil {
			w.part(it.part)
			continue
		}
		w.open(opLoop, it.part)
		w.items(it.loop, false)
		w.close()
	}
}

// table writes the table, which traps where a part is named that nobody enters by it.
func (w *writer) table() {
	trap := w.depth(labelTrap)
	to, size := make([]int, 0, len(w.f.table)), 0
	for _, i := range w.f.table {
		if w.f.parts[i].entered {
			to = append(to, w.depth(i))
			size = len(to)
		} else {
			to = append(to, trap)
		}
	}
	w.dst = appendUnsigned(append(w.dst, opLocalGet, 0, opBrTable), uint64(size))
	for _, depth := range append(to[:size], trap) {
		w.dst = appendUnsigned(w.dst, uint64(depth))
	}
}

// depth is how many blocks within that of a label are open, -1 if that is not.
func (w *writer) depth(label int) int {
	for i := len(w.labels) - 1; i >= 0; i-- {
		if w.labels[i] == label {
			return len(w.labels) - 1 - i
		}
	}
	return -1
}

// part writes a part.
func (w *writer) part(i int) {
	p, done := &w.f.parts[i], 0
	for k := range p.jumps {
		j := &p.jumps[k]
		w.dst = append(w.dst, p.code[done:j.at]...)
		done = j.at
		if w.falls(i, j) {
			continue
		}
		if depth := w.depth(j.to); depth >= 0 {
			w.dst = appendUnsigned(append(w.dst, j.op), uint64(depth+j.depth))
			continue
		}
		// By the table: PC_B is set first, which a condition must not miss.
		depth := w.depth(labelTable) + j.depth
		if j.op == opBrIf {
			w.dst = append(w.dst, opIf, blockVoid)
			depth++
		}
		w.dst = append(appendSigned(append(w.dst, i32Const), j.pc), opLocalSet, 0)
		w.dst = appendUnsigned(append(w.dst, opBr), uint64(depth))
		if j.op == opBrIf {
			w.dst = append(w.dst, end)
		}
	}
	w.dst = append(w.dst, p.code[done:]...)
	if n := len(w.f.parts) - 1; i == n && w.place[i] < n {
		w.dst = append(w.dst, opUnreachable)
	}
}
