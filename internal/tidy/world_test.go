package tidy

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// worldFile numbers the kinds of inputs and events, and abiDir writes them as bytes. Nobody else
// numbers or translates them: hosts forward.
const (
	worldFile = "core/world.go"
	abiDir    = "wasm/abi"
)

// carriers are the files, besides worldFile, that carry out what kinds of events ask for, or take
// in kinds of answers.
var carriers = map[string]bool{
	"core/files.go": true, "core/debugger_fork.go": true, "core/coretest/disk.go": true,
	"core/coretest/engine.go": true, "host/loop.go": true, "host/files.go": true,
}

// scripts are the files of JavaScript that may name a kind.
var scripts = map[string]bool{
	"abi.js": true, "connection.js": true, "engine.js": true, "files.js": true, "guest.js": true,
	"owner.js": true, // orders, and what nodes of a cluster say to each other
	"hub.js":   true, // one engine for several tabs: whose a frame is goes by its kind
}

// vocabulary is the numbers of the kinds by their names, which begin with "In" or "Event".
type vocabulary map[string]string

// world checks that what goes in and out of an engine is spelled once.
func (tr *tree) world() {
	kinds := tr.vocabulary()
	if len(kinds) < 20 {
		tr.t.Fatalf("%s declares only %d kinds", worldFile, len(kinds))
	}
	for _, f := range tr.files {
		if f.path != worldFile {
			tr.spelledAgain(f, kinds)
		}
	}
	tr.script(kinds)
	tr.page(kinds)
}

// vocabulary reads the kinds.
func (tr *tree) vocabulary() vocabulary {
	kinds := vocabulary{}
	for _, f := range tr.files {
		if f.path != worldFile {
			continue
		}
		for _, decl := range f.ast.Decls {
			for _, spec := range constants(decl) {
				if typ, ok := spec.Type.(*ast.Ident); !ok || !strings.HasSuffix(typ.Name, "Kind") {
					continue
				}
				number, ok := spec.Values[0].(*ast.BasicLit)
				if !ok || len(spec.Values) != 1 {
					tr.report(spec.Pos(), "%s needs a number that can be read", spec.Names[0].Name)
					continue
				}
				kinds[spec.Names[0].Name] = number.Value
			}
		}
	}
	return kinds
}

func constants(decl ast.Decl) (specs []*ast.ValueSpec) {
	if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.CONST {
		for _, spec := range gen.Specs {
			specs = append(specs, spec.(*ast.ValueSpec))
		}
	}
	return specs
}

// spelledAgain reports where a file declares kinds of its own, makes kinds of numbers, or tells
// kinds apart although it is none of the carriers.
func (tr *tree) spelledAgain(f *source, kinds vocabulary) {
	for _, decl := range f.ast.Decls {
		for _, spec := range constants(decl) {
			for _, name := range spec.Names {
				event := "Event" + strings.TrimPrefix(name.Name, "Out")
				if kinds[name.Name] != "" || strings.HasPrefix(name.Name, "Out") && kinds[event] != "" {
					tr.report(name.Pos(), "%s is a kind: %s numbers them", name.Name, worldFile)
				}
			}
		}
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name := lastName(n.Fun)
			if (name == "InputKind" || name == "EventKind") && f.dir != abiDir {
				tr.report(n.Pos(), "only %s makes kinds of numbers", abiDir)
			}
		case *ast.CaseClause:
			for _, e := range n.List {
				if kinds[lastName(e)] != "" && !f.test && !carriers[f.path] {
					tr.report(e.Pos(), "%s tells kinds apart: hosts forward them", f.path)
				}
			}
		case *ast.KeyValueExpr:
			if kinds[lastName(n.Key)] != "" && !f.test {
				tr.report(n.Pos(), "a table of kinds is a second spelling of them")
			}
		}
		return true
	})
}

// lastName is the name that an expression ends with: EventData, or core.EventData.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

var (
	scriptTable = regexp.MustCompile(`(?s)export const (In|Out) = Object\.freeze\(\{(.*?)\}\)`)
	scriptEntry = regexp.MustCompile(`(\w+): (\d+)`)
	scriptKind  = regexp.MustCompile(`\b(In|Out)\.[A-Z]`)
	pageTable   = regexp.MustCompile(`(?s)### From the (host|guest) to the .*?\n(\|.*?)\n\n`)
	pageEntry   = regexp.MustCompile(`(?m)^\| (\d+) \| (\w+) \|`)
)

// script checks that the numbers of JavaScript are the same, and who uses them.
func (tr *tree) script(kinds vocabulary) {
	const dir = root + "/js/src"
	tr.same(kinds, dir+"/abi.js", scriptTable, func(table []string) (prefix string, got vocabulary) {
		got = vocabulary{}
		for _, m := range scriptEntry.FindAllStringSubmatch(table[2], -1) {
			got[m[1]] = m[2]
		}
		return table[1], got
	})
	paths, _ := filepath.Glob(dir + "/*.js")
	more, _ := filepath.Glob(dir + "/*/*.js")
	for _, name := range append(paths, more...) {
		if scriptKind.MatchString(tr.read(name)) && !scripts[filepath.Base(name)] {
			tr.t.Errorf("%s names kinds: that is for the files of the list scripts", name)
		}
	}
}

// page checks that the page for hosts in other languages has the same numbers.
func (tr *tree) page(kinds vocabulary) {
	tr.same(kinds, root+"/wasm/ABI.md", pageTable, func(table []string) (string, vocabulary) {
		got := vocabulary{}
		for _, m := range pageEntry.FindAllStringSubmatch(table[2], -1) {
			got[m[2]] = m[1]
		}
		return map[string]string{"host": "In", "guest": "Out"}[table[1]], got
	})
}

// same compares the tables of a file with the kinds.
func (tr *tree) same(kinds vocabulary, name string, table *regexp.Regexp,
	read func(table []string) (prefix string, got vocabulary),
) {
	seen := 0
	for _, m := range table.FindAllStringSubmatch(tr.read(name), -1) {
		prefix, got := read(m)
		for kind, number := range kinds {
			word, mine := strings.CutPrefix(kind, strings.Replace(prefix, "Out", "Event", 1))
			if !mine {
				continue
			}
			if seen++; got[strings.ToUpper(word)] != number {
				tr.t.Errorf("%s: %s has the number %s; %s says %s", name, prefix+"."+strings.ToUpper(word),
					strconv.Quote(got[strings.ToUpper(word)]), worldFile, number)
			}
			delete(got, strings.ToUpper(word))
		}
		for word := range got {
			tr.t.Errorf("%s: %s.%s is not in %s", name, prefix, word, worldFile)
		}
	}
	if seen != len(kinds) {
		tr.t.Errorf("%s has %d of %d kinds", name, seen, len(kinds))
	}
}

func (tr *tree) read(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		tr.t.Fatal(err)
	}
	return string(text)
}
