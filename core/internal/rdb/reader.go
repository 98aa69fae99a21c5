package rdb

import (
	"encoding/binary"
	"math"
	"strconv"
)

// An ItemKind says what an Item is.
type ItemKind uint8

// The kinds of item that Next gives.
const (
	ItemEnd      ItemKind = iota // the end of the image; its checksum is right
	ItemAux                      // Name and Text describe the image
	ItemFunction                 // Text is the source of a library of functions
	ItemSelect                   // what follows belongs to the database DB
	ItemResize                   // the database has Keys keys, of which Expires expire
	ItemKey                      // a key: its value is to be read from the Reader before Next
)

// An Item is what stands at one place of an image. Its slices are lent: they may be parts of the
// image.
type Item struct {
	Kind   ItemKind
	Offset int // where the item begins

	Name, Text    []byte
	DB            int
	Keys, Expires uint64 // counts that the image claims: not to be trusted

	Key    []byte
	Type   Type  // of the value
	Expire int64 // in milliseconds since the Unix epoch, or NoExpiry
	Idle   int64 // in seconds, or -1 if the image does not say
	Freq   int   // 0 to 255, or -1 if the image does not say
}

// A Reader reads an image that it holds whole.
type Reader struct {
	// Notes tells that what a server has noted for itself is wanted too: the image is one's own.
	// Redis notes it anew when it loads a file.
	Notes bool

	// Room, when not nil, is asked again and again whether there is memory for so many bytes more, in
	// small pieces or in one, before they are taken. What it refuses ends the reading: see Starved.
	Room    func(size int64, whole bool) bool
	Starved bool

	in      []byte
	at      int
	taken   int64 // for which Room was not asked yet
	typeAt  int   // where the type of the value at hand stands
	version int
	// Unchecked says that the checksum at the end may be wrong.
	Unchecked bool
	// Sanitize has packed values refused in which an element that must not stand there twice does, or
	// integers are out of order.
	Sanitize bool
}

// NewReader begins to read an image: it checks the magic word and the version.
func NewReader(image []byte) (*Reader, error) {
	r := &Reader{in: image}
	const magic = "REDIS"
	if len(image) < len(magic)+4 {
		return nil, r.failAs(TooShort, len(image), "the image ends within its header")
	}
	if string(image[:len(magic)]) != magic {
		return nil, r.failAs(NoImage, 0, "no RDB image: it does not begin with REDIS")
	}
	for _, c := range image[len(magic) : len(magic)+4] {
		if c < '0' || c > '9' {
			return nil, r.fail(len(magic), "the version is no number")
		}
		r.version = r.version*10 + int(c-'0')
	}
	if r.version < 1 || r.version > Newest {
		return nil, r.Unread(len(magic))
	}
	r.at = len(magic) + 4
	return r, nil
}

// payloadFooter is the length of the version and the checksum behind a payload.
const payloadFooter = 2 + 8

// NewPayloadReader begins to read the payload of a DUMP: it checks the version and the checksum at
// its end. A type and a value are to be read. As with Redis, a value may stretch into the version
// and the checksum, or end before them. The checksum may be wrong if the payload is unchecked.
func NewPayloadReader(payload []byte, unchecked bool) (*Reader, error) {
	r := &Reader{in: payload, Unchecked: unchecked}
	if len(payload) < payloadFooter {
		return nil, r.fail(len(payload), "the payload ends within its version and checksum")
	}
	end := len(payload) - payloadFooter
	r.version = int(binary.LittleEndian.Uint16(payload[end:]))
	if r.version > Newest {
		return nil, r.Unread(end)
	}
	if !unchecked && CRC64(0, payload[:end+2]) != binary.LittleEndian.Uint64(payload[end+2:]) {
		return nil, r.fail(end+2, "the checksum is wrong")
	}
	return r, nil
}

// Offset is how many bytes have been read.
func (r *Reader) Offset() int { return r.at }

// Version is the version of the image.
func (r *Reader) Version() int { return r.version }

// Fail makes an *Error of the given offset: for a caller that finds that what it read, though well
// formed, cannot be.
//
//go:noinline
func (r *Reader) Fail(offset int, reason string) error { return r.fail(offset, reason) }

//go:noinline
func (r *Reader) fail(offset int, reason string) error { return r.failAs(Damage, offset, reason) }

//go:noinline
func (r *Reader) failAs(kind ErrorKind, offset int, reason string) error {
	return &Error{Offset: offset, Reason: reason, Kind: kind}
}

// Unread makes the *Error that refuses an image for its version, which stands at the given offset.
func (r *Reader) Unread(offset int) error {
	return r.failAs(BadVersion, offset, "version "+strconv.Itoa(r.version)+" cannot be read")
}

// Unsupported makes the *Error that refuses the value at hand for its type.
func (r *Reader) Unsupported(t Type) error {
	return r.fail(r.typeAt, "a value of type "+strconv.Itoa(int(t))+" ("+t.String()+
		") cannot be read")
}

// Next gives the next item. After an ItemKey, the value must be read with the method that fits its
// type before Next is called again.
func (r *Reader) Next() (Item, error) {
	it := Item{Offset: r.at, Expire: NoExpiry, Idle: -1, Freq: -1}
	for {
		at := r.at
		op, err := r.Byte()
		if err != nil {
			return it, err
		}
		prefix, err := r.prefix(op, &it)
		if err != nil {
			return it, err
		}
		if prefix {
			continue
		}
		if it.Expire != NoExpiry || it.Idle >= 0 || it.Freq >= 0 {
			if op >= opSlotInfo {
				return it, r.fail(at, "an expiry, idle time or frequency belongs to no key")
			}
		}
		return it, r.item(op, at, &it)
	}
}

// prefix reads what may stand before a key and reports whether op was such a thing.
func (r *Reader) prefix(op byte, it *Item) (bool, error) {
	var err error
	switch op {
	case opExpireMs:
		it.Expire, err = r.Int64()
	case opExpireSec:
		var seconds []byte
		seconds, err = r.take(4)
		if err == nil {
			it.Expire = int64(int32(binary.LittleEndian.Uint32(seconds))) * 1000
		}
	case opIdle:
		var idle uint64
		idle, err = r.Length()
		it.Idle = int64(min(idle, math.MaxInt32))
	case opFreq:
		var freq byte
		freq, err = r.Byte()
		it.Freq = int(freq)
	default:
		return false, nil
	}
	return true, err
}

// item reads the rest of an item that begins with op, which stands at the given offset.
func (r *Reader) item(op byte, at int, it *Item) (err error) {
	switch op {
	case opEOF:
		it.Kind = ItemEnd
		return r.end()
	case opAux:
		it.Kind = ItemAux
		if it.Name, err = r.String(); err == nil {
			it.Text, err = r.String()
		}
	case opFunction2:
		it.Kind = ItemFunction
		it.Text, err = r.String()
	case opSelectDB:
		it.Kind = ItemSelect
		var db uint64
		db, err = r.Length()
		if err == nil && db > math.MaxInt32 {
			err = r.fail(at, "no database has such a number")
		}
		it.DB = int(db)
	case opResizeDB:
		it.Kind = ItemResize
		if it.Keys, err = r.Length(); err == nil {
			it.Expires, err = r.Length()
		}
	case opSlotInfo:
		for range 3 { // the slot's number, its keys, those that expire
			if _, err = r.Length(); err != nil {
				return err
			}
		}
		it.Kind = ItemResize
	case opFunctionPreGA, opModuleAux:
		err = r.fail(at, "what the opcode "+strconv.Itoa(int(op))+" announces cannot be read")
	default:
		it.Kind, it.Type = ItemKey, Type(op)
		r.typeAt = at
		it.Key, err = r.String()
	}
	return err
}

// end checks what stands behind the last item: from version 5 on, a checksum.
func (r *Reader) end() error {
	if r.version < 5 {
		return nil
	}
	at := r.at
	tail, err := r.take(8)
	if err != nil {
		return err
	}
	want := binary.LittleEndian.Uint64(tail)
	if want != 0 && !r.Unchecked && want != CRC64(0, r.in[:at]) {
		return r.failAs(BadChecksum, at, "the checksum is wrong")
	}
	return nil
}

// ReadType reads the type that begins a payload.
func (r *Reader) ReadType() (Type, error) {
	r.typeAt = r.at
	b, err := r.Byte()
	return Type(b), err
}

// Byte reads one byte.
func (r *Reader) Byte() (byte, error) {
	if r.at >= len(r.in) {
		return 0, r.ends()
	}
	r.at++
	return r.in[r.at-1], nil
}

// Int64 reads eight bytes, the least first.
//
//go:noinline
func (r *Reader) Int64() (int64, error) {
	b, err := r.take(8)
	if err != nil {
		return 0, err
	}
	return int64(binary.LittleEndian.Uint64(b)), nil
}

// Float64 reads the eight bytes of a double, the least first.
func (r *Reader) Float64() (float64, error) {
	n, err := r.Int64()
	return math.Float64frombits(uint64(n)), err
}

// Length reads a length or another unsigned number. As in Redis the start of an encoded string
// passes for one of six bits.
//
//go:noinline
func (r *Reader) Length() (uint64, error) {
	n, _, err := r.lengthOrEncoding()
	return n, err
}

// Count reads how many things follow of which each takes at least size bytes: a count that the rest
// of the image cannot hold is refused.
func (r *Reader) Count(size int) (int, error) {
	at := r.at
	n, err := r.Length()
	if err == nil && n > uint64(len(r.in)-r.at)/uint64(size) {
		err = r.fail(at, "a count is greater than the rest of the image can hold")
	}
	return int(n), err
}

// lengthOrEncoding reads a length; or, where special is true, n is the encoding of a string.
func (r *Reader) lengthOrEncoding() (n uint64, special bool, err error) {
	at := r.at
	b, err := r.Byte()
	if err != nil {
		return 0, false, err
	}
	var more []byte
	switch b & 0xc0 {
	case len6:
		return uint64(b & 0x3f), false, nil
	case len14:
		if more, err = r.take(1); err == nil {
			n = uint64(b&0x3f)<<8 | uint64(more[0])
		}
	case lenSpecial:
		return uint64(b & 0x3f), true, nil
	default:
		switch b {
		case len32:
			if more, err = r.take(4); err == nil {
				n = uint64(binary.BigEndian.Uint32(more))
			}
		case len64:
			if more, err = r.take(8); err == nil {
				n = binary.BigEndian.Uint64(more)
			}
		default:
			err = r.fail(at, "no length begins with the byte "+strconv.Itoa(int(b)))
		}
	}
	return n, false, err
}

// String reads a string in any of its encodings. The slice is lent: it may be a part of the image.
func (r *Reader) String() ([]byte, error) {
	at := r.at
	n, special, err := r.lengthOrEncoding()
	if err != nil {
		return nil, err
	}
	if !special {
		return r.takeAt(at, n)
	}
	switch n {
	case encInt8:
		b, err := r.take(1)
		if err != nil {
			return nil, err
		}
		return decimal(int64(int8(b[0]))), nil
	case encInt16:
		b, err := r.take(2)
		if err != nil {
			return nil, err
		}
		return decimal(int64(int16(binary.LittleEndian.Uint16(b)))), nil
	case encInt32:
		b, err := r.take(4)
		if err != nil {
			return nil, err
		}
		return decimal(int64(int32(binary.LittleEndian.Uint32(b)))), nil
	case encLZF:
		return r.expanded(at)
	}
	return nil, r.fail(at, "no string has the encoding "+strconv.FormatUint(n, 10))
}

func decimal(n int64) []byte { return strconv.AppendInt(nil, n, 10) }

// expanded reads the rest of a compressed string that begins at the given offset.
func (r *Reader) expanded(at int) ([]byte, error) {
	packed, err := r.Length()
	if err != nil {
		return nil, err
	}
	size, err := r.Length()
	if err != nil {
		return nil, err
	}
	body, err := r.takeAt(at, packed)
	if err != nil {
		return nil, err
	}
	if size > min(uint64(len(body))*lzfExpansionMax, math.MaxInt) {
		return nil, r.fail(at, "a compressed string claims to be longer than it can be")
	}
	if size == 0 {
		return nil, nil // whatever the rest says, as with Redis
	}
	if size >= roomAsked && r.Room != nil && !r.Room(2*int64(size), true) {
		return nil, r.starve()
	}
	out, ok := appendExpanded(make([]byte, 0, size), body, int(size))
	if !ok {
		return nil, r.fail(at, "a compressed string is corrupt")
	}
	return out, nil
}

// What Room is asked for, at least, at once; and what an element takes beside its bytes, about,
// where it is kept by itself.
const (
	roomAsked   = 1 << 20
	elementHead = 64
)

// takes asks for memory for so many elements of so many bytes together.
func (r *Reader) takes(elements, size int) error {
	if r.taken += int64(size) + elementHead*int64(elements); r.taken < roomAsked || r.Room == nil {
		return nil
	}
	if !r.Room(2*r.taken, false) {
		return r.starve()
	}
	r.taken = 0
	return nil
}

// starve makes the error that ends the reading for want of memory.
func (r *Reader) starve() error {
	r.Starved = true
	return r.fail(r.at, "there is no memory for what follows")
}

// take gives the next n bytes of the image.
func (r *Reader) take(n int) ([]byte, error) {
	if n > len(r.in)-r.at {
		return nil, r.ends()
	}
	if err := r.takes(1, n); err != nil {
		return nil, err
	}
	r.at += n
	return r.in[r.at-n : r.at : r.at], nil
}

// takeAt is take for a length that the image gave at the given offset.
func (r *Reader) takeAt(at int, n uint64) ([]byte, error) {
	if n > uint64(len(r.in)-r.at) {
		return nil, r.failAs(TooShort, at, "a string of "+strconv.FormatUint(n, 10)+
			" bytes is longer than the rest of the image")
	}
	return r.take(int(n))
}

func (r *Reader) ends() error {
	return r.failAs(TooShort, len(r.in), "the image ends too early")
}
