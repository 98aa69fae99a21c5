package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/glob"
	"github.com/redlet/redlet/core/internal/hash"
	"github.com/redlet/redlet/core/internal/listpack"
	"github.com/redlet/redlet/core/internal/numfmt"
	"github.com/redlet/redlet/core/internal/resp"
)

var hashCommands = []Command{
	{
		Name: "hset", Since: "2.0", Group: "hash",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatHash,
		Syntax:     "key data:{field value}...",
		Keys:       "1 RW update",
		Summary:    "Gives fields of a hash their values, making the hash if need be.",
		Complexity: "O(N) for N fields",
		History:    "4.0 several fields and values",
		Run:        cmdHset,
	},
	{
		Name: "hsetnx", Since: "2.0", Group: "hash",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatHash,
		Syntax:     "key field value",
		Keys:       "1 RW insert",
		Summary:    "Gives a field of a hash its value, but only if the hash lacks that field.",
		Complexity: "O(1)",
		Run:        cmdHsetnx,
	},
	{
		Name: "hmset", Since: "2.0", Group: "hash",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatHash,
		Syntax:     "key data:{field value}...",
		Keys:       "1 RW update",
		Summary:    "Gives several fields of a hash their values.",
		Complexity: "O(N) for N fields",
		Deprecated: &Deprecation{"4.0", "`HSET` with multiple field-value pairs"},
		Run:        cmdHmset,
	},
	{
		Name: "hget", Since: "2.0", Group: "hash",
		Flags:      ReadOnly | Fast,
		Cats:       CatHash,
		Syntax:     "key field",
		Keys:       "1 RO access",
		Summary:    "Gives the value of a field of a hash.",
		Complexity: "O(1)",
		Run:        cmdHget,
	},
	{
		Name: "hmget", Since: "2.0", Group: "hash",
		Flags:      ReadOnly | Fast,
		Cats:       CatHash,
		Syntax:     "key field...",
		Keys:       "1 RO access",
		Summary:    "Gives the values of several fields of a hash.",
		Complexity: "O(N) for N fields",
		Run:        cmdHmget,
	},
	{
		Name: "hgetall", Since: "2.0", Group: "hash",
		Flags:      ReadOnly,
		Cats:       CatHash,
		Syntax:     "key",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output_order",
		Summary:    "Gives all fields of a hash with their values.",
		Complexity: "O(N) for a hash of N fields",
		Run:        cmdHgetall,
	},
	{
		Name: "hdel", Since: "2.0", Group: "hash",
		Flags:      Write | Fast,
		Cats:       CatHash,
		Syntax:     "key field...",
		Keys:       "1 RW delete",
		Summary:    "Removes fields from a hash; with its last field the key goes too.",
		Complexity: "O(N) for N fields",
		History:    "2.4 several fields",
		Run:        cmdHdel,
	},
	{
		Name: "hlen", Since: "2.0", Group: "hash",
		Flags:      ReadOnly | Fast,
		Cats:       CatHash,
		Syntax:     "key",
		Keys:       "1 RO",
		Summary:    "Counts the fields of a hash.",
		Complexity: "O(1)",
		Run:        cmdHlen,
	},
	{
		Name: "hstrlen", Since: "3.2", Group: "hash",
		Flags:      ReadOnly | Fast,
		Cats:       CatHash,
		Syntax:     "key field",
		Keys:       "1 RO",
		Summary:    "Counts the bytes of a field's value.",
		Complexity: "O(1)",
		Run:        cmdHstrlen,
	},
	{
		Name: "hexists", Since: "2.0", Group: "hash",
		Flags:      ReadOnly | Fast,
		Cats:       CatHash,
		Syntax:     "key field",
		Keys:       "1 RO",
		Summary:    "Tells whether a hash has a field.",
		Complexity: "O(1)",
		Run:        cmdHexists,
	},
	{
		Name: "hkeys", Since: "2.0", Group: "hash",
		Flags:      ReadOnly,
		Cats:       CatHash,
		Syntax:     "key",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output_order",
		Summary:    "Gives the names of all fields of a hash.",
		Complexity: "O(N) for a hash of N fields",
		Run:        cmdHkeys,
	},
	{
		Name: "hvals", Since: "2.0", Group: "hash",
		Flags:      ReadOnly,
		Cats:       CatHash,
		Syntax:     "key",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output_order",
		Summary:    "Gives the values of all fields of a hash.",
		Complexity: "O(N) for a hash of N fields",
		Run:        cmdHvals,
	},
	{
		Name: "hincrby", Since: "2.0", Group: "hash",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatHash,
		Syntax:     "key field increment:int",
		Keys:       "1 RW access update",
		Summary:    "Adds to the integer in a field of a hash; a missing field counts as 0.",
		Complexity: "O(1)",
		Run:        cmdHincrby,
	},
	{
		Name: "hincrbyfloat", Since: "2.6", Group: "hash",
		Flags:  Write | DenyOOM | Fast,
		Cats:   CatHash,
		Syntax: "key field increment:double",
		Keys:   "1 RW access update",
		Summary: "Adds to the floating-point number in a field of a hash; a missing field counts " +
			"as 0.",
		Complexity: "O(1)",
		Run:        cmdHincrbyfloat,
	},
	{
		Name: "hrandfield", Since: "6.2", Group: "hash",
		Flags:      ReadOnly,
		Cats:       CatHash,
		Syntax:     "key [options:{count:int [WITHVALUES]}]",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output",
		Summary:    "Gives fields of a hash chosen at random.",
		Complexity: "O(N) for N fields returned",
		Run:        cmdHrandfield,
	},
	{
		Name: "hscan", Since: "2.8", Group: "hash",
		Flags:      ReadOnly,
		Cats:       CatHash,
		Syntax:     "key cursor:int [MATCH pattern:pattern] [COUNT count:int] [NOVALUES]",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output",
		Summary:    "Walks through the fields of a hash in small steps.",
		Complexity: "O(1) a call, O(N) for a whole walk over N fields",
		Run:        cmdHscan,
	},
}

const (
	errHashInt   = "ERR hash value is not an integer"
	errHashFloat = "ERR hash value is not a float"
	errInfinite  = "ERR value is NaN or Infinity"
)

// hashOf returns the hash at the command's key for reading: nil when there is none, and false
// when the key holds something else, once that is replied.
func (c *Call) hashOf() (*hashValue, bool) {
	return c.asHash(c.lookupRead(c.Args[1]))
}

// hashToChange is hashOf for a command that may change the hash.
func (c *Call) hashToChange() (*hashValue, bool) {
	return c.asHash(c.lookupWrite(c.Args[1]))
}

func (c *Call) asHash(o *object) (*hashValue, bool) {
	if o == nil {
		return nil, true
	}
	if !c.ofKind(o, kindHash) {
		return nil, false
	}
	return o.hash(), true
}

// hashToFill is hashToChange which makes the hash that is missing; fields must be added at once.
func (c *Call) hashToFill() (*hashValue, bool) {
	o := c.lookupWrite(c.Args[1])
	if o == nil {
		return c.addHash(), true
	}
	if !c.ofKind(o, kindHash) {
		return nil, false
	}
	return o.hash(), true
}

// addHash makes the hash at the command's key, where there is none; fields must be added at once.
func (c *Call) addHash() *hashValue {
	o := newHash()
	c.add(c.Args[1], o)
	return o.hash()
}

// hashChanged ends a change to the fields of a hash: it sets the engine's clockwork for those that
// expire, and removes the key of a hash that has none left.
func (c *Call) hashChanged(h *hashValue) {
	if h.Len() == 0 {
		c.removeEmpty(c.Args[1])
		return
	}
	if h.due != nil || h.NextExpiry() != hash.Never {
		c.e.placeHash(c.db, c.Args[1], h)
	}
}

// expireFieldsIfNeeded removes those of the named fields whose time has come. Mostly the engine has
// done so already; it has not while active expiry is off, and when very many are due at once. It
// reports false when the hash has gone with its last field.
func (c *Call) expireFieldsIfNeeded(h *hashValue, fields [][]byte) bool {
	if h.NextExpiry() > c.nowMs() {
		return true
	}
	if gone := c.deleteExpiredFields(h, fields); len(gone) > 0 {
		c.e.fieldsExpired(c.db, string(c.Args[1]), h, gone)
	}
	return h.Len() > 0
}

// fieldsLapsed sends the keyspace event of fields that have expired.
func (c *Call) fieldsLapsed(fields [][]byte) {
	c.notify(notifyHash, "hexpired", c.Args[1])
	c.e.notifyFields("hexpired", c.db, string(c.Args[1]), fields)
}

// deleteExpiredFields deletes those of the fields whose time has come, and returns them.
//
//go:noinline
func (c *Call) deleteExpiredFields(h *hashValue, fields [][]byte) [][]byte {
	return c.e.deleteExpiredFields(c.db, c.Args[1], h, fields)
}

func cmdHset(c *Call) {
	if fresh, ok := c.hset(); ok {
		c.Count(fresh)
	}
}

func cmdHmset(c *Call) {
	if _, ok := c.hset(); ok {
		c.OK()
	}
}

func (c *Call) hset() (fresh int, ok bool) {
	if len(c.Args)%2 != 0 {
		c.Error(errArity(c.cmd))
		return 0, false
	}
	h, ok := c.hashToFill()
	if !ok {
		return 0, false
	}
	lim := c.e.hashLimits()
	if len(c.Args) > 4 || lim.Entries < 1 { // a single pair is weighed by Set alone
		h.Prepare(c.Args[2:], lim)
	}
	for i := 2; i < len(c.Args); i += 2 {
		if h.Set(c.Args[i], c.Args[i+1], false, lim) {
			fresh++
		}
	}
	if h.Encoding() != hash.Listpack {
		c.hashChanged(h)
	}
	c.signalPairs(c.Args[1], c.Args[2:])
	return fresh, true
}

// signalPairs is signalFields for fields that were set, each with its value behind it.
func (c *Call) signalPairs(key []byte, pairs [][]byte) {
	c.signalDirty(len(pairs)/2, notifyHash, "hset", key)
	if !c.e.tellsFields() {
		return
	}
	var fields [][]byte
	for i := 0; i < len(pairs); i += 2 {
		fields = append(fields, pairs[i])
	}
	c.e.notifyFields("hset", c.db, string(key), fields)
}

func cmdHsetnx(c *Call) {
	h, ok := c.hashToFill()
	if !ok {
		return
	}
	if !c.expireFieldsIfNeeded(h, c.Args[2:3]) {
		h = c.addHash()
	}
	if _, ok := h.Expiry(c.Args[2], 0); ok {
		c.Int(0)
		return
	}
	lim := c.e.hashLimits()
	h.Prepare(c.Args[2:], lim)
	h.Set(c.Args[2], c.Args[3], false, lim)
	c.hashChanged(h)
	c.signalFields(1, "hset", c.Args[1], c.Args[2:3])
	c.Int(1)
}

func cmdHget(c *Call) {
	h, ok := c.hashOf()
	if !ok {
		return
	}
	if h == nil {
		c.Null()
		return
	}
	c.expireFieldsIfNeeded(h, c.Args[2:3])
	c.bulkField(h, c.Args[2])
}

// bulkField writes the value of a field, or null.
func (c *Call) bulkField(h *hashValue, field []byte) {
	var digits [20]byte
	if value, ok := h.Get(field, c.nowMs(), digits[:]); ok {
		c.Bulk(value)
	} else {
		c.Null()
	}
}

func cmdHmget(c *Call) {
	h, ok := c.hashOf()
	if ok {
		if h != nil {
			c.expireFieldsIfNeeded(h, c.Args[2:])
		}
		c.bulkFields(h, c.Args[2:])
	}
}

// bulkFields writes the values of fields as an array; h may be nil.
func (c *Call) bulkFields(h *hashValue, fields [][]byte) {
	c.Array(len(fields))
	for _, field := range fields {
		if h == nil {
			c.Null()
		} else {
			c.bulkField(h, field)
		}
	}
}

func cmdHgetall(c *Call) {
	h, ok := c.hashOf()
	switch {
	case !ok:
	case h == nil:
		c.Map(0)
	default:
		c.Map(h.Live(c.nowMs()))
		c.fields(h, true, true)
	}
}

// fields writes the names of the fields of a hash, their values, or both.
func (c *Call) fields(h *hashValue, names, values bool) {
	if p := listpack.Pack(h.Pack()); h.Encoding() == hash.Listpack && p.First() >= 0 {
		pos := p.First()
		switch {
		case names && values:
			c.Pack(p, pos, p.Len(), 0)
		case names:
			c.Pack(p, pos, p.Len()/2, 1)
		default:
			c.Pack(p, p.Next(pos), p.Len()/2, 1)
		}
		return
	}
	for f := range h.All(c.nowMs()) {
		if names {
			c.Bulk(f.Name)
		}
		if values {
			c.Bulk(f.Value)
		}
	}
}

func cmdHdel(c *Call) {
	h, ok := c.hashToChange()
	if !ok {
		return
	}
	n := 0
	var gone [][]byte
	for _, field := range c.Args[2:] {
		if h != nil && h.Delete(field) {
			n++
			if c.e.tellsFields() {
				gone = append(gone, field)
			}
		}
	}
	if n > 0 {
		c.signalFields(n, "hdel", c.Args[1], gone)
		c.hashChanged(h)
	}
	c.Count(n)
}

func cmdHlen(c *Call) {
	h, ok := c.hashOf()
	switch {
	case !ok:
	case h == nil:
		c.Int(0)
	default:
		c.Count(h.Len())
	}
}

func cmdHstrlen(c *Call) {
	h, ok := c.hashOf()
	if !ok {
		return
	}
	if h == nil {
		c.Int(0)
		return
	}
	c.expireFieldsIfNeeded(h, c.Args[2:3])
	var digits [20]byte
	value, _ := h.Get(c.Args[2], c.nowMs(), digits[:])
	c.Count(len(value))
}

func cmdHexists(c *Call) {
	h, ok := c.hashOf()
	if !ok {
		return
	}
	if h == nil {
		c.Int(0)
		return
	}
	c.expireFieldsIfNeeded(h, c.Args[2:3])
	_, ok = h.Expiry(c.Args[2], c.nowMs())
	c.Flag(ok)
}

func cmdHkeys(c *Call) { c.eachField(true, false) }
func cmdHvals(c *Call) { c.eachField(false, true) }

// eachField writes an array of the names of all fields, or of their values.
func (c *Call) eachField(names, values bool) {
	h, ok := c.hashOf()
	switch {
	case !ok:
	case h == nil:
		c.Array(0)
	default:
		c.Array(h.Live(c.nowMs()))
		c.fields(h, names, values)
	}
}

func cmdHincrby(c *Call) {
	by, ok := c.ArgInt(3)
	if !ok {
		return
	}
	h, ok := c.hashToCount()
	if !ok {
		return
	}
	n := int64(0)
	var digits [20]byte
	if text, ok := c.fieldToChange(h, digits[:]); ok {
		if n, ok = resp.Int(text); !ok {
			c.Error(errHashInt)
			return
		}
	}
	if by < 0 && n < math.MinInt64-by || by > 0 && n > math.MaxInt64-by {
		c.Error(errOverflow)
		return
	}
	c.replaceField(h, appendInt(digits[:0], n+by), "hincrby")
	c.Int(n + by)
}

func cmdHincrbyfloat(c *Call) {
	by, ok := numfmt.Parse(c.Args[3])
	switch {
	case !ok:
		c.Error(ErrNotFloat)
		return
	case !by.Finite():
		c.Error(errInfinite)
		return
	}
	h, ok := c.hashToCount()
	if !ok {
		return
	}
	var x numfmt.LongDouble
	var digits [64]byte
	if text, ok := c.fieldToChange(h, digits[:]); ok {
		if x, ok = numfmt.Parse(text); !ok {
			c.Error(errHashFloat)
			return
		}
	}
	if x = x.Add(by); !x.Finite() {
		c.Error(errNaN)
		return
	}
	text := x.AppendFixed(digits[:0])
	c.replaceField(h, text, "hincrbyfloat")
	c.Bulk(text)
}

// hashToCount is hashToChange for a command that counts in a field: one whose time has come goes
// first, and with the last one the hash.
func (c *Call) hashToCount() (*hashValue, bool) {
	h, ok := c.hashToChange()
	if h != nil && !c.expireFieldsIfNeeded(h, c.Args[2:3]) {
		h = nil
	}
	return h, ok
}

// fieldToChange is the value of the field that the command names, as hash.Get gives it; h may be
// nil.
func (c *Call) fieldToChange(h *hashValue, scratch []byte) ([]byte, bool) {
	if h == nil {
		return nil, false
	}
	return h.Get(c.Args[2], c.nowMs(), scratch)
}

// replaceField gives the field that the command names another value; it expires when it did. A
// hash that is nil is made.
func (c *Call) replaceField(h *hashValue, value []byte, event string) {
	if h == nil {
		h = c.addHash()
	}
	h.Set(c.Args[2], value, true, c.e.hashLimits())
	c.hashChanged(h)
	if event == "hincrbyfloat" {
		c.Propagate("HSET", c.Args[1], c.Args[2], value)
	}
	c.signalFields(1, event, c.Args[1], c.Args[2:3])
}

func cmdHscan(c *Call) {
	cursor, ok := c.argCursor(2)
	if !ok {
		return
	}
	h, ok := c.hashOf()
	if !ok {
		return
	}
	if h == nil { // the options are not even looked at
		c.Array(2)
		c.BulkCursor(0)
		c.Array(0)
		return
	}
	if opt, ok := c.scanOptions(3, true); ok {
		c.hscan(h, cursor, &opt)
	}
}

// hscan writes the next cursor and the fields up to it.
func (c *Call) hscan(h *hashValue, cursor uint64, opt *scanOptions) {
	c.Array(2)
	at := c.ArrayLater()
	seen, n := 0, 0
	visit := func(f *hash.Field) {
		seen++
		if opt.match != nil && !glob.Match(opt.match, f.Name, false) {
			return
		}
		n++
		c.Bulk(f.Name)
		if !opt.noValues {
			n++
			c.Bulk(f.Value)
		}
	}
	for range 10 * opt.count {
		cursor = h.Scan(cursor, c.nowMs(), visit)
		if cursor == 0 || seen >= opt.count || c.Overflowed() {
			break
		}
	}
	c.cursorEnd(at, cursor, n)
}
