package lua

// receiving is a long reply that becomes a value an element at a time. The tables that it is in
// wait on the stack.
type receiving struct {
	vm    *VM
	reply []byte
	at    int
	open  []receivingTable
}

// receivingTable is a table that elements come into.
type receivingTable struct {
	_ [0]func() // not compared

	t        *table
	name     string // of the field that it goes into: "map", "set", or "" for an array
	n, left  int    // the elements that it has, and those to come: two for each pair of a map
	key, val value
	ready    bool // key and val are to be put in
}

const receivingSize = 80 // bytes of a receivingTable

func (j *receiving) size() int { return receivingSize * len(j.open) }

func (j *receiving) step(l *thread) int {
	for {
		from, n := j.at, len(j.open)-1
		switch {
		case n < 0 || j.open[n].left > 0 && !j.open[n].ready:
			j.next(l)
		case j.open[n].ready:
			d := &j.open[n]
			if d.t.large() && d.t.grows(d.key) {
				return l.growFirst(d.t, d.key)
			}
			d.t.set(j.vm, d.key, d.val)
			d.ready = false
		default:
			v, name := l.pop(), j.open[n].name
			if j.open = j.open[:n]; name != "" {
				v = j.vm.field(name, v)
			}
			j.put(l, v)
		}
		if len(j.open) == 0 {
			return 1
		}
		if j.vm.spent(elementCharge + (j.at-from)/1024) {
			return suspended
		}
	}
}

// next takes the next element, or begins with one that is a table.
func (j *receiving) next(l *thread) {
	vm, d := j.vm, receivingTable{}
	array := 0
	line, end := lineOf(j.reply, j.at)
	switch kind := j.reply[j.at]; {
	case (kind == '*' || kind == '>') && line[0] != '-':
		array = int(wholeNumber(line))
		d.left = array
	case kind == '%':
		d.name, d.left = "map", 2*int(wholeNumber(line))
	case kind == '~':
		d.name, d.left = "set", int(wholeNumber(line))
	default:
		var v value
		v, j.at = vm.value(j.reply, j.at)
		j.put(l, v)
		return
	}
	j.at = end
	d.t = vm.newTable(array, 0)
	l.push(d.t.value())
	j.open = append(j.open, d)
}

// put gives an element to the table around it. If there is none it is the whole.
func (j *receiving) put(l *thread, v value) {
	n := len(j.open) - 1
	if n < 0 {
		l.push(v)
		return
	}
	d := &j.open[n]
	d.left--
	switch {
	case d.name == "":
		d.t.arr[d.n] = v
		d.n++
		return
	case d.name == "set":
		d.key, d.val = v, trueValue
	case d.left%2 != 0:
		d.key = v
		return
	default:
		d.val = v
	}
	d.ready = !d.key.isNil()
}
