package core

import "math"

var expireCommands = []Command{
	{
		Name: "expire", Since: "1.0", Group: "generic",
		Flags:      Write | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key seconds:int [condition:(NX|XX|GT|LT)^7.0]",
		Keys:       "1 RW update",
		Summary:    "Lets a key expire after some seconds.",
		Complexity: "O(1)",
		History:    "7.0 NX, XX, GT and LT",
		Run:        cmdExpire,
	},
	{
		Name: "pexpire", Since: "2.6", Group: "generic",
		Flags:      Write | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key milliseconds:int [condition:(NX|XX|GT|LT)^7.0]",
		Keys:       "1 RW update",
		Summary:    "Lets a key expire after some milliseconds.",
		Complexity: "O(1)",
		History:    "7.0 NX, XX, GT and LT",
		Run:        cmdPexpire,
	},
	{
		Name: "expireat", Since: "1.2", Group: "generic",
		Flags:      Write | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key unix-time-seconds:time [condition:(NX|XX|GT|LT)^7.0]",
		Keys:       "1 RW update",
		Summary:    "Lets a key expire at a Unix time in seconds.",
		Complexity: "O(1)",
		History:    "7.0 NX, XX, GT and LT",
		Run:        cmdExpireat,
	},
	{
		Name: "pexpireat", Since: "2.6", Group: "generic",
		Flags:      Write | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key unix-time-milliseconds:time [condition:(NX|XX|GT|LT)^7.0]",
		Keys:       "1 RW update",
		Summary:    "Lets a key expire at a Unix time in milliseconds.",
		Complexity: "O(1)",
		History:    "7.0 NX, XX, GT and LT",
		Run:        cmdPexpireat,
	},
	{
		Name: "ttl", Since: "1.0", Group: "generic",
		Flags:      ReadOnly | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output",
		Summary:    "Tells in how many seconds a key expires.",
		Complexity: "O(1)",
		History:    "2.8 -2 for a missing key",
		Run:        cmdTtl,
	},
	{
		Name: "pttl", Since: "2.6", Group: "generic",
		Flags:      ReadOnly | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key",
		Keys:       "1 RO access",
		Tips:       "nondeterministic_output",
		Summary:    "Tells in how many milliseconds a key expires.",
		Complexity: "O(1)",
		History:    "2.8 -2 for a missing key",
		Run:        cmdPttl,
	},
	{
		Name: "expiretime", Since: "7.0", Group: "generic",
		Flags:      ReadOnly | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key",
		Keys:       "1 RO access",
		Summary:    "Gives the Unix time in seconds at which a key expires.",
		Complexity: "O(1)",
		Run:        cmdExpiretime,
	},
	{
		Name: "pexpiretime", Since: "7.0", Group: "generic",
		Flags:      ReadOnly | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key",
		Keys:       "1 RO access",
		Summary:    "Gives the Unix time in milliseconds at which a key expires.",
		Complexity: "O(1)",
		Run:        cmdPexpiretime,
	},
	{
		Name: "persist", Since: "2.2", Group: "generic",
		Flags:      Write | Fast,
		Cats:       CatKeyspace,
		Syntax:     "key",
		Keys:       "1 RW update",
		Summary:    "Takes away the expiry of a key.",
		Complexity: "O(1)",
		Run:        cmdPersist,
	},
}

// expireUnit is how an option or command gives an expiry.
type expireUnit uint8

const (
	unitSeconds expireUnit = iota
	unitMilliseconds
	unitSecondsAt
	unitMillisecondsAt
)

// unitOf reads one of the option words EX, PX, EXAT and PXAT.
func unitOf(word []byte) (expireUnit, bool) {
	switch {
	case is(word, "ex"):
		return unitSeconds, true
	case is(word, "px"):
		return unitMilliseconds, true
	case is(word, "exat"):
		return unitSecondsAt, true
	case is(word, "pxat"):
		return unitMillisecondsAt, true
	}
	return 0, false
}

// instant turns an expiry as given into milliseconds since the Unix epoch, as keys count; false if
// out of range.
func (c *Call) instant(u expireUnit, n int64) (int64, bool) {
	if u == unitSeconds || u == unitSecondsAt {
		if n > math.MaxInt64/1000 || n < math.MinInt64/1000 {
			return 0, false
		}
		n *= 1000
	}
	if u == unitSeconds || u == unitMilliseconds {
		nowMs := c.sinceMs()
		if n > 0 && n > math.MaxInt64-nowMs {
			return 0, false
		}
		return n + nowMs, true
	}
	return c.keyInstant(n), true
}

// keyInstant turns an instant of the clients' time into one of the keys', in milliseconds.
func (c *Call) keyInstant(ms int64) int64 {
	if behind := c.e.behindMs(); behind <= 0 || ms >= math.MinInt64+behind {
		ms -= behind
	}
	return ms
}

// toldInstant is the reverse.
//
//go:noinline
func (c *Call) toldInstant(ms int64) int64 {
	if behind := c.e.behindMs(); ms <= math.MaxInt64-max(0, behind) {
		ms += behind
	}
	return ms
}

// argExpiry reads argument i as the expiry that goes with an option; it must be positive.
func (c *Call) argExpiry(i int, u expireUnit) (int64, bool) {
	n, ok := c.ArgInt(i)
	if !ok {
		return 0, false
	}
	if n > 0 {
		if at, ok := c.instant(u, n); ok {
			return at, true
		}
	}
	c.Error(errExpireTime(c.cmd))
	return 0, false
}

func cmdExpire(c *Call)    { c.expireKey(unitSeconds) }
func cmdPexpire(c *Call)   { c.expireKey(unitMilliseconds) }
func cmdExpireat(c *Call)  { c.expireKey(unitSecondsAt) }
func cmdPexpireat(c *Call) { c.expireKey(unitMillisecondsAt) }

// expireIf says when an expiry may be set, beside the expiry that there is.
type expireIf struct{ nx, xx, gt, lt bool }

// expireOptions reads NX, XX, GT and LT from argument i up to, not including, argument end.
func (c *Call) expireOptions(i, end int) (opt expireIf, ok bool) {
	for ; i < end; i++ {
		switch {
		case is(c.Args[i], "nx"):
			opt.nx = true
		case is(c.Args[i], "xx"):
			opt.xx = true
		case is(c.Args[i], "gt"):
			opt.gt = true
		case is(c.Args[i], "lt"):
			opt.lt = true
		default:
			c.Error("ERR Unsupported option " + clip(c.Args[i], len(c.Args[i])))
			return opt, false
		}
	}
	switch {
	case opt.nx && (opt.xx || opt.gt || opt.lt):
		c.Error("ERR NX and XX, GT or LT options at the same time are not compatible")
		return opt, false
	case opt.gt && opt.lt:
		c.Error("ERR GT and LT options at the same time are not compatible")
		return opt, false
	}
	return opt, true
}

// allows reports whether an expiry may take the place of the one that there is.
func (opt expireIf) allows(was, at int64) bool {
	switch {
	case opt.nx && was != stays, opt.xx && was == stays:
		return false
	case opt.gt && (was == stays || at <= was):
		return false
	case opt.lt && was != stays && at >= was:
		return false
	}
	return true
}

func (c *Call) expireKey(u expireUnit) {
	key := c.Args[1]
	opt, ok := c.expireOptions(3, len(c.Args))
	if !ok {
		return
	}
	n, ok := c.ArgInt(2)
	if !ok {
		return
	}
	at, ok := c.instant(u, n)
	if !ok {
		c.Error(errExpireTime(c.cmd))
		return
	}
	o := c.lookupWrite(key)
	if o == nil || !opt.allows(o.expiry(), at) {
		c.Int(0)
		return
	}
	if at <= c.nowMs() {
		c.Propagate(removalName(c.e.cfg.lazyExpire), key)
		c.delete(key)
	} else {
		c.propagateExpiry(key, at, c.Args[3:]...)
		c.e.setExpiry(c.db, key, o, at)
		c.signalModified(notifyGeneric, "expire", key)
	}
	c.Int(1)
}

// expiryOf returns a key's expiry for a command that tells it: false once it has replied that
// there is no key (-2) or no expiry (-1).
func (c *Call) expiryOf() (int64, bool) {
	o := c.lookupNoTouch(c.Args[1])
	switch {
	case o == nil:
		c.Int(-2)
	case o.ttl == nil:
		c.Int(-1)
	default:
		return o.ttl.at, true
	}
	return 0, false
}

func cmdTtl(c *Call) {
	if at, ok := c.expiryOf(); ok {
		c.Int(roundSeconds(at - c.nowMs()))
	}
}

func cmdPttl(c *Call) {
	if at, ok := c.expiryOf(); ok {
		c.Int(at - c.nowMs())
	}
}

func cmdExpiretime(c *Call) {
	if at, ok := c.expiryOf(); ok {
		c.Int(roundSeconds(max(c.toldInstant(at), 0)))
	}
}

// roundSeconds turns milliseconds into seconds, to the nearest.
func roundSeconds(ms int64) int64 { return ms/1000 + (ms%1000+500)/1000 }

func cmdPexpiretime(c *Call) {
	if at, ok := c.expiryOf(); ok {
		c.Int(max(c.toldInstant(at), 0))
	}
}

func cmdPersist(c *Call) {
	o := c.lookupWrite(c.Args[1])
	if o == nil || !c.e.removeExpiry(o) {
		c.Int(0)
		return
	}
	c.signalModified(notifyGeneric, "persist", c.Args[1])
	c.Int(1)
}
