package main

import "encoding/binary"

// What the description of a module has of types: where they begin and end, and the list of those
// that further modules are compared with.
const (
	moduleTypes    = 296
	moduleTypesEnd = 304
	moduleLinks    = 360
	moduleLinksLen = 368
)

// A type of the kind struct, as internal/abi has it: behind it come what methods it has, if any,
// and its fields, which are a name, a type and a place each.
const (
	typeKind      = 23
	kindMask      = 31
	kindStruct    = 25
	kindMost      = 26
	fieldsAt      = 56 // a slice: address, length, capacity
	structSize    = 80
	methodsSize   = 16
	fieldSize     = 24
	fieldType     = 8
	fieldsMost    = 1 << 10
	tagged        = 2 // a bit of a name's first byte: a tag follows
	typeAlignment = 8
)

// typeTable is where the descriptions of types are, their names among them.
type typeTable struct {
	base int64 // what names are counted from
	at   int64 // the address of data, a little more: the zeros before it are in no segment
	data []byte
}

// stripNames clears the names of structs' fields, which package reflect alone looks at, and the
// list of types that none but a second module is compared with. A name stays that may be a method's
// too. Nothing tells where a type begins: what looks like a struct in all that follows is one.
func (t *lineTable) stripNames(segments []segment) {
	description := t.describe(segments)
	if len(description) < moduleLinksLen+8 {
		return
	}
	number := func(at int) int64 { return int64(binary.LittleEndian.Uint64(description[at:])) }
	if links := memory(segments, number(moduleLinks), 4*number(moduleLinksLen)); links != nil {
		clear(links)
	}
	base, end := number(moduleTypes), number(moduleTypesEnd)
	for _, s := range segments {
		at := max(base, (s.at+typeAlignment-1)&^(typeAlignment-1))
		if data := memory([]segment{s}, at, end-at); data != nil {
			types := typeTable{base, at, data}
			types.strip()
		}
	}
}

func (t *typeTable) strip() {
	names := map[uint32]int{} // how long each is, by how far it is from the first type
	for at := 0; at+structSize <= len(t.data); at += typeAlignment {
		for _, field := range t.fields(at) {
			name := int64(binary.LittleEndian.Uint64(field)) - t.at
			if t.data[name+2] == '_' {
				continue // fields of the name _ are left out when structs are hashed
			}
			names[uint32(name)] = t.name(name)
			clear(field[:fieldType])
		}
	}
	for at := 0; at+4 <= len(t.data); at += 4 {
		word := binary.LittleEndian.Uint32(t.data[at:])
		delete(names, word-uint32(t.at-t.base))
		delete(names, word-uint32(t.at))
	}
	for at, size := range names {
		clear(t.data[at:][:size])
	}
}

// fields returns the fields of the struct whose type is at a place; none if that is something else.
func (t *typeTable) fields(at int) [][]byte {
	if t.data[at+typeKind]&kindMask != kindStruct {
		return nil
	}
	number := func(at int) int64 { return int64(binary.LittleEndian.Uint64(t.data[at:])) }
	first, n := number(at+fieldsAt)-t.at, number(at+fieldsAt+8)
	behind := first - int64(at) - structSize
	if behind != 0 && behind != methodsSize || n < 0 || n > fieldsMost ||
		n != number(at+fieldsAt+16) || first+n*fieldSize > int64(len(t.data)) {
		return nil
	}
	var fields [][]byte
	for ; n > 0; n-- {
		field := t.data[first:][:fieldSize]
		kind := int64(binary.LittleEndian.Uint64(field[fieldType:])) - t.at
		name := int64(binary.LittleEndian.Uint64(field)) - t.at
		if kind < 0 || kind%typeAlignment != 0 || kind+structSize > int64(len(t.data)) ||
			t.data[kind+typeKind]&kindMask > kindMost || t.name(name) == 0 {
			return nil
		}
		fields = append(fields, field)
		first += fieldSize
	}
	return fields
}

// name is how long the name at a place is, with what says so and its tag; 0 if there is none, or an
// empty one.
func (t *typeTable) name(at int64) int {
	if at < 0 || at+2 >= int64(len(t.data)) || t.data[at+1] == 0 {
		return 0
	}
	texts := 1
	if t.data[at]&tagged != 0 {
		texts = 2
	}
	r := reader{t.data[at+1:]}
	for range texts {
		if _, err := r.bytes(); err != nil {
			return 0
		}
	}
	return len(t.data) - len(r.rest) - int(at)
}
