package core

import (
	"encoding/binary"
	"strconv"

	"github.com/redlet/redlet/core/internal/hash"
	"github.com/redlet/redlet/core/internal/sha1"
)

// digest is the signature that DEBUG DIGEST gives of data, the same as that of Redis for the same
// data: two servers whose digests agree hold the same keys. What has an order is mixed in, what
// has none is combined by exclusive or.
type digest [sha1.Size]byte

// xor combines a hash of b, whatever the order.
func (d *digest) xor(b []byte) {
	sum := sha1.Sum(b)
	for i := range d {
		d[i] ^= sum[i]
	}
}

// mix makes d depend on b and on what came before.
func (d *digest) mix(b []byte) {
	d.xor(b)
	*d = sha1.Sum(d[:])
}

// number mixes in a number of 32 bits.
func (d *digest) number(n int) {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(n))
	d.mix(b[:])
}

// The kinds of values as Redis numbers them.
var digestTypes = [kindCount]int{
	kindString: 0, kindList: 1, kindSet: 2, kindZset: 3, kindHash: 4, kindStream: 6,
}

// value mixes in a value and whether it expires.
func (d *digest) value(e *Engine, o *object) {
	d.number(digestTypes[o.kind])
	var scratch [20]byte
	switch o.kind {
	case kindString:
		d.mix(o.text(scratch[:0]))
	case kindList:
		d.list(o)
	case kindSet:
		for m := range o.set().All {
			d.xor(m)
		}
	case kindHash:
		d.hash(o, int64(e.now)/1000)
	}
	if o.ttl != nil {
		d.xor([]byte("!!expire!!"))
	}
}

func (d *digest) list(o *object) {
	var digits [20]byte
	for at := o.list().Seek(0); at.Valid(); at.Next() {
		s, n, isInt := at.Value()
		if isInt {
			s = strconv.AppendInt(digits[:0], n, 10)
		}
		d.mix(s)
	}
}

func (d *digest) hash(o *object, now int64) {
	for f := range o.hash().All(now) {
		var field digest
		field.mix(f.Name)
		field.mix(f.Value)
		if f.Expiry != hash.Never {
			field.xor([]byte("!!hexpire!!"))
		}
		d.xor(field[:])
	}
}

func debugDigest(c *Call) {
	var all digest
	for _, d := range c.e.dbs {
		if d.keys.Len() == 0 {
			continue
		}
		all.number(d.id)
		for i := range d.keys.Len() {
			key, o := d.keys.At(i)
			var one digest
			one.mix([]byte(key))
			one.value(c.e, *o)
			all.xor(one[:])
			c.e.yieldIn(i)
		}
	}
	c.Status(sha1.Digits(all[:]))
}

func debugDigestValue(c *Call) {
	c.Array(len(c.Args) - 2)
	for _, key := range c.Args[2:] {
		var one digest
		if o := c.peek(key); o != nil {
			one.value(c.e, o)
		}
		c.Status(sha1.Digits(one[:]))
	}
}
