package core

import (
	"bytes"
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/lua"
	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/internal/sds"
)

// functions are the libraries that FUNCTION LOAD brought, in the order in which they came.
type functions struct {
	libraries []*library
	byName    map[string]*function // names in lower case: they differ by more than case
}

// library is a library of functions.
type library struct {
	name      string
	source    []byte // with its first line
	functions []*function
}

// function is one function of a library.
type function struct {
	_ [0]func() // not compared

	name           string
	description    string
	hasDescription bool
	flags          scriptFlags
	fn             lua.Function
	library        *library
}

// find returns the place of a library, -1 if there is none of that name.
//
//go:noinline
func (f *functions) find(name []byte) int {
	return slices.IndexFunc(f.libraries, func(l *library) bool { return l.name == string(name) })
}

// clone copies the lists, so that changes can be tried.
func (f *functions) clone() functions {
	names := make(map[string]*function, len(f.byName))
	for name, fn := range f.byName { // order: a copy has none
		names[name] = fn
	}
	return functions{slices.Clone(f.libraries), names}
}

// remove takes out the library at a place.
func (f *functions) remove(i int) {
	for _, fn := range f.libraries[i].functions {
		delete(f.byName, strings.ToLower(fn.name))
	}
	f.libraries = small.Delete(f.libraries, i, i+1)
}

// add puts in a library, in the place of the one of its name; when it cannot, problem says why and
// nothing has changed.
func (f *functions) add(l *library) (problem string) {
	at := f.find([]byte(l.name))
	for _, fn := range l.functions {
		known := f.byName[strings.ToLower(fn.name)]
		if known != nil && (at < 0 || known.library != f.libraries[at]) {
			return "Function " + fn.name + " already exists"
		}
	}
	if at >= 0 {
		f.remove(at)
	}
	f.libraries = append(f.libraries, l)
	if f.byName == nil {
		f.byName = map[string]*function{}
	}
	for _, fn := range l.functions {
		f.byName[strings.ToLower(fn.name)] = fn
	}
	return ""
}

// compileLibrary compiles and runs the source of a library, which may not have the name of one of
// others.
func (e *Engine) compileLibrary(source []byte, others *functions) (l *library, problem string) {
	l, work, problem := e.startLibrary(source, others)
	if problem != "" {
		return nil, problem
	}
	for !work.Continue() {
	}
	return l, l.has(work)
}

// startLibrary makes ready for that. The source is copied.
func (e *Engine) startLibrary(source []byte,
	others *functions) (l *library, work *lua.Compilation, problem string) {
	name, body, problem := libraryHead(source)
	if problem == "" && others.find([]byte(name)) >= 0 {
		problem = "Library '" + name + "' already exists"
	}
	if problem != "" {
		return nil, nil, problem
	}
	l = &library{name: name, source: small.Clone(source)}
	return l, e.machine().StartLibrary("user_function", body), ""
}

// has gives a library the functions that it has registered; problem says why there are none.
func (l *library) has(work *lua.Compilation) (problem string) {
	made, problem := work.Registered()
	for _, m := range made {
		fn := &function{name: m.Name, description: m.Description,
			hasDescription: m.HasDescription, flags: scriptDeclared, fn: m.Function,
			library: l}
		for _, flag := range m.Flags {
			fn.flags |= scriptFlag(flag)
		}
		l.functions = append(l.functions, fn)
	}
	return problem
}

// libraryHead reads the first line of a library, `#!lua name=mylib`.
func libraryHead(source []byte) (name string, body []byte, problem string) {
	if !bytes.HasPrefix(source, []byte("#!")) {
		return "", nil, "Missing library metadata"
	}
	end := firstLine(source)
	if end < 0 {
		return "", nil, "Invalid library metadata"
	}
	words, ok := sds.SplitArgs(nil, source[:end])
	if !ok {
		return "", nil, "Invalid library metadata"
	}
	engine := string(words[0][2:])
	named := false
	for _, word := range words[1:] {
		const option = "name="
		switch {
		case len(word) < len(option) || !strings.EqualFold(string(word[:len(option)]), option):
			return "", nil, "Invalid metadata value given: " + string(word)
		case named:
			return "", nil, "Invalid metadata value, name argument was given multiple times"
		}
		name, named = string(word[len(option):]), true
	}
	switch {
	case !named:
		return "", nil, "Library name was not given"
	case !lua.ValidName(name):
		return "", nil, "Library names can only contain letters, numbers, or underscores(_) " +
			"and must be at least one character long"
	case !strings.EqualFold(engine, "lua"):
		return "", nil, "Engine '" + engine + "' not found"
	}
	return name, source[end:], ""
}
