package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/numfmt"
	"github.com/redlet/redlet/core/internal/syntax"
)

var stringCommands = []Command{
	{
		Name: "get", Since: "1.0", Group: "string",
		Flags:      ReadOnly | Fast,
		Cats:       CatString,
		Syntax:     "key",
		Keys:       "1 RO access",
		Summary:    "Gives the string at a key.",
		Complexity: "O(1)",
		Run:        cmdGet,
	},
	{
		Name: "set", Since: "1.0", Group: "string",
		Flags: Write | DenyOOM | TakesArgs,
		Cats:  CatString,
		Syntax: "key value [condition:(NX|XX|IFEQ ifeq-value^8.4|IFNE ifne-value^8.4|IFDEQ " +
			"ifdeq-digest^8.4|IFDNE ifdne-digest^8.4)^2.6.12] [GET^6.2] [expiration:(EX " +
			"seconds:int^2.6.12|PX milliseconds:int^2.6.12|EXAT unix-time-seconds:time^6.2|PXAT " +
			"unix-time-milliseconds:time^6.2|KEEPTTL^6.0)]",
		Keys:       `1 RW access update variable_flags "reads when GET is given"`,
		Summary:    "Stores a string at a key, whatever was there before.",
		Complexity: "O(1)",
		History: "2.6.12 EX, PX, NX and XX; 6.0 KEEPTTL; 6.2 GET, EXAT and PXAT; 7.0 NX " +
			"together with GET; 8.4 IFEQ, IFNE, IFDEQ and IFDNE",
		Run:  cmdSet,
		Line: &Line{Keys: setKeys},
	},
	{
		Name: "setnx", Since: "1.0", Group: "string",
		Flags:      Write | DenyOOM | TakesArgs | Fast,
		Cats:       CatString,
		Syntax:     "key value",
		Keys:       "1 OW insert",
		Summary:    "Stores a string, but only if the key does not exist.",
		Complexity: "O(1)",
		Deprecated: &Deprecation{"2.6.12", "`SET` with the `NX` argument"},
		Run:        cmdSetnx,
	},
	{
		Name: "setex", Since: "2.0", Group: "string",
		Flags:      Write | DenyOOM | TakesArgs,
		Cats:       CatString,
		Syntax:     "key seconds:int value",
		Keys:       "1 OW update",
		Summary:    "Stores a string that expires after some seconds.",
		Complexity: "O(1)",
		Deprecated: &Deprecation{"2.6.12", "`SET` with the `EX` argument"},
		Run:        cmdSetex,
	},
	{
		Name: "psetex", Since: "2.6", Group: "string",
		Flags:      Write | DenyOOM | TakesArgs,
		Cats:       CatString,
		Syntax:     "key milliseconds:int value",
		Keys:       "1 OW update",
		Summary:    "Stores a string that expires after some milliseconds.",
		Complexity: "O(1)",
		Deprecated: &Deprecation{"2.6.12", "`SET` with the `PX` argument"},
		Run:        cmdPsetex,
	},
	{
		Name: "getset", Since: "1.0", Group: "string",
		Flags:      Write | DenyOOM | TakesArgs | Fast,
		Cats:       CatString,
		Syntax:     "key value",
		Keys:       "1 RW access update",
		Summary:    "Stores a string and gives the one that was there before.",
		Complexity: "O(1)",
		Deprecated: &Deprecation{"6.2", "`SET` with the `!GET` argument"},
		Run:        cmdGetset,
	},
	{
		Name: "getdel", Since: "6.2", Group: "string",
		Flags:      Write | Fast,
		Cats:       CatString,
		Syntax:     "key",
		Keys:       "1 RW access delete",
		Summary:    "Gives the string at a key and removes the key.",
		Complexity: "O(1)",
		Run:        cmdGetdel,
	},
	{
		Name: "getex", Since: "6.2", Group: "string",
		Flags: Write | Fast,
		Cats:  CatString,
		Syntax: "key [expiration:(EX seconds:int|PX milliseconds:int|EXAT " +
			"unix-time-seconds:time|PXAT unix-time-milliseconds:time|PERSIST)]",
		Keys:       `1 RW access update "update, for the expiry"`,
		Summary:    "Gives the string at a key and may change when it expires.",
		Complexity: "O(1)",
		Run:        cmdGetex,
	},
	{
		Name: "mget", Since: "1.0", Group: "string",
		Flags:      ReadOnly | Fast,
		Cats:       CatString,
		Syntax:     "key...",
		Keys:       "1:-1 RO access",
		Tips:       "request_policy:multi_shard",
		Summary:    "Gives the strings at several keys.",
		Complexity: "O(N) for N keys",
		Run:        cmdMget,
	},
	{
		Name: "mset", Since: "1.0.1", Group: "string",
		Flags:      Write | DenyOOM | TakesArgs,
		Cats:       CatString,
		Syntax:     "data:{key value}...",
		Keys:       "1:-1:2 OW update",
		Tips:       "request_policy:multi_shard response_policy:all_succeeded",
		Summary:    "Stores strings at several keys in one step.",
		Complexity: "O(N) for N keys",
		Run:        cmdMset,
	},
	{
		Name: "msetnx", Since: "1.0.1", Group: "string",
		Flags:      Write | DenyOOM | TakesArgs,
		Cats:       CatString,
		Syntax:     "data:{key value}...",
		Keys:       "1:-1:2 OW insert",
		Summary:    "Stores strings at several keys, but only if none of them exists.",
		Complexity: "O(N) for N keys",
		Run:        cmdMsetnx,
	},
	{
		Name: "strlen", Since: "2.2", Group: "string",
		Flags:      ReadOnly | Fast,
		Cats:       CatString,
		Syntax:     "key",
		Keys:       "1 RO",
		Summary:    "Counts the bytes of the string at a key.",
		Complexity: "O(1)",
		Run:        cmdStrlen,
	},
	{
		Name: "append", Since: "2.0", Group: "string",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatString,
		Syntax:     "key value",
		Keys:       "1 RW insert",
		Summary:    "Adds bytes to the end of a string, making the key if need be.",
		Complexity: "amortised O(1)",
		Run:        cmdAppend,
	},
	{
		Name: "setrange", Since: "2.2", Group: "string",
		Flags:      Write | DenyOOM,
		Cats:       CatString,
		Syntax:     "key offset:int value",
		Keys:       "1 RW update",
		Summary:    "Overwrites part of a string from an offset on, padding with zero bytes.",
		Complexity: "O(1) for short values, O(M) for a value of M bytes",
		Run:        cmdSetrange,
	},
	{
		Name: "getrange", Since: "2.4", Group: "string",
		Flags:      ReadOnly,
		Cats:       CatString,
		Syntax:     "key start:int end:int",
		Keys:       "1 RO access",
		Summary:    "Gives the bytes of a string between two offsets, both included.",
		Complexity: "O(N) for N bytes returned",
		Run:        cmdGetrange,
	},
	{
		Name: "substr", Since: "1.0", Group: "string",
		Flags:      ReadOnly,
		Cats:       CatString,
		Syntax:     "key start:int end:int",
		Keys:       "1 RO access",
		Summary:    "Gives the bytes of a string between two offsets, both included.",
		Complexity: "O(N) for N bytes returned",
		Deprecated: &Deprecation{"2.0", "`GETRANGE`"},
		Run:        cmdGetrange,
	},
	{
		Name: "incr", Since: "1.0", Group: "string",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatString,
		Syntax:     "key",
		Keys:       "1 RW access update",
		Summary:    "Adds one to the number at a key; a missing key counts as 0.",
		Complexity: "O(1)",
		Run:        cmdIncr,
	},
	{
		Name: "decr", Since: "1.0", Group: "string",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatString,
		Syntax:     "key",
		Keys:       "1 RW access update",
		Summary:    "Takes one from the number at a key; a missing key counts as 0.",
		Complexity: "O(1)",
		Run:        cmdDecr,
	},
	{
		Name: "incrby", Since: "1.0", Group: "string",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatString,
		Syntax:     "key increment:int",
		Keys:       "1 RW access update",
		Summary:    "Adds a number to the number at a key; a missing key counts as 0.",
		Complexity: "O(1)",
		Run:        cmdIncrby,
	},
	{
		Name: "decrby", Since: "1.0", Group: "string",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatString,
		Syntax:     "key decrement:int",
		Keys:       "1 RW access update",
		Summary:    "Takes a number from the number at a key; a missing key counts as 0.",
		Complexity: "O(1)",
		Run:        cmdDecrby,
	},
	{
		Name: "incrbyfloat", Since: "2.6", Group: "string",
		Flags:  Write | DenyOOM | Fast,
		Cats:   CatString,
		Syntax: "key increment:double",
		Keys:   "1 RW access update",
		Summary: "Adds a floating-point number to the number at a key; a missing key counts " +
			"as 0.",
		Complexity: "O(1)",
		Run:        cmdIncrbyfloat,
	},
}

func cmdGet(c *Call) {
	o := c.lookupRead(c.Args[1])
	if o == nil {
		c.Null()
		return
	}
	if c.ofKind(o, kindString) {
		c.bulkObject(o)
	}
}

// setOptions are what SET may be told beside key and value.
type setOptions struct {
	nx, xx, get, keepTTL bool
	valueIf                    // what the string at the key must be
	expiry               int64 // stays if none is given
	pxat                 bool  // which is how replicas are told
}

// setOptions reads the options from argument i on; those of several keys are not told to compare or
// to give what is there.
func (c *Call) setOptions(i int, several bool) (opt setOptions, ok bool) {
	opt.expiry = stays
	unit, at := expireUnit(0), 0
	for ; i < len(c.Args); i++ {
		arg := c.Args[i]
		u, timed := unitOf(arg)
		switch {
		case is(arg, "nx") && !opt.xx && opt.compare == 0:
			opt.nx = true
		case is(arg, "xx") && !opt.nx && opt.compare == 0:
			opt.xx = true
		case is(arg, "get") && !several:
			opt.get = true
		case is(arg, "keepttl") && at == 0:
			opt.keepTTL = true
		case timed && !opt.keepTTL && (at == 0 || u == unit) && i+1 < len(c.Args):
			i++
			unit, at = u, i
		case several || opt.nx || opt.xx || !c.argValueIf(i, &opt.valueIf):
			c.Error(ErrSyntax)
			return opt, false
		default:
			i++
		}
	}
	if at > 0 {
		opt.pxat = unit == unitMillisecondsAt
		opt.expiry, ok = c.argExpiry(at, unit)
		return opt, ok
	}
	return opt, true
}

// setKeys says that SET gives nothing unless told GET, and overwrites blindly unless told to look.
func setKeys(args [][]byte, keys []KeyAt) []KeyAt {
	flags := syntax.OW | syntax.Update
	for _, arg := range args[min(3, len(args)):] {
		if is(arg, "get") {
			return keys
		}
		if comparisonOf(arg) != 0 {
			flags = syntax.RW | syntax.Update
		}
	}
	return withFlags(keys, flags)
}

func cmdSet(c *Call) {
	if len(c.Args) == 3 {
		c.setString(c.Args[1], c.Args[2])
		c.OK()
		return
	}
	opt, ok := c.setOptions(3, false)
	if !ok {
		return
	}
	key := c.Args[1]
	o := c.lookup(key)
	if opt.get {
		if o = c.lookupRead(key); !c.ofKind(o, kindString) {
			return
		}
	}
	met := true
	if opt.compare != 0 {
		if met, ok = c.meets(key, o, opt.valueIf); !ok {
			return
		}
	}
	if !met || opt.nx && o != nil || opt.xx && o == nil {
		if opt.get {
			c.orNull(o)
		} else {
			c.Null()
		}
		return
	}
	if opt.get {
		c.orNull(o)
	} else {
		c.OK()
	}
	if opt.expiry != stays && opt.expiry <= c.nowMs() && c.e.since("8.8") {
		c.deleteOver(key, o != nil)
		return
	}
	switch {
	case opt.pxat && opt.compare == 0:
	case opt.expiry != stays:
		c.propagateSet(key, c.Args[2], opt.expiry)
	case !opt.get && opt.compare == 0:
	case opt.keepTTL:
		c.Propagate("SET", key, c.Args[2], []byte("KEEPTTL"))
	default:
		c.Propagate("SET", key, c.Args[2])
	}
	if opt.keepTTL && o != nil {
		opt.expiry = o.expiry()
	}
	c.storeUntil(key, c.Args[2], opt.expiry, opt.keepTTL)
}

// orNull writes a string value or null.
func (c *Call) orNull(o *object) {
	if o == nil {
		c.Null()
		return
	}
	c.bulkObject(o)
}

// storeUntil stores a string with an expiry; kept says that it had it before.
func (c *Call) storeUntil(key, val []byte, expiry int64, kept bool) {
	c.setString(key, val)
	if expiry == stays {
		return
	}
	c.e.setExpiry(c.db, key, *c.db.keys.Find(key), expiry)
	if !kept {
		c.notify(notifyGeneric, "expire", key)
	}
}

func cmdSetnx(c *Call) {
	if c.lookup(c.Args[1]) != nil {
		c.Int(0)
		return
	}
	c.setString(c.Args[1], c.Args[2])
	c.Int(1)
}

func cmdSetex(c *Call)  { c.setex(unitSeconds) }
func cmdPsetex(c *Call) { c.setex(unitMilliseconds) }

func (c *Call) setex(u expireUnit) {
	at, ok := c.argExpiry(2, u)
	if !ok {
		return
	}
	c.propagateSet(c.Args[1], c.Args[3], at)
	c.storeUntil(c.Args[1], c.Args[3], at, false)
	c.OK()
}

func cmdGetset(c *Call) {
	o := c.lookupRead(c.Args[1])
	if !c.ofKind(o, kindString) {
		return
	}
	c.orNull(o)
	c.Propagate("SET", c.Args[1], c.Args[2])
	c.setString(c.Args[1], c.Args[2])
}

func cmdGetdel(c *Call) {
	o := c.lookupRead(c.Args[1])
	if !c.ofKind(o, kindString) {
		return
	}
	c.orNull(o)
	if o != nil {
		c.Propagate("DEL", c.Args[1])
		c.delete(c.Args[1])
	}
}

func cmdGetex(c *Call) {
	key := c.Args[1]
	unit, at, persist := expireUnit(0), 0, false
	for i := 2; i < len(c.Args); i++ {
		u, timed := unitOf(c.Args[i])
		switch {
		case is(c.Args[i], "persist") && at == 0:
			persist = true
		case timed && !persist && (at == 0 || u == unit) && i+1 < len(c.Args):
			i++
			unit, at = u, i
		default:
			c.Error(ErrSyntax)
			return
		}
	}
	o := c.lookupRead(key)
	if o == nil {
		c.Null()
		return
	}
	if !c.ofKind(o, kindString) {
		return
	}
	expiry := stays
	if at > 0 {
		var ok bool
		if expiry, ok = c.argExpiry(at, unit); !ok {
			return
		}
	}
	c.bulkObject(o)
	switch {
	case expiry != stays && expiry <= c.nowMs():
		c.Propagate(removalName(c.e.cfg.lazyExpire), key)
		c.delete(key)
	case expiry != stays:
		c.propagateExpiry(key, expiry)
		c.e.setExpiry(c.db, key, o, expiry)
		c.signalModified(notifyGeneric, "expire", key)
	case persist && c.e.removeExpiry(o):
		c.Propagate("PERSIST", key)
		c.signalModified(notifyGeneric, "persist", key)
	}
}

func cmdMget(c *Call) {
	c.Array(len(c.Args) - 1)
	for _, key := range c.Args[1:] {
		if o := c.lookupRead(key); o != nil && o.kind == kindString {
			c.bulkObject(o)
		} else {
			c.Null()
		}
	}
}

func cmdMset(c *Call) {
	if len(c.Args)%2 == 0 {
		c.Error(errArity(c.cmd))
		return
	}
	for i := 1; i < len(c.Args); i += 2 {
		c.setString(c.Args[i], c.Args[i+1])
	}
	c.OK()
}

func cmdMsetnx(c *Call) {
	if len(c.Args)%2 == 0 {
		c.Error(errArity(c.cmd))
		return
	}
	for i := 1; i < len(c.Args); i += 2 {
		if c.lookup(c.Args[i]) != nil {
			c.Int(0)
			return
		}
	}
	for i := 1; i < len(c.Args); i += 2 {
		c.setString(c.Args[i], c.Args[i+1])
	}
	c.Int(1)
}

func cmdStrlen(c *Call) {
	o := c.lookupRead(c.Args[1])
	if !c.ofKind(o, kindString) {
		return
	}
	if o == nil {
		c.Int(0)
		return
	}
	c.Count(o.textLen())
}

// growable returns a string value's bytes for changing them in place.
func (o *object) growable() []byte {
	if o.enc == encInt {
		return o.text(make([]byte, 0, intLenMax))
	}
	return o.str
}

// tooLong reports whether a string of size n is longer than may be, and replies the error.
func (c *Call) tooLong(n int64) bool {
	if n > c.e.cfg.protoMaxBulkLen {
		c.Error(errTooBig)
		return true
	}
	return false
}

func cmdAppend(c *Call) {
	key, tail := c.Args[1], c.Args[2]
	o := c.lookupWrite(key)
	switch {
	case o == nil:
		o = newString(tail)
		c.add(key, o)
	case !c.ofKind(o, kindString):
		return
	case c.tooLong(int64(o.textLen()) + int64(len(tail))):
		return
	case !c.roomFor(int64(o.textLen()+len(tail)) * 5 / 4):
		return
	default:
		c.e.growRaw(o, append(o.growable(), tail...))
	}
	c.signalModified(notifyString, "append", key)
	c.Count(o.textLen())
}

func cmdSetrange(c *Call) {
	offset, ok := c.ArgInt(2)
	if !ok {
		return
	}
	if offset < 0 {
		c.Error("ERR offset is out of range")
		return
	}
	key, part := c.Args[1], c.Args[3]
	o := c.lookupWrite(key)
	if !c.ofKind(o, kindString) {
		return
	}
	if len(part) == 0 {
		if o == nil {
			c.Int(0)
		} else {
			c.Count(o.textLen())
		}
		return
	}
	end := offset + int64(len(part))
	if end < 0 {
		end = math.MaxInt64
	}
	if c.tooLong(end) || !c.roomFor(2*end) {
		return
	}
	var text []byte
	if o == nil {
		o = &object{kind: kindString}
		c.add(key, o)
		text = make([]byte, end)
		c.e.setRaw(o, text)
	} else {
		o.own()
		text = o.growable()
		if grow := int(end) - len(text); grow > 0 {
			text = append(text, make([]byte, grow)...)
			c.e.growRaw(o, text)
		} else {
			c.e.setRaw(o, text)
		}
	}
	copy(text[offset:], part)
	c.signalModified(notifyString, "setrange", key)
	c.Count(len(text))
}

func cmdGetrange(c *Call) {
	start, ok := c.ArgInt(2)
	if !ok {
		return
	}
	end, ok := c.ArgInt(3)
	if !ok {
		return
	}
	o := c.lookupRead(c.Args[1])
	if !c.ofKind(o, kindString) {
		return
	}
	if o == nil {
		c.Bulk(nil)
		return
	}
	var digits [intLenMax]byte
	text := o.text(digits[:])
	from, to := clampRange(start, end, int64(len(text)))
	c.Bulk(text[from:to])
}

// clampRange turns the first and last index of a part, where negative ones count from the end,
// into a half-open range within n.
func clampRange(start, end, n int64) (from, to int64) {
	if start < 0 && end < 0 && start > end {
		return 0, 0
	}
	if start < 0 {
		start = max(start+n, 0)
	}
	if end < 0 {
		end = max(end+n, 0)
	}
	end = min(end, n-1)
	if start > end || n == 0 {
		return 0, 0
	}
	return start, end + 1
}

func cmdIncr(c *Call) { c.increment(1) }
func cmdDecr(c *Call) { c.increment(-1) }

func cmdIncrby(c *Call) {
	if n, ok := c.ArgInt(2); ok {
		c.increment(n)
	}
}

func cmdDecrby(c *Call) {
	n, ok := c.ArgInt(2)
	switch {
	case !ok:
	case n == math.MinInt64:
		c.Error("ERR decrement would overflow")
	default:
		c.increment(-n)
	}
}

// increment adds to the integer that a key holds; none counts as 0.
func (c *Call) increment(by int64) {
	key := c.Args[1]
	o := c.lookupWrite(key)
	if !c.ofKind(o, kindString) {
		return
	}
	n := int64(0)
	if o != nil {
		var ok bool
		if n, ok = o.integer(); !ok {
			c.Error(ErrNotInt)
			return
		}
	}
	if by < 0 && n < math.MinInt64-by || by > 0 && n > math.MaxInt64-by {
		c.Error(errOverflow)
		return
	}
	n += by
	if o == nil {
		c.add(key, &object{kind: kindString, enc: encInt, num: n})
	} else {
		c.e.setInt(o, n)
	}
	c.signalModified(notifyString, "incrby", key)
	c.Int(n)
}

func cmdIncrbyfloat(c *Call) {
	key := c.Args[1]
	o := c.lookupWrite(key)
	if !c.ofKind(o, kindString) {
		return
	}
	var sum numfmt.LongDouble
	if o != nil {
		var digits [intLenMax]byte
		var ok bool
		if sum, ok = numfmt.Parse(o.text(digits[:])); !ok {
			c.Error(ErrNotFloat)
			return
		}
	}
	by, ok := numfmt.Parse(c.Args[2])
	if !ok {
		c.Error(ErrNotFloat)
		return
	}
	if sum = sum.Add(by); !sum.Finite() {
		c.Error(errNaN)
		return
	}
	text := sum.AppendFixed(nil)
	if o == nil {
		o = &object{kind: kindString}
		c.add(key, o)
	}
	c.e.setText(o, text)
	c.Propagate("SET", key, text, []byte("KEEPTTL"))
	c.signalModified(notifyString, "incrbyfloat", key)
	c.Bulk(text)
}
