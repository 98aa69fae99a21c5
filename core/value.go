package core

import (
	"slices"

	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/syntax"
	"github.com/redlet/redlet/core/internal/timer"
)

// kind is the type of a value, under the number that Redis gives it and DEBUG DIGEST mixes in.
type kind uint8

const (
	kindString kind = 0
	kindList   kind = 1
	kindSet    kind = 2
	kindZset   kind = 3
	kindHash   kind = 4
	kindStream kind = 6
	kindModule kind = 5 // every type from outside: see Type
	kindArray  kind = 7
	kindVector kind = 8 // in Redis one of a module
	kindCount  kind = 16
)

// kindOps is all that the engine knows of a type beyond its commands. Nothing else asks of what
// type a value is, but for the commands that work on one type alone.
type kindOps struct {
	name  string // TYPE's answer: see object.typeName
	since string // the version that brought the type, where that is later than 8.0
	sizes string // how INFO's section Keysizes calls its lengths; "" leaves the type out

	// encoding names how the value is kept now, as OBJECT ENCODING shows it.
	encoding func(o *object) string
	// length is the bytes of a string, the elements of a collection.
	length func(o *object) int
	// freeEffort is the number of pieces that the value has in Redis, which has a thread free those
	// of more than lazyEffort. Where it is nil the value is one piece.
	freeEffort func(o *object) int
	// usage is what MEMORY USAGE reckons for the value beside its head, by so many of its parts. Where
	// it is nil that is what the value takes.
	usage func(o *object, samples int) int
	// clone copies a value for COPY: all but its expiry. Where it is nil COPY refuses the type.
	clone func(o *object) *object
	// digest mixes the value into its signature.
	digest func(d *digest, o *object)
	// describe, when not nil, is what DEBUG OBJECT adds for the type.
	describe func(o *object) string

	// elements calls visit with each element that SORT sorts; they are good until the value
	// changes. Where it is nil SORT refuses the type. In an unordered one the elements have no
	// order that is worth keeping.
	elements  func(e *Engine, o *object, visit func(element []byte))
	unordered bool

	// placed, when not nil, is told under which key a value now stands, and dropped that it stands
	// there no longer: hashes have fields that expire under that name.
	placed  func(e *Engine, d *db, key []byte, o *object)
	dropped func(e *Engine, o *object)

	// signals is whether the type's commands say themselves when who waits for a key is to look at
	// it (signalReady): not each change of such a value is news to them.
	signals bool

	// rdbType is the layout in which save writes the value to an RDB file. load reads the layouts
	// of rdbTypes; it answers nil for a collection without elements, which no key can hold. It must
	// copy what it keeps.
	rdbTypes []rdb.Type
	rdbType  func(o *object) rdb.Type
	save     func(w *rdb.Writer, o *object)
	load     func(e *Engine, r *rdb.Reader, t rdb.Type) (*object, error)
}

// kinds is indexed by kind; nil is no type.
var kinds = [kindCount]*kindOps{
	kindString: &stringOps,
	kindList:   &listOps,
	kindSet:    &setOps,
	kindZset:   &zsetOps,
	kindHash:   &hashOps,
	kindStream: &streamOps,
	kindModule: &moduleOps,
	kindArray:  &arrayOps,
	kindVector: &vectorOps,
}

// ops is what there is to know of the value's type.
//
//go:noinline
func (o *object) ops() *kindOps { return kinds[o.kind] }

// typeName is what TYPE answers.
func (o *object) typeName() string {
	if o.kind == kindModule {
		return o.moduleValue().of.Name
	}
	return o.ops().name
}

// isType tells whether a word, in any case, names the value's type.
func (o *object) isType(word []byte) bool {
	if o.kind == kindModule {
		return string(syntax.AppendLower(nil, word)) == syntax.Lower(o.typeName())
	}
	return is(word, o.ops().name)
}

// loadValue reads a value of an RDB type; nil is a collection without elements.
func (e *Engine) loadValue(r *rdb.Reader, t rdb.Type) (*object, error) {
	for _, ops := range kinds {
		if ops != nil && slices.Contains(ops.rdbTypes, t) && sinceOf(ops.since) <= e.cfg.obeys {
			return ops.load(e, r, t)
		}
	}
	return nil, r.Unsupported(t)
}

// object is a value stored under a key. Which of num, str and body holds it depends on the kind
// and, for strings, on the encoding.
type object struct {
	kind    kind
	enc     encoding // of a string
	held    bool     // it stands under a key, and counts as memory in use
	weighed bool     // it may be changing: see weigh
	lru     uint32   // when it was last used, in seconds; under an LFU policy: minutes << 8 | counter
	num     int64    // a string of encoding int, or strLent; of other types what they count for
	str     []byte   // a string otherwise
	body    body     // every other type: *list.List, *set.Set, *hashValue
	ttl     *ttl     // nil when the key stays
}

// body is a value that is no string.
type body interface {
	// Memory is the bytes that the value takes in a 64-bit Redis, beside its head. It is the same
	// on every host, and asking takes no longer for a large value than for a small one.
	Memory() int
}

// ttl is the expiry of a key, a node in the engine's heap.
type ttl struct {
	timer.Node
	at    int64 // milliseconds since the Unix epoch: what clients say and see, exactly
	key   string
	store *store
}

// expiry returns when the key goes, in milliseconds since the Unix epoch; stays if it does not.
func (o *object) expiry() int64 {
	if o.ttl == nil {
		return stays
	}
	return o.ttl.at
}

// stays is the expiry of a key that has none, here as in an RDB file.
const stays = rdb.NoExpiry

// gone reports whether a value's time has come. An expiry before 1970, to which RESTORE can wrap
// around, is over, but who asks for the key does not notice: the next turn of the clock removes it.
func (o *object) gone(nowMs int64) bool {
	return o.ttl != nil && o.ttl.at <= nowMs && o.ttl.at >= 0
}

// timeOf turns milliseconds into a Time; what is too far off stands just before Never, and what was
// before 1970 there.
func timeOf(ms int64) Time {
	if ms < 0 {
		return 0
	}
	if ms > int64(Never)/1000-1 {
		return Never - 1
	}
	return Time(ms * 1000)
}
