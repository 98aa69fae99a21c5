package vector

import (
	"math/bits"

	"github.com/redlet/redlet/core/internal/random"
)

// The graph is a hierarchy of navigable small worlds. Every node is in the lowest layer, and of the
// nodes of a layer every fourth, by chance, in the next too. Within a layer a node is linked with
// near nodes, and the links go both ways: each of two is among the other's.

const (
	// Levels is how many layers there may be: with every fourth node in the next, four thousand
	// million nodes fill them.
	Levels = 16
	// repairMax bounds the nodes that are linked anew with each other where one is taken out.
	repairMax = 64
	// chooseMax bounds the nodes among which those that lie in different directions are chosen.
	chooseMax = 64
)

// layer is what a node is linked with in one layer.
type layer struct {
	links []found
	most  int // links that there may be
}

// randomLevel is how many layers beside the lowest a new node is in.
func randomLevel(r *random.Generator) int {
	return min(bits.TrailingZeros64(r.Next()>>1|1<<62)/2, Levels-1)
}

func (s *Set) newLayers(level int) []layer {
	layers := make([]layer, level+1)
	for i := range layers {
		layers[i].most = s.M
	}
	layers[0].most = 2 * s.M
	return layers
}

// entry is the node at which searches begin, one of the highest layer other than n; nil if there is
// no other.
//
//go:noinline
func (s *Set) entry(n *Node) *Node {
	for l := Levels - 1; l >= 0; l-- {
		for _, e := range s.byLevel[l] {
			if e != n {
				return e
			}
		}
	}
	return nil
}

// connect links a node, in each of its layers, with nodes near it. Ef nodes are looked at.
func (s *Set) connect(n *Node, ef int) {
	at := s.entry(n)
	if at == nil {
		return
	}
	top := at.Level()
	near := s.from(&n.Vector, at)
	for l := top; l > n.Level(); l-- {
		near = s.descend(&n.Vector, near, l)
	}
	for l := min(top, n.Level()); l >= 0; l-- {
		all := s.nearest(&n.Vector, near, l, ef, n)
		s.choose(n, l, all)
		if len(all) > 0 {
			near = all[0]
		}
	}
}

// choose links a node with up to M of the nodes that were found, the nearest first: in a first turn
// those that are nearer to it than to any that it is linked with already, so that links lead in all
// directions; then others.
func (s *Set) choose(n *Node, l int, all []found) {
	for _, f := range all[:min(len(all), chooseMax)] {
		if len(n.layers[l].links) >= s.M {
			return
		}
		if s.apartFromLinks(n, l, f) {
			s.link(n, l, f)
		}
	}
	for _, f := range all {
		if len(n.layers[l].links) >= s.M {
			return
		}
		if !linked(n, l, f.node) {
			s.link(n, l, f)
		}
	}
	if len(n.layers[l].links) == 0 && len(all) > 0 {
		s.force(n, l, all[0])
	}
}

// apartFromLinks tells whether a node that was found is nearer to n than to all that n is linked
// with.
func (s *Set) apartFromLinks(n *Node, l int, f found) bool {
	links := n.layers[l].links
	for i := range links {
		if s.apart(&links[i].node.Vector, &f.node.Vector) < f.apart {
			return false
		}
	}
	return true
}

func linked(n *Node, l int, to *Node) bool {
	links := n.layers[l].links
	for i := range links {
		if links[i].node == to {
			return true
		}
	}
	return false
}

// link links a node with one that was found. Where that one has all the links that it may have, it
// gives up the furthest, provided that n is nearer and that the other keeps enough.
func (s *Set) link(n *Node, l int, f found) {
	to := &f.node.layers[l]
	if len(to.links) >= to.most {
		worst := furthest(to.links)
		if worst.apart <= f.apart || len(worst.node.layers[l].links) <= s.M/2 {
			return
		}
		unlinkFrom(worst.node, l, f.node)
		unlinkFrom(f.node, l, worst.node)
	}
	both(n, l, f)
}

// both makes each of two nodes one of the other's links.
//
//go:noinline
func both(n *Node, l int, f found) {
	to := &f.node.layers[l]
	to.links = append(to.links, found{n, f.apart, n.slot})
	n.layers[l].links = append(n.layers[l].links, f)
}

// force links two nodes though one may have more links then than it was to have.
func (s *Set) force(n *Node, l int, f found) {
	for _, to := range [...]*layer{&n.layers[l], &f.node.layers[l]} {
		to.most = max(to.most, len(to.links)+1)
	}
	both(n, l, f)
}

func furthest(links []found) found {
	worst := 0
	for i := range links {
		if links[i].apart > links[worst].apart {
			worst = i
		}
	}
	return links[worst]
}

// unlinkFrom takes a node out of the links of another.
//
//go:noinline
func unlinkFrom(n *Node, l int, to *Node) {
	links := n.layers[l].links
	for i := range links {
		if links[i].node == to {
			copy(links[i:], links[i+1:])
			links[len(links)-1] = found{}
			n.layers[l].links = links[:len(links)-1]
			return
		}
	}
}

// unlink takes a node out of the set. Those that it was linked with are linked with each other
// where they have room, so that the ways that led over the node are not lost.
func (s *Set) unlink(n *Node) {
	s.leave(n)
	for l := range n.layers {
		links := n.layers[l].links
		for i := range links {
			unlinkFrom(links[i].node, l, n)
		}
		s.repair(links[:min(len(links), repairMax)], l)
		for i := range links {
			if to := links[i].node; len(to.layers[l].links) == 0 {
				s.reconnect(to, l)
			}
		}
		n.layers[l].links = nil
	}
}

// repair links each of some nodes, whose links have become fewer, with the nearest of the others.
func (s *Set) repair(nodes []found, l int) {
	for i := range nodes {
		n := nodes[i].node
		if len(n.layers[l].links) >= n.layers[l].most {
			continue
		}
		best := found{}
		for j := range nodes {
			to := nodes[j].node
			if i == j || len(to.layers[l].links) >= to.layers[l].most {
				continue
			}
			d := s.apart(&n.Vector, &to.Vector)
			if (best.node == nil || d < best.apart) && !linked(n, l, to) {
				best = found{to, d, to.slot}
			}
		}
		if best.node != nil {
			both(n, l, best)
		}
	}
}

// reconnect links a node that has no links left in a layer with the nearest that a search finds.
func (s *Set) reconnect(n *Node, l int) {
	at := s.entry(n)
	if at == nil || at.Level() < l {
		return
	}
	near := s.from(&n.Vector, at)
	for i := at.Level(); i > l; i-- {
		near = s.descend(&n.Vector, near, i)
	}
	if near.node == n { // in a layer above it has links
		near = s.from(&n.Vector, at)
	}
	if all := s.nearest(&n.Vector, near, l, s.M, n); len(all) > 0 {
		s.choose(n, l, all)
	}
}
