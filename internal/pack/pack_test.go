package main

import (
	"bytes"
	"encoding/binary"
	"errors"
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

// tableOf is a table with two functions, as the linker lays it out.
func tableOf() []byte {
	b := append([]byte(linesMagic), make([]byte, 64)...)
	put := func(i, n int) { binary.LittleEndian.PutUint64(b[8+8*i:], uint64(n)) }
	put(0, 2)
	put(3, len(b))
	b = append(b, "fmt.Println\x00github.com/redlet/redlet/core.New\x00"...)
	put(4, len(b))
	b = append(b, "files"...)
	put(6, len(b))
	b = append(b, "\x00\x02\x01\x00\x04\x81\x01\x00\x06\x01\x00"...) // tables at 1, 4 and 8
	put(7, len(b))
	entries := len(b)
	for i := range 2 {
		b = binary.LittleEndian.AppendUint32(b, uint32(i))
		b = binary.LittleEndian.AppendUint32(b, uint32(20+i*48))
	}
	b = append(b, 0, 0, 0, 0) // where the text ends
	if len(b) != entries+20 {
		panic("the functions begin elsewhere")
	}
	for _, f := range [][4]uint32{{1, 4, 8, 1}, {1, 4, 1, 8}} {
		fields := make([]byte, 48)
		binary.LittleEndian.PutUint32(fields[offPCSP:], f[0])
		binary.LittleEndian.PutUint32(fields[offPCFile:], f[1])
		binary.LittleEndian.PutUint32(fields[offPCLine:], f[2])
		binary.LittleEndian.PutUint32(fields[offTables:], 1)
		binary.LittleEndian.PutUint32(fields[offNumber:], f[3])
		b = append(b, fields...)
	}
	return b
}

func TestStripLines(t *testing.T) {
	before := append([]byte("something\x00"), tableOf()...)
	b := bytes.Clone(before)
	if err := stripLines(b); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"fmt.Println", "files", "\x04\x81\x01"} {
		if !bytes.Contains(before, []byte(gone)) || bytes.Contains(b, []byte(gone)) {
			t.Errorf("%q is still there", gone)
		}
	}
	for _, kept := range []string{"something", "core.New\x00", "\x00\x02\x01\x00", "\x06\x01\x00"} {
		if !bytes.Contains(b, []byte(kept)) {
			t.Errorf("%q is gone", kept)
		}
	}
	again := bytes.Clone(b)
	if err := stripLines(again); err != nil || !bytes.Equal(b, again) {
		t.Errorf("stripped twice it differs: %v", err)
	}
}

func TestStripRefusesWhatItDoesNotUnderstand(t *testing.T) {
	b := tableOf()
	binary.LittleEndian.PutUint32(b[len(b)-48+offTables:], 1000)
	if err := stripLines(b); !errors.Is(err, errTable) {
		t.Errorf("got %v", err)
	}
}

func FuzzPack(f *testing.F) {
	f.Add(moduleOf(segment{64, tableOf()}))
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
