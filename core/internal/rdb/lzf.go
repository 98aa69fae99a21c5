package rdb

// The limits of the LZF format. A token below 32 announces that many literal bytes and one more;
// any other is a reference: three bits of length, where 7 means that a byte of length follows, and
// thirteen bits of distance.
const (
	lzfLiteralsMax = 32
	lzfDistanceMax = 1 << 13
	lzfMatchMax    = 2 + 7 + 255
	lzfHashBits    = 16
)

// lzfExpansionMax is above what one byte of compressed data can stand for: a reference of three
// bytes gives at most lzfMatchMax.
const lzfExpansionMax = lzfMatchMax / 3

// A Compressor compresses strings to the bytes that Redis's own compressor gives. Its table, a
// quarter of a megabyte, is made at the first use. The zero Compressor is ready.
type Compressor struct {
	// seen holds, under the hash of three bytes, base plus the place where they last stood, plus
	// one. Entries below base are of earlier strings: the table need not be cleared for each.
	seen []uint32
	base uint32
	next uint32 // the base of the next string
}

// Append appends src in compressed form to dst. It reports false, and leaves dst as it was, unless
// the compressed form takes at most limit bytes.
func (c *Compressor) Append(dst, src []byte, limit int) ([]byte, bool) {
	if limit <= 0 || uint64(len(src)) > 1<<31 {
		return dst, false
	}
	c.begin(len(src))
	run := lzfRun{out: dst, start: len(dst), limit: limit}
	run.open()
	i := 0
	for i < len(src)-2 {
		at, ok := c.match(src, i)
		if !ok {
			if run.size() >= limit {
				return dst, false
			}
			run.literal(src[i])
			i++
			continue
		}
		if !run.roomForReference() {
			return dst, false
		}
		n := lzfMatchLength(src, at, i)
		run.reference(i-at-1, n)
		i += n
		if i >= len(src)-2 {
			break
		}
		c.note(src, i-2)
		c.note(src, i-1)
	}
	if run.size()+3 > limit {
		return dst, false
	}
	for ; i < len(src); i++ {
		run.literal(src[i])
	}
	run.close()
	return run.out, true
}

func (c *Compressor) begin(size int) {
	if c.seen == nil {
		c.seen = make([]uint32, 1<<lzfHashBits)
	}
	if uint64(c.next)+uint64(size)+1 > 1<<32-1 {
		clear(c.seen)
		c.next = 0
	}
	c.base = c.next
	c.next += uint32(size) + 1
}

func lzfHash(src []byte, i int) uint32 {
	h := uint32(src[i])<<16 | uint32(src[i+1])<<8 | uint32(src[i+2])
	return (h>>8 - h*5) & (1<<lzfHashBits - 1)
}

func (c *Compressor) note(src []byte, i int) {
	c.seen[lzfHash(src, i)] = c.base + uint32(i)
}

// match finds where the three bytes at i stood last, if they are within reach, and notes that they
// stand at i. A match at place 0 is not taken, as Redis does not take it.
func (c *Compressor) match(src []byte, i int) (at int, ok bool) {
	slot := &c.seen[lzfHash(src, i)]
	seen := *slot
	*slot = c.base + uint32(i)
	if seen <= c.base {
		return 0, false
	}
	at = int(seen - c.base)
	return at, i-at <= lzfDistanceMax &&
		src[at] == src[i] && src[at+1] == src[i+1] && src[at+2] == src[i+2]
}

// lzfMatchLength tells how far the bytes at i repeat those at the earlier place. A match leaves the
// last two bytes of src to be literals; but of what may come to more than 16, the first 19 are
// compared without regard to that. So does Redis, and its bytes are to be matched.
func lzfMatchLength(src []byte, at, i int) int {
	most := min(len(src)-i-2, lzfMatchMax)
	n := 3
	if most > 16 {
		for n < 19 && src[at+n] == src[i+n] {
			n++
		}
		if n < 19 {
			return n
		}
	}
	for n < most && src[at+n] == src[i+n] {
		n++
	}
	return n
}

// An lzfRun is the output of a compression: behind whole tokens, a run of literals whose length
// goes into the byte set aside before them.
type lzfRun struct {
	out      []byte
	start    int // where the compressed form begins in out
	limit    int
	literals int // in the open run
}

func (r *lzfRun) size() int { return len(r.out) - r.start }

//go:noinline
func (r *lzfRun) open() {
	r.out = append(r.out, 0)
	r.literals = 0
}

//go:noinline
func (r *lzfRun) close() {
	if r.literals == 0 {
		r.out = r.out[:len(r.out)-1]
		return
	}
	r.out[len(r.out)-r.literals-1] = byte(r.literals - 1)
}

func (r *lzfRun) literal(b byte) {
	r.out = append(r.out, b)
	r.literals++
	if r.literals == lzfLiteralsMax {
		r.close()
		r.open()
	}
}

// roomForReference asks for a byte more than the reference takes, as Redis does.
func (r *lzfRun) roomForReference() bool {
	size := r.size()
	if r.literals == 0 {
		size--
	}
	return size+4 < r.limit
}

func (r *lzfRun) reference(distance, length int) {
	r.close()
	length -= 2
	if length < 7 {
		r.out = append(r.out, byte(length<<5|distance>>8))
	} else {
		r.out = append(r.out, byte(7<<5|distance>>8), byte(length-7))
	}
	r.out = append(r.out, byte(distance))
	r.open()
}

// appendExpanded appends what src, in compressed form, stands for. It reports false unless that
// comes to exactly size bytes.
func appendExpanded(dst, src []byte, size int) ([]byte, bool) {
	start := len(dst)
	for i := 0; i < len(src); {
		token := int(src[i])
		i++
		if token < lzfLiteralsMax {
			end := i + token + 1
			if end > len(src) || len(dst)-start+token+1 > size {
				return dst, false
			}
			dst = append(dst, src[i:end]...)
			i = end
			continue
		}
		length := token >> 5
		if length == 7 {
			if i >= len(src) {
				return dst, false
			}
			length += int(src[i])
			i++
		}
		length += 2
		if i >= len(src) {
			return dst, false
		}
		at := len(dst) - (token&0x1f<<8 | int(src[i])) - 1
		i++
		if at < start || len(dst)-start+length > size {
			return dst, false
		}
		for range length {
			dst = append(dst, dst[at])
			at++
		}
	}
	return dst, len(dst)-start == size
}
