package main

import (
	"errors"
	"fmt"
)

// Kinds of exports, and the prefix under which globals are exported.
const (
	exportsGlobal = 3
	globalPrefix  = "global_"
)

// i64Const begins a constant of 64 bits.
const i64Const = 0x42

// errGlobal says that a global begins with something else than a number.
var errGlobal = errors.New("a global that does not begin with a constant")

// changing returns the numbers of the globals in a global section that may be written. The linker's
// are the first: it imports functions alone.
func changing(body []byte) ([]uint64, error) {
	r := reader{body}
	n, err := r.unsigned()
	if err != nil {
		return nil, err
	}
	var numbers []uint64
	for i := range n {
		if len(r.rest) < 3 {
			return nil, errCut
		}
		if r.rest[1] == 1 {
			numbers = append(numbers, i)
		}
		if begins := r.rest[2]; begins != i32Const && begins != i64Const {
			return nil, errGlobal
		}
		r.rest = r.rest[3:]
		if _, err := r.signed(); err != nil {
			return nil, err
		}
		if len(r.rest) < 1 || r.rest[0] != end {
			return nil, errGlobal
		}
		r.rest = r.rest[1:]
	}
	return numbers, nil
}

// export adds globals to an export section, unless it has them: a host that copies an instance
// copies them besides its memory.
func export(body []byte, globals []uint64) ([]byte, error) {
	r := reader{body}
	n, err := r.unsigned()
	if err != nil {
		return nil, err
	}
	entries := r.rest
	known := map[uint64]bool{}
	for range n {
		if _, err := r.bytes(); err != nil {
			return nil, err
		}
		if len(r.rest) < 1 {
			return nil, errCut
		}
		kind := r.rest[0]
		r.rest = r.rest[1:]
		number, err := r.unsigned()
		if err != nil {
			return nil, err
		}
		if kind == exportsGlobal {
			known[number] = true
		}
	}
	var more []byte
	for _, number := range globals {
		if known[number] {
			continue
		}
		name := fmt.Sprint(globalPrefix, number)
		more = append(appendUnsigned(more, uint64(len(name))), name...)
		more = appendUnsigned(append(more, exportsGlobal), number)
		n++
	}
	out := append(appendUnsigned(nil, n), entries[:len(entries)-len(r.rest)]...)
	return append(out, more...), nil
}
