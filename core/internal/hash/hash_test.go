package hash

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/listpack"
)

var limits = &Limits{Entries: 8, Value: 10, Seed: 1}

// model is the obvious hash: a slice in the order that a listpack has.
type model struct {
	enc    Encoding
	fields []modelField
}

type modelField struct {
	name, value string
	at          int64
}

func (m *model) index(name string) int {
	return slices.IndexFunc(m.fields, func(f modelField) bool { return f.name == name })
}

func (m *model) set(name, value string, keep bool) bool {
	if len(name) > limits.Value || len(value) > limits.Value {
		m.enc = Table
	}
	i := m.index(name)
	switch {
	case i < 0:
		m.fields = append(m.fields, modelField{name, value, Never})
		if len(m.fields) > limits.Entries {
			m.enc = Table
		}
		return true
	case keep || m.fields[i].at == Never:
		m.fields[i].value = value
	default:
		m.fields = slices.Delete(m.fields, i, i+1)
		m.fields = append(m.fields, modelField{name, value, Never})
	}
	return false
}

func (m *model) setExpiry(name string, at int64) bool {
	i := m.index(name)
	if i < 0 {
		return false
	}
	f := m.fields[i]
	f.at = at
	m.fields = slices.Delete(m.fields, i, i+1)
	to := len(m.fields)
	for j, other := range m.fields {
		if other.at >= at && at != Never {
			to = j
			break
		}
	}
	m.fields = slices.Insert(m.fields, to, f)
	return true
}

func (m *model) delete(name string) bool {
	i := m.index(name)
	if i >= 0 {
		m.fields = slices.Delete(m.fields, i, i+1)
	}
	return i >= 0
}

// check compares all that can be seen of h at now; the order only of listpacks.
func (m *model) check(t *testing.T, h *Hash, now int64) {
	t.Helper()
	var got, want []modelField
	next := int64(Never)
	for _, f := range m.fields {
		next = min(next, f.at)
		value, ok := h.Get([]byte(f.name), now, make([]byte, 20))
		at, okAt := h.Expiry([]byte(f.name), now)
		if ok != (f.at > now) || ok && string(value) != f.value || okAt != ok || ok && at != f.at {
			t.Fatalf("%v: Get, Expiry = %q, %d, %v", f, value, at, ok)
		}
		if ok {
			want = append(want, f)
		}
	}
	for f := range h.All(now) {
		got = append(got, modelField{string(f.Name), string(f.Value), f.Expiry})
	}
	scanned := map[string]bool{}
	for cursor := uint64(0); ; {
		cursor = h.Scan(cursor, now, func(f *Field) { scanned[string(f.Name)] = true })
		if cursor == 0 {
			break
		}
	}
	if h.Encoding() == Table {
		byName := func(a, b modelField) int { return slices.Compare([]byte(a.name), []byte(b.name)) }
		slices.SortFunc(got, byName)
		slices.SortFunc(want, byName)
	}
	if !slices.Equal(got, want) || len(scanned) != len(want) {
		t.Fatalf("All = %v, want %v", got, want)
	}
	if h.Encoding() == Table && h.Memory() != m.memory() {
		t.Fatalf("%d bytes, want %d", h.Memory(), m.memory())
	}
	if h.Encoding() != m.enc || h.Len() != len(m.fields) || h.Live(now) != len(want) ||
		h.NextExpiry() != next {
		t.Fatalf("%v, %d fields, %d live, next %d; want %v, %d, %d, %d", h.Encoding(), h.Len(),
			h.Live(now), h.NextExpiry(), m.enc, len(m.fields), len(want), next)
	}
}

// memory is what h takes if it is a Table: counted field by field.
func (m *model) memory() int {
	n := 0
	for _, f := range m.fields {
		n += entrySize + alloc.String(len(f.name)) + alloc.String(len(f.value))
		if f.at != Never {
			n += deadlineSize
		}
	}
	return n
}

// step makes one random change to both.
func step(t *testing.T, rnd *rand.Rand, h *Hash, m *model) {
	name := fmt.Sprint(rnd.Intn(12))
	if rnd.Intn(2) == 0 {
		name = "f" + name
	}
	switch op := rnd.Intn(100); {
	case op < 50:
		value, keep := fmt.Sprint(rnd.Int63n(1<<rnd.Intn(33))), rnd.Intn(2) == 0
		if rnd.Intn(300) == 0 {
			value = "longer than the limit"
		}
		if h.Set([]byte(name), []byte(value), keep, limits) != m.set(name, value, keep) {
			t.Fatalf("Set(%s) is wrong about its being new", name)
		}
	case op < 80:
		at := int64(rnd.Intn(20) + 1)
		if rnd.Intn(3) == 0 {
			at = Never
		} else {
			h.EnableExpiry()
			m.enc = max(m.enc, ListpackEx)
		}
		if h.Encoding() == Listpack {
			return
		}
		if h.SetExpiry([]byte(name), at) != m.setExpiry(name, at) {
			t.Fatalf("SetExpiry(%s) is wrong about its being there", name)
		}
	default:
		if h.Delete([]byte(name)) != m.delete(name) {
			t.Fatalf("Delete(%s) is wrong about its being there", name)
		}
	}
}

func TestOracle(t *testing.T) {
	for seed := range int64(80) {
		rnd := rand.New(rand.NewSource(seed))
		h, m := new(Hash), new(model)
		for range 200 {
			step(t, rnd, h, m)
			m.check(t, h, int64(rnd.Intn(25)))
			switch rnd.Intn(40) {
			case 0:
				h = h.Clone()
			case 1:
				before := int64(rnd.Intn(20))
				gone := map[string]bool{}
				h.Expire(before, 1<<20, func(field []byte) { gone[string(field)] = true })
				m.fields = slices.DeleteFunc(m.fields, func(f modelField) bool {
					if gone[f.name] != (f.at <= before) {
						t.Fatalf("Expire(%d) is wrong about %v", before, f)
					}
					return f.at <= before
				})
			case 2:
				if pack := h.Pack(); len(m.fields) > 0 && pack != nil {
					h, _ = FromPack(listpack.Pack(slices.Clone(pack)), h.Encoding() == ListpackEx, true)
				}
			}
			m.check(t, h, 0)
		}
	}
}

// TestPrepare: a field counts as often as it is named, and one long value is enough.
func TestPrepare(t *testing.T) {
	pairs := func(n int, s string) [][]byte {
		all := make([][]byte, 2*n)
		for i := range all {
			all[i] = []byte(s)
		}
		return all
	}
	for _, c := range []struct {
		pairs [][]byte
		want  Encoding
	}{
		{pairs(8, "a"), Listpack},
		{pairs(9, "a"), Table},
		{pairs(1, "0123456789"), Listpack},
		{pairs(1, "0123456789a"), Table},
	} {
		h := new(Hash)
		if h.Prepare(c.pairs, limits); h.Encoding() != c.want {
			t.Errorf("%d pairs of %q: %v, want %v", len(c.pairs)/2, c.pairs[0], h.Encoding(), c.want)
		}
	}
}

func TestExpireLimit(t *testing.T) {
	for _, entries := range []int{8, 2} {
		h := new(Hash)
		for i := range 5 {
			h.Set(fmt.Append(nil, i), []byte("v"), false, &Limits{Entries: entries, Value: 10})
		}
		h.EnableExpiry()
		for i := range 4 {
			h.SetExpiry(fmt.Append(nil, i), int64(10-i))
		}
		var gone []string
		note := func(field []byte) { gone = append(gone, string(field)) }
		if n := h.Expire(9, 2, note); n != 2 || !slices.Equal(gone, []string{"3", "2"}) {
			t.Errorf("%v: %d, %v", h.Encoding(), n, gone)
		}
		if n := h.Expire(9, 2, note); n != 1 || h.Len() != 2 || h.NextExpiry() != 10 {
			t.Errorf("%v: %d, %v, next %d", h.Encoding(), n, gone, h.NextExpiry())
		}
	}
}

func TestFromPackRefuses(t *testing.T) {
	pack := func(elements ...string) listpack.Pack {
		p := listpack.New(100)
		for _, s := range elements {
			p = p.Append([]byte(s))
		}
		return p
	}
	for _, c := range []struct {
		pack  listpack.Pack
		times bool
	}{
		{pack(), false}, {pack("a"), false}, {pack("a", "1", "a", "2"), false},
		{pack("a", "1"), true}, {pack("a", "1", "x"), true}, {pack("a", "1", "-5"), true},
		{pack("a", "1", "9", "b", "1", "8"), true}, {pack("a", "1", "0", "b", "1", "8"), true},
	} {
		if _, ok := FromPack(c.pack, c.times, true); ok {
			t.Errorf("FromPack(%q, %v) took it", c.pack, c.times)
		}
	}
}

func BenchmarkSetSame(b *testing.B) {
	for _, n := range []int{1, 50, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			h, lim := new(Hash), &Limits{Entries: 512, Value: 64}
			names := make([][]byte, n)
			for i := range names {
				names[i] = fmt.Appendf(nil, "element:%012d", i)
			}
			i, value := 0, []byte("xxx")
			b.ReportAllocs()
			for b.Loop() {
				h.Set(names[i], value, false, lim)
				if i++; i == n {
					i = 0
				}
			}
		})
	}
}

func BenchmarkAll(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			h := new(Hash)
			for i := range n {
				h.Set(fmt.Appendf(nil, "field:%d", i), fmt.Append(nil, i), false,
					&Limits{Entries: 512, Value: 64})
			}
			b.ReportAllocs()
			for b.Loop() {
				for range h.All(0) {
				}
			}
		})
	}
}

// FuzzFromPack takes listpacks from anywhere: what FromPack accepts must behave.
func FuzzFromPack(f *testing.F) {
	for enc := Listpack; enc <= ListpackEx; enc++ {
		h := new(Hash)
		h.Set([]byte("a"), []byte("1"), false, limits)
		if enc == ListpackEx {
			h.EnableExpiry()
			h.SetExpiry([]byte("a"), 5)
		}
		h.Set([]byte("b"), []byte("text"), false, limits)
		f.Add(slices.Clone(h.Pack()), enc == ListpackEx)
	}
	f.Fuzz(func(t *testing.T, b []byte, times bool) {
		p, err := listpack.Validate(b)
		if err != nil {
			return
		}
		h, ok := FromPack(p, times, true)
		if !ok {
			return
		}
		m := &model{enc: h.Encoding()}
		for f := range h.All(0) {
			m.fields = append(m.fields, modelField{string(f.Name), string(f.Value), f.Expiry})
		}
		h.Expire(7, 1<<20, func([]byte) {})
		m.fields = slices.DeleteFunc(m.fields, func(f modelField) bool { return f.at <= 7 })
		h.EnableExpiry()
		m.enc = ListpackEx
		h.SetExpiry([]byte("a"), 9)
		m.setExpiry("a", 9)
		m.check(t, h, 0)
	})
}
