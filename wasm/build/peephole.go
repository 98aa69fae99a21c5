package main

// Where Go's assembler writes more than it takes, less is written. What is on the goroutine's stack
// it addresses as it does anything else, in 64 bits,
//
//	local.get SP  i64.extend_i32_u  i64.const 8  i64.add  i32.wrap_i64  …  i64.store 0
//
// which is a store at an offset of 8: the stack ends far below 4 GiB.

// Instructions that are written otherwise.
const (
	opNop      = 0x01
	opSelect   = 0x1b
	opDrop     = 0x1a
	opLocalTee = 0x22
	opLoadMin  = 0x28
	opLoadMax  = 0x35
	opStoreMin = 0x36
	opStoreMax = 0x3e
	opI64Const = 0x42
	opF32Const = 0x43
	opF64Const = 0x44
	opI32Add   = 0x6a
	opI64Add   = 0x7c
	opI32Wrap  = 0xa7
	opExtend   = 0xad
)

// stackPointer puts SP on the stack.
const stackPointer = "\x20\x01"

// placeMost is more than is on a stack: 1 GiB is the most that it grows to.
const placeMost = 1 << 30

// valueMost is how many instructions of a value that is stored are looked at.
const valueMost = 64

// put adds an instruction to a part, or changes what is there to the same end.
func (p *part) put(instruction []byte) {
	switch op := instruction[0]; {
	case op == opNop:
		return
	case op == opLocalSet, op == opLocalTee:
		if got, ok := p.last(0); ok && got[0] == opLocalGet &&
			string(got[1:]) == string(instruction[1:]) {
			if op == opLocalSet {
				p.drop(1)
			}
			return
		}
	case op == opI32Wrap && p.wrapsPlace():
		return
	case op == opI32Add && p.addsAgain():
		return
	case op == opI64Eqz:
		if extend, ok := p.last(0); ok && extend[0] == opExtend {
			p.drop(1)
			instruction = []byte{opI32Eqz}
		}
	case op >= opLoadMin && op <= opLoadMax:
		instruction = p.offset(instruction, len(p.starts))
	case op >= opStoreMin && op <= opStoreMax:
		if value, ok := p.value(len(p.starts)); ok {
			instruction = p.offset(instruction, value)
		}
	}
	p.add(instruction)
}

// instruction returns the i-th instruction.
func (p *part) instruction(i int) []byte {
	if i == len(p.starts)-1 {
		return p.code[p.starts[i]:]
	}
	return p.code[p.starts[i]:p.starts[i+1]]
}

// wrapsPlace makes 32 bits of a place on the stack that the code ends with in 64 bits.
func (p *part) wrapsPlace() bool {
	if _, ok := p.last(3); !ok {
		return false
	}
	n := len(p.starts)
	add, offset := p.instruction(n-1), p.instruction(n-2)
	if add[0] != opI64Add || offset[0] != opI64Const || offset[len(offset)-1]&0x40 != 0 ||
		len(offset) > 5 || p.instruction(n - 3)[0] != opExtend ||
		string(p.instruction(n-4)) != stackPointer {
		return false
	}
	offset = append([]byte{i32Const}, offset[1:]...)
	p.drop(3)
	p.add(offset)
	p.add([]byte{opI32Add})
	return true
}

// addsAgain makes one sum of two that SP is moved by at the end of a function, and tells whether
// the code ends so, up to the second number.
func (p *part) addsAgain() bool {
	// The sum is stored in SP's local and global.
	const moved = "\x6a\x22\x01\x24\x00" + stackPointer
	if _, ok := p.last(5); !ok {
		return false
	}
	n := len(p.starts)
	at := p.starts[n-5]
	first, second := p.instruction(n-6), p.instruction(n-1)
	if first[0] != i32Const || second[0] != i32Const || string(p.code[at:p.starts[n-1]]) != moved {
		return false
	}
	a, err := (&reader{first[1:]}).signed()
	b, err2 := (&reader{second[1:]}).signed()
	if err != nil || err2 != nil || a < 0 || b < 0 || a+b > placeMost {
		return false
	}
	p.drop(6)
	p.add(appendSigned([]byte{i32Const}, a+b))
	p.add([]byte{opI32Add})
	return true
}

// offset takes what is added to SP out of the code, if that is what is before the n-th instruction,
// and returns a load or store at that offset.
func (p *part) offset(access []byte, n int) []byte {
	if _, ok := p.last(len(p.starts) - n + 2); !ok {
		return access
	}
	offset := p.instruction(n - 2)
	if p.instruction(n - 1)[0] != opI32Add || offset[0] != i32Const ||
		string(p.instruction(n-3)) != stackPointer {
		return access
	}
	by, err := (&reader{offset[1:]}).signed()
	r := reader{access[2:]}
	more, err2 := r.unsigned()
	if err != nil || err2 != nil || by < 0 || more > placeMost {
		return access
	}
	access = appendUnsigned([]byte{access[0], access[1]}, uint64(by)+more)
	from, to := p.starts[n-2], len(p.code)
	if n < len(p.starts) {
		to = p.starts[n]
	}
	p.code = append(p.code[:from], p.code[to:]...)
	p.starts = append(p.starts[:n-2], p.starts[n:]...)
	for i := n - 2; i < len(p.starts); i++ {
		p.starts[i] -= to - from
	}
	return access
}

// value is the first of the instructions before the n-th that make a value, the last on the stack.
func (p *part) value(n int) (first int, ok bool) {
	needed := 1
	for i := n - 1; i >= max(0, n-valueMost); i-- {
		if _, ok := p.last(len(p.starts) - 1 - i); !ok {
			return 0, false // there is a jump
		}
		takes, gives := effect(p.instruction(i)[0])
		if takes < 0 {
			return 0, false
		}
		if needed += takes - gives; needed <= 0 {
			return i, needed == 0
		}
	}
	return 0, false
}

// effect is how many values an instruction takes from the stack and puts there; it takes -1 where
// it depends on more, or where the code may go on elsewhere.
func effect(op byte) (takes, gives int) {
	switch {
	case op == opLocalGet, op == 0x23, op == i32Const, op >= opI64Const && op <= opF64Const:
		return 0, 1
	case op == opLocalSet, op == 0x24, op == opDrop:
		return 1, 0
	case op == opSelect:
		return 3, 1
	case op >= opStoreMin && op <= opStoreMax:
		return 2, 0
	case op == opLocalTee, op >= opLoadMin && op <= opLoadMax, op == opI32Eqz, op == opI64Eqz,
		op >= 0x67 && op <= 0x69, op >= 0x79 && op <= 0x7b, op >= 0x8b && op <= 0x91,
		op >= 0x99 && op <= 0x9f, op >= opI32Wrap && op <= 0xc4:
		return 1, 1
	case op > opI32Eqz && op < opI32Wrap:
		return 2, 1
	}
	return -1, 0
}
