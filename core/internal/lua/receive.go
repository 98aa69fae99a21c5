package lua

import (
	"strings"

	"github.com/redlet/redlet/core/internal/reply"
)

// receiving is a reply, long or with tables of RESP3, that becomes a value an element at a time.
// The tables that it is in wait on the stack. Its pieces are read one after the other, and what
// stands in several of them is brought together.
type receiving struct {
	vm     *VM
	answer *reply.Writer // has the pieces that follow
	reply  []byte        // the piece that is read
	at     int
	open   []receivingTable

	text strings.Builder // a string that stands in several pieces
	left int             // bytes of it that are still to come
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

const (
	receivingSize = 80 // bytes of a receivingTable
	// receivedCharge is for how many bytes of a string an instruction is counted. What takes a guest
	// longest is memory that is touched for the first time, half a millisecond for a megabyte.
	receivedCharge = 128
	// receivedApart is from how many bytes on a string in several pieces is copied out of each.
	receivedApart = 1024
)

// receives tells whether a reply is to become a value so; whole is nil if it is in several pieces.
func (vm *VM) receives(whole []byte) bool {
	if len(whole) == 0 || len(whole) >= bytesAtOnce {
		return true
	}
	return vm.version == 3 && strings.IndexByte("*%~>|", whole[0]) >= 0
}

// receive makes a value of a reply.
func (vm *VM) receive(l *thread, answer *reply.Writer) int {
	if size := answer.Len(); size >= large {
		vm.allocated(size)
	}
	l.ahead = &receiving{vm: vm, answer: answer}
	return becoming
}

func (j *receiving) size() int { return receivingSize*len(j.open) + j.text.Len() + j.left }

func (j *receiving) step(l *thread) int {
	for {
		n := len(j.open) - 1
		switch {
		case j.left > 0:
			j.part(l)
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
		if len(j.open) == 0 && j.left == 0 {
			return 1
		}
		if j.vm.spent(elementCharge) {
			return suspended
		}
	}
}

// next takes the next element, or begins with one that is a table.
func (j *receiving) next(l *thread) {
	j.need(1)
	line, end := lineOf(j.reply, j.at)
	for end > len(j.reply) {
		j.need(end - j.at)
		line, end = lineOf(j.reply, j.at)
	}
	vm, d := j.vm, receivingTable{}
	array := 0
	switch kind := j.reply[j.at]; {
	case (kind == '*' || kind == '>') && line[0] != '-':
		array = int(wholeNumber(line))
		d.left = array
	case kind == '%':
		d.name, d.left = "map", 2*int(wholeNumber(line))
	case kind == '~':
		d.name, d.left = "set", int(wholeNumber(line))
	case kind == '|': // attributes, of which scripts do not hear, and what they are about
		j.at = end
		for range 2 * wholeNumber(line) {
			_, j.at = vm.value(j.reply, j.at)
		}
		j.next(l)
		return
	case (kind == '$' || kind == '=') && line[0] != '-':
		n := int(wholeNumber(line))
		if end+n+2 > len(j.reply) && n >= receivedApart && kind == '$' {
			j.at, j.left = end, n
			j.text.Grow(n)
			return
		}
		vm.left -= n / receivedCharge
		j.need(end + n + 2 - j.at)
		fallthrough
	default: // what is no table, and in one piece now
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

// need has n bytes of the reply brought together: of the piece that is read, and of the next.
//
//go:noinline
func (j *receiving) need(n int) {
	for len(j.reply)-j.at < n {
		next := j.answer.Take()
		if left := j.reply[j.at:]; len(left) > 0 {
			next = append(left[:len(left):len(left)], next...)
		}
		j.reply, j.at = next, 0
	}
}

// part takes what the piece that is read has of a long string.
func (j *receiving) part(l *thread) {
	j.need(1)
	n := min(j.left, len(j.reply)-j.at)
	write(&j.text, j.reply[j.at:j.at+n])
	j.at += n
	j.vm.left -= n / receivedCharge
	if j.left -= n; j.left == 0 {
		j.need(2)
		j.at += 2
		j.put(l, j.vm.str(j.text.String()))
		j.text.Reset()
	}
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
