package lua

import (
	"strings"

	"github.com/yuin/gopher-lua/ast"
)

// hints tells, of each operation that can go wrong, what it works on: "local 'x'", "field 'y'".
// The library's VM does not say, but Lua's errors do. They are told apart by line and operation;
// where two on a line differ there is no hint.
type hints map[hint]string

type hint struct {
	line int
	op   string // "index" and the key, "call", "#", "-", or an operator with l or r behind it
}

// ambiguous stands for several that differ.
const ambiguous = "?"

func (h hints) note(line int, op, what string) {
	k := hint{line, op}
	if old, ok := h[k]; ok && old != what {
		what = ambiguous
	}
	h[k] = what
}

// value words what an operation failed on: "local 'x' (a nil value)".
func (h hints) value(line int, op, kind string) string {
	if what := h[hint{line, op}]; what != "" && what != ambiguous {
		if literal, ok := strings.CutPrefix(what, "="); ok {
			return "a " + literal + " value"
		}
		return what + " (a " + kind + " value)"
	}
	return "a " + kind + " value"
}

// operators are the words in which the VM names what Lua's errors call arithmetic.
var operators = map[string]string{
	"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%", "pow": "^",
}

// word puts an error of the library's VM, without its place, into the words of Lua 5.1.
func (h hints) word(line int, s string) string {
	switch s {
	case "attempt to call a non-function object":
		return "attempt to call " + h.value(line, "call", "nil")
	case "__len undefined":
		return "attempt to get length of " + h.value(line, "#", "nil")
	case "__unm undefined":
		return "attempt to perform arithmetic on " + h.value(line, "-", "nil")
	case "for statement init must be a number":
		return "'for' initial value must be a number"
	case "for statement limit must be a number":
		return "'for' limit must be a number"
	case "for statement step must be a number":
		return "'for' step must be a number"
	}
	if rest, ok := strings.CutPrefix(s, "attempt to index a non-table object("); ok {
		kind, key, _ := strings.Cut(rest, ") with key '")
		return "attempt to index " + h.value(line, "index "+strings.TrimSuffix(key, "'"), kind)
	}
	if rest, ok := strings.CutPrefix(s, "attempt to compare "); ok {
		if a, b, ok := strings.Cut(rest, " with "); ok && a == b {
			return "attempt to compare two " + a + " values"
		}
	}
	if rest, ok := strings.CutPrefix(s, "cannot perform "); ok {
		op, rest, _ := strings.Cut(rest, " operation between ")
		a, b, ok := strings.Cut(rest, " and ")
		if ok && a != "number" && (a != "string" || b == "number") {
			return "attempt to perform arithmetic on " + h.value(line, operators[op]+"l", a)
		} else if ok {
			return "attempt to perform arithmetic on " + h.value(line, operators[op]+"r", b)
		}
	}
	return s
}

// wording puts an error of the library's VM into the words of Lua 5.1.
func (vm *VM) wording(s string) string {
	_, line := prefixPlace(s)
	if line == 0 {
		return s
	}
	place, text, ok := strings.Cut(s, ": ")
	if !ok {
		return s
	}
	h := vm.hints
	if strings.HasPrefix(place, "[") { // what load made
		h = nil
	}
	return place + ": " + h.word(line, text)
}

// names are the local variables of a function, innermost last.
type names struct {
	outer *names
	list  []string
}

// describe says what an expression is, as errors do; "" if it has no name, "=number" for literals.
func (r *rewriter) describe(e ast.Expr) string {
	switch e := e.(type) {
	case *grouped:
		return r.describe(e.Expr)
	case *ast.IdentExpr:
		return r.variable(e.Value)
	case *ast.AttrGetExpr:
		if key, ok := e.Key.(*ast.StringExpr); ok {
			return "field '" + key.Value + "'"
		}
	case *ast.NumberExpr:
		return "=number"
	case *ast.StringExpr, *ast.StringConcatOpExpr:
		return "=string"
	case *ast.TrueExpr, *ast.FalseExpr:
		return "=boolean"
	case *ast.TableExpr:
		return "=table"
	case *ast.NilExpr:
		return "=nil"
	case *ast.FunctionExpr:
		return "=function"
	}
	return ""
}

func (r *rewriter) variable(name string) string {
	kind := "local"
	for f := r.fn; f != nil; f = f.outer {
		for i := len(f.list) - 1; i >= 0; i-- {
			if f.list[i] == name {
				return kind + " '" + name + "'"
			}
		}
		kind = "upvalue"
	}
	return "global '" + name + "'"
}

// observe notes what the operations of an expression work on.
func (r *rewriter) observe(e ast.Expr) {
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		key := ""
		switch k := e.Key.(type) {
		case *ast.StringExpr:
			key = k.Value
		case *ast.NumberExpr:
			key = k.Value
		default:
			return
		}
		r.hints.note(e.Line(), "index "+key, r.describe(e.Object))
	case *ast.FuncCallExpr:
		if e.Func != nil {
			r.hints.note(e.Line(), "call", r.describe(e.Func))
			return
		}
		r.hints.note(e.Line(), "call", "method '"+e.Method+"'")
		r.hints.note(e.Line(), "index "+e.Method, r.describe(e.Receiver))
	case *ast.ArithmeticOpExpr:
		r.hints.note(e.Line(), e.Operator+"l", r.describe(e.Lhs))
		r.hints.note(e.Line(), e.Operator+"r", r.describe(e.Rhs))
	case *ast.UnaryMinusOpExpr:
		r.hints.note(e.Line(), "-", r.describe(e.Expr))
	case *ast.UnaryLenOpExpr:
		r.hints.note(e.Line(), "#", r.describe(e.Expr))
	}
}
