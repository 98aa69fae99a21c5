package dict

import (
	"fmt"
	"math/rand"
	"runtime"
	"testing"
)

// model is a Dict beside the map that says what it should hold.
type model struct {
	t testing.TB
	d Dict[int]
	m map[string]int
}

func newModel(t testing.TB, seed uint64) *model {
	m := &model{t: t, m: map[string]int{}}
	m.d.SetSeed(seed)
	return m
}

func (m *model) put(key string, v int) {
	p, fresh := m.d.Put([]byte(key))
	if stored, again, new := m.d.PutKey([]byte(key)); stored != key || again != p || new {
		m.t.Fatalf("PutKey(%q) = %q, %v", key, stored, new)
	}
	if old, ok := m.m[key]; ok == fresh || *p != old {
		m.t.Fatalf("Put(%q) = %d, %v; want %d, %v", key, *p, fresh, old, !ok)
	}
	*p = v
	m.m[key] = v
}

func (m *model) delete(key string) {
	v, ok := m.d.Delete([]byte(key))
	old, had := m.m[key]
	if ok != had || v != old {
		m.t.Fatalf("Delete(%q) = %d, %v; want %d, %v", key, v, ok, old, had)
	}
	delete(m.m, key)
}

func (m *model) find(key string) {
	stored, v := m.d.FindKey([]byte(key))
	old, had := m.m[key]
	if had != (v != nil) || had && (*v != old || stored != key) {
		m.t.Fatalf("Find(%q) = %v; want %d, %v", key, v, old, had)
	}
}

// check compares everything, by each of the ways to see it.
func (m *model) check() {
	if m.d.Len() != len(m.m) {
		m.t.Fatalf("Len %d, want %d", m.d.Len(), len(m.m))
	}
	seen := map[string]bool{}
	for i := range m.d.Len() {
		key, v := m.d.At(i)
		if old, ok := m.m[key]; !ok || old != *v || seen[key] {
			m.t.Fatalf("At(%d) = %q, %d; want %d, %v", i, key, *v, old, ok)
		}
		seen[key] = true
		m.find(key)
	}
	scanned := map[string]int{}
	for cursor := uint64(0); ; {
		cursor = m.d.Scan(cursor, func(key string, v *int) { scanned[key]++ })
		if cursor == 0 {
			break
		}
	}
	for key := range m.m {
		if scanned[key] != 1 {
			m.t.Fatalf("Scan of a table at rest visited %q %d times", key, scanned[key])
		}
	}
	if len(scanned) != len(m.m) {
		m.t.Fatalf("Scan visited %d keys of %d", len(scanned), len(m.m))
	}
}

func TestOracle(t *testing.T) {
	for seed := range int64(6) {
		rnd := rand.New(rand.NewSource(seed))
		m := newModel(t, uint64(seed))
		for range 40 {
			space, bias := 1<<rnd.Intn(14), rnd.Intn(100)
			for range 1000 {
				key := fmt.Sprintf("k%d", rnd.Intn(space))
				switch {
				case rnd.Intn(4) == 0:
					m.find(key)
				case rnd.Intn(100) < bias:
					m.put(key, rnd.Int())
				default:
					m.delete(key)
				}
			}
			if rnd.Intn(20) == 0 {
				m.d.Clear()
				m.m = map[string]int{}
			}
			if rnd.Intn(10) == 0 {
				m.d.Reserve(rnd.Intn(10000))
			}
			m.check()
		}
	}
}

// TestScanGuarantee holds some keys still while others come and go by the thousand between the
// steps of a scan: each that stays must be visited.
func TestScanGuarantee(t *testing.T) {
	for seed := range int64(25) {
		rnd := rand.New(rand.NewSource(seed))
		var d Dict[int]
		d.SetSeed(uint64(seed))
		stay := map[string]bool{}
		for i := range rnd.Intn(200) + 1 {
			key := fmt.Sprintf("stay%d", i)
			d.Put([]byte(key))
			stay[key] = true
		}
		var others []string
		grow := rnd.Intn(2) == 0
		change := func() {
			if rnd.Intn(10) == 0 {
				grow = !grow
			}
			for range rnd.Intn(60) {
				if grow && len(others) < 1500 {
					key := fmt.Sprintf("other%d", rnd.Int())
					d.Put([]byte(key))
					others = append(others, key)
				} else if len(others) > 0 {
					d.Delete([]byte(others[len(others)-1]))
					others = others[:len(others)-1]
				}
			}
		}
		for range rnd.Intn(20) {
			change()
		}
		for cursor, steps := uint64(0), 0; ; steps++ {
			cursor = d.Scan(cursor, func(key string, _ *int) { delete(stay, key) })
			if cursor == 0 {
				break
			}
			if steps > 1<<20 {
				t.Fatalf("seed %d: the scan does not end", seed)
			}
			change()
		}
		if len(stay) > 0 {
			t.Fatalf("seed %d: %d keys that stayed were never visited", seed, len(stay))
		}
	}
}

func TestBackwardAllowsDeletion(t *testing.T) {
	var d Dict[int]
	for i := range 5000 {
		v, _ := d.Put(fmt.Append(nil, i))
		*v = i
	}
	visited := 0
	for key, v := range d.Backward {
		visited++
		if *v%3 != 0 {
			d.Delete([]byte(key))
		}
	}
	if visited != 5000 || d.Len() != 1667 {
		t.Fatalf("visited %d, left %d", visited, d.Len())
	}
}

// TestShrinks: a table that lost nearly everything gives its memory back.
func TestShrinks(t *testing.T) {
	var d Dict[int]
	for i := range 100000 {
		d.Put(fmt.Append(nil, i))
	}
	for i := range 100000 - 10 {
		d.Delete(fmt.Append(nil, i))
	}
	if len(d.heads) > 128 || len(d.chunks) > 2 {
		t.Fatalf("%d buckets, %d chunks for 10 entries", len(d.heads), len(d.chunks))
	}
}

// TestSpread: similar keys, the usual case, fill the buckets about as chance would.
func TestSpread(t *testing.T) {
	for _, format := range []string{"%d", "key:%d", "key:%012d", "user:%d:a-longer-name", "%x"} {
		const n = 1 << 14
		var low, high [n]int
		for i := range n {
			h := Hash(7, fmt.Appendf(nil, format, i))
			low[h%n]++
			high[h>>(32-14)]++
		}
		for _, counts := range [][n]int{low, high} {
			empty, most := 0, 0
			for _, c := range counts {
				if c == 0 {
					empty++
				}
				most = max(most, c)
			}
			if empty < n*33/100 || empty > n*41/100 || most > 12 {
				t.Errorf("%s: %d of %d empty, fullest %d", format, empty, n, most)
			}
		}
	}
}

func FuzzDict(f *testing.F) {
	f.Add(uint64(1), []byte("abcabcxyz\x80\x90\x00"))
	f.Fuzz(func(t *testing.T, seed uint64, ops []byte) {
		m := newModel(t, seed)
		for i, op := range ops {
			key := string(ops[i/2 : i/2+int(op&15)%(i+1-i/2)])
			switch {
			case op < 128:
				m.put(key, i)
			case op < 224:
				m.delete(key)
			default:
				m.find(key)
			}
		}
		m.check()
	})
}

func keys(n int) [][]byte {
	ks := make([][]byte, n)
	for i := range ks {
		ks[i] = fmt.Appendf(nil, "key:%012d", i)
	}
	rand.New(rand.NewSource(1)).Shuffle(n, func(i, j int) { ks[i], ks[j] = ks[j], ks[i] })
	return ks
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{16, 1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ks := keys(n)
			var d Dict[*int]
			for _, k := range ks {
				d.Put(k)
			}
			i := 0
			for b.Loop() {
				if d.Find(ks[i]) == nil {
					b.Fatal("missing")
				}
				if i++; i == n {
					i = 0
				}
			}
		})
	}
}

func BenchmarkPutDelete(b *testing.B) {
	ks := keys(100_000)
	var d Dict[*int]
	for _, k := range ks[:50_000] {
		d.Put(k)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		d.Put(ks[(i+50_000)%len(ks)])
		d.Delete(ks[i%len(ks)])
		i++
	}
}

// BenchmarkMillion reports what an entry costs in time and memory as the table grows to a million.
func BenchmarkMillion(b *testing.B) {
	ks := keys(1_000_000)
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		d := new(Dict[*int])
		for _, k := range ks {
			d.Put(k)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(d.Len()), "bytes/entry")
		runtime.KeepAlive(d)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ns/put")
}

func BenchmarkHash(b *testing.B) {
	for _, n := range []int{3, 7, 16, 24, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			key := make([]byte, n)
			seed := uint64(1)
			for b.Loop() {
				seed = uint64(Hash(seed, key))
			}
		})
	}
}
