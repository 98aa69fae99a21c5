package tidy

import (
	"errors"
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"strings"
)

// mapOrder checks that no file of the engine goes through a map in Go's random order, unless a
// comment `// order: why` on the line above says why nobody can see it.
func (tr *tree) mapOrder() {
	c := &checker{tree: tr, std: importer.ForCompiler(tr.fset, "source", nil),
		done: map[string]*types.Package{}, dirs: map[string][]*source{}}
	for _, f := range tr.files {
		if pure(f) {
			c.dirs[f.dir] = append(c.dirs[f.dir], f)
		}
	}
	for dir := range c.dirs {
		if _, err := c.Import(module + "/" + dir); err != nil {
			tr.t.Errorf("%s: %v", dir, err)
		}
	}
}

// checker gives types to the engine's packages. It is the importer that they see each other by.
type checker struct {
	tree *tree
	std  types.Importer
	done map[string]*types.Package
	dirs map[string][]*source
}

// errForeign stands for modules from outside: what has their types is left unchecked.
var errForeign = errors.New("not looked into")

// Import implements types.Importer.
func (c *checker) Import(name string) (*types.Package, error) {
	if pkg := c.done[name]; pkg != nil {
		return pkg, nil
	}
	dir, own := ownPackage(name)
	if !own {
		if first, _, _ := strings.Cut(name, "/"); strings.Contains(first, ".") {
			return nil, errForeign
		}
		return c.std.Import(name)
	}
	var files []*ast.File
	for _, f := range c.dirs[dir] {
		files = append(files, f.ast)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{},
		Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: c, Error: func(error) {}}
	pkg, _ := config.Check(name, c.tree.fset, files, info) // the compiler reports errors
	c.done[name] = pkg
	for _, f := range files {
		c.ranges(f, info)
		c.commandNames(f, info)
	}
	if dir == "core" {
		c.changes(c.dirs[dir], info, pkg)
	}
	return pkg, nil
}

// ranges reports the places of a file where the order of a map gets out.
func (c *checker) ranges(f *ast.File, info *types.Info) {
	allowed := map[int]bool{} // lines
	for _, group := range f.Comments {
		if orderly(group) {
			allowed[c.line(group.End())] = true
			allowed[c.line(group.End())+1] = true
		}
	}
	sorted := map[ast.Node]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.RangeStmt:
			if isMap(info.TypeOf(n.X)) && !allowed[c.line(n.Pos())] {
				c.tree.report(n.Pos(), "a range over a map needs `// order: why` above it")
			}
		case *ast.CallExpr:
			pkg, name := callee(n, info)
			if pkg == "slices" && strings.HasPrefix(name, "Sorted") {
				sorted[n.Args[0]] = true
			}
			random := pkg == "maps" && (name == "Keys" || name == "Values" || name == "All")
			if random && !sorted[n] && !allowed[c.line(n.Pos())] {
				c.tree.report(n.Pos(), "maps.%s is in random order", name)
			}
		}
		return true
	})
}

func (c *checker) line(p token.Pos) int { return c.tree.fset.Position(p).Line }

// orderly says whether some line of a comment begins with `order: `.
func orderly(group *ast.CommentGroup) bool {
	for _, c := range group.List {
		if strings.HasPrefix(c.Text, "// order: ") {
			return true
		}
	}
	return false
}

// isMap says whether t is a map, or a type parameter that may be one.
func isMap(t types.Type) bool {
	if t == nil {
		return false
	}
	if p, ok := t.(*types.TypeParam); ok {
		t = p.Constraint()
	}
	switch u := t.Underlying().(type) {
	case *types.Map:
		return true
	case *types.Interface: // a constraint
		for i := range u.NumEmbeddeds() {
			if union, ok := u.EmbeddedType(i).(*types.Union); ok {
				for j := range union.Len() {
					if isMap(union.Term(j).Type()) {
						return true
					}
				}
			}
		}
	}
	return false
}

// callee names the function of a package that a call calls.
func callee(call *ast.CallExpr, info *types.Info) (pkg, name string) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	fn, ok := info.Uses[sel.Sel].(*types.Func)
	if !ok || fn.Pkg() == nil {
		return "", ""
	}
	return fn.Pkg().Path(), fn.Name()
}
