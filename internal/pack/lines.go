package main

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// The table of functions of Go 1.20 to 1.26, as the runtime's symtab.go describes it. Its header
// is a magic number, two zeros, the smallest instruction, the size of a pointer, and eight numbers:
// how many functions and files, where the text starts, and where the parts of the table begin.
const (
	linesMagic   = "\xf1\xff\xff\xff\x00\x00\x01\x08"
	headerSize   = 8 + 8*8
	functionsMax = 1 << 20

	// Fields of a function.
	offName   = 4
	offPCSP   = 16
	offPCFile = 20
	offPCLine = 24
	offTables = 28 // how many tables by number follow
	offNumber = 44 // the first of those
)

// lineTable is the table of functions within a segment.
type lineTable struct {
	data      []byte // from the header on
	functions int
	names     int // where parts of the table begin
	units     int // the names of files, by compilation unit
	pairs     int // the pc-value tables
	entries   int
}

// errTable says that the table is not as it should be: Go has changed it, perhaps.
var errTable = errors.New("the table of functions is not understood: build without pack, or " +
	"teach it this version of Go")

// stripLines clears the tables of files and lines in a segment that holds the table of functions,
// and the names of functions that are not ours. To the runtime a table at 0 is one that is
// not there.
func stripLines(data []byte) error {
	t := findTable(data)
	if t == nil {
		return nil
	}
	needed := map[uint32]bool{0: true}
	var dropped []uint32
	for i := range t.functions {
		f, err := t.function(i)
		if err != nil {
			return err
		}
		needed[binary.LittleEndian.Uint32(f[offPCSP:])] = true
		n := int(binary.LittleEndian.Uint32(f[offTables:]))
		if offNumber+4*n > len(f) {
			return errTable
		}
		for j := range n {
			needed[binary.LittleEndian.Uint32(f[offNumber+4*j:])] = true
		}
		for _, field := range []int{offPCFile, offPCLine} {
			dropped = append(dropped, binary.LittleEndian.Uint32(f[field:]))
			binary.LittleEndian.PutUint32(f[field:], 0)
		}
	}
	for _, at := range dropped {
		if needed[at] {
			continue
		}
		if err := t.clear(at); err != nil {
			return err
		}
		needed[at] = true // once is enough
	}
	clear(t.data[t.units:t.pairs]) // names of files
	t.clearNames()
	return nil
}

// findTable returns the table of functions in data, or nil.
func findTable(data []byte) *lineTable {
	for {
		at := bytes.Index(data, []byte(linesMagic))
		if at < 0 || len(data)-at < headerSize {
			return nil
		}
		data = data[at:]
		number := func(i int) int { return int(binary.LittleEndian.Uint64(data[8+8*i:])) }
		t := &lineTable{data: data, functions: number(0), names: number(3), units: number(4),
			pairs: number(6), entries: number(7)}
		if t.functions > 0 && t.functions < functionsMax && t.names >= headerSize &&
			t.names < t.units && t.units < t.pairs && t.pairs < t.entries &&
			t.entries+8*t.functions < len(data) {
			return t
		}
		data = data[len(linesMagic):]
	}
}

// function returns the bytes from the i-th function on.
func (t *lineTable) function(i int) ([]byte, error) {
	entries := t.data[t.entries:]
	at := int(binary.LittleEndian.Uint32(entries[8*i+4:]))
	if at+offNumber > len(entries) {
		return nil, errTable
	}
	return entries[at:], nil
}

// clear zeroes a pc-value table: pairs of numbers, the last followed by a 0.
func (t *lineTable) clear(at uint32) error {
	table := t.data[t.pairs:t.entries]
	if int(at) >= len(table) {
		return errTable
	}
	r := reader{table[at:]}
	for len(r.rest) > 0 && r.rest[0] != 0 {
		for range 2 {
			if _, err := r.unsigned(); err != nil {
				return errTable
			}
		}
	}
	clear(table[at : len(table)-len(r.rest)])
	return nil
}

// clearNames zeroes the names of functions that are not ours. Names end with a 0, and nobody
// looks a function up by name.
func (t *lineTable) clearNames() {
	names := t.data[t.names:t.units]
	for len(names) > 0 {
		n := bytes.IndexByte(names, 0)
		if n < 0 {
			return
		}
		if !bytes.Contains(names[:n], []byte("/redlet/")) &&
			!bytes.HasPrefix(names[:n], []byte("main.")) {
			clear(names[:n])
		}
		names = names[n+1:]
	}
}
