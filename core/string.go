package core

import (
	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/reply"
	"github.com/redlet/redlet/core/internal/resp"
)

const (
	intLenMax    = 20 // the longest string that may be kept as an integer
	embstrLenMax = 44 // the longest string of encoding embstr
)

// encoding says how a string is kept.
type encoding uint8

const (
	encRaw encoding = iota
	encInt
	encEmbstr
)

var stringOps = kindOps{
	name:  "string",
	sizes: "strings_sizes",
	encoding: func(o *object) string {
		return [...]string{"raw", "int", "embstr"}[o.enc]
	},
	length: (*object).textLen,
	clone: func(o *object) *object {
		c := &object{kind: kindString, enc: o.enc, str: append([]byte(nil), o.str...)}
		if o.enc == encInt {
			c.num = o.num
		}
		return c
	},
	digest: func(d *digest, o *object) {
		var digits [intLenMax]byte
		d.mix(o.text(digits[:]))
	},

	rdbTypes: []rdb.Type{rdb.TypeString},
	rdbType:  func(*object) rdb.Type { return rdb.TypeString },
	save: func(w *rdb.Writer, o *object) {
		if o.enc == encInt {
			w.Int(o.num)
			return
		}
		w.String(o.str)
	},
	load: func(_ *Engine, r *rdb.Reader, _ rdb.Type) (*object, error) {
		b, err := r.String()
		if err != nil {
			return nil, err
		}
		return newString(b), nil
	},
}

// stringSize is the size of a string of an encoding, a length and a num.
func stringSize(enc encoding, n int, num int64) int64 {
	switch {
	case enc == encInt:
		return headBytes
	case enc == encEmbstr:
		return int64(alloc.Size(headBytes + alloc.Value(n)))
	case num > strLent:
		n = int(num >> strRoom)
	}
	return headBytes + int64(alloc.String(n))
}

// sharedInts is how many small integers Redis keeps just once; it shows in their count.
const sharedInts = 10000

// shared tells whether a value is one that Redis keeps just once.
func (o *object) shared() bool {
	return o.kind == kindString && o.enc == encInt && 0 <= o.num && o.num < sharedInts
}

// textOf returns the bytes of a value that is a string, lent until it changes; nil if there is none
// or it is something else.
func textOf(o *object) []byte {
	if o == nil || o.kind != kindString {
		return nil
	}
	return notNil(o.growable())
}

// newString returns a string value; it copies b.
func newString(b []byte) *object {
	o := &object{kind: kindString}
	o.setString(b)
	return o
}

// setString makes o the string b, copying it, in the encoding that Redis would choose.
func (o *object) setString(b []byte) {
	if len(b) > 0 && len(b) <= intLenMax && b[0] <= '9' {
		if n, ok := resp.Int(b); ok {
			o.enc, o.num, o.str = encInt, n, nil
			return
		}
	}
	o.setText(b)
}

// setText is setString that never keeps an integer.
func (o *object) setText(b []byte) {
	if cap(o.str) > 2*len(b)+64 || cap(o.str) < len(b) || o.lent() {
		s := make([]byte, len(b)) // copied into at once, it is not cleared first
		copy(s, b)
		o.str = s
	} else {
		o.str = append(o.str[:0], b...)
	}
	o.enc, o.num = encRaw, 0
	if len(b) <= embstrLenMax {
		o.enc = encEmbstr
	}
}

// The num of a string that is no integer.
const (
	// strLent is set when bytes of it wait in the output of a client, or may: they must not change
	// where they are.
	strLent = 1
	// strRoom is where it begins for how many bytes Redis made room when a string grew; 0 stands for
	// one that did not.
	strRoom = 1
)

// lent tells whether the bytes of a string must not change where they are.
func (o *object) lent() bool { return o.enc != encInt && o.num&strLent != 0 }

// own makes the bytes of a string its own, so that they can be changed in place.
func (o *object) own() {
	if o.lent() {
		o.copyLent()
	}
}

//go:noinline
func (o *object) copyLent() {
	o.str = append(make([]byte, 0, len(o.str)), o.str...)
	o.num &^= strLent
}

// setRaw makes o the string b, which it takes over, in encoding raw.
func (o *object) setRaw(b []byte) {
	if o.enc == encInt {
		o.num = 0
	}
	o.enc, o.str = encRaw, b
}

// room is for how many bytes Redis made room when a string grew, 0 if it did not.
func (o *object) room() int {
	if o.enc != encRaw {
		return 0
	}
	return int(o.num >> strRoom)
}

// setRoom notes that.
func (o *object) setRoom(n int) { o.num = o.num&strLent | int64(n)<<strRoom }

// text returns a string value's bytes: its own, or digits written to scratch.
//
//go:noinline
func (o *object) text(scratch []byte) []byte {
	if o.enc == encInt {
		return appendInt(scratch[:0], o.num)
	}
	return o.str
}

// textLen is the length of text.
func (o *object) textLen() int {
	if o.enc != encInt {
		return len(o.str)
	}
	var digits [intLenMax]byte
	return len(o.text(digits[:]))
}

// integer reads a string value as an integer.
func (o *object) integer() (int64, bool) {
	if o.enc == encInt {
		return o.num, true
	}
	return resp.Int(o.str)
}

// bulkObject writes a string value.
func (c *Call) bulkObject(o *object) {
	if o.enc == encInt {
		c.BulkInt(o.num)
		return
	}
	if len(o.str) <= reply.PieceMin {
		c.Bulk(o.str)
	} else if c.BulkLent(o.str) {
		o.num |= strLent
	}
}
