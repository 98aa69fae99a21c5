package core

import "testing"

// An engine starts in a few microseconds: hosts start one for each test.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// The table is built once, when the program starts.
func BenchmarkTable(b *testing.B) {
	for b.Loop() {
		newTable(&stringCommands, &genericCommands, &listCommands, &serverCommands,
			&connectionCommands, &pubsubCommands)
	}
}
