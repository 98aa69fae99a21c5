package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	root   = "../.." // of the repository
	module = "github.com/redlet/redlet"

	functionMax = 70  // lines
	lineMax     = 100 // columns; a tab is one
	fileMax     = 900 // lines
)

// source is a Go file of the repository.
type source struct {
	path string // from the root, with slashes
	dir  string
	test bool
	text string
	ast  *ast.File
}

// tree is what the test reads.
type tree struct {
	t     *testing.T
	fset  *token.FileSet
	files []*source
}

func TestSource(t *testing.T) {
	tr := &tree{t: t, fset: token.NewFileSet()}
	tr.walk()
	if len(tr.files) < 50 {
		t.Fatalf("only %d Go files found", len(tr.files))
	}
	for _, f := range tr.files {
		tr.imports(f)
		tr.lengths(f)
		tr.comments(f)
		if pure(f) {
			tr.purity(f)
		}
	}
	tr.mapOrder()
	tr.checksOnce()
	tr.world()
}

// report names a place that breaks a rule.
func (tr *tree) report(at token.Pos, format string, args ...any) {
	tr.t.Helper()
	p := tr.fset.Position(at)
	tr.t.Errorf("%s:%d: "+format, append([]any{p.Filename, p.Line}, args...)...)
}

// skipped are folders that hold nothing of ours.
var skipped = map[string]bool{".git": true, "node_modules": true, "bin": true, "dist": true,
	"types": true, "testdata": true}

// texts are the endings of files that people write.
var texts = regexp.MustCompile(`(\.(go|mod|md|js|mjs|ts|json|html|css|sh|txt|conf|yml)|` +
	`/Makefile|/\.ci/run|/README|\.gitignore)$`)

// walk parses the Go files and looks over all texts.
func (tr *tree) walk() {
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipped[d.Name()]:
			return filepath.SkipDir
		case d.IsDir() || !texts.MatchString(filepath.ToSlash(name)):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		tr.places(filepath.ToSlash(rel), string(text))
		if strings.HasSuffix(name, ".go") {
			return tr.parse(filepath.ToSlash(rel), string(text))
		}
		return nil
	})
	if err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *tree) parse(name, text string) error {
	file, err := parser.ParseFile(tr.fset, name, text, parser.ParseComments)
	if err != nil {
		return err
	}
	tr.files = append(tr.files, &source{path: name, dir: path.Dir(name),
		test: strings.HasSuffix(name, "_test.go"), text: text, ast: file})
	return nil
}

// place is a path that exists on one machine only.
var place = regexp.MustCompile(`(^|[^\w.])/(work|root|home|opt/redis\d*)/`)

// places finds paths of somebody's machine.
func (tr *tree) places(name, text string) {
	for i, line := range strings.Split(text, "\n") {
		if found := place.FindString(line); found != "" && name != "internal/tidy/tidy_test.go" {
			tr.t.Errorf("%s:%d: names a place of one machine: %s", name, i+1, found)
		}
	}
}

// layer says which of our packages the files of a folder may import.
type layer struct {
	dir string // and what lies in it
	may []string
}

// layers run from the most particular folder to the most general: the first that fits counts.
var layers = []layer{
	{"internal/errs", nil},
	{"internal/sds", nil},
	{"core/coretest", []string{"core", "core/internal/resp", "internal/sds"}},
	{"core/internal", []string{"core/internal/...", "internal/sds"}},
	{"core", []string{"core/internal/...", "internal/sds"}},
	{"wasm/abi", []string{"core", "internal/sds"}},
	{"wasm/build", nil},
	{"wasm", []string{"core", "wasm/abi"}},
	{"host/guest", []string{"core", "host", "wasm/abi"}},
	{"host", []string{"core", "internal/errs", "internal/sds", "wasm/abi"}},
	{"netbridge", []string{"core", "host", "internal/errs"}},
	{"cmd", []string{"cmd/...", "core", "host", "host/guest", "internal/sds", "netbridge", "."}},
	{"miniredis/server", []string{".", "core"}},
	{"miniredis", []string{".", "miniredis/server", "netbridge"}},
	{"internal", []string{"..."}},
	{".", []string{"core", "host", "internal/errs", "internal/sds", "netbridge"}},
}

// foreign are the modules from outside, with the folder that may import them; tests is "*_test.go".
var foreign = []struct{ module, where string }{
	{"github.com/yuin/gopher-lua", "*_test.go"},
	{"github.com/tetratelabs/wazero", "host/guest"},
	{"github.com/redis/go-redis", "*_test.go"},
}

// imports checks that imports point downward, and that modules from outside stay in their room.
func (tr *tree) imports(f *source) {
	for _, spec := range f.ast.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		if own, ok := ownPackage(name); ok {
			if !f.test && !mayImport(f.dir, own) {
				tr.report(spec.Pos(), "%s must not import %s", f.dir, own)
			}
			continue
		}
		first, _, _ := strings.Cut(name, "/")
		if strings.Contains(first, ".") {
			tr.foreign(f, spec, name)
		}
	}
}

func (tr *tree) foreign(f *source, spec *ast.ImportSpec, name string) {
	for _, m := range foreign {
		if !within(name, m.module) {
			continue
		}
		if m.where == "*_test.go" && !f.test || m.where != "*_test.go" && !within(f.dir, m.where) {
			tr.report(spec.Pos(), "%s is only for %s", m.module, m.where)
		}
		return
	}
	if within(f.dir, "core") || within(f.dir, "wasm") || f.dir == "internal/sds" {
		tr.report(spec.Pos(), "the guest must not import %s", name)
	}
}

// ownPackage returns the folder of one of our packages.
func ownPackage(name string) (dir string, ok bool) {
	if name == module {
		return ".", true
	}
	return strings.CutPrefix(name, module+"/")
}

func mayImport(dir, own string) bool {
	for _, l := range layers {
		if !within(dir, l.dir) && (l.dir != "." || dir != ".") {
			continue
		}
		for _, may := range l.may {
			tree, all := strings.CutSuffix(may, "...")
			if own == may || all && strings.HasPrefix(own+"/", tree) {
				return true
			}
		}
		return false
	}
	return false
}

// within says whether a path is dir or lies in it.
func within(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, dir+"/")
}

// lengths checks lines, functions and the file.
func (tr *tree) lengths(f *source) {
	lines := strings.Split(strings.TrimSuffix(f.text, "\n"), "\n")
	generated := strings.HasSuffix(f.path, ".gen.go") || ast.IsGenerated(f.ast)
	if len(lines) > fileMax && !generated {
		tr.t.Errorf("%s: %d lines, more than %d", f.path, len(lines), fileMax)
	}
	for i, line := range lines {
		if n := utf8.RuneCountInString(line); n > lineMax && !generated {
			tr.t.Errorf("%s:%d: %d columns, more than %d", f.path, i+1, n, lineMax)
		}
	}
	for _, decl := range f.ast.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		n := tr.fset.Position(fn.End()).Line - tr.fset.Position(fn.Pos()).Line + 1
		if n > functionMax && f.path+" "+fn.Name.Name != loop {
			tr.report(fn.Pos(), "%s has %d lines, more than %d", fn.Name.Name, n, functionMax)
		}
	}
}

// loop is the one function that may be longer: the loop of the Lua machine, where each operation
// that is moved into a function of its own costs a call for each time that a script does it.
const loop = "core/internal/lua/exec.go execute"

// unowned is work put off that no issue keeps track of.
var unowned = regexp.MustCompile(`\b(TODO|FIXME)\b(\(?:? ?#\d+)?`)

func (tr *tree) comments(f *source) {
	for _, group := range f.ast.Comments {
		for _, c := range group.List {
			if m := unowned.FindStringSubmatch(c.Text); m != nil && m[2] == "" {
				tr.report(c.Pos(), "%s without an issue's number", m[1])
			}
		}
	}
}

// pure says whether a file is part of the engine, which performs no I/O and knows no clock.
func pure(f *source) bool {
	engine := within(f.dir, "core") && !within(f.dir, "core/coretest")
	return (engine || f.dir == "internal/sds") && !f.test
}

// impure are packages that touch the world, or that weigh too much in the guest.
var impure = map[string]bool{
	"time": true, "net": true, "os": true, "sync": true, "sync/atomic": true, "unsafe": true,
	"math/rand": true, "math/rand/v2": true, "crypto/rand": true, "io/fs": true, "syscall": true,
	"fmt": true, "encoding/json": true, "log": true, "log/slog": true, "runtime": true,
	"iter": true, // a coroutine of Go lives beside the engine, and cannot be left behind
}

// purity checks that a file of the engine neither touches the world nor runs beside itself.
func (tr *tree) purity(f *source) {
	for _, spec := range f.ast.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		if impure[name] {
			tr.report(spec.Pos(), "the engine must not import %s", name)
		}
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			tr.report(n.Pos(), "the engine must not start goroutines")
		case *ast.SelectStmt, *ast.SendStmt:
			tr.report(n.Pos(), "the engine must not use channels")
		case *ast.ChanType:
			tr.report(n.Pos(), "the engine must not use channels")
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				tr.report(n.Pos(), "the engine must not use channels")
			}
		}
		return true
	})
}
