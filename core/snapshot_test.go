package core

import (
	"fmt"
	"testing"
)

// TestSnapshotOfState restores a snapshot in a new engine, which then goes on as the old one would:
// with its clock, its chance and its scripts.
func TestSnapshotOfState(t *testing.T) {
	commands := [][]string{
		{"SET", "a", "1"}, {"SET", "b", "2"}, {"SET", "c", "3", "PX", "5000"}, {"RANDOMKEY"},
		{"REDLET.CLOCK", "ADVANCE", "90s"}, {"REDLET.CLOCK", "FREEZE"},
		{"EVAL", "return 1", "0"}, {"SCRIPT", "LOAD", "return 2"}, {"SCRIPT", "LOAD", "return 0"},
		{"FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function() return 3 end)"},
	}
	e := start(t)
	for _, args := range commands {
		e.feed(1, request(args...))
	}
	sent(e, 1)
	other, err := New(Options{Now: e.clock.host, Seed: [32]byte{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	other.open(1, Conn{})
	if err := other.Restore(e.Snapshot(nil)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"TIME"}, {"DBSIZE"}, {"RANDOMKEY"}, {"RANDOMKEY"}, {"RANDOMKEY"}, {"KEYS", "*"},
		{"SCAN", "0"}, {"EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"},
		{"EVALSHA", "7f923f79fe76194c868d7e1d0820de36700eb649", "0"}, {"FCALL", "f", "0"},
	} {
		e.feed(1, request(args...))
		other.feed(1, request(args...))
		got, want := sent(other, 1), sent(e, 1)
		if got != want || want[0] == '-' {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
}

// filled is an engine with n keys: strings, of which every fourth expires, and some small hashes.
func filled(b *testing.B, n int) *Engine {
	b.Helper()
	e := start(b)
	run := func(args ...string) {
		e.feed(1, request(args...))
		sent(e, 1)
	}
	for i := range n {
		key := fmt.Sprintf("key:%d", i)
		if i%10 == 0 {
			run("HSET", key, "name", "somebody", "email", "somebody@example.com")
			continue
		}
		run("SET", key, fmt.Sprintf(`{"id":%d,"name":"somebody","is":"somebody"}`, i))
		if i%4 == 1 {
			run("EXPIRE", key, "1000")
		}
	}
	if e.dbs[0].keys.Len() != n {
		b.Fatal("the keys are not there")
	}
	return e
}

func BenchmarkSnapshot(b *testing.B) {
	e := filled(b, 100_000)
	var image []byte
	b.ReportAllocs()
	for b.Loop() {
		image = e.Snapshot(image[:0])
	}
	b.SetBytes(int64(len(image)))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/key")
}

func BenchmarkRestore(b *testing.B) {
	e := filled(b, 100_000)
	image := e.Snapshot(nil)
	b.SetBytes(int64(len(image)))
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Restore(image); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/key")
}
