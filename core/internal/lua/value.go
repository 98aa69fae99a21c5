package lua

import (
	"math"
	"strings"
)

// kind is the type of a value.
type kind uint8

const (
	kindNil kind = iota
	kindBoolean
	kindNumber
	kindString
	kindTable
	kindFunction
	kindUserdata
	kindThread
)

// kindNames are what scripts call the types.
var kindNames = [...]string{
	"nil", "boolean", "number", "string", "table", "function", "userdata", "thread",
}

// value is any Lua value, in 16 bytes: numbers and booleans take no heap. Values that are equal
// but for strings, which differ by their bytes, have the same fields.
type value struct {
	o *object // nil for nil; a tag for numbers and booleans
	n float64 // of numbers
}

// object is what all values on the heap begin with.
type object struct {
	_ [0]func() // not compared

	kind kind
	all  bool   // all machines share it, so that none may write to it
	mark uint16 // the last count of memory that came here
	hash uint32 // of a string, 0 if it was not computed yet; of others where a table puts them
	s    string // of strings
	t    *table // of tables: itself
	f    *function
	co   *thread
}

var (
	numberTag = object{kind: kindNumber}
	trueTag   = object{kind: kindBoolean, hash: 1}
	falseTag  = object{kind: kindBoolean}
)

var (
	nilValue   = value{}
	trueValue  = value{o: &trueTag}
	falseValue = value{o: &falseTag}
)

// kind returns the type of a value.
//
//go:noinline
func (v value) kind() kind {
	if v.o == nil {
		return kindNil
	}
	return v.o.kind
}

//go:noinline
func (v value) typeName() string { return kindNames[v.kind()] }

// isNil, isTrue and so on are short for what is asked all the time.
func (v value) isNil() bool    { return v.o == nil }
func (v value) isTrue() bool   { return v.o != nil && v.o != &falseTag }
func (v value) isNumber() bool { return v.o == &numberTag }
func (v value) isString() bool { return v.o != nil && v.o.kind == kindString }

// table returns the table that a value is, or nil.
func (v value) table() *table {
	if v.o == nil {
		return nil
	}
	return v.o.t
}

// function returns the function that a value is, or nil.
func (v value) function() *function {
	if v.o == nil {
		return nil
	}
	return v.o.f
}

// str returns the string that a value is.
func (v value) str() (string, bool) {
	if v.o == nil || v.o.kind != kindString {
		return "", false
	}
	return v.o.s, true
}

func number(n float64) value { return value{&numberTag, n} }
func integer(n int) value    { return value{&numberTag, float64(n)} }

func boolean(b bool) value {
	if b {
		return trueValue
	}
	return falseValue
}

// constant makes a string that lives as long as the machine and is not counted.
//
//go:noinline
func constant(s string) value { return value{o: &object{kind: kindString, s: s, hash: hashOf(s)}} }

// hashedMost bounds the bytes that a hash takes into account, and so what one takes.
const hashedMost = 1 << 20

// hashOf is the hash of a string in Redis's Lua, which decides about the order of pairs. Unlike
// that of Lua 5.1 it takes all bytes into account, but here no more than the last hashedMost.
//
//go:noinline
func hashOf(s string) uint32 {
	h, from := uint32(len(s)), max(0, len(s)-hashedMost)
	for i := len(s) - 1; i >= from; i-- {
		h = hashStep(h, s[i])
	}
	return h
}

// hashStep is the hash when another byte was taken into account.
func hashStep(h uint32, c byte) uint32 { return h ^ (h<<5 + h>>2 + uint32(c)) }

// stringHash returns the hash of a string.
func (o *object) stringHash() uint32 {
	if o.hash == 0 {
		o.hash = hashOf(o.s)
	}
	return o.hash
}

// equal compares without metamethods.
func equal(a, b value) bool {
	if a.o == b.o {
		return a.o != &numberTag || a.n == b.n
	}
	return a.o != nil && b.o != nil && a.o.kind == kindString && b.o.kind == kindString &&
		a.o.s == b.o.s
}

// function is a function: one of a script, with its upvalues, or one of a library.
type function struct {
	object
	proto  *proto
	up     []*upvalue
	env    *table
	native builtin // of a library
	data   *bound  // what a function of a library is made for
	deep   deep    // what the machine does itself
}

// builtin is a function of a library: its arguments lie on the stack, it pushes its results and
// returns how many they are.
type builtin func(l *thread) int

// bound is what belongs to one function of a library alone.
type bound struct {
	co   *thread // of coroutine.wrap
	scan gmatchState
}

// deep tells the functions of libraries that the machine runs itself, since they call others.
type deep uint8

const (
	deepNone deep = iota
	deepPcall
	deepXpcall
	deepResume
	deepWrapped
	deepYield
	deepTostring
)

// upvalue is a variable that a function has from around it. While that is open, it is a register.
type upvalue struct {
	p      *value
	closed value
	at     int // the place on the stack; -1 once closed
}

// userdata: only cjson.null is one.
func newUserdata() value { return value{o: &object{kind: kindUserdata}} }

//go:noinline
func (vm *VM) function(f builtin) value {
	return vm.newFunction(&function{native: f, env: vm.globals})
}

// newFunction makes a value of a function.
func (vm *VM) newFunction(f *function) value {
	vm.ids++
	f.kind, f.hash, f.f = kindFunction, vm.ids, f
	vm.count(functionSize + 8*len(f.up))
	return value{o: &f.object}
}

// What values take on the heap, roughly as Go's allocator gives it.
const (
	stringSize   = 48
	tableSize    = 112
	functionSize = 128
	upvalueSize  = 48
	valueSize    = 16
	nodeSize     = 40
	threadSize   = 4096 + 512
)

// str makes a string of bytes that nobody changes.
func (vm *VM) str(s string) value {
	if len(s) <= 1 {
		if s == "" {
			return emptyString
		}
		return value{o: &bytes1[s[0]]}
	}
	vm.count(stringSize + len(s))
	return value{o: &object{kind: kindString, s: s}}
}

// bytes makes a string of bytes, which are copied.
func (vm *VM) bytes(b []byte) value {
	if len(b) <= 1 {
		if len(b) == 0 {
			return emptyString
		}
		return value{o: &bytes1[b[0]]}
	}
	vm.count(stringSize + len(b))
	return value{o: &object{kind: kindString, s: string(b)}}
}

// part makes a string of a part of another. Small ones are copied, so that they do not keep the
// whole alive.
func (vm *VM) part(whole, part string) value {
	if len(part) < 64 || len(part) < len(whole)/4 {
		vm.charge(len(part) / 1024)
		return vm.str(strings.Clone(part))
	}
	return vm.str(part)
}

var emptyString = value{o: sharedString("")}

// bytes1 are the strings of one byte.
var bytes1 = func() (list [256]object) {
	for i := range list {
		s := string([]byte{byte(i)})
		list[i] = object{kind: kindString, all: true, s: s, hash: hashOf(s)}
	}
	return
}()

// text gives a string or number as a string.
func text(v value) (string, bool) {
	switch v.kind() {
	case kindString:
		return v.o.s, true
	case kindNumber:
		return numberText(v.n), true
	}
	return "", false
}

// toNumber gives a number, or a string that reads as one, which takes as long as that is.
func (vm *VM) toNumber(v value) (float64, bool) {
	switch v.kind() {
	case kindNumber:
		return v.n, true
	case kindString:
		vm.charge(len(v.o.s) / 1024)
		return parseNumber(v.o.s)
	}
	return 0, false
}

// asInt returns the whole number that a float is, if it is one.
func asInt(n float64) (int, bool) {
	i := int(n)
	return i, float64(i) == n
}

// notANumber is what C's arithmetic on the reference's machine makes of nothing: its sign is set,
// and shows when it is printed. Hosts differ there.
var notANumber = math.Float64frombits(0xfff8000000000000)

// invalid gives the result of an operation on a and b that is not a number.
func invalid(a, b float64) float64 {
	if a != a {
		return a
	}
	if b != b {
		return b
	}
	return notANumber
}
