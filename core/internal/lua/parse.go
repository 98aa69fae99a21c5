package lua

import (
	"strconv"

	"github.com/yuin/gopher-lua/ast"
)

// parser makes a syntax tree of a source, in the grammar of Lua 5.1 and with its errors. The
// library's own parser knows another grammar (goto, hexadecimal escapes) and words its errors
// otherwise.
type parser struct {
	lexer
	tok    token
	ahead  token
	peeked bool
	last   int // the line of the token before tok
	depth  int
	fn     *scope
}

// scope is the function that is being parsed.
type scope struct {
	outer *scope
	vargs bool
	loops int // how many loops of this function are open
	line  int // where it begins, 0 for the chunk itself
	known int // its local variables in scope
}

// parseChunk parses a source; problem says what is wrong with it.
func parseChunk(name, source string) (body []ast.Stmt, last int, problem string) {
	p := &parser{lexer: lexer{name: name, in: source, line: 1}, fn: &scope{vargs: true}}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(syntaxError)
			if !ok {
				panic(r)
			}
			problem = string(e)
		}
	}()
	p.advance()
	body = p.block()
	if p.tok.kind != tokEnd {
		p.expected(tokEnd)
	}
	return body, p.line, ""
}

func (p *parser) advance() {
	p.last = p.tok.line
	if p.peeked {
		p.tok, p.peeked = p.ahead, false
		return
	}
	p.tok = p.next()
}

// lookahead returns the token behind the present one.
func (p *parser) lookahead() token {
	if !p.peeked {
		p.ahead, p.peeked = p.next(), true
	}
	return p.ahead
}

func (p *parser) wrong(problem string) { p.fail(problem, p.tok.text) }

func (p *parser) expected(k tokenKind) {
	p.wrong("'" + kindText(k) + "' expected")
}

// accept passes over a token of a kind if it is there.
func (p *parser) accept(k tokenKind) bool {
	if p.tok.kind != k {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(k tokenKind) {
	if !p.accept(k) {
		p.expected(k)
	}
}

// closes expects what ends something that began on an earlier line.
func (p *parser) closes(what, opened tokenKind, line int) {
	if p.accept(what) {
		return
	}
	if line == p.line {
		p.expected(what)
	}
	p.wrong("'" + kindText(what) + "' expected (to close '" + kindText(opened) + "' at line " +
		itoa(line) + ")")
}

func (p *parser) name() string {
	if p.tok.kind != tokName {
		p.expected(tokName)
	}
	s := p.tok.value
	p.advance()
	return s
}

// localsMax bounds the local variables of a function, as Lua does.
const localsMax = 200

// declare counts new local variables.
func (p *parser) declare(n int) {
	if p.fn.known += n; p.fn.known <= localsMax {
		return
	}
	who := "main function"
	if p.fn.line > 0 {
		who = "function at line " + itoa(p.fn.line)
	}
	p.fail(who+" has more than "+itoa(localsMax)+" local variables", "")
}

// enter goes down a level of nesting.
func (p *parser) enter() {
	if p.depth++; p.depth > nestingMax {
		p.fail("chunk has too many syntax levels", "")
	}
}

// at gives a node its line.
func at[N ast.PositionHolder](n N, line int) N {
	n.SetLine(line)
	n.SetLastLine(line)
	return n
}

// block parses statements up to a word that ends them.
func (p *parser) block() []ast.Stmt {
	body := []ast.Stmt{}
	known := p.fn.known
	p.enter()
	for !p.blockEnds() {
		last := p.tok.kind == tokReturn || p.tok.kind == tokBreak
		body = append(body, p.statement())
		p.accept(';')
		if last {
			break
		}
	}
	p.depth--
	p.fn.known = known
	return body
}

func (p *parser) blockEnds() bool {
	switch p.tok.kind {
	case tokElse, tokElseif, tokEndWord, tokEnd, tokUntil:
		return true
	}
	return false
}

func (p *parser) statement() ast.Stmt {
	line := p.tok.line
	switch p.tok.kind {
	case tokIf:
		return p.ifStatement(line)
	case tokWhile:
		p.advance()
		s := at(&ast.WhileStmt{Condition: p.expr(0)}, line)
		p.expect(tokDo)
		s.Stmts = p.loop()
		s.SetLastLine(p.tok.line)
		p.closes(tokEndWord, tokWhile, line)
		return s
	case tokDo:
		p.advance()
		s := at(&ast.DoBlockStmt{Stmts: p.block()}, line)
		s.SetLastLine(p.tok.line)
		p.closes(tokEndWord, tokDo, line)
		return s
	case tokFor:
		return p.forStatement(line)
	case tokRepeat:
		p.advance()
		s := at(&ast.RepeatStmt{Stmts: p.loop()}, line)
		p.closes(tokUntil, tokRepeat, line)
		s.Condition = p.expr(0)
		s.SetLastLine(p.last)
		return s
	case tokFunction:
		return p.functionStatement(line)
	case tokLocal:
		return p.localStatement(line)
	case tokReturn:
		return p.returnStatement(line)
	case tokBreak:
		p.advance()
		if p.fn.loops == 0 {
			p.wrong("no loop to break")
		}
		return at(&ast.BreakStmt{}, line)
	}
	return p.exprStatement(line)
}

func (p *parser) loop() []ast.Stmt {
	p.fn.loops++
	body := p.block()
	p.fn.loops--
	return body
}

func (p *parser) ifStatement(line int) ast.Stmt {
	first := at(&ast.IfStmt{}, line)
	for s := first; ; {
		p.advance()
		s.Condition = p.expr(0)
		p.expect(tokThen)
		s.Then = p.block()
		if p.tok.kind == tokElseif {
			next := at(&ast.IfStmt{}, p.tok.line)
			s.Else = []ast.Stmt{next}
			s = next
			continue
		}
		if p.accept(tokElse) {
			s.Else = p.block()
		}
		break
	}
	first.SetLastLine(p.tok.line)
	p.closes(tokEndWord, tokIf, line)
	return first
}

func (p *parser) forStatement(line int) ast.Stmt {
	p.advance()
	names := []string{p.name()}
	switch p.tok.kind {
	case '=':
		p.advance()
		s := at(&ast.NumberForStmt{Name: names[0], Init: p.expr(0)}, line)
		p.expect(',')
		s.Limit = p.expr(0)
		if p.accept(',') {
			s.Step = p.expr(0)
		}
		s.Stmts = p.forBody(line, 1)
		s.SetLastLine(p.last)
		return s
	case ',', tokIn:
		for p.accept(',') {
			names = append(names, p.name())
		}
		p.expect(tokIn)
		s := at(&ast.GenericForStmt{Names: names, Exprs: p.exprs()}, line)
		s.Stmts = p.forBody(line, len(names))
		s.SetLastLine(p.last)
		return s
	}
	p.wrong("'=' or 'in' expected")
	return nil
}

func (p *parser) forBody(line, variables int) []ast.Stmt {
	p.expect(tokDo)
	p.declare(variables + 3) // three hold the loop's state
	body := p.loop()
	p.fn.known -= variables + 3
	p.closes(tokEndWord, tokFor, line)
	return body
}

func (p *parser) functionStatement(line int) ast.Stmt {
	p.advance()
	id := at(&ast.IdentExpr{Value: p.name()}, p.last)
	name := &ast.FuncName{Func: id}
	for p.tok.kind == '.' {
		p.advance()
		key := at(&ast.StringExpr{Value: p.name()}, p.last)
		name.Func = at(&ast.AttrGetExpr{Object: name.Func, Key: key}, p.last)
	}
	if p.accept(':') {
		name.Func, name.Receiver, name.Method = nil, name.Func, p.name()
	}
	s := at(&ast.FuncDefStmt{Name: name, Func: p.function(line)}, line)
	s.SetLastLine(p.last)
	return s
}

func (p *parser) localStatement(line int) ast.Stmt {
	p.advance()
	if p.accept(tokFunction) {
		name := p.name()
		p.declare(1)
		s := &ast.LocalAssignStmt{Names: []string{name}, Exprs: []ast.Expr{p.function(line)}}
		at(s, line).SetLastLine(p.last)
		return s
	}
	s := at(&ast.LocalAssignStmt{Names: []string{p.name()}, Exprs: []ast.Expr{}}, line)
	for p.accept(',') {
		s.Names = append(s.Names, p.name())
	}
	if !p.accept('=') {
		p.declare(len(s.Names))
		return s
	}
	s.Exprs = p.exprs()
	p.declare(len(s.Names))
	if _, ok := s.Exprs[0].(*ast.FunctionExpr); ok && len(s.Names) == 1 && len(s.Exprs) == 1 {
		// By itself it would be taken for a local function, which sees its own name.
		s.Exprs = append(s.Exprs, at(&ast.NilExpr{}, line))
	}
	return s
}

func (p *parser) returnStatement(line int) ast.Stmt {
	p.advance()
	s := at(&ast.ReturnStmt{}, line)
	if !p.blockEnds() && p.tok.kind != ';' {
		s.Exprs = p.exprs()
	}
	return s
}

// exprStatement parses an assignment or a call.
func (p *parser) exprStatement(line int) ast.Stmt {
	e := p.primary()
	if call, ok := e.(*ast.FuncCallExpr); ok && !call.AdjustRet {
		return at(&ast.FuncCallStmt{Expr: e}, line)
	}
	s := at(&ast.AssignStmt{Lhs: []ast.Expr{e}}, line)
	p.assignable(e)
	for p.accept(',') {
		p.enter()
		e := p.primary()
		if call, ok := e.(*ast.FuncCallExpr); ok && !call.AdjustRet {
			p.wrong("syntax error")
		}
		p.assignable(e)
		s.Lhs = append(s.Lhs, e)
	}
	p.depth -= len(s.Lhs) - 1
	p.expect('=')
	s.Rhs = p.exprs()
	return s
}

func (p *parser) assignable(e ast.Expr) {
	switch e.(type) {
	case *ast.IdentExpr, *ast.AttrGetExpr:
	default:
		p.wrong("syntax error")
	}
}

// function parses the parameters and the body of a function.
func (p *parser) function(line int) *ast.FunctionExpr {
	p.fn = &scope{outer: p.fn, line: line}
	f := at(&ast.FunctionExpr{ParList: &ast.ParList{Names: []string{}}}, line)
	p.expect('(')
	for p.tok.kind != ')' {
		if p.tok.kind == tokDots {
			p.advance()
			f.ParList.HasVargs, p.fn.vargs = true, true
			break
		}
		if p.tok.kind != tokName {
			p.wrong("<name> or '...' expected")
		}
		f.ParList.Names = append(f.ParList.Names, p.name())
		p.declare(1)
		if !p.accept(',') {
			break
		}
		if p.tok.kind == ')' {
			p.wrong("<name> or '...' expected")
		}
	}
	p.expect(')')
	f.Stmts = p.block()
	f.SetLastLine(p.tok.line)
	p.closes(tokEndWord, tokFunction, line)
	p.fn = p.fn.outer
	return f
}

func (p *parser) exprs() []ast.Expr {
	list := []ast.Expr{p.expr(0)}
	for p.accept(',') {
		list = append(list, p.expr(0))
	}
	return list
}

// binding tells how strongly an operator binds to its left and to its right; 0 is no operator.
func binding(k tokenKind) (left, right int) {
	switch k {
	case tokOr:
		return 1, 1
	case tokAnd:
		return 2, 2
	case '<', '>', tokLess, tokMore, tokEqual, tokUnequal:
		return 3, 3
	case tokConcat:
		return 5, 4
	case '+', '-':
		return 6, 6
	case '*', '/', '%':
		return 7, 7
	case '^':
		return 10, 9
	}
	return 0, 0
}

// unaryBinding is how strongly not, # and - bind.
const unaryBinding = 8

// expr parses an expression of operators that bind more strongly than limit.
func (p *parser) expr(limit int) ast.Expr {
	p.enter()
	var e ast.Expr
	line := p.tok.line
	switch p.tok.kind {
	case tokNot:
		p.advance()
		e = at(&ast.UnaryNotOpExpr{Expr: p.expr(unaryBinding)}, line)
	case '-':
		p.advance()
		e = at(&ast.UnaryMinusOpExpr{Expr: p.expr(unaryBinding)}, line)
	case '#':
		p.advance()
		e = at(&ast.UnaryLenOpExpr{Expr: p.expr(unaryBinding)}, line)
	default:
		e = p.simple()
	}
	for {
		op := p.tok
		left, right := binding(op.kind)
		if left <= limit {
			break
		}
		p.advance()
		e = binaryExpr(op, e, p.expr(right))
	}
	p.depth--
	return e
}

func binaryExpr(op token, a, b ast.Expr) ast.Expr {
	switch op.kind {
	case tokOr, tokAnd:
		return at(&ast.LogicalOpExpr{Operator: op.text, Lhs: a, Rhs: b}, op.line)
	case tokConcat:
		return at(&ast.StringConcatOpExpr{Lhs: a, Rhs: b}, op.line)
	case '<', '>', tokLess, tokMore, tokEqual, tokUnequal:
		return at(&ast.RelationalOpExpr{Operator: op.text, Lhs: a, Rhs: b}, op.line)
	}
	return at(&ast.ArithmeticOpExpr{Operator: op.text, Lhs: a, Rhs: b}, op.line)
}

func (p *parser) simple() ast.Expr {
	t := p.tok
	switch t.kind {
	case tokNumber:
		p.advance()
		// The compiler reads 010 as octal: give it the number in its shortest form.
		return at(&ast.NumberExpr{Value: strconv.FormatFloat(t.num, 'g', -1, 64)}, t.line)
	case tokString:
		p.advance()
		return at(&ast.StringExpr{Value: t.value}, t.line)
	case tokNil:
		p.advance()
		return at(&ast.NilExpr{}, t.line)
	case tokTrue:
		p.advance()
		return at(&ast.TrueExpr{}, t.line)
	case tokFalse:
		p.advance()
		return at(&ast.FalseExpr{}, t.line)
	case tokDots:
		if !p.fn.vargs {
			p.wrong("cannot use '...' outside a vararg function")
		}
		p.advance()
		return at(&ast.Comma3Expr{}, t.line)
	case '{':
		return p.tableConstructor()
	case tokFunction:
		p.advance()
		return p.function(t.line)
	}
	return p.primary()
}

// primary parses a variable, a call, or what stands in parentheses.
func (p *parser) primary() ast.Expr {
	var e ast.Expr
	line := p.tok.line
	switch p.tok.kind {
	case tokName:
		e = at(&ast.IdentExpr{Value: p.name()}, line)
	case '(':
		p.advance()
		e = parenthesized(p.expr(0))
		p.closes(')', '(', line)
	default:
		p.wrong("unexpected symbol")
	}
	for {
		line := p.tok.line
		switch p.tok.kind {
		case '.':
			p.advance()
			key := at(&ast.StringExpr{Value: p.name()}, p.last)
			e = at(&ast.AttrGetExpr{Object: e, Key: key}, line)
		case '[':
			p.advance()
			key := p.expr(0)
			p.expect(']')
			e = at(&ast.AttrGetExpr{Object: e, Key: key}, line)
		case ':':
			p.advance()
			method := p.name()
			line = p.tok.line
			e = at(&ast.FuncCallExpr{Receiver: e, Method: method, Args: p.arguments()}, line)
		case '(', tokString, '{':
			e = at(&ast.FuncCallExpr{Func: e, Args: p.arguments()}, line)
		default:
			return e
		}
	}
}

// grouped is a variable in parentheses: it cannot be assigned to.
type grouped struct{ ast.Expr }

// parenthesized makes a call or ... give one value, and a variable unassignable.
func parenthesized(e ast.Expr) ast.Expr {
	switch e.(type) {
	case *ast.IdentExpr, *ast.AttrGetExpr:
		return &grouped{e}
	}
	return single(e)
}

func (p *parser) arguments() []ast.Expr {
	t := p.tok
	switch t.kind {
	case '(':
		if t.line != p.last {
			p.wrong("ambiguous syntax (function call x new statement)")
		}
		p.advance()
		args := []ast.Expr{}
		if p.tok.kind != ')' {
			args = p.exprs()
		}
		p.closes(')', '(', t.line)
		return args
	case '{':
		return []ast.Expr{p.tableConstructor()}
	case tokString:
		p.advance()
		return []ast.Expr{at(&ast.StringExpr{Value: t.value}, t.line)}
	}
	p.wrong("function arguments expected")
	return nil
}

func (p *parser) tableConstructor() ast.Expr {
	line := p.tok.line
	p.advance()
	t := at(&ast.TableExpr{Fields: []*ast.Field{}}, line)
	for p.tok.kind != '}' {
		f := &ast.Field{}
		switch {
		case p.tok.kind == tokName && p.lookahead().kind == '=':
			f.Key = at(&ast.StringExpr{Value: p.name()}, p.last)
			p.advance()
		case p.accept('['):
			f.Key = p.expr(0)
			p.expect(']')
			p.expect('=')
		}
		f.Value = p.expr(0)
		t.Fields = append(t.Fields, f)
		if !p.accept(',') && !p.accept(';') {
			break
		}
	}
	p.closes('}', '{', line)
	return t
}
