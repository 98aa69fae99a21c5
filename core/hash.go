package core

import (
	"errors"
	"math"

	"github.com/redlet/redlet/core/internal/hash"
	"github.com/redlet/redlet/core/internal/listpack"
	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/core/internal/timer"
)

// hashValue is the value of an object of kind hash.
type hashValue struct {
	hash.Hash
	due *hashDue // nil while no field has an expiry
}

// hashDue is the place of a hash in the engine's heap, by its field that expires first.
type hashDue struct {
	timer.Node
	key   string
	store *store
	o     *object
}

var hashOps = kindOps{
	name:     "hash",
	sizes:    "hashes_items",
	encoding: func(o *object) string { return o.hash().Encoding().String() },
	length:   func(o *object) int { return o.hash().Len() },
	freeEffort: func(o *object) int {
		if o.hash().Encoding() != hash.Table {
			return 1
		}
		return o.hash().Len()
	},
	usage: func(o *object, _ int) int { return o.hash().Usage() },
	clone: func(o *object) *object {
		return &object{kind: kindHash, body: &hashValue{Hash: *o.hash().Clone()}}
	},
	digest:  digestHash,
	placed:  func(e *Engine, d *db, key []byte, o *object) { e.placeHash(d, key, o.hash()) },
	dropped: func(e *Engine, o *object) { e.displaceHash(o.hash()) },

	rdbTypes: []rdb.Type{rdb.TypeHash, rdb.TypeHashZipmap, rdb.TypeHashZiplist,
		rdb.TypeHashListpack, rdb.TypeHashMetadata, rdb.TypeHashMetadataPreGA,
		rdb.TypeHashListpackEx, rdb.TypeHashListpackExPreGA},
	rdbType: hashType,
	save:    saveHash,
	load:    loadHash,
}

// hash is the value of an object of that kind.
//
//go:noinline
func (o *object) hash() *hashValue { return o.body.(*hashValue) }

// digestHash mixes in fields whose time is over and that are still there, too.
func digestHash(d *digest, o *object) {
	for f := range o.hash().All(0) {
		var field digest
		field.mix(f.Name)
		field.mix(f.Value)
		if f.Expiry != hash.Never {
			field.xor([]byte("!!hexpire!!"))
		}
		d.xor(field[:])
	}
}

// fieldOf returns the value of a field of a value that is a hash, lent until it changes; nil if
// there is no such field, or no hash.
func (c *Call) fieldOf(o *object, field []byte) []byte {
	if o == nil || o.kind != kindHash {
		return nil
	}
	v, ok := o.hash().Get(field, c.nowMs(), make([]byte, 0, intLenMax))
	if !ok {
		return nil
	}
	return notNil(v)
}

// newHash returns an empty hash, to which fields must be added at once.
func newHash() *object { return &object{kind: kindHash, body: &hashValue{}} }

// hashLimits say when a hash becomes a table; they are lent until the next call.
//
//go:noinline
func (e *Engine) hashLimits() *hash.Limits {
	lim := &e.cfg.hashes
	lim.Seed = e.dbs[0].keys.Seed()
	return lim
}

// bounded is a parameter as the limit of a size.
func bounded(n int64) int { return int(min(n, math.MaxInt32)) }

func hashType(o *object) rdb.Type {
	h := o.hash()
	switch {
	case h.Encoding() == hash.Listpack:
		return rdb.TypeHashListpack
	case h.Encoding() == hash.ListpackEx:
		return rdb.TypeHashListpackEx
	case h.NextExpiry() != hash.Never:
		return rdb.TypeHashMetadata
	}
	return rdb.TypeHash
}

func saveHash(w *rdb.Writer, o *object) {
	h := o.hash()
	soonest := h.NextExpiry()
	if h.Encoding() != hash.Table {
		if h.Encoding() == hash.ListpackEx {
			w.Int64(h.Noted())
		}
		w.String(h.Pack())
		return
	}
	timed := soonest != hash.Never
	if timed {
		w.Int64(soonest)
	}
	w.Length(uint64(h.Len()))
	for f := range h.All(0) {
		if timed && f.Expiry == hash.Never {
			w.Length(0)
		} else if timed {
			w.Length(uint64(f.Expiry-soonest) + 1)
		}
		w.String(f.Name)
		w.String(f.Value)
	}
}

// hashLoader takes in a hash from an RDB file.
type hashLoader struct {
	h       hashValue
	lim     *hash.Limits
	check   bool  // a hash that names a field twice is refused, even if a listpack takes it
	pairs   int   // fields that came one by one
	soonest int64 // the soonest time of any field,
	noted   bool  // if the file tells it
}

func loadHash(e *Engine, r *rdb.Reader, t rdb.Type) (*object, error) {
	l := &hashLoader{lim: e.hashLimits(),
		check: r.Sanitize || t == rdb.TypeHashZiplist || t == rdb.TypeHashZipmap}
	if t == rdb.TypeHashMetadata || t == rdb.TypeHashMetadataPreGA {
		l.h.EnableExpiry() // whether or not a field expires
	}
	at := r.Offset()
	err := r.Hash(t, l)
	if err == nil && l.pairs > l.h.Len() { // it was a listpack, and is a table
		err = errHashTwice
	}
	if errors.Is(err, errHashTwice) {
		err = r.Fail(at, err.Error())
	}
	if err != nil {
		return nil, err
	}
	if l.h.Len() == 0 {
		return nil, nil
	}
	if !l.noted {
		l.h.Note(hash.Never, hash.Never)
	}
	l.h.Fit(l.lim)
	return &object{kind: kindHash, body: &l.h}, nil
}

var errHashTwice = errors.New("a hash names a field twice")

// Soonest takes what is noted of a hash in one of the packed layouts.
func (l *hashLoader) Soonest(at int64) { l.soonest, l.noted = at, true }

// Packed takes a hash in one of the packed layouts.
func (l *hashLoader) Packed(p listpack.Pack, ttls bool) error {
	if p.Len() == 0 {
		return nil
	}
	h, ok := hash.FromPack(small.Clone(p), ttls, l.check)
	if !ok {
		return errHashTwice
	}
	if l.noted {
		h.SetNoted(l.soonest)
	}
	l.h.Hash = *h
	return nil
}

// Pair takes one field of a hash in one of the other layouts.
func (l *hashLoader) Pair(field, value []byte, expire int64) error {
	l.pairs++
	if l.check && !l.h.Set(field, value, false, l.lim) || !l.check && !l.h.Add(field, value, l.lim) {
		return errHashTwice
	}
	if expire != rdb.NoExpiry {
		l.h.EnableExpiry()
		l.h.SetExpiry(field, expire)
	}
	return nil
}
