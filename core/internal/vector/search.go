package vector

import "math"

// Found is a node that a search has come upon.
type Found struct {
	Node     *Node
	Distance float32
}

// found is a node and how far it is; here NaN counts as infinitely far. It has the node's slot, so
// that a search need not look at a node that it has visited: what it spends, it spends waiting for
// memory.
type found struct {
	node  *Node
	apart float32
	slot  uint32
}

// exactMax is the number of nodes up to which a search looks at all: about as many as it would look
// at in a graph.
const exactMax = 1000

// scratchMax is how many nodes a search may have found for its memory to be kept.
const scratchMax = 4096

// scratch is what a search needs again and again.
type scratch struct {
	open heap    // nodes whose links are to be looked at, the nearest first
	kept heap    // the best that were found, the furthest first
	next []found // links of a node that were not visited
	out  []found
}

// apart is Distance with infinity in place of NaN.
func (s *Set) apart(a, b *Vector) float32 {
	d := s.Distance(a, b)
	if d != d {
		return math.MaxFloat32
	}
	return d
}

// from is a node as it is found from v.
func (s *Set) from(v *Vector, n *Node) found { return found{n, s.apart(v, &n.Vector), n.slot} }

// negative is what was found with the sign changed: a heap of such has the furthest at the front.
func (f *found) negative() found { return found{f.node, -f.apart, f.slot} }

// All returns the nodes that accept lets pass, the nearest to v first and of those as near the
// oldest. Where a distance is NaN the order is what Redis makes of it. Of more than most nodes it
// returns so many. Redis looks at the newest first; as long as there is room it puts a node before
// those as near, and then behind them, in place of the last, if it is nearer than that.
func (s *Set) All(v *Vector, most int, accept func(*Node) bool) []Found {
	if most < s.Len() {
		return s.some(v, most, accept)
	}
	out := make([]Found, 0, s.Len())
	for n := s.first; n != nil; n = n.next {
		if accept == nil || accept(n) {
			out = append(out, Found{n, s.Distance(v, &n.Vector)})
		}
	}
	sortFound(out, make([]Found, len(out)))
	return out
}

// some is All where there may be more nodes than are asked for.
func (s *Set) some(v *Vector, most int, accept func(*Node) bool) []Found {
	kept, rank := make(ranking, 0, most), 0
	for n := s.last; n != nil && most > 0; n = n.prev {
		if accept != nil && !accept(n) {
			continue
		}
		f := Found{n, s.Distance(v, &n.Vector)}
		rank++
		switch {
		case len(kept) < most:
			kept = append(kept, ranked{f, -rank})
			kept.up(len(kept) - 1)
		case f.Distance < kept[0].Distance:
			kept[0] = ranked{f, rank}
			kept.down(len(kept))
		}
	}
	out := make([]Found, len(kept))
	for n := len(kept) - 1; n >= 0; n-- {
		out[n], kept[0] = kept[0].Found, kept[n]
		kept.down(n)
	}
	return out
}

// ranked is a node with its place among those as near.
type ranked struct {
	Found
	rank int
}

// ranking is a heap with the last at the front.
type ranking []ranked

func (h ranking) behind(i, j int) bool {
	a, b := &h[i], &h[j]
	return a.Distance > b.Distance || a.Distance == b.Distance && a.rank > b.rank
}

func (h ranking) up(i int) {
	for i > 0 && h.behind(i, (i-1)/2) {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
		i = (i - 1) / 2
	}
}

// down sinks the first of the first n elements.
func (h ranking) down(n int) {
	for i := 0; 2*i+1 < n; {
		next := 2*i + 1
		if next+1 < n && h.behind(next+1, next) {
			next++
		}
		if !h.behind(next, i) {
			return
		}
		h[i], h[next] = h[next], h[i]
		i = next
	}
}

// small is All for a small set, with the newest first of those as near: there Redis has them in the
// order in which its search comes upon them, backwards, and that is mostly the order of their age.
func (s *Set) small(v *Vector, most int, accept func(*Node) bool) []Found {
	early := accept != nil && most >= s.Len() // so that fewer are sorted
	out := make([]Found, 0, s.Len())
	for n := s.last; n != nil; n = n.prev {
		if !early || accept(n) {
			out = append(out, Found{n, s.Distance(v, &n.Vector)})
		}
	}
	sortFound(out, make([]Found, len(out)))
	if accept == nil || early {
		return out
	}
	asked := out[:most]
	out = out[:0]
	for _, f := range asked {
		if accept(f.Node) {
			out = append(out, f)
		}
	}
	return out
}

// sortFound is a merge sort that halves as the C library does: NaN, which is neither more nor less
// than anything, shows it.
func sortFound(list, room []Found) {
	if len(list) < 2 {
		return
	}
	half := len(list) / 2
	sortFound(list[:half], room)
	sortFound(list[half:], room)
	a, b, n := list[:half], list[half:], 0
	for len(a) > 0 && len(b) > 0 {
		if a[0].Distance > b[0].Distance {
			room[n], b = b[0], b[1:]
		} else {
			room[n], a = a[0], a[1:]
		}
		n++
	}
	n += copy(room[n:], a)
	copy(list, room[:n])
}

// Search returns up to count nodes near v that accept lets pass, the nearest first; at most so many
// as most are asked whether they pass. In a large set the best ef of those that it comes upon are
// considered.
func (s *Set) Search(v *Vector, count, ef, most int, accept func(*Node) bool) []Found {
	ef = max(ef, count)
	if s.Len() <= exactMax || ef >= s.Len() {
		out := s.small(v, most, accept)
		return out[:min(count, len(out))]
	}
	at := s.entry(nil)
	near := s.from(v, at)
	for l := at.Level(); l > 0; l-- {
		near = s.descend(v, near, l)
	}
	var best []found
	if accept == nil {
		best = s.nearest(v, near, 0, ef, nil)
	} else {
		best = s.accepted(v, near, ef, most, accept)
	}
	out := make([]Found, min(count, len(best)))
	for i := range out {
		out[i] = Found{best[i].node, s.Distance(v, &best[i].node.Vector)}
	}
	return out
}

// descend goes from a node to ever nearer ones of a layer, as far as it comes.
func (s *Set) descend(v *Vector, near found, l int) found {
	for better := true; better; {
		better = false
		links := near.node.layers[l].links
		for i := range links {
			to := links[i]
			to.apart = s.apart(v, &to.node.Vector)
			if to.apart < near.apart {
				near, better = to, true
			}
		}
	}
	return near
}

// begin starts a search: no node was visited.
func (s *Set) begin() {
	s.visit++
	if s.visit == 0 {
		clear(s.visited)
		s.visit = 1
	}
}

// unvisited returns those of some links that the search under way has not visited, and marks them
// as visited. The slice is lent until the next call.
func (s *Set) unvisited(links []found) []found {
	next, visited := s.scratch.next[:0], s.visited
	for i := range links {
		f := &links[i]
		if visited[f.slot] != s.visit {
			visited[f.slot] = s.visit
			next = append(next, *f)
		}
	}
	s.scratch.next = next
	return next
}

// nearest returns the ef nodes nearest to v that a search in a layer finds, the nearest first. It
// begins at a node and passes over one. The slice is lent until the next search.
func (s *Set) nearest(v *Vector, from found, l, ef int, not *Node) []found {
	s.begin()
	open, kept := s.scratch.open[:0], s.scratch.kept[:0]
	s.visited[from.slot] = s.visit
	if not != nil {
		s.visited[not.slot] = s.visit
	}
	open.push(from)
	kept.push(from.negative())
	for len(open) > 0 {
		at := open.pop()
		if at.apart > -kept[0].apart && len(kept) >= ef {
			break
		}
		next := s.unvisited(at.node.layers[l].links)
		for i := range next {
			to := &next[i]
			to.apart = s.apart(v, &to.node.Vector)
			if len(kept) >= ef {
				if to.apart >= -kept[0].apart {
					continue
				}
				kept.pop()
			}
			open.push(*to)
			kept.push(to.negative())
		}
	}
	s.scratch.open = open
	return s.emptied(kept)
}

// accepted is nearest in the lowest layer for nodes that accept lets pass, of which at most so many
// are asked. Those that do not pass lead on all the same.
func (s *Set) accepted(v *Vector, from found, ef, most int, accept func(*Node) bool) []found {
	s.begin()
	open, kept := s.scratch.open[:0], s.scratch.kept[:0]
	s.visited[from.slot] = s.visit
	open.push(from)
	if accept(from.node) {
		kept.push(from.negative())
	}
	for asked := 1; len(open) > 0 && asked < most; {
		at := open.pop()
		if len(kept) >= ef && at.apart > -kept[0].apart {
			break
		}
		next := s.unvisited(at.node.layers[0].links)
		for i := range next {
			to := &next[i]
			to.apart = s.apart(v, &to.node.Vector)
			if len(kept) >= ef && to.apart >= -kept[0].apart {
				continue
			}
			open.push(*to)
			asked++
			if !accept(to.node) {
				continue
			}
			if len(kept) >= ef {
				kept.pop()
			}
			kept.push(to.negative())
		}
	}
	s.scratch.open = open
	return s.emptied(kept)
}

// emptied turns the heap of what was kept, the furthest first, into a list, the nearest first.
func (s *Set) emptied(kept heap) []found {
	n := len(kept)
	if cap(s.scratch.out) < n {
		s.scratch.out = make([]found, n)
	}
	out := s.scratch.out[:n]
	for i := n - 1; i >= 0; i-- {
		f := kept.pop()
		out[i] = f.negative()
	}
	s.scratch.kept = kept
	if n > scratchMax {
		s.scratch = scratch{}
	}
	return out
}

// heap has the least apart at the front.
type heap []found

//go:noinline
func (h *heap) push(f found) {
	*h = append(*h, f)
	list := *h
	i := len(list) - 1
	for i > 0 {
		up := (i - 1) / 2
		if list[up].apart <= f.apart {
			break
		}
		list[i] = list[up]
		i = up
	}
	list[i] = f
}

func (h *heap) pop() found {
	list := *h
	first := list[0]
	n := len(list) - 1
	last := list[n]
	list = list[:n]
	*h = list
	i := 0
	for 2*i+1 < n {
		down := 2*i + 1
		if down+1 < n && list[down+1].apart < list[down].apart {
			down++
		}
		if list[down].apart >= last.apart {
			break
		}
		list[i] = list[down]
		i = down
	}
	if n > 0 {
		list[i] = last
	}
	return first
}
