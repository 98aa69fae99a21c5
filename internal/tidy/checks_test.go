package tidy

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strconv"
)

// listings are the files of core that find commands by their names, or tell of them.
var listings = []string{"lookup.go", "table.go", "cmd_command.go", "cmd_command_docs.go"}

// commandNames checks that no other file of the engine decides anything by a command's name: what
// it wants to know of a command, its declaration says.
func (c *checker) commandNames(f *ast.File, info *types.Info) {
	name := c.tree.fset.Position(f.Pos()).Filename
	if path.Base(path.Dir(name)) != "core" || slices.Contains(listings, path.Base(name)) {
		return
	}
	var above []ast.Node // from the file down to the node
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil {
			above = above[:len(above)-1]
			return true
		}
		above = append(above, n)
		switch n := n.(type) {
		case *ast.SelectorExpr:
			field := n.Sel.Name
			if field != "full" && field != "Name" && field != "parent" || !isCommand(info.TypeOf(n.X)) {
				break
			}
			if field != "full" || decides(above) {
				c.tree.report(n.Pos(), "a command's %s must decide nothing: ask its declaration", field)
			}
		case *ast.IndexExpr:
			if isFirstArg(n) && decides(above) {
				c.tree.report(n.Pos(), "a command's first word must decide nothing")
			}
		}
		return true
	})
}

// isCommand says whether t is core's Command or a pointer to one.
func isCommand(t types.Type) bool {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	named, ok := t.(*types.Named)
	return ok && named.Obj().Name() == "Command" && named.Obj().Pkg().Name() == "core"
}

// isFirstArg says whether an expression is the first of a command's words.
func isFirstArg(n *ast.IndexExpr) bool {
	at, ok := n.Index.(*ast.BasicLit)
	if !ok || at.Value != "0" {
		return false
	}
	switch of := n.X.(type) {
	case *ast.Ident:
		return of.Name == "args"
	case *ast.SelectorExpr:
		return of.Sel.Name == "Args"
	}
	return false
}

// comparers are the functions and packages that compare texts.
var comparers = map[string]bool{"is": true, "strings": true, "bytes": true, "slices": true}

// decides says whether the last of some nodes, each within the one before it, is compared.
func decides(above []ast.Node) bool {
	for i := len(above) - 2; i >= 0; i-- {
		child := above[i+1]
		switch n := above[i].(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				return true
			}
		case *ast.SwitchStmt:
			return n.Tag == child
		case *ast.CaseClause:
			return i == len(above)-2
		case *ast.IndexExpr:
			return n.Index == child
		case *ast.CallExpr:
			fun := n.Fun
			if sel, ok := fun.(*ast.SelectorExpr); ok {
				fun = sel.X
			}
			if id, ok := fun.(*ast.Ident); ok && comparers[id.Name] {
				return true
			}
		case ast.Stmt:
			return false
		}
	}
	return false
}

// verdicts are the errors with which a command is refused that might have run.
var verdicts = regexp.MustCompile(`^(NOAUTH Authentication|OOM|MISCONF|NOREPLICAS|BUSY) `)

// checksOnce checks that core/checks.go alone gives those errors, which core/errors.go words.
func (tr *tree) checksOnce() {
	names := map[string]bool{}
	for _, f := range tr.files {
		if f.dir != "core" || f.test || path.Base(f.path) == "checks.go" {
			continue
		}
		wording := path.Base(f.path) == "errors.go"
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if wording && len(n.Values) > 0 && isVerdict(n.Values[0]) {
					names[n.Names[0].Name] = true
				}
			case *ast.BasicLit:
				if !wording && isVerdict(n) {
					tr.report(n.Pos(), "only core/checks.go refuses commands with %s", n.Value)
				}
			}
			return true
		})
	}
	if len(names) < 5 {
		tr.t.Errorf("core/errors.go words only %d refusals", len(names))
	}
	for _, f := range tr.files {
		if f.dir != "core" || f.test || path.Base(f.path) == "checks.go" ||
			path.Base(f.path) == "errors.go" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && names[id.Name] {
				tr.report(id.Pos(), "only core/checks.go refuses commands with %s", id.Name)
			}
			return true
		})
	}
}

// isVerdict says whether a constant's text, which may be a sum, begins like one of the verdicts.
func isVerdict(e ast.Expr) bool {
	for {
		sum, ok := e.(*ast.BinaryExpr)
		if !ok {
			break
		}
		e = sum.X
	}
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return false
	}
	text, err := strconv.Unquote(lit.Value)
	return err == nil && verdicts.MatchString(text)
}
