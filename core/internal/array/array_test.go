package array

import (
	"bytes"
	"maps"
	"math/rand"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/internal/alloc"
)

var defaults = Limits{SliceSize: 4096, SparseMax: 10, SparseMin: 5}

// check compares an array with a map of what it is to hold, every invariant of its own included.
func check(t *testing.T, a *Array, model map[uint64]string) {
	t.Helper()
	if a.Count() != uint64(len(model)) {
		t.Fatalf("%d elements, want %d", a.Count(), len(model))
	}
	want := slices.Sorted(maps.Keys(model))
	for _, down := range []bool{false, true} {
		it := a.Range(0, NoIndex-1)
		if down {
			it = a.Range(NoIndex-1, 0)
			slices.Reverse(want)
		}
		for _, index := range want {
			if !it.Next() || it.Index() != index || string(it.Value(nil)) != model[index] {
				t.Fatalf("%d %q, want %d %q", it.Index(), it.Value(nil), index, model[index])
			}
		}
		if it.Next() {
			t.Fatalf("%d is there", it.Index())
		}
	}
	if len(want) > 0 && a.Len() != want[0]+1 || len(want) == 0 && a.Len() != 0 {
		t.Fatalf("length %d, want behind %d", a.Len(), want)
	}
	if got := measure(t, a); a.Memory() != got {
		t.Fatalf("%d bytes, want %d", a.Memory(), got)
	}
}

// measure adds up what the array takes by looking at all of it.
func measure(t *testing.T, a *Array) int {
	n, count, found := headBytes+dirBytes(len(a.dir)), 0, 0
	if a.blockCap > 0 {
		n += alloc.Size(a.blockCap*entryBytes) + len(a.blocks)*dirBytes(blockSlots)
	}
	for at := uint64(0); ; at++ {
		s, id := a.ceil(at)
		if s == nil {
			break
		}
		at = id
		found++
		used, texts := 0, 0
		for _, w := range s.words {
			if w == 0 {
				continue
			}
			used++
			if tag(w) == tagText {
				texts++
				n += textBytes(len(s.texts[w>>tagBits-1]))
			}
		}
		if used != s.count || used == 0 || texts != len(s.texts)-len(s.free) {
			t.Fatalf("slice %d: %d words and %d texts of %d and %d", id, used, texts, s.count,
				len(s.texts)-len(s.free))
		}
		count += used
		if s.dense() {
			n += alloc.Size(denseBytes(len(s.words)))
		} else {
			n += alloc.Size(sparseBytes(s.cap))
		}
	}
	if uint64(count) != a.count || found != a.slices {
		t.Fatalf("%d elements in %d slices, want %d in %d", count, found, a.count, a.slices)
	}
	return n
}

var values = []string{
	"", "a", "short", "sevench", "longer than a word", "0", "-1", "42", "1.0", "-0.0",
	"3.14159", "007", "1.50", "1e5", ".5", "2305843009213693951", "2305843009213693952",
	"-2305843009213693952", "9223372036854775807", "-9223372036854775808", "0.1", "1.2345678e-4",
	"0.0000012345678901234567", "4611686018427387904.0", "inf", "nan", "-", ".", "1..2", "1.",
	strings.Repeat("x", 40), strings.Repeat("y", 33_000), "\x00\x01", "12345678.125", "-5.5",
}

// TestValues puts each value into an array and finds it there, byte for byte.
func TestValues(t *testing.T) {
	a := New(&defaults)
	model := map[uint64]string{}
	for i, v := range values {
		a.Set(uint64(i), []byte(v), &defaults)
		model[uint64(i)] = v
	}
	check(t, a, model)
	for i, v := range values {
		if got, ok := a.Get(uint64(i), nil); !ok || string(got) != v {
			t.Errorf("%q is %q", v, got)
		}
	}
	kinds := map[string]Kind{"": KindShort, "42": KindInt, "1.0": KindFloat, "-0.0": KindFloat,
		"007": KindShort, "1.50": KindShort, "2305843009213693951": KindInt,
		"2305843009213693952": KindText, "inf": KindShort, "longer than a word": KindText}
	for it := a.All(); it.Next(); {
		if want, ok := kinds[string(it.Value(nil))]; ok && it.Kind() != want {
			t.Errorf("%q is kept as %d, want %d", it.Value(nil), it.Kind(), want)
		}
	}
}

// TestLayout shows where slices and the directory change their form.
func TestLayout(t *testing.T) {
	set := func(indexes ...uint64) *Array {
		a := New(&defaults)
		for _, i := range indexes {
			a.Set(i, []byte("v"), &defaults)
		}
		return a
	}
	every := func(n, step uint64) (indexes []uint64) {
		for i := range n {
			indexes = append(indexes, i*step)
		}
		return indexes
	}
	for name, c := range map[string]struct {
		a       *Array
		layout  Layout
		details Details
	}{
		"one":    {set(0), Layout{1, 4096, 1, 0}, Details{Sparse: 1, SparseSize: 4}},
		"ten":    {set(every(10, 100)...), Layout{1, 4096, 1, 0}, Details{Sparse: 1, SparseSize: 10}},
		"eleven": {set(every(11, 100)...), Layout{1, 4096, 1, 0}, Details{1, 1024, 11, 0, 0}},
		"dense":  {set(every(100, 1)...), Layout{1, 4096, 1, 0}, Details{1, 128, 100, 0, 0}},
		"slices": {set(every(20, 4096)...), Layout{20, 4096, 32, 0}, Details{Sparse: 20, SparseSize: 80}},
		"high":   {set(0, 8388608), Layout{2, 4096, 4, 2}, Details{Sparse: 2, SparseSize: 8}},
		"last":   {set(NoIndex - 1), Layout{1, 4096, 4, 1}, Details{Sparse: 1, SparseSize: 4}},
		"blocks": {set(every(5, 8388608)...), Layout{5, 4096, 8, 5}, Details{Sparse: 5, SparseSize: 20}},
	} {
		if c.a.Layout() != c.layout || c.a.Details() != c.details {
			t.Errorf("%s: %v %v, want %v %v", name, c.a.Layout(), c.a.Details(), c.layout, c.details)
		}
	}
	a := set(every(50, 1)...)
	a.DeleteRange(3, 49, &defaults)
	if want := (Details{Sparse: 1, SparseSize: 5}); a.Details() != want {
		t.Errorf("%v, want %v", a.Details(), want)
	}
	a = set(every(20, 4096)...)
	a.DeleteRange(4096, NoIndex-1, &defaults)
	if want := (Layout{1, 4096, 1, 0}); a.Layout() != want {
		t.Errorf("%v, want %v", a.Layout(), want)
	}
	a = New(&defaults)
	a.Prepare(4090, 4110, &defaults)
	if want := (Details{DenseSize: 8, Dense: 1}); a.Details() != want {
		t.Errorf("%v, want %v", a.Details(), want)
	}
}

// TestBlocks fills a block of the directory and empties it.
func TestBlocks(t *testing.T) {
	a, model := New(&defaults), map[uint64]string{}
	a.Set(NoIndex-1, []byte("v"), &defaults)
	model[NoIndex-1] = "v"
	order := rand.New(rand.NewSource(1)).Perm(2 * listMax)
	for n, i := range order {
		index := uint64(i+100) << 12
		a.Set(index, []byte("v"), &defaults)
		model[index] = "v"
		if n == listMax-2 || n == listMax || n == len(order)-1 {
			check(t, a, model)
			check(t, a.Clone(), model)
		}
	}
	for _, i := range order {
		index := uint64(i+100) << 12
		a.Delete(index, &defaults)
		delete(model, index)
	}
	check(t, a, model)
}

// TestRing shows what becomes of a ring whose size changes.
func TestRing(t *testing.T) {
	for name, c := range map[string]struct {
		size, n  uint64 // the ring's, and how many were written
		hole     int    // an index that was deleted, or -1
		inserted uint64 // where a seek has put the last, or 0
		resize   uint64
		want     string
	}{
		"smaller":        {5, 8, -1, 0, 3, "5 6 7"},
		"same":           {5, 8, -1, 0, 5, "5 6 7 3 4"},
		"larger":         {5, 8, -1, 0, 8, "3 4 5 6 7"},
		"not yet full":   {5, 3, -1, 0, 8, "0 1 2"},
		"hole":           {5, 5, 3, 0, 3, "4"},
		"hole at last":   {5, 5, 4, 0, 3, "2 3 0"}, // the ring is shorter without it
		"seek 0 smaller": {5, 8, -1, NoIndex, 3, "7 3 4"},
		"seek 0 larger":  {5, 8, -1, NoIndex, 9, "5 6 7 3 4"},
		"seek away":      {5, 5, -1, 7, 3, "0 1 2"},
	} {
		a := New(&defaults)
		for i := range c.n {
			a.Inserted = (a.Inserted + 1) % c.size
			a.Set(a.Inserted, strconv.AppendUint(nil, i, 10), &defaults)
		}
		if c.hole >= 0 {
			a.Delete(uint64(c.hole), &defaults)
		}
		if c.inserted != 0 {
			a.Inserted = c.inserted
		}
		a.Resize(c.resize, &defaults)
		var got []string
		for it := a.All(); it.Next(); {
			got = append(got, string(it.Value(nil)))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		measure(t, a)
	}
}

// FuzzArray makes of bytes a row of changes and compares with a map.
func FuzzArray(f *testing.F) {
	for seed := range int64(8) {
		b := make([]byte, 600)
		rand.New(rand.NewSource(seed)).Read(b)
		f.Add(b)
	}
	f.Fuzz(changes)
}

// changes makes the changes that bytes say.
func changes(t *testing.T, b []byte) {
	if len(b) < 2 {
		return
	}
	lim := defaults
	switch b[0] % 4 {
	case 0:
		lim = Limits{SliceSize: 256, SparseMax: 6, SparseMin: 3}
	case 1:
		lim.SparseMax = 0
	}
	a, model := New(&lim), map[uint64]string{}
	for b = b[1:]; len(b) >= 6; b = b[6:] {
		index := far(b[1], b[2])
		switch b[0] % 8 {
		case 0, 1, 2:
			v := values[int(b[3])%len(values)]
			a.Set(index, []byte(v), &lim)
			model[index] = v
		case 3, 4:
			n := min(uint64(b[3]), NoIndex-1-index)
			a.Prepare(index, index+n, &lim)
			for i := range n + 1 {
				a.Set(index+i, []byte("longer than a word"), &lim)
				model[index+i] = "longer than a word"
			}
		case 5:
			_, had := model[index]
			if a.Delete(index, &lim) != had {
				t.Fatalf("there is none at %d", index)
			}
			delete(model, index)
		case 6:
			lo, hi := index, far(b[3], b[4])
			if lo > hi {
				lo, hi = hi, lo
			}
			n := uint64(0)
			for i := range model { // order: none is needed
				if i >= lo && i <= hi {
					delete(model, i)
					n++
				}
			}
			if got := a.DeleteRange(lo, hi, &lim); got != n {
				t.Fatalf("%d deleted from %d to %d, want %d", got, lo, hi, n)
			}
		case 7:
			window(t, a, model, index, far(b[3], b[4]))
		}
	}
	check(t, a, model)
	c := a.Clone()
	a.DeleteRange(0, NoIndex-1, &lim)
	check(t, a, nil)
	check(t, c, model)
}

// far makes an index of two bytes: near another, at the edges of slices and blocks, or far out.
func far(x, y byte) uint64 {
	bases := [...]uint64{0, 0, 200, 4090, 8190, 100_000, 8388600, 8388608, 16777216, 1 << 40,
		NoIndex - 300}
	return bases[int(x)%len(bases)] + uint64(y)
}

// window compares what lies between two indexes.
func window(t *testing.T, a *Array, model map[uint64]string, from, to uint64) {
	var want []uint64
	for i := range model { // order: they are sorted
		if i >= min(from, to) && i <= max(from, to) {
			want = append(want, i)
		}
	}
	slices.Sort(want)
	if from > to {
		slices.Reverse(want)
	}
	var got []uint64
	var buf [textMax]byte
	for it := a.Range(from, to); it.Next(); {
		got = append(got, it.Index())
		v, ok := a.Get(it.Index(), nil)
		if !ok || !bytes.Equal(v, it.Value(buf[:0])) {
			t.Fatalf("%q at %d, and %q", it.Value(nil), it.Index(), v)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("from %d to %d: %d, want %d", from, to, got, want)
	}
}
