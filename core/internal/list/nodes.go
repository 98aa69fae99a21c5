package list

import (
	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/listpack"
)

// Fill returns the limit that the list lives by, which DEBUG OBJECT shows as ql_listpack_max.
func (l *List) Fill() int {
	if l.quick {
		return int(l.fill)
	}
	return l.limits.Fill
}

// Compressed tells whether Redis would compress the inner nodes of the quicklist.
func (l *List) Compressed() bool { return l.quick && l.compress }

// Nodes returns the number of nodes.
func (l *List) Nodes() int { return l.nodes }

// Size returns the bytes in all nodes.
func (l *List) Size() int { return l.bytes }

// Memory returns the bytes that the list takes in Redis: its listpack, or about what its quicklist
// does.
func (l *List) Memory() int {
	if !l.quick {
		return alloc.Size(l.bytes)
	}
	const listSize, nodeSize = 48, 32
	return listSize + nodeSize*l.nodes + l.bytes
}

// Usage is what MEMORY USAGE reckons for the list: it takes all elements to be as large as those of
// so many first nodes.
func (l *List) Usage(samples int) int {
	if !l.quick {
		return l.Memory()
	}
	const head, link = 40, 40
	sum, seen := 0, 0
	for n := l.head; n != nil && samples > 0; n = n.next {
		sum += link + alloc.Size(n.size())
		seen += n.count
		samples--
	}
	return head + int(float64(sum)/float64(seen)*float64(l.count))
}

// EachNode calls f with every node in order: the bytes of a listpack or, if plain, of one element.
// They are lent for the call.
func (l *List) EachNode(f func(data []byte, plain bool)) {
	for n := l.head; n != nil; n = n.next {
		f(n.buf[n.head:], n.plain)
	}
}

// LoadPack adds a listpack as the last node, as it stands in an RDB file, and takes ownership of
// it. An empty one is left out. Settle follows the last node.
func (l *List) LoadPack(p listpack.Pack) {
	if !l.quick {
		l.makeQuick()
	}
	n := &node{buf: p, count: p.Len()}
	if n.count == 0 {
		return
	}
	l.link(l.tail, n, nil)
	l.count += n.count
}

// LoadPlain adds s as the last node, and takes ownership of it. Settle follows the last node.
func (l *List) LoadPlain(s []byte) {
	if !l.quick {
		l.makeQuick()
	}
	l.link(l.tail, &node{buf: s, count: 1, plain: true}, nil)
	l.count++
}
