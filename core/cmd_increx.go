package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/numfmt"
)

var increxCommands = []Command{
	{
		Name: "increx", Since: "8.8", Group: "string",
		Flags: Write | DenyOOM | Fast,
		Cats:  CatString,
		Syntax: "key [increment:(BYFLOAT float:double|BYINT integer:int)] [SATURATE] [LBOUND " +
			"lowerbound] [UBOUND upperbound] [expiration:(EX seconds:int|PX milliseconds:int|" +
			"EXAT unix-time-seconds:time|PXAT unix-time-milliseconds:time|PERSIST)] [ENX]",
		Keys: "1 RW access update",
		Summary: "Adds to the number at a key, within bounds, and may change when it expires; a " +
			"missing key counts as 0.",
		Complexity: "O(1)",
		Run:        cmdIncrex,
	},
}

// increx is what INCREX is told.
type increx struct {
	byFloat, saturate, enx, persist bool
	expiry                          int64 // stays if none is given

	by, least, most          int64             // without byFloat
	floatBy, lowest, highest numfmt.LongDouble // with it
}

// increxPlaces is where in the command line INCREX has options whose meaning others decide; 0 is
// nowhere.
type increxPlaces struct{ by, lower, upper, expiry int }

func (c *Call) increx() (opt increx, ok bool) {
	opt.by, opt.expiry = 1, stays
	var at increxPlaces
	var unit expireUnit
	for i := 2; i < len(c.Args); i++ {
		arg, more := c.Args[i], i+1 < len(c.Args)
		u, timed := unitOf(arg)
		switch {
		case at.by == 0 && more && (is(arg, "byint") || is(arg, "byfloat")):
			opt.byFloat = is(arg, "byfloat")
			i++
			at.by = i
			if !c.increxBy(&opt, i) {
				return opt, false
			}
		case at.lower == 0 && more && is(arg, "lbound"):
			i++
			at.lower = i
		case at.upper == 0 && more && is(arg, "ubound"):
			i++
			at.upper = i
		case !opt.saturate && is(arg, "saturate"):
			opt.saturate = true
		case !opt.enx && !opt.persist && is(arg, "enx"):
			opt.enx = true
		case !opt.persist && !opt.enx && at.expiry == 0 && is(arg, "persist"):
			opt.persist = true
		case !opt.persist && at.expiry == 0 && more && timed:
			i++
			at.expiry, unit = i, u
		default:
			c.Error(ErrSyntax)
			return opt, false
		}
	}
	if !c.increxBounds(&opt, at) {
		return opt, false
	}
	if opt.enx && at.expiry == 0 {
		c.Error("ERR ENX flag requires an expiration")
		return opt, false
	}
	if at.expiry > 0 {
		opt.expiry, ok = c.argExpiry(at.expiry, unit)
		return opt, ok
	}
	return opt, true
}

// increxBy reads argument i as the increment.
func (c *Call) increxBy(opt *increx, i int) (ok bool) {
	if !opt.byFloat {
		opt.by, ok = c.argIntOr(i, "ERR Increment is not an integer or out of range")
		return ok
	}
	if opt.floatBy, ok = c.argLongDouble(i, "ERR Increment is not a valid float"); !ok {
		return false
	}
	if !opt.floatBy.Finite() {
		c.Error("ERR BYFLOAT increment cannot be Infinity")
		return false
	}
	return true
}

// increxBounds reads the bounds, which without arguments are those of the kind of number.
func (c *Call) increxBounds(opt *increx, at increxPlaces) (ok bool) {
	opt.least, opt.most = math.MinInt64, math.MaxInt64
	opt.lowest, opt.highest = numfmt.Largest().Neg(), numfmt.Largest()
	ok = true
	switch {
	case at.lower == 0:
	case opt.byFloat:
		opt.lowest, ok = c.argLongDouble(at.lower, "ERR LBOUND is not a valid float")
	default:
		opt.least, ok = c.argIntOr(at.lower, "ERR LBOUND is not an integer or out of range")
	}
	switch {
	case at.upper == 0 || !ok:
	case opt.byFloat:
		opt.highest, ok = c.argLongDouble(at.upper, "ERR UBOUND is not a valid float")
	default:
		opt.most, ok = c.argIntOr(at.upper, "ERR UBOUND is not an integer or out of range")
	}
	if ok && (opt.least > opt.most || opt.highest.Less(opt.lowest)) {
		c.Error("ERR LBOUND can't be greater than UBOUND")
		return false
	}
	return ok
}

// argLongDouble reads argument i as a long double; text is the error for anything else.
func (c *Call) argLongDouble(i int, text string) (numfmt.LongDouble, bool) {
	x, ok := numfmt.Parse(c.Args[i])
	if !ok {
		c.Error(text)
	}
	return x, ok
}

func cmdIncrex(c *Call) {
	opt, ok := c.increx()
	if !ok {
		return
	}
	key := c.Args[1]
	o := c.lookupWrite(key)
	if !c.ofKind(o, kindString) {
		return
	}
	var n int64
	var text []byte // as the number is stored
	event := "incrby"
	if opt.byFloat {
		event = "incrbyfloat"
		text, ok = c.increxFloat(o, &opt)
	} else if n, ok = c.increxInt(o, &opt); ok {
		text = decimal(n)
	}
	if !ok {
		return
	}
	timed := opt.expiry != stays && !(opt.enx && o != nil && o.ttl != nil)
	if timed && opt.expiry <= c.nowMs() {
		c.deleteOver(key, o != nil)
		return
	}
	if o == nil {
		o = &object{kind: kindString}
		c.add(key, o)
	}
	if opt.byFloat {
		c.e.setText(o, text)
	} else {
		c.e.setInt(o, n)
	}
	persisted := opt.persist && c.e.removeExpiry(o)
	switch {
	case opt.persist:
		c.Propagate("SET", key, text)
	case timed:
		c.e.setExpiry(c.db, key, o, opt.expiry)
		c.propagateSet(key, text, opt.expiry)
	default:
		c.Propagate("SET", key, text, []byte("KEEPTTL"))
	}
	c.signalModified(notifyString, event, key)
	if persisted {
		c.notify(notifyGeneric, "persist", key)
	}
	if timed {
		c.notify(notifyGeneric, "expire", key)
	}
}

// increxInt adds to the integer of a string, none being 0, and replies the outcome and what was
// added. It reports false if nothing is to be stored.
func (c *Call) increxInt(o *object, opt *increx) (n int64, ok bool) {
	was := int64(0)
	if o != nil {
		if was, ok = o.integer(); !ok {
			c.Error(ErrNotInt)
			return 0, false
		}
	}
	n = was + opt.by
	over := opt.by > 0 && n < was
	under := opt.by < 0 && n > was
	switch {
	case !over && !under && opt.least <= n && n <= opt.most:
	case !opt.saturate:
		c.Array(2)
		c.Int(was)
		c.Int(0)
		return 0, false
	case over, !under && n > opt.most:
		n = opt.most
	default:
		n = opt.least
	}
	added := n - was
	if (n < was) != (added < 0) {
		c.Error("ERR applied increment would overflow")
		return 0, false
	}
	c.Array(2)
	c.Int(n)
	c.Int(added)
	return n, true
}

// increxFloat is increxInt for numbers with a fraction, and returns how the sum is written.
func (c *Call) increxFloat(o *object, opt *increx) (text []byte, ok bool) {
	var was numfmt.LongDouble
	if o != nil {
		var digits [intLenMax]byte
		if was, ok = numfmt.Parse(o.text(digits[:])); !ok {
			c.Error(ErrNotFloat)
			return nil, false
		}
	}
	if !was.Finite() {
		c.Error("ERR value cannot be Infinity")
		return nil, false
	}
	x := was.Add(opt.floatBy)
	above := opt.highest.Less(x)
	switch {
	case x.Finite() && !above && !x.Less(opt.lowest):
	case !opt.saturate:
		c.Array(2)
		c.DoubleText(was.AppendFixed(nil))
		c.DoubleText([]byte("0"))
		return nil, false
	case !x.Finite() && !opt.floatBy.Less(numfmt.LongDouble{}), x.Finite() && above:
		x = opt.highest
	default:
		x = opt.lowest
	}
	added := x.Add(was.Neg())
	if !added.Finite() {
		c.Error("ERR applied increment would be Infinity")
		return nil, false
	}
	text = x.AppendFixed(nil)
	c.Array(2)
	c.DoubleText(text)
	c.DoubleText(added.AppendFixed(nil))
	return text, true
}
