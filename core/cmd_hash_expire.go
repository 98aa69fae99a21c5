package core

import (
	"math"
	"slices"

	"github.com/redlet/redlet/core/internal/hash"
	"github.com/redlet/redlet/core/internal/resp"
	"github.com/redlet/redlet/core/internal/small"
)

var hashExpireCommands = []Command{
	{
		Name: "hexpire", Since: "7.4", Group: "hash",
		Flags:      Write | Fast,
		Cats:       CatHash,
		Syntax:     "key seconds:int [condition:(NX|XX|GT|LT)] FIELDS fields:{numfields:int field...}",
		Keys:       "1 RW update",
		Summary:    "Makes fields of a hash go after some seconds.",
		Complexity: "O(N) for N fields",
		Run:        cmdHexpire,
	},
	{
		Name: "hpexpire", Since: "7.4", Group: "hash",
		Flags: Write | Fast,
		Cats:  CatHash,
		Syntax: "key milliseconds:int [condition:(NX|XX|GT|LT)] FIELDS " +
			"fields:{numfields:int field...}",
		Keys:       "1 RW update",
		Summary:    "Makes fields of a hash go after some milliseconds.",
		Complexity: "O(N) for N fields",
		Run:        cmdHpexpire,
	},
	{
		Name: "hexpireat", Since: "7.4", Group: "hash",
		Flags: Write | Fast,
		Cats:  CatHash,
		Syntax: "key unix-time-seconds:time [condition:(NX|XX|GT|LT)] FIELDS " +
			"fields:{numfields:int field...}",
		Keys:       "1 RW update",
		Summary:    "Makes fields of a hash go at an instant, in seconds of Unix time.",
		Complexity: "O(N) for N fields",
		Run:        cmdHexpireat,
	},
	{
		Name: "hpexpireat", Since: "7.4", Group: "hash",
		Flags: Write | Fast,
		Cats:  CatHash,
		Syntax: "key unix-time-milliseconds:time [condition:(NX|XX|GT|LT)] FIELDS " +
			"fields:{numfields:int field...}",
		Keys:       "1 RW update",
		Summary:    "Makes fields of a hash go at an instant, in milliseconds of Unix time.",
		Complexity: "O(N) for N fields",
		Run:        cmdHpexpireat,
	},
	{
		Name: "httl", Since: "7.4", Group: "hash",
		Flags:      ReadOnly | Fast,
		Cats:       CatHash,
		Syntax:     "key FIELDS fields:{numfields:int field...}",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output",
		Summary:    "Tells in how many seconds fields of a hash go.",
		Complexity: "O(N) for N fields",
		Run:        cmdHttl,
	},
	{
		Name: "hpttl", Since: "7.4", Group: "hash",
		Flags:      ReadOnly | Fast,
		Cats:       CatHash,
		Syntax:     "key FIELDS fields:{numfields:int field...}",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output",
		Summary:    "Tells in how many milliseconds fields of a hash go.",
		Complexity: "O(N) for N fields",
		Run:        cmdHpttl,
	},
	{
		Name: "hexpiretime", Since: "7.4", Group: "hash",
		Flags:      ReadOnly | Fast,
		Cats:       CatHash,
		Syntax:     "key FIELDS fields:{numfields:int field...}",
		Keys:       "1 RO access",
		Summary:    "Tells the instant at which fields of a hash go, in seconds of Unix time.",
		Complexity: "O(N) for N fields",
		Run:        cmdHexpiretime,
	},
	{
		Name: "hpexpiretime", Since: "7.4", Group: "hash",
		Flags:      ReadOnly | Fast,
		Cats:       CatHash,
		Syntax:     "key FIELDS fields:{numfields:int field...}",
		Keys:       "1 RO access",
		Summary:    "Tells the instant at which fields of a hash go, in milliseconds of Unix time.",
		Complexity: "O(N) for N fields",
		Run:        cmdHpexpiretime,
	},
	{
		Name: "hpersist", Since: "7.4", Group: "hash",
		Flags:      Write | Fast,
		Cats:       CatHash,
		Syntax:     "key FIELDS fields:{numfields:int field...}",
		Keys:       "1 RW update",
		Summary:    "Makes fields of a hash stay that were to go.",
		Complexity: "O(N) for N fields",
		Run:        cmdHpersist,
	},
	{
		Name: "hgetex", Since: "8.0", Group: "hash",
		Flags: Write | Fast,
		Cats:  CatHash,
		Syntax: "key [expiration:(EX seconds:int|PX milliseconds:int|EXAT unix-time-seconds:time|" +
			"PXAT unix-time-milliseconds:time|PERSIST)] FIELDS fields:{numfields:int field...}",
		Keys:       `1 RW access update "update, for the expiry"`,
		Summary:    "Gives the values of fields of a hash and may change when the fields go.",
		Complexity: "O(N) for N fields",
		Run:        cmdHgetex,
	},
	{
		Name: "hsetex", Since: "8.0", Group: "hash",
		Flags: Write | DenyOOM | Fast,
		Cats:  CatHash,
		Syntax: "key [condition:(FNX|FXX)] [expiration:(EX seconds:int|PX milliseconds:int|EXAT " +
			"unix-time-seconds:time|PXAT unix-time-milliseconds:time|KEEPTTL)] FIELDS " +
			"fields:{numfields:int data:{field value}...}",
		Keys:       "1 RW update",
		Summary:    "Gives fields of a hash their values and says when the fields go.",
		Complexity: "O(N) for N fields",
		Run:        cmdHsetex,
	},
	{
		Name: "hgetdel", Since: "8.0", Group: "hash",
		Flags:      Write | Fast,
		Cats:       CatHash,
		Syntax:     "key FIELDS fields:{numfields:int field...}",
		Keys:       "1 RW access delete",
		Summary:    "Gives the values of fields of a hash and removes the fields.",
		Complexity: "O(N) for N fields",
		Run:        cmdHgetdel,
	},
}

const (
	errFieldsMissing = "ERR Mandatory argument FIELDS is missing or not at the right position"
	errFieldsMatch   = "ERR The `numfields` parameter must match the number of arguments"
	errFieldsCount   = "ERR Number of fields must be a positive integer"
	errFieldsZero    = "ERR Parameter `numFields` should be greater than 0"
	errFieldsInvalid = "ERR invalid number of fields"
	errExpireLess    = "ERR invalid expire time, must be >= 0"
	errOneExpiry     = "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"
	errOneCondition  = "ERR Only one of FXX or FNX arguments can be specified"
)

// fieldExpiryMax is the last instant at which a field can expire, in milliseconds.
const fieldExpiryMax = 1<<46 - 1

// What the commands about fields that expire say of a field.
const (
	fieldMissing = -2
	fieldStays   = -1
	fieldRefused = 0
	fieldChanged = 1
	fieldDeleted = 2
)

// argFields reads the word FIELDS at argument i, a number, and so many fields up to the end.
func (c *Call) argFields(i int, badCount string) ([][]byte, bool) {
	if i >= len(c.Args) || !is(c.Args[i], "fields") {
		c.Error(errFieldsMissing)
		return nil, false
	}
	if i+1 >= len(c.Args) {
		c.Error(badCount)
		return nil, false
	}
	n, ok := c.argRange(i+1, 1, math.MaxInt64, badCount)
	if !ok {
		return nil, false
	}
	fields := c.Args[i+2:]
	if n != int64(len(fields)) {
		c.Error(errFieldsMatch)
		return nil, false
	}
	return fields, true
}

// argFieldExpiry reads argument i as when fields are to expire.
func (c *Call) argFieldExpiry(i int, u expireUnit) (int64, bool) {
	n, ok := c.ArgInt(i)
	if !ok {
		return 0, false
	}
	if n < 0 {
		c.Error(errExpireLess)
		return 0, false
	}
	at, ok := c.instant(u, n)
	if !ok || at > fieldExpiryMax {
		c.Error(errExpireTime(c.cmd))
		return 0, false
	}
	return at, true
}

func cmdHexpire(c *Call)    { c.hexpire(unitSeconds) }
func cmdHpexpire(c *Call)   { c.hexpire(unitMilliseconds) }
func cmdHexpireat(c *Call)  { c.hexpire(unitSecondsAt) }
func cmdHpexpireat(c *Call) { c.hexpire(unitMillisecondsAt) }

func (c *Call) hexpire(u expireUnit) {
	h, ok := c.hashToChange()
	if !ok {
		return
	}
	at, ok := c.argFieldExpiry(2, u)
	if !ok {
		return
	}
	cond, i := fieldCondition(c.Args[3])
	fields, ok := c.argFields(3+i, errFieldsZero)
	if !ok {
		return
	}
	c.Array(len(fields))
	if h == nil {
		for range fields {
			c.Int(fieldMissing)
		}
		return
	}
	ch := fieldChange{c: c, h: h}
	h.EnableExpiry()
	for _, field := range fields {
		c.Int(ch.expire(field, at, cond))
	}
	if ch.changed && c.propagates() {
		name := "HPEXPIREAT"
		if u == unitMillisecondsAt {
			name = string(c.Args[0])
		}
		c.Propagate(name, small.Concat([][]byte{c.Args[1], decimal(at)}, c.Args[3:4+i],
			[][]byte{decimal(int64(len(ch.given)))}, ch.given)...)
	}
	ch.propagateGone()
	ch.end()
}

// condition says which fields a new expiry is for.
type condition uint8

const (
	always condition = iota
	ifNone
	ifSome
	ifLater
	ifSooner
)

// fieldCondition reads an argument that may be a condition, and how many arguments it takes: 0
// where it is none.
func fieldCondition(arg []byte) (cond condition, n int) {
	switch {
	case is(arg, "nx"):
		return ifNone, 1
	case is(arg, "xx"):
		return ifSome, 1
	case is(arg, "gt"):
		return ifLater, 1
	case is(arg, "lt"):
		return ifSooner, 1
	}
	return always, 0
}

// allows tells whether a field that expires at the first instant, or never, may get the second.
func (cond condition) allows(old, at int64) bool {
	switch cond {
	case ifNone:
		return old == hash.Never
	case ifSome:
		return old != hash.Never
	case ifLater:
		return old != hash.Never && at > old
	case ifSooner:
		return at < old
	}
	return true
}

// fieldChange does something about the expiry of one field after another, and tells about all of
// it at its end.
type fieldChange struct {
	c                               *Call
	h                               *hashValue
	changed, deleted, stay, expired bool
	changes                         int   // as they are counted, which those of expired are not
	at                              int64 // what expire gave
	tried                           bool  // to give expiries,
	was                             int64 // the soonest before which was this, or Never

	// Which fields these are, kept for those alone who are told of them.
	given, gone, stayed, lapsed [][]byte
}

// note keeps a field for those who are told of it.
//
//go:noinline
func (ch *fieldChange) note(to *[][]byte, field []byte) {
	if ch.c.propagates() || ch.c.e.tellsFields() {
		*to = append(*to, field)
	}
}

// expire gives a field its expiry; it is deleted when that is over already. A field whose time
// has come and which is still there counts like any other.
func (ch *fieldChange) expire(field []byte, at int64, cond condition) int64 {
	old, ok := ch.h.Expiry(field, 0)
	switch {
	case !ok:
		return fieldMissing
	case !cond.allows(old, at):
		return fieldRefused
	}
	if !ch.tried || old < ch.was {
		ch.tried, ch.was = true, old
	}
	if at <= ch.c.nowMs() {
		ch.delete(field)
		ch.c.e.fieldOver()
		return fieldDeleted
	}
	ch.h.SetExpiry(field, at)
	ch.changed, ch.at = true, at
	ch.changes++
	ch.note(&ch.given, field)
	return fieldChanged
}

// delete removes a field and reports whether it was there.
func (ch *fieldChange) delete(field []byte) bool {
	if !ch.h.Delete(field) {
		return false
	}
	ch.deleted = true
	ch.changes++
	ch.note(&ch.gone, field)
	return true
}

// persist ends the expiry of a field.
func (ch *fieldChange) persist(field []byte) int64 {
	old, ok := ch.h.Expiry(field, ch.c.nowMs())
	switch {
	case !ok:
		return fieldMissing
	case old == hash.Never:
		return fieldStays
	}
	ch.h.SetExpiry(field, hash.Never)
	ch.stay = true
	ch.changes++
	ch.note(&ch.stayed, field)
	return fieldChanged
}

// expireIfNeeded removes a field whose time has come.
func (ch *fieldChange) expireIfNeeded(field []byte) {
	if ch.h.NextExpiry() > ch.c.nowMs() {
		return
	}
	if len(ch.c.deleteExpiredFields(ch.h, [][]byte{field})) > 0 {
		ch.expired = true
		ch.note(&ch.lapsed, field)
	}
}

// end tells everybody.
func (ch *fieldChange) end() {
	c, key := ch.c, ch.c.Args[1]
	for _, e := range [...]struct {
		happened bool
		event    string
		fields   [][]byte
	}{
		{ch.expired, "hexpired", ch.lapsed},
		{ch.changed, "hexpire", ch.given},
		{ch.stay, "hpersist", ch.stayed},
		{ch.deleted, "hdel", ch.gone},
	} {
		if e.happened {
			c.signalFields(0, e.event, key, e.fields)
		}
	}
	c.e.addDirty(int64(ch.changes))
	switch {
	case ch.changed:
		ch.h.Note(ch.was, ch.at)
	case ch.tried: // all were over and are gone
		ch.h.Note(ch.was, hash.Never)
	}
	c.hashChanged(ch.h)
}

// propagateGone sends the replicas each field that was deleted, since its time was over.
func (ch *fieldChange) propagateGone() {
	if ch.c.propagates() {
		for _, field := range ch.gone {
			ch.c.Propagate("HDEL", ch.c.Args[1], field)
		}
	}
}

// propagateFields sends the replicas a command for all fields that the one under way names, as
// Redis does if it has changed any. What more it says stands before argument i, where they begin.
func (ch *fieldChange) propagateFields(name string, i int, more ...[]byte) {
	if c := ch.c; c.propagates() {
		c.Propagate(name, small.Concat([][]byte{c.Args[1]}, more, c.Args[i:])...)
	}
}

func cmdHttl(c *Call) {
	c.hexpiries(func(at int64) int64 { return (at - c.nowMs() + 999) / 1000 })
}

func cmdHpttl(c *Call)        { c.hexpiries(func(at int64) int64 { return at - c.nowMs() }) }
func cmdHpexpiretime(c *Call) { c.hexpiries(c.toldInstant) }
func cmdHexpiretime(c *Call) {
	c.hexpiries(func(at int64) int64 { return (c.toldInstant(at) + 999) / 1000 })
}

// hexpiries writes when fields expire, as show puts it.
func (c *Call) hexpiries(show func(at int64) int64) {
	h, ok := c.hashOf()
	if !ok {
		return
	}
	fields, ok := c.argFields(2, errFieldsCount)
	if !ok {
		return
	}
	c.Array(len(fields))
	for _, field := range fields {
		at, ok := int64(0), false
		if h != nil {
			at, ok = h.Expiry(field, c.nowMs())
		}
		switch {
		case !ok:
			c.Int(fieldMissing)
		case at == hash.Never:
			c.Int(fieldStays)
		default:
			c.Int(show(at))
		}
	}
}

func cmdHpersist(c *Call) {
	h, ok := c.hashToChange()
	if !ok {
		return
	}
	fields, ok := c.argFields(2, errFieldsCount)
	if !ok {
		return
	}
	c.Array(len(fields))
	if h == nil {
		for range fields {
			c.Int(fieldMissing)
		}
		return
	}
	ch := fieldChange{c: c, h: h}
	for _, field := range fields {
		c.Int(ch.persist(field))
	}
	ch.changes = min(ch.changes, 1) // Redis counts one for all of them
	ch.end()
}

func cmdHgetex(c *Call) {
	h, ok := c.hashToChange()
	if !ok {
		return
	}
	i, at, persist := 2, int64(hash.Never), is(c.Args[2], "persist")
	if persist {
		i = 3
	} else if u, timed := unitOf(c.Args[2]); timed {
		if at, ok = c.argFieldExpiry(3, u); !ok {
			return
		}
		i = 4
	}
	fields, ok := c.argFields(i, errFieldsCount)
	if !ok {
		return
	}
	if h == nil {
		c.bulkFields(nil, fields)
		return
	}
	ch := fieldChange{c: c, h: h}
	if i > 2 {
		h.EnableExpiry()
	}
	c.Array(len(fields))
	for _, field := range fields {
		ch.expireIfNeeded(field)
		c.bulkField(h, field)
		switch {
		case persist:
			ch.persist(field)
		case at != hash.Never:
			ch.expire(field, at, always)
		}
	}
	c.propagateNothing()
	switch {
	case ch.stay:
		ch.propagateFields("HPERSIST", i)
	case ch.changed:
		ch.propagateFields("HPEXPIREAT", i, decimal(at))
	}
	ch.propagateGone()
	ch.end()
}

func cmdHgetdel(c *Call) {
	h, ok := c.hashToChange()
	if !ok {
		return
	}
	fields, ok := c.argFields(2, errFieldsCount)
	if !ok {
		return
	}
	if h == nil {
		c.bulkFields(nil, fields)
		return
	}
	ch := fieldChange{c: c, h: h}
	c.Array(len(fields))
	for _, field := range fields {
		ch.expireIfNeeded(field)
		c.bulkField(h, field)
		ch.delete(field)
	}
	c.propagateNothing()
	if ch.deleted {
		ch.propagateFields("HDEL", 4)
	}
	ch.end()
}

// hsetexOptions are what HSETEX may be told.
type hsetexOptions struct {
	fnx, fxx, keep bool
	at             int64 // hash.Never if the fields are to stay
	unit           int   // the argument that says in what the next one gives it
	pairs          [][]byte
}

func (c *Call) hsetexOptions() (opt hsetexOptions, ok bool) {
	opt.at = hash.Never
	timed := false
	for i := 2; i < len(c.Args); i++ {
		u, isUnit := unitOf(c.Args[i])
		switch {
		case is(c.Args[i], "fields"):
			opt.pairs, ok = c.argPairs(i + 1)
			return opt, ok
		case is(c.Args[i], "fnx"), is(c.Args[i], "fxx"):
			if opt.fnx || opt.fxx {
				c.Error(errOneCondition)
				return opt, false
			}
			opt.fnx = is(c.Args[i], "fnx")
			opt.fxx = !opt.fnx
		case isUnit, is(c.Args[i], "keepttl"):
			if timed || opt.keep {
				c.Error(errOneExpiry)
				return opt, false
			}
			if opt.keep = !isUnit; opt.keep {
				continue
			}
			opt.unit = i
			i++
			if opt.at, ok = c.argFieldExpiry(i, u); !ok {
				return opt, false
			}
			timed = true
		default:
			c.Error("ERR unknown argument: " + clip(c.Args[i], math.MaxInt))
			return opt, false
		}
	}
	c.Error(errArity(c.cmd))
	return opt, false
}

// argPairs reads argument i as a number, and so many fields with their values up to the end.
func (c *Call) argPairs(i int) ([][]byte, bool) {
	if i+3 > len(c.Args) {
		c.Error(errArity(c.cmd))
		return nil, false
	}
	n, ok := resp.Int(c.Args[i])
	if !ok || n < 1 || n > math.MaxInt32 {
		c.Error(errFieldsInvalid)
		return nil, false
	}
	pairs := c.Args[i+1:]
	if 2*n != int64(len(pairs)) {
		c.Error(errArity(c.cmd))
		return nil, false
	}
	return pairs, true
}

// cmdHsetex sets fields with their expiry. Each in turn is removed again where that is over.
func cmdHsetex(c *Call) {
	opt, ok := c.hsetexOptions()
	if !ok {
		return
	}
	h, ok := c.hashToChange()
	if !ok {
		return
	}
	if !c.hsetexMay(h, &opt) {
		c.Int(0)
		return
	}
	if h == nil {
		h = c.addHash()
	}
	lim := c.e.hashLimits()
	h.Prepare(opt.pairs, lim)
	ch := fieldChange{c: c, h: h}
	if opt.at != hash.Never {
		h.EnableExpiry()
	}
	for i := 0; i < len(opt.pairs); i += 2 {
		h.Set(opt.pairs[i], opt.pairs[i+1], opt.keep || opt.at != hash.Never, lim)
		if opt.at != hash.Never {
			ch.expire(opt.pairs[i], opt.at, always)
		}
	}
	if ch.changed && c.propagates() {
		args := slices.Clone(c.Args)
		if !is(args[opt.unit], "pxat") {
			args[opt.unit] = []byte("PXAT")
		}
		args[opt.unit+1] = decimal(opt.at)
		c.Propagate(string(args[0]), args[1:]...)
	}
	ch.propagateGone()
	c.signalPairs(c.Args[1], opt.pairs)
	ch.changes = 0 // the pairs were counted
	ch.end()
	c.Int(1)
}

// hsetexMay tells whether the conditions of HSETEX hold. Fields whose time has come are removed
// for that, about which Redis tells nobody before version 8.8.
func (c *Call) hsetexMay(h *hashValue, opt *hsetexOptions) bool {
	if !opt.fnx && !opt.fxx {
		return true
	}
	may := true
	var gone [][]byte
	for i := 0; i < len(opt.pairs) && may; i += 2 {
		there := false
		if h != nil {
			gone = append(gone, c.deleteExpiredFields(h, opt.pairs[i:i+1])...)
			_, there = h.Expiry(opt.pairs[i], 0)
		}
		may = there == opt.fxx
	}
	if len(gone) > 0 && c.e.since("8.8") {
		c.fieldsLapsed(gone)
	}
	if !may && h != nil {
		c.hashChanged(h)
	}
	return may
}
