package api

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	rewrite = flag.Bool("rewrite", false, "mark in the lists what has changed")
	release = flag.Bool("release", false, "take the marks in the lists away")
)

const (
	root   = "../.."
	module = "github.com/redlet/redlet/"
)

// packages are the stable ones, by their lists.
var packages = []struct {
	list, dir string
	face      func(name, typ string) bool // which of its names are stable; nil: all
}{
	{"redlet.txt", ".", nil},
	{"miniredis.txt", "miniredis", nil},
	{"server.txt", "miniredis/server", nil},
	{"core.txt", "core", coreFace},
}

// coreFace is what commands, types and filters of a program's own are made of.
func coreFace(name, typ string) bool {
	switch name {
	case "Call", "Category", "Command", "CommandError", "ConfigError", "ConnID", "Fault", "Flag",
		"KeyAt", "KeyFlag", "Never", "ReplyError", "Time", "Type":
		return true
	}
	return typ == "Flag" || typ == "Category" || typ == "KeyFlag" || strings.HasPrefix(name, "Err")
}

// item is an exported declaration.
type item struct {
	line  string
	owner string // the type that it belongs to, if it does
	name  string
}

func TestExported(t *testing.T) {
	log, err := os.ReadFile(root + "/CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	_, news, _ := strings.Cut(string(log), "\n## Unreleased\n")
	news, _, _ = strings.Cut(news, "\n## ")
	for _, p := range packages {
		t.Run(p.dir, func(t *testing.T) {
			items := exported(t, filepath.Join(root, p.dir), p.face)
			if len(items) < 40 {
				t.Errorf("only %d names are found", len(items))
			}
			released, listed := readList(t, p.list)
			if *rewrite || *release {
				if *release {
					released = slices.Collect(maps.Keys(items))
				}
				writeList(t, p.list, released, items)
				return
			}
			compare(t, p.list, items, released, listed)
			told(t, items, released, news)
		})
	}
}

// readList reads which lines the last release had, and which the source has by the list.
func readList(t *testing.T, name string) (released, listed []string) {
	text, err := os.ReadFile(name)
	if err != nil && (!*rewrite || !os.IsNotExist(err)) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		was, gone := strings.CutPrefix(line, "- ")
		now, isNew := strings.CutPrefix(line, "+ ")
		switch {
		case gone:
			released = append(released, was)
		case isNew:
			listed = append(listed, now)
		default:
			released, listed = append(released, line), append(listed, line)
		}
	}
	return released, listed
}

func writeList(t *testing.T, name string, released []string, items map[string]item) {
	all := maps.Clone(items)
	for _, line := range released {
		all[line] = item{}
	}
	var out bytes.Buffer
	for _, line := range slices.Sorted(maps.Keys(all)) {
		_, is := items[line]
		switch was := slices.Contains(released, line); {
		case !was:
			out.WriteString("+ ")
		case !is:
			out.WriteString("- ")
		}
		out.WriteString(line + "\n")
	}
	if err := os.WriteFile(name, out.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// compare finds what the list does not know.
func compare(t *testing.T, list string, items map[string]item, released, listed []string) {
	const then = "%s: %s: go test ./internal/api -rewrite, and tell of it in CHANGELOG.md"
	for line := range items {
		if !slices.Contains(listed, line) {
			t.Errorf(then, list, "not listed: "+line)
		}
	}
	for _, line := range listed {
		if _, is := items[line]; !is {
			t.Errorf(then, list, "no longer there: "+line)
		}
	}
	if !slices.IsSorted(released) {
		t.Errorf("%s is not sorted by its lines", list)
	}
}

// told finds what has changed and is not in the changelog: its name, or that of a type which is new
// or gone as a whole.
func told(t *testing.T, items map[string]item, released []string, news string) {
	then := map[string]item{}
	for _, line := range released {
		then[line] = itemOf(line)
	}
	changed := func(now, then map[string]item) {
		types := map[string]bool{}
		for line, x := range now {
			if _, is := then[line]; !is && x.owner == "" {
				types[x.name] = true
			}
		}
		for line, x := range now {
			_, same := then[line]
			if same || mentions(news, x.name) || types[x.owner] && mentions(news, x.owner) {
				continue
			}
			t.Errorf("CHANGELOG.md does not tell, under Unreleased, of a change: %s", line)
		}
	}
	changed(items, then)
	changed(then, items)
}

// mentions tells whether a text has a name as a word.
func mentions(text, name string) bool {
	return regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`).MatchString(text)
}

// head is the beginning of a line: what is declared, whose, and how it is called.
var head = regexp.MustCompile(`^(?:const|var|func|type|field|method) (?:\(\*?(\w+)\) )?(\w+)`)

func itemOf(line string) item {
	m := head.FindStringSubmatch(line)
	return item{line, m[1], m[2]}
}

// exported lists what a package exports, a declaration a line.
func exported(t *testing.T, dir string, face func(name, typ string) bool) map[string]item {
	p := &lister{t: t, fset: token.NewFileSet(), dir: dir, face: face, items: map[string]item{}}
	for _, f := range p.parse(dir) {
		p.imports = f.Imports
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				p.function(d)
			case *ast.GenDecl:
				p.declaration(d)
			}
		}
	}
	return p.items
}

// lister reads one package.
type lister struct {
	t       *testing.T
	fset    *token.FileSet
	dir     string
	face    func(name, typ string) bool
	imports []*ast.ImportSpec // of the file at hand
	items   map[string]item
}

func (p *lister) parse(dir string) (all []*ast.File) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(p.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

func (p *lister) stable(name, typ string) bool {
	return ast.IsExported(name) && (p.face == nil || p.face(name, typ))
}

func (p *lister) add(format string, args ...any) {
	line := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	p.items[line] = itemOf(line)
}

// text is a part of the source on one line.
func (p *lister) text(n ast.Node) string {
	var out bytes.Buffer
	if err := printer.Fprint(&out, p.fset, n); err != nil {
		p.t.Fatal(err)
	}
	return out.String()
}

func (p *lister) function(d *ast.FuncDecl) {
	if d.Recv == nil {
		if p.stable(d.Name.Name, "") {
			p.add("func %s%s", d.Name.Name, p.signature(d.Type))
		}
		return
	}
	receiver := p.text(d.Recv.List[0].Type)
	if p.stable(strings.TrimPrefix(receiver, "*"), "") && d.Name.IsExported() {
		p.add("method (%s) %s%s", receiver, d.Name.Name, p.signature(d.Type))
	}
}

func (p *lister) signature(f *ast.FuncType) string { return strings.TrimPrefix(p.text(f), "func") }

func (p *lister) declaration(d *ast.GenDecl) {
	typ := "" // of a constant: that of the one before it, if it says nothing
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if p.stable(spec.Name.Name, "") {
				p.typed(spec)
			}
		case *ast.ValueSpec:
			if spec.Type != nil {
				typ = p.text(spec.Type)
			} else if len(spec.Values) > 0 {
				typ = ""
			}
			for _, name := range spec.Names {
				if p.stable(name.Name, typ) {
					p.add("%s %s %s", d.Tok, name.Name, typ)
				}
			}
		}
	}
}

func (p *lister) typed(spec *ast.TypeSpec) {
	name, equals := spec.Name.Name, ""
	if spec.Assign.IsValid() {
		equals = "= "
	}
	switch of := spec.Type.(type) {
	case *ast.StructType:
		p.add("type %s struct", name)
		p.members("field", name, of.Fields)
	case *ast.InterfaceType:
		p.add("type %s interface", name)
		p.members("method", name, of.Methods)
	default:
		p.add("type %s %s%s", name, equals, p.text(of))
	}
}

// members lists the fields of a structure, or the methods of an interface.
func (p *lister) members(kind, owner string, fields *ast.FieldList) {
	for _, f := range fields.List {
		if len(f.Names) == 0 {
			p.embedded(owner, f.Type)
		}
		for _, name := range f.Names {
			method, is := f.Type.(*ast.FuncType)
			switch {
			case !name.IsExported():
			case kind == "method" && is:
				p.add("method (%s) %s%s", owner, name.Name, p.signature(method))
			default:
				p.add("field (%s) %s %s", owner, name.Name, p.text(f.Type))
			}
		}
	}
}

// embedded lists a type that is part of another, and the methods that it brings from a package that
// nobody else can import.
func (p *lister) embedded(owner string, of ast.Expr) {
	text := strings.TrimPrefix(p.text(of), "*")
	pkg, name, other := strings.Cut(text, ".")
	if !other {
		name = pkg
	}
	if ast.IsExported(name) {
		p.add("field (%s) %s %s", owner, name, p.text(of))
	}
	for _, spec := range p.imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		dir, ours := strings.CutPrefix(path, module)
		if !other || !ours || !strings.HasSuffix(path, "/internal/"+pkg) {
			continue
		}
		for _, f := range p.parse(filepath.Join(root, dir)) {
			for _, d := range f.Decls {
				m, is := d.(*ast.FuncDecl)
				if is && m.Recv != nil && m.Name.IsExported() &&
					strings.TrimPrefix(p.text(m.Recv.List[0].Type), "*") == name {
					p.add("method (*%s) %s%s", owner, m.Name.Name, p.signature(m.Type))
				}
			}
		}
	}
}
