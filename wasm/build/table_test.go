package main

import (
	"errors"
	"testing"
)

// tableOf is a module of a table, what fills it, and a function that calls by a pointer twice.
func tableOf(table, elements, code string) []byte {
	module := []byte(magic)
	for _, s := range []struct {
		id   byte
		body string
	}{{tableSection, table}, {elementSection, elements}, {codeSection, code}} {
		module = append(append(module, s.id, byte(len(s.body))), s.body...)
	}
	return module
}

func TestPackTable(t *testing.T) {
	const give, want = "\x20\x00\x11\x02\x00", "\x20\x00\x41\x80\x20\x6b\x11\x02\x00"
	function := func(code string) string {
		const locals = "\x01\x02\x7f"
		return string(rune(len(locals)+2*len(code)+1)) + locals + code + code + "\x0b"
	}
	got, err := pack(tableOf("\x01\x70\x00\xe4\x20", "\x01\x00\x41\x80\x20\x0b\x02\x07\x08",
		"\x01"+function(give)))
	module := tableOf("\x01\x70\x00\x64", "\x01\x00\x41\x00\x0b\x02\x07\x08", "\x01"+function(want))
	if err != nil || string(got) != string(module) {
		t.Fatalf("got %x, %v\nwant %x", got, err, module)
	}
	if again, err := pack(got); err != nil || string(again) != string(got) {
		t.Errorf("once more it is %x, %v", again, err)
	}
}

func TestPackTableRefuses(t *testing.T) {
	const table, list, code = "\x01\x70\x00\xe4\x20", "\x01\x00\x41\x80\x20\x0b\x02\x07\x08",
		"\x01\x02\x00\x0b"
	for _, module := range [][]byte{
		tableOf("\x02\x70\x00\x64\x70\x00\x64", list, code),
		tableOf("\x01\x70\x01\xe4\x20\xe4\x20", list, code),
		tableOf("\x01\x70\x00\x64", list, code), // it is smaller than where the list goes
		tableOf(table, "\x02\x00\x41\x00\x0b\x00\x00\x41\x00\x0b\x00", code),
		tableOf(table, "\x01\x00\x23\x00\x0b\x00", code),
		tableOf(table, "\x01\x00\x41\x7f\x0b\x00", code),
		tableOf(table, list, "\x01\x04\x00\xd2\x00\x0b"), // ref.func
	} {
		if _, err := pack(module); !errors.Is(err, errTableOfFunctions) {
			t.Errorf("%x: %v", module, err)
		}
	}
}
