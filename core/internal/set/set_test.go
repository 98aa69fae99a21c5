package set

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand"
	"slices"
	"strconv"
	"testing"

	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/intset"
	"github.com/redlet/redlet/core/internal/listpack"
)

var limits = Limits{Ints: 9, Entries: 6, Value: 5, Seed: 1}

// model is the obvious set: a slice in the order that the small encodings have.
type model struct {
	enc     Encoding
	members []string
}

func isInt(m string) bool {
	n, err := strconv.ParseInt(m, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == m
}

func (m *model) add(s string) bool {
	if slices.Contains(m.members, s) {
		return false
	}
	fits := len(m.members) < limits.Entries && len(s) <= limits.Value
	switch {
	case m.enc == Intset && isInt(s):
		m.members = append(m.members, s)
		slices.SortFunc(m.members, func(a, b string) int {
			x, _ := strconv.ParseInt(a, 10, 64)
			y, _ := strconv.ParseInt(b, 10, 64)
			return cmp.Compare(x, y)
		})
		if len(m.members) > limits.Ints {
			m.enc = Table
		}
		return true
	case m.enc == Intset:
		for _, n := range m.members {
			fits = fits && len(n) <= limits.Value
		}
		m.enc = Listpack
	}
	if m.enc == Listpack && !fits {
		m.enc = Table
	}
	m.members = append(m.members, s)
	return true
}

func (m *model) remove(s string) bool {
	i := slices.Index(m.members, s)
	if i >= 0 {
		m.members = slices.Delete(m.members, i, i+1)
	}
	return i >= 0
}

// check compares all that can be seen of s; the order only of the small encodings.
func (m *model) check(t *testing.T, s *Set) {
	t.Helper()
	var all, at []string
	for e := range s.All {
		all = append(all, string(e))
	}
	for i := range s.Len() {
		at = append(at, string(s.AppendAt(nil, i)))
	}
	scanned := map[string]bool{}
	for cursor := uint64(0); ; {
		cursor = s.Scan(cursor, func(e []byte) { scanned[string(e)] = true })
		if cursor == 0 {
			break
		}
	}
	want := slices.Clone(m.members)
	if !slices.Equal(all, at) {
		t.Fatalf("All gives %q, AppendAt %q", all, at)
	}
	if s.Encoding() == Table {
		slices.Sort(all)
		slices.Sort(want)
	}
	if s.Encoding() != m.enc || s.Len() != len(want) || !slices.Equal(all, want) ||
		len(scanned) != len(want) {
		t.Fatalf("%v of %q, %d scanned; want %v of %q", s.Encoding(), all, len(scanned), m.enc,
			want)
	}
	size := 0
	for _, e := range want {
		if !s.Has([]byte(e)) {
			t.Fatalf("%q is not there", e)
		}
		size += entrySize + alloc.String(len(e))
	}
	if s.Encoding() == Table && s.Memory() != size {
		t.Fatalf("%d bytes, want %d", s.Memory(), size)
	}
}

var names = []string{
	"0", "1", "2", "3", "4", "5", "-7", "40000", "123456", "5000000000", "a", "b", "c", "dddddd",
	"", "007", "-0", "x1", "x2", "x3", "99", "98", "97",
}

func run(t *testing.T, ops []byte) {
	s, m := &Set{}, &model{}
	for i := 0; i+1 < len(ops); i += 2 {
		name := names[int(ops[i+1])%len(names)]
		var got, want bool
		switch ops[i] % 8 {
		case 0, 1:
			got, want = s.Remove([]byte(name)), m.remove(name)
		case 2:
			if ops[i]/8%4 == 0 {
				s.ToTable(0, limits)
				m.enc = Table
			}
		case 3:
			s = s.Clone()
		default:
			got, want = s.Add([]byte(name), limits), m.add(name)
		}
		if got != want {
			t.Fatalf("%d %q: %v, want %v", ops[i]%8, name, got, want)
		}
		m.check(t, s)
	}
}

func TestOracle(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 300 {
		ops := make([]byte, 120)
		rnd.Read(ops)
		run(t, ops)
	}
}

func FuzzOperations(f *testing.F) {
	f.Add([]byte{4, 1, 4, 2, 4, 10, 0, 1})
	f.Fuzz(run)
}

func TestMake(t *testing.T) {
	for _, c := range []struct {
		first string
		n     int
		enc   Encoding
	}{
		{"1", 9, Intset}, {"1", 10, Table}, {"x", 6, Listpack}, {"x", 7, Table}, {"-0", 1, Listpack},
	} {
		s := Make([]byte(c.first), c.n, limits)
		if s.Encoding() != c.enc || s.Len() != 0 {
			t.Errorf("%q and %d in all: %v", c.first, c.n, s.Encoding())
		}
	}
	s := Make([]byte("1"), 3, Limits{Ints: 2, Entries: 3})
	if s.Encoding() != Listpack {
		t.Errorf("too many for an intset: %v", s.Encoding())
	}
}

func TestToInts(t *testing.T) {
	for _, c := range []struct {
		members []string
		enc     Encoding
	}{
		{[]string{"5", "3"}, Intset}, {[]string{"5", "x"}, Table}, {nil, Intset},
	} {
		var s Set
		s.ToTable(0, limits)
		for _, m := range c.members {
			s.Add([]byte(m), limits)
		}
		if s.ToInts(limits); s.Encoding() != c.enc || s.Len() != len(c.members) {
			t.Errorf("%q: %v of %d", c.members, s.Encoding(), s.Len())
		}
	}
}

// TestPack takes packs apart and makes sets of them again.
func TestPack(t *testing.T) {
	s := Make([]byte("x"), 1, limits)
	for _, m := range []string{"x", "5", "y"} {
		s.Add([]byte(m), limits)
	}
	back, ok := FromPack(bytes.Clone(s.Pack()), true)
	if !ok || !slices.Equal(back.Pack(), s.Pack()) {
		t.Errorf("% x came back as % x, %v", s.Pack(), back.Pack(), ok)
	}
	if _, ok := FromPack(listpack.New(0).AppendInt(5).Append([]byte("5")), true); ok {
		t.Error("a member twice is accepted")
	}
	var ints Set
	if !bytes.Equal(ints.Pack(), intset.New()) {
		t.Errorf("an empty set is % x", ints.Pack())
	}
	for i := range int64(12) {
		ints.ints, _ = ints.ints.Add(i)
	}
	back = FromInts(ints.ints)
	if back.Fit(limits); back.Encoding() != Table || back.Len() != 12 || back.Pack() != nil {
		t.Errorf("%v of %d", back.Encoding(), back.Len())
	}
}

func BenchmarkAdd(b *testing.B) {
	members := make([][]byte, 1<<16)
	for i := range members {
		members[i] = fmt.Append(nil, "member:", i)
	}
	lim := Limits{Ints: 512, Entries: 128, Value: 64}
	var s Set
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(members) == 0 {
			s = Set{}
		}
		s.Add(members[i%len(members)], lim)
	}
}
