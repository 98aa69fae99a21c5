package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
)

// The table of functions of Go 1.20 to 1.26, as the runtime's symtab.go describes it. Its header
// is a magic number, two zeros, the smallest instruction, the size of a pointer, and eight numbers:
// how many functions and files, where the text starts, and where the parts of the table begin.
const (
	linesMagic   = "\xf1\xff\xff\xff\x00\x00\x01\x08"
	headerSize   = 8 + 8*8
	functionsMax = 1 << 20
	modulePath   = "github.com/redlet/"

	// Fields of a function.
	offName   = 4
	offPCSP   = 16
	offPCFile = 20
	offPCLine = 24
	offTables = 28 // how many tables by number follow
	offUnit   = 32
	offLine   = 36 // where the function begins
	offOthers = 43 // a byte: how many offsets of other data follow the tables
	offNumber = 44 // the first of the tables
)

// tracing are the numbers of tables that serve traces, or threads that are stopped from outside,
// of which a guest has none: where a thread must not be stopped, which calls were inlined, and
// which arguments are alive.
var tracing = map[int]bool{0: true, inlinedAt: true, 3: true}

// tracingOthers are the numbers of other data that serve traces: the calls that were inlined, the
// arguments, which of them are alive, and what a wrapper wraps.
var tracingOthers = map[int]bool{inlinedCalls: true, 5: true, 6: true, 7: true}

// none stands for other data that are not there.
const none = ^uint32(0)

// Numbers of what a function has, by which tables and other data stand.
const (
	inlinedAt    = 2 // a table: which call that was inlined an instruction belongs to
	inlinedCalls = 3 // other data: the calls that were inlined
	callSize     = 16
)

// lineTable is the table of functions within a segment.
type lineTable struct {
	at        int64  // its address
	data      []byte // from the header on
	functions int
	names     int // where parts of the table begin
	units     int // the names of files, by compilation unit
	pairs     int // the pc-value tables
	entries   int
	others    int64 // the address that the offsets of other data count from; 0 until it is known
}

// errTable says that the table is not as it should be: Go has changed it, perhaps.
var errTable = errors.New("the table of functions is not understood: build without pack, or " +
	"teach it this version of Go")

// stripLines clears what serves traces alone in the segment that holds the table of functions: the
// tables of files and lines, those of calls that were inlined with the calls, and the names of
// functions that are not ours. To the runtime a table at 0 is one that is not there.
func stripLines(segments []segment) error {
	for _, s := range segments {
		if t := findTable(s); t != nil {
			if err := t.strip(segments); err != nil {
				return err
			}
			t.stripNames(segments)
		}
	}
	return nil
}

func (t *lineTable) strip(segments []segment) error {
	needed := map[uint32]bool{0: true}
	var dropped []uint32
	for i := range t.functions {
		f, err := t.function(i)
		if err != nil {
			return err
		}
		n, others := int(binary.LittleEndian.Uint32(f[offTables:])), int(f[offOthers])
		if n > len(f) || offNumber+4*(n+others) > len(f) {
			return errTable
		}
		if err := t.stripCalls(f, n, others, segments); err != nil {
			return err
		}
		for j := range others {
			if tracingOthers[j] {
				binary.LittleEndian.PutUint32(f[offNumber+4*(n+j):], none)
			}
		}
		clear(f[offUnit : offLine+4])
		needed[binary.LittleEndian.Uint32(f[offPCSP:])] = true
		fields := []int{offPCFile, offPCLine}
		for j := range n {
			if tracing[j] {
				fields = append(fields, offNumber+4*j)
			} else {
				needed[binary.LittleEndian.Uint32(f[offNumber+4*j:])] = true
			}
		}
		for _, field := range fields {
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
	for _, pack := range []func() error{t.packNames, t.packPairs, t.packFunctions} {
		if err := pack(); err != nil {
			return err
		}
	}
	return t.packBuckets(segments)
}

// stripCalls clears the calls that were inlined into a function: as many as its table speaks of.
func (t *lineTable) stripCalls(f []byte, tables, others int, segments []segment) error {
	if tables <= inlinedAt || others <= inlinedCalls {
		return nil
	}
	table := binary.LittleEndian.Uint32(f[offNumber+4*inlinedAt:])
	calls := binary.LittleEndian.Uint32(f[offNumber+4*(tables+inlinedCalls):])
	if table == 0 || calls == none {
		return nil
	}
	last, err := t.largest(table)
	if err != nil {
		return err
	}
	if t.others == 0 {
		description := t.describe(segments)
		if description == nil {
			return errTable
		}
		t.others = int64(binary.LittleEndian.Uint64(description[moduleOthers:]))
	}
	data := memory(segments, t.others+int64(calls), callSize*int64(last+1))
	if data == nil {
		return errTable
	}
	clear(data)
	return nil
}

// largest is the largest value of a pc-value table, -1 if all are less.
func (t *lineTable) largest(at uint32) (int, error) {
	table := t.data[t.pairs:t.entries]
	if int(at) >= len(table) {
		return 0, errTable
	}
	r := reader{table[at:]}
	value, most := -1, -1
	for first := true; len(r.rest) > 0 && (first || r.rest[0] != 0); first = false {
		change, err := r.unsigned()
		if err != nil {
			return 0, errTable
		}
		if _, err = r.unsigned(); err != nil {
			return 0, errTable
		}
		value += int(int32(uint32(change)>>1) ^ -int32(change&1))
		most = max(most, value)
	}
	if most > functionsMax {
		return 0, errTable
	}
	return most, nil
}

// Where the runtime's description of a module has the addresses of the table, of the names in it,
// of the buckets, of the program's first and last instruction, and of functions' other data.
const (
	moduleNames   = 8
	moduleBuckets = 152
	moduleStart   = 160
	moduleEnd     = 168
	moduleText    = 176
	moduleOthers  = 320
)

// describe returns what begins with the description of the module, nil if it is not there.
func (t *lineTable) describe(segments []segment) []byte {
	var key [16]byte
	binary.LittleEndian.PutUint64(key[:], uint64(t.at))
	binary.LittleEndian.PutUint64(key[moduleNames:], uint64(t.at)+uint64(t.names))
	for _, s := range segments {
		at := bytes.Index(s.data, key[:])
		if at >= 0 && at+moduleOthers+8 <= len(s.data) {
			return s.data[at:]
		}
	}
	return nil
}

// memory is size bytes at an address, nil if no segment has them.
func memory(segments []segment, at, size int64) []byte {
	for _, s := range segments {
		if from := at - s.at; from >= 0 && size >= 0 && size <= int64(len(s.data))-from {
			return s.data[from : from+size]
		}
	}
	return nil
}

// findTable returns the table of functions in a segment, or nil.
func findTable(s segment) *lineTable {
	for data := s.data; ; {
		at := bytes.Index(data, []byte(linesMagic))
		if at < 0 || len(data)-at < headerSize {
			return nil
		}
		data = data[at:]
		number := func(i int) int { return int(binary.LittleEndian.Uint64(data[8+8*i:])) }
		t := &lineTable{at: s.at + int64(len(s.data)-len(data)), data: data, functions: number(0),
			names: number(3), units: number(4), pairs: number(6), entries: number(7)}
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

// clear zeroes a pc-value table.
func (t *lineTable) clear(at uint32) error {
	table := t.data[t.pairs:t.entries]
	end, err := pairsEnd(table, at)
	if err == nil {
		clear(table[at:end])
	}
	return err
}

// pairsEnd is where a pc-value table ends: pairs of numbers, the last followed by a 0, which the
// first pair may begin with.
func pairsEnd(table []byte, at uint32) (int, error) {
	if int(at) >= len(table) {
		return 0, errTable
	}
	r := reader{table[at:]}
	for first := true; len(r.rest) > 0 && (first || r.rest[0] != 0); first = false {
		for range 2 {
			if _, err := r.unsigned(); err != nil {
				return 0, errTable
			}
		}
	}
	return len(table) - len(r.rest), nil
}

// name is the name at a place, an empty one if there is none.
func (t *lineTable) name(at uint32) string {
	names := t.data[t.names:t.units]
	if int(at) >= len(names) {
		return ""
	}
	name, _, _ := bytes.Cut(names[at:], []byte{0})
	return string(name)
}

// packNames puts the names of our functions behind one another, as a trace is to tell them, and
// clears all others: nobody looks a function up by name. The name at 0 is that of the others.
func (t *lineTable) packNames() error {
	places, packed := map[string]uint32{"": 0}, []byte{0}
	for i := range t.functions {
		f, err := t.function(i)
		if err != nil {
			return err
		}
		name := shortName(t.name(binary.LittleEndian.Uint32(f[offName:])))
		at, is := places[name]
		if !is {
			at = uint32(len(packed))
			places[name] = at
			packed = append(append(packed, name...), 0)
		}
		binary.LittleEndian.PutUint32(f[offName:], at)
	}
	names := t.data[t.names:t.units]
	if len(packed) > len(names) {
		return errTable
	}
	clear(names[copy(names, packed):])
	return nil
}

// shortName is what a trace tells of a function: nothing of one that is not ours, and neither the
// host that redlet comes from nor the types that the function was made for.
func shortName(name string) string {
	name = strings.TrimPrefix(name, modulePath)
	if !strings.Contains("/"+name, "/redlet/") && !strings.HasPrefix(name, "main.") {
		return ""
	}
	if from, to := strings.IndexByte(name, '['), strings.LastIndexByte(name, ']'); from < to {
		name = name[:from] + "[...]" + name[to+1:]
	}
	return name
}
