package main

import (
	"encoding/binary"
	"slices"
	"strings"
)

// A function that calls another returns at once where that says so, for the goroutine to be
// switched, and else goes on. There are functions that never have it go on: they panic, or have the
// function called anew on a larger stack. So what they say can be returned as it is, and none of
// the 18,000 calls of them needs a branch.

// neverReturns are the runtime's functions behind which none goes on, and neverReturning how the
// names of others begin.
var neverReturns = []string{"gopanic", "morestack", "morestack_noctxt", "panicdivide",
	"panicdottypeE", "panicdottypeI", "panicrangestate", "panicshift", "panicwrap", "sigpanic",
	"throw"}

const neverReturning = "goPanic"

// functionImport is the kind of imports that are functions.
const functionImport = 0

// runtimeCalls are functions of Go's runtime, by number.
type runtimeCalls struct {
	endless  map[uint64]bool // those that never return
	deferred uint64          // the one that calls what is deferred; 0 if none of them is known
}

// runtimeOf finds them. None is known if the table of functions is not that of the code.
func runtimeOf(sections []section) (known runtimeCalls, err error) {
	imported, coded := uint64(0), uint64(0)
	var t *lineTable
	for _, s := range sections {
		r := reader{s.body}
		switch s.id {
		case importSection:
			imported, err = functionImports(&r)
		case codeSection:
			coded, err = r.unsigned()
		case dataSection:
			var segments []segment
			segments, err = readSegments(s.body)
			for _, s := range merge(segments) {
				if t == nil {
					t = findTable(s)
				}
			}
		}
		if err != nil {
			return known, err
		}
	}
	if t == nil || uint64(t.functions) != coded {
		return known, nil
	}
	found, first := runtimeCalls{endless: map[uint64]bool{}}, uint32(0)
	for i := range t.functions {
		f, err := t.function(i)
		if err != nil {
			return known, err
		}
		entry := binary.LittleEndian.Uint32(f)
		if i == 0 {
			first = entry
		}
		if entry-first != uint32(i) {
			return known, nil
		}
		name, ours := strings.CutPrefix(t.name(binary.LittleEndian.Uint32(f[offName:])), "runtime.")
		switch {
		case !ours:
		case strings.HasPrefix(name, neverReturning), slices.Contains(neverReturns, name):
			found.endless[imported+uint64(i)] = true
		case name == "deferreturn":
			found.deferred = imported + uint64(i)
		}
	}
	return found, nil
}

// functionImports counts them. Go's linker writes no other imports.
func functionImports(r *reader) (uint64, error) {
	n, err := r.unsigned()
	for range n {
		_, err = r.bytes()
		if err == nil {
			_, err = r.bytes()
		}
		if err == nil && (len(r.rest) == 0 || r.rest[0] != functionImport) {
			err = errCut
		}
		if err != nil {
			break
		}
		r.rest = r.rest[1:]
		_, err = r.unsigned()
	}
	return n, err
}

// returns makes a return of a branch that a part is about to end with: the one that would leave
// the function behind a call that never has it go on. It tells whether it did.
func (f *function) returns(p *part) bool {
	call, ok := p.last(2)
	if !ok || call[0] != opCall || string(p.code[p.starts[len(p.starts)-2]:]) != prologue {
		return false
	}
	if callee, err := (&reader{call[1:]}).unsigned(); err != nil || !f.endless[callee] {
		return false
	}
	p.drop(2)
	p.add([]byte{opReturn})
	return true
}
