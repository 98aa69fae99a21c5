package main

import (
	"testing"
)

// TestPut has instructions that are written otherwise, with those before them.
func TestPut(t *testing.T) {
	const place, wide = "\x20\x01\xad\x42\xe8\x00\x7c\xa7", "\x20\x01\xad\x42\x7f\x7c\xa7"
	const grown = "\x41\xd0\x00\x6a\x22\x01\x24\x00\x20\x01\x41\x08\x6a"
	for _, c := range []struct{ was, is string }{
		{"\x01\x20\x01\x01", "\x20\x01"},
		{"\x20\x05\x21\x05", ""},
		{"\x20\x05\x22\x05\xa7", "\x20\x05\xa7"},
		{"\x20\x05\x21\x06", "\x20\x05\x21\x06"},
		{place, "\x20\x01\x41\xe8\x00\x6a"},
		{wide, wide},
		{"\x20\x02\xad\x42\x08\x7c\xa7", "\x20\x02\xad\x42\x08\x7c\xa7"},
		{place + "\x29\x03\x00", "\x20\x01\x29\x03\x68"},
		{place + "\x29\x03\x20", "\x20\x01\x29\x03\x88\x01"},
		{place + "\x20\x02\xa7\x29\x03\x08\x42\x01\x7c\x37\x03\x00",
			"\x20\x01\x20\x02\xa7\x29\x03\x08\x42\x01\x7c\x37\x03\x68"},
		{place + place + "\x29\x03\x00\x37\x03\x00", "\x20\x01\x20\x01\x29\x03\x68\x37\x03\x68"},
		{place + "\x42\x00\x20\x02\x1b\x37\x03\x00",
			"\x20\x01\x41\xe8\x00\x6a\x42\x00\x20\x02\x1b\x37\x03\x00"}, // one operand is missing
		{place + "\x41\x00\x10\x09\xac\x37\x03\x00",
			"\x20\x01\x41\xe8\x00\x6a\x41\x00\x10\x09\xac\x37\x03\x00"}, // behind a call
		{"\x20\x01" + grown, "\x20\x01\x41\xd8\x00\x6a"},
		{"\x50\xad\x50", "\x50\x45"},
	} {
		var p part
		for code := []byte(c.was); len(code) > 0; {
			size := instructionSize(code)
			p.put(code[:size])
			code = code[size:]
		}
		if string(p.code) != c.is {
			t.Errorf("%x becomes %x, not %x", c.was, p.code, c.is)
		}
		at := 0
		for i := range p.starts {
			if p.starts[i] != at {
				t.Errorf("%x: instruction %d is said to be at %d, not %d", c.was, i, p.starts[i], at)
			}
			at += instructionSize(p.code[at:])
		}
		if at != len(p.code) {
			t.Errorf("%x: there is more than the instructions", c.was)
		}
	}
}

// TestPutBehindJump leaves alone what a jump stands in.
func TestPutBehindJump(t *testing.T) {
	var p part
	for _, instruction := range []string{"\x20\x01", "\x41\x08", "\x6a"} {
		p.put([]byte(instruction))
	}
	p.jumps = append(p.jumps, jump{at: len(p.code), op: opBrIf})
	p.put([]byte("\x29\x03\x00"))
	if string(p.code) != "\x20\x01\x41\x08\x6a\x29\x03\x00" {
		t.Errorf("%x", p.code)
	}
}
