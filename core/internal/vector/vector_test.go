package vector

import (
	"math"
	"strconv"
	"testing"

	"github.com/redlet/redlet/core/internal/random"
)

// gaussian makes up a vector whose direction is any, as likely as any other.
func gaussian(r *random.Generator, dim int) []float32 {
	x := make([]float32, dim)
	for i := range x {
		sum := 0.0
		for range 6 {
			sum += float64(r.Next()>>11)/(1<<53) - 0.5
		}
		x[i] = float32(sum)
	}
	return x
}

// filled is a set of n vectors at random.
func filled(n int, c Config) (*Set, *random.Generator) {
	r := random.New([32]byte{1})
	s := New(c)
	for i := range n {
		s.Add([]byte("e"+strconv.Itoa(i)), gaussian(&r, c.Dim), EFDefault, &r)
	}
	return s, &r
}

// recall is the share of the ten nearest nodes that a search finds.
func recall(s *Set, r *random.Generator, queries, ef int) float64 {
	hits := 0
	for range queries {
		v, _ := s.Make(gaussian(r, s.Dim))
		exact := s.All(&v, 10, nil)
		in := map[*Node]bool{}
		for _, f := range s.Search(&v, 10, ef, 0, nil) {
			in[f.Node] = true
		}
		for _, f := range exact {
			if in[f.Node] {
				hits++
			}
		}
	}
	return float64(hits) / float64(10*queries)
}

// TestAsked has a filter asked about the nearest nodes alone.
func TestAsked(t *testing.T) {
	s, r := filled(50, Config{Dim: 8, M: MDefault})
	v, _ := s.Make(gaussian(r, s.Dim))
	all := s.All(&v, s.Len(), nil)
	for _, asked := range []int{1, 9, 10, 49, 50, 1000} {
		found := s.Search(&v, 1, 0, asked, func(n *Node) bool { return n == all[9].Node })
		if got := len(found) == 1; got != (asked >= 10) {
			t.Errorf("the tenth is found among %d: %v", asked, got)
		}
	}
}

// Random directions in 32 dimensions are the hardest there are: nothing is near anything.
func TestRecall(t *testing.T) {
	const n = 2500
	for _, q := range []Quant{None, Q8, Bin} {
		s, r := filled(n, Config{Dim: 32, Quant: q, M: MDefault})
		check(t, s)
		got := recall(s, r, 50, 100)
		t.Logf("%v: recall %.3f of %d nodes", q, got, s.Len())
		if q != Bin && got < 0.95 { // of bits many are as near as others
			t.Errorf("%v: recall %.3f", q, got)
		}
	}
}

// What is taken out leaves a graph in which the rest is found.
func TestRemoved(t *testing.T) {
	s, r := filled(3000, Config{Dim: 16, Quant: Q8, M: 8})
	for i := range 1500 {
		if !s.Remove([]byte("e" + strconv.Itoa(i))) {
			t.Fatal("an element is missing")
		}
	}
	for i := 1500; i < 1700; i++ {
		if s.Add([]byte("e"+strconv.Itoa(i)), gaussian(r, 16), EFDefault, r) {
			t.Fatal("an element is new that was there")
		}
	}
	check(t, s)
	if got := recall(s, r, 50, 200); got < 0.95 {
		t.Errorf("recall %.3f", got)
	}
	for s.Len() > 0 {
		s.Remove([]byte(s.At(0).Name()))
	}
	if want := New(s.Config).Memory(); s.Memory() != want {
		t.Errorf("an empty set takes %d bytes, %d at first", s.Memory(), want)
	}
}

// check finds what is wrong with the links of a set.
func check(t *testing.T, s *Set) {
	t.Helper()
	alone := 0
	for i := range s.Len() {
		n := s.At(i)
		for l := range n.layers {
			links := n.layers[l].links
			if len(links) > n.layers[l].most {
				t.Fatalf("%s has %d links in layer %d", n.name, len(links), l)
			}
			if l == 0 && len(links) == 0 {
				alone++
			}
			for _, f := range links {
				if f.node == n || !linked(f.node, l, n) || s.Find([]byte(f.node.name)) != f.node {
					t.Fatalf("a link from %s to %s in layer %d", n.name, f.node.name, l)
				}
			}
		}
	}
	if alone > 0 && s.Len() > 1 {
		t.Errorf("%d nodes are alone", alone)
	}
}

// saved is a set as a file has it.
func saved(s *Set) []Saved {
	var out []Saved
	for n := s.Newest(); n != nil; n = n.Older() {
		v := Saved{Name: []byte(n.Name()), Attr: n.Attr(), Raw: s.AppendRaw(nil, n), ID: n.ID(),
			Norm: n.Norm(), Scale: n.Scale()}
		for l := range n.Level() + 1 {
			links, most := n.LinksLen(l)
			layer := SavedLayer{Most: most}
			for i := range links {
				layer.Links = append(layer.Links, n.Link(l, i).ID())
			}
			v.Layers = append(v.Layers, layer)
		}
		out = append(out, v)
	}
	return out
}

func load(c Config, nodes []Saved, matrix []byte) (*Set, error) {
	l, err := NewLoader(c, matrix)
	for i := range nodes {
		if err == nil {
			err = l.Add(&nodes[i])
		}
	}
	if err != nil {
		return nil, err
	}
	return l.End()
}

func TestLoad(t *testing.T) {
	for _, c := range []Config{{Dim: 5, M: 4}, {Dim: 70, Quant: Bin, M: 5},
		{Dim: 3, Quant: Q8, M: 16, Input: 9}} {
		s, r := filled(300, c)
		s.SetAttr(s.At(7), []byte("x"))
		nodes := saved(s)
		loaded, err := load(c, nodes, s.AppendMatrix(nil))
		if err != nil {
			t.Fatal(err)
		}
		check(t, loaded)
		if loaded.Memory() != s.Memory() || loaded.MaxLevel() != s.MaxLevel() ||
			loaded.MaxID() != s.MaxID() || loaded.Attributes() != 1 {
			t.Error("another set was loaded")
		}
		v, _ := s.Make(gaussian(r, c.Dim))
		a, b := s.All(&v, s.Len(), nil), loaded.All(&v, s.Len(), nil)
		for i := range a {
			if a[i].Distance != b[i].Distance || a[i].Node.Name() != b[i].Node.Name() {
				t.Fatalf("the %d. that is found is another", i)
			}
		}
		for i, spoil := range []func(n []Saved){
			func(n []Saved) { n[0].Layers[0].Links[0] = 999 },
			func(n []Saved) { n[0].Layers[0].Links[0] = n[0].ID },
			func(n []Saved) { n[0].Layers[0].Links = n[0].Layers[0].Links[1:] },
			func(n []Saved) { n[1].Layers[0].Links[0] = n[1].Layers[0].Links[1] },
			func(n []Saved) { n[1].Name = n[0].Name },
			func(n []Saved) { n[1].ID = n[0].ID },
			func(n []Saved) { n[1].ID = 0 },
			func(n []Saved) { n[1].Raw = n[1].Raw[1:] },
			func(n []Saved) { n[1].Layers = nil },
			func(n []Saved) { n[1].Layers = make([]SavedLayer, 17) },
		} {
			nodes := saved(s)
			spoil(nodes)
			if _, err := load(c, nodes, s.AppendMatrix(nil)); err == nil {
				t.Errorf("spoilt in way %d it is loaded", i)
			}
		}
	}
	if _, err := load(Config{Dim: 2, M: 4, Input: 2}, nil, make([]byte, 12)); err == nil {
		t.Error("a projection of another size is taken")
	}
}

func TestLevels(t *testing.T) {
	r := random.New([32]byte{3})
	var at [Levels]int
	for range 100_000 {
		at[randomLevel(&r)]++
	}
	for l := 1; l < 5; l++ {
		if share := float64(at[l]) / float64(at[l-1]); math.Abs(share-0.25) > 0.05 {
			t.Errorf("level %d has %.3f of the nodes of that below", l, share)
		}
	}
}

// The components and distances are those that Redis 8.0.2 gives for the same vectors.
func TestArithmetic(t *testing.T) {
	r := random.New([32]byte{})
	for _, c := range []struct {
		quant    Quant
		values   [3]float32
		distance float64 // 1-d/2 from b to a
	}{
		{Q8, [3]float32{0.992125928401947, 2.007874011993408, 3}, 0.7649674117565155},
		{Bin, [3]float32{1, 1, 1}, 0.6666666567325592},
	} {
		s := New(Config{Dim: 3, Quant: c.quant, M: 16})
		s.Add([]byte("a"), []float32{1, 2, 3}, 10, &r)
		s.Add([]byte("b"), []float32{-1, 2, 0.5}, 10, &r)
		got := s.Values(nil, s.Find([]byte("a")))
		for i, want := range c.values {
			if got[i] != want {
				t.Errorf("%v: %v, want %v", c.quant, got, c.values)
			}
		}
		d := s.Distance(&s.Find([]byte("a")).Vector, &s.Find([]byte("b")).Vector)
		if sim := 1 - float64(d)/2; sim != c.distance {
			t.Errorf("%v: similarity %v, want %v", c.quant, sim, c.distance)
		}
	}
}

// Walsh's matrix: the first row adds, the second subtracts every second component.
func TestProject(t *testing.T) {
	s := New(Config{Dim: 2, M: 4, Input: 3})
	got := s.Project([]float32{1, -2, 3})
	if got[0] != 1.1547005 || got[1] != 3.4641016 {
		t.Error(got)
	}
}

func BenchmarkAdd(b *testing.B) {
	r := random.New([32]byte{1})
	s := New(Config{Dim: 100, Quant: Q8, M: MDefault})
	for i := range b.N {
		s.Add([]byte(strconv.Itoa(i)), gaussian(&r, 100), EFDefault, &r)
	}
}

func BenchmarkSearch(b *testing.B) {
	s, r := filled(10_000, Config{Dim: 100, Quant: Q8, M: MDefault})
	v, _ := s.Make(gaussian(r, 100))
	for b.Loop() {
		s.Search(&v, 10, 100, 0, nil)
	}
}
