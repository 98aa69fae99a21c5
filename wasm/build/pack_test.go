package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
)

// moduleOf is a module with a custom section and a data section of segments.
func moduleOf(segments ...segment) []byte {
	data := appendUnsigned(nil, uint64(len(segments)))
	for _, s := range segments {
		data = append(appendSigned(append(data, 0, i32Const), s.at), end)
		data = append(appendUnsigned(data, uint64(len(s.data))), s.data...)
	}
	module := append([]byte("\x00asm\x01\x00\x00\x00"), 0, 2, 1, 'x', dataSection)
	return append(appendUnsigned(module, uint64(len(data))), data...)
}

func TestPackMerges(t *testing.T) {
	a, b, c := bytes.Repeat([]byte{1}, 200), []byte{2}, []byte{3}
	for _, test := range []struct{ give, want []byte }{
		{moduleOf(), moduleOf()},
		{moduleOf(segment{64, a}), moduleOf(segment{64, a})},
		{moduleOf(segment{64, b}, segment{68, c}), moduleOf(segment{64, []byte{2, 0, 0, 0, 3}})},
		{moduleOf(segment{0, b}, segment{1 << 20, c}), moduleOf(segment{0, b}, segment{1 << 20, c})},
		{moduleOf(segment{68, c}, segment{64, b}), moduleOf(segment{64, []byte{2, 0, 0, 0, 3}})},
		{moduleOf(segment{-8, b}, segment{-8, c}), moduleOf(segment{-8, b}, segment{-8, c})},
	} {
		if got, err := pack(test.give); err != nil || !bytes.Equal(got, test.want) {
			t.Errorf("%x: got %x, %v, want %x", test.give, got, err, test.want)
		}
	}
}

// globalsOf is a module with a constant and two variables, of which one may be exported already.
func globalsOf(exports ...byte) []byte {
	module := []byte("\x00asm\x01\x00\x00\x00" +
		"\x06\x11\x03" + "\x7f\x00\x41\x05\x0b" + "\x7f\x01\x41\x80\x08\x0b" + "\x7e\x01\x42\x00\x0b")
	return append(append(module, exportSection, byte(len(exports))), exports...)
}

func TestPackExportsGlobals(t *testing.T) {
	one := "\x08global_1\x03\x01"
	two := "\x08global_2\x03\x02"
	for _, test := range []struct{ give, want string }{
		{"\x00", "\x02" + one + two},
		{"\x01\x01f\x00\x01", "\x03\x01f\x00\x01" + one + two},
		{"\x01" + two, "\x02" + two + one},
	} {
		got, err := pack(globalsOf([]byte(test.give)...))
		if want := globalsOf([]byte(test.want)...); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: got %q, %v", test.give, got, err)
		}
	}
	whole := globalsOf([]byte("\x01" + one)...)
	for n := range whole {
		if _, err := pack(whole[:n]); n != 8 && n != 27 && err == nil {
			t.Errorf("%q: packed", whole[:n])
		}
	}
}

func TestPackRefuses(t *testing.T) {
	whole := moduleOf(segment{64, []byte{1, 2, 3}})
	for n := range whole {
		if n == 8 || n == 12 { // between sections
			continue
		}
		if _, err := pack(whole[:n]); !errors.Is(err, errCut) {
			t.Errorf("%x: %v", whole[:n], err)
		}
	}
}

// tableAt is where the table of imageOf begins.
const tableAt = 64

// bucketsSize is the size of the buckets of two functions.
const bucketsSize = 2 * perBlocks * bucketSize

// imageOf is what the linker lays out: the calls that were inlined, a table with two functions, the
// description of the module, and the buckets.
func imageOf() segment {
	calls := "calls that were inlined, two....kept calls......"
	image := append([]byte(calls), make([]byte, tableAt-len(calls))...)
	b := append([]byte(linesMagic), make([]byte, 64)...)
	put := func(i, n int) { binary.LittleEndian.PutUint64(b[8+8*i:], uint64(n)) }
	put(0, 2)
	put(3, len(b))
	names := len(b)
	b = append(b, "\x00fmt.Println\x00github.com/redlet/redlet/core.New[go.shape.int].func1\x00"...)
	b = append(b, "github.com/redlet/redlet/core.inlined\x00"...)
	put(4, len(b))
	b = append(b, "files"...)
	put(6, len(b))
	// The tables at 1, 4, 8 and 11; the last says that there are two calls.
	b = append(b, "\x00\x02\x01\x00\x04\x81\x01\x00\x06\x01\x00\x00\x05\x04\x07\x00"...)
	put(7, len(b))
	entries := len(b)
	const size = offNumber + 4*3 + 4*4
	for i := range 2 {
		b = binary.LittleEndian.AppendUint32(b, uint32(i))
		b = binary.LittleEndian.AppendUint32(b, uint32(20+i*size))
	}
	b = append(b, 0, 0, 0, 0) // where the text ends
	if len(b) != entries+20 {
		panic("the functions begin elsewhere")
	}
	for i, f := range []struct{ name, sp, file, line, kept, inlined, calls uint32 }{
		{1, 1, 4, 8, 1, 11, 0}, {13, 1, 4, 1, 8, 0, none},
	} {
		fields := make([]byte, size)
		fields[0], fields[offOthers] = byte(i), 4
		for _, v := range []struct {
			at    int
			value uint32
		}{
			{4, f.name}, {offPCSP, f.sp}, {offPCFile, f.file}, {offPCLine, f.line}, {offTables, 3},
			{offLine, 77}, {offNumber, 4}, {offNumber + 4, f.kept}, {offNumber + 8, f.inlined},
			{offNumber + 12, 32}, {offNumber + 16, none}, {offNumber + 20, none},
			{offNumber + 24, f.calls},
		} {
			binary.LittleEndian.PutUint32(fields[v.at:], v.value)
		}
		b = append(b, fields...)
	}
	image = append(image, b...)
	description := make([]byte, moduleOthers+8)
	binary.LittleEndian.PutUint64(description, 1000+tableAt)
	binary.LittleEndian.PutUint64(description[moduleNames:], uint64(1000+tableAt+names))
	binary.LittleEndian.PutUint64(description[moduleOthers:], 1000)
	buckets := 1000 + len(image) + len(description)
	binary.LittleEndian.PutUint64(description[moduleBuckets:], uint64(buckets))
	binary.LittleEndian.PutUint64(description[moduleStart:], blocksMax)
	binary.LittleEndian.PutUint64(description[moduleText:], blocksMax)
	binary.LittleEndian.PutUint64(description[moduleEnd:], 3*blocksMax)
	image = append(image, description...)
	for i := range 2 * perBlocks {
		image = append(image, byte(i/perBlocks))
		image = append(image, make([]byte, bucketSize-1)...)
	}
	return segment{1000, image}
}

func TestStripLines(t *testing.T) {
	before := imageOf()
	s := segment{before.at, bytes.Clone(before.data)}
	if err := stripLines([]segment{{5, []byte("something")}, s}); err != nil {
		t.Fatal(err)
	}
	b := s.data
	for _, gone := range []string{"fmt.Println", "files", "\x04\x81\x01", "calls that were", "two....",
		"\x05\x04\x07", "M\x00\x00\x00", "go.shape.int", "core.inlined"} {
		if !bytes.Contains(before.data, []byte(gone)) || bytes.Contains(b, []byte(gone)) {
			t.Errorf("%q is still there", gone)
		}
	}
	for _, kept := range []string{"kept calls", "\x00\x02\x01\x00", "\x06\x01\x00",
		"\x00redlet/core.New[...].func1\x00\x00\x00\x00\x00\x00"} {
		if !bytes.Contains(b, []byte(kept)) {
			t.Errorf("%q is gone", kept)
		}
	}
	for i := range 2 {
		f, err := findTable(s).function(i)
		if err != nil {
			t.Fatal(err)
		}
		if n, m := int(f[offTables]), int(f[offOthers]); n != 2 || m != 1 ||
			binary.LittleEndian.Uint32(f[offNumber+4*n:]) != 32 {
			t.Errorf("%d: %d tables, %d others: % x", i, n, m, f[:offNumber+4*(n+m)])
		}
	}
	buckets := make([]byte, bucketsSize)
	buckets[bucketSize] = 1
	if got := b[len(b)-bucketsSize:]; !bytes.Equal(got, buckets) {
		t.Errorf("the buckets are % x", got)
	}
	again := segment{s.at, bytes.Clone(b)}
	if err := stripLines([]segment{again}); err != nil || !bytes.Equal(b, again.data) {
		t.Errorf("stripped twice it differs: %v", err)
	}
}

func TestStripRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for what, spoil := range map[string]func(b []byte){
		"a thousand tables": func(b []byte) {
			at := len(b) - bucketsSize - (moduleOthers + 8) - 72
			binary.LittleEndian.PutUint32(b[at+offTables:], 1000)
		},
		"no description": func(b []byte) { clear(b[len(b)-bucketsSize-(moduleOthers+8):]) },
		"calls elsewhere": func(b []byte) {
			binary.LittleEndian.PutUint64(b[len(b)-bucketsSize-8:], 1<<40)
		},
		"a bucket within a function that differs": func(b []byte) { b[len(b)-bucketSize] = 7 },
		"buckets elsewhere": func(b []byte) {
			at := len(b) - bucketsSize - (moduleOthers + 8)
			binary.LittleEndian.PutUint64(b[at+moduleBuckets:], 1<<40)
		},
	} {
		s := imageOf()
		spoil(s.data)
		if err := stripLines([]segment{s}); !errors.Is(err, errTable) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestSplit(t *testing.T) {
	gap := make([]byte, gapMax+1)
	data := slices.Concat(gap, []byte("a"), gap[1:], []byte("b"), gap, []byte("c"), gap)
	got := split([]segment{{10, data}, {1 << 20, []byte{0}}})
	want := []segment{{10 + gapMax + 1, slices.Concat([]byte("a"), gap[1:], []byte("b"))},
		{10 + 3*gapMax + 4, []byte("c")}, {1 << 20, []byte{0}}}
	if len(got) != len(want) {
		t.Fatalf("%d segments", len(got))
	}
	for i, s := range got {
		if s.at != want[i].at || !bytes.Equal(s.data, want[i].data) {
			t.Errorf("%d: at %d, %d bytes", i, s.at, len(s.data))
		}
	}
}

func FuzzPack(f *testing.F) {
	f.Add(moduleOf(imageOf()))
	f.Add(globalsOf([]byte("\x01\x01f\x00\x01")...))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := pack(b)
		if err != nil {
			return
		}
		if again, err := pack(out); err != nil || !bytes.Equal(out, again) {
			t.Errorf("packed twice it differs: %v", err)
		}
	})
}
