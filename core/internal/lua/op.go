package lua

// instr is an instruction: an operation in 8 bits, the register a in 8, b in 16, c in 32. Names of
// operands: R is a register, K a constant, U an upvalue, J the instruction to go on with.
type instr uint64

func makeInstr(o op, a, b, c int) instr {
	return instr(o) | instr(a&0xff)<<8 | instr(b&0xffff)<<16 | instr(uint32(c))<<32
}

func (i instr) op() op { return op(i) }
func (i instr) a() int { return int(uint8(i >> 8)) }
func (i instr) b() int { return int(uint16(i >> 16)) }
func (i instr) c() int { return int(int32(i >> 32)) }

// jumps tells whether c is an instruction to go on with.
func (i instr) jumps() bool {
	o := i.op()
	return o >= opJump && o <= opNgeK || o >= opForPrep && o <= opForTest && o != opForCall
}

func (i instr) withOp(o op) instr { return i&^0xff | instr(o) }
func (i instr) withA(a int) instr { return i&^0xff00 | instr(a&0xff)<<8 }
func (i instr) withB(b int) instr { return i&^0xffff0000 | instr(b&0xffff)<<16 }
func (i instr) withC(c int) instr { return i&0xffffffff | instr(uint32(c))<<32 }

// op is an operation.
type op uint8

// The operations. Those that jump come in pairs, one jumping when the other does not.
const (
	opMove      op = iota // R(a) = R(b)
	opLoadK               // R(a) = K(c)
	opLoadNil             // R(a) to R(b) = nil
	opLoadBool            // R(a) = b != 0; c != 0 passes over the next instruction
	opGetUpval            // R(a) = U(b)
	opSetUpval            // U(b) = R(a)
	opGetGlobal           // R(a) = global K(c)
	opSetGlobal           // global K(c) = R(a)
	opGetTable            // R(a) = R(b)[R(c)]
	opGetField            // R(a) = R(b)[K(c)], a string
	opGetIndex            // R(a) = R(b)[K(c)], a number
	opSetTable            // R(a)[R(b)] = R(c)
	opSetTableK           // R(a)[R(b)] = K(c)
	opSetField            // R(a)[K(b)] = R(c)
	opSetFieldK           // R(a)[K(b)] = K(c)
	opNewTable            // R(a) = {}, with b nodes and c places in the array
	opSelf                // R(a), R(a+1) = R(b)[K(c)], R(b)
	opAdd                 // R(a) = R(b) + R(c)
	opSub                 // …
	opMul
	opDiv
	opMod
	opPow
	opAddK // R(a) = R(b) + K(c), a number
	opSubK // …
	opMulK
	opDivK
	opModK
	opPowK
	opUnm    // R(a) = -R(b)
	opNot    // R(a) = not R(b)
	opLen    // R(a) = #R(b)
	opConcat // R(a) = R(b) .. … .. R(c)
	opJump   // go on at J(c)
	opTestF  // if not R(a) go on at J(c)
	opTestT  // if R(a) go on at J(c)
	opAndSet // if not R(b) then R(a) = R(b), go on at J(c)
	opOrSet  // if R(b) then R(a) = R(b), go on at J(c)
	opEq     // if R(a) == R(b) go on at J(c)
	opNe
	opEqK // if R(a) == K(b) go on at J(c)
	opNeK
	opLt  // if R(a) < R(b) go on at J(c)
	opNlt // if not R(a) < R(b)
	opLe  // …
	opNle
	opLtK // if R(a) < K(b), a number, go on at J(c)
	opNltK
	opLeK
	opNleK
	opGtK // if K(b) < R(a) go on at J(c)
	opNgtK
	opGeK
	opNgeK
	opCall     // R(a), … = R(a)(R(a+1), …), b-1 arguments, c-1 results; 0 is as many as there are
	opTailCall // return R(a)(R(a+1), …)
	opReturn   // return R(a), …, b-1 values
	opForPrep  // of numeric for, whose state is in R(a) to R(a+2): go on at J(c)
	opForLoop  // R(a+3) = next number, go on at J(c) while it is within
	opForCall  // of generic for: R(a+3), … = R(a)(R(a+1), R(a+2)), b results
	opForTest  // if R(a+3) is there, R(a+2) = R(a+3), go on at J(c)
	opSetList  // R(a)[c+1], … = R(a+1), …, b values, or 0: as many as there are
	opClose    // close the upvalues from R(a) on
	opClosure  // R(a) = function number c
	opVararg   // R(a), … = ..., b-1 values
	opLine     // a line may begin: for a debugger, in functions that are traced
)

// proto is a compiled function.
type proto struct {
	code   []instr
	consts []value
	protos []*proto
	ups    []upvalueSource
	lines  []int32 // of the instructions

	chunk    *chunk
	line     int // where it begins, 0 for a chunk itself
	locals   []localName
	params   int
	vararg   bool
	needsArg bool // varargs are also put into a table `arg`
	size     int  // how many registers it has
	upNames  []string
}

// chunk is what was compiled at one go.
type chunk struct {
	_ [0]func() // not compared

	source string // what it is called: @name, =name, or itself
	short  string // what errors call it
}

// upvalueSource says where a new function finds one of its upvalues.
type upvalueSource struct {
	local bool // in a register of the function that makes it; else among that one's upvalues
	at    int
}

// localName is a local variable, for errors.
type localName struct {
	name       string
	begin, end int // the instructions between which it is known
}
