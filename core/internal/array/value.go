package array

import (
	"bytes"
	"math"
	"strconv"

	"github.com/redlet/redlet/core/internal/numfmt"
	"github.com/redlet/redlet/core/internal/resp"
)

// A value is a word whose lowest bits, its tag, say what the others are. No word is 0.
const (
	tagBits  = 2
	tagText  = 0 // one more than the number of a text
	tagInt   = 1 // an integer of 62 bits
	tagFloat = 2 // a double without its last bits
	tagShort = 3 // a string of up to ShortMax bytes, with its length in the lowest byte
)

// ShortMax is the longest string that has its place in a word.
const ShortMax = 7

// textMax is a size for the text of what is no text.
const textMax = 40

func tag(w uint64) uint64 { return w & (1<<tagBits - 1) }

// encode finds the word of a string, 0 if it has to be a text.
func encode(v []byte) uint64 {
	if n, ok := resp.Int(v); ok {
		if w, ok := encodeInt(n); ok {
			return w
		}
	}
	if w := encodeDecimal(v); w != 0 {
		return w
	}
	if len(v) <= ShortMax {
		return encodeShort(v)
	}
	return 0
}

func encodeInt(n int64) (uint64, bool) {
	w := uint64(n)<<tagBits | tagInt
	return w, int64(w)>>tagBits == n
}

func encodeFloat(f float64) uint64 {
	return math.Float64bits(f)&^(1<<tagBits-1) | tagFloat
}

func encodeShort(v []byte) uint64 {
	w := uint64(len(v))<<tagBits | tagShort
	for i, c := range v {
		w |= uint64(c) << (8 * (i + 1))
	}
	return w
}

// encodeDecimal finds the word of a decimal fraction that is a double's own form, 0 for all else.
func encodeDecimal(v []byte) uint64 {
	const decimalMax = 32 // no double has a longer one
	if len(v) < 3 || len(v) > decimalMax || bytes.IndexByte(v, '.') < 0 {
		return 0
	}
	for i, c := range v {
		if (c < '0' || c > '9') && c != '.' && (c != '-' || i > 0) {
			return 0
		}
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return 0
	}
	var text [textMax]byte
	w := encodeFloat(f)
	if !bytes.Equal(appendFloat(text[:0], w), v) {
		return 0
	}
	return w
}

func appendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

// appendFloat appends the form of a number's word: an integer is told by a fraction of zero.
func appendFloat(dst []byte, w uint64) []byte {
	f, at := wordFloat(w), len(dst)
	dst = numfmt.AppendDouble(dst, f)
	if !bytes.ContainsAny(dst[at:], ".e") && !math.IsInf(f, 0) && f == f {
		dst = append(dst, '.', '0')
	}
	return dst
}

func wordFloat(w uint64) float64 { return math.Float64frombits(w &^ (1<<tagBits - 1)) }

// decode gives the string of a word: a text of the slice, or what it appends to buf.
func (s *slice) decode(w uint64, buf []byte) []byte {
	switch tag(w) {
	case tagText:
		return s.texts[w>>tagBits-1]
	case tagInt:
		return appendInt(buf, int64(w)>>tagBits)
	case tagFloat:
		return appendFloat(buf, w)
	}
	for n := w & 0xff >> tagBits; n > 0; n-- {
		w >>= 8
		buf = append(buf, byte(w))
	}
	return buf
}
