package lua

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// Compile compiles a script. name is what error messages call it, "user_script". When the source
// is wrong, problem says why.
func (vm *VM) Compile(name string, source []byte) (f Function, problem string) {
	fn, notes, problem := vm.load(name, source)
	return Function{fn, notes}, problem
}

// What Redis's Lua takes for parts of a compiled function, in bytes. A string is counted where it
// is long: short ones are mostly names, which all scripts share.
const (
	protoBytes    = 112
	codeBytes     = 4 + 4 // an instruction and its line
	constantBytes = 16
	localBytes    = 16
	stringBytes   = 25
	sharedMax     = 40
)

// Size is about how many bytes Redis's Lua takes for a function. Comments take none.
func (f Function) Size() int { return protoSize(f.fn.Proto) }

func protoSize(p *lua.FunctionProto) int {
	if p == nil { // a function of a library's
		return 0
	}
	size := protoBytes + codeBytes*len(p.Code) + constantBytes*len(p.Constants) +
		localBytes*len(p.DbgLocals)
	for _, k := range p.Constants {
		if s, is := k.(lua.LString); is && len(s) > sharedMax {
			size += stringBytes + len(s)
		}
	}
	for _, inner := range p.FunctionPrototypes { // no deeper than nestingMax
		size += protoSize(inner)
	}
	return size
}

// load compiles source to a function that sees the guarded globals.
func (vm *VM) load(name string, source []byte) (fn *lua.LFunction, notes hints, problem string) {
	if len(source) > 0 && source[0] == 0x1b {
		return nil, nil, name + ": bad binary format (truncated precompiled chunk)"
	}
	chunk, last, problem := parseChunk(name, string(source))
	if problem != "" {
		return nil, nil, problem
	}
	r := rewriter{fn: &names{}, hints: hints{}}
	body := r.block(chunk)
	if r.problem != "" {
		return nil, nil, name + ":" + itoa(r.line) + ": " + r.problem
	}
	proto, err := lua.Compile(wrap(body, last), name)
	if err != nil {
		return nil, nil, compileProblem(name, err)
	}
	proto.FunctionPrototypes[0].IsVarArg &^= lua.VarArgNeedsArg // no table `arg` for scripts
	l := vm.l
	top := l.GetTop()
	outer := l.NewFunctionFromProto(proto)
	outer.Env = vm.env
	pause := vm.meter.pause
	vm.meter.pause = nil // this one call is not to be interrupted
	l.Push(outer)
	l.Push(vm.concat)
	l.Push(vm.discard[0])
	l.Push(vm.discard[1])
	l.Call(3, 1)
	vm.meter.pause = pause
	fn = l.Get(-1).(*lua.LFunction)
	l.SetTop(top)
	return fn, r.hints, ""
}

// The names under which scripts reach what the compiler puts in place of operators. No script can
// write them.
const (
	concatName = "(concat)"
	callName   = "(call)"
	pcallName  = "(pcall)"
)

// wrap puts a script into a function that closes over the helpers:
// local (concat), (call), (pcall) = ...; return function(...) script end
func wrap(body []ast.Stmt, last int) []ast.Stmt {
	inner := &ast.FunctionExpr{ParList: &ast.ParList{HasVargs: true}, Stmts: body}
	inner.SetLine(0)
	inner.SetLastLine(last)
	ret := &ast.ReturnStmt{Exprs: []ast.Expr{inner}}
	local := &ast.LocalAssignStmt{Names: []string{concatName, callName, pcallName},
		Exprs: []ast.Expr{&ast.Comma3Expr{}}}
	return []ast.Stmt{local, ret}
}

func compileProblem(name string, err error) string {
	if e, ok := err.(*lua.CompileError); ok {
		return name + ":" + itoa(e.Line) + ": " + e.Message
	}
	return name + ": " + err.Error()
}

// nestingMax bounds how deep a script's syntax may nest, since the compiler recurses: as in the
// reference, 200 levels. Chains of left-associative operators may be longer.
const (
	nestingMax = 200
	chainMax   = 4000
)

// rewriter walks a syntax tree and replaces what the VM does otherwise than Lua 5.1: `..`, which
// must write numbers with %.14g, becomes the call of a helper.
type rewriter struct {
	depth   int
	line    int
	problem string
	fn      *names // the local variables in scope
	hints   hints
}

// enter goes a level down; it reports false when that is too deep.
func (r *rewriter) enter(line, cost, limit int) bool {
	r.depth += cost
	if r.depth <= limit {
		return true
	}
	if r.problem == "" {
		r.problem, r.line = "chunk has too many syntax levels", line
	}
	return false
}

// levels: a level of nesting counts chainMax/nestingMax, a link of a chain 1.
const level = chainMax / nestingMax

func (r *rewriter) block(stmts []ast.Stmt) []ast.Stmt {
	known := len(r.fn.list)
	for _, s := range stmts {
		if r.enter(s.Line(), level, chainMax) {
			r.stmt(s)
		}
		r.depth -= level
	}
	r.fn.list = r.fn.list[:known]
	return stmts
}

// scoped walks a block with variables of its own, as loops have.
func (r *rewriter) scoped(stmts []ast.Stmt, variables ...string) {
	known := len(r.fn.list)
	r.fn.list = append(r.fn.list, variables...)
	r.block(stmts)
	r.fn.list = r.fn.list[:known]
}

func (r *rewriter) function(f *ast.FunctionExpr, self bool) {
	r.fn = &names{outer: r.fn}
	if self {
		r.fn.list = []string{"self"}
	}
	r.scoped(f.Stmts, f.ParList.Names...)
	r.fn = r.fn.outer
}

func (r *rewriter) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		r.exprs(s.Lhs)
		r.exprs(s.Rhs)
	case *ast.LocalAssignStmt:
		r.local(s)
	case *ast.FuncCallStmt:
		s.Expr = r.expr(s.Expr)
		r.discards(s.Expr)
	case *ast.DoBlockStmt:
		r.block(s.Stmts)
	case *ast.WhileStmt:
		s.Condition = r.expr(s.Condition)
		r.block(s.Stmts)
	case *ast.RepeatStmt:
		r.block(s.Stmts)
		s.Condition = r.expr(s.Condition)
	case *ast.IfStmt:
		r.ifStmt(s)
	case *ast.NumberForStmt:
		s.Init, s.Limit = r.expr(s.Init), r.expr(s.Limit)
		if s.Step != nil {
			s.Step = r.expr(s.Step)
		}
		r.scoped(s.Stmts, s.Name)
	case *ast.GenericForStmt:
		r.exprs(s.Exprs)
		r.scoped(s.Stmts, s.Names...)
	case *ast.FuncDefStmt:
		r.function(s.Func, s.Name.Method != "")
	case *ast.ReturnStmt:
		r.exprs(s.Exprs)
	}
}

// discards turns a redis.call whose reply nobody wants into the call of a helper that makes no Lua
// value of it: a table for +OK costs five times what the command does.
func (r *rewriter) discards(e ast.Expr) {
	call, ok := e.(*ast.FuncCallExpr)
	if !ok || call.Func == nil {
		return
	}
	get, ok := call.Func.(*ast.AttrGetExpr)
	if !ok || r.describe(get.Object) != "global 'redis'" {
		return
	}
	name := ""
	switch r.describe(get) {
	case "field 'call'":
		name = callName
	case "field 'pcall'":
		name = pcallName
	default:
		return
	}
	call.Func = at(&ast.IdentExpr{Value: name}, get.Line())
}

// local declares variables; a local function sees its own name.
func (r *rewriter) local(s *ast.LocalAssignStmt) {
	if len(s.Exprs) == 1 {
		if _, ok := s.Exprs[0].(*ast.FunctionExpr); ok {
			r.fn.list = append(r.fn.list, s.Names...)
			r.exprs(s.Exprs)
			return
		}
	}
	r.exprs(s.Exprs)
	r.fn.list = append(r.fn.list, s.Names...)
}

// ifStmt walks a chain of elseif in a loop: each stands in the Else of the one before.
func (r *rewriter) ifStmt(s *ast.IfStmt) {
	for {
		s.Condition = r.expr(s.Condition)
		r.block(s.Then)
		if len(s.Else) == 1 {
			if next, ok := s.Else[0].(*ast.IfStmt); ok {
				if !r.enter(s.Line(), 1, chainMax) {
					return
				}
				s = next
				continue
			}
		}
		r.block(s.Else)
		return
	}
}

func (r *rewriter) exprs(list []ast.Expr) {
	for i, e := range list {
		list[i] = r.expr(e)
	}
}

func (r *rewriter) expr(e ast.Expr) ast.Expr {
	if e == nil {
		return nil
	}
	cost := level
	switch e.(type) {
	case *ast.ArithmeticOpExpr, *ast.LogicalOpExpr, *ast.RelationalOpExpr,
		*ast.StringConcatOpExpr, *ast.AttrGetExpr, *ast.FuncCallExpr:
		cost = 1
	}
	if r.enter(e.Line(), cost, chainMax) {
		r.observe(e)
		e = r.inner(e)
	}
	r.depth -= cost
	return e
}

func (r *rewriter) inner(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		e.Object, e.Key = r.expr(e.Object), r.expr(e.Key)
	case *ast.TableExpr:
		for _, f := range e.Fields {
			f.Key, f.Value = r.expr(f.Key), r.expr(f.Value)
		}
	case *ast.FuncCallExpr:
		e.Func, e.Receiver = r.expr(e.Func), r.expr(e.Receiver)
		r.exprs(e.Args)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.RelationalOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.FunctionExpr:
		r.function(e, false)
	case *ast.StringConcatOpExpr:
		return r.concat(e)
	case *grouped:
		return r.expr(e.Expr)
	}
	return e
}

// concat turns a .. b .. c into (concat)(a, b, c). Operands that are calls or `...` stand in
// parentheses' stead: each gives one value.
func (r *rewriter) concat(e *ast.StringConcatOpExpr) ast.Expr {
	name := &ast.IdentExpr{Value: concatName}
	name.SetLine(e.Line())
	call := &ast.FuncCallExpr{Func: name}
	call.SetLine(e.Line())
	call.SetLastLine(e.LastLine())
	note := func(operand ast.Expr) {
		r.hints.note(call.Line(), ".."+itoa(len(call.Args)+1), r.describe(operand))
	}
	for {
		note(e.Lhs)
		call.Args = append(call.Args, single(r.expr(e.Lhs)))
		next, ok := e.Rhs.(*ast.StringConcatOpExpr)
		if !ok || len(call.Args) >= concatMax {
			note(e.Rhs)
			call.Args = append(call.Args, single(r.expr(e.Rhs)))
			return call
		}
		e = next
	}
}

// concatMax bounds the operands of one call of the helper: each takes a register.
const concatMax = 50

// single makes an expression give exactly one value.
func single(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
	return e
}
