package core

import (
	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/timer"
)

// kind is the type of a value.
type kind uint8

const (
	kindString kind = iota
	kindList
	kindSet
	kindZset
	kindHash
	kindStream
	kindCount
)

// encoding says how a value is kept; OBJECT ENCODING shows it.
type encoding uint8

const (
	encRaw encoding = iota
	encInt
	encEmbstr
	encListpack
	encQuicklist
	encHashtable
	encListpackEx
	encIntset
	encCount
)

var encodingNames = [encCount]string{
	"raw", "int", "embstr", "listpack", "quicklist", "hashtable", "listpackex",
	"intset",
}

// kindOps is what the engine must know of a type beyond its commands.
type kindOps struct {
	name string // TYPE's answer
	// encoding names how the value is kept now.
	encoding func(o *object) encoding
	// clone copies a value for COPY: all but its expiry.
	clone func(o *object) *object
	// size estimates the bytes of memory behind the value.
	size func(o *object) int64
	// placed, when not nil, is told under which key a value now stands: hashes have fields that
	// expire under that name.
	placed func(e *Engine, d *db, key []byte, o *object)
	// rdbType is the layout in which save writes the value to an RDB file. load reads any layout
	// that kindOfType gives this kind; it answers nil for a collection without elements, which no
	// key can hold. It must copy what it keeps.
	rdbType func(o *object) rdb.Type
	save    func(w *rdb.Writer, o *object)
	load    func(e *Engine, r *rdb.Reader, t rdb.Type) (*object, error)
}

// kinds is indexed by kind. A type that is not there yet has no name.
var kinds = [kindCount]kindOps{
	kindString: stringOps,
	kindList:   listOps,
	kindSet:    setOps,
	kindHash:   hashOps,
}

// object is a value stored under a key. Which of num, str and body holds it depends on the kind
// and, for strings, on the encoding.
type object struct {
	kind kind
	enc  encoding
	lru  uint32 // when it was last used, in seconds; under an LFU policy: minutes << 8 | counter
	num  int64  // a string of encoding int
	str  []byte // a string otherwise
	body any    // every other type: *list.List, *set.Set, *hashValue
	ttl  *ttl   // nil when the key stays
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

// stays is the expiry of a key that has none.
const stays int64 = -1

// gone reports whether a value's time has come.
func (o *object) gone(nowMs int64) bool { return o.ttl != nil && o.ttl.at <= nowMs }

// timeOf turns milliseconds into a Time; what is too far off stands just before Never.
func timeOf(ms int64) Time {
	if ms > int64(Never)/1000-1 {
		return Never - 1
	}
	return Time(ms * 1000)
}
