package main

import "errors"

// Go numbers functions from 4096 on, so that no small number is the address of one. A call by a
// pointer takes the number for a place in a table, whose first 4096 are empty: V8 keeps 28 bytes
// for each of them in every instance, 115 KB. So the table begins with the first function, and its
// number is taken off before each call. The number 0, of a pointer that is nil, is beyond the table
// then, and the call traps as before.

const (
	tableSection   = 4
	elementSection = 9

	opCallIndirect = 0x11
	opI32Sub       = 0x6b
)

// errTableOfFunctions says that the table for calls by a pointer is not as Go's linker writes it.
var errTableOfFunctions = errors.New("the table for calls by a pointer is not understood")

// emptyPlaces returns how many places of the table are empty before those that an element section
// fills.
func emptyPlaces(sections []section) (int64, error) {
	for _, s := range sections {
		if s.id == elementSection {
			first, _, err := elements(s.body)
			return first, err
		}
	}
	return 0, nil
}

// elements reads where in the table the only list of an element section goes, and the list.
func elements(body []byte) (first int64, list []byte, err error) {
	const one = "\x01\x00\x41" // in table 0, at a constant place
	if len(body) < len(one) || string(body[:len(one)]) != one {
		return 0, nil, errTableOfFunctions
	}
	r := reader{body[len(one):]}
	if first, err = r.signed(); err != nil {
		return 0, nil, err
	}
	if first < 0 || len(r.rest) == 0 || r.rest[0] != end {
		return 0, nil, errTableOfFunctions
	}
	return first, r.rest[1:], nil
}

// packElements has the list begin with the table.
func packElements(body []byte) ([]byte, error) {
	_, list, err := elements(body)
	return append([]byte{1, 0, i32Const, 0, end}, list...), err
}

// packTable takes the empty places off the only table.
func packTable(body []byte, empty int64) ([]byte, error) {
	const one = "\x01\x70\x00" // of functions, with a size and no limit
	if len(body) < len(one) || string(body[:len(one)]) != one {
		return nil, errTableOfFunctions
	}
	r := reader{body[len(one):]}
	size, err := r.unsigned()
	if err != nil || uint64(empty) > size {
		return nil, errTableOfFunctions
	}
	return appendUnsigned([]byte(one), size-uint64(empty)), nil
}

// packCalls takes the empty places off the number of the function, in each call by a pointer.
func packCalls(code []byte, empty int64) ([]byte, error) {
	r := reader{code}
	if empty == 0 {
		return code, nil
	}
	if err := skipLocals(&r); err != nil {
		return nil, err
	}
	less := append(appendSigned([]byte{i32Const}, empty), opI32Sub)
	out := append([]byte{}, code[:len(code)-len(r.rest)]...)
	for rest := r.rest; len(rest) > 0; {
		size := instructionSize(rest)
		if size == 0 {
			return nil, errTableOfFunctions
		}
		if rest[0] == opCallIndirect {
			out = append(out, less...)
		}
		out = append(out, rest[:size]...)
		rest = rest[size:]
	}
	return out, nil
}
