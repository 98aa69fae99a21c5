// Package vector is the value of a Redis vector set: named vectors of one dimension, found
// by how alike they are to another one, that is by the cosine of the angle between them.
//
// A vector is kept normalized, in one of three ways (Quant), with the length that it had. All
// arithmetic is in 32 bits and in an order that is Redis's, so that distances and components come
// out the same to the last digit, on every host.
//
// The vectors are the nodes of a graph (graph.go), in whose layers a search goes from one to ever
// nearer ones. A node's links go both ways. In a small set a search looks at all nodes instead.
package vector

import (
	"strings"

	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/dict"
	"github.com/redlet/redlet/core/internal/random"
	"github.com/redlet/redlet/core/internal/small"
)

// Quant is how components are kept, under the number that a file has for it.
type Quant uint8

// The ways of keeping components.
const (
	None Quant = iota // 32 bits each
	Q8                // 8 bits, and the greatest of them
	Bin               // whether it is above 0
)

// String is the way as VINFO names it.
func (q Quant) String() string { return [...]string{"f32", "int8", "bin"}[q] }

// The bounds of what a client chooses.
const (
	MDefault  = 16 // links of a node
	MMin      = 4
	MMax      = 4096
	EFDefault = 200 // nodes that are looked at for the links of a new one
	EFMax     = 1_000_000
)

// Config is what a set is made with.
type Config struct {
	Dim   int // components of the vectors that are kept
	Quant Quant
	M     int // links of a node in each layer, twice as many in the lowest
	// Input is how many components vectors have before they are projected, 0 if they are not.
	Input int
	Seed  uint64 // of the dictionary
}

// Set is a vector set.
type Set struct {
	Config
	names      dict.Dict[*Node]
	sorted     []string // the elements by their bytes; nil when that is not known
	first      *Node    // the oldest
	last       *Node
	matrix     []float32 // a projection that was loaded; nil is that of project
	byLevel    [Levels][]*Node
	ids        uint64 // the last that was given
	bytes      int
	attributes int
	visit      uint32   // the number of the search under way
	visited    []uint32 // by Node.slot: the last search that came upon the node
	free       []uint32 // slots without a node
	scratch    scratch
}

// Node is an element of a set.
type Node struct {
	Vector
	name       string
	attr       []byte // JSON, or what the client takes for it; nil for none
	id         uint64
	norm       float32 // the length of the vector before it was normalized
	layers     []layer
	place      int // in Set.byLevel
	slot       uint32
	prev, next *Node // by age
}

// New returns an empty set.
func New(c Config) *Set {
	s := &Set{Config: c}
	s.names.SetSeed(c.Seed)
	return s
}

// Len is the number of elements.
func (s *Set) Len() int { return s.names.Len() }

// MaxLevel is the highest layer of the graph.
func (s *Set) MaxLevel() int {
	for l := Levels - 1; l > 0; l-- {
		if len(s.byLevel[l]) > 0 {
			return l
		}
	}
	return 0
}

// MaxID is the greatest number that a node was given: each new vector of an element takes one.
func (s *Set) MaxID() uint64 { return s.ids }

// Attributes is the number of elements with an attribute.
func (s *Set) Attributes() int { return s.attributes }

// Find returns the node of an element, nil if there is none.
func (s *Set) Find(name []byte) *Node {
	if p := s.names.Find(name); p != nil {
		return *p
	}
	return nil
}

// At returns the i-th of the nodes, which are in no order that means anything.
func (s *Set) At(i int) *Node {
	_, p := s.names.At(i)
	return *p
}

// Names returns the elements in the order of their bytes. It sorts them where an element was added
// or taken out since it was last asked.
func (s *Set) Names() []string {
	if s.sorted == nil {
		s.sorted = make([]string, s.Len())
		for i := range s.sorted {
			s.sorted[i], _ = s.names.At(i)
		}
		small.Sort(s.sorted, strings.Compare)
	}
	return s.sorted
}

// Newest returns the node that was added last, and Older the one before a node; nil if there is
// none.
func (s *Set) Newest() *Node { return s.last }

// Older returns the node that was added before n.
func (n *Node) Older() *Node { return n.prev }

// Name is the element, and Attr its attribute; nil if it has none.
func (n *Node) Name() string { return n.name }

// Attr is what SetAttr has set.
func (n *Node) Attr() []byte { return n.attr }

// ID is the node's number; it is higher than that of any node before.
func (n *Node) ID() uint64 { return n.id }

// Norm is the length that the vector had.
func (n *Node) Norm() float32 { return n.norm }

// Level is the highest layer that the node is in.
func (n *Node) Level() int { return len(n.layers) - 1 }

// Link is the i-th of the nodes that a node is linked with in a layer.
func (n *Node) Link(layer, i int) *Node { return n.layers[layer].links[i].node }

// LinksLen is how many nodes a node is linked with in a layer, and how many there may be.
func (n *Node) LinksLen(layer int) (links, most int) {
	return len(n.layers[layer].links), n.layers[layer].most
}

// Add gives an element the vector x, of Dim components or as project has made them, and tells
// whether it is a new element. The attribute of one that is there stays. Ef is how many nodes are
// looked at for links.
func (s *Set) Add(name []byte, x []float32, ef int, r *random.Generator) (fresh bool) {
	p, fresh := s.names.Put(name)
	n := &Node{}
	if fresh {
		n.name = string(name)
		s.bytes += nameSize(len(name))
		s.sorted = nil
	} else {
		old := *p
		n.name, n.attr = old.name, old.attr
		s.unlink(old)
	}
	*p = n
	n.Vector, n.norm = s.Make(x)
	s.ids++
	n.id = s.ids
	n.layers = s.newLayers(randomLevel(r))
	s.enter(n)
	s.connect(n, max(ef, s.M))
	return fresh
}

// enter makes a node one of the set, which it is not linked with yet.
//
//go:noinline
func (s *Set) enter(n *Node) {
	n.prev = s.last
	if s.last != nil {
		s.last.next = n
	} else {
		s.first = n
	}
	s.last = n
	if last := len(s.free) - 1; last >= 0 {
		n.slot, s.free = s.free[last], s.free[:last]
	} else {
		n.slot = uint32(len(s.visited))
		s.visited = append(s.visited, 0)
	}
	level := &s.byLevel[n.Level()]
	n.place = len(*level)
	*level = append(*level, n)
	s.bytes += s.vectorSize()
}

// leave is the contrary of enter.
func (s *Set) leave(n *Node) {
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		s.first = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	} else {
		s.last = n.prev
	}
	level := &s.byLevel[n.Level()]
	last := (*level)[len(*level)-1]
	(*level)[n.place], last.place = last, n.place
	(*level)[len(*level)-1] = nil
	*level = (*level)[:len(*level)-1]
	s.free = append(s.free, n.slot)
	s.bytes -= s.vectorSize()
}

// Remove takes an element out, and tells whether it was there.
func (s *Set) Remove(name []byte) bool {
	n, ok := s.names.Delete(name)
	if !ok {
		return false
	}
	s.sorted = nil
	s.SetAttr(n, nil)
	s.bytes -= nameSize(len(name))
	s.unlink(n)
	return true
}

// SetAttr gives a node an attribute, which is copied and may be empty; nil takes it away.
func (s *Set) SetAttr(n *Node, attr []byte) {
	if n.attr != nil {
		s.attributes--
		s.bytes -= nameSize(len(n.attr))
		n.attr = nil
	}
	if attr != nil {
		s.attributes++
		s.bytes += nameSize(len(attr))
		n.attr = append(make([]byte, 0, len(attr)), attr...)
	}
}

// Memory is the bytes that the set takes in Redis, as that reckons: for each node the links that
// nodes have on average, full.
func (s *Set) Memory() int {
	const empty, node, link = 5302, 1080, 56 // thirds of a byte
	return (empty+s.Len()*(node+link*s.M)+2)/3 + s.bytes + 4*s.Input*s.Dim
}

// nameSize is what an element or an attribute of n bytes takes.
func nameSize(n int) int {
	if n <= 44 {
		return alloc.Size(n + 20)
	}
	return 16 + alloc.Size(alloc.Value(n))
}

// vectorSize is what a node's components take.
func (s *Set) vectorSize() int {
	switch s.Quant {
	case None:
		return 4 * s.Dim
	case Q8:
		return s.Dim
	}
	return (s.Dim + 63) / 64 * 8
}
