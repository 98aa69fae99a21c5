package core

import (
	"errors"
	"math"

	"github.com/redlet/redlet/core/internal/intset"
	"github.com/redlet/redlet/core/internal/listpack"
	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/set"
	"github.com/redlet/redlet/core/internal/small"
)

var setOps = kindOps{
	name:     "set",
	sizes:    "sets_items",
	encoding: func(o *object) string { return o.set().Encoding().String() },
	length:   func(o *object) int { return o.set().Len() },
	freeEffort: func(o *object) int {
		if o.set().Encoding() != set.Table {
			return 1
		}
		return o.set().Len()
	},
	usage: func(o *object, _ int) int { return o.set().Usage() },
	clone: func(o *object) *object { return &object{kind: kindSet, body: o.set().Clone()} },
	digest: func(d *digest, o *object) {
		for m := range o.set().All {
			d.xor(m)
		}
	},
	elements: func(_ *Engine, o *object, visit func([]byte)) {
		var pile small.Pile
		for m := range o.set().All {
			visit(pile.Clone(m))
		}
	},
	unordered: true,

	rdbTypes: []rdb.Type{rdb.TypeSet, rdb.TypeSetIntset, rdb.TypeSetListpack},
	rdbType: func(o *object) rdb.Type {
		return [...]rdb.Type{
			rdb.TypeSetIntset, rdb.TypeSetListpack, rdb.TypeSet,
		}[o.set().Encoding()]
	},
	save: saveSet,
	load: loadSet,
}

// set is the value of an object of that kind.
//
//go:noinline
func (o *object) set() *set.Set { return o.body.(*set.Set) }

func newSet(s set.Set) *object { return &object{kind: kindSet, body: &s} }

// setLimits say which encoding a set may be in.
//
//go:noinline
func (e *Engine) setLimits() set.Limits {
	lim := set.Limits{
		Ints:    int(min(e.cfg.setIntsetMax, 1<<30)),
		Entries: int(min(e.cfg.setEntriesMax, math.MaxInt32)),
		Value:   int(min(e.cfg.setValueMax, math.MaxInt32)),
		Seed:    e.dbs[0].keys.Seed(),
	}
	if e.cfg.compat < setsPacked {
		lim.Entries = 0
	}
	return lim
}

// setsPacked is the version since which Redis has sets in listpacks.
var setsPacked = sinceOf("7.2")

func saveSet(w *rdb.Writer, o *object) {
	s := o.set()
	if s.Encoding() != set.Table {
		w.String(s.Pack())
		return
	}
	w.Length(uint64(s.Len()))
	for m := range s.All {
		w.String(m)
	}
}

// setLoader takes in a set from an RDB file.
type setLoader struct {
	s     set.Set
	lim   set.Limits
	check bool // a packed set that names a member twice is refused
}

func loadSet(e *Engine, r *rdb.Reader, t rdb.Type) (*object, error) {
	l := &setLoader{lim: e.setLimits(), check: r.Sanitize}
	at := r.Offset()
	if err := r.Set(t, l); err != nil {
		if errors.Is(err, errSetTwice) {
			return nil, r.Fail(at, err.Error())
		}
		return nil, err
	}
	if l.s.Len() == 0 {
		return nil, nil
	}
	l.s.Fit(l.lim)
	return newSet(l.s), nil
}

var errSetTwice = errors.New("a set names a member twice")

// Ints takes a set that is an intset.
func (l *setLoader) Ints(ints intset.Set) error {
	l.s = set.FromInts(small.Clone(ints))
	return nil
}

// Packed takes a set that is a listpack.
func (l *setLoader) Packed(p listpack.Pack) (err error) {
	var ok bool
	if l.s, ok = set.FromPack(small.Clone(p), l.check); !ok {
		err = errSetTwice
	}
	return err
}

// Members is told how many members come one by one.
func (l *setLoader) Members(n int) {
	if n > l.lim.Ints {
		l.s.ToTable(n, l.lim)
	}
}

// Member takes one of them.
func (l *setLoader) Member(m []byte) error {
	if !l.s.Add(m, l.lim) {
		return errSetTwice
	}
	return nil
}
