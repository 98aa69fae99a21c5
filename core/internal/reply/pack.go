package reply

import (
	"encoding/binary"

	"github.com/redlet/redlet/core/internal/listpack"
)

// Pack writes elements of a listpack as bulk strings: that at pos and those behind it, passing over
// skip others after each, at most n. It returns how many it wrote: fewer where the pack ends.
func (r *Writer) Pack(p listpack.Pack, pos, n, skip int) (wrote int) {
	left := n
	for left > 0 && pos >= 0 {
		if pos, left = r.packShort(p, pos, left, skip); left == 0 || pos < 0 {
			break
		}
		s, v, isInt, next := p.Take(pos)
		r.Element(s, v, isInt)
		for i := 0; i < skip && next >= 0; i++ {
			next = p.Next(next)
		}
		pos, left = next, left-1
	}
	return n - left
}

// packShort is Pack as long as elements are short strings or small numbers, as nearly all are, and
// there is room for them. It returns where it has come to, and how many are left to write. In the
// guest it takes a third of the time that a call for the element and one for the reply do.
func (r *Writer) packShort(p listpack.Pack, pos, n, skip int) (next, left int) {
	// What is copied by words reaches beyond the element.
	from, to, at := p[:cap(p)], r.Buf[:cap(r.Buf)], len(r.Buf)
	for n > 0 && len(to)-at >= shortRoom {
		line := to[at : at+shortRoom]
		b := from[pos]
		size := int(b & 0x3F)
		words := (size + 7) &^ 7
		if b < 0x80 {
			at += putSmall(line, uint64(b))
			pos += 2
		} else if b < 0xC0 && size <= shortMax && len(from)-pos > words {
			head := 4
			if size < 10 {
				binary.LittleEndian.PutUint32(line, shortHead+uint32(size)<<8)
			} else {
				head = 5
				line[0] = '$'
				binary.LittleEndian.PutUint32(line[1:], shortHead-'$'+'0'+uint32(size/10)+
					uint32(size%10)<<8)
			}
			text := from[pos+1 : pos+1+words]
			for i := 0; i < words; i += 8 {
				binary.LittleEndian.PutUint64(line[head+i:], binary.LittleEndian.Uint64(text[i:]))
			}
			binary.LittleEndian.PutUint16(line[head+size:], lineEnd)
			at += head + size + 2
			pos += size + 2
		} else {
			break
		}
		n--
		for i := 0; i < skip && pos < len(p)-1; i++ {
			if pos = p.Next(pos); pos < 0 {
				pos = len(p) - 1
			}
		}
	}
	if r.Buf = to[:at]; pos == len(p)-1 {
		return -1, n
	}
	return pos, n
}

// The head of a bulk string of less than ten bytes, but for its size, and what ends a line.
const (
	shortHead = '$' | '0'<<8 | '\r'<<16 | '\n'<<24
	lineEnd   = '\r' | '\n'<<8
)

// putSmall writes a number below 128 as a bulk string to line and returns how long that is.
func putSmall(line []byte, n uint64) int {
	const one = '$' | '1'<<8 | '\r'<<16 | '\n'<<24 | '0'<<32 | '\r'<<40 | '\n'<<48
	const two = '$' | '2'<<8 | '\r'<<16 | '\n'<<24 | '0'<<32 | '0'<<40 | '\r'<<48 | '\n'<<56
	const three = '$' | '3'<<8 | '\r'<<16 | '\n'<<24 | '1'<<32 | '0'<<40 | '0'<<48 | '\r'<<56
	switch {
	case n < 10:
		binary.LittleEndian.PutUint64(line, one+n<<32)
		return 7
	case n < 100:
		binary.LittleEndian.PutUint64(line, two+n/10<<32+n%10<<40)
		return 8
	}
	n -= 100
	binary.LittleEndian.PutUint64(line, three+n/10<<40+n%10<<48)
	line[8] = '\n'
	return 9
}
