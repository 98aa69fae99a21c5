package intset

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand"
	"slices"
	"testing"
)

// edges are the integers at which the width changes, and some between them.
var edges = []int64{
	0, 1, -1, math.MaxInt16, math.MaxInt16 + 1, math.MinInt16, math.MinInt16 - 1,
	math.MaxInt32, math.MaxInt32 + 1, math.MinInt32, math.MinInt32 - 1,
	math.MaxInt64, math.MinInt64, 12345, -12345, 1 << 20, -(1 << 20), 1 << 40,
}

// model is the obvious intset.
type model struct {
	width   int
	members []int64
}

func (m *model) bytes() []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(m.width))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.members)))
	for _, n := range m.members {
		b = append(b, binary.LittleEndian.AppendUint64(nil, uint64(n))[:m.width]...)
	}
	return b
}

func (m *model) add(n int64) bool {
	i, ok := slices.BinarySearch(m.members, n)
	if !ok {
		m.members = slices.Insert(m.members, i, n)
		for n>>(8*m.width-1) != 0 && n>>(8*m.width-1) != -1 {
			m.width *= 2
		}
	}
	return !ok
}

func (m *model) remove(n int64) bool {
	i, ok := slices.BinarySearch(m.members, n)
	if ok {
		m.members = slices.Delete(m.members, i, i+1)
	}
	return ok
}

func run(t *testing.T, ops []byte) {
	s, m := New(), &model{width: 2}
	for i := 0; i+1 < len(ops); i += 2 {
		n := edges[int(ops[i+1])%len(edges)] + int64(ops[i]>>4) - 8
		var got, want bool
		if ops[i]&3 == 0 {
			s, got = s.Remove(n)
			want = m.remove(n)
		} else {
			s, got = s.Add(n)
			want = m.add(n)
		}
		if got != want || !bytes.Equal(s, m.bytes()) {
			t.Fatalf("%d: %v, want %v; bytes % x, want % x", n, got, want, s, m.bytes())
		}
		_, has := slices.BinarySearch(m.members, n)
		if s.Has(n) != has {
			t.Fatalf("Has(%d) = %v", n, !has)
		}
		if _, err := Validate(s, true); err != nil {
			t.Fatal(err)
		}
	}
	for i, n := range m.members {
		if s.At(i) != n {
			t.Fatalf("At(%d) = %d, want %d", i, s.At(i), n)
		}
	}
}

func TestOracle(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 300 {
		ops := make([]byte, 200)
		rnd.Read(ops)
		run(t, ops)
	}
}

func FuzzOperations(f *testing.F) {
	f.Add([]byte{0x81, 0, 0x81, 3, 0x81, 11, 0x80, 3})
	f.Fuzz(run)
}

func TestValidate(t *testing.T) {
	good, _ := New().Add(3)
	good, _ = good.Add(5)
	if _, err := Validate(good, true); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"empty":        nil,
		"cut header":   good[:7],
		"cut":          good[:len(good)-1],
		"more":         append(slices.Clone(good), 0),
		"width":        {3, 0, 0, 0, 0, 0, 0, 0},
		"huge count":   {8, 0, 0, 0, 255, 255, 255, 255},
		"out of order": {2, 0, 0, 0, 2, 0, 0, 0, 5, 0, 3, 0},
		"twice":        {2, 0, 0, 0, 2, 0, 0, 0, 5, 0, 5, 0},
	} {
		if _, err := Validate(b, true); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 5, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Validate(b, true)
		if err != nil {
			return
		}
		for i := range s.Len() {
			if !s.Has(s.At(i)) {
				t.Fatalf("At(%d) = %d is not there", i, s.At(i))
			}
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	s := New()
	for i := 0; b.Loop(); i++ {
		if i%512 == 0 {
			s = New()
		}
		s, _ = s.Add(int64(i * 7919 % 10007))
	}
}

// TestRetain compares what is left of rising integers, batch by batch, with asking for each.
func TestRetain(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	for range 2000 {
		most := []int64{20, 300, 1 << 16, 1 << 40}[r.Intn(4)]
		a, b := New(), New()
		for range r.Intn(200) {
			a, _ = a.Add(r.Int63n(most) - most/2)
		}
		for range r.Intn(200) {
			n := r.Int63n(most) - most/2
			if a.Len() > 0 && r.Intn(2) == 0 {
				n = a.At(r.Intn(a.Len()))
			}
			b, _ = b.Add(n)
		}
		var want, got []int64
		for i := range a.Len() {
			if n := a.At(i); b.Has(n) {
				want = append(want, n)
			}
		}
		batch, from := make([]int64, 1+r.Intn(30)), 0
		for i := 0; i < a.Len(); i += len(batch) {
			var kept []int64
			kept, from = b.Retain(a.Read(batch, i), from)
			got = append(got, kept...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v and %v have %v in common; want %v", a, b, got, want)
		}
	}
}
