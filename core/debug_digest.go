package core

import (
	"encoding/binary"

	"github.com/redlet/redlet/core/internal/sha1"
)

// digest is the signature that DEBUG DIGEST gives of data, the same as that of Redis for the same
// data: two servers whose digests agree hold the same keys. What has an order is mixed in, what
// has none is combined by exclusive or.
type digest [sha1.Size]byte

// xor combines a hash of b, whatever the order.
//
//go:noinline
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

// value mixes in a value, its type and whether it expires.
func (d *digest) value(o *object) {
	kind := o.kind
	if kind == kindVector {
		kind = kindModule // as Redis keeps it
	}
	d.number(int(kind))
	o.ops().digest(d, o)
	if o.ttl != nil {
		d.xor([]byte("!!expire!!"))
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
			one.value(*o)
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
			one.value(o)
		}
		c.Status(sha1.Digits(one[:]))
	}
}
