package rdb

import (
	"encoding/binary"
	"math"
	"strconv"
)

// A Writer appends an image, or the payload of a DUMP, to a buffer. Begin or BeginPayload starts
// one; End or EndPayload closes it and hands the buffer back. A Writer can be used again and
// again, and is cheaper so, since it keeps the table of its Compressor.
type Writer struct {
	// Compress says whether strings of more than 20 bytes are compressed where that makes them
	// shorter (rdbcompression), Checksum whether an image ends in its CRC (rdbchecksum).
	Compress bool
	Checksum bool
	// Version is the version of the format that is claimed, where it is not the constant Version:
	// the layouts are the same since version 10, but for those of types that came later.
	Version uint16

	out   []byte
	start int
	lzf   Compressor
}

// Begin starts an image behind what dst holds.
func (w *Writer) Begin(dst []byte) {
	w.out, w.start = dst, len(dst)
	v := w.version()
	w.out = append(w.out, "REDIS00"...)
	w.out = append(w.out, '0'+byte(v/10), '0'+byte(v%10))
}

func (w *Writer) version() uint16 {
	if w.Version != 0 {
		return w.Version
	}
	return Version
}

// End closes the image and returns the buffer, which the Writer then forgets.
func (w *Writer) End() []byte {
	w.out = append(w.out, opEOF)
	crc := uint64(0)
	if w.Checksum {
		crc = CRC64(0, w.out[w.start:])
	}
	out := binary.LittleEndian.AppendUint64(w.out, crc)
	w.out = nil
	return out
}

// BeginPayload starts the payload of a DUMP behind what dst holds: a type and a value follow.
func (w *Writer) BeginPayload(dst []byte) {
	w.out, w.start = dst, len(dst)
}

// EndPayload closes the payload and returns the buffer, which the Writer then forgets.
func (w *Writer) EndPayload() []byte {
	w.out = binary.LittleEndian.AppendUint16(w.out, w.version())
	out := binary.LittleEndian.AppendUint64(w.out, CRC64(0, w.out[w.start:]))
	w.out = nil
	return out
}

// Aux writes a field that describes the image.
func (w *Writer) Aux(name, value string) {
	w.out = append(w.out, opAux)
	w.String([]byte(name))
	w.String([]byte(value))
}

// AuxInt writes a field that describes the image and is a number.
func (w *Writer) AuxInt(name string, value int64) {
	w.Aux(name, strconv.FormatInt(value, 10))
}

// Function writes the source of a library of functions.
//
//go:noinline
func (w *Writer) Function(source []byte) {
	w.out = append(w.out, opFunction2)
	w.String(source)
}

// SelectDB says that the keys that follow are of the given database, and how many they are, and
// how many of them expire.
func (w *Writer) SelectDB(db, keys, expires int) {
	w.out = append(w.out, opSelectDB)
	w.Length(uint64(db))
	w.out = append(w.out, opResizeDB)
	w.Length(uint64(keys))
	w.Length(uint64(expires))
}

// Expire says when the next key expires, in milliseconds since the Unix epoch.
func (w *Writer) Expire(ms int64) {
	w.out = append(w.out, opExpireMs)
	w.Int64(ms)
}

// Idle says for how many seconds the next key has not been used.
func (w *Writer) Idle(seconds uint64) {
	w.out = append(w.out, opIdle)
	w.Length(seconds)
}

// Freq gives the logarithmic counter of how often the next key is used.
func (w *Writer) Freq(counter uint8) {
	w.out = append(w.out, opFreq, counter)
}

// Key begins a key and its value: the value's content is to follow.
func (w *Writer) Key(t Type, key []byte) {
	w.out = append(w.out, byte(t))
	w.String(key)
}

// Type writes the type alone, as a payload has it.
func (w *Writer) Type(t Type) {
	w.out = append(w.out, byte(t))
}

// Length writes a length, or any other unsigned number, in as few bytes as it can be.
//
//go:noinline
func (w *Writer) Length(n uint64) {
	switch {
	case n < 1<<6:
		w.out = append(w.out, byte(n))
	case n < 1<<14:
		w.out = append(w.out, byte(len14|n>>8), byte(n))
	case n <= math.MaxUint32:
		w.out = append(w.out, len32)
		w.out = binary.BigEndian.AppendUint32(w.out, uint32(n))
	default:
		w.out = append(w.out, len64)
		w.out = binary.BigEndian.AppendUint64(w.out, n)
	}
}

// ListNode writes a node of a TypeListQuicklist2, of which the number of nodes stands first: a
// listpack, or an element that is kept plain.
func (w *Writer) ListNode(data []byte, plain bool) {
	if plain {
		w.Length(containerPlain)
	} else {
		w.Length(containerPacked)
	}
	w.String(data)
}

// Int64 writes eight bytes, the least first.
//
//go:noinline
func (w *Writer) Int64(n int64) {
	w.out = binary.LittleEndian.AppendUint64(w.out, uint64(n))
}

// Float64 writes the eight bytes of a double, the least first.
func (w *Writer) Float64(f float64) {
	w.out = binary.LittleEndian.AppendUint64(w.out, math.Float64bits(f))
}

// compressAbove is the length above which compressing a string is tried, and compressGain by how
// much it must then be shorter.
const (
	compressAbove = 20
	compressGain  = 4
)

// String writes a string: as a number where it is the plain decimal form of one of at most 32 bits,
// compressed where that is allowed and shorter, or as it is.
func (w *Writer) String(s []byte) {
	if len(s) <= 11 {
		if n, ok := parseInt32(s); ok {
			w.integer(n)
			return
		}
	}
	if w.Compress && len(s) > compressAbove && w.compressed(s) {
		return
	}
	w.Length(uint64(len(s)))
	w.out = append(w.out, s...)
}

// Int writes the string that is the decimal form of n.
func (w *Writer) Int(n int64) {
	if n >= math.MinInt32 && n <= math.MaxInt32 {
		w.integer(int32(n))
		return
	}
	var digits [20]byte
	s := strconv.AppendInt(digits[:0], n, 10)
	w.Length(uint64(len(s)))
	w.out = append(w.out, s...)
}

//go:noinline
func (w *Writer) integer(n int32) {
	switch {
	case n >= math.MinInt8 && n <= math.MaxInt8:
		w.out = append(w.out, lenSpecial|encInt8, byte(n))
	case n >= math.MinInt16 && n <= math.MaxInt16:
		w.out = append(w.out, lenSpecial|encInt16)
		w.out = binary.LittleEndian.AppendUint16(w.out, uint16(n))
	default:
		w.out = append(w.out, lenSpecial|encInt32)
		w.out = binary.LittleEndian.AppendUint32(w.out, uint32(n))
	}
}

// compressed writes s in compressed form, or nothing and false if that is not shorter. The form's
// length stands before it, so it is compressed behind room for the longest head and then moved.
func (w *Writer) compressed(s []byte) bool {
	head := len(w.out)
	var room [1 + 9 + 9]byte
	out, ok := w.lzf.Append(append(w.out, room[:]...), s, len(s)-compressGain)
	if !ok {
		w.out = out[:head]
		return false
	}
	body := out[head+len(room):]
	w.out = append(out[:head], lenSpecial|encLZF)
	w.Length(uint64(len(body)))
	w.Length(uint64(len(s)))
	w.out = append(w.out, body...)
	return true
}

// parseInt32 reads the decimal form of a number of 32 bits, only where printing the number gives
// the same bytes back.
func parseInt32(s []byte) (int32, bool) {
	digits, negative := s, false
	if len(s) > 0 && s[0] == '-' {
		digits, negative = s[1:], true
	}
	if len(digits) == 0 || len(digits) > 10 {
		return 0, false
	}
	if digits[0] == '0' && (negative || len(digits) > 1) {
		return 0, false
	}
	n := int64(0)
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return int32(n), n >= math.MinInt32 && n <= math.MaxInt32
}
