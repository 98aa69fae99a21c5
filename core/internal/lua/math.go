package lua

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// mathFunction makes a library function of one number.
func mathFunction(f func(float64) float64) lua.LGFunction {
	return func(l *lua.LState) int {
		l.Push(lua.LNumber(f(checkNumber(l, 1))))
		return 1
	}
}

// mathFunction2 makes a library function of two numbers.
func mathFunction2(f func(a, b float64) float64) lua.LGFunction {
	return func(l *lua.LState) int {
		a := checkNumber(l, 1)
		l.Push(lua.LNumber(f(a, checkNumber(l, 2))))
		return 1
	}
}

// mathPick makes a library function that picks one of its arguments.
func mathPick(better func(a, b float64) bool) lua.LGFunction {
	return func(l *lua.LState) int {
		best := checkNumber(l, 1)
		for i := 2; i <= l.GetTop(); i++ {
			if n := checkNumber(l, i); better(n, best) {
				best = n
			}
		}
		l.Push(lua.LNumber(best))
		return 1
	}
}

// openMath makes the table math.
func (vm *VM) openMath() {
	t := vm.library("math", []entry{
		{"abs", mathFunction(math.Abs)}, {"acos", mathFunction(math.Acos)},
		{"asin", mathFunction(math.Asin)}, {"atan", mathFunction(math.Atan)},
		{"atan2", mathFunction2(math.Atan2)}, {"ceil", mathFunction(math.Ceil)},
		{"cos", mathFunction(math.Cos)}, {"cosh", mathFunction(math.Cosh)},
		{"deg", mathFunction(func(n float64) float64 { return n / (math.Pi / 180) })},
		{"exp", mathFunction(math.Exp)}, {"floor", mathFunction(math.Floor)},
		{"fmod", mathFunction2(math.Mod)},
		{"frexp", func(l *lua.LState) int {
			fraction, exponent := math.Frexp(checkNumber(l, 1))
			l.Push(lua.LNumber(fraction))
			l.Push(lua.LNumber(exponent))
			return 2
		}},
		{"ldexp", func(l *lua.LState) int {
			n := checkNumber(l, 1)
			exp := int32(checkLong(l, 2)) // C drops the upper half here
			l.Push(lua.LNumber(math.Ldexp(n, int(max(-ldexpMax, min(exp, ldexpMax))))))
			return 1
		}},
		{"log", mathFunction(math.Log)}, {"log10", mathFunction(math.Log10)},
		{"max", mathPick(func(a, b float64) bool { return a > b })},
		{"min", mathPick(func(a, b float64) bool { return a < b })},
		{"mod", mathFunction2(math.Mod)},
		{"modf", func(l *lua.LState) int {
			whole, fraction := math.Modf(checkNumber(l, 1))
			l.Push(lua.LNumber(whole))
			l.Push(lua.LNumber(fraction))
			return 2
		}},
		{"pow", mathFunction2(math.Pow)},
		{"rad", mathFunction(func(n float64) float64 { return n * (math.Pi / 180) })},
		{"random", vm.mathRandom},
		{"randomseed", func(l *lua.LState) int {
			vm.random.seed(uint32(checkLong(l, 1)))
			vm.seeded = true
			return 0
		}},
		{"sin", mathFunction(math.Sin)}, {"sinh", mathFunction(math.Sinh)},
		{"sqrt", mathFunction(math.Sqrt)}, {"tan", mathFunction(math.Tan)},
		{"tanh", mathFunction(math.Tanh)},
	})
	t.RawSetString("huge", lua.LNumber(math.Inf(1)))
	t.RawSetString("pi", lua.LNumber(math.Pi))
}

// ldexpMax is beyond what any double can be scaled by: from the least to the greatest it is 2098.
const ldexpMax = 5000

func (vm *VM) mathRandom(l *lua.LState) int {
	var bits int32
	if vm.seeded {
		bits = vm.random.next()
	} else {
		bits = int32(vm.host.Random() >> 33)
	}
	r := float64(bits%math.MaxInt32) / math.MaxInt32
	low, high, arg := int64(1), int64(0), 1
	switch l.GetTop() {
	case 0:
		l.Push(lua.LNumber(r))
		return 1
	case 1:
		high = checkLong(l, 1)
	case 2:
		low, high, arg = checkLong(l, 1), checkLong(l, 2), 2
	default:
		fail(l, "wrong number of arguments")
	}
	if low > high {
		argError(l, arg, "interval is empty")
	}
	l.Push(lua.LNumber(math.Floor(r*float64(high-low+1)) + float64(low)))
	return 1
}
