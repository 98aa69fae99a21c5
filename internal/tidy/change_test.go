package tidy

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"regexp"
)

// changes checks that keys change in one way: the files of the data families write nothing that
// belongs to the engine, what counts changes and whose command runs is written in one file, and
// types are told apart in one file.
func (c *checker) changes(files []*source, info *types.Info, pkg *types.Package) {
	guarded := engineTypes(pkg)
	for _, f := range files {
		w := &walls{c: c, info: info, guarded: guarded, file: path.Base(f.path),
			family: familyFile(f)}
		ast.Inspect(f.ast, w.visit)
		if w.file != typesFile {
			for _, decl := range f.ast.Decls {
				w.kinds(decl)
			}
		}
	}
}

const (
	changeFile = "change.go" // where keys change
	typesFile  = "value.go"  // where types are told apart
)

// server are the files of commands that are not about data.
var server = regexp.MustCompile(`^cmd_(aof|client|client_tracking|clock|command|command_docs|` +
	`config|connection|debug|function|info|memory|persist|pubsub|replica|script|server|` +
	`transaction)\.go$`)

// familyFile says whether a file holds commands about data, or a type of data.
func familyFile(f *source) bool {
	name := path.Base(f.path)
	if len(name) > 4 && name[:4] == "cmd_" {
		return !server.MatchString(name)
	}
	declares := false
	ast.Inspect(f.ast, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if ok {
			id, named := lit.Type.(*ast.Ident)
			declares = declares || named && id.Name == "kindOps"
		}
		return true
	})
	return declares && name != typesFile
}

// engineTypes are the engine, its databases, and the structures that the engine is made of.
func engineTypes(pkg *types.Package) map[string]bool {
	all := map[string]bool{"Engine": true, "db": true, "store": true}
	engine := pkg.Scope().Lookup("Engine").Type().Underlying().(*types.Struct)
	for i := range engine.NumFields() {
		named, ok := engine.Field(i).Type().(*types.Named)
		if ok && named.Obj().Pkg() == pkg && named.Obj().Name() != "Call" {
			if _, ok := named.Underlying().(*types.Struct); ok {
				all[named.Obj().Name()] = true
			}
		}
	}
	return all
}

// walls looks over one file.
type walls struct {
	c       *checker
	info    *types.Info
	guarded map[string]bool
	file    string
	family  bool
}

func (w *walls) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for _, x := range n.Lhs {
			w.written(x)
		}
	case *ast.IncDecStmt:
		w.written(n.X)
	case *ast.CallExpr:
		w.call(n)
	}
	return true
}

// written judges what an assignment writes to.
func (w *walls) written(x ast.Expr) {
	for {
		switch y := x.(type) {
		case *ast.IndexExpr:
			x = y.X
		case *ast.StarExpr:
			if w.family && w.info.TypeOf(y).String() == "*"+module+"/core.object" {
				w.c.tree.report(y.Pos(), "a data family stores a value: %s does that", changeFile)
			}
			x = y.X
		case *ast.ParenExpr:
			x = y.X
		case *ast.SelectorExpr:
			if w.field(w.owner(y), y) {
				return
			}
			x = y.X
		default:
			return
		}
	}
}

// alone are the fields that one file writes, whoever else may write those beside them.
var alone = map[string]bool{"persist.dirty": true, "Engine.currentClient": true, "object.ttl": true}

// field judges the writing of a field and tells whether it reported anything.
func (w *walls) field(owner string, sel *ast.SelectorExpr) bool {
	field := sel.Sel.Name
	switch {
	case alone[owner+"."+field] && w.file != changeFile:
		w.c.tree.report(sel.Pos(), "%s is written in %s alone", field, changeFile)
	case w.family && w.guarded[owner]:
		w.c.tree.report(sel.Pos(), "a data family writes the field %s of %s: %s does that",
			field, owner, changeFile)
	default:
		return false
	}
	return true
}

// owner names the structure that a selected field belongs to, "" if none of core's does.
func (w *walls) owner(sel *ast.SelectorExpr) string {
	v, ok := w.info.Uses[sel.Sel].(*types.Var)
	if !ok || !v.IsField() {
		return ""
	}
	t := w.info.TypeOf(sel.X)
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if named, ok := t.(*types.Named); ok {
		return named.Obj().Name()
	}
	return ""
}

// mutators are the methods that change a dictionary or a heap.
var mutators = map[string]bool{"Put": true, "Delete": true, "Clear": true, "Reserve": true,
	"SetSeed": true, "Set": true, "Remove": true, "Pop": true}

// call judges a call in a file of a data family: of a method that changes a field of the engine,
// or of a builtin function that does.
func (w *walls) call(n *ast.CallExpr) {
	if !w.family {
		return
	}
	switch fn := n.Fun.(type) {
	case *ast.Ident:
		if _, builtin := w.info.Uses[fn].(*types.Builtin); builtin &&
			(fn.Name == "delete" || fn.Name == "clear") {
			w.written(n.Args[0])
		}
	case *ast.SelectorExpr:
		field, ok := fn.X.(*ast.SelectorExpr)
		if ok && mutators[fn.Sel.Name] && w.guarded[w.owner(field)] {
			w.c.tree.report(n.Pos(), "a data family changes %s by %s: %s does that",
				field.Sel.Name, fn.Sel.Name, changeFile)
		}
	}
}

// kinds finds what a declaration decides by the type of a value: by a switch, by a table, or by
// comparing with several types.
func (w *walls) kinds(decl ast.Decl) {
	compared := map[string]bool{}
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SwitchStmt:
			if n.Tag != nil && w.isKind(n.Tag) {
				w.c.tree.report(n.Pos(), "a switch by type: %s has a table", typesFile)
			}
		case *ast.KeyValueExpr:
			if w.kindName(n.Key) != "" {
				w.c.tree.report(n.Pos(), "a table by type: %s has one", typesFile)
			}
		case *ast.ArrayType:
			if n.Len != nil && w.kindName(n.Len) != "" {
				w.c.tree.report(n.Pos(), "a table by type: %s has one", typesFile)
			}
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				compared[w.kindName(n.X)+w.kindName(n.Y)] = true
			}
		}
		return true
	})
	delete(compared, "")
	if len(compared) > 1 {
		w.c.tree.report(decl.Pos(), "it asks for several types: %s has a table", typesFile)
	}
}

func (w *walls) isKind(x ast.Expr) bool {
	named, ok := w.info.TypeOf(x).(*types.Named)
	return ok && named.Obj().Name() == "kind"
}

// kindName is the name of a constant that is a type of values, "" if x is none.
func (w *walls) kindName(x ast.Expr) string {
	id, ok := x.(*ast.Ident)
	if !ok {
		return ""
	}
	if _, constant := w.info.Uses[id].(*types.Const); constant && w.isKind(id) {
		return id.Name
	}
	return ""
}
