package hyperloglog

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestHash compares with values that redis-server's registers showed.
func TestHash(t *testing.T) {
	for element, want := range map[string]string{
		"a": "Z:12711 v:2,1 Z:3672",
		"":  "Z:5938 v:2,1 Z:10445",
	} {
		b, changed, ok := Add(New(), []byte(element), 3000, new(int))
		if got := string(AppendDecoded(nil, b)); !ok || !changed || got != want {
			t.Errorf("%q: %s, want %s", element, got, want)
		}
	}
}

// TestLayouts adds the same elements to both layouts and to plain registers.
func TestLayouts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	few, many := New(), New()
	var plain Registers
	for n := range 10_001 {
		element := []byte(strconv.FormatUint(rng.Uint64()>>rng.IntN(60), 10))
		index, rank := place(element)
		want := plain[index] < rank
		plain[index] = max(plain[index], rank)
		var changed [2]bool
		few, changed[0], _ = Add(few, element, math.MaxInt, new(int))
		many, changed[1], _ = Add(many, element, 0, new(int))
		if changed != [2]bool{want, want} {
			t.Fatalf("%s: %v, want %v", element, changed, want)
		}
		if n%1000 > 0 {
			continue
		}
		var a, b Registers
		if !a.Merge(few) || !b.Merge(many) || a != plain || b != plain {
			t.Fatalf("registers differ after %d elements", n+1)
		}
		if dense, ok := Dense(few); !ok || !bytes.Equal(dense[headerSize:], many[headerSize:]) {
			t.Fatalf("layouts differ after %d elements", n+1)
		}
		x, _ := Count(few)
		if y, _ := Count(many); x != y || x != plain.Count() {
			t.Fatalf("counts differ after %d elements: %d, %d, %d", n+1, x, y, plain.Count())
		}
		both, ok := Raise(New(), &plain, false, math.MaxInt, new(int))
		if !ok || !Valid(both) || !IsSparse(both) && rankOf(&plain) <= valueRankMax {
			t.Fatal("a merged string is not in the sparse layout")
		}
	}
}

func rankOf(r *Registers) (most uint8) {
	for _, rank := range r {
		most = max(most, rank)
	}
	return most
}

// TestGreatRanks shows that ranks that no hash exceeds are kept in the dense layout alone, and
// counted.
func TestGreatRanks(t *testing.T) {
	b, changed, ok := raise(New(), 5, valueRankMax, math.MaxInt, new(int))
	if !changed || !ok || !IsSparse(b) {
		t.Fatal("32 does not fit")
	}
	b, changed, ok = raise(b, 5, valueRankMax+1, math.MaxInt, new(int))
	if !changed || !ok || IsSparse(b) {
		t.Fatal("33 fits")
	}
}

// TestEstimate compares with what redis-server says of registers that no elements would make.
func TestEstimate(t *testing.T) {
	for _, test := range []struct {
		rank, other uint8
		others      int // so many registers are of the other rank
		want        int64
	}{
		{0, 0, 0, 0}, {1, 0, 0, 23637}, {49, 0, 0, 6653256548922161152},
		{48, 0, 0, 3326628274461080576}, {50, 0, 0, math.MinInt64}, {51, 0, 0, math.MinInt64},
		{63, 0, 0, math.MinInt64}, {51, 0, 1, 193623433}, {51, 1, 1, 387270501},
		{51, 50, 8000, math.MinInt64}, {51, 0, 16000, 389}, {52, 1, 1, 387270501}, {0, 51, 3, 3},
		{5, 51, 300, 385248},
	} {
		var r Registers
		for i := range r {
			if r[i] = test.rank; i < test.others {
				r[i] = test.other
			}
		}
		b, _ := Raise(New(), &r, true, 0, new(int))
		if n, _ := Count(b); n != test.want || r.Count() != test.want {
			t.Errorf("%d, but %d of %d: %d, want %d", test.rank, test.others, test.other, n, test.want)
		}
	}
}

func TestSelfTest(t *testing.T) {
	if fault := SelfTest(); fault != "" {
		t.Error(fault)
	}
}

// FuzzString does everything with a string of any bytes that has the header of a HyperLogLog.
func FuzzString(f *testing.F) {
	few := New()
	for n := range 50 {
		few, _, _ = Add(few, strconv.AppendInt(nil, int64(n), 10), 3000, new(int))
	}
	f.Add(few[headerSize:])
	f.Add([]byte("\x7f\xff"))
	f.Add([]byte("\x7f\xff\x80"))
	f.Add([]byte("\x7f\xfe\x40"))
	f.Add([]byte("\x7f"))
	f.Add([]byte("\xff\xff\x83\x83\x40"))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := append(New()[:headerSize], body...)
		AppendDecoded(nil, b)
		n, ok := Count(b)
		var r Registers
		merged := r.Merge(b)
		dense, opened := Dense(b)
		if merged != ok || opened != ok || ok && r.Count() != n {
			t.Fatal("the ways to read it disagree", ok, merged, opened)
		}
		if m, _ := Count(dense); ok && m != n {
			t.Fatalf("dense it counts %d, not %d", m, n)
		}
		for n := range 20 {
			b, _, _ = Add(b, strconv.AppendInt(nil, int64(n), 10), 200, new(int))
		}
		Raise(b, &r, false, 300, new(int))
	})
}

func BenchmarkAdd(b *testing.B) {
	for _, most := range []int{0, 3000} {
		b.Run("most="+strconv.Itoa(most), func(b *testing.B) {
			s := New()
			var element []byte
			for i := range b.N {
				element = strconv.AppendInt(element[:0], int64(i%1000), 10)
				s, _, _ = Add(s, element, most, new(int))
			}
		})
	}
}

func BenchmarkCount(b *testing.B) {
	s, _ := Dense(New())
	for range b.N {
		Count(s)
	}
}

func BenchmarkMerge(b *testing.B) {
	s, _ := Dense(New())
	var r Registers
	for range b.N {
		r.Merge(s)
	}
}
