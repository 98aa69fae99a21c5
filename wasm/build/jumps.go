package main

import "bytes"

// Go's assembler makes of a function one loop around all of its parts. Each time round a br_table
// goes to the part that the local PC_B names, and a jump from one part to another sets PC_B and
// begins anew:
//
//	block loop block block block  local.get PC_B  br_table  end  part 0  end  part 1  end  part 2
//
// That is how a goroutine goes on in the midst of a function. But most parts are no place where one
// ever goes on: these lie behind calls. And to whoever compiles the module every part comes from
// everywhere, so that no local can stay in a register from one to the next. So jumps forward become
// branches to the end of the block before the part, and the table names those parts alone that are
// entered by it.

// Instructions.
const (
	opUnreachable = 0x00
	opBlock       = 0x02
	opLoop        = 0x03
	opIf          = 0x04
	opBr          = 0x0c
	opBrIf        = 0x0d
	opBrTable     = 0x0e
	opReturn      = 0x0f
	opCall        = 0x10
	opLocalGet    = 0x20
	opLocalSet    = 0x21
	opI32Eqz      = 0x45
	opI32Eq       = 0x46
	opI32GeU      = 0x4f
	opI64Eqz      = 0x50
	opI64Eq       = 0x51
	opI64GeU      = 0x5a
	opWide        = 0xfc
	blockVoid     = 0x40
)

// function is a function in parts.
type function struct {
	head   []byte // locals, and what comes before the blocks
	unwind bool   // there is a block to leave where the goroutine is switched
	loop   bool
	table  []int // the part that each value of PC_B stands for; the last for greater ones, too
	parts  []part
	calls  bool // the part that was read last ends with a call

	runtimeCalls
}

// part is what lies between two ends of blocks. It ends with a jump, if only to the next part, or
// is left otherwise.
type part struct {
	code    []byte // without the branches that leave it
	starts  []int  // of the instructions in there
	depth   int    // how many of its own blocks are open, while it is read
	jumps   []jump
	entered bool // by the table: behind a call, at that of what is deferred, by a jump back
	stuck   bool // it is a jump back
}

// jump is a branch out of a part.
type jump struct {
	at    int  // where in the code
	op    byte // opBr or opBrIf
	depth int  // how many blocks of the part are around it
	to    int  // a part, or unwinding
	pc    int64
}

// unwinding is where a jump goes that leaves the function, for the goroutine to be switched.
const unwinding = -1

// prologue is how a function of Go begins: it takes SP into a local.
const prologue = "\x23\x00\x21\x01"

// setPC sets PC_B.
const setPC = "\x21\x00"

// packCode rewrites the functions of a code section.
func packCode(body []byte, known runtimeCalls, empty int64) ([]byte, error) {
	r := reader{body}
	n, err := r.unsigned()
	if err != nil {
		return nil, err
	}
	out := appendUnsigned(nil, n)
	for range n {
		code, err := r.bytes()
		if err != nil {
			return nil, err
		}
		if f, ok := parse(code, known); ok && known.deferred != 0 {
			code = f.straight()
		}
		if code, err = packCalls(code, empty); err != nil {
			return nil, err
		}
		out = append(appendUnsigned(out, uint64(len(code))), code...)
	}
	return append(out, r.rest...), nil
}

// parse takes a function apart; it is false for one that Go's assembler has laid out otherwise.
func parse(body []byte, known runtimeCalls) (f *function, ok bool) {
	f = &function{runtimeCalls: known}
	r := reader{body}
	if !f.parseHead(&r) {
		return nil, false
	}
	f.head = body[:len(body)-len(r.rest)]
	blocks := 0
	for bytes.HasPrefix(r.rest, []byte{opBlock, blockVoid}) {
		r.rest = r.rest[2:]
		blocks++
	}
	if f.loop = bytes.HasPrefix(r.rest, []byte{opLoop, blockVoid}); f.loop {
		if blocks > 1 {
			return nil, false
		}
		f.unwind, blocks = blocks == 1, 0
		for r.rest = r.rest[2:]; bytes.HasPrefix(r.rest, []byte{opBlock, blockVoid}); blocks++ {
			r.rest = r.rest[2:]
		}
	}
	if !bytes.HasPrefix(r.rest, []byte{opLocalGet, 0, opBrTable}) {
		return nil, false
	}
	r.rest = r.rest[3:]
	last := f.parseTable(&r)
	if !f.loop {
		f.unwind = blocks == last+2
		if f.unwind {
			blocks--
		}
	}
	if last < 0 || blocks != last+1 || len(r.rest) == 0 || r.rest[0] != end {
		return nil, false
	}
	r.rest = r.rest[1:]
	for i := range last + 1 {
		if !f.parsePart(&r, i, last) {
			return nil, false
		}
	}
	return f, f.parseTail(&r)
}

// parseHead reads the locals and the prologue.
func (f *function) parseHead(r *reader) bool {
	err := skipLocals(r)
	if err != nil || !bytes.HasPrefix(r.rest, []byte(prologue)) {
		return false
	}
	r.rest = r.rest[len(prologue):]
	return true
}

// skipLocals reads what locals a function has.
func skipLocals(r *reader) error {
	n, err := r.unsigned()
	for ; err == nil && n > 0; n-- {
		if _, err = r.unsigned(); err == nil && len(r.rest) > 0 {
			r.rest = r.rest[1:]
		}
	}
	return err
}

// parseTable reads the table and returns the last part that it names, -1 if it is none of Go's.
func (f *function) parseTable(r *reader) (last int) {
	n, err := r.unsigned()
	if err != nil || n > uint64(len(r.rest)) {
		return -1
	}
	for range n + 1 {
		to, err := r.unsigned()
		if err != nil || to > uint64(last+1) || to < uint64(last) {
			return -1
		}
		last = int(to)
		f.table = append(f.table, last)
	}
	return last
}

// parsePart reads part i up to the end of its block, which the last one has not.
func (f *function) parsePart(r *reader, i, last int) bool {
	p := part{entered: i == 0 || f.calls}
	for len(r.rest) > 0 && (r.rest[0] != end || p.depth > 0) {
		op, size := r.rest[0], instructionSize(r.rest)
		if size == 0 || op == opBrTable {
			return false
		}
		instruction := r.rest[:size]
		r.rest = r.rest[size:]
		switch op {
		case opBlock, opLoop, opIf:
			p.depth++
		case end:
			p.depth--
		case opCall:
			callee, _ := (&reader{instruction[1:]}).unsigned()
			p.entered = p.entered || callee == f.deferred
		case opBr, opBrIf:
			left, ok := f.parseBranch(&p, instruction, last-i, r)
			switch {
			case !ok:
				return false
			case left:
				continue
			}
		}
		p.put(instruction)
	}
	switch {
	case i < last && len(r.rest) > 0:
		r.rest = r.rest[1:]
		var over bool
		if over, f.calls = p.ends(); !over {
			p.jumps = append(p.jumps, jump{len(p.code), opBr, 0, i + 1, 0})
		}
	case i < last, !f.loop && !p.dropUnreachable():
		return false
	}
	f.parts = append(f.parts, p)
	return true
}

// parseBranch reads a branch of a part around which there are so many blocks of others, and tells
// whether it leaves the part.
func (f *function) parseBranch(p *part, branch []byte, outer int, r *reader) (left, ok bool) {
	to, _ := (&reader{branch[1:]}).unsigned()
	if to < uint64(p.depth) {
		return false, true
	}
	switch beyond := to - uint64(p.depth) - uint64(outer); {
	case f.loop && beyond == 0:
		return true, branch[0] == opBr && f.parseJump(p, r)
	case f.unwind && f.loop && beyond == 1, f.unwind && !f.loop && beyond == 0:
		if branch[0] == opBrIf && f.returns(p) {
			return true, true
		}
		p.jumps = append(p.jumps, jump{len(p.code), branch[0], p.depth, unwinding, 0})
		return true, true
	}
	return false, false
}

func (p *part) add(instruction []byte) {
	p.starts = append(p.starts, len(p.code))
	p.code = append(p.code, instruction...)
}

// last returns the instruction that is n before the end of the code, and whether it is there with
// no jump behind it.
func (p *part) last(n int) (instruction []byte, ok bool) {
	i := len(p.starts) - 1 - n
	if i < 0 || len(p.jumps) > 0 && p.jumps[len(p.jumps)-1].at > p.starts[i] {
		return nil, false
	}
	return p.code[p.starts[i]:], true
}

// drop removes the last n instructions.
func (p *part) drop(n int) {
	i := len(p.starts) - n
	p.code, p.starts = p.code[:p.starts[i]], p.starts[:i]
}

// dropUnreachable removes what stands behind the parts of a function without a loop.
func (p *part) dropUnreachable() bool {
	op, ok := p.last(0)
	if ok = ok && op[0] == opUnreachable; ok {
		p.drop(1)
	}
	return ok
}

// ends tells whether a part does not go on in the next one, and whether it ends with a call, behind
// which a goroutine may do so.
func (p *part) ends() (over, calls bool) {
	if n := len(p.jumps); n > 0 && p.jumps[n-1].at == len(p.code) {
		j := &p.jumps[n-1]
		return j.op == opBr && j.depth == 0, j.to == unwinding
	}
	op, ok := p.last(0)
	return ok && (op[0] == opReturn || op[0] == opUnreachable), false
}

// parseJump takes a jump to another part out of the code, at whose end PC_B is set. If that is all
// that an if holds, the whole becomes one branch.
func (f *function) parseJump(p *part, r *reader) bool {
	from, ok := p.last(1)
	if !ok || from[0] != i32Const || string(p.code[p.starts[len(p.starts)-1]:]) != setPC {
		return false
	}
	pc, err := (&reader{from[1:]}).signed()
	if err != nil || pc < 0 || pc >= int64(len(f.table)) {
		return false
	}
	p.drop(2)
	j := jump{len(p.code), opBr, p.depth, f.table[pc], pc}
	if op, ok := p.last(0); ok && op[0] == opIf && len(r.rest) > 0 && r.rest[0] == end {
		r.rest = r.rest[1:]
		p.drop(1)
		p.depth--
		p.simplify()
		j = jump{len(p.code), opBrIf, p.depth, j.to, pc}
	}
	p.jumps = append(p.jumps, j)
	return true
}

// simplify makes one comparison of one that is negated: of integers, since others may be NaN.
func (p *part) simplify() {
	for {
		not, ok := p.last(0)
		comparison, ok2 := p.last(1)
		if !ok || !ok2 || not[0] != opI32Eqz {
			return
		}
		switch op := comparison[0]; {
		case op >= opI32Eq && op <= opI32GeU:
			comparison[0] = negated(op-opI32Eq) + opI32Eq
		case op >= opI64Eq && op <= opI64GeU:
			comparison[0] = negated(op-opI64Eq) + opI64Eq
		default:
			return
		}
		p.drop(1)
	}
}

// negated is the opposite of a comparison, counted from that for equality: equal, not equal, and
// less, greater, not greater and not less, each with a sign and without.
func negated(comparison byte) byte {
	return [...]byte{1, 0, 8, 9, 6, 7, 4, 5, 2, 3}[comparison]
}

// parseTail reads what follows the last part.
func (f *function) parseTail(r *reader) bool {
	var tail []byte
	if f.loop {
		tail = append(tail, end, opUnreachable)
	}
	if f.unwind {
		tail = append(tail, end, i32Const, 1)
	}
	return string(r.rest) == string(append(tail, end))
}

// instructionSize is the size of the instruction that code begins with, 0 if it is not known.
func instructionSize(code []byte) int {
	r := reader{code[1:]}
	numbers, more := 0, 0
	switch op := code[0]; {
	case op == opBlock, op == opLoop, op == opIf, op == opBr, op == opBrIf, op == opCall,
		op >= opLocalGet && op <= 0x24, op == i32Const, op == 0x42, op == 0x3f, op == 0x40:
		numbers = 1
	case op == 0x11, op >= 0x28 && op <= 0x3e:
		numbers = 2
	case op == 0x43:
		more = 4
	case op == 0x44:
		more = 8
	case op == opBrTable:
		n, err := r.unsigned()
		if err != nil || n > uint64(len(code)) {
			return 0
		}
		numbers = int(n) + 1
	case op == opWide:
		wide, err := r.unsigned()
		switch {
		case err != nil || wide > 11 || wide == 9:
			return 0
		case wide == 8 || wide == 10:
			numbers = 2
		case wide == 11:
			numbers = 1
		}
	case op <= 0x01, op == 0x05, op == end, op == opReturn, op == 0x1a, op == 0x1b,
		op >= opI32Eqz && op <= 0xc4:
	default:
		return 0
	}
	for range numbers {
		if _, err := r.unsigned(); err != nil {
			return 0
		}
	}
	if len(r.rest) < more {
		return 0
	}
	return len(code) - len(r.rest) + more
}
