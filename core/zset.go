package core

import (
	"errors"
	"math"

	"github.com/redlet/redlet/core/internal/listpack"
	"github.com/redlet/redlet/core/internal/numfmt"
	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/core/internal/zset"
)

var zsetOps = kindOps{
	name:     "zset",
	sizes:    "zsets_items",
	encoding: func(o *object) string { return o.zset().Encoding().String() },
	length:   func(o *object) int { return o.zset().Len() },
	freeEffort: func(o *object) int {
		if o.zset().Encoding() != zset.Skiplist {
			return 1
		}
		return o.zset().Len()
	},
	usage:    func(o *object, _ int) int { return o.zset().Usage() },
	clone:    func(o *object) *object { return newZset(*o.zset().Clone()) },
	digest:   digestZset,
	elements: zsetElements,

	rdbTypes: []rdb.Type{rdb.TypeZset, rdb.TypeZset2, rdb.TypeZsetZiplist, rdb.TypeZsetListpack},
	rdbType: func(o *object) rdb.Type {
		if o.zset().Encoding() == zset.Listpack {
			return rdb.TypeZsetListpack
		}
		return rdb.TypeZset2
	},
	save: saveZset,
	load: loadZset,
}

// zset is the value of an object of that kind.
//
//go:noinline
func (o *object) zset() *zset.Zset { return o.body.(*zset.Zset) }

func newZset(z zset.Zset) *object { return &object{kind: kindZset, body: &z} }

// zsetLimits say which encoding a sorted set may be in.
//
//go:noinline
func (e *Engine) zsetLimits() zset.Limits {
	return zset.Limits{
		Entries: int(min(e.cfg.zsetEntriesMax, math.MaxInt32)),
		Value:   int(min(e.cfg.zsetValueMax, math.MaxInt32)),
		Seed:    e.dbs[0].keys.Seed(),
	}
}

func digestZset(d *digest, o *object) {
	z := o.zset()
	at := z.At(0)
	for range z.Len() {
		var member digest
		member.mix(at.Member())
		score, text := at.Score(), []byte(nil)
		if score != score && math.Signbit(score) { // which shows here alone
			text = append(text, '-')
		}
		member.mix(numfmt.AppendGrisu2(text, score))
		d.xor(member[:])
		at.Next()
	}
}

// zsetElements visits the members in their order. What was sorted is a skip list, as in Redis.
func zsetElements(e *Engine, o *object, visit func([]byte)) {
	z, lim := o.zset(), e.zsetLimits()
	e.weigh(o)
	z.ToSkiplist(0, &lim)
	var pile small.Pile
	at := z.At(0)
	for range z.Len() {
		visit(pile.Clone(at.Member()))
		at.Next()
	}
}

// saveZset writes members from the last to the first, where Redis can put each before all others.
func saveZset(w *rdb.Writer, o *object) {
	z := o.zset()
	if z.Encoding() == zset.Listpack {
		w.String(z.Pack())
		return
	}
	n := z.Len()
	w.Length(uint64(n))
	at := z.At(n - 1)
	for range n {
		w.String(at.Member())
		w.Float64(at.Score())
		at.Prev()
	}
}

// zsetLoader takes in a sorted set from an RDB file.
type zsetLoader struct {
	z     zset.Zset    // of a listpack
	g     *zset.Gather // of members one by one; nil if there is a listpack
	lim   zset.Limits
	check bool // a packed sorted set that names a member twice is refused
}

func loadZset(e *Engine, r *rdb.Reader, t rdb.Type) (*object, error) {
	l := &zsetLoader{lim: e.zsetLimits(), check: r.Sanitize || t == rdb.TypeZsetZiplist}
	at := r.Offset()
	if err := r.Zset(t, l); err != nil {
		if errors.Is(err, errZsetCorrupt) {
			return nil, r.Fail(at, err.Error())
		}
		return nil, err
	}
	if l.g != nil {
		l.z = l.g.Zset(&l.lim)
	}
	if l.z.Len() == 0 {
		return nil, nil
	}
	l.z.Fit(&l.lim)
	return newZset(l.z), nil
}

var errZsetCorrupt = errors.New("a sorted set names a member twice, or has a score that is none")

// Packed takes a sorted set that is a listpack.
func (l *zsetLoader) Packed(p listpack.Pack) (err error) {
	var ok bool
	if l.z, ok = zset.FromPack(small.Clone(p), l.check); !ok {
		err = errZsetCorrupt
	}
	return err
}

// Members is told how many members come one by one.
func (l *zsetLoader) Members(n int) { l.g = zset.NewGather(n, n, &l.lim) }

// Member takes one of them.
func (l *zsetLoader) Member(m []byte, score float64) error {
	p, fresh := l.g.Put(m)
	if !fresh {
		return errZsetCorrupt
	}
	*p = score
	return nil
}
