package ere

// instOp is what an instruction does.
type instOp uint8

const (
	opMatch  instOp = iota
	opByte          // takes the byte x, and then goes on behind it
	opSet           // takes a byte of the set number x
	opAssert        // goes on where the assertion x holds
	opJump          // goes on at x
	opSplit         // goes on at x and at y
)

// inst is an instruction, which is a state of the automaton.
type inst struct {
	op   instOp
	x, y int32
}

// task is a node of which the instructions are being written.
type task struct {
	node int32
	step int32 // how much of it is written
	pc   int32 // an instruction that waits to be told where to go on
}

// assembler writes the instructions of an expression, one node behind the other.
type assembler struct {
	nodes []node
	void  []bool // the nodes that have no instructions
	prog  []inst
	tasks []task
}

// assemble writes a program, nil if it has more than most instructions.
func assemble(nodes []node, root int32, most int) []inst {
	a := &assembler{nodes: nodes, void: make([]bool, len(nodes))}
	for i, n := range nodes {
		switch n.op {
		case nodeEmpty:
			a.void[i] = true
		case nodeIter:
			a.void[i] = a.void[n.a]
		case nodeCat, nodeAlt:
			a.void[i] = a.void[n.a] && a.void[n.b]
		}
	}
	a.push(root)
	for len(a.tasks) > 0 {
		if len(a.prog) >= most {
			return nil
		}
		a.write(&a.tasks[len(a.tasks)-1])
	}
	a.emit(opMatch, 0)
	return a.prog
}

//go:noinline
func (a *assembler) push(n int32) {
	if !a.void[n] {
		a.tasks = append(a.tasks, task{node: n, pc: none})
	}
}

func (a *assembler) pop() { a.tasks = a.tasks[:len(a.tasks)-1] }

//go:noinline
func (a *assembler) emit(op instOp, x int32) int32 {
	a.prog = append(a.prog, inst{op: op, x: x})
	return int32(len(a.prog) - 1)
}

func (a *assembler) here() int32 { return int32(len(a.prog)) }

// write writes the next part of a node. It may push a node that is a part of it, and then has done
// with t.
func (a *assembler) write(t *task) {
	n := &a.nodes[t.node]
	t.step++
	switch n.op {
	case nodeByte, nodeSet, nodeAssert:
		op := opByte + instOp(n.op-nodeByte)
		a.pop()
		a.emit(op, n.a)
	case nodeCat:
		if t.step == 1 {
			a.push(n.a)
		} else {
			a.pop()
			a.push(n.b)
		}
	case nodeAlt:
		a.writeAlt(t, n)
	case nodeIter:
		a.writeIter(t, n)
	}
}

func (a *assembler) writeAlt(t *task, n *node) {
	switch t.step {
	case 1:
		t.pc = a.emit(opSplit, a.here()+1)
		a.push(n.a)
	case 2:
		split := t.pc
		t.pc = a.emit(opJump, 0)
		a.prog[split].y = a.here()
		a.push(n.b)
	default:
		a.prog[t.pc].x = a.here()
		a.pop()
	}
}

// writeIter writes a node as often as it must match, and then in a loop, or as often as it may
// match with a way out before each. The ways out are a list through their y until their end is
// known.
func (a *assembler) writeIter(t *task, n *node) {
	again := t.step <= int32(n.min)
	switch {
	case again:
	case n.max == noEnd && t.pc != none: // the end of the loop
		a.emit(opJump, t.pc)
		a.prog[t.pc].y = a.here()
	case n.max == noEnd, t.step <= int32(n.max):
		again = true
		out := t.pc
		t.pc = a.emit(opSplit, a.here()+1)
		a.prog[t.pc].y = out
	default:
		for pc := t.pc; pc != none; {
			pc, a.prog[pc].y = a.prog[pc].y, a.here()
		}
	}
	if again {
		a.push(n.a)
	} else {
		a.pop()
	}
}

// findLiteral finds out whether an expression is nothing but alternatives of plain text, between a
// ^ and a $ that may be there. It is then matched as such.
func findLiteral(p *parser, root int32, fold bool) *literal {
	l := &literal{fold: fold}
	pieces := spine(p.nodes, nodeCat, root)
	isAssert := func(n int32, a assertion) bool {
		return p.nodes[n].op == nodeAssert && p.nodes[n].a == int32(a)
	}
	if l.begin = isAssert(pieces[0], assertBegin); l.begin {
		pieces = pieces[1:]
	}
	if len(pieces) > 0 {
		if l.end = isAssert(pieces[len(pieces)-1], assertEnd); l.end {
			pieces = pieces[:len(pieces)-1]
		}
	}
	if len(pieces) != 1 {
		return l.add(p, pieces)
	}
	for _, n := range spine(p.nodes, nodeAlt, pieces[0]) {
		if l = l.add(p, spine(p.nodes, nodeCat, n)); l == nil {
			return nil
		}
	}
	return l
}

// spine gives the parts of a chain of nodes of an op, which hang on each other's left.
//
//go:noinline
func spine(nodes []node, op nodeOp, root int32) []int32 {
	n := 1
	for at := root; nodes[at].op == op; at = nodes[at].a {
		n++
	}
	parts := make([]int32, n)
	for n--; n > 0; n-- {
		parts[n] = nodes[root].b
		root = nodes[root].a
	}
	parts[0] = root
	return parts
}

// add adds a text, or returns nil if that is none.
func (l *literal) add(p *parser, pieces []int32) *literal {
	if len(pieces) == 0 {
		return nil
	}
	text := make([]byte, 0, len(pieces))
	for _, i := range pieces {
		n := &p.nodes[i]
		c := byte(n.a)
		switch {
		case n.op == nodeByte:
		case n.op == nodeSet && l.fold:
			s := p.sets[n.a]
			for c = 'a'; c <= 'z' && !s.has(c); c++ {
			}
			if s != (set{}.with(c, c).with(c&^0x20, c&^0x20)) || c > 'z' {
				return nil
			}
		default:
			return nil
		}
		if l.fold {
			c = lower(c)
		}
		text = append(text, c)
	}
	l.texts = append(l.texts, text)
	return l
}
