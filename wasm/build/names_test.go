package main

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// typesOf is a table of types at 4096: names, a struct with fields of all of them but the last, and
// a method of the names that are given.
func typesOf(names []string, methods ...int) *typeTable {
	const at = 4096
	var data []byte
	var places []int
	for _, name := range names {
		places = append(places, len(data))
		data = append(append(data, 0, byte(len(name))), name...)
	}
	data = append(data, make([]byte, -len(data)&(typeAlignment-1))...)
	first, n := len(data), len(names)-1
	data = append(data, make([]byte, structSize+methodsSize+n*fieldSize)...)
	put := func(i, value int) { binary.LittleEndian.PutUint64(data[i:], uint64(value)) }
	data[first+typeKind] = 1<<5 | kindStruct
	fields := first + structSize + methodsSize
	put(first+fieldsAt, at+fields)
	put(first+fieldsAt+8, n)
	put(first+fieldsAt+16, n)
	for i, place := range places[:n] {
		put(fields+i*fieldSize, at+place)
		put(fields+i*fieldSize+fieldType, at+first)
	}
	for _, i := range methods {
		data = binary.LittleEndian.AppendUint32(data, uint32(places[i]))
	}
	return &typeTable{at, at, data}
}

func TestStripNames(t *testing.T) {
	types := typesOf([]string{"at 0", "node", "Len", "_", "main.T"}, 2)
	types.strip()
	for name, kept := range map[string]bool{"node": false, "Len": true, "_": true, "main.T": true} {
		if bytes.Contains(types.data, []byte(name)) != kept {
			t.Errorf("%s: it is not so that kept is %v", name, kept)
		}
	}
	for _, spoil := range []func(b []byte, first int){
		func(b []byte, first int) { b[first+typeKind]++ },
		func(b []byte, first int) { b[first+fieldsAt]++ },
		func(b []byte, first int) { b[first+fieldsAt+8] = 0xff },
		func(b []byte, first int) { b[first+structSize+methodsSize+fieldType] = 1 },
		func(b []byte, first int) { b[first+structSize+methodsSize+1] = 0xff },
	} {
		types := typesOf([]string{"some", "more", "main.T"})
		spoil(types.data, 24)
		before := bytes.Clone(types.data)
		types.strip()
		if !bytes.Equal(types.data, before) {
			t.Error("what is no struct was changed")
		}
	}
}
