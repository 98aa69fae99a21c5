package lua

import "math"

func checkAny(l *thread, n int) value {
	if n > l.count() {
		argError(l, n, "value expected")
	}
	return l.arg(n)
}

func checkString(l *thread, n int) string {
	v := l.arg(n)
	if v.isString() {
		return v.o.s
	}
	s, ok := text(v)
	if !ok {
		typeError(l, n, "string")
	}
	return s
}

func optString(l *thread, n int, otherwise string) string {
	if l.arg(n).isNil() {
		return otherwise
	}
	return checkString(l, n)
}

func checkNumber(l *thread, n int) float64 {
	v := l.arg(n)
	if v.o == &numberTag {
		return v.n
	}
	f, ok := l.vm.toNumber(v)
	if !ok {
		typeError(l, n, "number")
	}
	return f
}

// checkInt takes an argument for an int; where that has 32 bits its ends stand for what is beyond.
//
// checkInt is for what C has as an int, which keeps the lower half of a number.
//
//go:noinline
func checkInt(l *thread, n int) int { return int(int32(checkLong(l, n))) }

func clampInt(n int64) int { return int(max(math.MinInt, min(n, math.MaxInt))) }

//go:noinline
func checkLong(l *thread, n int) int64 { return toInteger(checkNumber(l, n)) }

// optLong is checkLong of what may be left out, for 0.
func optLong(l *thread, n int) int64 {
	if l.arg(n).isNil() {
		return 0
	}
	return checkLong(l, n)
}

func optInt(l *thread, n, otherwise int) int {
	if l.arg(n).isNil() {
		return otherwise
	}
	return checkInt(l, n)
}

// optPosition is for what C has as a long.
func optPosition(l *thread, n, otherwise int) int {
	if l.arg(n).isNil() {
		return otherwise
	}
	return checkPosition(l, n)
}

func checkPosition(l *thread, n int) int { return clampInt(checkLong(l, n)) }

// toInt makes an int of a value as C does of a double: what is no number is 0, and one beyond an
// int is the least.
func (vm *VM) toInt(v value) int {
	n, _ := vm.toNumber(v)
	if n > math.MinInt32-1 && n < math.MaxInt32+1 {
		return int(n)
	}
	return math.MinInt32
}

func checkTable(l *thread, n int) *table {
	t := l.arg(n).table()
	if t == nil {
		typeError(l, n, "table")
	}
	return t
}

func checkFunction(l *thread, n int) value {
	v := l.arg(n)
	if v.function() == nil {
		typeError(l, n, "function")
	}
	return v
}
