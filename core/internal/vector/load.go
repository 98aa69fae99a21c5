package vector

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/redlet/redlet/core/internal/small"
)

// Saved is a node as a file has it.
type Saved struct {
	Name, Attr  []byte
	Raw         []byte // see AppendRaw
	ID          uint64
	Norm, Scale float32
	Layers      []SavedLayer
}

// SavedLayer is what a node of a file is linked with in a layer.
type SavedLayer struct {
	Links []uint64
	Most  int
}

// Loader puts the nodes of a file together to a set.
type Loader struct {
	set   *Set
	nodes []*Node // the newest first
	saved [][]SavedLayer
	byID  map[uint64]*Node
}

// What is wrong with a set that cannot be loaded.
var (
	errMatrix = errors.New("the projection of a vector set has another size")
	errNode   = errors.New("an element of a vector set cannot be")
	errTwice  = errors.New("an element of a vector set is there twice")
	errLink   = errors.New("the links of a vector set do not go both ways")
)

// NewLoader starts to load a set. Matrix is its projection, if it has one.
func NewLoader(c Config, matrix []byte) (*Loader, error) {
	l := &Loader{set: New(c), byID: map[uint64]*Node{}}
	if c.Input == 0 {
		return l, nil
	}
	if len(matrix) != 4*c.Input*c.Dim {
		return nil, errMatrix
	}
	if string(l.set.AppendMatrix(nil)) != string(matrix) {
		l.set.matrix = floats(matrix)
	}
	return l, nil
}

func floats(raw []byte) []float32 {
	out := make([]float32, len(raw)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out
}

// Add takes the next node, which is older than those before. Its bytes are copied.
func (l *Loader) Add(saved *Saved) error {
	s := l.set
	n := &Node{name: string(saved.Name), id: saved.ID, norm: saved.Norm}
	if n.id == 0 || len(saved.Layers) == 0 || len(saved.Layers) > Levels ||
		!n.setRaw(saved.Raw, saved.Scale, s) {
		return errNode
	}
	n.layers = make([]layer, len(saved.Layers))
	for i, from := range saved.Layers {
		n.layers[i].most = max(from.Most, len(from.Links))
	}
	p, fresh := s.names.Put(saved.Name)
	if !fresh || l.byID[n.id] != nil {
		return errTwice
	}
	*p = n
	l.byID[n.id] = n
	s.ids = max(s.ids, n.id)
	s.bytes += nameSize(len(n.name))
	if len(saved.Attr) > 0 { // a file says none and an empty one alike
		s.SetAttr(n, saved.Attr)
	}
	l.nodes = append(l.nodes, n)
	l.saved = append(l.saved, saved.Layers)
	return nil
}

// setRaw gives a node the components that AppendRaw has written.
func (n *Node) setRaw(raw []byte, scale float32, s *Set) bool {
	switch s.Quant {
	case None:
		if len(raw) != 4*s.Dim {
			return false
		}
		n.floats = floats(raw)
	case Q8:
		if len(raw) != s.Dim {
			return false
		}
		n.scale, n.words = scale, make([]uint64, (s.Dim+7)/8)
		for i, b := range raw {
			setByte(n.words, i, int8(b))
		}
		n.sum = sumBytes(n.words)
	case Bin:
		if len(raw) != (s.Dim+63)/64*8 {
			return false
		}
		n.words = make([]uint64, len(raw)/8)
		for i := range n.words {
			n.words[i] = binary.LittleEndian.Uint64(raw[8*i:])
		}
	}
	return true
}

// End links the nodes and returns the set.
func (l *Loader) End() (*Set, error) {
	for i := len(l.nodes) - 1; i >= 0; i-- {
		l.set.enter(l.nodes[i])
	}
	for i, n := range l.nodes {
		for j, from := range l.saved[i] {
			links := make([]found, 0, len(from.Links))
			for _, id := range from.Links {
				to := l.byID[id]
				if to == nil || to == n || to.Level() < j {
					return nil, errLink
				}
				links = append(links, l.set.from(&n.Vector, to))
			}
			n.layers[j].links = links
		}
	}
	if !l.mutual() {
		return nil, errLink
	}
	return l.set, nil
}

// mutual tells whether each link goes both ways, and none is there twice. It sorts the links of the
// file for that.
func (l *Loader) mutual() bool {
	place := make(map[uint64]int, len(l.nodes))
	for i, n := range l.nodes {
		place[n.id] = i
		for _, from := range l.saved[i] {
			small.Sort(from.Links, cmp.Compare)
			for k := 1; k < len(from.Links); k++ {
				if from.Links[k] == from.Links[k-1] {
					return false
				}
			}
		}
	}
	for i, n := range l.nodes {
		for j, from := range l.saved[i] {
			for _, id := range from.Links {
				if _, ok := slices.BinarySearch(l.saved[place[id]][j].Links, n.id); !ok {
					return false
				}
			}
		}
	}
	return true
}
