package core

import (
	"strconv"

	"github.com/redlet/redlet/core/internal/array"
	"github.com/redlet/redlet/core/internal/rdb"
)

var arrayOps = kindOps{
	name:       "array",
	since:      "8.8",
	encoding:   func(*object) string { return "sliced-array" },
	length:     func(o *object) int { return clampInt(int64(o.array().Count())) },
	freeEffort: func(o *object) int { return clampInt(int64(o.array().Count())) },
	clone: func(o *object) *object {
		return &object{kind: kindArray, body: o.array().Clone()}
	},
	digest: digestArray,

	rdbTypes: []rdb.Type{rdb.TypeArray},
	rdbType:  func(*object) rdb.Type { return rdb.TypeArray },
	save:     func(w *rdb.Writer, o *object) { w.Array(o.array()) },
	load:     loadArray,
}

// array is the value of an object of that kind.
func (o *object) array() *array.Array { return o.body.(*array.Array) }

// elementRoom is room for an element that an array does not keep as text.
const elementRoom = 40

// holesMax is the most holes of an array that a digest mixes in one by one.
const holesMax = 1 << 16

// digestArray mixes in every index up to the last, a hole as (null): that is Redis's digest. Redis
// does so however many holes there are, which it would never end with; here each element is mixed
// in with its index where they are too many.
func digestArray(d *digest, o *object) {
	a := o.array()
	sparse := a.Len()-a.Count() > holesMax
	var room [elementRoom]byte
	next := uint64(0)
	for it := a.All(); it.Next(); next = it.Index() + 1 {
		if sparse {
			d.mix(strconv.AppendUint(room[:0], it.Index(), 10))
			next = it.Index()
		}
		for ; next < it.Index(); next++ {
			d.mix([]byte("(null)"))
		}
		d.mix(it.Value(room[:0]))
	}
}

// arrayLoader takes in an array from an RDB file.
type arrayLoader struct {
	a   *array.Array
	lim *array.Limits
}

func loadArray(e *Engine, r *rdb.Reader, t rdb.Type) (*object, error) {
	l := &arrayLoader{array.New(&e.cfg.arrays), &e.cfg.arrays}
	if err := r.Array(t, l); err != nil {
		return nil, err
	}
	return &object{kind: kindArray, body: l.a}, nil
}

// Head takes where the last element was inserted.
func (l *arrayLoader) Head(inserted uint64, known bool) {
	if known {
		l.a.Inserted = inserted
	}
}

// Int takes an element that is an integer.
func (l *arrayLoader) Int(index uint64, n int64) { l.a.SetInt(index, n, l.lim) }

// Float takes an element that is a double.
func (l *arrayLoader) Float(index uint64, f float64) { l.a.SetFloat(index, f, l.lim) }

// String takes any other element.
func (l *arrayLoader) String(index uint64, s []byte, short bool) {
	if short {
		l.a.SetShort(index, s, l.lim)
	} else {
		l.a.Set(index, s, l.lim)
	}
}
