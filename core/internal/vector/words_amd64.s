#include "textflag.h"

// func dotWords(a, b []uint64) int64
//
// Sixteen bytes of each at a time are made numbers of 16 bits, multiplied, and added in pairs.
TEXT ·dotWords(SB), NOSPLIT, $0-56
	MOVQ a_base+0(FP), SI
	MOVQ a_len+8(FP), CX
	MOVQ b_base+24(FP), DI
	PXOR X0, X0
	PXOR X1, X1
	PXOR X7, X7
	SUBQ $2, CX
	JLT  last

pair:
	MOVOU     (SI), X2
	MOVOU     (DI), X3
	MOVO      X2, X4
	MOVO      X3, X5
	PUNPCKLBW X7, X2
	PUNPCKLBW X7, X3
	PUNPCKHBW X7, X4
	PUNPCKHBW X7, X5
	PMADDWL   X3, X2
	PMADDWL   X5, X4
	PADDL     X2, X0
	PADDL     X4, X1
	ADDQ      $16, SI
	ADDQ      $16, DI
	SUBQ      $2, CX
	JGE       pair

last:
	CMPQ      CX, $-2
	JEQ       sum
	MOVQ      (SI), X2
	MOVQ      (DI), X3
	PUNPCKLBW X7, X2
	PUNPCKLBW X7, X3
	PMADDWL   X3, X2
	PADDL     X2, X0

sum:
	PADDL  X1, X0
	PSHUFL $0x4e, X0, X1
	PADDL  X1, X0
	PSHUFL $0xb1, X0, X1
	PADDL  X1, X0
	MOVL   X0, AX
	MOVQ   AX, ret+48(FP)
	RET
