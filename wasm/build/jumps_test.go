package main

import (
	"bytes"
	"math/rand"
	"slices"
	"testing"
)

// sketch is a function as Go's assembler would write it, of parts that a test draws by lot.
type sketch struct {
	random   *rand.Rand
	parts    int // without the last, which is empty
	first    []int64
	table    []uint64
	deferred []int64 // where a panic that was recovered goes on
	jumps    bool    // it has any; else there is no loop
	calls    bool    // it has any; else nothing unwinds
	code     []byte
	part     int
}

// Calls are of the first of these functions, or of the one that calls what is deferred.
const callee, deferred = 9, 8

// returning is how a call begins: room for the address at which to go on.
const returning = "\x20\x01\x41\x08\x6b"

func sketchOf(random *rand.Rand) *sketch {
	s := &sketch{random: random, parts: 1 + random.Intn(12), jumps: random.Intn(4) > 0,
		calls: random.Intn(4) > 0}
	for i := range s.parts + 1 {
		s.first = append(s.first, int64(len(s.table)))
		for range 1 + random.Intn(2) {
			s.table = append(s.table, uint64(i))
		}
	}
	s.code = append([]byte{1, 1, 0x7f}, prologue...)
	if s.calls {
		s.code = append(s.code, opBlock, blockVoid)
	}
	if s.jumps {
		s.code = append(s.code, opLoop, blockVoid)
	}
	for range s.parts + 1 {
		s.code = append(s.code, opBlock, blockVoid)
	}
	s.code = appendUnsigned(append(s.code, opLocalGet, 0, opBrTable), uint64(len(s.table)-1))
	for _, to := range s.table {
		s.code = appendUnsigned(s.code, to)
	}
	s.code = append(s.code, end)
	for s.part = range s.parts {
		s.write()
		s.code = append(s.code, end)
	}
	if s.jumps {
		s.code = append(s.code, end)
	}
	s.code = append(s.code, opUnreachable)
	if s.calls {
		s.code = append(s.code, end, i32Const, 1)
	}
	s.code = append(s.code, end)
	return s
}

// write draws the part at hand.
func (s *sketch) write() {
	last := s.part == s.parts-1
	if !last && s.calls && s.random.Intn(8) == 0 {
		s.deferred = append(s.deferred, s.first[s.part])
		if s.random.Intn(2) == 0 {
			s.code = append(s.code, opNop)
		}
		s.call(deferred)
		return
	}
	s.trace()
	for range s.random.Intn(3) {
		s.condition()
		switch s.random.Intn(4) {
		case 0:
			s.code = append(s.code, opIf, blockVoid)
			s.trace()
			s.jump(1)
			s.code = append(s.code, end)
		case 1:
			s.code = append(s.code, 0x1a, opBlock, blockVoid)
			s.condition()
			s.code = append(s.code, opBrIf, 0)
			s.trace()
			s.code = append(s.code, end)
			s.condition()
			s.code = append(s.code, opIf, blockVoid)
			s.jump(1)
			s.code = append(s.code, end)
		default:
			s.code = append(s.code, opIf, blockVoid)
			s.jump(1)
			s.code = append(s.code, end)
		}
	}
	switch way := s.random.Intn(6); {
	case way == 0, last:
		s.code = append(s.code, i32Const, 0, opReturn)
	case way < 3:
		s.jump(0)
	case way == 3 && s.calls:
		s.call(callee)
	}
}

func (s *sketch) trace() {
	s.code = append(s.code, i32Const, byte(s.random.Intn(0x40)), 0x1a)
}

// condition compares two numbers of the machine's choice.
func (s *sketch) condition() {
	s.code = append(s.code, 0x3f, 0, 0x3f, 0)
	if s.random.Intn(2) == 0 {
		s.code = append(s.code, byte(opI32Eq+s.random.Intn(10)))
	} else {
		s.code = append(s.code, byte(opI64Eq+s.random.Intn(10)))
	}
	for range s.random.Intn(3) {
		s.code = append(s.code, opI32Eqz)
	}
}

func (s *sketch) jump(depth int) {
	if !s.jumps {
		s.code = append(s.code, i32Const, 0, opReturn)
		return
	}
	to := s.random.Intn(s.parts)
	s.code = append(appendSigned(append(s.code, i32Const), s.first[to]), opLocalSet, 0)
	s.code = append(s.code, opBr, byte(depth+s.parts-s.part))
}

// call calls, after which the next part goes on.
func (s *sketch) call(number byte) {
	s.code = append(append(s.code, returning...), 0x22, 1, 0x24, 0)
	s.code = appendSigned(append(s.code, opLocalGet, 1, 0x42), s.first[s.part+1])
	s.code = append(s.code, 0x37, 3, 0, i32Const, 0, opCall, number)
	unwind := s.parts - s.part
	if s.jumps {
		unwind++
	}
	s.code = append(append(s.code, prologue...), opBrIf, byte(unwind))
}

// machine runs what a sketch may hold, and what becomes of it.
type machine struct {
	t      *testing.T
	random *rand.Rand
	trace  []int64 // what it came past
	locals [2]int64
	resume int64 // what the last call would return to
	stack  []int64
}

const traceMax = 300

// runs runs a function, again where it says that the goroutine is switched, and returns the trace.
func runs(t *testing.T, seed int64, code []byte, deferred []int64) []int64 {
	m := &machine{t: t, random: rand.New(rand.NewSource(seed))}
	for pc := int64(0); len(m.trace) < traceMax; {
		m.locals = [2]int64{pc, 0}
		result := m.call(code[3:])
		m.trace = append(m.trace, -1-result)
		if result == 0 {
			break
		}
		pc = m.resume
		if len(deferred) > 0 && m.random.Intn(3) == 0 {
			pc = deferred[m.random.Intn(len(deferred))]
		}
	}
	return m.trace[:min(len(m.trace), traceMax)]
}

func (m *machine) pop() int64 {
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v
}

// block is one that is open: where it goes on when it is left, and the depth of blocks then.
type block struct{ next, depth int }

// call runs a function and returns its result.
func (m *machine) call(code []byte) int64 {
	var blocks []block
	for at := 0; at < len(code) && len(m.trace) < traceMax; {
		size := instructionSize(code[at:])
		if size == 0 {
			m.t.Fatalf("%x at %d", code, at)
		}
		r, op := reader{code[at+1:]}, code[at]
		at += size
		to := -1
		switch op {
		case opUnreachable:
			m.t.Fatalf("%x runs into the unreachable before %d", code, at)
		case opBlock:
			blocks = append(blocks, block{skip(code, at), len(blocks)})
		case opLoop:
			blocks = append(blocks, block{at, len(blocks) + 1})
		case opIf:
			if next := skip(code, at); m.pop() != 0 {
				blocks = append(blocks, block{next, len(blocks)})
			} else {
				at = next
			}
		case end:
			if len(blocks) == 0 {
				return m.pop()
			}
			blocks = blocks[:len(blocks)-1]
		case opBr:
			to = number(&r)
		case opBrIf:
			if m.pop() != 0 {
				to = number(&r)
			}
		case opBrTable:
			n, i := number(&r), m.pop()
			for k := 0; k <= n; k++ {
				if depth := number(&r); int64(k) == i || k == n {
					to = depth
					break
				}
			}
		case opReturn:
			return m.pop()
		default:
			m.step(op, &r)
		}
		if to >= 0 {
			b := blocks[len(blocks)-1-to]
			at, blocks, m.stack = b.next, blocks[:b.depth], m.stack[:0]
		}
	}
	return 0
}

// skip returns what follows the end of a block.
func skip(code []byte, at int) int {
	for depth := 1; ; {
		switch code[at] {
		case opBlock, opLoop, opIf:
			depth++
		case end:
			depth--
		}
		at += instructionSize(code[at:])
		if depth == 0 {
			return at
		}
	}
}

func number(r *reader) int {
	n, _ := r.unsigned()
	return int(n)
}

// step runs an instruction that leads to no other place.
func (m *machine) step(op byte, r *reader) {
	switch {
	case op == i32Const, op == 0x42:
		n, _ := r.signed()
		m.stack = append(m.stack, n)
	case op == opNop:
	case op == 0x1a: // drop
		m.trace = append(m.trace, m.pop())
	case op == 0x3f:
		m.stack = append(m.stack, int64(m.random.Intn(4)-2))
	case op == opLocalGet:
		m.stack = append(m.stack, m.locals[number(r)])
	case op == opLocalSet:
		m.locals[number(r)] = m.pop()
	case op == 0x22, op == 0x24: // local.tee, global.set
	case op == 0x23:
		m.stack = append(m.stack, 0)
	case op == 0x6b: // i32.sub
		m.pop()
	case op == 0x37: // i64.store
		m.resume = m.pop()
	case op == opCall:
		m.trace = append(m.trace, m.resume)
		m.stack = append(m.stack[:0], int64(m.random.Intn(2)))
	case op == opI32Eqz:
		m.compare(0, m.pop(), 0)
	case op >= opI32Eq && op <= opI32GeU:
		b := m.pop()
		m.compare(op-opI32Eq, m.pop(), b)
	case op >= opI64Eq && op <= opI64GeU:
		b := m.pop()
		m.compare(op-opI64Eq, m.pop(), b)
	default:
		m.t.Fatalf("instruction %x", op)
	}
}

func (m *machine) compare(op byte, a, b int64) {
	yes := [...]bool{a == b, a != b, a < b, uint64(a) < uint64(b), a > b, uint64(a) > uint64(b),
		a <= b, uint64(a) <= uint64(b), a >= b, uint64(a) >= uint64(b)}[op]
	if m.stack = append(m.stack, 0); yes {
		m.stack[len(m.stack)-1] = 1
	}
}

// TestJumps runs functions before and after, which take the same way.
func TestJumps(t *testing.T) {
	straight, loops, tables := 0, 0, 0
	for seed := range int64(400) {
		s := sketchOf(rand.New(rand.NewSource(seed)))
		f, ok := parse(s.code, runtimeCalls{deferred: deferred})
		if !ok {
			t.Fatalf("%x is not taken apart", s.code)
		}
		code := f.straight()
		for _, it := range f.arrange() {
			if it.loop != nil {
				loops++
			}
		}
		if !slices.Contains(code, opBrTable) {
			straight++
		}
		for i := range f.parts {
			if f.parts[i].stuck {
				tables++
			}
		}
		again, ok := parse(code, runtimeCalls{deferred: deferred})
		if ok && !bytes.Equal(again.straight(), code) {
			t.Errorf("%x becomes %x", code, again.straight())
		}
		for run := range int64(3) {
			was, is := runs(t, run, s.code, s.deferred), runs(t, run, code, s.deferred)
			if !slices.Equal(was, is) {
				t.Fatalf("seed %d: %x became\n%x, which does\n%v, not\n%v", seed, s.code, code, is, was)
			}
		}
	}
	if straight == 0 || loops == 0 || tables == 0 {
		t.Errorf("%d functions without a table, %d loops, %d parts for jumps back", straight, loops,
			tables)
	}
}

// TestJumpsOfOthers leaves functions alone that are laid out otherwise.
func TestJumpsOfOthers(t *testing.T) {
	whole := sketchOf(rand.New(rand.NewSource(7))).code
	for n := range whole {
		if _, ok := parse(whole[:n], runtimeCalls{deferred: deferred}); ok {
			t.Errorf("%x is taken apart", whole[:n])
		}
	}
	if _, ok := parse([]byte{0, i32Const, 1, end}, runtimeCalls{deferred: deferred}); ok {
		t.Error("a function without parts is taken apart")
	}
}

// TestEndless has what is called say what is returned, and knows which functions those are.
func TestEndless(t *testing.T) {
	returned := 0
	for seed := range int64(100) {
		s := sketchOf(rand.New(rand.NewSource(seed)))
		f, ok := parse(s.code, runtimeCalls{endless: map[uint64]bool{callee: true}})
		if !ok {
			t.Fatalf("%x is not taken apart", s.code)
		}
		code := f.straight()
		if bytes.Contains(code, append([]byte{opCall, callee}, prologue...)) {
			t.Errorf("%x goes on behind a call", code)
		}
		returned += bytes.Count(code, []byte{opCall, callee, opReturn})
	}
	if returned == 0 {
		t.Error("no call is returned from")
	}
}

// TestEndlessByName knows the functions that never return by their names.
func TestEndlessByName(t *testing.T) {
	for name, is := range map[string]bool{"fmt.Println": false, "runtime.throw": true,
		"runtime.goPanicX": true, "runtime.sigpanic": true, "runtime.throws": false} {
		image := imageOf().data
		copy(image[bytes.Index(image, []byte("fmt.Println")):], name+"\x00")
		for _, functions := range []byte{2, 3} {
			data := append([]byte{1, 0, i32Const, 0, end}, appendUnsigned(nil, uint64(len(image)))...)
			got, err := runtimeOf([]section{
				{importSection, []byte("\x01\x01m\x01f\x00\x00")}, {codeSection, []byte{functions}},
				{dataSection, append(data, image...)},
			})
			if err != nil || got.endless[1] != (is && functions == 2) || got.endless[0] ||
				got.endless[2] {
				t.Errorf("%s, %d functions: %v, %v", name, functions, got, err)
			}
		}
	}
}
