package core

import (
	"strconv"

	"github.com/redlet/redlet/core/internal/list"
	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/small"
)

var listOps = kindOps{
	name:     "list",
	sizes:    "lists_items",
	encoding: func(o *object) string { return o.list().Encoding() },
	length:   func(o *object) int { return o.list().Len() },
	freeEffort: func(o *object) int {
		return o.list().Nodes()
	},
	usage:    func(o *object, samples int) int { return o.list().Usage(samples) },
	clone:    func(o *object) *object { return &object{kind: kindList, body: o.list().Clone()} },
	digest:   digestList,
	describe: describeList,
	elements: func(_ *Engine, o *object, visit func([]byte)) {
		var pile small.Pile
		digits := make([]byte, 0, intLenMax)
		for at := o.list().Seek(0); at.Valid(); at.Next() {
			s, n, isInt := at.Value()
			if isInt {
				s = pile.Clone(appendInt(digits, n))
			}
			visit(s)
		}
	},

	rdbTypes: []rdb.Type{rdb.TypeList, rdb.TypeListZiplist, rdb.TypeListQuicklist,
		rdb.TypeListQuicklist2},
	rdbType: func(*object) rdb.Type { return rdb.TypeListQuicklist2 },
	save: func(w *rdb.Writer, o *object) {
		w.Length(uint64(o.list().Nodes()))
		o.list().EachNode(w.ListNode)
	},
	load: loadList,
}

func digestList(d *digest, o *object) {
	var digits [intLenMax]byte
	for at := o.list().Seek(0); at.Valid(); at.Next() {
		s, n, isInt := at.Value()
		if isInt {
			s = appendInt(digits[:0], n)
		}
		d.mix(s)
	}
}

// describeList tells of the nodes of a quicklist.
func describeList(o *object) string {
	l := o.list()
	if l.Encoding() != "quicklist" {
		return ""
	}
	compressed := "0"
	if l.Compressed() {
		compressed = "1"
	}
	return " ql_nodes:" + itoa(l.Nodes()) + " ql_avg_node:" +
		strconv.FormatFloat(float64(l.Len())/float64(max(1, l.Nodes())), 'f', 2, 64) +
		" ql_listpack_max:" + itoa(l.Fill()) + " ql_compressed:" + compressed +
		" ql_uncompressed_size:" + itoa(l.Size())
}

func loadList(e *Engine, r *rdb.Reader, t rdb.Type) (*object, error) {
	o := e.newList()
	l := o.list()
	if t == rdb.TypeListZiplist {
		l.AsQuicklist() // which, in Redis, such a list stays
	}
	err := r.List(t, func(n rdb.Node) {
		switch n.Kind {
		case rdb.NodePacked:
			l.LoadPack(n.Pack.Clone())
		case rdb.NodePlain:
			l.LoadPlain(small.Clone(n.Element))
		case rdb.NodeElement:
			l.Grow(n.Element)
			l.PushTail(n.Element)
		}
	})
	if err != nil || l.Len() == 0 {
		return nil, err
	}
	if t != rdb.TypeListZiplist {
		l.Settle()
	}
	return o, nil
}

// list is the value of an object of that kind.
//
//go:noinline
func (o *object) list() *list.List { return o.body.(*list.List) }

// newList returns an empty list, to which elements must be added at once.
//
//go:noinline
func (e *Engine) newList() *object {
	return &object{kind: kindList, body: list.New(&e.cfg.lists)}
}

// listEnd is the end of a list at which elements come or go.
type listEnd bool

const (
	atHead listEnd = false
	atTail listEnd = true
)

func (end listEnd) push(l *list.List, s []byte) {
	if end == atHead {
		l.PushHead(s)
	} else {
		l.PushTail(s)
	}
}

// peek returns the element at the end, lent until the list changes.
func (end listEnd) peek(l *list.List) (s []byte, n int64, isInt bool) {
	if end == atHead {
		return l.Head()
	}
	return l.Tail()
}

func (end listEnd) pop(l *list.List) {
	if end == atHead {
		l.PopHead()
	} else {
		l.PopTail()
	}
}

func (end listEnd) pushEvent() string {
	if end == atHead {
		return "lpush"
	}
	return "rpush"
}

// popName is the command that removes elements at the end.
func (end listEnd) popName() string {
	if end == atHead {
		return "LPOP"
	}
	return "RPOP"
}

func (end listEnd) popEvent() string {
	if end == atHead {
		return "lpop"
	}
	return "rpop"
}
