package core

import "math"

var stringCommands = []Command{
	{Name: "get", Since: "1.0.0", Group: "string", Flags: ReadOnly | Fast,
		Syntax: "key", Run: cmdGet},
	{Name: "set", Since: "1.0.0", Group: "string", Flags: Write | DenyOOM,
		Syntax: "key value [condition:(NX|XX)] [GET] [expiration:(EX seconds:int|" +
			"PX milliseconds:int|EXAT unix-time-seconds:time|" +
			"PXAT unix-time-milliseconds:time|KEEPTTL)]",
		Run: cmdSet},
	{Name: "setnx", Since: "1.0.0", Group: "string", Flags: Write | DenyOOM | Fast,
		Syntax: "key value", Run: cmdSetnx},
	{Name: "setex", Since: "2.0.0", Group: "string", Flags: Write | DenyOOM,
		Syntax: "key seconds:int value", Run: cmdSetex},
	{Name: "psetex", Since: "2.6.0", Group: "string", Flags: Write | DenyOOM,
		Syntax: "key milliseconds:int value", Run: cmdPsetex},
	{Name: "getset", Since: "1.0.0", Group: "string", Flags: Write | DenyOOM | Fast,
		Syntax: "key value", Run: cmdGetset},
	{Name: "getdel", Since: "6.2.0", Group: "string", Flags: Write | Fast,
		Syntax: "key", Run: cmdGetdel},
	{Name: "getex", Since: "6.2.0", Group: "string", Flags: Write | Fast,
		Syntax: "key [expiration:(EX seconds:int|PX milliseconds:int|" +
			"EXAT unix-time-seconds:time|PXAT unix-time-milliseconds:time|PERSIST)]",
		Run: cmdGetex},
	{Name: "mget", Since: "1.0.0", Group: "string", Flags: ReadOnly | Fast,
		Syntax: "key ...", Run: cmdMget},
	{Name: "mset", Since: "1.0.1", Group: "string", Flags: Write | DenyOOM,
		Syntax: "data:(key value) ...", Run: cmdMset},
	{Name: "msetnx", Since: "1.0.1", Group: "string", Flags: Write | DenyOOM,
		Syntax: "data:(key value) ...", Run: cmdMsetnx},
	{Name: "strlen", Since: "2.2.0", Group: "string", Flags: ReadOnly | Fast,
		Syntax: "key", Run: cmdStrlen},
	{Name: "append", Since: "2.0.0", Group: "string", Flags: Write | DenyOOM | Fast,
		Syntax: "key value", Run: cmdAppend},
	{Name: "setrange", Since: "2.2.0", Group: "string", Flags: Write | DenyOOM,
		Syntax: "key offset:int value", Run: cmdSetrange},
	{Name: "getrange", Since: "2.4.0", Group: "string", Flags: ReadOnly,
		Syntax: "key start:int end:int", Run: cmdGetrange},
	{Name: "substr", Since: "1.0.0", Group: "string", Flags: ReadOnly,
		Syntax: "key start:int end:int", Run: cmdGetrange},
	{Name: "incr", Since: "1.0.0", Group: "string", Flags: Write | DenyOOM | Fast,
		Syntax: "key", Run: cmdIncr},
	{Name: "decr", Since: "1.0.0", Group: "string", Flags: Write | DenyOOM | Fast,
		Syntax: "key", Run: cmdDecr},
	{Name: "incrby", Since: "1.0.0", Group: "string", Flags: Write | DenyOOM | Fast,
		Syntax: "key increment:int", Run: cmdIncrby},
	{Name: "decrby", Since: "1.0.0", Group: "string", Flags: Write | DenyOOM | Fast,
		Syntax: "key decrement:int", Run: cmdDecrby},
}

func cmdGet(c *call) {
	o := c.find(c.args[1])
	if o == nil {
		c.null()
		return
	}
	if c.ofKind(o, kindString) {
		c.bulkObject(o)
	}
}

// setOptions are what SET may be told beside key and value.
type setOptions struct {
	nx, xx, get, keepTTL bool
	expiry               int64 // stays if none is given
}

func (c *call) setOptions() (opt setOptions, ok bool) {
	opt.expiry = stays
	unit, at := expireUnit(0), 0
	for i := 3; i < len(c.args); i++ {
		arg := c.args[i]
		u, timed := unitOf(arg)
		switch {
		case is(arg, "nx") && !opt.xx:
			opt.nx = true
		case is(arg, "xx") && !opt.nx:
			opt.xx = true
		case is(arg, "get"):
			opt.get = true
		case is(arg, "keepttl") && at == 0:
			opt.keepTTL = true
		case timed && !opt.keepTTL && at == 0 && i+1 < len(c.args):
			i++
			unit, at = u, i
		default:
			c.err(errSyntax)
			return opt, false
		}
	}
	if at > 0 {
		opt.expiry, ok = c.argExpiry(at, unit)
		return opt, ok
	}
	return opt, true
}

func cmdSet(c *call) {
	if len(c.args) == 3 {
		c.store(c.args[1], c.args[2])
		c.ok()
		return
	}
	opt, ok := c.setOptions()
	if !ok {
		return
	}
	key := c.args[1]
	o := c.findWrite(key)
	if opt.get {
		if o = c.find(key); !c.ofKind(o, kindString) {
			return
		}
	}
	if opt.nx && o != nil || opt.xx && o == nil {
		if opt.get {
			c.orNull(o)
		} else {
			c.null()
		}
		return
	}
	if opt.get {
		c.orNull(o)
	}
	if opt.keepTTL && o != nil {
		opt.expiry = o.expiry()
	}
	c.storeUntil(key, c.args[2], opt.expiry, opt.keepTTL)
	if !opt.get {
		c.ok()
	}
}

// orNull writes a string value or null.
func (c *call) orNull(o *object) {
	if o == nil {
		c.null()
		return
	}
	c.bulkObject(o)
}

// store makes a key the string val, whatever it held, without an expiry.
func (c *call) store(key, val []byte) {
	p, fresh := c.db.keys.Put(key)
	switch {
	case fresh:
		*p = newString(val)
		c.added(key, *p)
	case (*p).gone(c.nowMs()):
		c.e.expire((*p).ttl)
		c.add(key, newString(val))
	case (*p).kind == kindString:
		c.e.clearTTL(*p)
		(*p).setString(val)
		c.use(*p)
	default:
		c.e.clearTTL(*p)
		*p = newString(val)
		c.e.touchLRU(*p)
	}
	c.modified(notifyString, "set", key)
}

// storeUntil stores a string with an expiry; kept says that it had it before.
func (c *call) storeUntil(key, val []byte, expiry int64, kept bool) {
	if expiry != stays && expiry <= c.nowMs() {
		if c.remove(key) {
			c.modified(notifyGeneric, "del", key)
		}
		return
	}
	c.store(key, val)
	if expiry == stays {
		return
	}
	c.e.setExpiry(c.db, key, *c.db.keys.Find(key), expiry)
	if !kept {
		c.notify(notifyGeneric, "expire", key)
	}
}

func cmdSetnx(c *call) {
	if c.findWrite(c.args[1]) != nil {
		c.int(0)
		return
	}
	c.store(c.args[1], c.args[2])
	c.int(1)
}

func cmdSetex(c *call)  { c.setex(unitSeconds) }
func cmdPsetex(c *call) { c.setex(unitMilliseconds) }

func (c *call) setex(u expireUnit) {
	at, ok := c.argExpiry(2, u)
	if !ok {
		return
	}
	c.storeUntil(c.args[1], c.args[3], at, false)
	c.ok()
}

func cmdGetset(c *call) {
	o := c.find(c.args[1])
	if !c.ofKind(o, kindString) {
		return
	}
	c.orNull(o)
	c.store(c.args[1], c.args[2])
}

func cmdGetdel(c *call) {
	o := c.find(c.args[1])
	if !c.ofKind(o, kindString) {
		return
	}
	c.orNull(o)
	if o != nil {
		c.remove(c.args[1])
		c.modified(notifyGeneric, "del", c.args[1])
	}
}

func cmdGetex(c *call) {
	key := c.args[1]
	unit, at, persist := expireUnit(0), 0, false
	for i := 2; i < len(c.args); i++ {
		u, timed := unitOf(c.args[i])
		switch {
		case is(c.args[i], "persist") && at == 0:
			persist = true
		case timed && !persist && at == 0 && i+1 < len(c.args):
			i++
			unit, at = u, i
		default:
			c.err(errSyntax)
			return
		}
	}
	o := c.find(key)
	if o == nil {
		c.null()
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
		c.remove(key)
		c.modified(notifyGeneric, "del", key)
	case expiry != stays:
		c.e.setExpiry(c.db, key, o, expiry)
		c.modified(notifyGeneric, "expire", key)
	case persist && c.e.clearTTL(o):
		c.modified(notifyGeneric, "persist", key)
	}
}

func cmdMget(c *call) {
	c.array(len(c.args) - 1)
	for _, key := range c.args[1:] {
		if o := c.find(key); o != nil && o.kind == kindString {
			c.bulkObject(o)
		} else {
			c.null()
		}
	}
}

func cmdMset(c *call) {
	if len(c.args)%2 == 0 {
		c.err(errArity(c.cmd))
		return
	}
	for i := 1; i < len(c.args); i += 2 {
		c.store(c.args[i], c.args[i+1])
	}
	c.ok()
}

func cmdMsetnx(c *call) {
	if len(c.args)%2 == 0 {
		c.err(errArity(c.cmd))
		return
	}
	for i := 1; i < len(c.args); i += 2 {
		if c.findWrite(c.args[i]) != nil {
			c.int(0)
			return
		}
	}
	for i := 1; i < len(c.args); i += 2 {
		c.store(c.args[i], c.args[i+1])
	}
	c.int(1)
}

func cmdStrlen(c *call) {
	o := c.find(c.args[1])
	if !c.ofKind(o, kindString) {
		return
	}
	if o == nil {
		c.int(0)
		return
	}
	c.count(o.textLen())
}

// growable returns a string value's bytes for changing them in place.
func (o *object) growable() []byte {
	if o.enc == encInt {
		return o.text(make([]byte, 0, intLenMax))
	}
	return o.str
}

// tooLong reports whether a string of size n is longer than may be, and replies the error.
func (c *call) tooLong(n int64) bool {
	if n > c.e.cfg.protoMaxBulkLen {
		c.err(errTooBig)
		return true
	}
	return false
}

func cmdAppend(c *call) {
	key, tail := c.args[1], c.args[2]
	o := c.findWrite(key)
	switch {
	case o == nil:
		o = newString(tail)
		c.add(key, o)
	case !c.ofKind(o, kindString):
		return
	case c.tooLong(int64(o.textLen()) + int64(len(tail))):
		return
	default:
		o.setRaw(append(o.growable(), tail...))
	}
	c.modified(notifyString, "append", key)
	c.count(o.textLen())
}

func cmdSetrange(c *call) {
	offset, ok := c.argInt(2)
	if !ok {
		return
	}
	if offset < 0 {
		c.err("ERR offset is out of range")
		return
	}
	key, part := c.args[1], c.args[3]
	o := c.findWrite(key)
	if !c.ofKind(o, kindString) {
		return
	}
	if len(part) == 0 {
		if o == nil {
			c.int(0)
		} else {
			c.count(o.textLen())
		}
		return
	}
	end := offset + int64(len(part))
	if end < 0 {
		end = math.MaxInt64
	}
	if c.tooLong(end) {
		return
	}
	if o == nil {
		o = &object{kind: kindString}
		c.add(key, o)
	}
	text := o.growable()
	if grow := int(end) - len(text); grow > 0 {
		text = append(text, make([]byte, grow)...)
	}
	copy(text[offset:], part)
	o.setRaw(text)
	c.modified(notifyString, "setrange", key)
	c.count(len(text))
}

func cmdGetrange(c *call) {
	start, ok := c.argInt(2)
	if !ok {
		return
	}
	end, ok := c.argInt(3)
	if !ok {
		return
	}
	o := c.find(c.args[1])
	if !c.ofKind(o, kindString) {
		return
	}
	if o == nil {
		c.bulk(nil)
		return
	}
	var digits [intLenMax]byte
	text := o.text(digits[:])
	from, to := clampRange(start, end, int64(len(text)))
	c.bulk(text[from:to])
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

func cmdIncr(c *call) { c.increment(1) }
func cmdDecr(c *call) { c.increment(-1) }

func cmdIncrby(c *call) {
	if n, ok := c.argInt(2); ok {
		c.increment(n)
	}
}

func cmdDecrby(c *call) {
	n, ok := c.argInt(2)
	switch {
	case !ok:
	case n == math.MinInt64:
		c.err("ERR decrement would overflow")
	default:
		c.increment(-n)
	}
}

// increment adds to the integer that a key holds; none counts as 0.
func (c *call) increment(by int64) {
	key := c.args[1]
	o := c.findWrite(key)
	if !c.ofKind(o, kindString) {
		return
	}
	n := int64(0)
	if o != nil {
		var ok bool
		if n, ok = o.integer(); !ok {
			c.err(errNotInt)
			return
		}
	}
	if by < 0 && n < math.MinInt64-by || by > 0 && n > math.MaxInt64-by {
		c.err(errOverflow)
		return
	}
	n += by
	if o == nil {
		c.add(key, &object{kind: kindString, enc: encInt, num: n})
	} else {
		o.enc, o.num, o.str = encInt, n, nil
	}
	c.modified(notifyString, "incrby", key)
	c.int(n)
}
