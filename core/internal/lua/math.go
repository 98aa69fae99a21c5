package lua

import "math"

// mathFunction makes a library function of one number.
//
//go:noinline
func mathFunction(f func(float64) float64) builtin {
	return func(l *thread) int {
		n := checkNumber(l, 1)
		l.pushNumber(valid(f(n), n, 0))
		return 1
	}
}

// mathUnsigned is mathFunction for those whose not-a-number has no sign.
//
//go:noinline
func mathUnsigned(f func(float64) float64) builtin {
	return func(l *thread) int {
		n := checkNumber(l, 1)
		r := f(n)
		switch {
		case n != n:
			r = n
		case r != r:
			r = math.NaN()
		}
		l.pushNumber(r)
		return 1
	}
}

// valid returns the result of a function of a and b; one that is not a number is what C gives.
func valid(n, a, b float64) float64 {
	if n != n {
		return invalid(a, b)
	}
	return n
}

func mathAbs(l *thread) int {
	l.pushNumber(math.Abs(checkNumber(l, 1)))
	return 1
}

// mathFunction2 makes a library function of two numbers.
//
//go:noinline
func mathFunction2(f func(a, b float64) float64) builtin {
	return func(l *thread) int {
		b := checkNumber(l, 2) // C takes the last argument first
		a := checkNumber(l, 1)
		l.pushNumber(valid(f(a, b), a, b))
		return 1
	}
}

// mathPick makes a library function that picks one of its arguments.
//
//go:noinline
func mathPick(better func(a, b float64) bool) builtin {
	return func(l *thread) int {
		best := checkNumber(l, 1)
		for i := 2; i <= l.count(); i++ {
			if n := checkNumber(l, i); better(n, best) {
				best = n
			}
		}
		l.pushNumber(best)
		return 1
	}
}

// openMath makes the table math.
func (vm *VM) openMath() {
	t := vm.library("math", []entry{
		{"abs", mathAbs}, {"acos", mathUnsigned(math.Acos)},
		{"asin", mathUnsigned(math.Asin)}, {"atan2", mathFunction2(math.Atan2)},
		{"atan", mathFunction(math.Atan)}, {"ceil", mathFunction(math.Ceil)},
		{"cosh", mathFunction(math.Cosh)}, {"cos", mathFunction(math.Cos)},
		{"deg", mathFunction(func(n float64) float64 { return n / (math.Pi / 180) })},
		{"exp", mathFunction(math.Exp)}, {"floor", mathFunction(math.Floor)},
		{"fmod", mathFunction2(math.Mod)},
		{"frexp", func(l *thread) int {
			fraction, exponent := math.Frexp(checkNumber(l, 1))
			l.pushNumber(fraction)
			l.pushInt(exponent)
			return 2
		}},
		{"ldexp", func(l *thread) int {
			exp := int32(checkLong(l, 2)) // C drops the upper half here
			n := checkNumber(l, 1)
			l.pushNumber(math.Ldexp(n, int(max(-ldexpMax, min(exp, ldexpMax)))))
			return 1
		}},
		{"log10", mathUnsigned(math.Log10)}, {"log", mathFunction(math.Log)},
		{"max", mathPick(func(a, b float64) bool { return a > b })},
		{"min", mathPick(func(a, b float64) bool { return a < b })},
		{"modf", func(l *thread) int {
			n := checkNumber(l, 1)
			whole, fraction := math.Modf(n)
			if math.IsInf(n, 0) {
				fraction = math.Copysign(0, n)
			}
			l.pushNumber(whole)
			l.pushNumber(fraction)
			return 2
		}},
		{"pow", func(l *thread) int {
			b := checkNumber(l, 2)
			l.pushNumber(power(checkNumber(l, 1), b))
			return 1
		}},
		{"rad", mathFunction(func(n float64) float64 { return n * (math.Pi / 180) })},
		{"random", vm.mathRandom},
		{"randomseed", func(l *thread) int {
			vm.host.Random().seed(uint32(checkLong(l, 1)))
			return 0
		}},
		{"sinh", mathFunction(math.Sinh)}, {"sin", mathFunction(math.Sin)},
		{"sqrt", mathFunction(math.Sqrt)}, {"tanh", mathFunction(math.Tanh)},
		{"tan", mathFunction(math.Tan)},
	})
	t.setField(vm, "pi", number(math.Pi))
	t.setField(vm, "huge", number(math.Inf(1)))
	t.setField(vm, "mod", t.field("fmod")) // one function under two names
}

// ldexpMax is beyond what any double can be scaled by: from the least to the greatest it is 2098.
const ldexpMax = 5000

func (vm *VM) mathRandom(l *thread) int {
	r := float64(vm.host.Random().next()%math.MaxInt32) / math.MaxInt32
	low, high, arg := int32(1), int32(0), 1
	switch l.count() {
	case 0:
		l.pushNumber(r)
		return 1
	case 1:
		high = int32(checkInt(l, 1))
	case 2:
		low, high, arg = int32(checkInt(l, 1)), int32(checkInt(l, 2)), 2
	default:
		fail(l, "wrong number of arguments")
	}
	if low > high {
		argError(l, arg, "interval is empty")
	}
	l.pushNumber(math.Floor(r*float64(high-low+1)) + float64(low)) // of ints, as in C: it wraps
	return 1
}
