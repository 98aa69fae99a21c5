package core

import (
	"bytes"

	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/small"
)

var hashImportCommands = []Command{
	{
		Name: "himport", Since: "8.10", Group: "hash",
		Arity:      -2,
		Cats:       CatHash,
		Summary:    "Groups the commands that make many hashes of the same fields.",
		Complexity: "that of the subcommand",
		Sub: []Command{
			{
				Name: "discard", Since: "8.10", Group: "hash",
				Cats:       CatHash,
				Syntax:     "fieldset-name",
				Tips:       "request_policy:all_shards",
				Summary:    "Forgets a fieldset of this connection.",
				Complexity: "O(1)",
				Run:        cmdHimportDiscard,
			},
			{
				Name: "discardall", Since: "8.10", Group: "hash",
				Cats:       CatHash,
				Tips:       "request_policy:all_shards",
				Summary:    "Forgets all fieldsets of this connection.",
				Complexity: "O(N) for N fieldsets",
				Run:        cmdHimportDiscardall,
			},
			{
				Name: "prepare", Since: "8.10", Group: "hash",
				Flags:      DenyOOM,
				Cats:       CatHash,
				Syntax:     "fieldset-name field...",
				Tips:       "request_policy:all_shards",
				Summary:    "Gives a name to a row of fields, for this connection.",
				Complexity: "O(N*log(N)) for N fields",
				Run:        cmdHimportPrepare,
			},
			{
				Name: "set", Since: "8.10", Group: "hash",
				Flags:      Write | DenyOOM,
				Cats:       CatHash,
				Syntax:     "key fieldset-name value...",
				Keys:       "2 OW update",
				Summary:    "Makes a hash of a fieldset and its values, in place of the one there was.",
				Complexity: "O(N) for N fields",
				Run:        cmdHimportSet,
			},
		},
	},
}

// fieldsets are those that a connection has prepared, by name.
type fieldsets struct {
	byName map[string]*fieldset
	bytes  int64 // that they take
}

// fieldset is a row of fields, in the order in which the hash gets them: the shorter first. places
// tells where among the values the value of each stands.
type fieldset struct {
	fields [][]byte
	places []uint32
	bytes  int64
}

// forget forgets a fieldset and tells whether there was one.
func (f *fieldsets) forget(name []byte) bool {
	if f == nil {
		return false
	}
	set := f.byName[string(name)]
	if set == nil {
		return false
	}
	f.bytes -= set.bytes
	delete(f.byName, string(name))
	return true
}

// forgetFieldsets forgets all fieldsets of a connection and returns how many there were.
func (e *Engine) forgetFieldsets(cl *conn) int {
	if cl.fieldsets == nil {
		return 0
	}
	n := len(cl.fieldsets.byName)
	cl.fieldsets = nil
	e.countClient(cl, cl.bytes())
	return n
}

func cmdHimportDiscard(c *Call) {
	found := c.conn.fieldsets.forget(c.Args[2])
	if found {
		c.e.countClient(c.conn, c.conn.bytes())
	}
	c.Flag(found)
}

func cmdHimportDiscardall(c *Call) { c.Count(c.e.forgetFieldsets(c.conn)) }

func cmdHimportPrepare(c *Call) {
	name := c.Args[2]
	fields := copyArgs(c.Args[3:])
	set := &fieldset{places: small.Places(len(fields))}
	small.Order(set.places, func(i, j uint32) int { return compareFields(fields[i], fields[j]) })
	set.bytes = int64(alloc.String(len(name)))
	for i, at := range set.places {
		if i > 0 && bytes.Equal(fields[at], set.fields[i-1]) {
			c.Error("ERR duplicate field name in fieldset")
			return
		}
		set.fields = append(set.fields, fields[at])
		set.bytes += int64(alloc.String(len(fields[at]))) + fieldBytes
	}
	f := c.conn.fieldsets
	if f == nil {
		f = &fieldsets{byName: map[string]*fieldset{}}
		c.conn.fieldsets = f
	}
	f.forget(name)
	f.byName[string(name)] = set
	f.bytes += set.bytes
	c.e.countClient(c.conn, c.conn.bytes())
	c.OK()
}

// fieldBytes is about what a field of a fieldset takes beside its name.
const fieldBytes = 24 + 8

// compareFields orders fields: the shorter first, those of one length by their bytes.
func compareFields(a, b []byte) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return bytes.Compare(a, b)
}

func cmdHimportSet(c *Call) {
	key := c.Args[2]
	if !c.ofKind(c.lookupWrite(key), kindHash) {
		return
	}
	var set *fieldset
	if f := c.conn.fieldsets; f != nil {
		set = f.byName[string(c.Args[3])]
	}
	if set == nil {
		c.Error("ERR no such fieldset")
		return
	}
	values := c.Args[4:]
	if len(values) != len(set.fields) {
		c.Error("ERR value count does not match fieldset field count")
		return
	}
	pairs := make([][]byte, 0, 2*len(values))
	for i, field := range set.fields {
		pairs = append(pairs, field, values[set.places[i]])
	}
	o, lim := newHash(), c.e.hashLimits()
	h := o.hash()
	h.Prepare(pairs, lim)
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1], false, lim)
	}
	c.set(key, o)
	if c.propagates() {
		c.Propagate("RESTORE", key, []byte("0"), c.e.payload(o), []byte("REPLACE"))
	}
	c.signalFields(len(set.fields), "hset", key, set.fields)
	c.OK()
}
