package core

import "github.com/redlet/redlet/core/internal/hyperloglog"

var hyperloglogCommands = []Command{
	{
		Name: "pfadd", Since: "2.8.9", Group: "hyperloglog",
		Flags:      Write | DenyOOM | Fast,
		Cats:       CatHyperLogLog,
		Syntax:     "key [element...]",
		Keys:       "1 RW insert",
		Summary:    "Counts elements in, and tells whether the estimate may have changed.",
		Complexity: "O(1) for each element",
		Run:        cmdPfadd,
	},
	{
		Name: "pfcount", Since: "2.8.9", Group: "hyperloglog",
		Flags:   ReadOnly | MayReplicate,
		Cats:    CatHyperLogLog,
		Syntax:  "key...",
		Keys:    `1:-1 RW access "the estimate of a single key is kept with it"`,
		Summary: "Estimates how many different elements were counted in, at all of the keys.",
		Complexity: "O(1), with a small constant where the estimate of a single key is still " +
			"known; O(N) with a large one for N keys",
		Run: cmdPfcount,
	},
	{
		Name: "pfmerge", Since: "2.8.9", Group: "hyperloglog",
		Flags:      Write | DenyOOM,
		Cats:       CatHyperLogLog,
		Syntax:     "destkey:key [sourcekey:key...]",
		Keys:       "1 RW access insert; 2:-1 RO access",
		Summary:    "Counts in at one key what was counted in at others.",
		Complexity: "O(N) for N keys, with a large constant",
		Run:        cmdPfmerge,
	},
	{
		Name: "pfdebug", Since: "2.8.9", Group: "hyperloglog",
		Flags:      Write | DenyOOM | Admin,
		Cats:       CatHyperLogLog,
		Syntax:     "subcommand key",
		Keys:       "2 RW access",
		Summary:    "Shows how a HyperLogLog is kept.",
		Complexity: "N/A",
		System:     true,
		Run:        cmdPfdebug,
	},
	{
		Name: "pfselftest", Since: "2.8.9", Group: "hyperloglog",
		Flags:      Admin,
		Cats:       CatHyperLogLog,
		Summary:    "Tries the estimator on elements of its own.",
		Complexity: "N/A",
		System:     true,
		Run:        cmdPfselftest,
	},
}

const (
	errNotHLL     = "WRONGTYPE Key is not a valid HyperLogLog string value."
	errInvalidHLL = "INVALIDOBJ Corrupted HLL object detected"
)

// isHLL reports whether a value, which may be nil, can be a HyperLogLog; if not it replies the
// error.
func (c *Call) isHLL(o *object) bool {
	if !c.ofKind(o, kindString) {
		return false
	}
	if o != nil && (o.enc == encInt || !hyperloglog.Valid(o.str)) {
		c.Error(errNotHLL)
		return false
	}
	if o != nil {
		o.own()
	}
	return true
}

// hllWrite returns the HyperLogLog at a key to be changed in place, which Redis then keeps in
// encoding raw. A key that holds none gets one; fresh tells of it.
func (c *Call) hllWrite(key []byte) (o *object, fresh, ok bool) {
	o = c.lookupWrite(key)
	switch {
	case !c.isHLL(o):
		return nil, false, false
	case o != nil:
		c.e.setRaw(o, o.str)
		return o, false, true
	}
	o = &object{kind: kindString}
	o.setRaw(hyperloglog.New())
	c.add(key, o)
	return o, true, true
}

// hllSparseMax is the size above which a HyperLogLog takes the dense layout.
func (c *Call) hllSparseMax() int { return clampInt(c.e.cfg.hllSparseMax) }

func cmdPfadd(c *Call) {
	key := c.Args[1]
	o, fresh, ok := c.hllWrite(key)
	if !ok {
		return
	}
	changes := 0
	if fresh {
		changes = 1
	}
	b, most, room, changed := o.str, c.hllSparseMax(), o.room(), false
	for _, element := range c.Args[2:] {
		if b, changed, ok = hyperloglog.Add(b, element, most, &room); !ok {
			break
		}
		if changed {
			changes++
		}
	}
	if changes > 0 {
		hyperloglog.Invalidate(b)
	}
	c.e.setRoomy(o, b, room)
	if !ok {
		c.Error(errInvalidHLL)
		return
	}
	if changes > 0 {
		c.signalDirty(changes, notifyString, "pfadd", key)
	}
	c.Flag(changes > 0)
}

func cmdPfcount(c *Call) {
	if len(c.Args) > 2 {
		if r, _, ok := c.mergeHLLs(c.Args[1:]); ok {
			c.Int(r.Count())
		}
		return
	}
	key := c.Args[1]
	o := c.lookupRead(key)
	switch {
	case !c.isHLL(o):
		return
	case o == nil:
		c.Int(0)
		return
	}
	c.e.setRaw(o, o.str)
	n, ok := hyperloglog.Cached(o.str)
	if !ok {
		if n, ok = hyperloglog.Count(o.str); !ok {
			c.Error(errInvalidHLL)
			return
		}
		hyperloglog.Cache(o.str, n)
		c.signalModified(notifyNone, "", key)
	}
	c.Int(n)
}

// mergeHLLs merges the HyperLogLogs at keys, and tells whether one of them has the dense layout.
func (c *Call) mergeHLLs(keys [][]byte) (r *hyperloglog.Registers, dense, ok bool) {
	r = new(hyperloglog.Registers)
	for _, key := range keys {
		o := c.lookupRead(key)
		switch {
		case !c.isHLL(o):
			return nil, false, false
		case o == nil:
			continue
		case !r.Merge(o.str):
			c.Error(errInvalidHLL)
			return nil, false, false
		}
		dense = dense || !hyperloglog.IsSparse(o.str)
	}
	return r, dense, true
}

func cmdPfmerge(c *Call) {
	r, dense, ok := c.mergeHLLs(c.Args[1:])
	if !ok {
		return
	}
	dest := c.Args[1]
	o, _, ok := c.hllWrite(dest)
	if !ok {
		return
	}
	room := o.room()
	b, ok := hyperloglog.Raise(o.str, r, dense, c.hllSparseMax(), &room)
	hyperloglog.Invalidate(b)
	c.e.setRoomy(o, b, room)
	if !ok {
		c.Error(errInvalidHLL)
		return
	}
	c.signalModified(notifyString, "pfadd", dest)
	c.OK()
}

func cmdPfdebug(c *Call) {
	word := c.Args[1]
	if is(word, "simd") {
		c.pfdebugSIMD()
		return
	}
	o := c.lookupWrite(c.Args[2])
	switch {
	case o == nil:
		c.Error("ERR The specified key does not exist")
		return
	case !c.isHLL(o):
		return
	}
	c.e.setRaw(o, o.str)
	sparse := hyperloglog.IsSparse(o.str)
	switch {
	case is(word, "getreg"):
		c.pfdebugGetreg(o)
	case is(word, "decode") && !sparse:
		c.Error("ERR HLL encoding is not sparse")
	case is(word, "decode"):
		c.Bulk(hyperloglog.AppendDecoded(nil, o.str))
	case is(word, "encoding") && sparse:
		c.Status("sparse")
	case is(word, "encoding"):
		c.Status("dense")
	case is(word, "todense"):
		if c.toDense(o) {
			c.Flag(sparse)
		}
	default:
		c.Error("ERR Unknown PFDEBUG subcommand '" + clip(word, 128) + "'")
	}
}

// pfdebugSIMD is PFDEBUG SIMD, whose second word is no key: it would turn instructions off that
// change nothing but how long a command takes.
func (c *Call) pfdebugSIMD() {
	switch word := c.Args[2]; {
	case is(word, "on"):
		c.Status("enabled")
	case is(word, "off"):
		c.Status("disabled")
	default:
		c.Error("ERR Argument must be ON or OFF")
	}
}

func (c *Call) pfdebugGetreg(o *object) {
	if !c.toDense(o) {
		return
	}
	var r hyperloglog.Registers
	r.Merge(o.str)
	c.Array(len(r))
	for _, rank := range r {
		c.Int(int64(rank))
	}
}

// toDense makes a HyperLogLog take the dense layout.
func (c *Call) toDense(o *object) bool {
	if !hyperloglog.IsSparse(o.str) {
		return true
	}
	b, ok := hyperloglog.Dense(o.str)
	if !ok {
		c.Error(errInvalidHLL)
		return false
	}
	c.e.setRoomy(o, b, 0)
	c.e.addDirty(1)
	return true
}

func cmdPfselftest(c *Call) {
	if fault := hyperloglog.SelfTest(); fault != "" {
		c.Error("TESTFAILED " + fault)
		return
	}
	c.OK()
}
