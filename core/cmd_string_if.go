package core

import (
	"bytes"
	"math"

	"github.com/redlet/redlet/core/internal/syntax"
	"github.com/redlet/redlet/core/internal/xxh3"
)

var stringIfCommands = []Command{
	{
		Name: "delex", Since: "8.4", Group: "string",
		Flags: Write | Fast,
		Cats:  CatString,
		Syntax: "key [condition:(IFEQ ifeq-value|IFNE ifne-value|IFDEQ ifdeq-digest|IFDNE " +
			"ifdne-digest)]",
		Keys:       `1 RW delete variable_flags`,
		Summary:    "Removes a key, but only if the string that it holds meets a condition.",
		Complexity: "O(1), or O(N) for the digest of a string of N bytes",
		Run:        cmdDelex,
		Line:       &Line{Keys: delexKeys},
	},
	{
		Name: "digest", Since: "8.4", Group: "string",
		Flags:      ReadOnly | Fast,
		Cats:       CatString,
		Syntax:     "key",
		Keys:       "1 RO access",
		Summary:    "Gives a digest of the string at a key.",
		Complexity: "O(N) for a string of N bytes",
		Run:        cmdDigest,
	},
	{
		Name: "msetex", Since: "8.4", Group: "string",
		Flags: Write | DenyOOM,
		Cats:  CatString,
		Syntax: "numkeys:int data:{key value}... [condition:(NX|XX)] [expiration:(EX seconds:int|" +
			"PX milliseconds:int|EXAT unix-time-seconds:time|PXAT unix-time-milliseconds:time|" +
			"KEEPTTL)]",
		Keys:       "1#0:1:2 OW update",
		Tips:       "request_policy:multi_shard response_policy:all_succeeded",
		Summary:    "Stores strings at several keys in one step, with one expiry for all.",
		Complexity: "O(N) for N keys",
		Run:        cmdMsetex,
	},
}

// valueIf is a condition on the string that a key holds.
type valueIf struct {
	compare comparison
	with    []byte
}

// comparison says how the string is compared; 0 is not at all.
type comparison uint8

const (
	ifEqual comparison = 1 + iota
	ifNotEqual
	ifDigestEqual
	ifDigestNotEqual
)

// comparisonOf reads one of the words IFEQ, IFNE, IFDEQ and IFDNE; 0 is none of them.
func comparisonOf(word []byte) comparison {
	switch {
	case is(word, "ifeq"):
		return ifEqual
	case is(word, "ifne"):
		return ifNotEqual
	case is(word, "ifdeq"):
		return ifDigestEqual
	case is(word, "ifdne"):
		return ifDigestNotEqual
	}
	return 0
}

// argValueIf reads a condition from argument i and the one behind it. It reports false, and replies
// nothing, if there is none, or if another was read before.
func (c *Call) argValueIf(i int, to *valueIf) bool {
	compare := comparisonOf(c.Args[i])
	if compare == 0 || to.compare != 0 && to.compare != compare || i+1 == len(c.Args) {
		return false
	}
	*to = valueIf{compare, c.Args[i+1]}
	return true
}

// meets tells whether what a key holds meets a condition: o, nil if there is nothing. Nothing
// equals nothing. It reports false once it has replied what is wrong.
func (c *Call) meets(key []byte, o *object, cond valueIf) (met, ok bool) {
	if o == nil {
		return cond.compare == ifNotEqual || cond.compare == ifDigestNotEqual, true
	}
	if o = c.lookupRead(key); !c.ofKind(o, kindString) {
		return false, false
	}
	return c.compares(o, cond)
}

// compares is meets for a string.
func (c *Call) compares(o *object, cond valueIf) (met, ok bool) {
	var scratch [intLenMax]byte
	switch cond.compare {
	case ifEqual:
		return bytes.Equal(o.text(scratch[:]), cond.with), true
	case ifNotEqual:
		return !bytes.Equal(o.text(scratch[:]), cond.with), true
	}
	if len(cond.with) != digestLen {
		c.Error("ERR must be exactly 16 hexadecimal characters")
		return false, false
	}
	same := is(cond.with, string(appendDigest(nil, o)))
	return same == (cond.compare == ifDigestEqual), true
}

// digestLen is the length of a digest in hexadecimal digits.
const digestLen = 16

// appendDigest appends the digest of a string value.
func appendDigest(dst []byte, o *object) []byte {
	var scratch [intLenMax]byte
	sum := xxh3.Sum(o.text(scratch[:]))
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789abcdef"[sum>>shift&15])
	}
	return dst
}

// delexKeys says that DELEX looks at the value only where there is a condition.
func delexKeys(args [][]byte, keys []KeyAt) []KeyAt {
	flags := syntax.RM | syntax.Delete
	for _, arg := range args[min(2, len(args)):] {
		if comparisonOf(arg) != 0 {
			flags = syntax.RW | syntax.Delete
		}
	}
	return withFlags(keys, flags)
}

func cmdDelex(c *Call) {
	key := c.Args[1]
	if len(c.Args) == 2 {
		c.delexIf(key, c.peek(key) != nil)
		return
	}
	if len(c.Args) != 4 {
		c.Error(errArity(c.cmd))
		return
	}
	o := c.lookupRead(key)
	switch {
	case o == nil:
		c.Int(0)
		return
	case o.kind != kindString:
		c.Error("ERR Key should be of string type if conditions are specified")
		return
	}
	var cond valueIf
	if !c.argValueIf(2, &cond) {
		c.Error("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE")
		return
	}
	if met, ok := c.compares(o, cond); ok {
		c.delexIf(key, met)
	}
}

// delexIf deletes a key that is there, or not, and replies how many it has deleted.
func (c *Call) delexIf(key []byte, yes bool) {
	if yes {
		c.Propagate("DEL", key)
		c.delete(key)
	}
	c.Flag(yes)
}

func cmdDigest(c *Call) {
	o := c.lookupRead(c.Args[1])
	switch {
	case o == nil:
		c.Null()
	case c.ofKind(o, kindString):
		var digits [digestLen]byte
		c.Bulk(appendDigest(digits[:0], o))
	}
}

func cmdMsetex(c *Call) {
	n, ok := c.argRange(1, 1, math.MaxInt32, "ERR invalid numkeys value")
	if !ok {
		return
	}
	if n > int64(len(c.Args)-2)/2 {
		c.Error("ERR wrong number of key-value pairs")
		return
	}
	end := 2 + 2*int(n)
	opt, ok := c.setOptions(end, true)
	if !ok {
		return
	}
	for i := 2; i < end && (opt.nx || opt.xx); i += 2 {
		if there := c.lookup(c.Args[i]) != nil; there == opt.nx {
			c.Int(0)
			return
		}
	}
	if opt.expiry == stays && !opt.keepTTL {
		c.Propagate("MSET", c.Args[2:end]...)
	}
	for i := 2; i < end; i += 2 {
		c.setOneOf(c.Args[i], c.Args[i+1], &opt)
	}
	c.Int(1)
}

// setOneOf stores a string for MSETEX, which tells of the expiry before it tells of the string.
func (c *Call) setOneOf(key, val []byte, opt *setOptions) {
	expiry := opt.expiry
	if opt.keepTTL {
		c.Propagate("SET", key, val, []byte("KEEPTTL"))
		if o := c.lookup(key); o != nil {
			expiry = o.expiry()
		}
	} else if expiry != stays {
		c.propagateSet(key, val, expiry)
	}
	c.storeString(key, val)
	c.e.setExpiry(c.db, key, *c.db.keys.Find(key), expiry)
	if opt.expiry != stays {
		c.notify(notifyGeneric, "expire", key)
	}
	c.signalModified(notifyString, "set", key)
}
