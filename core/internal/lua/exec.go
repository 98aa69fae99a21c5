package lua

// execute runs the calls of the thread under way until the script or its slice is over. This is the
// one loop of the machine: what scripts do most is done right here, without a call of a Go
// function; all else is in the functions called. They may push and pop calls, so that all that is
// kept here is taken anew behind them.
func (vm *VM) execute() {
slow: // what has been done may have taken long, or have begun what did
	if vm.detached || vm.left <= 0 && vm.look() {
		return
	}
again:
	for {
		l := vm.l
		fr := &l.frames[len(l.frames)-1]
		fn := fr.fn
		if fn.proto == nil {
			if vm.goOnJob(l) {
				return
			}
			goto slow
		}
		code, k := fn.proto.code, fn.proto.consts
		r := (*[windowMax]value)(l.stack[fr.base:])
		pc := fr.pc
		for {
			i := code[pc]
			pc++
			a := uint8(i >> 8)
			switch i.op() {
			case opMove:
				r[a] = r[uint8(i>>16)]
			case opLoadK:
				r[a] = k[i.c()]
			case opLoadNil:
				for j := int(a); j <= i.b(); j++ {
					r[uint8(j)] = value{}
				}
			case opLoadBool:
				r[a] = boolean(i.b() != 0)
				if i.c() != 0 {
					pc++
				}
			case opGetUpval:
				r[a] = *fn.up[i.b()].p
			case opSetUpval:
				*fn.up[i.b()].p = r[a]
			case opGetGlobal:
				key := k[i.c()]
				t := fn.env
				n := &t.nodes[key.o.hash&uint32(len(t.nodes)-1)]
				if n.key.o == key.o && n.val.o != nil {
					r[a] = n.val
					continue
				}
				if v := t.getString(key.o); v.o != nil {
					r[a] = v
					continue
				}
				fr.pc = pc
				vm.index(l, t.value(), key, int(a), -1)
				goto slow
			case opSetGlobal:
				fr.pc = pc
				vm.setIndex(l, fn.env.value(), k[i.c()], r[a], -1)
				goto slow
			case opGetTable:
				if o := r[uint8(i>>16)].o; o != nil && o.kind == kindTable {
					t, key := o.t, &r[uint8(i>>32)]
					var v value
					if key.o == &numberTag {
						if j := int(key.n); uint(j-1) < uint(len(t.arr)) && float64(j) == key.n {
							v = t.arr[j-1]
						} else {
							v = t.get(*key)
						}
					} else {
						vm.chargeKey(*key)
						v = t.get(*key)
					}
					if v.o != nil || t.meta == nil {
						r[a] = v
						continue
					}
				}
				fr.pc = pc
				vm.index(l, r[uint8(i>>16)], r[uint8(i>>32)], int(a), i.b())
				goto slow
			case opGetField:
				key := k[i.c()]
				if o := r[uint8(i>>16)].o; o != nil && o.kind == kindTable {
					t := o.t
					n := &t.nodes[key.o.hash&uint32(len(t.nodes)-1)]
					if n.key.o == key.o && n.val.o != nil {
						r[a] = n.val
						continue
					}
					if len(key.o.s) <= longKey { // else it counts
						if v := t.getString(key.o); v.o != nil || t.meta == nil {
							r[a] = v
							continue
						}
					}
				}
				fr.pc = pc
				vm.index(l, r[uint8(i>>16)], key, int(a), i.b())
				goto slow
			case opGetIndex:
				if o := r[uint8(i>>16)].o; o != nil && o.kind == kindTable {
					if v := o.t.get(k[i.c()]); v.o != nil || o.t.meta == nil {
						r[a] = v
						continue
					}
				}
				fr.pc = pc
				vm.index(l, r[uint8(i>>16)], k[i.c()], int(a), i.b())
				goto slow
			case opSetTable:
				if o := r[a].o; o != nil && o.kind == kindTable {
					t, key := o.t, &r[uint8(i>>16)]
					if key.o == &numberTag && !t.fixed {
						if j := int(key.n); uint(j-1) < uint(len(t.arr)) && float64(j) == key.n {
							if p := &t.arr[j-1]; t.meta == nil || p.o != nil {
								*p = r[uint8(i>>32)]
								continue
							}
						}
					}
				}
				fr.pc = pc
				vm.setIndex(l, r[a], r[uint8(i>>16)], r[uint8(i>>32)], int(a))
				goto slow
			case opSetTableK:
				fr.pc = pc
				vm.setIndex(l, r[a], r[uint8(i>>16)], k[i.c()], int(a))
				goto slow
			case opSetField:
				key := k[i.b()]
				if o := r[a].o; o != nil && o.kind == kindTable && !o.t.fixed {
					t := o.t
					n := &t.nodes[key.o.hash&uint32(len(t.nodes)-1)]
					if n.key.o == key.o && n.val.o != nil {
						n.val = r[uint8(i>>32)]
						continue
					}
				}
				fr.pc = pc
				vm.setIndex(l, r[a], key, r[uint8(i>>32)], int(a))
				goto slow
			case opSetFieldK:
				fr.pc = pc
				vm.setIndex(l, r[a], k[i.b()], k[i.c()], int(a))
				goto slow
			case opNewTable:
				fr.pc = pc
				r[a] = vm.newTable(i.c(), i.b()).value()
			case opSelf:
				v, key := r[uint8(i>>16)], k[i.c()]
				r[a+1] = v
				if v.o != nil {
					t := v.o.t
					if v.o.kind == kindString {
						t = vm.methods
					}
					if t != nil {
						n := &t.nodes[key.o.hash&uint32(len(t.nodes)-1)]
						if n.key.o == key.o && n.val.o != nil {
							r[a] = n.val
							continue
						}
						if found := t.getString(key.o); found.o != nil {
							r[a] = found
							continue
						}
					}
				}
				fr.pc = pc
				vm.index(l, v, key, int(a), i.b())
				goto slow
			case opAdd:
				x, y := &r[uint8(i>>16)], &r[uint8(i>>32)]
				if x.o == &numberTag && y.o == &numberTag {
					n := x.n + y.n
					if n == n {
						r[a] = value{&numberTag, n}
						continue
					}
				}
				fr.pc = pc
				vm.arithmetic(l, opAdd, i.b(), *y, i.c())
				goto slow
			case opSub:
				x, y := &r[uint8(i>>16)], &r[uint8(i>>32)]
				if x.o == &numberTag && y.o == &numberTag {
					n := x.n - y.n
					if n == n {
						r[a] = value{&numberTag, n}
						continue
					}
				}
				fr.pc = pc
				vm.arithmetic(l, opSub, i.b(), *y, i.c())
				goto slow
			case opMul:
				x, y := &r[uint8(i>>16)], &r[uint8(i>>32)]
				if x.o == &numberTag && y.o == &numberTag {
					n := x.n * y.n
					if n == n {
						r[a] = value{&numberTag, n}
						continue
					}
				}
				fr.pc = pc
				vm.arithmetic(l, opMul, i.b(), *y, i.c())
				goto slow
			case opDiv, opMod, opPow:
				x, y := &r[uint8(i>>16)], &r[uint8(i>>32)]
				if x.o == &numberTag && y.o == &numberTag {
					r[a] = value{&numberTag, arith(i.op(), x.n, y.n)}
					continue
				}
				fr.pc = pc
				vm.arithmetic(l, i.op(), i.b(), *y, i.c())
				goto slow
			case opAddK:
				x := &r[uint8(i>>16)]
				if x.o == &numberTag {
					n := x.n + k[i.c()].n
					if n == n {
						r[a] = value{&numberTag, n}
						continue
					}
				}
				fr.pc = pc
				vm.arithmetic(l, opAdd, i.b(), k[i.c()], -1)
				goto slow
			case opSubK:
				x := &r[uint8(i>>16)]
				if x.o == &numberTag {
					n := x.n - k[i.c()].n
					if n == n {
						r[a] = value{&numberTag, n}
						continue
					}
				}
				fr.pc = pc
				vm.arithmetic(l, opSub, i.b(), k[i.c()], -1)
				goto slow
			case opModK:
				x, y := &r[uint8(i>>16)], k[i.c()].n
				if x.o == &numberTag {
					if u, w := int64(x.n), int64(y); u >= 0 && w > 0 && u < 1<<52 &&
						float64(u) == x.n && float64(w) == y {
						r[a] = value{&numberTag, float64(u % w)}
						continue
					}
					r[a] = value{&numberTag, modulo(x.n, y)}
					continue
				}
				fr.pc = pc
				vm.arithmetic(l, opMod, i.b(), k[i.c()], -1)
				goto slow
			case opMulK, opDivK, opPowK:
				x := &r[uint8(i>>16)]
				o := i.op() - (opAddK - opAdd)
				if x.o == &numberTag {
					r[a] = value{&numberTag, arith(o, x.n, k[i.c()].n)}
					continue
				}
				fr.pc = pc
				vm.arithmetic(l, o, i.b(), k[i.c()], -1)
				goto slow
			case opUnm:
				if x := &r[uint8(i>>16)]; x.o == &numberTag {
					r[a] = value{&numberTag, -x.n}
					continue
				}
				fr.pc = pc
				vm.negate(l, int(a), i.b())
				goto slow
			case opNot:
				r[a] = boolean(!r[uint8(i>>16)].isTrue())
			case opLen:
				fr.pc = pc
				vm.length(l, int(a), i.b())
				goto slow
			case opConcat:
				fr.pc = pc
				vm.concat(l, i.b(), i.c())
				goto slow
			case opJump:
				to := i.c()
				if to < pc {
					if vm.left -= pc - to; vm.left <= 0 {
						fr.pc = to
						if vm.look() {
							return
						}
					}
				}
				pc = to
			case opTestF:
				if !r[a].isTrue() {
					pc = i.c()
				}
			case opTestT:
				if r[a].isTrue() {
					pc = i.c()
				}
			case opAndSet:
				if v := r[uint8(i>>16)]; !v.isTrue() {
					r[a] = v
					pc = i.c()
				}
			case opOrSet:
				if v := r[uint8(i>>16)]; v.isTrue() {
					r[a] = v
					pc = i.c()
				}
			case opEq, opNe:
				x, y := r[a], r[uint8(i>>16)]
				if x.o != nil && x.o != y.o {
					if n := len(x.o.s); n > comparedAtOnce {
						vm.left -= min(n, comparedMost) / comparedAtOnce
						fr.pc = pc
						vm.compare(l, i, x, y)
						goto slow
					}
				}
				if same := equal(x, y); same || x.table() == nil || y.table() == nil {
					if same == (i.op() == opEq) {
						pc = i.c()
					}
					continue
				}
				fr.pc = pc
				vm.compare(l, i, x, y)
				goto slow
			case opEqK:
				if equal(r[a], k[i.b()]) {
					pc = i.c()
				}
			case opNeK:
				if !equal(r[a], k[i.b()]) {
					pc = i.c()
				}
			case opLt, opNlt, opLe, opNle:
				x, y := &r[a], &r[uint8(i>>16)]
				if x.o == &numberTag && y.o == &numberTag {
					yes := x.n < y.n
					if i.op() >= opLe {
						yes = x.n <= y.n
					}
					if yes == ((i.op()-opLt)&1 == 0) {
						pc = i.c()
					}
					continue
				}
				fr.pc = pc
				vm.compare(l, i, *x, *y)
				goto slow
			case opLtK, opNltK, opLeK, opNleK, opGtK, opNgtK, opGeK, opNgeK:
				x, y := &r[a], k[i.b()].n
				if x.o == &numberTag {
					yes := false
					switch (i.op() - opLtK) >> 1 {
					case 0:
						yes = x.n < y
					case 1:
						yes = x.n <= y
					case 2:
						yes = x.n > y
					default:
						yes = x.n >= y
					}
					if yes == ((i.op()-opLtK)&1 == 0) {
						pc = i.c()
					}
					continue
				}
				fr.pc = pc
				vm.compare(l, i, r[a], k[i.b()])
				goto slow
			case opCall:
				fr.pc = pc
				at := fr.base + int(a)
				if n := i.b(); n != 0 {
					l.top = at + n
				}
				if vm.left -= 8; vm.left <= 0 && vm.look() {
					fr.pc--
					return
				}
				if f := r[a].function(); f != nil && f.proto != nil && !f.proto.vararg {
					if l.enter(f, at, i.c()-1, endPlain) {
						continue again
					}
				}
				if l.begin(at, l.top-at-1, i.c()-1, endPlain) {
					return
				}
				continue again
			case opTailCall:
				fr.pc = pc
				if n := i.b(); n != 0 {
					l.top = fr.base + int(a) + n
				}
				if vm.left -= 8; vm.left <= 0 && vm.look() {
					fr.pc--
					return
				}
				at := fr.base + int(a)
				if f := r[a].function(); f != nil && f.proto == nil {
					if l.begin(at, l.top-at-1, -1, endPlain) {
						return
					}
				} else if vm.tailCall(l, fr, at) {
					return
				}
				continue again
			case opReturn:
				n := i.b() - 1
				if n == 1 && fr.want == 1 && fr.end == endPlain && len(l.open) == 0 {
					l.stack[fr.ret] = r[a]
					l.frames = l.frames[:len(l.frames)-1]
					continue again
				}
				from := fr.base + int(a)
				if n < 0 {
					n = l.top - from
				}
				if vm.leave(from, n) {
					return
				}
				goto slow
			case opForPrep:
				fr.pc = pc
				vm.forPrepare(l, int(a))
				pc = i.c()
			case opForLoop:
				step := r[a+2].n
				n := r[a].n + step
				if step > 0 {
					if !(n <= r[a+1].n) {
						continue
					}
				} else if !(r[a+1].n <= n) {
					continue
				}
				r[a].n = n
				r[a+3] = value{&numberTag, n}
				to := i.c()
				if vm.left -= pc - to; vm.left <= 0 {
					fr.pc = to
					if vm.look() {
						return
					}
				}
				pc = to
			case opForCall:
				fr.pc = pc
				if vm.left -= 4; vm.left <= 0 && vm.look() {
					fr.pc--
					return
				}
				if vm.forCall(l, fr.base+int(a), i.b()) {
					return
				}
				continue again
			case opForTest:
				if v := r[a+3]; v.o != nil {
					r[a+2] = v
					pc = i.c()
				}
			case opSetList:
				fr.pc = pc
				vm.setList(l, fr.base+int(a), i.b(), i.c())
			case opClose:
				l.closeFrom(fr.base + int(a))
			case opClosure:
				fr.pc = pc
				r[a] = vm.closure(l, fr, fn.proto.protos[i.c()])
			case opVararg:
				fr.pc = pc
				vm.varargs(l, fr, int(a), i.b()-1)
				goto slow
			case opLine:
				fr.pc = pc
				if vm.newLine(l) {
					return
				}
			}
		}
	}
}
